"""A line's features never know what was found of it, nor of a copy of it."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.risk.features import FAMILIES, fit
from ledger.risk.groups import shared_weights
from ledger.risk.lines import Lines
from ledger.risk.rates import STRENGTH, past, past_of_others
from ledger.risk.validation import groups_of
from tests.risk.declared import lines_of, rows

LINES, TRUTH = lines_of(rows(600))
GROUPS = groups_of(LINES)
ALL = tuple(FAMILIES)


def test_turning_what_was_found_of_a_group_changes_none_of_its_own_features() -> None:
    before = fit(LINES, TRUTH, GROUPS, ALL, 1).matrix
    for group in range(0, GROUPS.max(), 17):
        turned = np.where(group == GROUPS, ~TRUTH, TRUTH)
        after = fit(LINES, turned, GROUPS, ALL, 1).matrix
        np.testing.assert_array_equal(after[group == GROUPS], before[group == GROUPS])
    assert (after[group != GROUPS] != before[group != GROUPS]).any()  # the others learn from it


def test_features_of_other_lines_do_not_depend_on_what_will_be_found_of_them() -> None:
    half = np.arange(600) < 300
    encoder = fit(LINES.take(half), TRUTH[half], GROUPS[half], ALL, 1).encoder
    alone = encoder.matrix(LINES.take(np.array([500])))
    np.testing.assert_array_equal(alone, encoder.matrix(LINES.take(~half))[[200]])


def test_the_matrix_has_a_column_for_every_name() -> None:
    fitted = fit(LINES, TRUTH, GROUPS, ALL, 1)
    assert fitted.matrix.shape == (600, len(fitted.encoder.names))
    assert len(set(fitted.encoder.names)) == len(fitted.encoder.names)
    assert {"importer.rate", "goods.trials", "value_per_kg.by_heading"} <= set(fitted.encoder.names)
    same = [at for at, name in enumerate(fitted.encoder.names) if not name.endswith((".rate", ".trials"))]
    np.testing.assert_array_equal(fitted.encoder.matrix(LINES)[:, same], fitted.matrix[:, same])


def test_only_the_families_asked_for_have_past_rates() -> None:
    names = fit(LINES, TRUTH, GROUPS, ("importer", "carrier"), 1).encoder.names
    assert [name for name in names if name.endswith(".rate")] == ["importer.rate"]


def test_lines_without_values_or_traders_have_fewer_features() -> None:
    bare = Lines(LINES.names, LINES.days, LINES.commodities, {}, {})
    names = fit(bare, TRUTH, GROUPS, ALL, 1).encoder.names
    assert "goods.rate" in names
    assert not [name for name in names if name.startswith(("value_per_kg", "importer"))]


def test_a_column_of_one_value_or_of_very_many_has_no_codes_and_a_missing_value_no_part_in_prices() -> None:
    lines = LINES.take(np.arange(600))
    lines.categories["type_code"] = np.full(600, "IM", dtype=object)
    lines.categories["agent_id"] = np.array([f"A{number}" for number in range(600)], dtype=object)
    lines.numbers["customs_value_amount"] = np.where(np.arange(600) % 2, np.nan, 100.0)
    lines.numbers["net_net_weight_measure"] = np.full(600, 10.0)
    encoder = fit(lines, TRUTH, GROUPS, (), 1).encoder
    assert not {"type_code", "agent_id"} & encoder.codes.keys()
    assert "importer_id" in encoder.codes
    assert set(encoder.prices["chapter"].values()) == {1.0}


def test_values_are_compared_within_one_currency_only() -> None:
    lines = LINES.take(np.arange(600))
    lines.categories["currency_id"] = np.array(["USD", "KRW"] * 300, dtype=object)
    lines.numbers["customs_value_amount"] = LINES.numbers["customs_value_amount"] * np.array([1, 1_300] * 300)
    fitted = fit(lines, TRUTH, GROUPS, ALL, 1)
    apart = fitted.matrix[:, fitted.encoder.names.index("value_per_kg.by_chapter")]
    assert abs(np.median(apart[::2]) - np.median(apart[1::2])) < 0.2
    assert {key.rpartition(" ")[2] for key in fitted.encoder.prices["heading"]} == {"USD", "KRW"}


def test_a_rate_is_shrunk_towards_the_level_above() -> None:
    chapter, heading = np.array(["30"] * 40, dtype=object), np.array(["3002"] * 10 + ["3004"] * 30, dtype=object)
    truth = np.arange(40) < 10
    found = past([chapter, heading], truth, np.ones(40))
    new = np.array(["3005"], dtype=object)
    wide = (10 + STRENGTH * 0.25) / (40 + STRENGTH)
    log_odds, trials = found.columns([chapter[:1], new])
    assert np.isclose(1 / (1 + np.exp(-log_odds[0])), wide)
    assert trials[0] == 0
    log_odds, trials = found.columns([chapter[:1], heading[:1]])
    assert np.isclose(1 / (1 + np.exp(-log_odds[0])), (10 + STRENGTH * wide) / (10 + STRENGTH))
    assert np.isclose(trials[0], np.log1p(10))


def test_who_is_not_named_has_no_past() -> None:
    found = past([np.array(["", "A"], dtype=object)], np.array([True, False]), np.ones(2))
    assert set(found.tables[0]) == {"A"}


def test_ten_copies_are_one_shipment() -> None:
    groups = np.array([0] * 10 + [1])
    found = past([np.array(["A"] * 11, dtype=object)], np.arange(11) < 10, shared_weights(groups, 1.0))
    assert found.tables[0]["A"] == pytest.approx((1.0, 2.0))


def test_a_fold_of_all_lines_tells_them_nothing() -> None:
    log_odds, trials = past_of_others(
        [np.array(["A"] * 5, dtype=object)], np.ones(5, dtype=bool), np.ones(5), np.zeros(5, int)
    )
    assert (log_odds == 0).all()
    assert (trials == 0).all()
