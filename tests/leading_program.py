"""A program that leads a part, or waits to, and once it leads writes one row after the other until it is killed.

Arguments: the database's URL. It says `leads` when it begins to work.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

from ledger.store.database import open_database
from ledger.store.leadership import Leadership

if TYPE_CHECKING:
    from ledger.store.database import Database


def work(database: Database, ended: threading.Event) -> None:
    """Count in one row: each write builds on the last one."""
    sys.stdout.write("leads\n")
    sys.stdout.flush()
    while not ended.is_set():
        with database.transaction() as connection:
            (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM blocks").fetchone()
            row = (last + 1, (last + 1).to_bytes(32), os.getpid().to_bytes(32), 0, 0)
            connection.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?)", row)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    Leadership(open_database(sys.argv[1]), "indexer").lead(threading.Event(), work)
