"""Reports of people who found something wrong, as they were told. No address and no device is among the columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ledger.store.database import Database

_COLUMNS: Final = (
    "receipt, code, gtin, lot, serial, words, place, photo_bytes, received_at, read_at, answer, answered_at, sequence"
)
_INSERT: Final = """
    INSERT INTO reports (receipt, code, gtin, lot, serial, words, place, photo_bytes, received_at, read_at, answer,
    answered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0) ON CONFLICT (receipt) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Report:
    """One report. Nobody vouches for it."""

    receipt: bytes  # SHA-256 of the receipt
    code: str
    gtin: str  # what the code spells, "" where it spells none
    lot: str
    serial: str
    words: str
    place: str
    photo_bytes: int  # 0 = no photo
    received_at: int  # Unix seconds
    read_at: int = 0  # Unix seconds, 0 = not yet
    answer: str = ""
    answered_at: int = 0  # Unix seconds, 0 = not yet
    number: int = 0  # by which the keeper of the server names it; 0 = not kept yet


class Reports:
    """The reports of this installation. Safe to share between threads and processes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, report: Report) -> None:
        """Keep a report; if one with its receipt is kept already, that one stays as it is. Durable once this returns.

        Raises:
            UnavailableError: The database is locked or full; nothing was written.
        """
        row = (
            *(report.receipt, report.code, report.gtin, report.lot, report.serial),
            *(report.words, report.place, report.photo_bytes, report.received_at),
        )
        with self._db.transaction() as connection:
            connection.execute(_INSERT, row)

    def find(self, receipt: bytes) -> Report | None:
        """The report with this sealed receipt."""
        return self._one("receipt = ?", receipt)

    def numbered(self, number: int) -> Report | None:
        """The report with this number."""
        return self._one("sequence = ?", number)

    def newest(self, most: int, *, answered: bool) -> list[Report]:
        """The newest reports, those that were answered only if they are wanted."""
        where = "1 = 1" if answered else "answered_at = 0"
        with self._db.snapshot() as connection:
            sql = f"SELECT {_COLUMNS} FROM reports WHERE {where} ORDER BY sequence DESC LIMIT ?"  # noqa: S608 - constants
            return [Report(*row) for row in connection.execute(sql, (most,))]

    def mark_read(self, number: int, now: int) -> None:
        """Note that a report was read, if it is for the first time."""
        with self._db.transaction() as connection:
            connection.execute("UPDATE reports SET read_at = ? WHERE sequence = ? AND read_at = 0", (now, number))

    def answer(self, number: int, words: str, now: int) -> None:
        """Answer a report; an earlier answer gives way."""
        sql = """
            UPDATE reports SET answer = ?1, answered_at = ?2,
            read_at = CASE WHEN read_at < ?2 THEN ?2 ELSE read_at END WHERE sequence = ?3
        """
        with self._db.transaction() as connection:
            connection.execute(sql, (words, now, number))

    def unread(self) -> int:
        """How many reports nobody has read."""
        with self._db.snapshot() as connection:
            return int(connection.execute("SELECT count(*) FROM reports WHERE read_at = 0").fetchone()[0])

    def photo_bytes(self) -> int:
        """How many bytes all photos have together."""
        with self._db.snapshot() as connection:
            return int(connection.execute("SELECT coalesce(sum(photo_bytes), 0) FROM reports").fetchone()[0])

    def _one(self, where: str, value: Any) -> Report | None:  # noqa: ANN401 - what the driver takes
        with self._db.snapshot() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM reports WHERE {where}", (value,)).fetchone()  # noqa: S608 - constants
        return None if row is None else Report(*row)
