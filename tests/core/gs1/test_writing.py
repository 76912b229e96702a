"""What is written is valid and is read back as it was meant."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, strategies

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import (
    bracketed,
    check_digit,
    digital_link,
    element_string,
    format_gs1_date,
    gln13,
    gs1_date,
    gtin14,
    parse_code,
    sscc18,
)
from ledger.core.gs1.lint.charsets import CSET82_ORDER

TODAY = date(2026, 3, 1)
gtins = strategies.from_regex("[0-9]{13}", fullmatch=True).map(lambda digits: f"{digits}{check_digit(digits)}")
texts = strategies.text(CSET82_ORDER, min_size=1, max_size=20)
days = strategies.dates(date(1977, 1, 1), date(2075, 12, 31))


@strategies.composite
def labels(draw: strategies.DrawFn) -> tuple[tuple[str, str], ...]:
    """Draw what a label may carry: GTIN, and lot, serial, expiry, key and signature or not."""
    pairs = [("01", draw(gtins))]
    for ai in ("10", "21", "17", "91", "92"):
        if draw(strategies.booleans()):
            value = format_gs1_date(draw(days)) if ai == "17" else draw(texts)
            pairs.append((ai, value))
    return tuple(pairs)


def rule(write: object) -> object:
    with pytest.raises(InvalidCodeError) as caught:
        write()  # type: ignore[operator]  # each case is a function
    return caught.value.evidence["rule"]


@given(labels())
def test_every_form_of_a_label_is_read_back_exactly(label: tuple[tuple[str, str], ...]) -> None:
    for form in (digital_link(label, "lotproof.example"), "]d2" + element_string(label), bracketed(label)):
        code = parse_code(form, today=TODAY, hosts=["lotproof.example"])
        assert dict(code.elements) == dict(label)
        assert parse_code("]d2" + element_string(code.elements), today=TODAY).elements == code.elements


@given(gtins)
def test_gtins_of_every_length_become_fourteen_digits(gtin: str) -> None:
    assert gtin14(gtin) == gtin
    assert parse_code(gtin, today=TODAY).gtin == gtin


@given(days)
def test_a_day_within_the_window_is_read_back(day: date) -> None:
    assert gs1_date(format_gs1_date(day), TODAY) == day


@pytest.mark.parametrize(
    ("text", "today", "day"),
    [
        ("760531", date(2026, 1, 1), date(2076, 5, 31)),  # 50 years ahead
        ("770531", date(2026, 1, 1), date(1977, 5, 31)),  # 51 ahead: the century before
        ("000531", date(2049, 1, 1), date(2000, 5, 31)),  # 49 behind
        ("000531", date(2050, 1, 1), date(2100, 5, 31)),  # 50 behind: the century after
        ("240200", TODAY, date(2024, 2, 29)),
        ("250200", TODAY, date(2025, 2, 28)),
    ],
)
def test_a_two_digit_year_slides_with_today(text: str, today: date, day: date) -> None:
    assert gs1_date(text, today) == day


def test_a_malformed_date_is_refused_where_it_breaks() -> None:
    with pytest.raises(InvalidCodeError, match="month 13") as caught:
        gs1_date("271331", TODAY)
    assert (caught.value.evidence["rule"], caught.value.position) == ("illegal_month", 2)


def test_keys_are_checked() -> None:
    assert sscc18("106141412345678908") == "106141412345678908"
    assert gln13("9520123456788") == "9520123456788"
    assert rule(lambda: sscc18("10614141234567890")) == "wrong_length"
    assert rule(lambda: gln13("9520123456780")) == "incorrect_check_digit"
    assert rule(lambda: gtin14("952012345678O")) == "non_digit_character"
    assert rule(lambda: gtin14("²2345678")) == "foreign_digit"


def test_a_link_keeps_its_stem_and_puts_predefined_lengths_first() -> None:
    pairs = [("91", "k"), ("01", "09520123456788"), ("17", "270331"), ("10", "A")]
    assert (
        digital_link(pairs, "http://127.0.0.1:8000/x/")
        == "http://127.0.0.1:8000/x/01/09520123456788/10/A?17=270331&91=k"
    )


@pytest.mark.parametrize("host", ["", "a b", "https://", "user@host", "https:///x"])
def test_a_link_needs_a_host(host: str) -> None:
    assert rule(lambda: digital_link([("01", "09520123456788")], host)) == "invalid_host"


def test_nothing_invalid_is_written() -> None:
    assert rule(lambda: element_string([])) == "empty"
    assert rule(lambda: element_string([("21", "S")])) == "required_ai_missing"
    assert rule(lambda: element_string([("89", "S")])) == "unknown_ai"
    assert rule(lambda: element_string([("01", "09520123456788"), ("10", "A\x1d21B")])) == "invalid_cset82_character"
    assert rule(lambda: bracketed([("01", "09520123456780")])) == "incorrect_check_digit"
    assert rule(lambda: digital_link([("99", "X")], "a.example")) == "no_key"
    assert rule(lambda: digital_link([("01", "09520123456788"), ("8200", "X")], "a.example")) == "not_an_attribute"
