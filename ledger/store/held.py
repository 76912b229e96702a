"""What of everything held and scanned matches an indicator: looked up by its keys, never by going through all of it.

Only documents are gone through, for a number or a feature may stand anywhere in one. Each look-up is bounded: an
indicator that finds thousands is one to be narrowed, not a list to be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.customs.alerts import batch_key
from ledger.core.errors import ContradictionError
from ledger.core.intelligence.matching import Found, document_keys, organisation_keys, written_in
from ledger.core.intelligence.pattern import Pattern, PatternKind, written_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.store.engine import Connection
    from ledger.store.read_model import ReadModel
    from ledger.store.unit_lists import UnitLists

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
# The last that came; in order of a sum, so that they are looked up by key and not by going through all lines.
_KEYED: Final = """
    SELECT sequence FROM declaration_keys WHERE "key" IN ({}) GROUP BY sequence ORDER BY sequence + 0 DESC LIMIT ?
"""
_LINES: Final = (
    "SELECT sequence, gtin, lot, accepted_at FROM declaration_lines WHERE newest + 0 = 1 AND sequence IN ({})"
)
_KEYS_AT_ONCE: Final = 200
_LAST_PLACE: Final = """
    SELECT p.place FROM custody_events p WHERE p.batch = {} AND p.consignment = {} AND p.place <> ''
    AND (p.block, p.log_index) < ({}, {}) ORDER BY p.block DESC, p.log_index DESC LIMIT 1
"""
_BEFORE: Final = _LAST_PLACE.format("?", "?", "?", "?")
# Goods that are at one place and were at the other before: from there, to here.
_ROUTE: Final = f"e.place = ? AND ({_LAST_PLACE.format('e.batch', 'e.consignment', 'e.block', 'e.log_index')}) = ?"


class Place(NamedTuple):
    """Where is searched."""

    connection: Connection  # of the state that is searched
    read_model: ReadModel  # the same state
    lists: UnitLists  # of serial numbers
    most: int  # how many matches are wanted


def held(place: Place, pattern: Pattern) -> list[Found]:
    """Everything that matches, as much of it as is wanted.

    Args:
        place: Where is searched.
        pattern: What is looked for.
    """
    found = _SEARCHES[pattern.kind](place, pattern)
    return [*found[: place.most], *_lines(place, pattern, found)]


def _lines(place: Place, pattern: Pattern, found: list[Found]) -> list[Found]:
    """Declaration lines that match by themselves, by a company of theirs, or by a batch that they carry."""
    keys = dict.fromkeys(pattern.lookups() if pattern.kind is not PatternKind.SERIALS else ())
    for each in found:
        if each.what == "batch":
            keys[batch_key(bytes.fromhex(each.identifier[2:]))] = None
        elif each.what == "organisation":
            keys |= dict.fromkeys(organisation_keys(place.read_model.organisation(each.organisation)))
    numbers = {int(row[0]) for row in _in_parts(place, _KEYED, list(keys), place.most)}
    rows = _in_parts(place, _LINES, sorted(numbers, reverse=True)[: place.most])
    return [Found("declaration", str(number), gtin, lot, at=accepted) for number, gtin, lot, accepted in rows]


def _in_parts(place: Place, sql: str, wanted: list[Any], *more: int) -> list[Any]:
    """The rows for some values, a few hundred of them in each statement."""
    found: list[Any] = []
    for at in range(0, len(wanted), _KEYS_AT_ONCE):
        some = wanted[at : at + _KEYS_AT_ONCE]
        found += place.connection.execute(sql.format(", ".join("?" * len(some))), (*some, *more)).fetchall()
    return found


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


def _lot(place: Place, pattern: Pattern) -> list[Found]:
    gtin, lot = pattern.get("gtin"), pattern.get("lot")
    if gtin:
        return _goods(place, gtin, lot)
    sql = "SELECT DISTINCT gtin FROM registrations WHERE lot = ? LIMIT ?"
    gtins = [row[0] for row in place.connection.execute(sql, (lot, place.most)).fetchall()]
    found = [each for known in gtins for each in _goods(place, known, lot)]
    loose = _reports(place, "lot = ? AND gtin = ''", (lot,))
    return [*found, *loose]


def _gtin(place: Place, pattern: Pattern) -> list[Found]:
    return _goods(place, pattern.get("gtin"), "")


def _goods(place: Place, gtin: str, lot: str) -> list[Found]:
    """Batches first, then what was seen of them, then how they moved."""
    where, values = ("gtin = ? AND lot = ?", (gtin, lot)) if lot else ("gtin = ?", (gtin,))
    of_batch = " AND ".join(f"r.{each}" for each in where.split(" AND "))
    return [
        *_batches(place, of_batch, values),
        *_packs(place, where, values),
        *_reports(place, where, values),
        *_movements(place, of_batch, values),
    ]


def _serials(place: Place, pattern: Pattern) -> list[Found]:
    first, last = pattern.get("first"), pattern.get("last")
    where = "gtin = ? AND serial >= ? AND serial <= ? AND length(serial) = ?"
    values = (pattern.get("gtin"), first, last, len(first))
    return [*_listed(place, pattern), *_packs(place, where, values), *_reports(place, where, values)]


def _listed(place: Place, pattern: Pattern) -> list[Found]:
    """Batches whose list of serial numbers is here and has one of the range."""
    ends = pattern.get("first"), pattern.get("last")
    batches = _batches(place, "r.gtin = ?", (pattern.get("gtin"),))
    return [each for each in batches if _has(place, bytes.fromhex(each.identifier[2:]), ends)]


def _has(place: Place, batch: bytes, ends: tuple[str, str]) -> bool:
    try:
        found = place.lists.get(batch)
        return found is not None and found.any_between(*ends)
    except ContradictionError:  # told where the list is used for verdicts; it must not hold up an indicator
        return False


def _company(place: Place, pattern: Pattern) -> list[Found]:
    keys, found = set(pattern.lookups()), []
    for organisation in place.read_model.organisations():
        if keys.isdisjoint(organisation_keys(organisation)):
            continue
        number, since = organisation.number, organisation.changes[0].recorded.time
        found.append(Found("organisation", str(number), organisation=number, at=since))
        found += _batches(place, "r.manufacturer = ?", (number,))
        found += _movements(place, "e.counterparty <> 0 AND e.counterparty = ?", (number,))
    return found


def _route(place: Place, pattern: Pattern) -> list[Found]:
    start, end = pattern.get("from"), pattern.get("to")
    return _movements(place, _ROUTE, (end, start))


def _written(place: Place, pattern: Pattern) -> list[Found]:
    value = pattern.values[0][1]
    key, found = written_key(value), []
    for details, document in place.connection.execute("SELECT details, document FROM documents"):
        if written_in(bytes(document), value) and key in document_keys(bytes(document)):
            found.append(bytes(details))
            if len(found) == place.most:
                break
    return [
        each
        for details in found
        for each in (
            *_batches(place, "r.details = ?", (details,)),
            *_movements(place, "e.details = ?", (details,)),
        )
    ]


_SEARCHES: Final[dict[PatternKind, Callable[[Place, Pattern], list[Found]]]] = {
    PatternKind.LOT: _lot,
    PatternKind.GTIN: _gtin,
    PatternKind.SERIALS: _serials,
    PatternKind.CERTIFICATE: _written,
    PatternKind.COMPANY: _company,
    PatternKind.ROUTE: _route,
    PatternKind.SEAL: _written,
    PatternKind.FEATURE: _written,
}


def _batches(place: Place, where: str, values: Values) -> list[Found]:
    rows = place.connection.execute(_BATCHES.format(where), (*values, place.most))
    return [Found("batch", _hex(batch), gtin, lot, at=at) for batch, gtin, lot, at in rows]


def _movements(place: Place, where: str, values: Values) -> list[Found]:
    rows = place.connection.execute(_MOVEMENTS.format(where), (*values, place.most))
    return [Found("movement", _hex(digest), gtin, lot, place=place, at=at) for digest, gtin, lot, place, at in rows]


def _packs(place: Place, where: str, values: Values) -> list[Found]:
    rows = place.connection.execute(_PACKS.format(where), (*values, place.most))
    return [Found("pack", _hex(digest), *about) for digest, *about in rows]


def _reports(place: Place, where: str, values: Values) -> list[Found]:
    rows = place.connection.execute(_REPORTS.format(where), (*values, place.most))
    return [
        Found("report", str(number), gtin, lot, serial, place, at=at) for number, gtin, lot, serial, place, at in rows
    ]


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
