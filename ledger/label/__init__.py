"""Labels: what they say, their symbols, one as a picture, and whole runs of them on sheets.

`content` says what stands on a label, `drawing` draws one. A `run` of them goes into a PDF (`sheets`) or into
`pictures`: `qr` and `datamatrix` make the symbols, `stock` and `layout` find their place, `page` and `pdf` write, and
`gate` reads back what was written.
"""

from __future__ import annotations

from ledger.label.content import Elements, batch_elements, human_readable, link
from ledger.label.drawing import MODULE_PIXELS, QUIET_ZONE, datamatrix_png, gs1_png, png, svg

__all__ = [
    "MODULE_PIXELS",
    "QUIET_ZONE",
    "Elements",
    "batch_elements",
    "datamatrix_png",
    "gs1_png",
    "human_readable",
    "link",
    "png",
    "svg",
]
