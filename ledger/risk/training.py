"""Training a model for one administration, from its own declarations and its own inspection results."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from ledger.risk.boosting import version
from ledger.risk.drift import Reference, reference_of_category, reference_of_number
from ledger.risk.making import make, steps
from ledger.risk.metrics import SHARES
from ledger.risk.model_files import Json, RiskModel, save
from ledger.risk.validation import GROUPED_BY, RECIPES, groups_of, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ledger.risk.inspected import Inspected
    from ledger.risk.lines import Lines
    from ledger.risk.metrics import Numbers

PROBABILITY: Final = "probability"  # among the columns whose drift is watched
COMMODITY: Final = "chapter"


class Origin(NamedTuple):
    """Who made a model, when, from which files, and how."""

    administration: str
    made_on: str  # YYYY-MM-DD
    files: Mapping[str, str]  # name: SHA-256, hex
    faulty_rows: int  # left out
    grouped_by: Sequence[Sequence[str]] = GROUPED_BY  # columns that copies share (`ledger.risk.validation.groups_of`)
    seed: int = 0  # of all that is drawn; the same gives the same model


def train(
    known: Inspected,
    folder: Path,
    origin: Origin,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> RiskModel:
    """Validate the recipe, make a model from all inspected lines, and write it.

    Args:
        known: Lines and what inspections found.
        folder: Where to; new or empty.
        origin: What the model says of where it is from.
        report: Told how many steps are done, and out of how many.

    Raises:
        InvalidInputError: There are too few results, or they cannot be parted; or the folder cannot be written.
        ConfigurationError: LightGBM is not installed.
    """
    made_with = version()
    groups = groups_of(known.lines, origin.grouped_by)
    total, done = (RECIPES + 1) * steps(), 0

    def step() -> None:
        nonlocal done
        done += 1
        report(done, total)

    validation = validate(known.lines, known.truth, groups, origin.seed, step)
    made = make(known.lines, known.truth, groups, origin.seed, step)
    facts: Json = {
        **origin._asdict(),
        "lightgbm": made_with,
        "inspected": _inspected(known),
        "groups": int(groups.max()) + 1,
        "validation": {
            "by_groups": validation.by_groups,
            "in_time": validation.in_time,
            "in_time_new": validation.in_time_new,
            "first_later_day": validation.first_later_day,
        },
        "cuts": {f"{share:.0%}": float(np.quantile(validation.ahead, 1 - share)) for share in SHARES},
    }
    return save(folder, made, _reference(known.lines, validation.ahead), facts)


def watched(lines: Lines, probabilities: Numbers) -> dict[str, NDArray[Any]]:
    """The columns whose drift is watched, the probability among them."""
    chapter = np.array([code[:2] for code in lines.commodities], dtype=object)
    return {PROBABILITY: probabilities, COMMODITY: chapter, **lines.categories, **lines.numbers}


def _reference(lines: Lines, ahead: Numbers) -> dict[str, Reference]:
    """How these columns are spread now, and the probabilities that a model gave to lines after those it was made from.

    Those of the lines that it was made from are more extreme, for it has seen them.
    """
    numbers = {PROBABILITY, *lines.numbers}
    return {
        name: reference_of_number(values) if name in numbers else reference_of_category(values)
        for name, values in watched(lines, ahead).items()
    }


def _inspected(known: Inspected) -> Json:
    return {
        "lines": len(known.lines),
        "non_compliant": int(known.truth.sum()),
        "first_day": str(known.lines.days.min()),
        "last_day": str(known.lines.days.max()),
        "selected_by": dict(Counter(map(str, known.selected_by)).most_common()),
        "results_without_a_line": known.strays,
    }
