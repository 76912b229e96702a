"""A ledger in memory that writes the logs a contract would: a seeded story of organisations, batches and their custody.

Digests, identifiers and parts are real, so that whoever checks them finds them right. The contract's rules are not
simulated beyond what keeps goods consistent: its logs are what matters here.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any

from ledger.core import facts, statement
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

DOMAIN = statement.Domain(31337, bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3"))
ZERO = bytes(32)
NOWHERE = facts.Recorded(0, 0, 0, ZERO)
START = 1_770_000_000  # Unix seconds of block 0
PLACES = ("BEBRU", "SGSIN", "THBKK", "VNSGN")


@dataclass
class Goods:
    """What the story knows of one consignment."""

    id: bytes
    head: bytes
    rest: int
    holder: int = 1
    sequence: int = 0
    pallet: bytes = b""


@dataclass
class Story:
    """Writes one statement after another, each as the logs of one transaction; the same seed tells the same story."""

    seed: int = 1
    organisations: int = 4
    goods: list[Goods] = field(default_factory=list)
    pallets: list[Goods] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.clock = START
        self.batches = 0

    def opening(self) -> Iterator[tuple[facts.Fact, ...]]:
        """An authority and the organisations that it accredits, each with a key."""
        for number in range(1, self.organisations + 1):
            signer = number.to_bytes(20, "big")
            addition = statement.KeyAddition(number, signer, Purpose.ADMIN | Purpose.EVENTS, 0, 0)
            yield (
                facts.OrganisationChange(
                    number=number,
                    authority=1,
                    name=f"Organisation {number} Ω",
                    country="BE" if number % 2 else "SG",
                    gln=f"{number:013d}",
                    roles=Role(63 if number == 1 else 7),
                    prefixes=("0950600",) if number == 1 else ("9506", f"950600{number}"),
                    digest=ZERO if number == 1 else keccak256(f"accredit {number}".encode()),
                    recorded=NOWHERE,
                ),
                facts.KeyAddition(
                    statement.key_id(signer),
                    number,
                    signer,
                    Purpose.ADMIN | Purpose.EVENTS,
                    0,
                    0,
                    addition.digest(DOMAIN),
                    NOWHERE,
                ),
            )

    def register(self, *, expiry: int = 20290331, quantity: int = 1000) -> tuple[facts.Fact, ...]:
        """A new batch."""
        self.batches += 1
        gtin, lot = 9506000134352, f"LOT-{self.seed}-{self.batches}"
        signed = statement.BatchRegistration(
            1, gtin, lot, ProductClass.VACCINE, quantity, 20260301, expiry, ZERO, self._noise()
        )
        batch, digest = statement.batch_id(gtin, lot), signed.digest(DOMAIN)
        self.goods.append(Goods(batch, digest, quantity))
        year, month, day = expiry // 10000, expiry // 100 % 100, expiry % 100
        read = date(year, month, min(day, monthrange(year, month)[1]))  # as the chain's reader does
        return (
            facts.Registration(
                digest,
                batch,
                1,
                f"{gtin:014d}",
                lot,
                ProductClass.VACCINE,
                quantity,
                date(2026, 3, 1),
                read,
                ZERO,
                signed.details,
                self._noise(),
                NOWHERE,
            ),
        )

    def event(self, goods: Goods, kind: Kind, **values: Any) -> facts.CustodyEvent:
        """One custody event about `goods`, whose head or sequence it moves."""
        self.clock += 60
        authority = kind in (Kind.INSPECT, Kind.HOLD, Kind.RELEASE, Kind.RECALL)
        chosen = {
            "consignment": goods.id,
            "previous": goods.sequence.to_bytes(32, "big") if authority else goods.head,
            "actor": goods.holder,
            "kind": kind,
            "occurred_at": self.clock,
            "counterparty": 0,
            "quantity": 0,
            "place": self.random.choice(PLACES),
            "parts": ZERO,
            "details": self._noise(),
        } | values
        signed = statement.CustodyStatement(**chosen | {"place": chosen["place"].encode()})
        digest = signed.digest(DOMAIN)
        goods.sequence += authority
        goods.head = statement.next_head(goods.head, digest)
        return facts.CustodyEvent(digest, **chosen, key=self._noise(), recorded=NOWHERE)

    def move(self, goods: Goods) -> tuple[facts.Fact, ...]:
        """Handed over to the next organisation."""
        to = goods.holder % self.organisations + 1
        event = self.event(goods, Kind.HANDOVER, counterparty=to, quantity=goods.rest)
        goods.holder = to
        return (event,)

    def split(self, goods: Goods, count: int = 2) -> tuple[facts.Fact, ...]:
        """Into `count` children with an SSCC each."""
        share = max(1, goods.rest // (count + 1))
        sscc = [f"{self.random.randrange(1, 10**17):017d}0" for _ in range(count)]
        parts = keccak256(statement.pack_children([(code, share) for code in sscc]))
        event = self.event(goods, Kind.SPLIT, quantity=share * count, parts=parts)
        goods.rest -= share * count
        batch = next(self._batches_of(goods))
        children = []
        for index, code in enumerate(sscc):
            child = Goods(statement.child_id(event.digest, index), event.digest, share, goods.holder)
            self.parents[child.id] = batch
            self.goods.append(child)
            children.append(facts.Child(child.id, goods.id, batch, code, share, event.digest, NOWHERE))
        return (event, *children)

    def pack(self, chosen: list[Goods]) -> tuple[facts.Fact, ...]:
        """Onto a new pallet."""
        sscc = f"{self.random.randrange(1, 10**17):017d}0"
        parts = keccak256(statement.pack_pallet(sscc, [(goods.id, goods.head) for goods in chosen]))
        pallet = Goods(ZERO, ZERO, len(chosen), chosen[0].holder)
        event = self.event(pallet, Kind.PACK, quantity=len(chosen), parts=parts)
        pallet.id = pallet.head = event.digest
        self.pallets.append(pallet)
        for goods in chosen:
            goods.pallet = pallet.id
        packings = (facts.Packing(goods.id, pallet.id, packed=True, recorded=NOWHERE) for goods in chosen)
        return (event, facts.Pallet(pallet.id, len(self.pallets), sscc, NOWHERE), *packings)

    def unpack(self, pallet: Goods) -> tuple[facts.Fact, ...]:
        """Everything off the pallet."""
        loaded = [goods for goods in self.goods if goods.pallet == pallet.id]
        parts = keccak256(statement.pack_ids([goods.id for goods in loaded]))
        event = self.event(pallet, Kind.UNPACK, quantity=len(loaded), parts=parts)
        pallet.rest = 0
        for goods in loaded:
            goods.pallet, goods.holder = b"", pallet.holder
            goods.head = statement.next_head(goods.head, event.digest)
        return (event, *(facts.Packing(goods.id, pallet.id, packed=False, recorded=NOWHERE) for goods in loaded))

    def aside(self) -> tuple[facts.Fact, ...]:
        """Something that concerns no goods."""
        noise = self._noise()
        organisation = self.random.randrange(2, self.organisations + 1)
        anchor = statement.Anchor(organisation, self.random.randrange(1, 1 << 60), noise, ZERO)
        signer = self._noise() + self._noise()
        key = statement.KeyAddition(organisation, signer, Purpose.LABELS, 0, 2**39)
        choices: tuple[facts.Fact, ...] = (
            facts.Refusal(noise, b"\x12\x34\x56\x78" + noise, NOWHERE),
            facts.Anchor(anchor.digest(DOMAIN), organisation, anchor.count, noise, ZERO, noise, NOWHERE),
            facts.Suspension(organisation, 1, self.random.random() < 0.5, noise, NOWHERE),
            facts.KeyAddition(
                statement.key_id(signer), organisation, signer, Purpose.LABELS, 0, 2**39, key.digest(DOMAIN), NOWHERE
            ),
            facts.KeyEnding(statement.key_id(organisation.to_bytes(20, "big")), organisation, 5, noise, NOWHERE),
            facts.Notice("StatementsPaused", 1_900_000_000, b"", NOWHERE),
        )
        return (self.random.choice(choices),)

    def statements(self) -> Iterator[tuple[facts.Fact, ...]]:
        """Endlessly: whatever may happen next."""
        yield from self.opening()
        yield self.register()
        while True:
            yield self._next()

    @property
    def parents(self) -> dict[bytes, bytes]:
        """Child → batch."""
        return self.__dict__.setdefault("_parents", {})

    def _next(self) -> tuple[facts.Fact, ...]:
        goods = self.random.choice(self.goods)
        loaded = [pallet for pallet in self.pallets if pallet.rest]
        chance = self.random.random()
        if chance < 0.08:
            return self.register()
        if chance < 0.18:
            return self.aside()
        if chance < 0.24 and loaded:
            return self.unpack(self.random.choice(loaded))
        if goods.pallet:
            pallet = next(pallet for pallet in self.pallets if pallet.id == goods.pallet)
            return self.move(pallet)
        return self._next_of(goods, chance)

    def _next_of(self, goods: Goods, chance: float) -> tuple[facts.Fact, ...]:
        if chance < 0.36 and goods.rest > 10:
            return self.split(goods, self.random.randrange(1, 4))
        if chance < 0.45:
            free = [other for other in self.goods if other.holder == goods.holder and not other.pallet]
            return self.pack(free[:3])
        return self.move(goods) if chance < 0.9 else (self.event(goods, Kind.INSPECT, actor=1),)

    def _batches_of(self, goods: Goods) -> Iterator[bytes]:
        yield self.parents.get(goods.id, goods.id)

    def _noise(self) -> bytes:
        return self.random.randbytes(32)


def placed(logs: tuple[facts.Fact, ...], block: int, first: int, time: int, transaction: bytes) -> list[facts.Fact]:
    """The same logs with a place in the chain."""
    return [
        replace(fact, recorded=facts.Recorded(block, first + offset, time, transaction))
        for offset, fact in enumerate(logs)
    ]
