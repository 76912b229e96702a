"""Photos of reports: made anew, so that nothing is kept but their pixels, and known again when they come once more."""

from __future__ import annotations

import io
import struct
import warnings
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageOps

from ledger.picture import opened

if TYPE_CHECKING:
    from collections.abc import Iterable

PHOTO_SIDE: Final = 1_600  # pixels: enough to read a label by
PHOTO_QUALITY: Final = 82  # of JPEG: text stays legible, and a photo has some 300 KB
_GRID: Final = 8  # fields a side of which two neighbours are compared
LEAST_CONTRAST: Final = 8  # grey levels of 256 between the darkest and the brightest field: less is a wall or a blur


def made_anew(photo: bytes, *, max_bytes: int, max_pixels: int) -> tuple[bytes, bytes]:
    """The photo as a JPEG of at most 1,600 pixels a side that has nothing but its pixels: no place, time or device.

    Returns:
        The JPEG, and its fingerprint.

    Raises:
        InvalidInputError: It is no PNG or JPEG, too large, or damaged.
    """
    picture, _scale = opened(photo, max_bytes=max_bytes, max_pixels=max_pixels, prepare=_shrink, field="photo")
    upright = _upright(picture).convert("RGB")
    upright.thumbnail((PHOTO_SIDE, PHOTO_SIDE))
    upright.info.clear()
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=PHOTO_QUALITY)
    return out.getvalue(), fingerprint(upright)


def fingerprint(picture: Image.Image) -> bytes:
    """What stays the same when a picture is made smaller, saved again or a little brighter: 16 bytes.

    Each bit tells whether a field of the picture is brighter than the one to the right of it, 64 of them, or below it
    (the difference hash of N. Krawetz, "Kind of Like That", 2013, in both directions).

    Returns:
        Empty for a picture in which there is next to nothing to tell apart.
    """
    grey = picture.convert("L")
    across = grey.resize((_GRID + 1, _GRID), Image.Resampling.BOX).tobytes()
    down = grey.resize((_GRID, _GRID + 1), Image.Resampling.BOX).tobytes()
    if max(across) - min(across) < LEAST_CONTRAST:
        return b""
    width = _GRID + 1
    bits = [across[at] > across[at + 1] for at in range(width * _GRID) if at % width != _GRID]
    bits += [down[at] > down[at + _GRID] for at in range(_GRID * _GRID)]
    return _packed(bits)


def _packed(bits: Iterable[bool]) -> bytes:
    number = 0
    for bit in bits:
        number = number << 1 | bit
    return number.to_bytes(2 * _GRID)


def _upright(picture: Image.Image) -> Image.Image:
    """Turn the picture as its notes say: a phone turns no pixels. Notes that cannot be read turn nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ImageOps.exif_transpose(picture)
    except (ArithmeticError, LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error):
        return picture


def _shrink(picture: Image.Image) -> None:
    picture.draft("RGB", (PHOTO_SIDE, PHOTO_SIDE))  # JPEG only: decoded at the least scale that is no smaller
