"""Read every code in a photo of a label or pack.

The text comes back the way a hand scanner sends it: with its symbology identifier in front (ISO/IEC 15424, `]d2` for
GS1 DataMatrix) and FNC1 as GS (0x1D), so that `core.gs1` can tell a GS1 symbol from a look-alike.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from ledger.core.errors import InvalidInputError
from ledger.picture import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_BYTES: Final = 12 * 2**20  # phones write 3 to 12 MB
MAX_PIXELS: Final = 50_000_000  # phones take up to 50 million; grey, that is 50 MB in memory
MAX_CODES: Final = 100  # in one picture
WORKING_PIXELS: Final = 12_000_000  # larger photos are halved while they are decoded: more cost time and find nothing
SMALL_SIDE: Final = 1_200  # pixels; smaller pictures are also tried at twice their size
NEW_PHOTO: Final = (
    "Move closer until the code fills a third of the picture, hold still, avoid glare, and take the photo again."
)
SECONDS: Final = 3.0  # after which no further attempt is begun
# The symbologies that GS1 lets carry its keys (GS1 General Specifications, section 5); the rest would only misread.
CHECKED: Final = (
    zxingcpp.BarcodeFormat.DataMatrix,
    zxingcpp.BarcodeFormat.QRCode,
    zxingcpp.BarcodeFormat.Code128,
    zxingcpp.BarcodeFormat.DataBar,
)
# One check digit is all that protects these: read from a picture that had to be mended, 5 of 30 came out wrong.
WEAKLY_CHECKED: Final = (zxingcpp.BarcodeFormat.EANUPC, zxingcpp.BarcodeFormat.ITF14)
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ScannedCode:
    """One code found in a picture."""

    format: str  # as people call it, for example "Data Matrix"
    symbology: str  # ISO/IEC 15424 identifier, for example "]d2"; "" if the symbol has none
    text: str  # the identifier and the data, FNC1 as 0x1D
    position: tuple[Point, Point, Point, Point]  # corners in pixels of the picture, clockwise from the top left


def read_codes(image: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> list[ScannedCode]:
    """Every code in a picture, in reading order; never an empty list.

    Args:
        image: The bytes of a PNG or JPEG.
        max_bytes: How many bytes a picture may have.
        max_pixels: How many pixels it may have; its header tells before anything is decoded.

    Raises:
        InvalidInputError: No PNG or JPEG, too large, damaged, or no code found in it.
    """
    picture, scale = opened(image, max_bytes=max_bytes, max_pixels=max_pixels, prepare=_shrink)
    picture = picture.convert("L")
    deadline = time.monotonic() + SECONDS
    for attempt in _attempts(picture):
        found = zxingcpp.read_barcodes(
            attempt.picture,
            formats=zxingcpp.BarcodeFormats(attempt.formats),
            text_mode=zxingcpp.TextMode.Plain,
            binarizer=attempt.binarizer,
        )
        if found:
            return _in_reading_order([_code(each, scale / attempt.enlarged) for each in found])[:MAX_CODES]
        if time.monotonic() > deadline:
            break
    raise InvalidInputError("No code found in the picture.", advice=NEW_PHOTO, field="image", rule="no_code")


def _shrink(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > WORKING_PIXELS:
        picture.draft("L", (width // 2, height // 2))  # JPEG only: decodes at half the size, four times as fast


@dataclass(frozen=True, slots=True)
class _Attempt:
    picture: Image.Image
    formats: tuple[zxingcpp.BarcodeFormat, ...] = CHECKED
    binarizer: zxingcpp.Binarizer = zxingcpp.Binarizer.LocalAverage
    enlarged: int = 1


def _attempts(picture: Image.Image) -> Iterator[_Attempt]:
    """The picture, then what helps against faint, noisy, small and curved prints; made only when asked for."""
    yield _Attempt(picture, CHECKED + WEAKLY_CHECKED)
    local, whole = zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram
    better: tuple[tuple[Callable[[Image.Image], Image.Image], zxingcpp.Binarizer], ...] = (
        (lambda grey: ImageOps.autocontrast(grey, cutoff=2), local),
        (lambda grey: grey, whole),
        (lambda grey: grey.filter(ImageFilter.MedianFilter(3)), local),
        (lambda grey: grey.filter(ImageFilter.UnsharpMask(radius=3, percent=250)), local),
        (lambda grey: grey.filter(ImageFilter.GaussianBlur(1.5)), local),
    )
    for change, binarizer in better:
        yield _Attempt(change(picture), binarizer=binarizer)
    if max(picture.size) <= SMALL_SIDE:
        twice = picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC)
        yield _Attempt(twice, enlarged=2)


def _in_reading_order(codes: list[ScannedCode]) -> list[ScannedCode]:
    """Each text once, from top to bottom."""
    different = {code.text: code for code in codes}
    return sorted(different.values(), key=lambda code: (code.position[0][1], code.position[0][0]))


def _code(found: zxingcpp.Barcode, scale: float) -> ScannedCode:
    corners = found.position
    points = [
        (round(corner.x * scale), round(corner.y * scale))
        for corner in (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)
    ]
    symbology = found.symbology_identifier
    return ScannedCode(
        format=str(found.format),
        symbology=symbology,
        text=symbology + found.text,
        position=(points[0], points[1], points[2], points[3]),
    )
