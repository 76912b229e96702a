"""No copy of a line helps to judge it: copies are joined, and a fold has all of them or none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.risk.groups import folds, joined, shared_weights

KEYS = st.lists(st.tuples(st.none() | st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=60)


@given(KEYS)
def test_lines_are_in_one_group_exactly_if_a_chain_of_keys_joins_them(keys: list[tuple[int | None, int]]) -> None:
    groups = joined(list(zip(*keys, strict=True)))
    reach = np.eye(len(keys), dtype=bool)
    for one, first in enumerate(keys):
        for other, second in enumerate(keys):
            reach[one, other] |= (first[0] is not None and first[0] == second[0]) or first[1] == second[1]
    for _ in range(len(keys)):
        reach = reach @ reach
    assert ((groups[:, None] == groups[None, :]) == reach).all()


def test_groups_are_numbered_as_they_begin() -> None:
    assert joined([["a", "b", "a", None], [1, 2, 3, 4]]).tolist() == [0, 1, 0, 2]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=200), st.integers(2, 5), st.none() | st.integers(0, 9))
def test_a_group_is_never_parted(groups: list[int], count: int, seed: int | None) -> None:
    array = np.array(groups)
    dealt = folds(array, count, seed)
    assert all(len(set(dealt[array == group])) == 1 for group in set(groups))
    assert dealt.min() >= 0
    assert dealt.max() < count
    sizes = np.bincount(dealt, minlength=count)
    assert sizes.max() - sizes.min() <= np.bincount(array).max()


def test_another_seed_deals_otherwise() -> None:
    groups = np.arange(100)
    assert (folds(groups, 5, 1) != folds(groups, 5, 2)).any()
    assert (folds(groups, 5, 1) == folds(groups, 5, 1)).all()


@pytest.mark.parametrize(("power", "copies"), [(0.0, 10.0), (0.5, 10**0.5), (1.0, 1.0)])
def test_copies_count_as_much_as_is_said(power: float, copies: float) -> None:
    weights = shared_weights(np.array([0] * 10 + [1]), power)
    assert np.isclose(weights[:10].sum() / weights[10], copies)
    assert weights[10] == 1
