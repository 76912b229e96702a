"""Cases and joint operations as they are kept: their sealed entries, and what lists are filtered by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.casework.case import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.store.database import Database

_COLUMNS: Final = "organisation, number, version, state, owner, due_at, operation, changed_at"
_PUT_CASE: Final = f"""
    INSERT INTO cases ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (organisation, number) DO UPDATE
    SET version = excluded.version, state = excluded.state, owner = excluded.owner, due_at = excluded.due_at,
    operation = excluded.operation, changed_at = excluded.changed_at
"""  # noqa: S608 - constants
_PUT_OPERATION: Final = """
    INSERT INTO operations (reference, version, changed_at) VALUES (?, ?, ?) ON CONFLICT (reference) DO UPDATE
    SET version = excluded.version, changed_at = excluded.changed_at
"""
_OF_FILES: Final = "SELECT file, position, entry FROM casework_entries WHERE file IN ({}) ORDER BY file, position"
_AT_ONCE: Final = 500  # files looked up by one statement
OPEN: Final = "open"  # any state but closed


class CaseRow(NamedTuple):
    """What of a case stands open in the database."""

    organisation: int
    number: int  # the organisation's own, from 1
    version: int
    state: str
    owner: bytes  # id of a key
    due_at: int  # Unix seconds, 0 = closed
    operation: str  # "" = none
    changed_at: int  # Unix seconds


class Wanted(NamedTuple):
    """Which cases are asked for."""

    state: str = ""  # one of the states, `open`, or "" for all
    owner: bytes = b""  # b"" = anybody's
    overdue_at: int = 0  # Unix seconds: only what is overdue then; 0 = all
    operation: str = ""  # "" = whichever
    before: int = 0  # a case's number: only those with lower ones; 0 = all


class Casework:
    """Cases and operations of this installation. Safe to share between threads and processes.

    Args:
        db: Where they are.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    # The key

    def fingerprints(self) -> list[bytes]:
        """Of the keys by which entries here are sealed."""
        with self._db.snapshot() as connection:
            return [bytes(row[0]) for row in connection.execute("SELECT fingerprint FROM casework_keys")]

    def put_fingerprint(self, fingerprint: bytes) -> None:
        """Note by which key entries are sealed from now on."""
        with self._db.transaction() as connection:
            sql = "INSERT INTO casework_keys (fingerprint) VALUES (?) ON CONFLICT (fingerprint) DO NOTHING"
            connection.execute(sql, (fingerprint,))

    # Entries

    def entries(self, files: Sequence[str]) -> dict[str, list[bytes]]:
        """The sealed entries of some files, each in order; a file that is not there is left out."""
        found: dict[str, list[bytes]] = {}
        with self._db.snapshot() as connection:
            for at in range(0, len(files), _AT_ONCE):
                some = files[at : at + _AT_ONCE]
                sql = _OF_FILES.format(", ".join("?" * len(some)))
                for file, _position, entry in connection.execute(sql, some):
                    found.setdefault(file, []).append(bytes(entry))
        return found

    def add_entry(self, file: str, position: int, entry: bytes) -> None:
        """Keep a sealed entry; there must be none at its place."""
        with self._db.transaction() as connection:
            sql = "INSERT INTO casework_entries (file, position, entry) VALUES (?, ?, ?)"
            connection.execute(sql, (file, position, entry))

    # Cases

    def next_number(self, organisation: int) -> int:
        """The number of the next case of an organisation."""
        with self._db.snapshot() as connection:
            sql = "SELECT coalesce(max(number), 0) FROM cases WHERE organisation = ?"
            return int(connection.execute(sql, (organisation,)).fetchone()[0]) + 1

    def put_case(self, row: CaseRow) -> None:
        """Keep what of a case stands open."""
        with self._db.transaction() as connection:
            connection.execute(_PUT_CASE, row)

    def cases(self, organisation: int, wanted: Wanted, most: int) -> list[CaseRow]:
        """The cases of an organisation that are wanted, the newest first."""
        where, values = ["organisation = ?"], [organisation]
        for condition, given in _conditions(wanted):
            where.append(condition)
            values += given
        sql = f"SELECT {_COLUMNS} FROM cases WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT ?"  # noqa: S608 - constants of this module
        return self._rows(sql, (*values, most))

    def counts(self, organisation: int, now: int) -> dict[str, int]:
        """How many cases of an organisation are in each state; `overdue`: how many should have left theirs by now."""
        with self._db.snapshot() as connection:
            sql = "SELECT state, count(*) FROM cases WHERE organisation = ? GROUP BY state"
            found = {str(state): int(count) for state, count in connection.execute(sql, (organisation,))}
            sql = "SELECT count(*) FROM cases WHERE organisation = ? AND due_at > 0 AND due_at < ?"
            return found | {"overdue": int(connection.execute(sql, (organisation, now)).fetchone()[0])}

    def cases_of(self, operation: str) -> list[CaseRow]:
        """The cases that belong to an operation, of all organisations, in the order of theirs and their numbers."""
        sql = f"SELECT {_COLUMNS} FROM cases WHERE operation = ? ORDER BY organisation, number"  # noqa: S608 - constants
        return self._rows(sql, (operation,))

    # Operations

    def put_operation(self, reference: str, version: int, changed_at: int, readers: Iterable[int]) -> None:
        """Keep what of an operation stands open, and to whom it is shown from now on."""
        with self._db.transaction() as connection:
            connection.execute(_PUT_OPERATION, (reference, version, changed_at))
            connection.execute("DELETE FROM operation_members WHERE reference = ?", (reference,))
            sql = "INSERT INTO operation_members (reference, organisation) VALUES (?, ?)"
            connection.executemany(sql, [(reference, number) for number in readers])

    def is_shown(self, reference: str, organisation: int) -> bool:
        """Whether an operation is shown to an organisation."""
        with self._db.snapshot() as connection:
            sql = "SELECT 1 FROM operation_members WHERE reference = ? AND organisation = ?"
            return connection.execute(sql, (reference, organisation)).fetchone() is not None

    def operations(self, organisation: int, most: int) -> list[str]:
        """The references of the operations that are shown to an organisation, those changed last first."""
        sql = """
            SELECT o.reference FROM operation_members m JOIN operations o ON o.reference = m.reference
            WHERE m.organisation = ? ORDER BY o.changed_at DESC, o.reference LIMIT ?
        """
        with self._db.snapshot() as connection:
            return [row[0] for row in connection.execute(sql, (organisation, most))]

    def _rows(self, sql: str, values: Sequence[Any]) -> list[CaseRow]:
        with self._db.snapshot() as connection:
            found = connection.execute(sql, values).fetchall()
        return [
            CaseRow(organisation, number, version, state, bytes(owner), due_at, operation, changed_at)
            for organisation, number, version, state, owner, due_at, operation, changed_at in found
        ]


def _conditions(wanted: Wanted) -> list[tuple[str, list[Any]]]:
    """The conditions that are asked for, each with its values."""
    state = ("state <> ?", [str(State.CLOSED)]) if wanted.state == OPEN else ("state = ?", [wanted.state])
    possible: list[tuple[object, tuple[str, list[Any]]]] = [
        (wanted.state, state),
        (wanted.owner, ("owner = ?", [wanted.owner])),
        (wanted.overdue_at, ("due_at > 0 AND due_at < ?", [wanted.overdue_at])),
        (wanted.operation, ("operation = ?", [wanted.operation])),
        (wanted.before, ("number < ?", [wanted.before])),
    ]
    return [condition for asked, condition in possible if asked]
