"""The recipe of `ledger.risk` and what it stands beside, on the public Korean declarations.

Every figure is of lines that neither the model nor anything chosen for it saw. Which lines those are, is said by the
name of the trial:

- `official`: from 2020 to January to March 2021, as the data set is split; `official_new`, of these the lines whose
  block is in no line of 2020.
- `grouped`: five folds of whole blocks over all lines with public labels; the mean of the folds.
- `untouched`: of the same folds, the lines of the blocks that no attempt was ever tried on. Which attempts became
  candidates of the recipe was decided on the other half of the blocks only.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from baselines import BASELINES
from korean import Declarations

from ledger.risk.boosting import Settings
from ledger.risk.calibration import reliability
from ledger.risk.groups import folds
from ledger.risk.making import Candidate, make, trained
from ledger.risk.metrics import Ranking, ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from ledger.risk.metrics import Numbers

    Way = Callable[[Declarations, Declarations, int], Numbers]
    Json = dict[str, Any]
FOLDS: Final = 5
OURS: Final = "Lotproof"
HALF: Final = 128  # of the values of a byte


def ours(known: Declarations, asked: Declarations, seed: int) -> Numbers:
    """The whole recipe: everything that it chooses is chosen inside the known lines."""
    return make(known.lines, known.truth, known.blocks, seed).probabilities(asked.lines)


def one(candidate: Candidate) -> Way:
    """One candidate of the recipe, nothing chosen."""

    def scores(known: Declarations, asked: Declarations, seed: int) -> Numbers:
        encoder, trees = trained(known.lines, known.truth, known.blocks, candidate, seed)
        return trees.scores(encoder.matrix(asked.lines))

    return scores


BAR: Final = "LightGBM defaults"
# What learns copies by heart, on our features: as the others in the official table do.
MEMORY: Final = Candidate((), 0.0, Settings(500, 63, 0.05, 20, 1.0, 1.0, 0.0))
WAYS: Final[dict[str, Way]] = {**BASELINES, "Lotproof's features, 500 trees of 63 leaves": one(MEMORY), OURS: ours}
REPEATED: Final = ("random", BAR, OURS)  # with every seed; the others with the first only
RESAMPLES: Final = 200


class Found(NamedTuple):
    """What one way came to in one trial, with one seed."""

    trial: str
    name: str
    ranking: Ranking


def is_for_attempts(blocks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a block is of the half that attempts were tried on: by its hash, so that nobody chose it."""
    halves = {int(block): hashlib.sha256(str(block).encode()).digest()[0] < HALF for block in np.unique(blocks)}
    return np.array([halves[int(block)] for block in blocks])


def some(declarations: Declarations, which: NDArray[np.bool_]) -> Declarations:
    """Some of the declarations."""
    return Declarations(declarations.lines.take(which), declarations.truth[which], declarations.blocks[which])


def official(known: Declarations, asked: Declarations, seed: int) -> Iterator[Found]:
    """Each way on the official split: all asked lines, and those of new blocks."""
    new = ~np.isin(asked.blocks, known.blocks)
    for name in WAYS if seed == 0 else REPEATED:
        scores = WAYS[name](known, asked, seed)
        yield Found("official", name, ranking(asked.truth, scores))
        yield Found("official_new", name, ranking(asked.truth[new], scores[new]))


def grouped(known: Declarations, seed: int, keep: Json) -> Iterator[Found]:
    """Each way by five folds of whole blocks; the first seed deals as scikit-learn's GroupKFold, the others anew.

    With the first seed, `keep` gets how far our probabilities hold, and what ours is ahead of the bar.
    """
    untouched = ~is_for_attempts(known.blocks)
    parts = folds(known.blocks, FOLDS, seed or None)
    bar = np.empty(len(known.lines))
    for name in WAYS if seed == 0 else REPEATED:
        scores = crossed(known, parts, WAYS[name], seed)
        bar = scores if name == BAR else bar
        yield Found("grouped", name, by_fold(known.truth, scores, parts))
        yield Found("untouched", name, by_fold(known.truth[untouched], scores[untouched], parts[untouched]))
        if name == OURS and seed == 0:
            keep["reliability"] = _reliability(known.truth, scores)
            keep["ahead"] = ahead(known, parts, scores, bar)


def attempts(half: Declarations, tried: dict[str, Candidate], seed: int) -> Iterator[Found]:
    """Each attempt by five folds of whole blocks, on the half of the blocks that is for attempts."""
    ways: dict[str, Way] = {BAR: BASELINES[BAR]}
    ways |= {name: one(candidate) for name, candidate in tried.items()}
    parts = folds(half.blocks, FOLDS, seed or None)
    for name, way in ways.items():
        yield Found("attempts", name, by_fold(half.truth, crossed(half, parts, way, seed), parts))


def crossed(known: Declarations, parts: NDArray[np.int64], way: Way, seed: int) -> Numbers:
    """The scores of all lines, each by a model that saw no line of its fold."""
    scores = np.empty(len(known.lines))
    for part in np.unique(parts):
        inside = parts == part
        scores[inside] = way(some(known, ~inside), some(known, inside), seed)
    return scores


def ahead(known: Declarations, parts: NDArray[np.int64], ours: Numbers, bar: Numbers) -> Json:
    """How much more we find than the bar, with 95 % of what other blocks would have given (percentile bootstrap).

    Whole blocks are drawn again, and both are judged on the same lines.
    """
    chance = np.random.default_rng(0)
    names, block = np.unique(known.blocks, return_inverse=True)
    lines = np.argsort(block, kind="stable")
    first = np.searchsorted(block[lines], np.arange(len(names) + 1))
    gained = []
    for _ in range(RESAMPLES):
        drawn = chance.integers(len(names), size=len(names))
        again = np.concatenate([lines[first[each] : first[each + 1]] for each in drawn])
        truth, folded = known.truth[again], parts[again]
        one, other = (told(by_fold(truth, scores[again], folded)) for scores in (ours, bar))
        gained.append([one[column] - other[column] for column in ("P@5", "AUC")])
    low, high = np.quantile(gained, (0.025, 0.975), axis=0)
    return {column: [round(float(each[at]), 4) for each in (low, high)] for at, column in enumerate(("P@5", "AUC"))}


def by_fold(truth: NDArray[np.bool_], scores: Numbers, parts: NDArray[np.int64]) -> Ranking:
    """The mean of the folds, as scores of different models do not compare."""
    judged = [ranking(truth[parts == part], scores[parts == part]) for part in np.unique(parts)]
    return Ranking(
        tuple(float(np.mean(column)) for column in zip(*(each.precision for each in judged), strict=True)),
        tuple(float(np.mean(column)) for column in zip(*(each.recall for each in judged), strict=True)),
        float(np.mean([each.auc for each in judged])),
        float(np.mean([each.average_precision for each in judged])),
    )


def told(ranking: Ranking) -> dict[str, float]:
    """A ranking by the names of its columns."""
    figures = {f"P@{share}": ranking.precision[at] for at, share in enumerate((1, 2, 5, 10))}
    figures |= {"R@10": ranking.recall[3], "AUC": ranking.auc, "AP": ranking.average_precision}
    return {name: round(value, 4) for name, value in figures.items()}


def _reliability(truth: NDArray[np.bool_], probabilities: Numbers) -> Json:
    found = reliability(probabilities, truth)
    bins = [
        [each.lines, *(round(float(value), 4) for value in (each.said, each.found, *each.interval))]
        for each in found.bins
    ]
    figures = {"expected_error": found.expected_error, "brier": found.brier, "brier_of_rate": found.brier_of_rate}
    return {name: round(value, 4) for name, value in figures.items()} | {"bins": bins}
