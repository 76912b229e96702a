"""A batch's custody as the chain would log it: real identifiers, digests and heads, recorded when the field says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from ledger.core import facts
from ledger.core.dossier import Dossier
from ledger.core.history import fold
from ledger.core.keccak import keccak256
from ledger.core.parts import batch_id, child_id, next_head, pack_children
from ledger.core.structs import BatchRegistration, CustodyStatement, Domain
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

DOMAIN: Final = Domain(31337, bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3"))
BLOCK_SECONDS: Final = 12
AUTHORITY: Final = 1
NOTHING: Final = bytes(32)
EARLIEST: Final = 30 * 86_400  # before its block, that an event may state; the contract's bound
MONTHS_OF_USE: Final = 24


def gln_of(number: int) -> str:
    """A GLN for an organisation."""
    return checked(f"40{number:010d}")


def checked(digits: str) -> str:
    """`digits` with their check digit: GS1 General Specifications, section 7.9.1."""
    weighed = sum(int(digit) * (1 if index % 2 else 3) for index, digit in enumerate(reversed(digits)))
    return digits + str(-weighed % 10)


def key_of(number: int, *, new: bool = False) -> bytes:
    """The id of an organisation's key, or of the new one that it uses once that was ended."""
    return keccak256(b"key %d %d" % (number, new))


class Move(NamedTuple):
    """What somebody says of a consignment."""

    kind: Kind
    consignment: bytes
    actor: int
    counterparty: int
    quantity: int
    place: str  # UN/LOCODE
    at: int  # as stated, Unix seconds


class Book:
    """The facts of one batch, each with the time of the block that has it.

    Args:
        organisations: Country, roles and whether a GLN is on record, by number: everyone who acts or is named.
        registered: When the batch is registered, Unix seconds.
    """

    def __init__(self, organisations: dict[int, tuple[str, Role, bool]], registered: int) -> None:
        self._organisations = organisations
        self._registered = registered
        self._log_index = 0
        self._events: list[facts.CustodyEvent] = []
        self._children: list[facts.Child] = []
        self._heads: dict[bytes, bytes] = {}
        self._occurred: dict[bytes, int] = {}
        self._recorded: dict[bytes, int] = {}
        self._batch = NOTHING
        self._ended: dict[int, tuple[int, int]] = {}  # organisation: when its key was ended, and since when in doubt
        self._kept: tuple[tuple[int, int], Dossier] | None = None

    def register(self, maker: int, gtin: str, lot: str, quantity: int) -> bytes:
        """Register the batch; give its id."""
        day = datetime.fromtimestamp(self._registered, UTC).date()
        expiry = day + timedelta(days=30 * MONTHS_OF_USE)
        said = BatchRegistration(
            maker, int(gtin), lot, ProductClass.VACCINE, quantity, 0, _number(expiry), NOTHING, NOTHING
        )
        digest = said.digest(DOMAIN)
        self._batch = batch_id(said.gtin, lot)
        self.registration = facts.Registration(
            digest,
            self._batch,
            maker,
            gtin,
            lot,
            ProductClass.VACCINE,
            quantity,
            None,
            expiry,
            NOTHING,
            NOTHING,
            key_of(maker),
            self._place(self._registered),
        )
        self._heads[self._batch] = digest
        self._recorded[self._batch] = self._occurred[self._batch] = self._registered
        return self._batch

    def split(self, actor: int, parts: list[tuple[str, int]], at: int, place: str, heard: int) -> list[bytes]:
        """Split the batch into consignments, each with SSCC and quantity; give their ids.

        Args:
            actor: Who splits it.
            parts: SSCC and quantity of each.
            at: When, Unix seconds.
            place: UN/LOCODE.
            heard: When the chain has it, Unix seconds.
        """
        recorded = max(heard, self._registered + BLOCK_SECONDS)
        attachment = keccak256(pack_children(list(parts)))
        total = sum(quantity for _sscc, quantity in parts)
        moved = Move(Kind.SPLIT, self._batch, actor, 0, total, place, max(at, recorded - EARLIEST))
        event = self._record(moved, recorded, attachment)
        ids = [child_id(event.digest, index) for index in range(len(parts))]
        for child, (sscc, quantity) in zip(ids, parts, strict=True):
            self._children.append(
                facts.Child(child, self._batch, self._batch, sscc, quantity, event.digest, self._place(recorded))
            )
            self._heads[child] = event.digest
            self._recorded[child], self._occurred[child] = recorded, at
        return ids

    def move(self, moved: Move, heard: int) -> None:
        """Record a SHIP or RECEIVE that came to the chain at `heard`.

        A chain takes events in their order only, and none that states a time before the last or far from its block's.
        """
        consignment = moved.consignment
        recorded = max(heard, self._recorded[consignment] + BLOCK_SECONDS)
        stated = min(max(moved.at, self._occurred[consignment], recorded - EARLIEST), recorded)
        self._record(moved._replace(at=stated), recorded, NOTHING)
        self._recorded[consignment], self._occurred[consignment] = recorded, stated

    def end_key(self, organisation: int, at: int, doubt_since: int) -> None:
        """End an organisation's key, in doubt since a time."""
        self._ended[organisation] = at, doubt_since

    def dossier(self, at: int) -> Dossier | None:
        """What the ledger says of the batch at a time; None if it is not registered by then."""
        if at < self._registered:
            return None
        events = [event for event in self._events if event.recorded.time <= at]
        ended = sum(1 for time, _doubt in self._ended.values() if time <= at)
        state = len(events), ended
        if self._kept is None or self._kept[0] != state:
            events = [self._signed(event) for event in sorted(events, key=lambda event: event.recorded)]
            children = [child for child in self._children if child.recorded.time <= at]
            history = fold(facts.BatchFacts(self.registration, tuple(events), tuple(children)))
            keys = {key_of(number): self._key(number, at) for number in history.organisations}
            keys |= {key_of(number, new=True): _added(number, new=True) for number in self._ended}
            organisations = {number: self._organisation(number) for number in history.organisations}
            self._kept = state, Dossier(history, organisations, keys)
        return self._kept[1]

    def organisation(self, number: int) -> facts.Organisation:
        """An organisation as the ledger knows it."""
        return self._organisation(number)

    def _record(self, moved: Move, recorded: int, parts: bytes) -> facts.CustodyEvent:
        previous = self._heads[moved.consignment]
        said = CustodyStatement(
            moved.consignment,
            previous,
            moved.actor,
            moved.kind,
            moved.at,
            moved.counterparty,
            moved.quantity,
            moved.place.encode(),
            parts,
            NOTHING,
        )
        digest = said.digest(DOMAIN)
        event = facts.CustodyEvent(
            digest,
            moved.consignment,
            previous,
            moved.actor,
            moved.kind,
            moved.at,
            moved.counterparty,
            moved.quantity,
            moved.place,
            parts,
            NOTHING,
            key_of(moved.actor),
            self._place(recorded),
        )
        self._events.append(event)
        self._heads[moved.consignment] = next_head(previous, digest)
        return event

    def _place(self, time: int) -> facts.Recorded:
        self._log_index += 1
        return facts.Recorded(time // BLOCK_SECONDS, self._log_index, time, NOTHING)

    def _organisation(self, number: int) -> facts.Organisation:
        country, roles, has_gln = self._organisations[number]
        gln = gln_of(number) if has_gln else ""
        change = facts.OrganisationChange(
            number,
            AUTHORITY,
            f"Organisation {number}",
            country,
            gln,
            roles,
            (),
            NOTHING,
            facts.Recorded(0, 0, 0, NOTHING),
        )
        return facts.Organisation(number, (change,))

    def _signed(self, event: facts.CustodyEvent) -> facts.CustodyEvent:
        """An event with the key that its actor had then."""
        ended = self._ended.get(event.actor)
        if ended is None or event.recorded.time <= ended[0]:
            return event
        return replace(event, key=key_of(event.actor, new=True))

    def _key(self, number: int, at: int) -> facts.Key:
        added = _added(number, new=False)
        time, doubt = self._ended.get(number, (at + 1, 0))
        if time > at:
            return added
        recorded = facts.Recorded(time // BLOCK_SECONDS, 0, time, NOTHING)
        return replace(added, endings=(facts.KeyEnding(key_of(number), number, doubt, NOTHING, recorded),))


def _added(number: int, *, new: bool) -> facts.Key:
    recorded = facts.Recorded(0, 0, 0, NOTHING)
    addition = facts.KeyAddition(key_of(number, new=new), number, bytes(20), Purpose.EVENTS, 0, 0, NOTHING, recorded)
    return facts.Key(addition)


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
