"""What of everything held and scanned matches an indicator: looked up by its keys, never by going through all of it.

Only documents are gone through, for a number or a feature may stand anywhere in one. Each look-up is bounded: an
indicator that finds thousands is one to be narrowed, not a list to be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.intelligence.matching import Found, document_keys, organisation_keys, written_in
from ledger.core.intelligence.pattern import Pattern, PatternKind, written_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.store.engine import Connection
    from ledger.store.read_model import ReadModel

    Values = Sequence[Any]

_BATCHES: Final = """
    SELECT r.batch, r.gtin, r.lot, b.time FROM registrations r JOIN blocks b ON b.number = r.block
    WHERE {} LIMIT ?
"""
_MOVEMENTS: Final = """
    SELECT e.digest, coalesce(r.gtin, ''), coalesce(r.lot, ''), e.place, b.time FROM custody_events e
    JOIN blocks b ON b.number = e.block LEFT JOIN registrations r ON r.batch = e.batch WHERE {} LIMIT ?
"""
_PACKS: Final = "SELECT digest, gtin, lot, serial, place, organisation, occurred_at FROM unit_events WHERE {} LIMIT ?"
_REPORTS: Final = "SELECT sequence, gtin, lot, serial, place, received_at FROM reports WHERE {} LIMIT ?"
# Goods that were at the one place and at no third one before they were at the other: to, from, to, from.
_ROUTE: Final = """
    e.place = ? AND EXISTS (
        SELECT 1 FROM custody_events p WHERE p.batch = e.batch AND p.consignment = e.consignment AND p.place = ?
        AND (p.block, p.log_index) < (e.block, e.log_index) AND NOT EXISTS (
            SELECT 1 FROM custody_events m WHERE m.batch = e.batch AND m.consignment = e.consignment
            AND m.place NOT IN ('', ?, ?)
            AND (m.block, m.log_index) > (p.block, p.log_index) AND (m.block, m.log_index) < (e.block, e.log_index)))
"""
_BEFORE: Final = """
    SELECT place FROM custody_events WHERE batch = ? AND consignment = ? AND place <> ''
    AND (block, log_index) < (?, ?) ORDER BY block DESC, log_index DESC LIMIT 1
"""


def held(connection: Connection, read_model: ReadModel, pattern: Pattern, most: int) -> list[Found]:
    """Everything that matches, at most `most` of it.

    Args:
        connection: Of the state that is searched.
        read_model: The same state.
        pattern: What is looked for.
        most: How many are wanted.
    """
    return _SEARCHES[pattern.kind](connection, read_model, pattern, most)[:most]


def place_before(connection: Connection, batch: bytes, consignment: bytes, block: int, log_index: int) -> str:
    """Where goods were before a place in the chain, "" if nothing says it.

    Args:
        connection: Of the state that is searched.
        batch: Of the goods; for a pallet its own id.
        consignment: Their id.
        block: Of the place in the chain.
        log_index: Of the place in the chain.
    """
    row = connection.execute(_BEFORE, (batch, consignment, block, log_index)).fetchone()
    return "" if row is None else str(row[0])


def _lot(connection: Connection, _: ReadModel, pattern: Pattern, most: int) -> list[Found]:
    gtin, lot = pattern.get("gtin"), pattern.get("lot")
    if gtin:
        return _goods(connection, gtin, lot, most)
    sql = "SELECT DISTINCT gtin FROM registrations WHERE lot = ? LIMIT ?"
    gtins = [row[0] for row in connection.execute(sql, (lot, most)).fetchall()]
    found = [each for known in gtins for each in _goods(connection, known, lot, most)]
    loose = _reports(connection, "lot = ? AND gtin = ''", (lot,), most)
    return [*found, *loose]


def _gtin(connection: Connection, _: ReadModel, pattern: Pattern, most: int) -> list[Found]:
    return _goods(connection, pattern.get("gtin"), "", most)


def _goods(connection: Connection, gtin: str, lot: str, most: int) -> list[Found]:
    """Batches first, then what was seen of them, then how they moved."""
    where, values = ("gtin = ? AND lot = ?", (gtin, lot)) if lot else ("gtin = ?", (gtin,))
    of_batch = " AND ".join(f"r.{each}" for each in where.split(" AND "))
    return [
        *_batches(connection, of_batch, values, most),
        *_packs(connection, where, values, most),
        *_reports(connection, where, values, most),
        *_movements(connection, of_batch, values, most),
    ]


def _serials(connection: Connection, _: ReadModel, pattern: Pattern, most: int) -> list[Found]:
    first, last = pattern.get("first"), pattern.get("last")
    where = "gtin = ? AND serial >= ? AND serial <= ? AND length(serial) = ?"
    values = (pattern.get("gtin"), first, last, len(first))
    return [*_packs(connection, where, values, most), *_reports(connection, where, values, most)]


def _company(connection: Connection, read_model: ReadModel, pattern: Pattern, most: int) -> list[Found]:
    keys, found = set(pattern.lookups()), []
    for organisation in read_model.organisations():
        if keys.isdisjoint(organisation_keys(organisation)):
            continue
        number, since = organisation.number, organisation.changes[0].recorded.time
        found.append(Found("organisation", str(number), organisation=number, at=since))
        found += _batches(connection, "r.manufacturer = ?", (number,), most)
        found += _movements(connection, "e.counterparty <> 0 AND e.counterparty = ?", (number,), most)
    return found


def _route(connection: Connection, _: ReadModel, pattern: Pattern, most: int) -> list[Found]:
    start, end = pattern.get("from"), pattern.get("to")
    return _movements(connection, _ROUTE, (end, start, end, start), most)


def _written(connection: Connection, _: ReadModel, pattern: Pattern, most: int) -> list[Found]:
    value = pattern.values[0][1]
    key, found = written_key(value), []
    for details, document in connection.execute("SELECT details, document FROM documents"):
        if written_in(bytes(document), value) and key in document_keys(bytes(document)):
            found.append(bytes(details))
            if len(found) == most:
                break
    return [
        each
        for details in found
        for each in (
            *_batches(connection, "r.details = ?", (details,), most),
            *_movements(connection, "e.details = ?", (details,), most),
        )
    ]


_SEARCHES: Final[dict[PatternKind, Callable[[Connection, ReadModel, Pattern, int], list[Found]]]] = {
    PatternKind.LOT: _lot,
    PatternKind.GTIN: _gtin,
    PatternKind.SERIALS: _serials,
    PatternKind.CERTIFICATE: _written,
    PatternKind.COMPANY: _company,
    PatternKind.ROUTE: _route,
    PatternKind.SEAL: _written,
    PatternKind.FEATURE: _written,
}


def _batches(connection: Connection, where: str, values: Values, most: int) -> list[Found]:
    rows = connection.execute(_BATCHES.format(where), (*values, most))
    return [Found("batch", _hex(batch), gtin, lot, at=at) for batch, gtin, lot, at in rows]


def _movements(connection: Connection, where: str, values: Values, most: int) -> list[Found]:
    rows = connection.execute(_MOVEMENTS.format(where), (*values, most))
    return [Found("movement", _hex(digest), gtin, lot, place=place, at=at) for digest, gtin, lot, place, at in rows]


def _packs(connection: Connection, where: str, values: Values, most: int) -> list[Found]:
    rows = connection.execute(_PACKS.format(where), (*values, most))
    return [Found("pack", _hex(digest), *about) for digest, *about in rows]


def _reports(connection: Connection, where: str, values: Values, most: int) -> list[Found]:
    rows = connection.execute(_REPORTS.format(where), (*values, most))
    return [
        Found("report", str(number), gtin, lot, serial, place, at=at) for number, gtin, lot, serial, place, at in rows
    ]


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
