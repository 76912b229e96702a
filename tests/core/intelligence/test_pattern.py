"""What an indicator looks for is read strictly, and goes to STIX and back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import InvalidInputError
from ledger.core.intelligence import stix
from ledger.core.intelligence.matching import (
    MOST_WRITTEN,
    document_keys,
    goods_keys,
    matches,
    organisation_keys,
    pack_keys,
    route_keys,
    written_in,
)
from ledger.core.intelligence.pattern import Pattern, company_keys, read_pattern, written_key

GTIN = "05413868000016"
GLN = "5413868000009"
GOOD = [
    {"kind": "lot", "lot": "AB12"},
    {"kind": "lot", "lot": "AB12", "gtin": GTIN},
    {"kind": "gtin", "gtin": GTIN},
    {"kind": "serials", "gtin": GTIN, "first": "A1", "last": "A9"},
    {"kind": "certificate", "number": "CE 0123/É"},
    {"kind": "company", "name": "Maker's \\ [Co] & more"},
    {"kind": "company", "gln": GLN},
    {"kind": "route", "from": "BEANR", "to": "SGSIN"},
    {"kind": "seal", "number": "S-1 AND 'x'"},
    {"kind": "feature", "text": "blue cap, no notch"},
]


@pytest.mark.parametrize("told", GOOD)
def test_a_pattern_is_read_and_written_as_it_was(told: dict[str, str]) -> None:
    pattern = read_pattern(told)
    assert pattern.to_json() == told
    assert stix.parse_pattern(stix.write_pattern(pattern), "pattern") == pattern
    assert pattern.lookups()


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ([], "pattern"),
        ({}, "pattern.kind"),
        ({"kind": "colour"}, "pattern.kind"),
        ({"kind": "lot"}, "pattern.lot"),
        ({"kind": "lot", "lot": ""}, "pattern.lot"),
        ({"kind": "lot", "lot": "x" * 21}, "pattern.lot"),
        ({"kind": "lot", "lot": "é"}, "pattern.lot"),
        ({"kind": "lot", "lot": 5}, "pattern.lot"),
        ({"kind": "lot", "lot": "A", "seal": "B"}, "pattern"),
        ({"kind": "gtin", "gtin": GTIN[:-1] + "0"}, "pattern.gtin"),
        ({"kind": "gtin", "gtin": "٠" * 14}, "pattern.gtin"),
        ({"kind": "gtin", "gtin": "0"}, "pattern.gtin"),
        ({"kind": "gtin", "gtin": 5}, "pattern.gtin"),
        ({"kind": "serials", "gtin": GTIN, "first": "A9", "last": "A1"}, "pattern.last"),
        ({"kind": "serials", "gtin": GTIN, "first": "A1", "last": "A10"}, "pattern.last"),
        ({"kind": "company", "name": "&&&"}, "pattern.name"),
        ({"kind": "company"}, "pattern.name"),
        ({"kind": "company", "name": "x", "gln": GLN}, "pattern.name"),
        ({"kind": "company", "gln": "123"}, "pattern.gln"),
        ({"kind": "company", "gln": GLN[:-1] + "0"}, "pattern.gln"),
        ({"kind": "company", "gln": 5}, "pattern.gln"),
        ({"kind": "route", "from": "BEANR", "to": "BEANR"}, "pattern.to"),
        ({"kind": "route", "from": "beanr", "to": "SGSIN"}, "pattern.from"),
        ({"kind": "route", "from": 5, "to": "SGSIN"}, "pattern.from"),
        ({"kind": "seal", "number": " "}, "pattern.number"),
        ({"kind": "seal", "number": "x" * 121}, "pattern.number"),
        ({"kind": "seal", "number": "a\nb"}, "pattern.number"),
        ({"kind": "seal", "number": None}, "pattern.number"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(told: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_pattern(told)
    assert caught.value.field == field


def pattern(**told: str) -> Pattern:
    return read_pattern(told)


def test_a_range_covers_serial_numbers_of_its_length() -> None:
    within = pattern(kind="serials", gtin=GTIN, first="A10", last="A20")
    assert [serial for serial in ("A09", "A10", "A15", "A20", "A21", "A1", "A100", "") if within.covers(serial)] == [
        "A10",
        "A15",
        "A20",
    ]
    assert matches(within, "A15")
    assert not matches(within, "B15")
    assert matches(pattern(kind="gtin", gtin=GTIN), "")


def test_goods_share_a_key_with_what_looks_for_them() -> None:
    keys = set(pack_keys(GTIN, "AB12"))
    for told in GOOD[:4]:
        assert keys & set(read_pattern(told).lookups()), told
    assert not keys & set(pattern(kind="lot", lot="AB1").lookups())
    assert goods_keys("", "") == ()
    assert len(goods_keys("", "AB12")) == 2
    assert len(goods_keys(GTIN, "")) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Maker & Co", "MAKER CO.", True),
        ("Société Générale", "SOCIETE  generale", True),
        ("株式会社テスト", "株式会社テスト", True),
        ("Maker", "Marker", False),
    ],
)
def test_names_are_compared_however_they_are_written(one: str, other: str, *, same: bool) -> None:
    assert (company_keys(one, "") == company_keys(other, "")) is same
    assert company_keys("!!", GLN) == (f"gln:{GLN}",)


def test_routes_lead_somewhere() -> None:
    assert route_keys("BEANR", "SGSIN") == pattern(kind="route", **{"from": "BEANR", "to": "SGSIN"}).lookups()
    assert route_keys("BEANR", "BEANR") == route_keys("", "SGSIN") == route_keys("BEANR", "") == ()


def test_nobody_has_no_keys() -> None:
    assert organisation_keys(None) == ()


def test_every_text_of_a_document_is_a_key_up_to_a_bound() -> None:
    document = b'{"a":"x","b":["y",{"c":"z"}],"d":5,"e":"' + b"w" * 121 + b'"}'
    assert document_keys(document) == tuple(map(written_key, ("x", "y", "z")))
    many = b"[" + b",".join(b'"%d"' % number for number in range(MOST_WRITTEN + 9)) + b"]"
    assert len(document_keys(many)) == MOST_WRITTEN
    assert written_in('{"a":"É\\""}'.encode(), 'É"')
    assert not written_in(b'{"a":"xy"}', "x")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for wanted in ("[{}]", "[x-lotproof-seal:number = '{}']", "{}"):
        try:
            found = stix.parse_pattern(wanted.replace("{}", text), "pattern")
        except InvalidInputError:
            continue
        assert stix.parse_pattern(stix.write_pattern(found), "pattern") == found
