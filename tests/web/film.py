"""A film of labels before a camera, as Chromium's fake camera plays it: JPEG pictures one after the other."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SIZE = (1280, 720)  # pixels of a frame
LABEL = (560, 620)  # the largest that a label is shown
TABLE = "#8d8a84"
FRAMES = 12  # for each label, at 30 a second


def film(path: Path, labels: Iterable[Image.Image], frames: int = FRAMES) -> Path:
    """Write a film in which every label lies on a table for a moment; the camera plays it again and again."""
    with path.open("wb") as file:
        for label in labels:
            frame = Image.new("RGB", SIZE, TABLE)
            shown = label.convert("RGB")
            shown.thumbnail(LABEL)
            frame.paste(shown, ((SIZE[0] - shown.width) // 2, (SIZE[1] - shown.height) // 2))
            packed = io.BytesIO()
            frame.save(packed, "JPEG", quality=85)
            file.write(packed.getvalue() * frames)
    return path
