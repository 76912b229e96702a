"""Organisation files."""

from __future__ import annotations

import json

import pytest

from ledger.accredit import OrganisationRow, read_organisations
from ledger.core.errors import InvalidInputError
from ledger.core.vocabulary import Role

GOOD = {
    "name": "Example Wholesale",
    "country": "SG",
    "roles": "wholesaler carrier",
    "gln": "9529900000008",
    "prefixes": "9521301 9521302",
    "admin_key": "example",
}


def test_a_row_becomes_the_organisation_it_asks_for() -> None:
    header = ",".join(GOOD)
    text = f"{header}\n{','.join(GOOD.values())}\n".encode()
    expected = OrganisationRow(
        "Example Wholesale",
        "SG",
        Role.WHOLESALER | Role.CARRIER,
        9529900000008,
        ("9521301", "9521302"),
        "example",
        0,
    )
    assert read_organisations(text, as_json=False) == [expected]


def test_an_amendment_needs_no_key() -> None:
    row = {name: value for name, value in GOOD.items() if name not in ("admin_key", "gln")} | {"number": 12}
    (read,) = read_organisations(json.dumps([row]).encode(), as_json=True)
    assert (read.number, read.admin_key, read.gln) == (12, "", 0)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", "x" * 121),
        ("name", ""),
        ("country", "Singapore"),
        ("country", "sg"),
        ("roles", "SMUGGLER"),
        ("gln", "9529900000009"),
        ("prefixes", "12"),
        ("prefixes", "95213x1"),
        ("admin_key", ""),
        ("number", "-3"),
    ],
)
def test_a_bad_value_names_row_and_column(column: str, value: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_organisations(json.dumps([GOOD | {column: value}]).encode(), as_json=True)
    assert (caught.value.field, caught.value.position) == (column, 1)
