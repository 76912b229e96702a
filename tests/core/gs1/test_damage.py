"""Misreads by keyboards and hands are named, never repaired and never taken for another code."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import looks_like_damage, parse_code
from ledger.core.gs1.layouts import LAYOUTS, US

GTIN = "09520123456788"
LINK = f"https://lotproof.example/01/{GTIN}/10/ABC123?17=270331"
BRACKETED = f"(01){GTIN}(17)270331(10)ABC"


def refusal(text: str) -> InvalidCodeError:
    with pytest.raises(InvalidCodeError) as caught:
        parse_code(text, today=date(2026, 3, 1))
    return caught.value


def typed_on(layout: str, text: str) -> str:
    """Type what a scanner with a US keyboard sends on a computer with another layout."""
    return text.translate(str.maketrans(US, LAYOUTS[layout]))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("code", [LINK, BRACKETED, f"]d201{GTIN}10ABC"])
def test_a_code_typed_through_a_foreign_layout_is_refused_by_the_layouts_name(layout: str, code: str) -> None:
    error = refusal(typed_on(layout, code))
    assert error.evidence["rule"] == "keyboard_layout"
    assert layout in error.evidence["layouts"]
    assert layout in error.detail
    assert "Set the scanner's keyboard language" in error.advice
    assert layout in (looks_like_damage(typed_on(layout, code)) or "")


@pytest.mark.parametrize("layout", ["French (AZERTY)", "Belgian (AZERTY)", "Thai (Kedmanee)"])
def test_digits_alone_typed_through_a_layout_that_shifts_them_are_named(layout: str) -> None:
    error = refusal(typed_on(layout, GTIN))
    assert (error.evidence["rule"], error.evidence["layouts"]) == ("keyboard_layout", [layout])


def test_the_french_digit_row_is_known_even_with_a_wrong_check_digit() -> None:
    error = refusal("àç(éà&é\"'(-è_&")
    assert error.evidence == {"rule": "keyboard_layout", "layouts": ["French (AZERTY)"]}


def test_a_damaged_beginning_is_known_even_where_the_rest_is_broken_too() -> None:
    assert (
        refusal(typed_on("German (QWERTZ)", "https://lotproof.example/nothing")).evidence["rule"] == "keyboard_layout"
    )


@pytest.mark.parametrize("text", [f"]D201{GTIN}10ABC", f"]c101{GTIN}10ABC", f"]q301{GTIN}10ABC", f"]E001{GTIN}10ABC"])
def test_a_symbology_identifier_with_swapped_case_names_caps_lock(text: str) -> None:
    error = refusal(text)
    assert error.evidence == {"rule": "keyboard_layout", "layouts": ["Caps Lock"]}
    assert error.advice == "Turn Caps Lock off and scan again."


def test_small_letters_after_a_link_in_capitals_are_noted_as_caps_lock() -> None:
    text = f"HTTPS://LOTPROOF.EXAMPLE/01/{GTIN}/10/abc"
    code = parse_code(text, today=date(2026, 3, 1))
    assert code.lot == "abc"
    assert code.notes == (looks_like_damage(text),)
    assert "Caps Lock" in code.notes[0]


@pytest.mark.parametrize(
    "text", [LINK, BRACKETED, GTIN, f"]d201{GTIN}10ABC\x1d21S1", "9520123456783", "hello", "", "0" * 3000]
)
def test_nothing_points_to_damage_in_what_is_merely_right_or_wrong(text: str) -> None:
    assert looks_like_damage(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("952012345678\u0668", "Character 13 looks like 8 but is ARABIC-INDIC DIGIT EIGHT."),
        ("\uff19520123456788", "Character 1 looks like 9 but is FULLWIDTH DIGIT NINE."),
        (f"(01){GTIN}(10)\u041012", "Character 23 looks like A but is CYRILLIC CAPITAL LETTER A."),
        (f"(01){GTIN}(10)\u039f12", "Character 23 looks like O but is GREEK CAPITAL LETTER OMICRON."),
        (f"\uff0801){GTIN}", "Character 1 looks like ( but is FULLWIDTH LEFT PARENTHESIS."),
        (f"{GTIN}\u200b", "Character 15 is ZERO WIDTH SPACE."),
        (f"(01){GTIN}(10)\ue000", "Character 23 is character U+E000."),
    ],
)
def test_a_character_that_only_looks_right_is_named(text: str, words: str) -> None:
    error = refusal(text)
    assert error.detail == words
    assert error.position == int(words.split()[1]) - 1
    assert error.evidence["rule"] in {"foreign_digit", "look_alike", "foreign_character"}
    assert looks_like_damage(text) == words


def test_an_invisible_character_is_named() -> None:
    assert "the invisible TAB" in refusal(f"(01){GTIN}(10)A\tB").detail
    assert "control character U+0001" in refusal(f"(01){GTIN}(10)A\x01B").detail
    assert "the invisible GS (FNC1 separator)" in refusal(f"01{GTIN}\x1d\x1d10A").detail


def test_a_swallowed_element_is_noted_where_no_separator_came_through() -> None:
    code = parse_code(f"01{GTIN}1727033110ABC21SER1", today=date(2026, 3, 1))
    assert code.notes == ("(10) may contain a (21) SERIAL whose separator the scanner lost",)
    assert (
        looks_like_damage(f"01{GTIN}10ABC17270331")
        == "(10) may contain a (17) USE BY or EXPIRY whose separator the scanner lost"
    )


@pytest.mark.parametrize(
    "text",
    [
        f"01{GTIN}10ABC21X\x1d17270331",  # a separator came through, so that none was lost
        f"01{GTIN}10ABCDEF",
        f"01{GTIN}10ABC17271331",  # no such month
        f"01{GTIN}1727033110ABC17270331",  # an expiry is there already
        f"01{GTIN}10ABC\x1d240X21",  # the last value is none that labels end with
        f"01{GTIN}10ABC\x1d17270331",
        f"01{GTIN}17270331",
        f"01{GTIN}240X21Y",
    ],
)
def test_no_separator_is_missed_where_none_is_lost(text: str) -> None:
    assert looks_like_damage(text) is None
