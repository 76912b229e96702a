"""Where symbol and text stand on a label, and how large a module may be: always a whole number of the printer's dots.

GS1 General Specifications, section 5.12.3 (symbol specification tables): size of a module (X-dimension) and quiet zone.
Below the minimum a label is made all the same and a warning says so: a scanner at the pharmacy may still read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.errors import InvalidInputError
from ledger.label.stock import INCH, POINT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.label.stock import Stock
    from ledger.label.symbol import Symbols

MARGIN: Final = 1.0  # mm to a label's edge that stays empty: sheets feed and are cut about that exactly
GAP: Final = 1.0  # mm between symbol and text, or the quiet zone where that is more
FEWEST_DOTS: Final = 2  # a module of one dot is smaller than what the dot spreads by
GOOD_DOTS: Final = 3  # from here on, a dot more or less still leaves a module recognisable
TEXT_SIZES: Final = (10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0)  # points
GOOD_TEXT: Final = 6.0  # points
ADVANCE: Final = 0.6  # of Courier, in its size; every character is as wide
LEADING: Final = 1.15
ASCENT: Final = 0.8


class XDimension(NamedTuple):
    """How large a module should be, in mm, and where that is written."""

    least: float
    target: float
    most: float
    source: str


X_DIMENSIONS: Final = {
    "qr": XDimension(
        0.396, 0.495, 0.990, "GS1 General Specifications, symbol specification table 1, for a GS1 Digital Link"
    ),
    "datamatrix": XDimension(
        0.254, 0.380, 0.990, "GS1 General Specifications, symbol specification table 6, regulated healthcare"
    ),
}


class LayoutWarning(NamedTuple):
    """Something that makes a label harder to read."""

    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is on each label of a run.

    Args:
        stock: The labels.
        dpi: Dots an inch of the printer.
        size: Modules of the symbol's side.
        dots: Dots of a module's side.
        symbol: Left and top edge of the symbol without quiet zone, mm from the label's.
        text: Left edge and top of the first line of text, mm from the label's.
        text_size: Points.
        beside: Whether the text is beside the symbol instead of below.
    """

    stock: Stock
    dpi: int
    size: int
    dots: int
    symbol: tuple[float, float]
    text: tuple[float, float]
    text_size: float
    beside: bool

    @property
    def module(self) -> float:
        """The side of a module, mm."""
        return self.dots * INCH / self.dpi


class _Block(NamedTuple):
    """What has to find room: a symbol of `size` modules and `lines` of text up to `longest` characters."""

    stock: Stock
    dpi: int
    size: int
    quiet: int
    lines: int
    longest: int

    def fits(self, dots: int, text_size: float, *, beside: bool) -> Layout | None:
        """The layout with modules and text of these sizes, or None if the label is too small."""
        x = dots * INCH / self.dpi
        side, edge, gap = self.size * x, max(MARGIN, self.quiet * x), max(GAP, self.quiet * x)
        words = (self.longest * ADVANCE * text_size * POINT, self.lines * LEADING * text_size * POINT)
        along, across = (0, 1) if beside else (1, 0)
        room = self.stock.label
        together = side + gap + words[along]
        if edge + together + MARGIN > room[along]:
            return None
        if max(side + 2 * edge, words[across] + 2 * MARGIN) > room[across]:
            return None
        start = max(edge, (room[along] - together) / 2)
        symbol, text = [0.0, 0.0], [0.0, 0.0]
        symbol[along], text[along] = start, start + side + gap
        symbol[across], text[across] = (room[across] - side) / 2, (room[across] - words[across]) / 2
        return Layout(
            self.stock, self.dpi, self.size, dots, (symbol[0], symbol[1]), (text[0], text[1]), text_size, beside
        )

    def all(self, most: float) -> Iterator[Layout]:
        """For each place and size of the text, the layout with the largest module up to `most` mm."""
        largest = max(FEWEST_DOTS, int(most * self.dpi / INCH))
        for beside in (False, True):
            for text_size in TEXT_SIZES:
                sizes = range(largest, FEWEST_DOTS - 1, -1)
                found = (self.fits(dots, text_size, beside=beside) for dots in sizes)
                yield from (layout for layout in [next(filter(None, found), None)] if layout)


def lay_out(stock: Stock, symbols: Symbols, lines: Sequence[str], wanted: XDimension, dpi: int) -> Layout:
    """The best layout: first the least module that GS1 allows, then readable text, the module GS1 aims at, text below.

    Args:
        stock: The labels.
        symbols: What makes the symbols.
        lines: The longest text that a label of the run has.
        wanted: How large a module should be.
        dpi: Dots an inch of the printer.

    Raises:
        InvalidInputError: Symbol and text do not fit the label.
    """
    block = _Block(stock, dpi, symbols.size, symbols.quiet, len(lines), max(map(len, lines)))
    found = max(block.all(wanted.most), key=lambda layout: _merit(layout, wanted), default=None)
    if found is None:
        width, height = stock.label
        raise InvalidInputError(
            f"A {symbols.name} of {symbols.size} by {symbols.size} modules and {len(lines)} lines of text do not fit a "
            f"label of {width:g} by {height:g} mm, even with modules of {FEWEST_DOTS} dots at {dpi} dpi.",
            advice="Take larger stock, a shorter host, or --symbol datamatrix, which is smaller.",
            field="stock",
        )
    return found


def grade(layout: Layout, symbols: Symbols, wanted: XDimension, length: int) -> list[LayoutWarning]:
    """What makes the labels of a layout harder to read than they should be.

    Args:
        layout: The layout.
        symbols: What makes the symbols.
        wanted: How large a module should be.
        length: Characters in the symbol.
    """
    found = []
    measure = f"A module measures {layout.module:.3f} mm ({layout.dots} dots at {layout.dpi} dpi)"
    if layout.module < wanted.least:
        found.append(
            LayoutWarning(
                "module_below_minimum",
                f"{measure}, less than {wanted.least} mm, the least in {wanted.source}. {length} characters make a "
                f"{symbols.name} of {symbols.size} by {symbols.size} modules: too many for {layout.stock.name}. Take "
                "larger stock or a shorter host, and try your scanners on a printed sheet.",
            )
        )
    elif layout.module < wanted.target:
        found.append(
            LayoutWarning("module_below_target", f"{measure}; {wanted.target} mm is the target of {wanted.source}.")
        )
    if layout.dots < GOOD_DOTS:
        found.append(
            LayoutWarning(
                "few_dots",
                f"A module of {layout.dots} dots is hardly printable at {layout.dpi} dpi. Take larger stock or a finer "
                "printer (--dpi).",
            )
        )
    if layout.text_size < GOOD_TEXT:
        found.append(
            LayoutWarning("small_text", f"The text is {layout.text_size:g} points high, hard to read for people.")
        )
    return found


def _merit(layout: Layout, wanted: XDimension) -> tuple[float, float, float, bool, float]:
    return (
        min(layout.module, wanted.least),
        min(layout.text_size, GOOD_TEXT),
        min(layout.module, wanted.target),
        not layout.beside,
        layout.text_size,
    )
