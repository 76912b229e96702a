"""The recipe: from inspected lines to a model, all of it learned from these lines and nothing else.

How the trees are grown is chosen among a few candidates by what they are worth on groups held out inside these very
lines; the scores of the best on those groups also give the calibration. Because the whole recipe is one function,
`ledger.risk.validation` can try the whole of it on lines that it never saw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ledger.risk.boosting import Examples, Settings, Trees, grow
from ledger.risk.calibration import Calibration, calibrated
from ledger.risk.features import FAMILIES, Encoder, fit
from ledger.risk.groups import folds, shared_weights
from ledger.risk.metrics import ranking

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.risk.groups import Groups
    from ledger.risk.lines import Lines
    from ledger.risk.metrics import Numbers, Truths

CHOOSING_FOLDS: Final = 3


class Candidate(NamedTuple):
    """One way to make a model."""

    families: tuple[str, ...]  # whose past rates it looks at
    copies: float  # a group of n copies weighs as much as n to the power of 1 - copies lines
    trees: Settings


_TREES: Final = Settings(200, 15, 0.03, 100, 0.4, 0.7, 10.0)
# Whether past rates help depends on the data: where traders repeat themselves they are the best that there is.
CANDIDATES: Final = (
    Candidate((), 0.75, _TREES),
    Candidate(("goods",), 0.75, _TREES),
    Candidate(tuple(FAMILIES), 0.75, _TREES),
)


class Made(NamedTuple):
    """A model, ready to score lines."""

    encoder: Encoder
    trees: Trees
    calibration: Calibration
    chosen: Candidate
    worth: tuple[float, ...]  # of each candidate on the groups held out

    def scores(self, lines: Lines) -> Numbers:
        """The score of each line, in log-odds, before calibration."""
        return self.trees.scores(self.encoder.matrix(lines))

    def probabilities(self, lines: Lines) -> Numbers:
        """The probability that each line is non-compliant."""
        return self.calibration.probability(self.scores(lines))


def make(lines: Lines, truth: Truths, groups: Groups, seed: int, step: Callable[[], None] = lambda: None) -> Made:
    """Make a model.

    Args:
        lines: That were inspected.
        truth: Whether each was found non-compliant.
        groups: The group of copies each belongs to.
        seed: Of all that is drawn.
        step: Called `steps()` times as the work goes on.
    """
    held = np.empty((len(CANDIDATES), len(lines)))
    inner = folds(groups, CHOOSING_FOLDS, seed)
    for fold in range(CHOOSING_FOLDS):
        inside = inner == fold
        others = lines.take(~inside), truth[~inside], groups[~inside]
        for number, candidate in enumerate(CANDIDATES):
            encoder, trees = trained(*others, candidate, seed)
            held[number, inside] = trees.scores(encoder.matrix(lines.take(inside)))
            step()
    worth = tuple(_worth(truth, scores, inner) for scores in held)
    best = int(np.argmax(worth))
    encoder, trees = trained(lines, truth, groups, CANDIDATES[best], seed)
    step()
    return Made(encoder, trees, calibrated(held[best], truth, np.ones(len(lines))), CANDIDATES[best], worth)


def trained(lines: Lines, truth: Truths, groups: Groups, candidate: Candidate, seed: int) -> tuple[Encoder, Trees]:
    """What makes features of lines, and the trees over them, as one candidate has it; arguments as for `make`."""
    fitted = fit(lines, truth, groups, candidate.families, seed)
    weights = shared_weights(groups, candidate.copies)
    return fitted.encoder, grow(Examples(fitted.matrix, truth, weights, fitted.encoder.names), candidate.trees, seed)


def steps() -> int:
    """How many steps `make` takes."""
    return CHOOSING_FOLDS * len(CANDIDATES) + 1


def _worth(truth: Truths, scores: Numbers, inner: Groups) -> float:
    """Average precision, the mean of the folds: their scores come from different trees and do not compare."""
    return float(
        np.mean([ranking(truth[inner == fold], scores[inner == fold]).average_precision for fold in set(inner)])
    )
