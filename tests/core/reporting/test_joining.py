"""Reports are joined where they tell of the same, and by nothing that a stranger could use to join everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.reporting import joining
from ledger.core.reporting.joining import CODE_SECONDS, GOODS_SECONDS, PICTURE_BITS, Told, differing_bits, joined, near
from ledger.core.travel import centres_km

NOW = 1_780_000_000
GTIN, OTHER = "05413868000016", "05413868000023"
PICTURE = bytes(range(16))
TH = frozenset({"TH"})
PACK = Told(GTIN, "AB12", "S7", b"", "THBKK", NOW, b"", TH)
LOOSE = Told("", "", "", b"", "", NOW, PICTURE, TH)


def flipped(picture: bytes, bits: int) -> bytes:
    return (int.from_bytes(picture) ^ (1 << bits) - 1).to_bytes(16)


@pytest.mark.parametrize(
    ("told", "first", "why"),
    [
        # The same pack, wherever and however late in the season, and whatever lot was read.
        (PACK._replace(place="THHDY", at=NOW + CODE_SECONDS), PACK, joining.SAME_CODE),
        (PACK._replace(lot=""), PACK, joining.SAME_CODE),
        (PACK._replace(at=NOW + CODE_SECONDS + 1), PACK, ""),
        # Another pack of the lot: near in place and time only.
        (PACK._replace(serial="S8"), PACK, joining.SAME_GOODS),
        (PACK._replace(serial="S8", at=NOW + GOODS_SECONDS), PACK, joining.SAME_GOODS),
        (PACK._replace(serial="S8", at=NOW + GOODS_SECONDS + 1), PACK, ""),
        (PACK._replace(serial="S8", place="THHDY"), PACK, ""),
        (PACK._replace(serial="S8", lot="AB13"), PACK, ""),
        (PACK._replace(serial="S7", gtin=OTHER), PACK, ""),
        (PACK._replace(serial="", place=""), PACK._replace(serial="", place=""), joining.SAME_GOODS),
        (PACK._replace(serial="", place=""), PACK._replace(serial=""), ""),  # anywhere is not here
        # A code that spells nothing.
        (LOOSE._replace(picture=b"", code_hash=b"x"), LOOSE._replace(code_hash=b"x"), joining.SAME_CODE),
        (LOOSE._replace(picture=b"", code_hash=b"x"), LOOSE._replace(picture=b"", code_hash=b"y"), ""),
        # Nothing at all is the same as nothing at all: no reason to join.
        (LOOSE._replace(picture=b""), LOOSE._replace(picture=b""), ""),
        # The same picture, though it was saved again; but not of another product.
        (LOOSE, LOOSE._replace(place="THHDY"), joining.SAME_PICTURE),
        (LOOSE._replace(picture=flipped(PICTURE, PICTURE_BITS)), LOOSE, joining.SAME_PICTURE),
        (LOOSE._replace(picture=flipped(PICTURE, PICTURE_BITS + 1)), LOOSE, ""),
        (PACK._replace(picture=PICTURE, gtin=OTHER), PACK._replace(picture=PICTURE), ""),
        (PACK._replace(picture=PICTURE), LOOSE, joining.SAME_PICTURE),
        # What different administrations read stays apart.
        (PACK._replace(desks=frozenset({"SG"})), PACK, ""),
        (PACK._replace(desks=frozenset({"SG", "TH"})), PACK, ""),
    ],
)
def test_what_is_the_same(told: Told, first: Told, why: str) -> None:
    assert joining.same(told, first) == why
    assert joining.same(first, told) == why


def test_the_strongest_reason_counts_and_of_those_the_oldest_incident() -> None:
    near_by = (3, PACK._replace(serial="S8"))
    pictured = (9, PACK._replace(serial="S9", place="THHDY", picture=PICTURE))
    same_pack = [(number, PACK._replace(lot="")) for number in (12, 7)]
    told = PACK._replace(picture=PICTURE)
    assert joined(told, [near_by, pictured, *same_pack]) == (7, joining.SAME_CODE)
    assert joined(told, [near_by, pictured]) == (9, joining.SAME_PICTURE)
    assert joined(told, [near_by]) == (3, joining.SAME_GOODS)
    assert joined(told, [(1, LOOSE._replace(picture=b""))]) is None


def test_every_reason_has_words() -> None:
    assert set(joining.WORDS) == {joining.SAME_CODE, joining.SAME_PICTURE, joining.SAME_GOODS, joining.BY_HAND}


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        ("SGSIN", "SGSIN", True),
        ("", "", True),
        ("SGSIN", "", False),
        ("BEBRU", "BECRL", True),  # 45 km
        ("BEBRU", "BELGG", False),  # 90 km
        ("THZZ9", "THZZ9", True),
        ("THZZ9", "THBKK", False),  # not listed: it may be anywhere in the country
    ],
)
def test_what_is_near(one: str, other: str, *, is_near: bool) -> None:
    assert near(one, other) == near(other, one) == is_near


def test_the_distance_of_points_is_known_where_both_are_listed() -> None:
    distance = centres_km("BEBRU", "FIHEL")
    assert distance is not None
    assert 1_600 < distance < 1_700
    assert centres_km("BEBRU", "BEZZ9") is None
    assert centres_km("", "BEBRU") is None


@given(st.binary(min_size=16, max_size=16), st.sets(st.integers(0, 127)))
def test_bits_that_differ_are_counted(picture: bytes, bits: set[int]) -> None:
    other = int.from_bytes(picture)
    for bit in bits:
        other ^= 1 << bit
    assert differing_bits(picture, other.to_bytes(16)) == len(bits)
