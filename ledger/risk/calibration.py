"""From a score to a probability, and how far such probabilities can be believed.

Sources: Platt, "Probabilistic outputs for support vector machines" (1999), with his targets against overconfidence;
reliability by equal counts and the expected calibration error as in Nixon et al., "Measuring calibration in deep
learning" (2019), section 3; Brier, Monthly Weather Review 78 (1950).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ledger.risk.intervals import Interval, wilson

Numbers = NDArray[np.float64]
Truths = NDArray[np.bool_]
BINS: Final = 10
STEPS: Final = 50  # of Newton's method, which needs under ten
CLOSE: Final = 1e-9
EDGE: Final = 1e-12  # keeps a logarithm finite


class Calibration(NamedTuple):
    """Probability = 1 / (1 + exp(-(slope · score + intercept))), the score in log-odds."""

    slope: float
    intercept: float

    def probability(self, scores: Numbers) -> Numbers:
        """The probability, from 0 to 1, that a line of such a score is non-compliant."""
        return sigmoid(self.slope * scores + self.intercept)


class Bin(NamedTuple):
    """Lines of similar probability: what was said, and what was found."""

    lines: int
    said: float  # mean probability
    found: float  # share that was non-compliant
    interval: Interval  # of that share, if the lines were independent


class Reliability(NamedTuple):
    """How far probabilities agree with what was found."""

    bins: tuple[Bin, ...]
    expected_error: float  # mean distance of said and found, over the bins by their lines
    brier: float  # mean square error of a probability
    brier_of_rate: float  # the same, had every line been given the mean rate


def sigmoid(log_odds: Numbers) -> Numbers:
    """Log-odds as a probability."""
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -700, 700))), dtype=np.float64)


def calibrated(scores: Numbers, truth: Truths, weights: Numbers) -> Calibration:
    """The calibration that makes what was found most likely.

    Args:
        scores: Log-odds of lines that the model was not trained on.
        truth: Whether each was non-compliant.
        weights: How much each counts.
    """
    yes, no = float(weights[truth].sum()), float(weights[~truth].sum())
    targets = np.where(truth, (yes + 1) / (yes + 2), 1 / (no + 2))
    columns = np.column_stack([scores, np.ones_like(scores)])
    answer = np.array([1.0, 0.0])
    for _ in range(STEPS):
        said = sigmoid(columns @ answer)
        slope = columns.T @ (weights * (said - targets))
        curve = (columns * (weights * said * (1 - said))[:, None]).T @ columns
        step = np.linalg.solve(curve + EDGE * np.eye(2), slope)
        answer -= step
        if np.abs(step).max() < CLOSE:
            break
    return Calibration(float(answer[0]), float(answer[1]))


def reliability(probabilities: Numbers, truth: Truths) -> Reliability:
    """Compare probabilities with what was found, in ten bins of as many lines each.

    Args:
        probabilities: Of lines that neither the model nor its calibration was made from.
        truth: Whether each was non-compliant.
    """
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    bins = tuple(_bin(probabilities[part], truth[part]) for part in parts)
    error = sum(each.lines * abs(each.said - each.found) for each in bins) / max(1, len(order))
    rate = float(truth.mean()) if len(truth) else float("nan")
    brier = float(np.square(probabilities - truth).mean()) if len(truth) else float("nan")
    return Reliability(bins, float(error), brier, rate * (1 - rate))


def _bin(probabilities: Numbers, truth: Truths) -> Bin:
    found = int(truth.sum())
    return Bin(len(truth), float(probabilities.mean()), found / len(truth), wilson(found, len(truth)))
