"""Whether lines still look like those a model was made from: the population stability index of each column and score.

PSI = Σ (now - then) · ln(now / then) over bins. Where nothing has changed, it is not 0: over B bins of n and m lines it
is about (B - 1)(1/n + 1/m) by chance alone, and PSI · nm/(n + m) follows χ² with B - 1 degrees of freedom (Yurdakul and
Naranjo, "Statistical properties of the population stability index", Journal of Risk Model Validation 14 (2020)). So a
column is called moved only where the index is both large and beyond chance. The bounds 0.1 and 0.25 are the ones in
use since Siddiqi, "Credit risk scorecards" (2006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

Numbers = NDArray[np.float64]
Level = Literal["steady", "watch", "moved"]
WATCH: Final = 0.1
MOVED: Final = 0.25
BINS: Final = 10  # of numbers, by tenths of the lines then; and values of a category that are told apart
OTHER: Final = "(other)"
LEAST_LINES: Final = 200  # with fewer, bins hold too few for χ² to hold
HALF_A_LINE: Final = 0.5  # an empty bin counts as half a line, so that the index stays finite
Z_999: Final = 3.090232306167813  # one column in a thousand is beyond by chance
ADVICE: Final[dict[Level, str]] = {
    "steady": "Nothing to do.",
    "watch": "Look at what changed, and compare with what random inspections find before trusting the order.",
    "moved": "Find out why (new traders, codes, a change of form). Train again with the newest results; until then "
    "raise the random share.",
}


class Reference(NamedTuple):
    """How the values of a column were spread among the lines a model was made from."""

    edges: tuple[float, ...]  # between the bins of a number; empty for a category
    names: tuple[str, ...]  # of a category's bins, the last all others
    counts: tuple[int, ...]  # of lines in each bin; of numbers, the last bin is of those that are missing

    def counted(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """How many of these values fall into each bin."""
        if self.names:
            place = {name: index for index, name in enumerate(self.names)}
            last = len(self.names) - 1
            bins = np.array([place.get(value, last) for value in values], dtype=np.int64)
        else:
            bins = np.searchsorted(self.edges, values, side="right")
            bins[np.isnan(values)] = len(self.edges) + 1
        return np.bincount(bins, minlength=len(self.counts))


class Shift(NamedTuple):
    """How far one column has moved."""

    name: str
    psi: float  # the index
    chance: float  # what the index stays below in 999 of 1,000 cases where nothing changed
    level: Level


def reference_of_number(values: Numbers) -> Reference:
    """The spread of a number, in ten bins of as many lines each."""
    present = values[~np.isnan(values)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1])) if len(present) else np.empty(0)
    empty = Reference(tuple(map(float, edges)), (), (0,) * (len(edges) + 2))
    return empty._replace(counts=tuple(map(int, empty.counted(values))))


def reference_of_category(values: NDArray[Any]) -> Reference:
    """The spread of a category: its nine commonest values, and all others."""
    names, counts = np.unique(values.astype(str), return_counts=True)
    common = names[np.argsort(-counts, kind="stable")][: BINS - 1]
    empty = Reference((), (*map(str, common), OTHER), (0,) * (len(common) + 1))
    return empty._replace(counts=tuple(map(int, empty.counted(values))))


def shifts(then: Mapping[str, Reference], now: Mapping[str, NDArray[Any]]) -> list[Shift]:
    """How far each column has moved, the farthest first.

    Args:
        then: The spread of each column among the lines that a model was made from.
        now: The values of the same columns now.

    Raises:
        InvalidInputError: There are too few lines to tell a change from chance.
    """
    lines = min(map(len, now.values()))
    if lines < LEAST_LINES:
        raise InvalidInputError(
            f"{lines:,} lines are too few to tell a change from chance; {LEAST_LINES} are needed.",
            advice="Give the lines of a longer time.",
            field="lines",
        )
    found = [_shift(name, reference, now[name]) for name, reference in then.items()]
    return sorted(found, key=lambda each: -each.psi)


def _shift(name: str, reference: Reference, values: NDArray[Any]) -> Shift:
    before, after = np.array(reference.counts, dtype=float), reference.counted(values).astype(float)
    used = before + after > 0
    lines = before.sum(), after.sum()
    shares = [np.maximum(each[used], HALF_A_LINE) / total for each, total in zip((before, after), lines, strict=True)]
    psi = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    chance = _chi_square_999(int(used.sum()) - 1) * (1 / lines[0] + 1 / lines[1])
    level: Level = "steady" if psi < max(WATCH, chance) else "watch" if psi < MOVED else "moved"
    return Shift(name, psi, float(chance), level)


def _chi_square_999(freedom: int) -> float:
    """The χ² value exceeded once in a thousand (Wilson and Hilferty, PNAS 17 (1931) 684-688)."""
    if freedom < 1:
        return 0.0
    part = 2 / (9 * freedom)
    return float(freedom * (1 - part + Z_999 * part**0.5) ** 3)
