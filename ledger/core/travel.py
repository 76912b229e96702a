"""How long a pack needs at least from one place to another: a lower bound, so that no real journey looks impossible.

A place is a UN/LOCODE. One that is listed lies in a disc around its coordinates; one that is not listed lies somewhere
in the discs that cover its country; of a country that is not known nothing is concluded. Two places may always be as
near to each other as their discs allow, so missing data shortens a distance and never lengthens one.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

from ledger.core.places_data import COUNTRIES, PLACES

EARTH_KM: Final = 6371.0  # mean radius, IUGG
# What a place's code covers beyond its coordinates (works, warehouses, suburbs: 30 km) and what the lists are wrong by
# (minutes of arc read as decimals: up to 0.4 degrees each way, 63 km).
PLACE_KM: Final = 100
# Road: the highest general speed limit in wide use (motorways, 130 km/h); lorries are slower everywhere.
ROAD_KMH: Final = 130
# Air: faster than any airliner's cruise over the ground (about 900 km/h), but for the strongest tail winds, and two
# hours to hand a pack over, clear it, load it and unload it; real air cargo takes most of a day.
AIR_KMH: Final = 1000
GROUND_HOURS: Final = 2
_HOUR: Final = 3600
_ROW: Final = 3  # values that state a place or a disc


class Disc(NamedTuple):
    """Part of the earth's surface."""

    north: float  # of the centre, radians
    east: float  # of the centre, radians
    radius: float  # km


@lru_cache(maxsize=512)  # more than there are countries
def _listed(country: str) -> dict[str, Disc]:
    row = PLACES.get(country, "").split()
    return {
        row[index]: Disc(_radians(row[index + 1]), _radians(row[index + 2]), PLACE_KM)
        for index in range(0, len(row), _ROW)
    }


@lru_cache(maxsize=512)
def _country(country: str) -> tuple[Disc, ...]:
    row = COUNTRIES.get(country, "").split()
    return tuple(
        Disc(_radians(row[index]), _radians(row[index + 1]), float(row[index + 2]))
        for index in range(0, len(row), _ROW)
    )


def _radians(hundredths: str) -> float:
    return math.radians(int(hundredths) / 100)


def discs(place: str) -> tuple[Disc, ...]:
    """Give where a place can be.

    Args:
        place: UN/LOCODE, for example `BEBRU`.

    Returns:
        One disc if the place is listed, else those of its country; none if the country is not known either.
    """
    country, code = place[:2], place[2:]
    listed = _listed(country).get(code)
    return _country(country) if listed is None else (listed,)


def _gap(one: Disc, other: Disc) -> float:
    """Measure what lies between two discs, in km; negative if they overlap (haversine, great circle)."""
    half = math.sin((other.north - one.north) / 2) ** 2
    half += math.cos(one.north) * math.cos(other.north) * math.sin((other.east - one.east) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half))) - one.radius - other.radius


def centres_km(one: str, other: str) -> float | None:
    """Give how far the points that stand for two places are apart.

    Args:
        one: UN/LOCODE.
        other: UN/LOCODE.

    Returns:
        Kilometres; None if one of them is not listed, so that nothing is known of where in its country it lies.
    """
    here, there = (_listed(place[:2]).get(place[2:]) for place in (one, other))
    return None if here is None or there is None else _gap(here, there) + here.radius + there.radius


@lru_cache(maxsize=65_536)  # pairs of places; a few thousand are in use at a time
def distance_km(one: str, other: str) -> float:
    """Give how far two places are apart at least.

    Args:
        one: UN/LOCODE.
        other: UN/LOCODE.

    Returns:
        Kilometres; 0 where they may be the same, or nothing is known. One country's unlisted places may be the same.
    """
    gaps = [_gap(here, there) for here in discs(one) for there in discs(other)]
    return max(0.0, min(gaps, default=0.0))


def travel_seconds(one: str, other: str) -> int:
    """Give how long a pack needs at least from one place to another, by road or by air.

    Args:
        one: UN/LOCODE.
        other: UN/LOCODE.
    """
    distance = distance_km(one, other)
    return int(_HOUR * min(distance / ROAD_KMH, GROUND_HOURS + distance / AIR_KMH))
