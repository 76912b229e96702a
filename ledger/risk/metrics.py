"""How well scores put non-compliant lines first: precision and recall among the first n %, AUC, average precision.

Sources: Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006), sections 3 and 7 (AUC as the
Mann-Whitney statistic, ties counted half); precision at n % as in Kim, Tsai et al., "DATE", KDD 2020, section 5.1.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Truths = NDArray[np.bool_]
SHARES: Final = (0.01, 0.02, 0.05, 0.10)  # of the lines, inspected in the order of their scores


class Ranking(NamedTuple):
    """What an order of lines is worth. All values from 0 to 1; NaN where there is nothing to tell apart."""

    precision: tuple[float, ...]  # of the first 1, 2, 5 and 10 % of the lines
    recall: tuple[float, ...]  # of the same
    auc: float
    average_precision: float


def ranking(truth: Truths, scores: Numbers) -> Ranking:
    """Judge scores against what inspections found.

    Args:
        truth: Whether a line was non-compliant.
        scores: A score each; higher means inspect first. Lines of one score count as if in random order.
    """
    found = _found_by_rank(truth, scores)
    counts = [max(1, round(len(scores) * share)) for share in SHARES]
    total = found[-1] if len(found) else 0.0
    return Ranking(
        tuple(float(found[count - 1] / count) if len(found) else float("nan") for count in counts),
        tuple(float(found[count - 1] / total) if total else float("nan") for count in counts),
        auc(truth, scores),
        _average_precision(found),
    )


def auc(truth: Truths, scores: Numbers) -> float:
    """The chance that a non-compliant line has a higher score than a compliant one; ties count half."""
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2  # the mean rank of each score, from 1
    above = middle[place][truth].sum() - positives * (positives + 1) / 2
    return float(above / (positives * negatives))


def _found_by_rank(truth: Truths, scores: Numbers) -> Numbers:
    """How many non-compliant lines the first 1, 2, 3, … hold; within a tie, as many as is to be expected."""
    _, place, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    shares = np.bincount(place, weights=truth, minlength=len(counts)) / counts
    return np.cumsum(np.repeat(shares, counts))


def _average_precision(found: Numbers) -> float:
    """Precision at each non-compliant line, averaged over them."""
    if not len(found) or not found[-1]:
        return float("nan")
    gained = np.diff(found, prepend=0.0)
    return float((gained * found / np.arange(1, len(found) + 1)).sum() / found[-1])
