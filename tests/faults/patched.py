"""`lotproof` with one bound taken out, for the harness of bombs: `python -m tests.faults.patched PLANT COMMAND…`."""

from __future__ import annotations

import sys

from api import bounds, form
from ledger import picture
from ledger.cli.main import main


def plant(name: str) -> None:
    """Take one bound out."""
    if name == "nesting":
        bounds.is_nested_deeper = lambda *_: False
    elif name == "values":
        bounds.has_more_values = lambda *_: False
    elif name == "scans":
        picture.MAX_SCANS = 1 << 30  # type: ignore[misc]  # a planted bug
    elif name == "parts":
        form.MAX_PARTS = 1 << 30


if __name__ == "__main__":
    plant(sys.argv.pop(1))
    main()
