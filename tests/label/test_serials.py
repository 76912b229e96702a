"""A list of serial numbers is taken whole or not at all, and a bad line is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import InvalidInputError
from ledger.core.gs1.lint.charsets import CSET82_ORDER
from ledger.label.serials import MAX_BYTES, read_serials


@given(st.lists(st.text(alphabet=CSET82_ORDER, min_size=1, max_size=20), min_size=1, unique=True), st.booleans())
def test_every_list_of_serial_numbers_is_read_in_its_order(serials: list[str], windows: bool) -> None:
    end = "\r\n" if windows else "\n"
    assert read_serials((end.join(serials) + end).encode()) == serials
    assert read_serials(end.join(serials).encode()) == serials


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"A1\nA 2\nA3\n", 2, "character set 82"),
        (b"A1\n\nA3\n", 2, "SERIAL"),
        (b"A1\n" + b"x" * 21 + b"\n", 2, "1 to 20 characters"),
        (b"A1\nA2\nA1\n", 3, "repeats the serial number A1 of line 1"),
        ("A1\nA\u0661\n".encode(), 2, "SERIAL"),  # an Arabic-Indic digit
        (b"A1\nA2\n\xff\n", 3, "UTF-8"),
        (b"", None, "no serial numbers"),
        (b"\n", None, "no serial numbers"),
        (b"A\n" * (MAX_BYTES // 2 + 1), None, "110,000,000 bytes"),
    ],
)
def test_a_bad_line_is_named(content: bytes, line: int | None, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says) as refused:
        read_serials(content)
    assert (refused.value.field, refused.value.position) == ("serials", line)
    assert refused.value.advice


def test_the_secret_of_a_unit_list_is_never_printed() -> None:
    secret = "0x" + "ab" * 32
    assert read_serials(f"{secret}\nA1\nA2\n".encode()) == ["A1", "A2"]
    with pytest.raises(InvalidInputError, match="Line 3, 'A 2'"):
        read_serials(f"{secret}\nA1\nA 2\n".encode())


def test_the_mark_that_some_editors_put_first_is_passed_over() -> None:
    assert read_serials("\ufeffA1\n".encode()) == ["A1"]
