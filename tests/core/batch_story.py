"""A ledger in memory that writes the logs a chain would write, so that tests can tell a story, or tamper with one.

It checks nothing: a test may record what no contract would. Digests are those of the real statements.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from ledger.core import facts, structs
from ledger.core.dossier import Dossier
from ledger.core.history import BatchHistory, fold
from ledger.core.keccak import keccak256
from ledger.core.parts import batch_id, child_id, next_head, pack_children, pack_ids, pack_pallet
from ledger.core.unit import UnitEvent, UnitKind
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

DOMAIN = structs.Domain(31337, b"\x11" * 20)
NO_HASH = bytes(32)
NOON = 1_780_000_000  # 2026-05-28, Unix seconds
GTIN = "05413868000016"
LOT = "AB12"
MAKER, CARRIER, PHARMACY, CUSTOMS, REGULATOR, STRANGER = 2, 3, 4, 5, 1, 6
BLOCK_SECONDS = 12


def key_of(number: int) -> bytes:
    return keccak256(b"key" + bytes([number]))


@dataclass
class BatchStory:
    """Organisations, one batch and what happens to it."""

    time: int = NOON  # of the next block, Unix seconds
    block: int = 1
    organisations: dict[int, facts.Organisation] = field(default_factory=dict)
    keys: dict[bytes, facts.Key] = field(default_factory=dict)
    registration: facts.Registration | None = None
    events: list[facts.CustodyEvent] = field(default_factory=list)
    children: list[facts.Child] = field(default_factory=list)
    pallets: list[facts.Pallet] = field(default_factory=list)
    packings: list[facts.Packing] = field(default_factory=list)
    heads: dict[bytes, bytes] = field(default_factory=dict)
    sequences: dict[bytes, int] = field(default_factory=dict)

    def _recorded(self, log_index: int = 0) -> facts.Recorded:
        return facts.Recorded(self.block, log_index, self.time, keccak256(b"transaction%d" % self.block))

    def mine(self, seconds: int = BLOCK_SECONDS) -> None:
        self.block += 1
        self.time += seconds

    def accredit(
        self,
        number: int,
        name: str,
        country: str,
        roles: Role,
        prefixes: tuple[str, ...] = (),
        authority: int = REGULATOR,
    ) -> None:
        change = facts.OrganisationChange(
            number, authority, name, country, "", roles, prefixes, NO_HASH, self._recorded()
        )
        known = self.organisations.get(number)
        changes = (*known.changes, change) if known else (change,)
        suspensions = known.suspensions if known else ()
        self.organisations[number] = facts.Organisation(number, changes, suspensions)
        if key_of(number) not in self.keys:
            self.add_key(key_of(number), number)
        self.mine()

    def add_key(
        self, key: bytes, number: int, purposes: Purpose = Purpose.EVENTS | Purpose.ADMIN, **window: int
    ) -> None:
        self.keys[key] = facts.Key(
            facts.KeyAddition(
                key,
                number,
                b"\x22" * 20,
                purposes,
                window.get("valid_from", 0),
                window.get("valid_until", 0),
                NO_HASH,
                self._recorded(),
            )
        )

    def suspend(self, number: int, *, suspended: bool = True) -> None:
        known = self.organisations[number]
        suspension = facts.Suspension(number, REGULATOR, suspended, NO_HASH, self._recorded())
        self.organisations[number] = replace(known, suspensions=(*known.suspensions, suspension))
        self.mine()

    def end_key(self, key: bytes, doubt_since: int = 0) -> None:
        known = self.keys[key]
        ending = facts.KeyEnding(key, known.addition.organisation, doubt_since, NO_HASH, self._recorded())
        self.keys[key] = replace(known, endings=(*known.endings, ending))
        self.mine()

    def register(self, quantity: int = 1000, expiry: date = date(2027, 3, 31), **changes: Any) -> bytes:
        statement = structs.BatchRegistration(
            manufacturer=changes.get("manufacturer", MAKER),
            gtin=int(changes.get("gtin", GTIN)),
            lot=changes.get("lot", LOT),
            product_class=changes.get("product_class", ProductClass.VACCINE),
            quantity=quantity,
            manufactured=20260401,
            expiry=int(expiry.strftime("%Y%m%d")),
            unit_root=changes.get("unit_root", NO_HASH),
            details=NO_HASH,
        )
        digest = statement.digest(DOMAIN)
        batch = batch_id(statement.gtin, statement.lot)
        self.registration = facts.Registration(
            digest=digest,
            batch=batch,
            manufacturer=statement.manufacturer,
            gtin=f"{statement.gtin:014d}",
            lot=statement.lot,
            product_class=changes.get("product_class", ProductClass.VACCINE),
            quantity=quantity,
            manufactured=date(2026, 4, 1),
            expiry=expiry,
            unit_root=statement.unit_root,
            details=NO_HASH,
            key=changes.get("key", key_of(statement.manufacturer)),
            recorded=self._recorded(),
        )
        self.heads[batch] = digest
        self.mine()
        return batch

    def record(
        self,
        kind: Kind,
        consignment: bytes,
        actor: int,
        quantity: int = 0,
        counterparty: int = 0,
        place: str = "BEBRU",
        **given: Any,
    ) -> facts.CustodyEvent:
        authority = kind in (Kind.INSPECT, Kind.HOLD, Kind.RELEASE, Kind.SEIZE, Kind.RECALL) or given.get("authority")
        previous = given.get("previous")
        if previous is None and authority:
            previous = self.sequences.get(consignment, 0).to_bytes(32, "big")
        elif previous is None:
            previous = NO_HASH if kind is Kind.PACK else self.heads[consignment]
        statement = structs.CustodyStatement(
            consignment=consignment,
            previous=previous,
            actor=actor,
            kind=kind,
            occurred_at=given.get("occurred_at", self.time),
            counterparty=counterparty,
            quantity=quantity,
            place=place.encode().ljust(5, b"\0"),
            parts=keccak256(given["attachment"]) if "attachment" in given else NO_HASH,
            details=given.get("details", NO_HASH),
        )
        digest = statement.digest(DOMAIN)
        event = facts.CustodyEvent(
            digest=digest,
            consignment=consignment,
            previous=previous,
            actor=actor,
            kind=kind,
            occurred_at=statement.occurred_at,
            counterparty=counterparty,
            quantity=quantity,
            place=place,
            parts=statement.parts,
            details=statement.details,
            key=given.get("key", key_of(actor)),
            recorded=self._recorded(),
        )
        self.events.append(event)
        if kind is Kind.PACK:
            self.heads[digest] = digest
        elif kind is not Kind.CORRECT:
            self.heads[consignment] = next_head(self.heads[consignment], digest)
        if authority:
            self.sequences[consignment] = self.sequences.get(consignment, 0) + 1
        if not given.get("keep_block"):
            self.mine()
        return event

    def ship(self, consignment: bytes, actor: int, to: int, quantity: int, **given: Any) -> facts.CustodyEvent:
        return self.record(Kind.SHIP, consignment, actor, quantity, to, **given)

    def receive(self, consignment: bytes, actor: int, sender: int, quantity: int, **given: Any) -> facts.CustodyEvent:
        return self.record(Kind.RECEIVE, consignment, actor, quantity, sender, **given)

    def split(
        self, consignment: bytes, actor: int, parts: list[tuple[str | None, int]], **given: Any
    ) -> tuple[bytes, ...]:
        attachment = pack_children(parts)
        total = sum(quantity for _sscc, quantity in parts)
        event = self.record(Kind.SPLIT, consignment, actor, total, attachment=attachment, keep_block=True, **given)
        assert self.registration
        ids = tuple(child_id(event.digest, index) for index in range(len(parts)))
        for index, (child, (sscc, quantity)) in enumerate(zip(ids, parts, strict=True)):
            self.children.append(
                facts.Child(
                    child, consignment, self.registration.batch, sscc, quantity, event.digest, self._recorded(index + 1)
                )
            )
            self.heads[child] = event.digest
        self.mine()
        return ids

    def pack(self, actor: int, members: list[bytes], sscc: str | None = None, others: int = 0, **given: Any) -> bytes:
        """Pack consignments of this batch, and some of others of which these logs say nothing."""
        heads = [(member, self.heads[member]) for member in members]
        foreign = [(keccak256(b"other%d" % index), NO_HASH) for index in range(others)]
        event = self.record(
            Kind.PACK,
            NO_HASH,
            actor,
            len(members) + others,
            attachment=pack_pallet(sscc, [*heads, *foreign]),
            keep_block=True,
            **given,
        )
        self.pallets.append(facts.Pallet(event.digest, len(self.pallets) + 1, sscc, self._recorded(1)))
        for index, member in enumerate(members):
            self.packings.append(facts.Packing(member, event.digest, packed=True, recorded=self._recorded(index + 2)))
        self.mine()
        return event.digest

    def unpack(self, pallet: bytes, actor: int, members: list[bytes], **given: Any) -> None:
        event = self.record(
            Kind.UNPACK, pallet, actor, len(members), attachment=pack_ids(members), keep_block=True, **given
        )
        for index, member in enumerate(members):
            self.packings.append(facts.Packing(member, pallet, packed=False, recorded=self._recorded(index + 1)))
            self.heads[member] = next_head(self.heads[member], event.digest)
        self.mine()

    def logs(self) -> facts.BatchFacts:
        assert self.registration
        return facts.BatchFacts(
            self.registration, tuple(self.events), tuple(self.children), tuple(self.pallets), tuple(self.packings)
        )

    def history(self) -> BatchHistory:
        return fold(self.logs())

    def dossier(self, product: str = "Vaccine") -> Dossier:
        return Dossier(self.history(), self.organisations, self.keys, product)

    def as_of(self, **changes: int) -> facts.AsOf:
        last = self.block - 1
        known = {"finalized_block": last, "head_block": last, "heard_at": self.time, **changes}
        return facts.AsOf(
            31337,
            known.get("block", last),
            self.time - BLOCK_SECONDS,
            known["finalized_block"],
            known["head_block"],
            known["heard_at"],
        )


def unit_event(actor: int, place: str, at: int, kind: UnitKind = UnitKind.SCAN, **changes: Any) -> UnitEvent:
    """Sign about pack S1 with a clock that is right, heard of at once."""
    event = UnitEvent(
        digest=keccak256(b"%d %d %d" % (actor, at, kind)),
        actor=actor,
        kind=kind,
        gtin=GTIN,
        lot=LOT,
        serial="S1",
        place=place,
        occurred_at=at,
        previous=NO_HASH,
        key=key_of(actor),
        received_at=at,
        index=0,
    )
    return replace(event, **changes)


def settled() -> BatchStory:
    """Make a ledger with a maker, a carrier, a pharmacy, customs and a regulator, and no batch yet."""
    ledger = BatchStory()
    ledger.accredit(REGULATOR, "FAMHP", "BE", Role.REGULATOR)
    ledger.accredit(MAKER, "Biofarm", "BE", Role.MANUFACTURER, ("5413868",))
    ledger.accredit(CARRIER, "Coldway", "BE", Role.CARRIER)
    ledger.accredit(PHARMACY, "Merlion Pharmacy", "SG", Role.PHARMACY | Role.WHOLESALER)
    ledger.accredit(CUSTOMS, "Singapore Customs", "SG", Role.CUSTOMS)
    ledger.accredit(STRANGER, "Elsewhere Ltd", "MY", Role.WHOLESALER)
    return ledger
