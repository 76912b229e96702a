"""A probability of 20 % means one in five, and what it does not mean is measured."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.risk import calibration
from ledger.risk.calibration import Calibration, calibrated, reliability, sigmoid


def drawn(slope: float, intercept: float, count: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(1)
    scores = chance.normal(-1, 1.5, count)
    return scores, chance.random(count) < sigmoid(slope * scores + intercept)


def test_a_known_distortion_is_undone() -> None:
    scores, truth = drawn(0.5, -0.7)
    found = calibrated(scores, truth, np.ones(len(scores)))
    np.testing.assert_allclose(found, (0.5, -0.7), atol=0.05)


def test_a_line_that_counts_twice_is_as_two_lines() -> None:
    scores, truth = drawn(1, 0, 500)
    weights = np.where(np.arange(500) % 3 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(500), weights.astype(int))
    np.testing.assert_allclose(
        calibrated(scores, truth, weights), calibrated(scores[twice], truth[twice], np.ones(len(twice))), rtol=1e-6
    )


def test_scores_that_part_all_lines_do_not_make_certainty() -> None:
    found = calibrated(np.array([-1.0, -1, 1, 1]), np.array([False, False, True, True]), np.ones(4))
    assert np.isfinite(found).all()
    assert 0 < found.probability(np.array([1.0]))[0] < 0.9


def test_lines_of_one_kind_only_still_get_a_finite_answer() -> None:
    found = calibrated(np.zeros(10), np.zeros(10, dtype=bool), np.ones(10))
    assert np.isfinite(found).all()
    assert found.probability(np.zeros(1))[0] < 0.1


def test_right_probabilities_are_found_reliable_and_wrong_ones_are_not() -> None:
    scores, truth = drawn(1, 0)
    right = reliability(Calibration(1, 0).probability(scores), truth)
    wrong = reliability(Calibration(1, 1.5).probability(scores), truth)
    assert right.expected_error < 0.01
    assert wrong.expected_error > 0.1
    assert right.brier < right.brier_of_rate < wrong.brier
    assert sum(each.lines for each in right.bins) == len(scores)
    covered = [each.interval.low <= each.said <= each.interval.high for each in right.bins]
    assert sum(covered) >= 8


def test_scores_without_end_are_given_up_at_the_last_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "STEPS", 1)
    scores, truth = drawn(0.5, -0.7, 500)
    assert np.isfinite(calibrated(scores, truth, np.ones(500))).all()


def test_no_lines_have_no_reliability() -> None:
    nothing = reliability(np.array([]), np.array([], dtype=bool))
    assert nothing.bins == ()
    assert np.isnan(nothing.brier)
