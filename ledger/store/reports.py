"""Reports of people who found something wrong, as they were told. No address and no device is among the columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ledger.store.database import Database

COLUMNS: Final = (
    "receipt, code, gtin, lot, serial, words, place, photo_bytes, received_at, read_at, answer, answered_at, "
    "answered_by, incident, joined, sequence"
)
_INSERT: Final = """
    INSERT INTO reports (receipt, code, gtin, lot, serial, words, place, photo_bytes, received_at, read_at, answer,
    answered_at, answered_by, incident, joined) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0, 0, 0, '')
    ON CONFLICT (receipt) DO NOTHING
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
    answered_by: int = 0  # organisation; 0 = the keeper of the server, or nobody yet
    incident: int = 0  # the number of the first report that tells of the same; 0 = not kept yet
    joined: str = ""  # why it is of that incident; "" = it is the first
    number: int = 0  # by which those who read reports name it; 0 = not kept yet


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
        return self._many(f"{where} ORDER BY sequence DESC LIMIT ?", most)

    def of_incident(self, incident: int, most: int) -> list[Report]:
        """The reports of an incident, the first and then the newest, as many as are wanted."""
        order = "CASE WHEN sequence = incident THEN 0 ELSE 1 END, sequence DESC"
        return self._many(f"incident = ? ORDER BY {order} LIMIT ?", incident, most)

    def unread(self) -> int:
        """How many reports nobody has read."""
        with self._db.snapshot() as connection:
            return int(connection.execute("SELECT count(*) FROM reports WHERE read_at = 0").fetchone()[0])

    def photo_bytes(self) -> int:
        """How many bytes all photos have together."""
        with self._db.snapshot() as connection:
            return int(connection.execute("SELECT coalesce(sum(photo_bytes), 0) FROM reports").fetchone()[0])

    def _one(self, where: str, value: Any) -> Report | None:  # noqa: ANN401 - what the driver takes
        found = self._many(where, value)
        return found[0] if found else None

    def _many(self, where: str, *values: Any) -> list[Report]:  # noqa: ANN401 - what the driver takes
        with self._db.snapshot() as connection:
            sql = f"SELECT {COLUMNS} FROM reports WHERE {where}"  # noqa: S608 - constants
            return [Report(*row) for row in connection.execute(sql, values).fetchall()]
