"""Batch files."""

from __future__ import annotations

import json

import pytest

from ledger.core.errors import InvalidInputError
from ledger.register import BatchRow, read_batches

GOOD = {
    "gtin": "00359267102522",
    "lot": "PB26K017",
    "product_class": "VACCINE",
    "quantity": 48000,
    "expiry": "2028-05-31",
    "manufactured": "2026-09-20",
    "product": "COVID-19 vaccine",
}


def read(*rows: dict[str, object]) -> list[BatchRow]:
    return list(read_batches(json.dumps(rows).encode(), 7, as_json=True))


def refusal(**changes: object) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        read(GOOD | {"lot": "FIRST"}, GOOD | changes)
    return caught.value


def test_a_row_becomes_the_registration_it_asks_for() -> None:
    header = ",".join(GOOD)
    text = f"{header}\n{','.join(str(value) for value in GOOD.values())}\n".encode()
    (row,) = read_batches(text, 7, as_json=False)
    assert row.product == "COVID-19 vaccine"
    assert row.registration.manufacturer == 7
    assert row.registration.gtin == 359267102522
    assert row.registration.lot == "PB26K017"
    assert row.registration.product_class == 1
    assert row.registration.quantity == 48_000
    assert (row.registration.manufactured, row.registration.expiry) == (20260920, 20280531)
    assert read(GOOD) == [row]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("gtin", "00359267102523"),
        ("gtin", "\u06600359267102522"),
        ("gtin", ""),
        ("lot", "way too long for a lot of a batch"),
        ("lot", "A B"),
        ("lot", "ünder"),
        ("product_class", "TOY"),
        ("quantity", 0),
        ("quantity", 2**32),
        ("expiry", "2026-09-20"),
        ("expiry", "2028-02-30"),
        ("manufactured", "yesterday"),
    ],
)
def test_a_bad_value_names_row_and_column(column: str, value: object) -> None:
    error = refusal(**{column: value})
    assert (error.field, error.position) == (column, 2)


def test_the_same_batch_twice_in_one_file_is_refused() -> None:
    error = refusal(lot="FIRST")
    assert (error.field, error.position) == ("lot", 2)
    assert "repeats row 1" in error.detail


def test_whence_the_serial_numbers_come_is_read_and_the_root_left_to_whoever_has_them() -> None:
    plain, generated, from_file = read(
        GOOD, GOOD | {"lot": "L2", "serials": "generate"}, GOOD | {"lot": "L3", "serials": " units/l3.xml "}
    )
    assert [row.serials for row in (plain, generated, from_file)] == ["", "generate", "units/l3.xml"]
    assert {row.registration.unit_root for row in (plain, generated, from_file)} == {bytes(32)}
