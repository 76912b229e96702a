"""`lotproof` with one bound taken out, for the harness of bombs: `python -m tests.faults.patched PLANT COMMAND…`."""

from __future__ import annotations

import csv
import io
import sys

from api import bounds
from ledger import picture
from ledger.cli.main import main


def plant(name: str) -> None:
    """Take one bound out."""
    if name == "rows":
        bounds.csv_records = lambda text, _most: csv.reader(io.StringIO(text, newline=""))
    elif name == "scans":
        picture.MAX_SCANS = 1 << 30  # type: ignore[misc]  # a planted bug


if __name__ == "__main__":
    plant(sys.argv.pop(1))
    main()
