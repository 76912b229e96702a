"""Reads labels back from the bytes that were written, as a scanner would, and stops the run at the first difference."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw

from ledger.core.errors import ContradictionError
from ledger.label.layout import ADVANCE, LEADING
from ledger.label.stock import INCH, POINT
from ledger.label.symbol import unpacked

if TYPE_CHECKING:
    from ledger.label.layout import Layout
    from ledger.label.page import PrintedLabel

CAPITAL: Final = 0.6  # height of Courier's capitals and brackets, in its size
SURROUNDINGS: Final = 8  # modules looked at around the symbol: its quiet zone, and what may come too close
DEPTH: Final = 0.2  # how far brackets reach below the line
_PIXELS: Final = 4  # a module of a drawing
_FORMATS: Final = zxingcpp.BarcodeFormats((zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix))
_SQUARE: Final = re.compile(rb"M(\d+) (\d+)h1v1h-1z")


def check_label(name: str, printed: PrintedLabel | None, layout: Layout, scanned: str, lines: list[str]) -> None:
    """Compare a label, as it stands in a page, with what it should say.

    Args:
        name: What to call the label in the refusal.
        printed: The label, read from the page; None if it is not there.
        layout: The layout of the run.
        scanned: What a scanner must send, symbology identifier first.
        lines: What people must read.

    Raises:
        ContradictionError: The symbol cannot be read, or symbol or text say something else.
    """
    if printed is None or printed.lines != lines:
        raise _differs(name, "text", " ".join(lines), " ".join(printed.lines) if printed else "")
    _compare(name, _rendered(printed, layout), scanned)


def check_picture(name: str, png: bytes, scanned: str) -> None:
    """Compare a label made as PNG with what a scanner must send.

    Raises:
        ContradictionError: It cannot be read, or says something else.
    """
    _compare(name, Image.open(io.BytesIO(png)).convert("L"), scanned)


def check_drawing(name: str, svg: bytes, scanned: str) -> None:
    """Compare the symbol of a label made as SVG with what a scanner must send.

    Raises:
        ContradictionError: It cannot be read, or says something else.
    """
    cells = [(int(x), int(y)) for x, y in _SQUARE.findall(svg)]
    side = max((max(cell) for cell in cells), default=0) + 1 + _PIXELS
    small = Image.new("L", (side, side), 255)
    for cell in cells:
        small.putpixel(cell, 0)
    _compare(name, small.resize((side * _PIXELS, side * _PIXELS), Image.Resampling.NEAREST), scanned)


def _compare(name: str, picture: Image.Image, scanned: str) -> None:
    found = zxingcpp.read_barcodes(
        np.asarray(picture), formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain, try_rotate=False, try_invert=False
    )
    read = found[0].symbology_identifier + found[0].text if found else ""
    if len(found) != 1 or read != scanned:
        raise _differs(name, "symbol", scanned, read)


def _rendered(printed: PrintedLabel, layout: Layout) -> Image.Image:
    """The symbol in the printer's dots with what surrounds it: black bars where its text stands."""
    scale = layout.dpi * POINT / INCH  # dots a point
    around = SURROUNDINGS * layout.dots
    columns, rows = printed.modules
    cells = unpacked(np.frombuffer(printed.bits, np.uint8).reshape(rows, -1), columns)
    across, down = (round(side * scale) for side in printed.side)
    symbol = Image.fromarray(np.where(cells == 1, 0, 255).astype(np.uint8)).resize(
        (across, down), Image.Resampling.NEAREST
    )
    label = Image.new("L", (across + 2 * around, down + 2 * around), 255)
    label.paste(symbol, (around, around))
    draw = ImageDraw.Draw(label)
    left, top = printed.corner[0] - around / scale, printed.corner[1] + printed.side[1] + around / scale
    for number, line in enumerate(printed.lines):
        x = printed.baseline[0] - left
        y = top - printed.baseline[1] + number * LEADING * layout.text_size
        end = x + len(line) * ADVANCE * layout.text_size
        high, low = y - CAPITAL * layout.text_size, y + DEPTH * layout.text_size
        draw.rectangle((x * scale, high * scale, end * scale, low * scale), fill=0)
    return label


def _differs(name: str, what: str, wanted: str, found: str) -> ContradictionError:
    return ContradictionError(
        f"The {what} of the label {name} reads {found!r} instead of {wanted!r}.",
        advice="Nothing was kept. Do not print labels with this installation before the cause is found.",
        label=name,
        wanted=wanted,
        found=found,
    )
