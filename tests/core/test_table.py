"""Rows of files that people make."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import InvalidInputError
from ledger.core.table import MAX_BYTES, MAX_ROWS, csv_cell, read_rows

REQUIRED = ("lot", "quantity")
OPTIONAL = ("expiry",)


def rows(text: str | bytes, *, as_json: bool = False) -> list[dict[str, object]]:
    raw = text.encode() if isinstance(text, str) else text
    return [row.values for row in read_rows(raw, REQUIRED, OPTIONAL, as_json=as_json)]


def refusal(text: str | bytes, *, as_json: bool = False) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        rows(text, as_json=as_json)
    return caught.value


def test_csv_rows_are_read_in_order_and_a_byte_order_mark_is_no_column() -> None:
    assert rows("\ufefflot,quantity\nA,1\nB,2\n") == [{"lot": "A", "quantity": "1"}, {"lot": "B", "quantity": "2"}]


def test_json_rows_are_read_in_order() -> None:
    assert rows('[{"lot": "A", "quantity": 3}]', as_json=True) == [{"lot": "A", "quantity": 3}]


def test_a_missing_column_is_named() -> None:
    error = refusal("lot\nA\n")
    assert (error.field, error.position) == ("quantity", 0)


def test_an_unknown_column_is_named_with_its_row() -> None:
    error = refusal('[{"lot": "A", "quantity": 1}, {"lot": "B", "colour": "red"}]', as_json=True)
    assert (error.field, error.position) == ("colour", 2)


def test_a_cell_beyond_the_last_column_is_refused() -> None:
    assert refusal("lot,quantity\nA,1,surplus\n").field == "(beyond the last column)"


def test_a_broken_quote_names_the_line() -> None:
    assert "Line 2" in refusal('lot,quantity\n"A"x,1\n').detail


def test_an_empty_file_is_refused_in_both_forms() -> None:
    assert "no rows" in refusal("lot,quantity\n").detail
    assert "no rows" in refusal("[]", as_json=True).detail
    assert refusal("").field == "lot"


def test_what_is_not_utf8_names_the_byte() -> None:
    error = refusal(b"lot,quantity\nA\xff,1\n")
    assert error.position == len("lot,quantity\nA")


def test_too_large_a_file_is_refused_before_it_is_parsed() -> None:
    assert "bytes" in refusal(b"x" * (MAX_BYTES + 1)).detail


def test_too_many_rows_are_refused() -> None:
    assert "rows" in refusal("lot,quantity\n" + "A,1\n" * (MAX_ROWS + 1)).detail


@pytest.mark.parametrize("text", ["{}", "[1]", "[", "[" * 100_000])
def test_json_that_is_no_list_of_objects_is_refused(text: str) -> None:
    assert refusal(text, as_json=True).field == "file"


def test_a_key_that_stands_twice_is_refused() -> None:
    assert refusal('[{"lot": "A", "lot": "B", "quantity": 1}]', as_json=True).field == "lot"


def test_values_are_trimmed_and_missing_ones_named() -> None:
    (row,) = read_rows(b"lot,quantity,expiry\n A ,, \n", REQUIRED, OPTIONAL, as_json=False)
    assert row.text("lot") == "A"
    assert row.optional("expiry") == ""
    with pytest.raises(InvalidInputError, match="Row 1, column quantity: is missing"):
        row.text("quantity")


def test_a_truth_value_is_no_number() -> None:
    (row,) = read_rows(b'[{"lot": "A", "quantity": true}]', REQUIRED, OPTIONAL, as_json=True)
    with pytest.raises(InvalidInputError, match="is missing"):
        row.whole("quantity", 10)


@given(st.integers(1, 1000))
def test_whole_numbers_within_the_limit_are_read(number: int) -> None:
    (row,) = read_rows(json.dumps([{"lot": "A", "quantity": number}]).encode(), REQUIRED, OPTIONAL, as_json=True)
    assert row.whole("quantity", 1000) == number


@pytest.mark.parametrize("text", ["0", "1001", "-1", "1.0", "٣", "1e2", "99999999999"])
def test_what_is_no_whole_number_within_the_limit_is_refused(text: str) -> None:
    (row,) = read_rows(f"lot,quantity\nA,{text}\n".encode(), REQUIRED, OPTIONAL, as_json=False)
    with pytest.raises(InvalidInputError) as caught:
        row.whole("quantity", 1000)
    assert caught.value.field == "quantity"


def test_days_become_numbers_and_may_be_missing() -> None:
    (row,) = read_rows(b"lot,quantity,expiry\nA,1,2027-03-31\n", REQUIRED, OPTIONAL, as_json=False)
    assert row.day("expiry") == 20270331
    (row,) = read_rows(b"lot,quantity,expiry\nA,1,\n", REQUIRED, OPTIONAL, as_json=False)
    assert row.day("expiry", needed=False) == 0


@pytest.mark.parametrize("text", ["2027-02-30", "31.03.2027", "2027-3-1", "soon"])
def test_what_is_no_date_is_refused(text: str) -> None:
    (row,) = read_rows(f"lot,quantity,expiry\nA,1,{text}\n".encode(), REQUIRED, OPTIONAL, as_json=False)
    with pytest.raises(InvalidInputError, match="is not a date such as"):
        row.day("expiry")


@pytest.mark.parametrize("text", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_a_text(text: str) -> None:
    assert csv_cell(text) == "'" + text


@pytest.mark.parametrize("value", ["(01)09506000134352", "]d2010950", "", "a=1", None, -1])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert csv_cell(value) == value


def test_json_that_nests_or_swells_is_refused_unread() -> None:
    assert "deeper than 16" in refusal("[" * 17 + "]" * 17, as_json=True).detail
    assert "far more values" in refusal("[" + "1," * 60_000 + "1]", as_json=True).detail
