"""Scores are judged as the literature judges them, whatever ties they have."""

from __future__ import annotations

import math
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ledger.risk.metrics import auc, ranking

PAIRS = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60)


def judged(pairs: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([truth for truth, _ in pairs]), np.array([float(score) for _, score in pairs])


@given(PAIRS)
def test_auc_is_the_chance_that_a_bad_line_stands_above_a_good_one(pairs: list[tuple[bool, int]]) -> None:
    truth, scores = judged(pairs)
    bad, good = scores[truth], scores[~truth]
    if not len(bad) or not len(good):
        assert math.isnan(auc(truth, scores))
        return
    above = [1.0 if one > other else 0.5 if one == other else 0.0 for one in bad for other in good]
    assert math.isclose(auc(truth, scores), sum(above) / len(above))


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_in_which_lines_of_one_score_came_changes_nothing(
    pairs: list[tuple[bool, int]], chance: Random
) -> None:
    first = ranking(*judged(pairs))
    chance.shuffle(pairs)
    second = ranking(*judged(pairs))
    np.testing.assert_allclose(np.hstack(first), np.hstack(second))


def test_precision_and_recall_are_of_the_first_lines() -> None:
    truth = np.zeros(200, dtype=bool)
    truth[[0, 1, 3, 150]] = True
    found = ranking(truth, -np.arange(200.0))
    assert found.precision == (1.0, 3 / 4, 3 / 10, 3 / 20)
    assert found.recall == (0.5, 0.75, 0.75, 0.75)
    assert math.isclose(found.average_precision, (1 + 1 + 3 / 4 + 4 / 151) / 4)


def test_scores_that_tell_nothing_find_as_much_as_chance() -> None:
    truth = np.arange(1000) < 200
    found = ranking(truth, np.zeros(1000))
    np.testing.assert_allclose(found.precision, 0.2)
    np.testing.assert_allclose(found.recall, (0.01, 0.02, 0.05, 0.1))
    assert found.auc == 0.5


def test_without_lines_or_without_findings_there_is_no_figure() -> None:
    nothing = ranking(np.array([], dtype=bool), np.array([]))
    assert all(math.isnan(value) for value in np.hstack(nothing))
    clean = ranking(np.zeros(10, dtype=bool), np.arange(10.0))
    assert clean.precision == (0.0,) * 4
    assert math.isnan(clean.average_precision)
    assert all(math.isnan(value) for value in clean.recall)
