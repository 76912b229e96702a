"""One label as a picture: the symbol with its human-readable text under it, as PNG or SVG.

ISO/IEC 18004, section 9.1: a QR code has a quiet zone of four modules; a DataMatrix, which needs one, gets as many.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, cast
from xml.sax.saxutils import escape

import qrcode
import zxingcpp
from PIL import Image, ImageDraw, ImageFont
from qrcode.constants import ERROR_CORRECT_M

from ledger.core.errors import InvalidInputError
from ledger.core.gs1 import bracketed
from ledger.label.content import in_symbol_order
from ledger.label.datamatrix import datamatrix_modules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.label.content import Elements

QUIET_ZONE: Final = 4  # modules
MODULE_PIXELS: Final = 10
TEXT_MODULES: Final = 2.4  # height of a line of text, in modules
MAX_LINK: Final = 2_048  # characters; level M holds 2,331 bytes

Matrix = list[list[bool]]


def png(text: str, lines: Sequence[str]) -> bytes:
    """A label as PNG: `text` as a QR code, ten pixels a module, with `lines` under it.

    Raises:
        InvalidInputError: `text` is longer than a label carries.
    """
    return png_of(_matrix(text), lines)


def gs1_png(elements: Elements, lines: Sequence[str]) -> bytes:
    """A label as PNG whose QR code carries the element string itself, FNC1 first (symbology `]Q3`), instead of a link.

    Raises:
        InvalidInputError: An element is malformed.
    """
    return png_of(_gs1_matrix(elements), lines)


def datamatrix_png(elements: Elements, lines: Sequence[str]) -> bytes:
    """A label as PNG with a GS1 DataMatrix (symbology `]d2`).

    Raises:
        TooLongForSymbolError: No size holds the elements.
    """
    modules = datamatrix_modules(bracketed(in_symbol_order(elements)))
    return png_of(with_quiet_zone((modules == 1).tolist()), lines)


def png_of(matrix: Matrix, lines: Sequence[str]) -> bytes:
    """A label as PNG, ten pixels a module: a symbol with its quiet zone, and `lines` under it."""
    symbol = _symbol_image(matrix)
    font = ImageFont.load_default(TEXT_MODULES * MODULE_PIXELS * 0.8)
    height = round(TEXT_MODULES * MODULE_PIXELS)
    margin = QUIET_ZONE * MODULE_PIXELS
    width = max(symbol.width, *(round(font.getlength(line)) + 2 * margin for line in lines), 0)
    label = Image.new("L", (width, symbol.height + height * len(lines) + margin // 2), "white")
    label.paste(symbol, ((width - symbol.width) // 2, 0))
    draw = ImageDraw.Draw(label)
    for number, line in enumerate(lines):
        draw.text((width / 2, symbol.height + number * height), line, fill="black", font=font, anchor="ma")
    out = io.BytesIO()
    label.convert("1", dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def svg(text: str, lines: Sequence[str]) -> bytes:
    """A label as SVG, one unit a module: `text` as a QR code with `lines` under it.

    Raises:
        InvalidInputError: `text` is longer than a label carries.
    """
    return svg_of(_matrix(text), lines)


def svg_of(matrix: Matrix, lines: Sequence[str]) -> bytes:
    """A label as SVG, one unit a module: a symbol with its quiet zone, and `lines` under it."""
    size = len(matrix)
    widest = max((len(line) for line in lines), default=0) * TEXT_MODULES * 0.5 + 2 * QUIET_ZONE
    width, height = max(size, widest), size + TEXT_MODULES * len(lines) + QUIET_ZONE / 2
    left = (width - size) / 2
    modules = "".join(
        f"M{column} {row}h1v1h-1z" for row, cells in enumerate(matrix) for column, dark in enumerate(cells) if dark
    )
    words = "".join(
        f'<text x="{width / 2:g}" y="{size + (number + 0.7) * TEXT_MODULES:g}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">'
        f"<title>{escape(' '.join(lines))}</title>"
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>'
        f'<path transform="translate({left:g} 0)" d="{modules}" fill="#000" shape-rendering="crispEdges"/>'
        f'<g font-family="monospace" font-size="{TEXT_MODULES * 0.8:g}" text-anchor="middle" fill="#000">{words}</g>'
        "</svg>"
    ).encode()


def _matrix(text: str) -> Matrix:
    """The modules of the symbol with its quiet zone; level M, the smallest version that fits."""
    if len(text) > MAX_LINK:
        raise InvalidInputError(
            f"The text has {len(text):,} characters; a label carries {MAX_LINK:,}.", advice="Shorten it.", field="code"
        )
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(text)
    return [[bool(cell) for cell in row] for row in code.get_matrix()]


def _gs1_matrix(elements: Elements) -> Matrix:
    """The modules of a QR code in FNC1 mode, which `qrcode` does not make; quiet zone as in `_matrix`."""
    symbol = zxingcpp.create_barcode(bracketed(elements), zxingcpp.BarcodeFormat.QRCode, gs1=True)
    image = symbol.to_image(scale=1, add_quiet_zones=False)
    pixels = cast("list[list[int]]", memoryview(cast("bytes", image)).tolist())
    return with_quiet_zone([[value == 0 for value in row] for row in pixels])


def with_quiet_zone(modules: Matrix) -> Matrix:
    """A symbol with four empty modules on each side."""
    blank = [False] * QUIET_ZONE
    rows = [[*blank, *row, *blank] for row in modules]
    edge = [[False] * len(rows[0])] * QUIET_ZONE
    return [*edge, *rows, *edge]


def _symbol_image(matrix: Matrix) -> Image.Image:
    size = len(matrix)
    small = Image.new("L", (size, size), 255)
    small.putdata([0 if cell else 255 for row in matrix for cell in row])
    return small.resize((size * MODULE_PIXELS, size * MODULE_PIXELS), Image.Resampling.NEAREST)
