"""What concerns one organisation: the batches that it may have goods of, and what happened to those that it made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from ledger.store.engine import Connection

_NO_DOCUMENT: Final = bytes(32)
# Who holds goods made them, or was named as the one that they go to, alone or on a pallet.
_BATCHES: Final = """
    SELECT r.batch FROM registrations r WHERE r.batch IN (
        SELECT batch FROM registrations WHERE manufacturer = ?1
        UNION SELECT batch FROM custody_events WHERE counterparty <> 0 AND counterparty = ?1
        UNION SELECT p.batch FROM packings p WHERE p.pallet IN (
            SELECT batch FROM custody_events WHERE counterparty <> 0 AND counterparty = ?1))
    ORDER BY r.block DESC, r.log_index DESC
"""
# Every event of a maker's batches, with those of the pallets that goods of them were on.
_OF_MAKER: Final = """
    SELECT e.digest, e.batch, e.consignment, e.previous, e.kind, e.actor, e.quantity, e.place, e.details, e.block,
           e.log_index, r.gtin, r.lot
    FROM registrations r JOIN custody_events e ON e.batch = r.batch WHERE r.manufacturer = ?1
    UNION
    SELECT e.digest, e.batch, e.consignment, e.previous, e.kind, e.actor, e.quantity, e.place, e.details, e.block,
           e.log_index, r.gtin, r.lot
    FROM registrations r JOIN packings p ON p.batch = r.batch JOIN custody_events e ON e.batch = p.pallet
    WHERE r.manufacturer = ?1
"""
_ACTS: Final = f"""
    SELECT e.kind, e.gtin, e.lot, b.time, e.place, e.actor, 0, 0 FROM ({_OF_MAKER}) e
    JOIN blocks b ON b.number = e.block
    WHERE e.kind IN (9, 11, 12) OR (e.kind = 8 AND e.details <> ?3)
    ORDER BY e.block DESC, e.log_index DESC LIMIT ?2
"""  # noqa: S608 - a constant
# Goods are shipped whole (the contract sees to it), so what was shipped is what the last SHIP said.
_SHIPPED: Final = """
    (SELECT s.quantity FROM custody_events s WHERE s.batch = e.batch AND s.consignment = e.consignment AND s.kind = 1
     AND (s.block, s.log_index) < (e.block, e.log_index) ORDER BY s.block DESC, s.log_index DESC LIMIT 1)
"""
_DISCREPANCIES: Final = f"""
    SELECT e.kind, e.gtin, e.lot, b.time, e.place, e.actor, e.quantity, {_SHIPPED} AS shipped FROM ({_OF_MAKER}) e
    JOIN blocks b ON b.number = e.block
    WHERE e.kind = 2 AND {_SHIPPED} <> e.quantity AND NOT EXISTS (
        SELECT 1 FROM custody_events c
        WHERE c.batch = e.batch AND c.consignment = e.consignment AND c.kind = 15 AND c.previous = e.digest)
    ORDER BY e.block DESC, e.log_index DESC LIMIT ?2
"""  # noqa: S608 - a constant
_PACKS: Final = """
    SELECT u.gtin, max(u.lot), u.serial, max(u.received_at) FROM registrations r
    JOIN unit_events u ON u.gtin = r.gtin AND u.lot = r.lot WHERE r.manufacturer = ?
    GROUP BY u.gtin, u.serial HAVING count(DISTINCT u.organisation) > 1 ORDER BY 4 DESC LIMIT ?
"""
_REPORTS: Final = """
    SELECT t.gtin, t.lot, ?2, count(*) FROM registrations r
    JOIN reports t ON t.gtin = r.gtin AND t.lot = r.lot WHERE r.manufacturer = ?1 AND t.received_at < ?2
    GROUP BY t.gtin, t.lot HAVING count(*) >= ?3 ORDER BY 4 DESC, 1, 2 LIMIT ?4
"""


class Act(NamedTuple):
    """Something that happened to goods of a maker's batch."""

    kind: Kind
    gtin: str
    lot: str
    time: int  # of the block, Unix seconds
    place: str
    actor: int
    quantity: int  # RECEIVE: what was received
    shipped: int  # RECEIVE: what had been shipped


class SeenPack(NamedTuple):
    """A pack that more than one organisation signed for."""

    gtin: str
    lot: str
    serial: str
    time: int  # of the last event that came in, Unix seconds


class Reported(NamedTuple):
    """Reports about one batch."""

    gtin: str
    lot: str
    time: int  # up to which they are counted, Unix seconds
    reports: int


def batches(connection: Connection, organisation: int) -> list[bytes]:
    """The ids of all batches that an organisation may have goods of, the last registered first."""
    return [bytes(row[0]) for row in connection.execute(_BATCHES, (organisation,))]


def acts(connection: Connection, maker: int, most: int) -> list[Act]:
    """Holds, seizures, recalls and findings about a maker's batches, the newest first."""
    return [_act(row) for row in connection.execute(_ACTS, (maker, most, _NO_DOCUMENT))]


def discrepancies(connection: Connection, maker: int, most: int) -> list[Act]:
    """Where another quantity was received than was shipped, unless corrected since; the newest first."""
    return [_act(row) for row in connection.execute(_DISCREPANCIES, (maker, most))]


def seen_packs(connection: Connection, maker: int, most: int) -> list[SeenPack]:
    """Packs of a maker's batches that more than one organisation signed for, the last seen first."""
    return [SeenPack(*row) for row in connection.execute(_PACKS, (maker, most))]


def reported(connection: Connection, maker: int, before: int, least: int, most: int) -> list[Reported]:
    """A maker's batches about which people had sent reports before a time, at least so many; most first."""
    return [Reported(*row) for row in connection.execute(_REPORTS, (maker, before, least, most))]


def _act(row: tuple[int, str, str, int, str, int, int, int]) -> Act:
    return Act(Kind(row[0]), *row[1:])
