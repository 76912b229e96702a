"""Ways across borders: from where to where, by what, over which hub, and how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.places_data import PLACES
from ledger.core.travel import distance_km
from sim.world import HOUR

if TYPE_CHECKING:
    from random import Random

    from sim.world import Organisation

HUBS: Final = "AEDXB NLRTM DEFRA HKHKG SGSIN TRIST USMIA BELGG".split()
SEA, ROAD, AIR = "1", "3", "4"  # UN/ECE Recommendation 19
MODES: Final = {AIR: 6, SEA: 3, ROAD: 1}  # of ten shipments
TRANSSHIPPED: Final = 0.25  # of those that do not go by road
PORT: Final = 0.5  # goods are loaded or unloaded elsewhere than where the company is
SEA_KMH: Final = 30
SEA_DETOUR: Final = 1.3  # of the great circle
ROAD_KMH: Final = 45
ROAD_MOST_KM: Final = 2_500


class Leg(NamedTuple):
    """A shipment as it truly goes."""

    sscc: str
    quantity: int
    sender: Organisation
    receiver: Organisation
    loading: str  # UN/LOCODE
    unloading: str
    hub: str  # "" = none
    mode: str
    left: int  # Unix seconds
    arrived: int


def leg(goods: tuple[str, int], sender: Organisation, receiver: Organisation, left: int, random: Random) -> Leg:
    """Send goods on a way.

    Args:
        goods: SSCC and quantity.
        sender: Whence.
        receiver: Whither.
        left: When, Unix seconds.
        random: The generator.
    """
    loading, unloading = _port(sender, random), _port(receiver, random)
    km = distance_km(loading, unloading)
    mode = random.choices(list(MODES), list(MODES.values()))[0]
    if mode == ROAD and km > ROAD_MOST_KM:
        mode = AIR
    hub = random.choice(HUBS) if mode != ROAD and random.random() < TRANSSHIPPED else ""
    hours = random.uniform(20, 100)
    if mode == SEA:
        way = distance_km(loading, hub) + distance_km(hub, unloading) if hub else km
        hours = SEA_DETOUR * way / SEA_KMH + random.uniform(72, 360)
    elif mode == ROAD:
        hours = km / ROAD_KMH + random.uniform(5, 60)
    return Leg(*goods, sender, receiver, loading, unloading, hub, mode, left, left + int(hours * HOUR))


def _port(company: Organisation, random: Random) -> str:
    return some_place(company.place[:2], random) if random.random() < PORT else company.place


def some_place(country: str, random: Random) -> str:
    """A place of a country.

    Args:
        country: ISO 3166-1 alpha-2.
        random: The generator.
    """
    listed = PLACES.get(country, "").split()[::3]
    return country + random.choice(listed) if listed else f"{country}9ZZ"
