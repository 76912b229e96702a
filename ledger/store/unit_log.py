"""The logs of signed statements that the chain does not have: one for each organisation, which only grows.

What was signed about single packs is kept here; what administrations tell each other and attest has entries in the same
logs and is kept by `intelligence.py` and `attestations.py`.

An event and the hashes that it completes are written in one transaction, so that a head always has all its entries.
Heads and proofs are made from O(log n) stored hashes; nothing is rebuilt for a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.core import log_tree
from ledger.core.structs import UnitStatement
from ledger.core.unit import UnitEvent, UnitKind
from ledger.core.unit_submission import UnitSubmission

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.core.structs import Domain
    from ledger.store.database import Database
    from ledger.store.engine import Connection

_EVENT: Final = (
    "SELECT digest, organisation, kind, gtin, lot, serial, place, occurred_at, previous, key, received_at, position "
    "FROM unit_events"
)
_SIGNED: Final = (
    "SELECT organisation, kind, gtin, lot, serial, occurred_at, place, previous, details, signer, signature "
    "FROM unit_events WHERE digest = ?"
)
_INSERT: Final = """
    INSERT INTO unit_events (digest, organisation, kind, gtin, lot, serial, place, occurred_at, previous, key,
    received_at, position, details, signer, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SIZE: Final = "SELECT coalesce(max(position) + 1, 0) FROM log_nodes WHERE organisation = ? AND level = 0"
_NODE: Final = "SELECT hash FROM log_nodes WHERE organisation = ? AND level = ? AND position = ?"
_ADD_NODE: Final = "INSERT INTO log_nodes (organisation, level, position, hash) VALUES (?, ?, ?, ?)"
_LEAVES: Final = """
    SELECT hash FROM log_nodes WHERE organisation = ? AND level = 0 AND position >= ? ORDER BY position LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it stands in its organisation's log, and what was handed in for it."""

    event: UnitEvent
    submission: UnitSubmission


class UnitLog:
    """The logs of this installation. Safe to share between threads and processes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def append(self, submission: UnitSubmission, domain: Domain, received_at: int) -> UnitEvent:
        """Put a statement into its organisation's log; it is durable when the outermost transaction ends.

        Args:
            submission: The statement, checked, and not in any log yet.
            domain: The chain and contract it is for.
            received_at: Unix seconds.

        Raises:
            UnavailableError: The database is locked or full; nothing was written.
        """
        organisation = submission.statement.actor
        with self._db.transaction() as connection:
            event = submission.event(domain, received_at, grow(connection, organisation, submission.leaf(domain)))
            connection.execute(_INSERT, _row(event, submission))
            return event

    def find(self, digest: bytes) -> Entry | None:
        """The event with this digest."""
        with self._db.snapshot() as connection:
            row = connection.execute(f"{_EVENT} WHERE digest = ?", (digest,)).fetchone()
            if row is None:
                return None
            return Entry(_event(row), _submission(connection.execute(_SIGNED, (digest,)).fetchone()))

    def size(self, organisation: int) -> int:
        """How many entries an organisation's log has."""
        with self._db.snapshot() as connection:
            return _size(connection, organisation)

    def root(self, organisation: int, size: int) -> bytes:
        """The head of a log when it had `size` events, which it must have."""
        with self._db.snapshot() as connection:
            return log_tree.root(size, _nodes(connection, organisation))

    def inclusion(self, organisation: int, index: int, size: int) -> list[bytes]:
        """Prove that the event at `index` is in the log of `size` events, which it must have."""
        with self._db.snapshot() as connection:
            return log_tree.inclusion_proof(index, size, _nodes(connection, organisation))

    def consistency(self, organisation: int, first: int, second: int) -> list[bytes]:
        """Prove that the log of `second` events, which it must have, begins with the one of `first`, at least 1."""
        with self._db.snapshot() as connection:
            return log_tree.consistency_proof(first, second, _nodes(connection, organisation))

    def leaves(self, organisation: int, first: int, limit: int) -> list[bytes]:
        """The hashes of up to `limit` events from `first` on: what an auditor makes the heads of."""
        with self._db.snapshot() as connection:
            return [bytes(row[0]) for row in connection.execute(_LEAVES, (organisation, first, limit))]


def grow(connection: Connection, organisation: int, leaf: bytes) -> int:
    """Add an entry's hash, and those that it completes, to an organisation's log; the entry's place in it.

    Args:
        connection: Of the transaction that writes the entry too.
        organisation: Whose log it is.
        leaf: The entry's hash, 32 bytes.
    """
    index = _size(connection, organisation)
    nodes = log_tree.added(index, leaf, _nodes(connection, organisation))
    connection.executemany(_ADD_NODE, [(organisation, *node) for node in nodes])
    return index


def of_unit(connection: Connection, gtin: str, serial: str) -> tuple[UnitEvent, ...]:
    """What was signed about one pack, in order of arrival."""
    rows = connection.execute(f"{_EVENT} WHERE gtin = ? AND serial = ? ORDER BY sequence", (gtin, serial))
    return tuple(_event(row) for row in rows)


def last(connection: Connection) -> int:
    """The number of the newest event of all logs; 0 if there is none."""
    return int(connection.execute("SELECT coalesce(max(sequence), 0) FROM unit_events").fetchone()[0])


def _size(connection: Connection, organisation: int) -> int:
    return int(connection.execute(_SIZE, (organisation,)).fetchone()[0])


def _nodes(connection: Connection, organisation: int) -> Callable[[int, int], bytes]:
    return lambda level, position: bytes(connection.execute(_NODE, (organisation, level, position)).fetchone()[0])


def _row(event: UnitEvent, submission: UnitSubmission) -> tuple[object, ...]:
    known = (event.digest, event.actor, int(event.kind), event.gtin, event.lot, event.serial, event.place)
    signed = (submission.statement.details, submission.signer, submission.signature)
    return (*known, event.occurred_at, event.previous, event.key, event.received_at, event.index, *signed)


def _event(row: tuple[bytes, int, int, str, str, str, str, int, bytes, bytes, int, int]) -> UnitEvent:
    return UnitEvent(bytes(row[0]), row[1], UnitKind(row[2]), *row[3:])


def _submission(row: tuple[int, int, str, str, str, int, str, bytes, bytes, bytes, bytes]) -> UnitSubmission:
    actor, kind, gtin, lot, serial, occurred_at, place, previous, details, signer, signature = row
    statement = UnitStatement(
        actor, kind, int(gtin), lot, serial, occurred_at, place.encode(), bytes(previous), bytes(details)
    )
    return UnitSubmission(statement, bytes(signer), bytes(signature))
