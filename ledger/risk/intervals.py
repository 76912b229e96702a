"""Rates with what they may just as well be: Wilson intervals, and shrinking towards the rate of the others.

Sources: Wilson, "Probable inference", JASA 22 (1927) 209-212, recommended for small n by Brown, Cai and DasGupta,
"Interval estimation for a binomial proportion", Statistical Science 16 (2001), section 3.1.1; the beta-binomial prior
by moments as in Kleinman, "Proportions with extraneous variance", JASA 68 (1973) 46-54.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Z_95: Final = 1.959963984540054  # two-sided 95 % of the normal distribution
LEAST_STRENGTH: Final = 1.0  # trials a prior is worth at least
MOST_STRENGTH: Final = 1_000.0  # at most: beyond, all are taken as alike


class Interval(NamedTuple):
    """A 95 % interval of a rate, from 0 to 1."""

    low: float
    high: float


class Prior(NamedTuple):
    """What is expected of one about whom nothing is known."""

    rate: float  # from 0 to 1
    strength: float  # trials that this expectation is worth

    def shrunk(self, hits: float, trials: float) -> float:
        """The rate of one with so many hits: the more trials, the more it is its own."""
        return (hits + self.rate * self.strength) / (trials + self.strength)


def wilson(hits: float, trials: float) -> Interval:
    """The 95 % interval of a rate of which `hits` out of `trials` were seen; 0 to 1 where there was no trial."""
    if trials <= 0:
        return Interval(0.0, 1.0)
    share, square = hits / trials, Z_95 * Z_95
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = Z_95 / (1 + square / trials) * np.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    return Interval(max(0.0, float(middle - half)), min(1.0, float(middle + half)))


def fitted_prior(hits: Numbers, trials: Numbers) -> Prior:
    """The common rate of many, and how much they differ from it beyond chance.

    Args:
        hits: Of each one.
        trials: Of each one, at least 1; those with a single trial say nothing about how much they differ.
    """
    total = float(trials.sum())
    rate = float(hits.sum()) / total if total else 0.0
    several = trials > 1
    if not several.any() or not 0 < rate < 1:
        return Prior(rate, MOST_STRENGTH)
    counts = trials[several]
    # Pairs of trials of one and the same agree more often than strangers' do by the intraclass correlation.
    agreeing = (hits[several] - rate * counts) ** 2 - counts * rate * (1 - rate)
    correlation = float(agreeing.sum() / (rate * (1 - rate) * (counts * (counts - 1)).sum()))
    if correlation <= 0:
        return Prior(rate, MOST_STRENGTH)
    return Prior(rate, float(np.clip(1 / correlation - 1, LEAST_STRENGTH, MOST_STRENGTH)))
