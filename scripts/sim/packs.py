"""Let the server hear of each scan as it would, and ask the production rules every time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

from ledger.core.clones import SETTLED, Standing, asked_at, conflict
from ledger.core.unit import UnitEvent, UnitKind
from sim import noise
from sim.trade import Consignment, Scan, Stop, consignment, life
from sim.world import DAY, HOUR, Organisation, World, world

BATCH: Final = 50  # packs of one batch that are followed
CONSIGNMENTS: Final = 4  # into which a batch is split
SCANNED: Final = 0.7  # of copies sold: by an organisation that signs
INSIDERS: Final = 0.2  # of copies sold: by one that holds, or held, genuine goods of the batch
NO_DIGEST: Final = bytes(32)


class Way(NamedTuple):
    """A way of copying."""

    copies: int  # sold, beside the genuine pack
    when: str  # the code was taken: before or after the genuine pack was dispensed
    countries: int  # in which the copies are sold
    dispensed: float = 0.8  # of scans of copies: signed as dispensed, the rest as scanned


COPIES: Final = (
    *(
        Way(copies, when, countries)
        for copies in (2, 5, 10, 50)
        for when in ("before", "after")
        for countries in (1, 4)
    ),
    Way(10, "before", 1, 0.0),
    Way(10, "before", 4, 0.0),
)


@dataclass
class Outcome:
    """What came of genuine packs."""

    packs: int = 0
    scans: int = 0
    false_alarms: int = 0
    packs_flagged: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    noise: Counter[str] = field(default_factory=Counter)

    def add(self, other: Outcome) -> None:
        """Add what came of other packs."""
        self.packs += other.packs
        self.scans += other.scans
        self.false_alarms += other.false_alarms
        self.packs_flagged += other.packs_flagged
        self.rules.update(other.rules)
        self.noise.update(other.noise)


class Heard(NamedTuple):
    """A scan as the server hears of it."""

    at: int  # Unix seconds
    event: UnitEvent | None  # None: misread, so that nothing is known of this pack
    asked: bool  # on the spot
    copy: bool = False


class Batch:
    """A batch with its consignments, and who is on record as having to do with it."""

    def __init__(self, seed: int, number: int, random: Random) -> None:
        self.world = world(seed)
        self.number = number
        self.maker = random.choice(self.world.makers)
        self.goods = [consignment(self.world, self.maker, random) for _ in range(CONSIGNMENTS)]
        self.stops = [stop for goods in self.goods for stop in goods.stops]

    def standing(self, at: int, extra: list[Stop]) -> Standing:
        """Give who is on record at a time.

        Args:
            at: Unix seconds.
            extra: Where a pack went beyond its consignment.
        """
        there = (stop for stop in (*self.stops, *extra) if stop.recorded is not None and stop.recorded <= at)
        holders = frozenset({self.maker.number, *(stop.organisation.number for stop in there)})
        return Standing(self.maker.number, holders, self.world.administrations, self.world.known, complete=True)


def genuine_packs(seed: int, first: int, count: int) -> Outcome:
    """Follow genuine packs.

    Args:
        seed: Of the generator.
        first: The number of the first, a multiple of `BATCH`.
        count: How many.
    """
    outcome = Outcome()
    for start in range(first, first + count, BATCH):
        random = Random(f"{seed} batch {start}")
        batch = Batch(seed, start, random)
        for number in range(start, min(start + BATCH, first + count)):
            scans, extra, _dispensed = life(batch.world, random.choice(batch.goods), random)
            heard = _heard(batch.world, scans, number, random, outcome.noise)
            rules = [rule for _each, rule in _replay(batch, heard, extra)]
            outcome.packs += 1
            outcome.scans += len(heard)
            outcome.false_alarms += sum(1 for rule in rules[:-1] if rule)
            outcome.packs_flagged += any(rules)
            outcome.rules.update(rule for rule in rules[:-1] if rule)
    return outcome


def copied_packs(seed: int, way: Way, count: int) -> dict[str, Any]:
    """Copy genuine packs in one way.

    Args:
        seed: Of the generator.
        way: How.
        count: How many packs.

    Returns:
        How many were caught, by which rule first, and at how many of the scanned sales the answer warned.
    """
    caught, sales, warned, rules = 0, 0, 0, Counter[str]()
    for number in range(count):
        random = Random(f"{seed} {way} {number}")
        batch = Batch(seed, number, random)
        goods = random.choice(batch.goods)
        scans, extra, dispensed = life(batch.world, goods, random)
        while dispensed is None:
            scans, extra, dispensed = life(batch.world, goods, random)
        heard = _heard(batch.world, scans, number, random, Counter())
        heard += [
            each._replace(copy=True)
            for sale in _sales(batch, goods, way, dispensed, random)
            for each in _heard(batch.world, [sale], number, random, Counter())
        ]
        answers = list(_replay(batch, sorted(heard, key=lambda each: each.at), extra))
        first = next((rule for _each, rule in answers if rule), None)
        caught += first is not None
        rules.update([first] if first else [])
        sold = [rule for each, rule in answers if each and each.copy and each.asked and each.event]
        sales += len(sold)
        warned += sum(1 for rule in sold if rule)
    return {"packs": count, "caught": caught, "rules": dict(rules), "sales": sales, "warned": warned}


def _sales(batch: Batch, goods: Consignment, way: Way, dispensed: int, random: Random) -> list[Scan]:
    """Sell copies over two months; most sellers never had goods of the batch, and not every sale is scanned."""
    stages = [stop for stop in goods.stops[:-1] if stop.scans > 0]
    taken = random.choice(stages).left if way.when == "before" else dispensed + random.randint(HOUR, 30 * DAY)
    countries = random.sample(sorted(batch.world.pharmacies), way.countries)
    insiders = [each.pharmacy for each in batch.goods]
    sold = []
    for _copy in range(way.copies):
        seller = random.choice(insiders) if random.random() < INSIDERS else _pharmacy(batch.world, countries, random)
        kind = UnitKind.DISPENSE if random.random() < way.dispensed else UnitKind.SCAN
        if random.random() < SCANNED:
            sold.append(Scan(taken + random.randint(DAY, 60 * DAY), seller, kind))
    return sold


def _pharmacy(there: World, countries: list[str], random: Random) -> Organisation:
    return random.choice(there.pharmacies[random.choice(countries)])


def _heard(there: World, scans: list[Scan], number: int, random: Random, counts: Counter[str]) -> list[Heard]:
    """Put the field's noise on the scans of one pack."""
    heard: list[Heard] = []
    dispense = NO_DIGEST
    for index, scan in enumerate(scans):
        late, error = noise.lateness(random), noise.clock_error(random)
        place = scan.organisation.place
        if random.random() < noise.WRONG_PLACE:
            place = random.choice(random.choice(list(there.wholesalers.values()))).place
            counts["place set wrong"] += 1
        digest = b"%d/%d/%d" % (number, index, scan.time)
        previous = dispense if scan.undoes else NO_DIGEST
        dispense = digest if scan.kind is UnitKind.DISPENSE else dispense
        event = UnitEvent(
            digest,
            scan.organisation.number,
            scan.kind,
            "05413868000016",
            "AB12",
            f"S{number}",
            place,
            scan.time + error,
            previous,
            b"",
            scan.time + late,
            0,
        )
        counts["heard late"] += late > noise.ONLINE
        counts["clock wrong by over 15 minutes"] += abs(error) > 15 * noise.MINUTE
        if scan.kind is UnitKind.SCAN and random.random() < noise.MISREAD:
            serial = f"S{random.getrandbits(60):012X}"
            read = noise.misread(serial, random)
            counts[
                "misread, refused" if read is None else "misread, repaired" if read == serial else "misread as other"
            ] += 1
            heard.append(Heard(event.received_at, event if read == serial else None, late <= noise.ONLINE))
        else:
            heard.append(Heard(event.received_at, event, late <= noise.ONLINE))
    return sorted(heard, key=lambda each: each.at)


def _replay(batch: Batch, heard: list[Heard], extra: list[Stop]) -> list[tuple[Heard | None, str | None]]:
    """Answer each scan with what is known when it is heard of; and ask once more when all is settled."""
    events: list[UnitEvent] = []
    answers: list[tuple[Heard | None, str | None]] = []
    for each in heard:
        event = each.event
        if event is None:
            answers.append((each, None))
            continue
        standing = batch.standing(each.at, extra)
        if not each.asked:
            events.append(event)
        asked = asked_at(event.actor, event.place, each.at, each.at) if each.asked else None
        found = conflict(events, asked, standing, each.at)
        if each.asked:
            events.append(event)
        answers.append((each, found.rule if found else None))
    end = heard[-1].at + SETTLED + DAY
    found = conflict(events, None, batch.standing(end, extra), end)
    return [*answers, (None, found.rule if found else None)]
