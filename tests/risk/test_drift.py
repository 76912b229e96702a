"""A change is told from chance."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.core.errors import InvalidInputError
from ledger.risk.drift import Shift, reference_of_category, reference_of_number, shifts

CHANCE = np.random.default_rng(7)


def number_shift(then: np.ndarray, now: np.ndarray) -> Shift:
    return shifts({"mass": reference_of_number(then)}, {"mass": now})[0]


def test_the_index_is_the_published_formula() -> None:
    then = np.repeat(["a", "b"], [800, 200]).astype(object)
    now = np.repeat(["a", "b"], [500, 500]).astype(object)
    found = shifts({"origin": reference_of_category(then)}, {"origin": now})[0]
    assert np.isclose(found.psi, (0.5 - 0.8) * np.log(0.5 / 0.8) + (0.5 - 0.2) * np.log(0.5 / 0.2))


def test_nothing_changed_is_seldom_called_a_change() -> None:
    found = [number_shift(CHANCE.normal(size=5_000), CHANCE.normal(size=200)) for _ in range(500)]
    assert sum(each.psi > 0.1 for each in found) > 5  # by 200 lines alone
    assert sum(each.level != "steady" for each in found) <= 2
    with pytest.raises(InvalidInputError, match="too few"):
        number_shift(CHANCE.normal(size=5_000), CHANCE.normal(size=199))


@pytest.mark.parametrize(("by", "level"), [(0.05, "steady"), (0.4, "watch"), (1.0, "moved")])
def test_a_shift_is_named_by_its_size(by: float, level: str) -> None:
    assert number_shift(CHANCE.normal(size=20_000), CHANCE.normal(by, size=20_000)).level == level


def test_a_number_that_went_missing_is_seen() -> None:
    then, now = CHANCE.normal(size=5_000), CHANCE.normal(size=5_000)
    now[:1_500] = np.nan
    assert number_shift(then, now).level == "moved"


def test_a_flood_of_a_new_value_is_seen_among_the_others() -> None:
    then = np.array([f"T{each}" for each in CHANCE.zipf(1.6, 5_000) % 40], dtype=object)
    now = then.copy()
    now[:2_000] = "NEW"
    assert shifts({"importer": reference_of_category(then)}, {"importer": now})[0].level == "moved"


def test_a_number_with_few_values_or_none_has_bins_too() -> None:
    assert number_shift(np.zeros(1_000), np.zeros(1_000)).psi == 0
    assert number_shift(np.full(1_000, np.nan), np.full(1_000, np.nan)).psi == 0
    assert number_shift(np.full(1_000, np.nan), np.ones(1_000)).level == "moved"


def test_what_moved_farthest_comes_first() -> None:
    then = {name: reference_of_number(CHANCE.normal(size=3_000)) for name in ("a", "b")}
    found = shifts(then, {"a": CHANCE.normal(size=3_000), "b": CHANCE.normal(2, size=3_000)})
    assert [each.name for each in found] == ["b", "a"]
