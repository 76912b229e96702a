"""Common label stock, in millimetres. Sizes are those on its makers' boxes; every grid is centred on its sheet.

Sources: the makers' figures for the numbers named, which other makers' sheets of the same grid share; those of the
grids that were compared with product templates of the gLabels project agree to within half a millimetre. Print one page
on plain paper and hold it against the sheet first. ISO 216 for A4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.core.errors import InvalidInputError

INCH: Final = 25.4  # mm
POINT: Final = INCH / 72  # mm
A4: Final = (210.0, 297.0)
LETTER: Final = (8.5 * INCH, 11 * INCH)


@dataclass(frozen=True, slots=True)
class Stock:
    """A sheet of labels, or a roll: then one label is one page.

    Args:
        name: As given on the command line.
        what: In words, with a maker's number.
        page: Width and height of the sheet, mm.
        grid: Labels across and down.
        label: Width and height of one label, mm.
        gap: Between two labels across and down, mm.
    """

    name: str
    what: str
    page: tuple[float, float]
    grid: tuple[int, int]
    label: tuple[float, float]
    gap: tuple[float, float] = (0.0, 0.0)

    @property
    def per_page(self) -> int:
        """Labels on a page."""
        return self.grid[0] * self.grid[1]

    def corner(self, slot: int) -> tuple[float, float]:
        """The left and top edge of a label, mm from the sheet's left and top; slots go row by row from 0."""
        row, column = divmod(slot, self.grid[0])
        return (self._edge(0, column), self._edge(1, row))

    def _edge(self, axis: int, index: int) -> float:
        pitch = self.label[axis] + self.gap[axis]
        used = self.grid[axis] * pitch - self.gap[axis]
        return (self.page[axis] - used) / 2 + index * pitch


def _roll(name: str, what: str, width: float, height: float) -> Stock:
    return Stock(name, what, (width, height), (1, 1), (width, height))


_ALL: Final = (
    Stock("a4-24", "A4, 3 by 8 of 70 by 37 mm (Avery Zweckform 3474, HERMA 4464)", A4, (3, 8), (70.0, 37.0)),
    Stock("a4-21", "A4, 3 by 7 of 63.5 by 38.1 mm (Avery L7160)", A4, (3, 7), (63.5, 38.1), (2.54, 0.0)),
    Stock("a4-40", "A4, 4 by 10 of 48.5 by 25.4 mm (Avery Zweckform 3657)", A4, (4, 10), (48.5, 25.4)),
    Stock("a4-44", "A4, 4 by 11 of 48.3 by 25.4 mm (HERMA 4608)", A4, (4, 11), (48.3, 25.4)),
    Stock("a4-65", "A4, 5 by 13 of 38.1 by 21.2 mm (Avery L7651)", A4, (5, 13), (38.1, 21.2), (2.54, 0.0)),
    Stock(
        "letter-30",
        "US Letter, 3 by 10 of 2.625 by 1 inch (Avery 5160)",
        LETTER,
        (3, 10),
        (2.625 * INCH, 1 * INCH),
        (0.125 * INCH, 0.0),
    ),
    _roll("roll-50x25", "thermal roll, 50 by 25 mm", 50.0, 25.0),
    _roll("roll-100x150", "thermal roll, 100 by 150 mm, logistic label", 100.0, 150.0),
)
STOCK: Final = {each.name: each for each in _ALL}


def stock_named(name: str) -> Stock:
    """The stock of a name.

    Raises:
        InvalidInputError: There is none.
    """
    found = STOCK.get(name)
    if found is None:
        raise InvalidInputError(
            f"There is no label stock {name!r}.", advice="Choose one of " + ", ".join(STOCK) + ".", field="stock"
        )
    return found
