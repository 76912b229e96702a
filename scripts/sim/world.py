"""Organisations in real places, and how long real journeys between them take."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Final, NamedTuple

from ledger.core.places_data import PLACES
from ledger.core.travel import PLACE_KM, distance_km

HOUR: Final = 3600
DAY: Final = 86_400
COUNTRIES: Final = (
    "BE DE FR GB NL ES IT PL SE PT AT CH IE FI HU RO TR US CA MX BR AR CO CL IN CN JP KR VN ID AU NZ ZA NG RU UA CZ GR"
    " SG KE TH MY PH EG"
).split()
# These have ports and towns that the table does not list: a pack there is somewhere in the country.
UNLISTED: Final = {"SG": ["SGSIN"], "KE": ["KENBO", "KEMBA"], "TH": ["THLCH"], "MY": ["MYPKG"], "PH": ["PHMNL"]}
PLACES_A_COUNTRY: Final = 12
PHARMACIES_A_COUNTRY: Final = 30


class Organisation(NamedTuple):
    """A company or an administration at one place."""

    number: int
    place: str  # UN/LOCODE


class World(NamedTuple):
    """All organisations, by what they do and by country."""

    makers: list[Organisation]
    carriers: dict[str, list[Organisation]]
    wholesalers: dict[str, list[Organisation]]
    customs: dict[str, Organisation]
    pharmacies: dict[str, list[Organisation]]
    administrations: frozenset[int]
    known: frozenset[int]


@lru_cache(maxsize=4)
def world(seed: int) -> World:
    """Build the world.

    Args:
        seed: Of the generator.
    """
    random = Random(f"{seed} world")
    places = {country: _places(country, random) for country in COUNTRIES}
    numbers = iter(range(1, 100_000))

    def some(country: str, count: int) -> list[Organisation]:
        return [Organisation(next(numbers), random.choice(places[country])) for _ in range(count)]

    makers = [one for country in ("BE", "DE", "US", "IN", "CH", "JP", "CN", "FR") for one in some(country, 1)]
    carriers = {country: some(country, 3) for country in COUNTRIES}
    wholesalers = {country: some(country, 4) for country in COUNTRIES}
    customs = {country: some(country, 1)[0] for country in COUNTRIES}
    pharmacies = {country: some(country, PHARMACIES_A_COUNTRY) for country in COUNTRIES}
    administrations = frozenset(each.number for each in customs.values())
    return World(
        makers, carriers, wholesalers, customs, pharmacies, administrations, frozenset(range(1, next(numbers)))
    )


def _places(country: str, random: Random) -> list[str]:
    listed = [country + code for code in PLACES.get(country, "").split()[::3]]
    chosen = random.sample(listed, min(len(listed), PLACES_A_COUNTRY))
    return chosen + UNLISTED.get(country, [f"{country}9ZZ"])  # one small town that no table lists


def journey(one: str, other: str, random: Random) -> int:
    """Give how many seconds goods take from one place to another: mostly a day or more, sometimes in all haste.

    Args:
        one: UN/LOCODE.
        other: UN/LOCODE.
        random: The generator.
    """
    km = distance_km(one, other)
    km = km + random.uniform(0, 2 * PLACE_KM) if km else random.uniform(1, 2 * PLACE_KM)
    hasty = random.random() < 0.1  # noqa: PLR2004 - a tenth goes by courier
    if km < 600:  # noqa: PLR2004 - nearer than that goods go by road
        hours = km / (110 if hasty else random.uniform(40, 70)) + (0.3 if hasty else random.uniform(1, 30))
    else:
        hours = km / random.uniform(780, 880) + (random.uniform(3, 6) if hasty else random.uniform(12, 120))
    return int(hours * HOUR)
