"""Among the other readings of a label is the genuine one, if an identifier, bracket or separator was misread."""

from __future__ import annotations

import pytest

from ledger.core.label_signature import Elements
from ledger.core.label_structure import BEGINS, ENDS, MOST_READINGS, other_readings
from tests.core.label_story import UNIT

GTIN, LOT, EXPIRY, SERIAL = UNIT
TYPED = [
    # as read, as meant, the field that begins where it was misread
    ([GTIN, ("10", "AB12717)270331"), SERIAL], UNIT, "17"),  # 717) for (17)
    ([GTIN, ("10", "AB1217)270331"), SERIAL], UNIT, "17"),  # the bracket lost
    ([GTIN, LOT, ("15", "270331"), SERIAL], UNIT, "17"),
    ([GTIN, LOT, EXPIRY, ("22", "7Kq-R2m")], UNIT, "21"),
    ([GTIN, ("90", "AB12"), EXPIRY, SERIAL], UNIT, "10"),
    ([GTIN, ("17", "270331"), SERIAL], [GTIN, ("10", "270331"), SERIAL], "10"),  # a lot that is a date
    ([GTIN, ("10", "A1"), ("240", "XY717)270331"), SERIAL], [GTIN, ("10", "A1"), ("240", "XY"), EXPIRY, SERIAL], "17"),
]
SPELT = [  # without brackets
    ([GTIN, ("10", "AB12J17270331"), SERIAL], UNIT, "17"),  # the separator another character
    ([GTIN, ("10", "AB1217270331"), SERIAL], UNIT, "17"),  # the separator lost
    ([GTIN, ("10", "A1J1727033121S1")], [GTIN, ("10", "A1"), EXPIRY, ("21", "S1")], "17"),
    ([GTIN, EXPIRY, ("10", "AB12217Kq-R2m")], [GTIN, EXPIRY, LOT, SERIAL], "21"),
    ([GTIN, ("97", "27033110AB12"), SERIAL], [GTIN, EXPIRY, LOT, SERIAL], "17"),
    ([GTIN, LOT, EXPIRY, ("717", "Kq-R2m")], UNIT, "21"),  # 217Kq-R2m read as 717Kq-R2m
]
TOO_MUCH = [
    ([GTIN, LOT, ("17", "260401"), SERIAL], [GTIN, LOT, SERIAL], "17"),  # (11), made on, read as (17)
    ([GTIN, LOT, EXPIRY, ("21", "V2")], [GTIN, LOT, EXPIRY], "21"),  # (22), a variant
    ([GTIN, ("10", "XY"), SERIAL], [GTIN, SERIAL], "10"),  # (90)
]
SWALLOWED = [
    ([GTIN, ("10", "AB12Q240)XY"), EXPIRY, SERIAL], UNIT, "10"),
    ([GTIN, ("10", "AB121240)XY"), EXPIRY, SERIAL], UNIT, "10"),  # the bracket a digit more
    ([GTIN, LOT, EXPIRY, ("21", "7Kq-R2mQ8020)X")], UNIT, "21"),
    ([GTIN, LOT, EXPIRY, ("21", "7Kq-R2m20)05")], UNIT, "21"),  # the bracket lost
]


@pytest.mark.parametrize(("read", "meant", "field"), [*TYPED, *SPELT, *TOO_MUCH])
def test_a_field_that_begins_at_a_misread_character_is_found(read: Elements, meant: Elements, field: str) -> None:
    assert (tuple(meant), field, BEGINS) in list(other_readings(tuple(read)))


@pytest.mark.parametrize(("read", "meant", "field"), SWALLOWED)
def test_a_field_that_ends_at_a_misread_character_is_found(read: Elements, meant: Elements, field: str) -> None:
    assert (tuple(meant), field, ENDS) in list(other_readings(tuple(read)))


def test_a_label_that_lacks_nothing_may_only_have_a_field_too_many() -> None:
    assert [reading.elements for reading in other_readings(tuple(UNIT))] == [
        (GTIN, EXPIRY, SERIAL),
        (GTIN, LOT, SERIAL),
        (GTIN, LOT, EXPIRY),
    ]


def test_an_identifier_that_differs_in_both_digits_is_no_misread() -> None:
    assert (GTIN, LOT, EXPIRY, ("21", "X")) not in [
        reading.elements for reading in other_readings((GTIN, LOT, EXPIRY, ("90", "X")))
    ]


def test_no_value_is_left_empty_before_what_is_found_in_it() -> None:
    for value in ("17270331", "J17270331", "20)X", "J20)X"):
        readings = [dict(reading.elements) for reading in other_readings((GTIN, ("10", value), SERIAL))]
        assert "" not in [reading.get("10") for reading in readings]


def test_gtin_key_and_signature_are_not_searched() -> None:
    read = (GTIN, ("91", "A21B17C1"), ("92", "A10" * 28 + "Ag"))
    assert list(other_readings(read)) == []


def test_the_readings_end_however_often_an_identifier_stands_in_a_label() -> None:
    read = (GTIN, ("21", "1017" * 5), ("240", "1017" * 7), ("241", "1017" * 7))
    assert len(list(other_readings(read))) == MOST_READINGS
