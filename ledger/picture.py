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
            picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unfit("The picture is damaged and cannot be decoded.", "damaged", field) from error
    return _opaque(picture), width / picture.size[0]


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode in TRANSPARENT_MODES or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    if picture.mode.startswith("I;16"):
        return picture.point(lambda value: value / 256, "L")  # 16-bit grey would be clipped to white
    return picture


def _unfit(detail: str, rule: str, field: str) -> InvalidInputError:
    return InvalidInputError(detail, advice=WHAT_TO_SEND, field=field, rule=rule)
