"""The declaration lines of one country as its desk asks for them: by risk, in pages, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from ledger.core.customs.overview import Counted
from ledger.store.declarations import _COLUMNS, _read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.customs.declaration import DeclarationLine
    from ledger.store.database import Database
    from ledger.store.declarations import Kept

MOST_COUNTED: Final = 50_000  # lines of one overview; of more the newest
_COUNTED: Final = """
    SELECT accepted_at, risk, score, line FROM declaration_lines
    WHERE newest = 1 AND country = ? AND accepted_at >= ? AND accepted_at <= ? ORDER BY sequence DESC LIMIT ?
"""


class Wanted(NamedTuple):
    """Which lines are asked for; an empty text asks for any."""

    least_risk: int = 0  # 0 to 100
    signal: str = ""
    match: str = ""
    office: str = ""
    find: str = ""  # exactly a declaration's number, a lot, a GTIN or an SSCC


class Place(NamedTuple):
    """After which line a page begins."""

    risk: int
    number: int


class Queue:
    """The lines of one country after another. Safe to share between threads and processes.

    Args:
        db: Where they are.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def page(self, country: str, wanted: Wanted, after: Place | None, most: int) -> list[Kept]:
        """The newest versions of lines, the riskiest first, of equal ones the last that came.

        Args:
            country: To which they are declared.
            wanted: Which.
            after: The last line that is known; None begins at the beginning.
            most: How many.
        """
        clauses, values = ["newest = 1", "country = ?", "risk >= ?"], [country, wanted.least_risk]
        for clause, given in _clauses(wanted):
            clauses.append(clause)
            values += given
        if after is not None:
            clauses.append("(risk, sequence) < (?, ?)")
            values += after
        return self._kept(f"WHERE {' AND '.join(clauses)} ORDER BY risk DESC, sequence DESC LIMIT ?", [*values, most])

    def versions(self, line: DeclarationLine) -> list[Kept]:
        """Every version of a line, the newest first."""
        key = line.declaration_office_id, line.declaration_id, line.sequence_numeric
        return self._kept("WHERE office = ? AND declaration = ? AND line_number = ? ORDER BY version DESC", key)

    def counted(self, country: str, since: int, until: int) -> list[Counted]:
        """What an overview counts of the lines that were accepted between two times, Unix seconds."""
        with self._db.snapshot() as connection:
            rows = connection.execute(_COUNTED, (country, since, until, MOST_COUNTED)).fetchall()
        return [_counted(row) for row in rows]

    def _kept(self, where: str, values: Sequence[Any]) -> list[Kept]:
        with self._db.snapshot() as connection:
            sql = f"SELECT {_COLUMNS} FROM declaration_lines {where}"  # noqa: S608 - constants of this module
            return [_read(row) for row in connection.execute(sql, values)]


def _clauses(wanted: Wanted) -> list[tuple[str, list[Any]]]:
    found: list[tuple[str, list[Any]]] = []
    if wanted.signal:
        found.append(("score LIKE ?", [f'%"signal":"{wanted.signal}"%']))
    if wanted.match:
        found.append(("score LIKE ?", [f'%"match":"{wanted.match}"%']))
    if wanted.office:
        found.append(("office = ?", [wanted.office]))
    if wanted.find:
        gtin = wanted.find.zfill(14) if wanted.find.isdecimal() else wanted.find
        clause = "(declaration = ? OR lot = ? OR sscc = ? OR gtin = ?)"
        found.append((clause, [wanted.find, wanted.find, wanted.find, gtin]))
    return found


def _counted(row: Sequence[Any]) -> Counted:
    accepted, risk, score, text = row
    line, told = orjson.loads(text), orjson.loads(score) if score else {}
    signals = tuple(each["signal"] for each in told.get("signals", ()))
    route = line["loading_location_id"], line["unloading_location_id"]
    return Counted(accepted, risk, told.get("match", ""), signals, *route)
