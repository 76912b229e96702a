"""Two programs on one database: the command line works beside a running server."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from ledger.store.database import open_database

if TYPE_CHECKING:
    from pathlib import Path

READS = """
import sys
from ledger.store.database import open_database
db = open_database(sys.argv[1])
with db.snapshot() as connection:
    print(connection.execute("SELECT count(*) FROM documents").fetchone()[0])
db.close()
"""


def read_elsewhere(url: str) -> int:
    done = subprocess.run([sys.executable, "-c", READS, url], check=True, timeout=60, capture_output=True)
    return int(done.stdout)


def test_another_program_that_closes_the_database_leaves_what_this_one_writes_to(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'lotproof.db'}"
    first = open_database(url)
    with first.transaction() as connection:
        connection.execute("INSERT INTO documents VALUES (?, ?)", (b"1", b"2"))
    second = open_database(url)  # as other parts of one server do
    log = tmp_path / "lotproof.db-wal"
    before = log.stat().st_ino
    assert read_elsewhere(url) == 1
    assert log.stat().st_ino == before  # else this program goes on writing to a file that nobody will ever read
    with first.transaction() as connection:
        connection.execute("INSERT INTO documents VALUES (?, ?)", (b"3", b"4"))
    assert read_elsewhere(url) == 2
    second.close()
    first.close()
    assert read_elsewhere(url) == 2
