"""Declaration files: good rows become lines, bad ones faults that name row and column; docs tell every field."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.customs.declaration import FIELDS, OPTIONAL, REQUIRED, DeclarationLine
from ledger.core.customs.reading import read_lines
from ledger.core.customs.signals import SIGNALS
from ledger.core.errors import InvalidInputError

PAGE = (Path(__file__).parents[3] / "docs" / "customs.md").read_text(encoding="utf-8")
ROW: dict[str, Any] = {
    "declaration_id": "26BE001",
    "acceptance_date_time": "2026-11-02T09:30:00+07:00",
    "declaration_office_id": "thlch",
    "sequence_numeric": "2",
    "classification_id": "3002.41.0010",
    "origin_country_code": "be",
    "loading_location_id": "BE ANR",
    "itinerary_id": "SGSIN my pkg",
    "unloading_location_id": "THLCH",
    "gross_mass_measure": "120.5",
    "net_net_weight_measure": "100",
    "customs_value_amount": "5000.00",
    "currency_id": "eur",
    "importer_id": "0105551234567",
    "exporter_id": "5413868000009",
    "gtin": "5413868000016",
    "lot": "AB12",
    "sscc": "054138680000000016",
    "tariff_quantity": "400",
}
ROW |= {"itinerary_id": "SGSIN MYPKG"}


def read_csv(*rows: dict[str, Any]) -> list[DeclarationLine | InvalidInputError]:
    file = io.StringIO()
    writer = csv.DictWriter(file, list({name: None for row in rows for name in row}))
    writer.writeheader()
    writer.writerows(rows)
    return list(read_lines(file.getvalue().encode(), as_json=False))


def read_json(*rows: dict[str, Any]) -> list[DeclarationLine | InvalidInputError]:
    return list(read_lines(json.dumps(rows).encode(), as_json=True))


def the_line(row: dict[str, Any]) -> DeclarationLine:
    (line,) = read_csv(row)
    assert isinstance(line, DeclarationLine), line
    return line


def test_a_row_becomes_a_line_in_the_units_that_are_compared() -> None:
    line = the_line(ROW)
    assert line.acceptance_date_time == 1793586600
    assert (line.declaration_office_id, line.country, line.hs6) == ("THLCH", "TH", "300241")
    assert line.route == ("BEANR", "SGSIN", "MYPKG", "THLCH")
    assert (line.gross_mass_measure, line.customs_value_amount, line.currency_id) == (120.5, 5000.0, "EUR")
    assert (line.gtin, line.lot, line.sscc, line.tariff_quantity) == ("05413868000016", "AB12", ROW["sscc"], 400)
    assert line.consignee == line.importer_id == "0105551234567"
    assert (line.version_id, line.arrival_date_time, line.mode_code) == (1, 0, "")
    assert line.names_goods


def test_csv_and_json_read_alike_and_json_may_hold_numbers_and_lists() -> None:
    changes = {"sequence_numeric": 2, "gross_mass_measure": 120.5, "itinerary_id": ["SGSIN", "MYPKG"]}
    assert read_csv(ROW) == read_json(ROW) == read_json(ROW | changes | {"tariff_quantity": 400})


def test_ten_thousand_lines_with_every_field_are_one_json_file() -> None:
    whole = {name: ROW.get(name, "") for name in (*REQUIRED, *OPTIONAL)} | {"description": "x" * 100}
    text = json.dumps([whole | {"sequence_numeric": number} for number in range(1, 10_001)]).encode()
    assert len(text) > 8_000_000
    numbers = [each.sequence_numeric for each in read_lines(text, as_json=True) if isinstance(each, DeclarationLine)]
    assert numbers == list(range(1, 10_001))


def test_optional_fields_are_read() -> None:
    more = {
        "version_id": "3",
        "mode_code": "1",
        "arrival_date_time": "2026-11-05T00:00:00Z",
        "export_country_id": "NL",
        "consignee_id": "8888888800002",
        "carrier_id": "C1",
        "description": "Vaccin, 10 doses",
    }
    line = the_line(ROW | more)
    assert (line.version_id, line.mode_code, line.arrival_date_time) == (3, "1", 1793836800)
    assert (line.export_country_id, line.consignee, line.carrier_id) == ("NL", "8888888800002", "C1")
    assert line.description == "Vaccin, 10 doses"


def test_a_line_needs_no_reference_and_then_no_quantity() -> None:
    line = the_line(
        {name: value for name, value in ROW.items() if name in REQUIRED} | {"acceptance_date_time": "2026-11-02"}
    )
    assert not line.names_goods
    assert (line.tariff_quantity, line.acceptance_date_time) == (0, 1793577600)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        *((name, "", "is missing") for name in REQUIRED),
        ("declaration_id", "x" * 36, "at most 35"),
        ("exporter_id", "a\x07b", "printable"),
        ("version_id", "0", "whole number"),
        ("sequence_numeric", "1.5", "whole number"),
        ("acceptance_date_time", "2026-11-02T09:30:00", "with its zone"),
        ("acceptance_date_time", "02.11.2026", "a date such as"),
        ("acceptance_date_time", "1950-01-01", "a date such as"),
        ("acceptance_date_time", "0001-01-01T00:00:00+14:00", "a date such as"),
        ("arrival_date_time", "2026-11-05", "a time with its zone"),
        ("declaration_office_id", "XX123", "two letters"),
        ("declaration_office_id", "TH_1", "office"),
        ("classification_id", "30024", "leading zero"),
        ("classification_id", "3002", "6 to 12 digits."),
        ("classification_id", "٣٠٠٢٤١", "6 to 12 digits"),
        ("origin_country_code", "Belgium", "two-letter"),
        ("export_country_id", "QQ", "two-letter"),
        ("loading_location_id", "Antwerp", "UN/LOCODE"),
        ("unloading_location_id", "XXABC", "UN/LOCODE"),
        ("itinerary_id", "SGSIN nowhere", "'nowhere' is not a UN/LOCODE"),
        ("itinerary_id", "SGSIN " * 100, "more than 99"),
        ("mode_code", "sea", "none of 0, 1"),
        ("gross_mass_measure", "1,200", "number above 0"),
        ("gross_mass_measure", "0", "number above 0"),
        ("customs_value_amount", "-5", "number above 0"),
        ("customs_value_amount", "9999999999999999", "number above 0"),
        ("net_net_weight_measure", "121", "more than the gross mass"),
        ("currency_id", "EURO", "ISO 4217"),
        ("gtin", "5413868000017", "check digit"),
        ("gtin", "", "is missing"),
        ("lot", "", "is missing"),
        ("lot", "AB#12", "lot"),
        ("sscc", "054138680000000017", "check digit"),
        ("tariff_quantity", "", "says how many units"),
        ("tariff_quantity", "4294967296", "whole number"),
    ],
)
def test_a_bad_value_is_named_by_row_and_column(column: str, value: str, words: str) -> None:
    first, fault, last = read_csv(ROW, ROW | {column: value}, ROW)
    assert isinstance(fault, InvalidInputError), fault
    assert (fault.field, fault.position) == (column, 2)
    assert fault.detail.startswith(f"Row 2, column {column}: ")
    assert words in fault.detail
    assert "The other lines were kept" in fault.advice
    assert first == last
    assert isinstance(first, DeclarationLine)


def test_a_row_with_a_column_that_is_not_known_is_left_out_alone() -> None:
    good, bad = read_json(ROW, ROW | {"colour": "red"})
    assert isinstance(good, DeclarationLine)
    assert isinstance(bad, InvalidInputError)
    assert (bad.field, bad.position) == ("colour", 2)


@pytest.mark.parametrize(("text", "as_json"), [(b"", False), (b"{}", True), (b"\xff", False), (b"a,b\n1,2\n", False)])
def test_a_file_that_is_no_declaration_file_is_refused_whole(text: bytes, as_json: bool) -> None:
    with pytest.raises(InvalidInputError):
        list(read_lines(text, as_json=as_json))


@given(st.dictionaries(st.sampled_from([*REQUIRED, *OPTIONAL]), st.text() | st.integers() | st.none() | st.floats()))
def test_whatever_a_row_holds_it_is_a_line_or_a_fault_that_names_a_column(changes: dict[str, Any]) -> None:
    (found,) = read_lines(json.dumps([ROW | changes]).encode(), as_json=True)
    if isinstance(found, InvalidInputError):
        assert found.position == 1
        assert found.field in {*REQUIRED, *OPTIONAL}
    else:
        assert found.net_net_weight_measure <= found.gross_mass_measure


# The page


def test_the_page_tells_every_field_with_its_path_in_the_data_model() -> None:
    told = re.findall(r"^\| `(\w+)` \| (yes|) \| `([^`]+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert told == [(each.name, "yes" if each.required else "", each.path, each.means) for each in FIELDS]


def test_the_page_tells_every_signal_with_its_weight_and_source() -> None:
    told = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\d+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert told == [(name, each.family, str(each.weight), each.means, each.source) for name, each in SIGNALS.items()]


def test_every_field_of_a_line_is_a_column() -> None:
    assert DeclarationLine._fields == tuple(field.name for field in FIELDS)
