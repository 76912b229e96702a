"""Genuine packs: their batches' consignments on real routes, and what is scanned on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.unit import UnitKind
from sim import noise
from sim.world import COUNTRIES, DAY, HOUR, Organisation, World, journey

if TYPE_CHECKING:
    from random import Random

START: Final = 1_780_000_000  # 2026-05-28, Unix seconds
MINUTE: Final = 60


class Stop(NamedTuple):
    """One organisation's time with a consignment."""

    organisation: Organisation
    arrived: int  # Unix seconds, true
    left: int
    recorded: int | None  # when the chain has it that the goods go there; None = never
    scans: float  # how often it scans a pack at all


class Scan(NamedTuple):
    """What truly happened, once."""

    time: int  # Unix seconds
    organisation: Organisation
    kind: UnitKind
    undoes: bool = False  # takes back the dispense before it


class Consignment(NamedTuple):
    """A route of part of a batch."""

    stops: list[Stop]
    pharmacy: Organisation


def consignment(world: World, maker: Organisation, random: Random) -> Consignment:
    """Send part of a batch on its way.

    Args:
        world: Who there is.
        maker: Where it begins.
        random: The generator.
    """
    here, target = maker.place[:2], random.choice(COUNTRIES)
    legs: list[tuple[Organisation, float]] = [(random.choice(world.carriers[here]), 0.5)]
    if random.random() < 0.25:  # noqa: PLR2004 - by way of a third country, as parallel trade goes
        by_way_of = random.choice(COUNTRIES)
        legs += [(world.customs[by_way_of], 0.3), (random.choice(world.wholesalers[by_way_of]), 0.9)]
        legs.append((random.choice(world.carriers[by_way_of]), 0.5))
    if target != here:
        legs.append((world.customs[target], 0.3))
    legs.append((random.choice(world.wholesalers[target]), 0.95))
    if random.random() < 0.4:  # noqa: PLR2004 - a share, as the simulation sets it
        legs.append((random.choice(world.wholesalers[target]), 0.9))
    legs.append((random.choice(world.carriers[target]), 0.5))
    pharmacy = random.choice(world.pharmacies[target])
    return Consignment(_stops(world, maker, [*legs, (pharmacy, 1.0)], random), pharmacy)


def _stops(world: World, maker: Organisation, legs: list[tuple[Organisation, float]], random: Random) -> list[Stop]:
    time = START + random.randint(0, 30 * DAY)
    stops = [Stop(maker, time, time + random.randint(HOUR, 20 * DAY), time, 0.9)]
    recorded = time
    for organisation, scans in legs:
        before = stops[-1]
        arrived = before.left + journey(before.organisation.place, organisation.place, random)
        stay = random.choice((random.randint(10 * MINUTE, 4 * HOUR), random.randint(HOUR, 15 * DAY)))
        recorded = max(recorded, before.left + noise.record_lateness(random))
        # Customs never holds the goods; and one subcontractor in a hundred is on no record at all.
        unseen = organisation.number in world.administrations or (scans == 0.5 and random.random() < 0.01)  # noqa: PLR2004 - a share, as the simulation sets it
        stops.append(Stop(organisation, arrived, arrived + stay, None if unseen else recorded, scans))
    return stops


def life(world: World, goods: Consignment, random: Random) -> tuple[list[Scan], list[Stop], int | None]:
    """Tell what happens to one pack of a consignment.

    Args:
        world: Who there is.
        goods: The consignment.
        random: The generator.

    Returns:
        Its scans in true order; where it went beyond its consignment, which is on record too; when it was dispensed.
    """
    scans = [
        Scan(random.randint(stop.arrived, stop.left), stop.organisation, UnitKind.SCAN)
        for stop in goods.stops
        if random.random() < stop.scans
    ]
    last, extra = goods.stops[-1], []
    if random.random() < 0.02:  # noqa: PLR2004 - returned to the wholesaler, and sold to another pharmacy
        extra = _returned(world, goods, random)
        scans += [Scan(random.randint(stop.arrived, stop.left), stop.organisation, UnitKind.SCAN) for stop in extra]
        last = extra[-1]
    pharmacy, time = last.organisation, last.left
    for _week in range(random.choice((0, 0, 1, 2, 4))):  # stock-taking
        time += random.randint(5 * DAY, 9 * DAY)
        scans.append(Scan(time, pharmacy, UnitKind.SCAN))
    if random.random() < 0.12:  # noqa: PLR2004 - never dispensed; most of these expire and are destroyed
        scans.append(Scan(time + random.randint(DAY, 90 * DAY), pharmacy, UnitKind.DESTROY))
        return _repeated(scans, random), extra, None
    dispensed = _dispensed(scans, pharmacy, time + random.randint(HOUR, 30 * DAY), random)
    if random.random() < 0.0003:  # noqa: PLR2004 - a patient brings it to another pharmacy, which scans it
        other = random.choice(world.pharmacies[pharmacy.place[:2]])
        scans.append(Scan(dispensed + random.randint(DAY, 60 * DAY), other, UnitKind.SCAN))
    return _repeated(scans, random), extra, dispensed


def _returned(world: World, goods: Consignment, random: Random) -> list[Stop]:
    country = goods.pharmacy.place[:2]
    before, recorded, stops = goods.stops[-1], goods.stops[-1].recorded or 0, []
    for organisation in (random.choice(world.wholesalers[country]), random.choice(world.pharmacies[country])):
        arrived = before.left + journey(before.organisation.place, organisation.place, random)
        recorded = max(recorded, before.left + noise.record_lateness(random))
        before = Stop(organisation, arrived, arrived + random.randint(HOUR, 10 * DAY), recorded, 1.0)
        stops.append(before)
    return stops


def _dispensed(scans: list[Scan], pharmacy: Organisation, time: int, random: Random) -> int:
    """Dispense it; in two of a hundred cases by mistake, undone within ten days, and dispensed for good later."""
    scans.append(Scan(time, pharmacy, UnitKind.DISPENSE))
    if random.random() < 0.02:  # noqa: PLR2004 - a share, as the simulation sets it
        undone = time + random.randint(MINUTE, 9 * DAY)
        time = undone + random.randint(HOUR, 20 * DAY)
        scans += [Scan(undone, pharmacy, UnitKind.UNDO, undoes=True), Scan(time, pharmacy, UnitKind.DISPENSE)]
    return time


def _repeated(scans: list[Scan], random: Random) -> list[Scan]:
    """Scan some again within minutes, as people do who are not sure."""
    out = []
    for scan in scans:
        out.append(scan)
        if scan.kind is not UnitKind.UNDO and random.random() < noise.REPEATED:
            again = UnitKind.SCAN if random.random() < 0.9 else scan.kind  # noqa: PLR2004 - a share, as the simulation sets it
            out += [
                Scan(scan.time + random.randint(2, 10 * MINUTE), scan.organisation, again)
                for _ in range(random.randint(1, 4))
            ]
    return sorted(out, key=lambda each: each.time)
