"""What running parts last said of themselves, for whoever watches: only the newest of each, and nothing hangs on it."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.store.database import Database

BEAT_SECONDS: Final = 15.0
# Names of notes. Those of parts are the parts' own.
INDEXER: Final = "indexer"
RELAYER: Final = "relayer"
BALANCE: Final = "relayer_balance"  # wei
REORGS: Final = "reorgs"
DEEPEST_REORG: Final = "deepest_reorg"  # blocks
BACKUP: Final = "backup"
_PUT: Final = """
    INSERT INTO notes (name, value, noted_at) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, noted_at = excluded.noted_at
"""


class Note(NamedTuple):
    """What was said, and when (Unix seconds)."""

    value: str
    noted_at: int


class Notes:
    """The notes of one installation. Safe to share between threads and processes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, values: Mapping[str, str | int], now: int) -> None:
        """Note `values` as of `now` (Unix seconds); earlier ones of the same names give way."""
        with self._db.transaction() as connection:
            connection.executemany(_PUT, [(name, str(value), now) for name, value in values.items()])

    def everything(self) -> dict[str, Note]:
        """Every note by its name."""
        with self._db.snapshot() as connection:
            rows = connection.execute("SELECT name, value, noted_at FROM notes").fetchall()
        return {name: Note(value, noted_at) for name, value, noted_at in rows}

    def reorganised(self, undone: int, now: int) -> None:
        """Count a reorganisation that undid `undone` blocks."""
        with self._db.transaction():
            known = self.everything()
            number = int(known[REORGS].value) + 1 if REORGS in known else 1
            self.put({REORGS: number}, now)
            if DEEPEST_REORG not in known or int(known[DEEPEST_REORG].value) < undone:
                self.put({DEEPEST_REORG: undone}, now)


class Beat:
    """A part's sign of life: noted at most every 15 seconds, with what else it knows then.

    Args:
        notes: Where to.
        part: The part's name.
        clock: Unix seconds.
    """

    def __init__(self, notes: Notes, part: str, clock: Callable[[], float] = time.time) -> None:
        self._notes = notes
        self._part = part
        self._clock = clock
        self._process = f"{socket.gethostname()}:{os.getpid()}"
        self._next = 0.0

    def due(self) -> bool:
        """Whether it is time for another."""
        return time.monotonic() >= self._next

    def give(self, **more: str | int) -> None:
        """Give one.

        Raises:
            UnavailableError: The database cannot be written.
        """
        self._notes.put({self._part: self._process, **more}, int(self._clock()))
        self._next = time.monotonic() + BEAT_SECONDS
