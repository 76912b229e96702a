"""A journey is never said to take longer than it can take."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.places_data import COUNTRIES, PLACES
from ledger.core.travel import PLACE_KM, discs, distance_km, travel_seconds

PAGE = Path(__file__).parents[2] / "docs" / "clones.md"
LISTED = [country + code for country, row in PLACES.items() for code in row.split()[::3]]
places = st.sampled_from([*LISTED, *(country + "ZZ9" for country in COUNTRIES), "XXXXX", ""])


@pytest.mark.parametrize(
    ("one", "other", "true_km"),
    # Great-circle distances of the cities, rounded: Brussels-Singapore, London-New York, Mumbai-Delhi, Paris-Lyon.
    [("BEBRU", "SGSIN", 10_560), ("GBLON", "USNYC", 5_570), ("INBOM", "INDEL", 1_150), ("FRPAR", "FRLYS", 390)],
)
def test_a_distance_is_below_the_true_one_and_not_far_below(one: str, other: str, true_km: int) -> None:
    assert true_km - 6 * PLACE_KM < distance_km(one, other) < true_km


def test_neighbouring_cities_are_no_distance_apart() -> None:
    assert distance_km("BEBRU", "BEANR") == 0
    assert travel_seconds("BEBRU", "BEANR") == 0


def test_a_place_that_is_not_listed_is_anywhere_in_its_country() -> None:
    assert len(discs("THLCH")) > 1
    assert distance_km("THLCH", "THBKK") == 0  # the same country
    assert distance_km("THLCH", "MYPKG") == 0  # neighbours
    assert 8_000 < distance_km("THLCH", "BEBRU") < 9_250


def test_nothing_is_concluded_about_a_country_that_is_not_known() -> None:
    assert discs("XXXXX") == ()
    assert discs("") == ()
    assert travel_seconds("XXXXX", "SGSIN") == travel_seconds("", "SGSIN") == 0


def test_short_ways_go_by_road_and_long_ones_by_air() -> None:
    near, far = distance_km("FRPAR", "FRLYS"), distance_km("BEBRU", "SGSIN")
    assert travel_seconds("FRPAR", "FRLYS") == pytest.approx(3600 * near / 130, abs=1)
    assert travel_seconds("BEBRU", "SGSIN") == pytest.approx(3600 * (2 + far / 1000), abs=1)


@given(places, places)
def test_a_distance_is_the_same_both_ways_and_fits_on_earth(one: str, other: str) -> None:
    assert distance_km(one, other) == pytest.approx(distance_km(other, one))
    assert 0 <= distance_km(one, other) < 20_016  # half the earth's circumference
    assert distance_km(one, one) == 0


@given(places, places)
def test_not_knowing_a_place_never_lengthens_a_way(one: str, other: str) -> None:
    assert distance_km(one[:2] + "ZZ9", other) <= distance_km(one, other)


def test_every_place_lies_on_earth_and_in_its_country() -> None:
    for place in LISTED:
        (disc,) = discs(place)
        assert abs(disc.north) <= math.pi / 2
        assert abs(disc.east) <= math.pi
        assert distance_km(place, place[:2] + "ZZ9") == 0


def test_every_place_is_on_the_list_of_un_locode(test_data: Path) -> None:
    with (test_data / "reference/locode/un_locode_from_locode_0.1.1.1.csv").open(encoding="utf-8") as lines:
        known = {line[:5] for line in lines}
    assert set(LISTED) <= known
    assert f"{len(LISTED):,} places and the reach of {len(COUNTRIES)} countries" in PAGE.read_text(encoding="utf-8")
