"""What the ledger says, read from the indexed tables as the frozen facts that the core judges.

Every method reads one consistent state; wrap several calls in `snapshot()` to make them see the same. The SQL is plain
and prepared once per connection: this is the path that every scan takes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ledger.core import facts
from ledger.core.snapshot import Block
from ledger.core.vocabulary import Kind
from ledger.store import changes, lineage, outcome, stops, unit_log, worklists
from ledger.store.rows import CODECS, Row, read

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ledger.core.snapshot import Recalled, Stopped
    from ledger.core.unit import UnitEvent
    from ledger.store.database import Database
    from ledger.store.engine import Stamp

_KEY_ID_BYTES = 32
_ORDER = " ORDER BY 1, 2"  # block, log_index: chain order
_AS_OF = """
    SELECT coalesce((SELECT chain_id FROM installation), 0), coalesce(b.number, -1), coalesce(b.time, 0),
           coalesce(s.finalized_block, -1), coalesce(s.head_block, -1), coalesce(s.heard_at, 0)
    FROM (SELECT 1) one LEFT JOIN chain_status s ON 1 = 1
    LEFT JOIN blocks b ON b.number = (SELECT max(number) FROM blocks)
"""
_BATCH_PALLETS = " WHERE pallet IN (SELECT DISTINCT pallet FROM packings WHERE batch = ?)"
_BATCH_AND_PALLET_EVENTS = (
    " WHERE custody_events.batch = ?1 OR custody_events.batch IN (SELECT pallet FROM packings WHERE batch = ?1)"
)


@dataclass(frozen=True, slots=True)
class ConsignmentReference:
    """What an id or SSCC names: a batch's first consignment, a split's child, or a pallet of one or several batches."""

    kind: Literal["batch", "split", "pallet"]
    consignment: bytes
    batches: tuple[bytes, ...]
    sscc: str | None


@dataclass(frozen=True, slots=True)
class PalletFacts:
    """Everything about one pallet: its own events and who was put on and taken off, of whichever batch."""

    pallet: facts.Pallet
    events: tuple[facts.CustodyEvent, ...]
    packings: tuple[facts.Packing, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the stream of facts; `hash` tells whether that block still stands."""

    block: int
    log_index: int
    hash: bytes


class ReadModel:
    """Reads of the indexed tables. Safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._local = threading.local()

    def snapshot(self) -> AbstractContextManager[object]:
        """Let every call inside see the same state."""
        return self._db.snapshot()

    def as_of(self) -> facts.AsOf:
        """How far the index has come. Blocks are -1 and times 0 where nothing is known yet."""
        with self._db.snapshot() as connection:
            return facts.AsOf(*connection.execute(_AS_OF).fetchone())

    def last_block(self) -> Block | None:
        """The newest block that is indexed; None if there is none."""
        with self._db.snapshot() as connection:
            row = connection.execute("SELECT number, hash, time FROM blocks ORDER BY number DESC LIMIT 1").fetchone()
        return None if row is None else Block(*row)

    def block_hash(self, number: int) -> bytes:
        """The hash of a block that is kept here, empty if it is not."""
        with self._db.snapshot() as connection:
            row = connection.execute("SELECT hash FROM blocks WHERE number = ?", (number,)).fetchone()
        return b"" if row is None else bytes(row[0])

    def version(self) -> int:
        """A token that changes whenever facts were added or taken back: what a cache of answers is keyed by."""
        with self._db.snapshot() as connection:
            row = connection.execute("SELECT generation FROM chain_status").fetchone()
        return 0 if row is None else int(row[0])

    def mark(self) -> changes.Mark:
        """The newest block with facts: what `changes_since` counts from."""
        with self._db.snapshot() as connection:
            return changes.mark(connection)

    def changes_since(self, seen: changes.Mark) -> changes.Changes | None:
        """What was said of goods after `seen`; None if anything may have changed."""
        with self._db.snapshot() as connection:
            return changes.since(connection, seen)

    def state(self) -> tuple[int, facts.AsOf, int]:
        """`version`, `as_of` and `units` of one state, remembered until something is committed: every scan asks."""
        stamp = self._db.stamp()
        kept: tuple[Stamp, tuple[int, facts.AsOf, int]] | None = getattr(self._local, "kept", None)
        if stamp is not None and kept is not None and kept[0] == stamp:
            return kept[1]
        with self._db.snapshot():
            found = self.version(), self.as_of(), self.units()
        if stamp is not None:  # taken before the snapshot: what was committed in between shows in the next stamp
            self._local.kept = stamp, found
        return found

    def units(self) -> int:
        """A token that changes with every event about a single pack, whichever."""
        with self._db.snapshot() as connection:
            return unit_log.last(connection)

    def unit_events(self, gtin: str, serial: str) -> tuple[UnitEvent, ...]:
        """What was signed about the pack `gtin` (14 digits) + `serial`, in order of arrival."""
        with self._db.snapshot() as connection:
            return unit_log.of_unit(connection, gtin, serial)

    def registration(self, batch: bytes) -> facts.Registration | None:
        """The registration of a batch by its id."""
        found: facts.Registration | None = self._one(facts.Registration, " WHERE batch = ?", batch)
        return found

    def registered(self, gtin: str) -> list[facts.Registration]:
        """Every batch of a product, in chain order."""
        return self._many(facts.Registration, " WHERE gtin = ?", gtin)

    def lots(self, gtin: str) -> list[str]:
        """The lots of a product that are registered."""
        with self._db.snapshot() as connection:
            return [row[0] for row in connection.execute("SELECT lot FROM registrations WHERE gtin = ?", (gtin,))]

    def batch(self, gtin: str, lot: str) -> facts.BatchFacts | None:
        """Everything about the batch `gtin` (14 digits) + `lot`; None if it is not registered."""
        with self._db.snapshot():
            found: facts.Registration | None = self._one(facts.Registration, " WHERE gtin = ? AND lot = ?", gtin, lot)
            return None if found is None else self._batch_facts(found)

    def batch_by_id(self, batch: bytes) -> facts.BatchFacts | None:
        """Everything about a batch: all its consignments, and the pallets they were on."""
        with self._db.snapshot():
            found = self.registration(batch)
            return None if found is None else self._batch_facts(found)

    def size(self, batch: bytes) -> int:
        """How many custody events a batch has, pallets aside: what loading all of it would cost."""
        with self._db.snapshot() as connection:
            sql = "SELECT count(*) FROM custody_events WHERE batch = ?"
            return int(connection.execute(sql, (batch,)).fetchone()[0])

    def lineage(self, consignment: bytes) -> facts.BatchFacts | None:
        """What concerns one consignment, however many the batch has: see `lineage.load`."""
        with self._db.snapshot() as connection:
            return lineage.load(connection, consignment)

    def consignment(self, identifier: bytes) -> ConsignmentReference | None:
        """What the consignment or pallet with this id is."""
        with self._db.snapshot():
            child = self._one(facts.Child, " WHERE consignment = ?", identifier)
            if child is not None:
                return _of_child(child)
            if self.registration(identifier) is not None:
                return ConsignmentReference("batch", identifier, (identifier,), None)
            pallet = self._one(facts.Pallet, " WHERE pallet = ?", identifier)
            return None if pallet is None else self._of_pallet(pallet)

    def consignments_by_sscc(self, sscc: str) -> list[ConsignmentReference]:
        """Every consignment and pallet that was ever given this SSCC (18 digits), in chain order."""
        with self._db.snapshot():
            found: list[Any] = self._many(facts.Child, " WHERE sscc = ?", sscc)
            found += self._many(facts.Pallet, " WHERE sscc = ?", sscc)
            found.sort(key=lambda fact: fact.recorded)
            return [_of_child(f) if isinstance(f, facts.Child) else self._of_pallet(f) for f in found]

    def pallet(self, identifier: bytes) -> PalletFacts | None:
        """Everything about one pallet."""
        with self._db.snapshot():
            pallet = self._one(facts.Pallet, " WHERE pallet = ?", identifier)
            if pallet is None:
                return None
            events = self._many(facts.CustodyEvent, " WHERE batch = ?", identifier)
            packings = self._many(facts.Packing, " WHERE pallet = ?", identifier)
            return PalletFacts(pallet, tuple(events), tuple(packings))

    def pallet_count(self) -> int:
        """How many pallets were ever built; they are numbered from 1."""
        with self._db.snapshot() as connection:
            return int(connection.execute("SELECT count(*) FROM pallets").fetchone()[0])

    def organisation(self, number: int) -> facts.Organisation | None:
        """An organisation with every change of it."""
        with self._db.snapshot():
            changes = self._many(facts.OrganisationChange, " WHERE organisation_changes.number = ?", number)
            suspensions = self._many(facts.Suspension, " WHERE suspensions.number = ?", number)
        return facts.Organisation(number, tuple(changes), tuple(suspensions)) if changes else None

    def organisations(self) -> list[facts.Organisation]:
        """Every organisation, by number."""
        with self._db.snapshot():
            grouped: dict[int, tuple[list[Any], list[Any]]] = {}
            for change in self._many(facts.OrganisationChange, ""):
                grouped.setdefault(change.number, ([], []))[0].append(change)
            for suspension in self._many(facts.Suspension, ""):
                grouped.setdefault(suspension.number, ([], []))[1].append(suspension)
        return [facts.Organisation(n, tuple(a), tuple(b)) for n, (a, b) in sorted(grouped.items())]

    def licensee(self, gtin: str) -> facts.Organisation | None:
        """Whose GS1 Company Prefix `gtin` (14 digits) carries now: of several the longest, then the lowest number.

        GS1 General Specifications, section 1.4.1: a prefix has 4 to 12 digits, after the indicator digit.
        """
        prefixes = [gtin[1 : 1 + length] for length in range(12, 3, -1)]
        with self._db.snapshot() as connection:
            marks = ", ".join("?" * len(prefixes))
            sql = f"SELECT DISTINCT prefix, organisation FROM company_prefixes WHERE prefix IN ({marks})"  # noqa: S608 - marks
            rows = connection.execute(sql, prefixes).fetchall()
            for prefix, number in sorted(rows, key=lambda row: (-len(row[0]), row[1])):
                organisation = self.organisation(number)
                if organisation is not None and prefix in organisation.changes[-1].prefixes:
                    return organisation
        return None

    def key(self, identifier: bytes) -> facts.Key | None:
        """A key by its id, with its endings."""
        with self._db.snapshot():
            addition = self._one(facts.KeyAddition, ' WHERE "key" = ?', identifier)
            return None if addition is None else self._with_endings(addition)

    def label_keys(self, prefix: bytes) -> list[facts.Key]:
        """Every key whose id begins with the six bytes that a label's AI 91 spells; almost always one or none."""
        ends = prefix.ljust(_KEY_ID_BYTES, b"\x00"), prefix.ljust(_KEY_ID_BYTES, b"\xff")
        with self._db.snapshot():
            found = self._many(facts.KeyAddition, ' WHERE "key" BETWEEN ? AND ?', *ends)
            return [self._with_endings(addition) for addition in found]

    def keys_of(self, organisation: int) -> list[facts.Key]:
        """Every key an organisation ever had, in chain order."""
        with self._db.snapshot():
            found = self._many(facts.KeyAddition, " WHERE organisation = ?", organisation)
            return [self._with_endings(addition) for addition in found]

    def keys(self) -> list[facts.Key]:
        """Every key that was ever added, in chain order."""
        endings: dict[bytes, list[facts.KeyEnding]] = {}
        with self._db.snapshot():
            for ending in self._many(facts.KeyEnding, ""):
                endings.setdefault(ending.key, []).append(ending)
            found = self._many(facts.KeyAddition, "")
        return [facts.Key(addition, tuple(endings.get(addition.key, ()))) for addition in found]

    def recalls(self) -> list[Recalled]:
        """Every recalled batch, in chain order."""
        with self._db.snapshot() as connection:
            return stops.recalls(connection)

    def holds(self) -> list[Stopped]:
        """Every consignment and pallet that an administration holds or has seized now."""
        with self._db.snapshot() as connection:
            return stops.holds(connection)

    def batches_of(self, organisation: int) -> list[bytes]:
        """The ids of all batches that an organisation may have goods of, the last registered first."""
        with self._db.snapshot() as connection:
            return worklists.batches(connection, organisation)

    def acts_on(self, maker: int, most: int) -> list[worklists.Act]:
        """Holds, seizures, recalls and findings about a maker's batches, the newest first."""
        with self._db.snapshot() as connection:
            return worklists.acts(connection, maker, most)

    def discrepancies(self, maker: int, most: int) -> list[worklists.Act]:
        """Where another quantity was received than was shipped, unless corrected since; the newest first."""
        with self._db.snapshot() as connection:
            return worklists.discrepancies(connection, maker, most)

    def seen_packs(self, maker: int, most: int) -> list[worklists.SeenPack]:
        """Packs of a maker's batches that more than one organisation signed for, the last seen first."""
        with self._db.snapshot() as connection:
            return worklists.seen_packs(connection, maker, most)

    def reported(self, maker: int, before: int, least: int, most: int) -> list[worklists.Reported]:
        """A maker's batches about which people had sent reports before a time, at least so many; most first."""
        with self._db.snapshot() as connection:
            return worklists.reported(connection, maker, before, least, most)

    def anchors(self, organisation: int) -> list[facts.Anchor]:
        """Every anchor of an organisation's log of unit events, in chain order."""
        return self._many(facts.Anchor, " WHERE organisation = ?", organisation)

    def last_anchor(self, organisation: int) -> facts.Anchor | None:
        """The anchor that an organisation's next one continues."""
        where = " WHERE organisation = ? ORDER BY 1 DESC, 2 DESC LIMIT 1"
        found: facts.Anchor | None = self._one(facts.Anchor, where, organisation)
        return found

    def anchor_of(self, organisation: int, index: int) -> facts.Anchor | None:
        """The first anchor that counts the entry at `index` of an organisation's log."""
        where = ' WHERE organisation = ? AND "count" > ? ORDER BY "count" LIMIT 1'
        found: facts.Anchor | None = self._one(facts.Anchor, where, organisation, index)
        return found

    def notices(self) -> list[facts.Notice]:
        """Pauses, their ends and the naming of a successor, in chain order."""
        return self._many(facts.Notice, "")

    def event(self, digest: bytes) -> facts.CustodyEvent | None:
        """The custody event with this digest."""
        found: facts.CustodyEvent | None = self._one(facts.CustodyEvent, " WHERE digest = ?", digest)
        return found

    def document(self, details: bytes) -> bytes | None:
        """The JSON document behind a `details` hash, if this installation was given it."""
        with self._db.snapshot() as connection:
            row = connection.execute("SELECT document FROM documents WHERE details = ?", (details,)).fetchone()
        return None if row is None else bytes(row[0])

    def outcome(self, digest: bytes) -> outcome.Outcome | None:
        """What the chain made of a statement: recorded, else its latest refusal, else None."""
        with self._db.snapshot() as connection:
            return outcome.find(connection, digest)

    def recorded_after(self, cursor: Cursor | None, limit: int) -> list[facts.Fact]:
        """Up to `limit` facts after `cursor` (None: from the beginning), in chain order."""
        place = (-1, -1) if cursor is None else (cursor.block, cursor.log_index)
        found: list[Any] = []
        with self._db.snapshot():
            for kind, codec in CODECS.items():
                name = codec.table.name
                where = f" WHERE ({name}.block, {name}.log_index) > (?, ?) ORDER BY 1, 2 LIMIT ?"
                found += self._rows(kind, where, (*place, limit))
        found.sort(key=lambda fact: fact.recorded)
        return found[:limit]

    def cursor(self, fact: facts.Fact) -> Cursor:
        """Where `fact` stands, for `recorded_after` to go on from."""
        block = fact.recorded.block
        return Cursor(block, fact.recorded.log_index, self.block_hash(block))

    def knows(self, cursor: Cursor) -> bool:
        """Whether the block of `cursor` still stands; if not, what came after an earlier place must be read again."""
        found = self.block_hash(cursor.block)
        return bool(found) and found == cursor.hash

    def _batch_facts(self, registration: facts.Registration) -> facts.BatchFacts:
        """Everything about a batch; what it has none of is not asked for."""
        batch = registration.batch
        packings = self._many(facts.Packing, " WHERE batch = ?", batch)
        events = self._many(facts.CustodyEvent, _BATCH_AND_PALLET_EVENTS if packings else " WHERE batch = ?", batch)
        split = any(event.kind is Kind.SPLIT for event in events)
        children = self._many(facts.Child, " WHERE batch = ?", batch) if split else ()
        pallets = self._many(facts.Pallet, _BATCH_PALLETS, batch) if packings else ()
        return facts.BatchFacts(registration, tuple(events), tuple(children), tuple(pallets), tuple(packings))

    def _of_pallet(self, pallet: facts.Pallet) -> ConsignmentReference:
        sql = "SELECT DISTINCT batch FROM packings WHERE pallet = ? ORDER BY batch"
        with self._db.snapshot() as connection:
            batches = tuple(bytes(row[0]) for row in connection.execute(sql, (pallet.pallet,)))
        return ConsignmentReference("pallet", pallet.pallet, batches, pallet.sscc)

    def _with_endings(self, addition: facts.KeyAddition) -> facts.Key:
        return facts.Key(addition, tuple(self._many(facts.KeyEnding, ' WHERE "key" = ?', addition.key)))

    def _one(self, kind: type, where: str, *values: object) -> Any:  # noqa: ANN401 - the fact of `kind`
        found = self._rows(kind, where, values)
        return found[0] if found else None

    def _many(self, kind: type, where: str, *values: object) -> list[Any]:
        return self._rows(kind, where + _ORDER, values)

    def _rows(self, kind: type, where: str, values: Row) -> list[Any]:
        with self._db.snapshot() as connection:
            return read(connection, kind, where, values)


def _of_child(child: facts.Child) -> ConsignmentReference:
    return ConsignmentReference("split", child.consignment, (child.batch,), child.sscc)
