"""Open a picture that a stranger sent: PNG or JPEG, bounded before anything of it is decoded."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Final

from PIL import Image

from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNATURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
WHAT_TO_SEND: Final = "Send a photo as PNG or JPEG."
MAX_SCANS: Final = 64  # a progressive JPEG has ten; each takes as long as a whole picture
MAX_CHUNKS: Final = 10_000  # of a PNG; twelve megabytes in the usual 8 KiB are 1,500
_CHUNK_FRAME: Final = 12  # bytes
MAX_HELD: Final = 100_000_000  # bytes that decoding may take: 8 million transparent pixels, 25 of colour, 100 of grey
_BYTES_OF_A_PIXEL: Final = {"1": 1, "L": 1, "P": 1}  # in Pillow's memory; of every other mode 4
_BEHIND: Final = 12  # for each transparent pixel: it, the white behind it, and both together
_UNTIL_THE_LAST_SCAN: Final = 6  # for each pixel of a progressive JPEG: three coefficients of two bytes
TRANSPARENT_MODES: Final = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})


def opened(
    image: bytes, *, max_bytes: int, max_pixels: int, prepare: Callable[[Image.Image], None], field: str = "image"
) -> tuple[Image.Image, float]:
    """The picture, decoded, what is transparent white; and how many pixels of the original one of its pixels spans.

    Args:
        image: The bytes of a PNG or JPEG.
        max_bytes: How many bytes it may have.
        max_pixels: How many pixels it may have; its header tells before anything is decoded.
        prepare: Called before it is decoded, to ask for less of it than there is (`Image.draft`).
        field: The input field to name in a refusal.

    Raises:
        InvalidInputError: No PNG or JPEG, too large, or damaged.
    """
    if len(image) > max_bytes:
        raise _unfit(f"The picture has {len(image):,} bytes; at most {max_bytes:,} are read.", "too_large", field)
    if not image.startswith(SIGNATURES):
        raise _unfit("This is neither a PNG nor a JPEG picture.", "not_a_picture", field)
    if image.count(b"\xff\xda") > MAX_SCANS if image.startswith(SIGNATURES[1]) else _has_many_chunks(image):
        raise _unfit("The picture is made of too many pieces to be read.", "too_large", field)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of large pictures, which our own bound refuses, and of broken notes in them
            picture = Image.open(io.BytesIO(image), formats=("PNG", "JPEG"))
            width, height = picture.size
            if width * height > max_pixels:
                detail = f"The picture has {width} by {height} pixels; at most {max_pixels:,} are read."
                raise _unfit(detail, "too_large", field)
            prepare(picture)
            if _held(picture, width * height) > MAX_HELD:
                detail = f"The picture has {width} by {height} pixels, too many for its kind."
                raise _unfit(detail, "too_large", field)
            picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unfit("The picture is damaged and cannot be decoded.", "damaged", field) from error
    return _opaque(picture), width / picture.size[0]


def _has_many_chunks(image: bytes) -> bool:
    """Tell whether a PNG has more chunks than MAX_CHUNKS: length, type, data and CRC each (PNG, section 5.3)."""
    at = len(SIGNATURES[0])
    for _ in range(MAX_CHUNKS):
        at += _CHUNK_FRAME + int.from_bytes(image[at : at + 4])
        if at >= len(image):
            return False
    return True


def _held(picture: Image.Image, pixels: int) -> int:
    """The bytes that decoding a picture takes at most; of an original with so many pixels it may take fewer."""
    width, height = picture.size
    each = _BYTES_OF_A_PIXEL.get(picture.mode, 4)
    if _is_transparent(picture):
        each = _BEHIND + (each if picture.mode != "RGBA" else 0)
    waiting = pixels * _UNTIL_THE_LAST_SCAN if picture.info.get("progressive") else 0
    return width * height * each + waiting


def _is_transparent(picture: Image.Image) -> bool:
    return picture.mode in TRANSPARENT_MODES or "transparency" in picture.info


def _opaque(picture: Image.Image) -> Image.Image:
    if _is_transparent(picture):
        layer = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    if picture.mode.startswith("I;16"):
        return picture.point(lambda value: value / 256, "L")  # 16-bit grey would be clipped to white
    return picture


def _unfit(detail: str, rule: str, field: str) -> InvalidInputError:
    return InvalidInputError(detail, advice=WHAT_TO_SEND, field=field, rule=rule)
