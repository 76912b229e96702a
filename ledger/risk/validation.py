"""What a model is worth on lines that its whole recipe never saw: by groups, and in the order of time.

By groups: copies of a line are never on both sides, so that what counts is judgement and not memory. In time: from the
earlier lines, tried on the later ones, as it will be used; all of them, and those of groups that are new. Everything
that is chosen or fitted (past rates, settings, calibration) is so inside the lines a model is made from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ledger.core.errors import InvalidInputError
from ledger.risk.calibration import Reliability, reliability
from ledger.risk.groups import folds, joined
from ledger.risk.making import make
from ledger.risk.metrics import SHARES, Ranking, ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ledger.risk.groups import Groups
    from ledger.risk.lines import Lines
    from ledger.risk.metrics import Numbers, Truths

FOLDS: Final = 5
RECIPES: Final = FOLDS + 1  # made by `validate`
LATER: Final = 0.2  # the share of lines that come last, on which the rest is tried
LEAST_LINES: Final = 500  # inspected; with fewer, every figure would be chance
LEAST_FOUND: Final = 50  # non-compliant, and compliant
MOST_ALIKE: Final = 0.2  # the largest group's share of the lines: more do not fit into a fold
GROUPED_BY: Final = (("declaration_id",), ("classification_id", "net_net_weight_measure"), ("customs_value_amount",))


class Trial(NamedTuple):
    """What one way of validation came to."""

    lines: int  # tried
    non_compliant: int
    ranking: Ranking  # by groups: the mean of the folds
    folds: tuple[Ranking, ...]
    reliability: Reliability


class Validation(NamedTuple):
    """What a recipe is worth on lines that it never saw."""

    by_groups: Trial
    in_time: Trial
    in_time_new: Trial  # of the later lines, those of groups that no earlier line belongs to
    first_later_day: str
    ahead: Numbers  # the probabilities of the later lines: as lines to come will have them


def groups_of(lines: Lines, keys: Sequence[Sequence[str]] = GROUPED_BY) -> Groups:
    """Join the copies among lines.

    Args:
        lines: Any.
        keys: Columns that copies share, as sets of which any one joins; sets with a column that the lines lack are
            left out, and a line joins no other by a value that it lacks.

    Raises:
        InvalidInputError: The keys join so many lines that they cannot be parted into folds.
    """
    usable = [columns for columns in keys if all(_column(lines, name) is not None for name in columns)]
    groups = joined([_keys(lines, columns) for columns in usable]) if usable else np.arange(len(lines))
    largest = int(np.bincount(groups).max())
    if largest > MOST_ALIKE * len(lines):
        raise InvalidInputError(
            f"{largest:,} of {len(lines):,} lines are one group by {_words(usable)}.",
            advice="Give narrower columns with --group, such as importer_id+classification_id+customs_value_amount.",
            field="group",
        )
    return groups


def validate(
    lines: Lines, truth: Truths, groups: Groups, seed: int, step: Callable[[], None] = lambda: None
) -> Validation:
    """Try the recipe of `ledger.risk.making` by groups and in time.

    Args:
        lines: That were inspected.
        truth: Whether each was found non-compliant.
        groups: Of copies.
        seed: Of all that is drawn.
        step: As for `make`, of which `RECIPES` are made.

    Raises:
        InvalidInputError: There are too few lines, or they come from too few days.
    """
    _check(truth)
    cut = later_from(lines.days)
    outer = folds(groups, FOLDS)
    probabilities = np.empty(len(lines))
    for fold in range(FOLDS):
        inside = outer == fold
        made = make(lines.take(~inside), truth[~inside], groups[~inside], seed, step)
        probabilities[inside] = made.probabilities(lines.take(inside))
    later = lines.days >= cut
    made = make(lines.take(~later), truth[~later], groups[~later], seed, step)
    ahead = made.probabilities(lines.take(later))
    new = ~np.isin(groups[later], groups[~later])
    return Validation(
        _trial(truth, probabilities, outer),
        _trial(truth[later], ahead),
        _trial(truth[later][new], ahead[new]),
        str(cut),
        ahead,
    )


def later_from(days: NDArray[np.datetime64]) -> np.datetime64:
    """The first of the days that are kept for trying.

    Raises:
        InvalidInputError: All lines are of one day.
    """
    cut = np.sort(days)[int(len(days) * (1 - LATER))]
    if cut == days.min():  # more than four fifths are of the first day
        after = days[days > cut]
        if not len(after):
            raise InvalidInputError(
                "All inspected lines are of one day.", advice="Give lines of at least some months.", field="lines"
            )
        cut = after.min()
    return np.datetime64(cut)


def _trial(truth: Truths, probabilities: Numbers, parts: Groups | None = None) -> Trial:
    if parts is None:
        judged = [ranking(truth, probabilities)]
    else:
        judged = [ranking(truth[parts == part], probabilities[parts == part]) for part in np.unique(parts)]
    shares = range(len(SHARES))
    mean = Ranking(
        tuple(float(np.mean([each.precision[share] for each in judged])) for share in shares),
        tuple(float(np.mean([each.recall[share] for each in judged])) for share in shares),
        float(np.mean([each.auc for each in judged])),
        float(np.mean([each.average_precision for each in judged])),
    )
    return Trial(len(truth), int(truth.sum()), mean, tuple(judged), reliability(probabilities, truth))


def _check(truth: Truths) -> None:
    found = int(truth.sum())
    if len(truth) < LEAST_LINES or not LEAST_FOUND <= found <= len(truth) - LEAST_FOUND:
        raise InvalidInputError(
            f"{len(truth):,} inspected lines, {found:,} of them non-compliant, are too few to make a model from.",
            advice=f"Needed: {LEAST_LINES} lines, {LEAST_FOUND} of either kind. Until then `lotproof risk profile` "
            "tells what the results say, and `lotproof declaration` what the ledger says.",
            field="results",
        )


def _column(lines: Lines, name: str) -> NDArray[np.object_] | NDArray[np.float64] | None:
    own = {"declaration_id": lines.shipments, "classification_id": lines.commodities}
    return own.get(name, lines.categories.get(name, lines.numbers.get(name)))


def _keys(lines: Lines, columns: Sequence[str]) -> list[object]:
    parts = [column for name in columns if (column := _column(lines, name)) is not None]
    return [None if any(_missing(value) for value in key) else key for key in zip(*parts, strict=True)]


def _missing(value: object) -> bool:
    return value == "" or value != value  # noqa: PLR0124 - NaN is what differs from itself


def _words(keys: Sequence[Sequence[str]]) -> str:
    return " or ".join("+".join(columns) for columns in keys)
