"""Shipments of a batch across borders: what truly happens, what the ledger hears of it, and who lies about it.

The shares are assumptions, told in docs/customs-signals.md.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.vocabulary import Kind, Role
from sim import noise
from sim.custody import Book, Move, checked, gln_of
from sim.papers import CLONE, DIVERSION, DOUBLE, FRAUDS, HONEST, OVER, STOLEN_KEY, Goods, Lie, Papers
from sim.passages import leg, some_place
from sim.trade import START
from sim.world import COUNTRIES, DAY, HOUR, Organisation, journey, world

if TYPE_CHECKING:
    from collections import Counter

    from sim.papers import Declared
    from sim.passages import Leg

EACH_FRAUD: Final = 0.01  # of shipments, of each kind
SHIPMENTS_A_BATCH: Final = 8
UNITS: Final = range(200, 5_001, 50)  # in a consignment
LOTS_A_PRODUCT: Final = 60
COUNTED_LOTS: Final = 0.5  # of makers count their lots up, so that neighbours differ by one character
BY_CARRIER: Final = 0.45  # a carrier takes custody between maker and consignee
SHIPPED_ON_FIRST: Final = 0.6  # of carriers name the consignee before they leave, the others on delivery
NEVER_RECORDED: Final = 0.005  # shipments of which the ledger never hears
SHORT_RECEIPT: Final = 0.03
IN_PARTS: Final = 0.05
ON_TO_ANOTHER_COUNTRY: Final = 0.02
WITHOUT_GLN: Final = 10  # one of so many organisations has no GLN on the ledger
DIVERTED_TO_OUTSIDERS: Final = 0.5
DIVERTED_ON_THE_LEDGER: Final = 0.2  # to another organisation there; the rest goes under papers that name the true one
TWICE_IN_ONE_COUNTRY: Final = 0.5  # of double declarations
COPIED_SSCC: Final = 0.4  # of clones
INVENTED_LOT: Final = 0.35  # of clones
MAKERS_KEY: Final = 0.4  # of stolen keys; the others are carriers'
NOTICED: Final = 10 * DAY  # on average until a stolen key is ended


class Batch(NamedTuple):
    """One batch of a maker with everything that is declared of it."""

    books: list[Book]  # the true one, then those that thieves registered
    lots: tuple[str, ...]  # of the product, as registered
    maker: int
    declared: list[Declared]  # in order of acceptance
    noise: Counter[str]


def batch(seed: int, number: int) -> Batch:
    """Make a batch with its shipments.

    Args:
        seed: Of the generator.
        number: The batch's; the same makes the same.
    """
    return _Trade(seed, number).run()


class _Trade:
    def __init__(self, seed: int, number: int) -> None:
        there, random = world(seed), Random(f"{seed} batch {number}")
        self._world, self._random, self._number = there, random, number
        maker = self._maker = random.choice(there.makers)
        self._prefix = f"95060{maker.number:02d}"
        self._lots = _lots(random)
        gtin = checked(f"0{self._prefix}{number % 100_000:05d}")
        self._goods = Goods(maker, gtin, random.choice(self._lots))
        self._papers = Papers(there, self._goods, number, random)
        self._registered = START + random.randint(0, 120 * DAY)
        self._everyone = _everyone(seed)
        self._book = Book(self._everyone, self._registered)
        self._books = [self._book]
        self._cartons = 0

    def run(self) -> Batch:
        """Let everything happen."""
        random, maker = self._random, self._maker
        shares = 1 - EACH_FRAUD * len(FRAUDS), *[EACH_FRAUD] * len(FRAUDS)
        kinds = random.choices((HONEST, *FRAUDS), shares, k=SHIPMENTS_A_BATCH)
        parts = [(self._sscc(), random.choice(UNITS)) for _ in kinds]
        left_over = random.choice(UNITS)
        self._book.register(maker.number, *self._goods[1:], sum(size for _sscc, size in parts) + left_over)
        at = self._registered + random.randint(HOUR, 5 * DAY)
        ids = self._book.split(maker.number, parts, at, maker.place, at + noise.record_lateness(random))
        for kind, consignment, goods in zip(kinds, ids, parts, strict=True):
            self._ship(
                kind, consignment, leg(goods, maker, self._receiver(), at + random.randint(DAY, 60 * DAY), random)
            )
        declared = sorted(self._papers.declared, key=lambda each: each.line.acceptance_date_time)
        return Batch(self._books, self._lots, maker.number, declared, self._papers.noise)

    # What happens

    def _ship(self, kind: str, consignment: bytes, way: Leg) -> None:
        if kind == STOLEN_KEY:
            self._stolen(consignment, way)
            return
        recorded = self._random.random() >= NEVER_RECORDED
        if recorded:
            self._record(consignment, way, arrives=kind != DIVERSION)
        else:
            self._papers.noise["never recorded"] += 1
        if kind == DIVERSION:
            self._divert(way)
        elif kind == OVER:
            self._papers.declare(way, Lie(OVER, quantity=int(way.quantity * self._random.uniform(1.15, 3))))
        else:
            self._honest(consignment, way, recorded=recorded)
        if kind == DOUBLE:
            self._double(way)
        elif kind == CLONE:
            self._clone(way.sscc)

    def _honest(self, consignment: bytes, way: Leg, *, recorded: bool) -> None:
        random, papers = self._random, self._papers
        if random.random() < IN_PARTS:
            papers.noise["cleared in parts"] += 1
            first = int(way.quantity * random.uniform(0.2, 0.8))
            papers.declare(way, Lie(quantity=first))
            papers.declare(way, Lie(quantity=way.quantity - first, later=random.randint(DAY, 20 * DAY)))
            return
        papers.declare(way)
        if recorded and random.random() < ON_TO_ANOTHER_COUNTRY:
            papers.noise["went on to another country"] += 1
            onward = leg(way[:2], way.receiver, self._receiver(way.receiver), way.arrived + 8 * DAY, random)
            self._record(consignment, onward)
            papers.declare(onward)

    def _divert(self, way: Leg) -> None:
        """The goods go to another country than they were shipped to."""
        random, papers = self._random, self._papers
        other = self._receiver(way.receiver)
        there = leg(way[:2], self._maker, other, way.left + random.randint(0, 6 * DAY), random)
        draw = random.random()
        if draw < DIVERTED_TO_OUTSIDERS:
            papers.declare(there, Lie(DIVERSION, consignee=papers.outsider(), outsider=True))
        elif draw < DIVERTED_TO_OUTSIDERS + DIVERTED_ON_THE_LEDGER:
            papers.declare(there, Lie(DIVERSION))
        else:
            papers.declare(there, Lie(DIVERSION, consignee=gln_of(way.receiver.number)))

    def _double(self, way: Leg) -> None:
        """The papers clear other goods once more."""
        random, papers = self._random, self._papers
        later = random.randint(DAY, 30 * DAY)
        if random.random() < TWICE_IN_ONE_COUNTRY:
            papers.declare(way, Lie(DOUBLE, later=later, outsider=True))
            return
        elsewhere = leg(way[:2], self._maker, self._receiver(way.receiver), way.left + later, random)
        consignee = random.choice((papers.outsider(), gln_of(way.receiver.number)))
        papers.declare(elsewhere, Lie(DOUBLE, consignee=consignee, outsider=True))

    def _clone(self, sscc: str) -> None:
        """Counterfeits under a copied lot, or an invented one of the same product."""
        random, papers = self._random, self._papers
        origin = Organisation(0, some_place(random.choice(COUNTRIES), random))
        goods = sscc if random.random() < COPIED_SSCC else self._sscc(), random.choice(UNITS)
        left = self._registered + random.randint(10 * DAY, 120 * DAY)
        lot = _invented(self._goods.lot, random) if random.random() < INVENTED_LOT else ""
        lie = Lie(CLONE, consignee=papers.outsider(), lot=lot, value=random.uniform(0.4, 1), outsider=True)
        papers.declare(leg(goods, origin, self._receiver(), left, random), lie)

    def _stolen(self, consignment: bytes, way: Leg) -> None:
        """A thief signs: a batch of its own, or a carrier's goods away; until somebody notices and ends the key."""
        random, maker = self._random, self._maker.number
        noticed = way.left + DAY + int(random.expovariate(1 / NOTICED))
        if random.random() < MAKERS_KEY:
            lot = _invented(self._goods.lot, random)
            book = Book(self._everyone, way.left - 2 * DAY)
            book.register(maker, self._goods.gtin, lot, way.quantity)
            (child,) = book.split(maker, [(way.sscc, way.quantity)], way.left - DAY, way.loading, way.left - DAY)
            book.move(Move(Kind.SHIP, child, maker, way.receiver.number, way.quantity, way.loading, way.left), way.left)
            book.end_key(maker, noticed, way.left - 3 * DAY)
            self._books.append(book)
            self._papers.declare(way, Lie(STOLEN_KEY, lot=lot))
            return
        carrier = random.choice(self._world.carriers[self._maker.place[:2]]).number
        fetched = way.left + random.randint(HOUR, 12 * HOUR)
        move = Move(Kind.SHIP, consignment, maker, carrier, way.quantity, way.loading, way.left)
        self._book.move(move, way.left)
        self._book.move(move._replace(kind=Kind.RECEIVE, actor=carrier, counterparty=maker, at=fetched), fetched)
        away = fetched + HOUR
        self._book.move(move._replace(actor=carrier, counterparty=way.receiver.number, at=away), away)
        self._book.end_key(carrier, noticed, away - HOUR // 2)
        self._papers.declare(way, Lie(STOLEN_KEY))

    # What the ledger hears

    def _record(self, consignment: bytes, way: Leg, *, arrives: bool = True) -> None:
        random, holder, at = self._random, way.sender.number, way.left
        move = Move(Kind.SHIP, consignment, holder, way.receiver.number, way.quantity, way.loading, at)
        if way.sender is self._maker and random.random() < BY_CARRIER:
            carrier = random.choice(self._world.carriers[way.sender.place[:2]]).number
            self._tell(move._replace(counterparty=carrier))
            at += random.randint(HOUR, 12 * HOUR)
            self._tell(move._replace(kind=Kind.RECEIVE, actor=carrier, counterparty=holder, at=at))
            holder = carrier
            at = at + HOUR if random.random() < SHIPPED_ON_FIRST else way.arrived
        delivered = at >= way.arrived
        if arrives or not delivered:
            place = way.unloading if delivered else way.loading
            self._tell(move._replace(actor=holder, place=place, at=at))
        if arrives:
            self._receive(move._replace(kind=Kind.RECEIVE, actor=way.receiver.number, counterparty=holder), way, at)

    def _receive(self, move: Move, way: Leg, shipped: int) -> None:
        random, received = self._random, way.quantity
        if random.random() < SHORT_RECEIPT:
            received -= max(1, int(received * random.uniform(0.005, 0.05)))
            self._papers.noise["received short"] += 1
        at = max(way.arrived, shipped) + journey(way.unloading, way.receiver.place, random)
        self._tell(move._replace(quantity=received, place=way.receiver.place, at=at))

    def _tell(self, move: Move) -> None:
        """Record it as the field does: late, and by a device whose clock may be wrong."""
        late, error = noise.record_lateness(self._random), noise.clock_error(self._random)
        self._papers.noise["recorded over a day late"] += late > DAY
        self._papers.noise["clock wrong by over an hour"] += abs(error) > HOUR
        self._book.move(move._replace(at=move.at + error), move.at + late)

    # Who, and what it is called

    def _receiver(self, other: Organisation | None = None) -> Organisation:
        """A wholesaler in another country than the maker's, and than `other`."""
        apart = {self._maker.place[:2], other.place[:2] if other else ""}
        country = self._random.choice([each for each in COUNTRIES if each not in apart])
        return self._random.choice(self._world.wholesalers[country])

    def _sscc(self) -> str:
        self._cartons += 1
        return checked(f"0{self._prefix}{self._number:07d}{self._cartons:02d}")


@lru_cache(maxsize=4)
def _everyone(seed: int) -> dict[int, tuple[str, Role, bool]]:
    """Everyone who may act: country, roles and whether the ledger has a GLN."""
    there = world(seed)
    found = [(each, Role.MANUFACTURER) for each in there.makers]
    for some, roles in ((there.carriers, Role.CARRIER), (there.wholesalers, Role.WHOLESALER)):
        found += [(each, roles) for those in some.values() for each in those]
    return {each.number: (each.place[:2], roles, bool(each.number % WITHOUT_GLN)) for each, roles in found}


def _lots(random: Random) -> tuple[str, ...]:
    """The lots of a product."""
    if random.random() < COUNTED_LOTS:
        first = random.randrange(10_000, 90_000)
        return tuple(f"L{first + number}" for number in range(LOTS_A_PRODUCT))
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    return tuple("".join(random.choices(letters, k=6)) for _ in range(LOTS_A_PRODUCT))


def _invented(lot: str, random: Random) -> str:
    """A lot as a counterfeiter makes one up: of the same look."""
    digits, letters = "0123456789", "ABCDEFGHJKLMNPRSTUVWXYZ"
    return lot[0] + "".join(random.choice(digits if sign in digits else letters) for sign in lot[1:])
