"""What must not be used: recalls, and what administrations hold or have seized, told from their events alone.

Nothing is folded: while goods are held nothing else can happen to them but an administration's acts, so the last HOLD,
RELEASE or SEIZE of a consignment says how it stands. What is on a pallet stands as its pallet does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core.snapshot import Recalled, Stopped
from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.engine import Connection

# The words of the partial index `ix_custody_events_stops`, so that the database uses it.
_STOPS: Final = "e.kind IN (9, 10, 11, 12)"
_RECALLS: Final = f"""
    SELECT r.gtin, r.lot, e.actor, b.time FROM custody_events e
    JOIN registrations r ON r.batch = e.batch JOIN blocks b ON b.number = e.block
    WHERE {_STOPS} AND e.kind = 12 ORDER BY e.block, e.log_index
"""  # noqa: S608 - a constant
_ACTS: Final = f"""
    SELECT e.consignment, e.kind, e.actor, b.time FROM custody_events e JOIN blocks b ON b.number = e.block
    WHERE {_STOPS} AND e.kind <> 12 ORDER BY e.block, e.log_index
"""  # noqa: S608 - a constant
_CONSIGNMENT: Final = """
    SELECT r.gtin, r.lot, '' FROM registrations r WHERE r.batch = ?1
    UNION ALL
    SELECT r.gtin, r.lot, s.sscc FROM consignment_splits s JOIN registrations r ON r.batch = s.batch
    WHERE s.consignment = ?1
"""
_PALLET: Final = "SELECT sscc FROM pallets WHERE pallet = ?"
_MEMBERS: Final = "SELECT consignment, packed FROM packings WHERE pallet = ? ORDER BY block, log_index"


def recalls(connection: Connection) -> list[Recalled]:
    """Every recalled batch, by its first recall, in chain order."""
    found: dict[tuple[str, str], Recalled] = {}
    for row in map(Recalled._make, connection.execute(_RECALLS)):
        found.setdefault((row.gtin, row.lot), row)
    return list(found.values())


def holds(connection: Connection) -> list[Stopped]:
    """Every consignment and pallet that is held or seized now, in the order in which they came to be so."""
    standing: dict[bytes, tuple[int, int, int]] = {}
    for consignment, kind, actor, time in connection.execute(_ACTS):
        standing.pop(consignment, None)
        if kind != Kind.RELEASE:
            standing[consignment] = (kind, actor, time)
    return [
        Stopped(gtin, lot, sscc, identifier, kind == Kind.SEIZE, actor, time)
        for consignment, (kind, actor, time) in standing.items()
        for identifier, gtin, lot, sscc in _named(connection, consignment)
    ]


def _named(connection: Connection, consignment: bytes) -> Iterator[tuple[bytes, str, str, str]]:
    """The consignment with GTIN, lot and SSCC; of a pallet itself, for each batch on it, and everything on it."""
    yield from ((consignment, *row) for row in connection.execute(_CONSIGNMENT, (consignment,)))
    pallet = connection.execute(_PALLET, (consignment,)).fetchone()
    if pallet is None:
        return
    on_it: dict[bytes, None] = {}
    for member, packed in connection.execute(_MEMBERS, (consignment,)).fetchall():
        on_it[member] = None
        if not packed:
            del on_it[member]
    members = [(member, *row) for member in on_it for row in connection.execute(_CONSIGNMENT, (member,))]
    yield from ((consignment, gtin, lot, pallet[0]) for gtin, lot in dict.fromkeys(row[1:3] for row in members))
    yield from members
