"""Lines and what inspections found of them, brought together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.risk.lines import Identity, Lines
    from ledger.risk.reading import Result

Truths = NDArray[np.bool_]


class Inspected(NamedTuple):
    """Lines that were inspected."""

    lines: Lines
    truth: Truths  # whether each was found non-compliant
    selected_by: NDArray[np.object_]  # `random`, `score`, or how else it came to be inspected
    strays: int  # results of lines that are not there


def inspected(lines: Lines, results: Mapping[Identity, Result]) -> Inspected:
    """Find the lines that have results.

    Raises:
        InvalidInputError: None has.
    """
    found = [results.get(name) for name in lines.names]
    which = np.array([each is not None for each in found], dtype=bool)
    if not which.any():
        raise InvalidInputError(
            "None of the results is of one of the lines.",
            advice="Both files must name them alike: by `declaration_office_id` (in both, or in neither), "
            "`declaration_id` and `sequence_numeric`.",
            field="results",
        )
    kept = [each for each in found if each is not None]
    return Inspected(
        lines.take(which),
        np.array([each.non_compliant for each in kept], dtype=bool),
        np.array([each.selected_by for each in kept], dtype=object),
        len(results) - len(kept),
    )
