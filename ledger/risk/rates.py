"""Past rates: what inspections found of a trader, a product or a route before, as a number that a model can use.

A value seen three times says little, so its rate is shrunk: a heading's towards its chapter's, a subheading's towards
its heading's (Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes", SIGKDD Explorations
3 (2001)). Copies count once, and no line is among those that its own rate is made of, nor is any copy of it: else a
model would learn to trust rates that know the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.risk.metrics import Numbers, Truths

Texts = NDArray[np.object_]
Table = dict[str, tuple[float, float]]
STRENGTH: Final = 20.0  # shipments that the rate above is worth
EDGE: Final = 1e-4  # a rate is never nearer to 0 or 1: its log-odds stay finite


class Past(NamedTuple):
    """The rates of one family, such as chapter, heading and subheading, from the widest to the narrowest."""

    rate: float  # of all lines, where the widest begins
    tables: tuple[Table, ...]  # of each level: the value, how many were non-compliant, out of how many

    def columns(self, levels: Sequence[Texts]) -> list[Numbers]:
        """Two columns: the narrowest level's rate as log-odds, and how many shipments it rests on, as log(1 + n)."""
        rate = np.full(len(levels[0]), self.rate)
        trials = np.zeros(len(rate))
        for table, values in zip(self.tables, levels, strict=True):
            found = np.array([table.get(value, (0.0, 0.0)) for value in values]).reshape(-1, 2)
            hits, trials = found[:, 0], found[:, 1]
            rate = (hits + STRENGTH * rate) / (trials + STRENGTH)
        return [_log_odds(rate), np.log1p(trials)]


def past(levels: Sequence[Texts], truth: Truths, weights: Numbers) -> Past:
    """Gather the rates of a family.

    Args:
        levels: Each level's value of every line, from the widest to the narrowest.
        truth: Whether each line was non-compliant.
        weights: How much each line counts.
    """
    return Past(_share(truth, weights), tuple(_table(values, truth, weights) for values in levels))


def past_of_others(levels: Sequence[Texts], truth: Truths, weights: Numbers, folds: NDArray[np.int64]) -> list[Numbers]:
    """The columns of lines from which a model is trained: each fold's as the other folds tell them.

    Args:
        levels: As for `past`.
        truth: As for `past`.
        weights: As for `past`.
        folds: The fold of each line; copies are in one.
    """
    made = [np.empty(len(truth)) for _ in range(2)]
    for fold in np.unique(folds):
        inside = folds == fold
        others = past([values[~inside] for values in levels], truth[~inside], weights[~inside])
        for whole, part in zip(made, others.columns([values[inside] for values in levels]), strict=True):
            whole[inside] = part
    return made


def _table(values: Texts, truth: Truths, weights: Numbers) -> Table:
    places: dict[str, int] = {}
    codes = np.array([places.setdefault(value, len(places)) for value in values], dtype=np.int64)
    hits = np.bincount(codes, weights=weights * truth, minlength=len(places))
    trials = np.bincount(codes, weights=weights, minlength=len(places))
    return {value: (float(hits[place]), float(trials[place])) for value, place in places.items() if value}


def _share(truth: Truths, weights: Numbers) -> float:
    total = float(weights.sum())
    return float((weights * truth).sum() / total) if total else 0.5


def _log_odds(rates: Numbers) -> Numbers:
    kept = np.clip(rates, EDGE, 1 - EDGE)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float64)
