"""What is said of a model holds on lines that it never saw; memory is not taken for judgement."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ledger.core.errors import InvalidInputError
from ledger.risk import making, validation
from ledger.risk.metrics import auc
from ledger.risk.validation import groups_of, later_from, validate
from tests.risk.conftest import quick
from tests.risk.declared import lines_of, rows


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "CANDIDATES", quick())


def test_results_that_are_pure_chance_are_found_to_be_so() -> None:
    """Labels drawn per group of copies: a look-up is right about copies, and nothing else is."""
    lines, _ = lines_of(rows(1_000, seed=9))
    groups = groups_of(lines)
    truth = (np.random.default_rng(1).random(groups.max() + 1) < 0.25)[groups]
    found = validate(lines, truth, groups, seed=1)
    assert abs(found.by_groups.ranking.auc - 0.5) < 0.06
    assert abs(found.in_time_new.ranking.auc - 0.5) < 0.1
    parted = validate(lines, truth, np.arange(len(lines)), seed=1)  # what a split that parts copies would have said
    assert parted.by_groups.ranking.auc > 0.65


def test_what_can_be_learned_is_learned_and_its_probabilities_hold() -> None:
    lines, truth = lines_of(rows(1_500, seed=2))
    found = validate(lines, truth, groups_of(lines), seed=1)
    trial = found.by_groups
    assert (trial.lines, trial.non_compliant) == (1_500, truth.sum())
    assert trial.ranking.auc > 0.7
    assert trial.ranking.precision[2] > 2.5 * truth.mean()
    assert trial.reliability.expected_error < 0.07
    assert auc(truth[-len(found.ahead) :], found.ahead) > 0.7
    assert np.isclose(trial.ranking.auc, np.mean([each.auc for each in trial.folds]))


def test_the_later_lines_are_tried_by_a_model_of_the_earlier_ones() -> None:
    lines, truth = lines_of(rows(800))
    found = validate(lines, truth, groups_of(lines), seed=1)
    later = lines.days >= np.datetime64(found.first_later_day)
    assert found.in_time.lines == later.sum()
    assert abs(later.mean() - 0.2) < 0.02
    earlier = set(groups_of(lines)[~later])
    assert found.in_time_new.lines == sum(group not in earlier for group in groups_of(lines)[later])


def test_a_day_is_never_parted() -> None:
    days = np.array(["2026-01-01"] * 5 + ["2026-01-02"] * 95, dtype="datetime64[D]")
    assert later_from(days) == np.datetime64("2026-01-02")
    days[:90] = np.datetime64("2026-01-01")
    days[90:] = np.datetime64("2026-02-01")
    assert later_from(days) == np.datetime64("2026-02-01")  # though four fifths are of one day
    days[:] = np.datetime64("2026-01-01")
    with pytest.raises(InvalidInputError, match="of one day"):
        later_from(days)


@pytest.mark.parametrize(("lines", "bad"), [(400, 100), (600, 20), (600, 590)])
def test_too_few_results_make_no_model(lines: int, bad: int) -> None:
    columns, _ = lines_of(rows(lines))
    with pytest.raises(InvalidInputError, match="too few"):
        validate(columns, np.arange(lines) < bad, np.arange(lines), seed=1)


def test_copies_are_joined_by_any_of_the_keys_and_by_nothing_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, _ = lines_of(rows(6))
    value, mass = np.array([5.0, 5, 6, np.nan, np.nan, 7]), np.array([1.0, 2, 1, 1, 9, 9])
    columns = dataclasses.replace(
        lines,
        commodities=np.array(["300241"] * 5 + ["300220"], dtype=object),
        numbers={"customs_value_amount": value, "net_net_weight_measure": mass},
    )
    monkeypatch.setattr(validation, "MOST_ALIKE", 0.9)
    keys = [("customs_value_amount",), ("classification_id", "net_net_weight_measure")]
    assert groups_of(columns, keys).tolist() == [0, 0, 0, 0, 1, 2]
    assert groups_of(columns, [("no_such_column",)]).tolist() == list(range(6))


def test_keys_that_join_all_lines_are_refused() -> None:
    lines, _ = lines_of(rows(50))
    with pytest.raises(InvalidInputError, match="one group by export_country_id"):
        groups_of(lines, [("export_country_id",)])


def test_the_candidate_that_does_best_on_groups_held_out_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    good = quick()[0]
    blind = good._replace(trees=good.trees._replace(min_data_in_leaf=100_000))
    monkeypatch.setattr(making, "CANDIDATES", (blind, good))
    lines, truth = lines_of(rows(900))
    steps: list[int] = []
    made = making.make(lines, truth, groups_of(lines), 1, lambda: steps.append(1))
    assert made.chosen == good
    assert made.worth[1] > made.worth[0]
    assert len(steps) == making.steps()
