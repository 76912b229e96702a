from __future__ import annotations

from datetime import date

import pytest

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import Code, bracketed, canonical, digital_link, element_string, parse_code

TODAY = date(2026, 3, 1)
GTIN = "09520123456788"
SSCC = "106141412345678908"
LABEL = (
    ("01", GTIN),
    ("10", "ABC123"),
    ("21", "S1/2"),
    ("17", "270331"),
    ("91", "Ab-_5678"),
    ("92", "c2ln"),
)


def read(text: str, *hosts: str) -> Code:
    return parse_code(text, today=TODAY, hosts=hosts)


def refusal(text: str) -> InvalidCodeError:
    with pytest.raises(InvalidCodeError) as caught:
        read(text)
    return caught.value


def rule(text: str) -> tuple[object, int | None]:
    error = refusal(text)
    return error.evidence["rule"], error.position


def test_a_label_link_gives_every_field() -> None:
    link = digital_link(LABEL, "lotproof.example")
    assert link == f"https://lotproof.example/01/{GTIN}/10/ABC123/21/S1%2F2?17=270331&91=Ab-_5678&92=c2ln"
    code = read(link, "lotproof.example")
    assert code == Code(
        gtin=GTIN,
        lot="ABC123",
        serial="S1/2",
        expiry=date(2027, 3, 31),
        sscc=None,
        label_key="Ab-_5678",
        label_signature="c2ln",
        elements=LABEL,
        form="digital_link",
        host="lotproof.example",
        host_known=True,
        notes=(),
        canonical=f"01{GTIN}10ABC123\x1d1727033121S1/2",
    )


def test_the_canonical_string_is_the_same_for_every_form_of_one_label() -> None:
    forms = [digital_link(LABEL, "a.example"), element_string(LABEL), bracketed(LABEL)]
    assert {read(form).canonical for form in forms} == {canonical(LABEL)}
    assert {read(form).form for form in forms} == {"digital_link", "element_string", "bracketed"}


def test_the_canonical_string_keeps_the_expiry_as_printed() -> None:
    assert read(f"(17)270300(01){GTIN}").canonical == f"01{GTIN}17270300"
    assert read(f"(17)270300(01){GTIN}").expiry == date(2027, 3, 31)


@pytest.mark.parametrize("symbol", ["]d2", "]Q3", "]C1", "]e0", "]J1", "", "\x1d", "]d1", "]Q1"])
def test_an_element_string_is_read_from_every_symbol(symbol: str) -> None:
    code = read(f"{symbol}01{GTIN}1727033110ABC\x1d21S1")
    assert (code.gtin, code.lot, code.serial, code.form) == (GTIN, "ABC", "S1", "element_string")


@pytest.mark.parametrize("stand_in", ["{GS}", "^", "␝", "<GS>", "[GS]"])
def test_a_scanners_stand_in_for_the_separator_is_read_and_noted(stand_in: str) -> None:
    code = read(f"01{GTIN}10ABC{stand_in}21S1")
    assert (code.lot, code.serial) == ("ABC", "S1")
    assert code.notes == (f"{stand_in} was read as the separator FNC1",)


def test_a_name_in_brackets_is_data_where_a_real_separator_stands() -> None:
    code = read(f"01{GTIN}10A<GS>B\x1d21S1")
    assert (code.lot, code.serial, code.notes) == ("A<GS>B", "S1", ())


def test_positions_count_in_the_text_as_scanned_across_stand_ins() -> None:
    assert rule(f"  ]d201{GTIN}10A{{GS}}17271331") == ("illegal_month", 32)


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("96385074", "00000096385074"),
        ("614141000036", "00614141000036"),
        ("9520123456788", GTIN),
        (GTIN, GTIN),
        ("]E09520123456788", GTIN),
        ("]E496385074", "00000096385074"),
        ("]I109520123456788", GTIN),
        (f" {GTIN}\r\n", GTIN),
    ],
)
def test_a_gtin_alone_is_read_and_lacks_its_lot(text: str, gtin: str) -> None:
    code = read(text)
    assert (code.gtin, code.lot, code.form, code.canonical) == (gtin, None, "gtin", f"01{gtin}")


@pytest.mark.parametrize("text", [SSCC, f"00{SSCC}"])
def test_an_sscc_alone_is_read(text: str) -> None:
    code = read(text)
    assert (code.sscc, code.gtin, code.form, code.canonical) == (SSCC, None, "sscc", "")


def test_a_consignment_link_gives_its_sscc() -> None:
    code = read(f"https://lotproof.example/00/{SSCC}", "LOTPROOF.example")
    assert (code.sscc, code.form, code.host_known) == (SSCC, "digital_link", True)


def test_a_symbol_marked_as_gs1_may_lack_a_key() -> None:
    code = read("]C1400ORDER")
    assert (code.elements, code.gtin, code.sscc, code.canonical) == ((("400", "ORDER"),), None, None, "")


def test_a_composite_symbol_joins_both_of_its_parts() -> None:
    code = read("]E09520123456788|]e010ABC\x1d21S1")
    assert (code.gtin, code.lot, code.serial, code.form) == (GTIN, "ABC", "S1", "element_string")


def test_a_foreign_host_is_named_but_not_known() -> None:
    code = read(f"https://evil.example:8443/01/{GTIN}", "lotproof.example")
    assert (code.gtin, code.host, code.host_known) == (GTIN, "evil.example:8443", False)


def test_a_code_without_host_has_no_known_host() -> None:
    assert not read(GTIN, "lotproof.example").host_known


def test_capitals_of_a_links_scheme_and_host_mean_the_same() -> None:
    code = read(f"HTTPS://LOTPROOF.EXAMPLE/01/{GTIN}/10/ABC", "lotproof.example")
    assert (code.lot, code.host_known, code.notes) == ("ABC", True, ())


def test_a_semicolon_separates_parameters_of_a_link_too() -> None:
    code = read(f"https://a.example/01/{GTIN}?17=270331;91=key&linkType=gs1:pip;;x")
    assert (code.expiry, code.label_key) == (date(2027, 3, 31), "key")
    assert [note.split()[3] for note in code.notes] == ["'linkType'", "'x'"]


def test_a_parameters_name_may_be_percent_coded() -> None:
    assert read(f"https://a.example/01/{GTIN}?%317=270331").expiry == date(2027, 3, 31)


def test_a_repeated_identifier_with_one_value_is_harmless() -> None:
    assert read(f"(01){GTIN}(10)A(10)A").lot == "A"


@pytest.mark.parametrize(
    ("text", "broken", "position"),
    [
        ("", "empty", 0),
        ("  \r\n", "empty", 0),
        ("]d2", "empty", 3),
        ("]d1", "empty", 3),
        ("\x1d", "empty", 1),
        ("0" * 2049, "too_long", 2048),
        ("hello", "not_gs1", 0),
        ("\x00", "not_gs1", 0),
        ("ftp://a/01/" + GTIN, "scheme", 0),
        ("HtTpS://a/01/" + GTIN, "scheme", 0),
        ("]X9123", "symbology", 0),
        ("]E0952012345678", "wrong_length", 15),
        ("9520123456787", "incorrect_check_digit", 12),
        ("95201234567", "wrong_length", 11),
        ("106141412345678907", "incorrect_check_digit", 17),
        ("00106141412345678907", "incorrect_check_digit", 19),
        ("10ABC", "no_key", 0),
        (f"01{GTIN}89X", "unknown_ai", 16),
        (f"01{GTIN}\x1d\x1d10A", "unknown_ai", 17),
        (f"(01){GTIN}(89)X", "unknown_ai", 19),
        (f"(01){GTIN}(10", "bracket_missing", 18),
        (f"(01){GTIN}(10)", "value_too_short", 22),
        (f"(01){GTIN}(10){'A' * 21}", "value_too_long", 42),
        (f"(01){GTIN}(10)A B", "invalid_cset82_character", 23),
        (f"(01){GTIN}(10)A(10)B", "repeated_ai", 23),
        (f"(01){GTIN}(37)5", "excluded_ai", 0),
        ("(21)S1", "required_ai_missing", 0),
        ("(10)A", "required_ai_missing", 0),
        (f"(01){GTIN}(17)270230", "illegal_day", 26),
        (f"(01){GTIN}(7003)2703312430", "illegal_hour", 30),
        ("400ORDER", "no_key", 0),
        ("(253)9520123456788(8030)AB", "signed_key_without_serial", 0),
        ("(7007)270331270", "value_too_short", 15),
        (f"https://a/01/{GTIN}/21/S/10/L", "qualifier_order", 28),
        (f"https://a/gtin/{GTIN}", "short_name", 10),
        ("https://a/x/y", "no_key", 10),
        ("https://a", "no_key", 9),
        ("https:///01/" + GTIN, "invalid_host", 8),
        ("https://user@a/01/" + GTIN, "invalid_host", 12),
        (f"https://a/01/{GTIN}/10/A B", "invalid_uri_character", 32),
        (f"https://a/01/{GTIN}?10=A", "not_an_attribute", 28),
        (f"https://a/01/{GTIN}?999=A", "unknown_ai", 28),
        (f"https://a/01/{GTIN}?17=", "value_too_short", 31),
        (f"https://a/01/{GTIN}?99=A&99=A", "repeated_ai", 33),
        (f"https://a/01/{GTIN}/10/A%5eB", "invalid_cset82_character", 32),
        (f"https://a/01/{GTIN}/10/%41%5eB", "invalid_cset82_character", 34),
    ],
)
def test_what_is_malformed_is_refused_by_rule_and_position(text: str, broken: str, position: int) -> None:
    assert rule(text) == (broken, position)


def test_a_wrong_check_digit_is_told_with_the_right_one() -> None:
    error = refusal("9520123456783")
    assert error.detail == "(01) GTIN has check digit 3, which should be 8."
    assert error.advice == "Scan the code again, or type it as printed."
    assert (error.field, error.evidence["ai"]) == ("code", "01")


def test_a_leap_day_of_a_century_without_one_is_refused_where_it_stands() -> None:
    late = date(2098, 1, 1)
    with pytest.raises(InvalidCodeError) as caught:
        parse_code(f"(01){GTIN}(17)000229", today=late)
    assert (caught.value.evidence["rule"], caught.value.position) == ("illegal_day", 26)


def test_the_refusal_of_a_value_too_long_says_how_to_keep_the_separator() -> None:
    error = refusal(f"01{GTIN}10ABC12345672127033121SERIAL1")
    assert error.evidence["rule"] == "value_too_long"
    assert "{GS}" in error.advice
