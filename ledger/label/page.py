"""The content of one page: each symbol an image mask of one bit a module, with its text in Courier.

ISO 32000-1: sections 8.9.7 (inline images), 7.4.2 (hexadecimal data, so that no byte of an image looks like its end),
9.4 (text). Every symbol begins on a whole dot of the printer, and each module has a whole number of dots.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.label.layout import ASCENT, LEADING
from ledger.label.pdf import FONT_NAME, escaped
from ledger.label.stock import INCH, POINT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.label.layout import Layout

_LABEL: Final = re.compile(
    rb"q (\S+) 0 0 (\S+) (\S+) (\S+) cm BI/W (\d+)/H (\d+)/BPC 1/IM true/D\[1 0\]/F/AHx ID\n"
    rb"([0-9a-f]+)>\nEI Q\nBT (\S+) (\S+) Td(.*?)ET\n"
)
_LINE: Final = re.compile(rb"\(((?:\\.|[^\\()])*)\)Tj")


class PrintedLabel(NamedTuple):
    """One label as it stands in a page's content; lengths in points from the page's lower left corner."""

    side: tuple[float, float]  # of the symbol: width and height
    corner: tuple[float, float]  # of the symbol: left and bottom
    modules: tuple[int, int]  # across and down
    bits: bytes
    baseline: tuple[float, float]  # of the first line: left end
    lines: list[str]


class PageWriter:
    """Writes pages of labels.

    Args:
        layout: Where everything is.
        same: The lines that all labels share, before those of each.
    """

    def __init__(self, layout: Layout, same: Sequence[str]) -> None:
        self._same = _shown(same)
        self._slots = [_slot(layout, number) for number in range(layout.stock.per_page)]
        leading = layout.text_size * LEADING
        self._head = f"{FONT_NAME} {layout.text_size:g} Tf {leading:.4f} TL\n"

    def content(self, symbols: Sequence[str], lines: Sequence[Sequence[str]]) -> bytes:
        """A page's content stream.

        Args:
            symbols: The modules of each, packed by rows, as hexadecimal digits.
            lines: For each label its own lines.
        """
        parts = [self._head]
        for (before, between), symbol, own in zip(self._slots, symbols, lines, strict=False):
            parts += [before, symbol, between, self._same, _shown(own), "ET\n"]
        return "".join(parts).encode("ascii")


def read_page(content: bytes) -> Iterator[PrintedLabel]:
    """The labels in a page's content stream, in order."""
    return map(_read, _LABEL.finditer(content))


def read_label(content: bytes, number: int) -> PrintedLabel | None:
    """One of the labels in a page's content stream, from 0; None if there are fewer."""
    found = next(islice(_LABEL.finditer(content), number, None), None)
    return _read(found) if found else None


def _read(found: re.Match[bytes]) -> PrintedLabel:
    width, height, left, bottom, across, down, bits, x, y, text = found.groups()
    return PrintedLabel(
        (float(width), float(height)),
        (float(left), float(bottom)),
        (int(across), int(down)),
        bytes.fromhex(bits.decode()),
        (float(x), float(y)),
        [re.sub(r"\\(.)", r"\1", line.decode("ascii")) for line in _LINE.findall(text)],
    )


def _shown(lines: Sequence[str]) -> str:
    return "".join(f"({escaped(line)})Tj T* " for line in lines)


def _slot(layout: Layout, number: int) -> tuple[str, str]:
    """What stands before and after the modules of the label in a slot."""
    left, top = layout.stock.corner(number)
    height = layout.stock.page[1]
    side = layout.size * layout.dots
    x = round((left + layout.symbol[0]) * layout.dpi / INCH)
    y = round((height - top - layout.symbol[1]) * layout.dpi / INCH) - side
    dot = INCH / layout.dpi / POINT
    text = (left + layout.text[0]) / POINT, (height - top - layout.text[1]) / POINT - ASCENT * layout.text_size
    image = f"BI/W {layout.size}/H {layout.size}/BPC 1/IM true/D[1 0]/F/AHx ID\n"
    place = f"q {side * dot:.4f} 0 0 {side * dot:.4f} {x * dot:.4f} {y * dot:.4f} cm {image}"
    return place, f">\nEI Q\nBT {text[0]:.4f} {text[1]:.4f} Td"
