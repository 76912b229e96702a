"""A misread is found and named; a forgery is not explained away."""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Callable
from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import label_repair
from ledger.core.errors import InvalidCodeError
from ledger.core.gs1.layouts import LAYOUTS, US
from ledger.core.gs1.lint.charsets import CSET82_ORDER
from ledger.core.label_repair import Repair, find
from ledger.core.label_signature import (
    ALPHABET,
    LAST_CHARACTERS,
    Elements,
    Label,
    is_label_message,
    label_key_id,
    verify_label,
    written,
)
from ledger.core.label_signature_repair import changed_position
from ledger.core.signature import P256_ORDER
from tests.core.batch_story import GTIN
from tests.core.label_story import ANOTHER, MAKERS, UNIT, TestKey, changed, label_of, text

LABEL = MAKERS.label()
KNOWN = [MAKERS.signer]
TODAY = date(2026, 5, 28)
FORGED = written(MAKERS.sign(b"something else"))
SIGNED = st.builds(
    lambda lot, serial, secret: (
        TestKey(secret).signer,
        TestKey(secret).label([UNIT[0], ("10", lot), UNIT[2], ("21", serial)]),
    ),
    st.text(st.sampled_from(CSET82_ORDER), min_size=1, max_size=4),
    st.text(st.sampled_from(CSET82_ORDER), min_size=1, max_size=4),
    st.integers(1, 1000),
)


def put(text: str, at: int, character: str) -> str:
    return text[:at] + character + text[at + 1 :]


def with_signature(text: str, label: Label = LABEL) -> Label:
    return label._replace(elements=tuple(changed(list(label.elements), "92", text)), signature=text)


def with_key(text: str, label: Label = LABEL) -> Label:
    return label._replace(elements=tuple(changed(list(label.elements), "91", text)), key=text)


def with_value(ai: str, value: str, label: Label = LABEL) -> Label:
    return label._replace(elements=tuple(changed(list(label.elements), ai, value)))


def whole(label: Label, change: dict[int, str]) -> Label:
    elements = tuple((ai, value.translate(change)) for ai, value in label.elements)
    return Label(elements, label.key.translate(change), label.signature.translate(change))


# One character


@given(st.data(), st.integers(0, 85), st.integers(1, 2**32))
@settings(max_examples=60, deadline=None)
def test_any_other_character_of_the_signature_is_found_and_never_holds(
    data: st.DataObject, at: int, secret: int
) -> None:
    key = TestKey(secret)
    label = key.label()
    right = label.signature[at]
    allowed = (LAST_CHARACTERS if at == len(label.signature) - 1 else ALPHABET).replace(right, "")
    read = with_signature(put(label.signature, at, data.draw(st.sampled_from(allowed))), label)
    assert not verify_label(key.signer, read)
    assert find(read, [key.signer]) == Repair(f"Character {at + 1} of the signature (AI 92) was misread.", "92", at)


@pytest.mark.parametrize("at", range(86))
def test_every_place_of_the_signature_is_searched(at: int) -> None:
    allowed = LAST_CHARACTERS if at == 85 else ALPHABET
    other = next(character for character in reversed(allowed) if character != LABEL.signature[at])
    assert changed_position(MAKERS.signer, with_signature(put(LABEL.signature, at, other))) == at


@given(st.data(), SIGNED, st.sampled_from(["10", "17", "21"]))
@settings(max_examples=25, deadline=None)
def test_any_other_character_of_a_field_is_found_and_never_holds(
    data: st.DataObject, signed: tuple[bytes, Label], ai: str
) -> None:
    signer, label = signed
    value = dict(label.elements)[ai]
    at = data.draw(st.integers(0, len(value) - 1))
    alphabet = string.digits if ai == "17" else CSET82_ORDER
    read = with_value(ai, put(value, at, data.draw(st.sampled_from(alphabet.replace(value[at], "")))), label)
    assert not verify_label(signer, read)
    repair = find(read, [signer])
    assert repair is not None
    assert repair.field == ai
    assert repair.position in {at, None}  # None: the case of the one letter


@given(st.integers(0, 7), st.sampled_from(ALPHABET))
def test_any_other_character_of_the_key_s_id_is_found(at: int, character: str) -> None:
    read = with_key(put(LABEL.key, at, character))
    expected = None if read == LABEL else Repair(f"Character {at + 1} of the key (AI 91) was misread.", "91", at)
    assert find(read, [ANOTHER.signer, MAKERS.signer]) == expected or read == LABEL


def test_a_key_s_id_in_another_case_is_found() -> None:
    repair = find(with_key(LABEL.key.swapcase()), KNOWN)
    assert repair is not None
    assert repair.field == "91"


def test_a_key_s_id_is_not_mended_for_a_signature_that_does_not_hold() -> None:
    read = with_signature(FORGED, with_key(put(LABEL.key, 0, "_")))
    assert find(read, KNOWN) is None
    assert find(with_key("short"), KNOWN) is None
    assert find(with_key(label_key_id(ANOTHER.key_id)), KNOWN) is None


# The whole code


def test_caps_lock_is_found() -> None:
    swapped = Label(tuple((ai, value.swapcase()) for ai, value in LABEL.elements), LABEL.key.swapcase(), "")
    read = swapped._replace(signature=LABEL.signature.swapcase())
    assert find(read, KNOWN) == Repair("Capitals and small letters are swapped: Caps Lock was on while scanning.")


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_letters_all_of_one_case_are_a_scanner_s_work(change: Callable[[str], str]) -> None:
    read = with_key(change(LABEL.key), with_signature(change(LABEL.signature)))
    repair = find(read, KNOWN)
    assert repair is not None
    assert "All letters are of one case" in repair.words
    assert find(read, [ANOTHER.signer]) is None  # nobody's key is named so in any case
    assert find(with_key("A1" * 4, with_signature("A1" * 43)), KNOWN) is None


def test_digits_alone_are_of_no_case() -> None:
    assert find(with_key(LABEL.key.upper(), with_signature("1" * 85 + "A")), KNOWN) is None


def typed_through(name: str) -> dict[int, str]:
    """What a computer set to a layout makes of the keys that a scanner set to US sends."""
    return {ord(us): typed for us, typed in zip(US, LAYOUTS[name], strict=True) if typed != " "}


@pytest.mark.parametrize("name", ["German (QWERTZ)", "Spanish", "Italian", "Turkish (Q)"])
def test_a_keyboard_layout_that_leaves_digits_alone_is_found(name: str) -> None:
    key = next(key for key in map(TestKey, range(1, 200)) if {"y", "-", "_"} <= set(key.label().signature))
    read = whole(key.label(), typed_through(name))
    assert read != key.label()
    repair = find(read, [key.signer])
    assert repair is not None
    assert name in repair.words
    assert "keyboard layout" in repair.words


@pytest.mark.parametrize(
    ("values", "field", "names"),
    [
        ({"21": "7KQ-R2M"}, "21", "serial number"),
        ({"10": "ab12"}, "10", "lot"),
        ({"10": "ab12", "21": "7kQ-r2M"}, "10", "lot and serial number"),
    ],
)
def test_lot_and_serial_number_in_another_case_are_found(values: dict[str, str], field: str, names: str) -> None:
    read = LABEL
    for ai, value in values.items():
        read = with_value(ai, value, read)
    assert find(read, KNOWN) == Repair(f"Capitals and small letters are confused in the {names}.", field)


@pytest.mark.parametrize("change", [str.upper, str.lower])
@pytest.mark.parametrize(("ai", "value"), [("10", "aB-1cDeFgH"), ("21", "Q2rStUvWx")])
def test_a_mixture_made_all_of_one_case_is_found_up_to_a_bound(
    change: Callable[[str], str], ai: str, value: str
) -> None:
    label = MAKERS.label(changed(UNIT, ai, value))
    repair = find(with_value(ai, change(value), label), KNOWN)
    assert sum(map(str.isalpha, value)) == label_repair.MIXED_LETTERS
    assert repair is not None
    assert (repair.field, repair.position) == (ai, None)
    longer = MAKERS.label(changed(UNIT, ai, f"{value}xYz"))
    assert find(with_value(ai, change(f"{value}xYz"), longer), KNOWN) is None


# What separates the fields


@pytest.mark.parametrize(
    ("meant", "typed", "field", "name"),
    [
        ("(17)", "717)", "17", "expiry"),
        ("(17)", "17)", "17", "expiry"),
        ("(17)", "(15)", "17", "expiry"),
        ("(21)", "(22)", "21", "serial number"),
        ("(10)", "(90)", "10", "lot"),
    ],
)
def test_a_misread_between_two_fields_is_found_and_never_holds(meant: str, typed: str, field: str, name: str) -> None:
    read = label_of(text(MAKERS.elements()).replace(meant, typed), TODAY)
    assert not verify_label(MAKERS.signer, read)
    words = f"Where the {name} (AI {field}) begins, a character was misread or lost."
    assert find(read, KNOWN) == Repair(words, field)


PRINTED = [
    [("01", GTIN), ("17", "270331"), ("10", "A1"), ("21", "S1")],
    [("01", GTIN), ("10", "270331"), ("21", "12")],
    [("01", GTIN), ("10", "A1"), ("240", "XY"), ("17", "270331"), ("21", "S1")],
    [("01", GTIN), ("11", "260401"), ("10", "A1"), ("21", "S1")],
    [("01", GTIN), ("15", "270331"), ("22", "V2"), ("10", "A1")],
]


@pytest.mark.parametrize("unsigned", PRINTED, ids=lambda unsigned: "".join(f"({ai})" for ai, _ in unsigned))
def test_no_other_character_of_an_identifier_or_its_brackets_makes_a_label_a_forgery(unsigned: Elements) -> None:
    printed = text(MAKERS.elements(unsigned))
    tried = 0
    for bracket in re.finditer(r"\(\d+\)", printed.partition("(91)")[0]):
        for at, other in itertools.product(range(*bracket.span()), "()Q" + string.digits):
            try:
                read = label_of(put(printed, at, other), TODAY)
            except InvalidCodeError:
                continue  # refused by name: no label to judge
            if not is_label_message(read.message):
                continue  # no GTIN: it names no product
            tried += 1
            good = read.message == MAKERS.label(unsigned).message
            assert verify_label(MAKERS.signer, read) == good
            assert good or find(read, KNOWN) is not None, read
    assert tried >= len(unsigned)


# What is not explained


@given(st.binary(min_size=64, max_size=64))
@settings(max_examples=15, deadline=None)
def test_a_random_signature_is_explained_by_nothing(raw: bytes) -> None:
    assert find(with_signature(written(raw)), KNOWN) is None


def test_a_signature_over_another_pack_is_explained_by_nothing() -> None:
    other = MAKERS.label([*UNIT[:3], ("21", "FORGED-1")])
    assert find(with_signature(other.signature), KNOWN) is None


def test_the_upper_form_of_a_signature_is_explained_by_nothing() -> None:
    high = P256_ORDER - int.from_bytes(MAKERS.sign(LABEL.message)[32:], "big")
    twin = written(MAKERS.sign(LABEL.message)[:32] + high.to_bytes(32, "big"))
    assert find(with_signature(twin), KNOWN) is None


def test_two_misread_characters_are_not_explained() -> None:
    read = with_signature(put(put(LABEL.signature, 3, "A"), 50, "A"))
    assert read.signature[3] != LABEL.signature[3]
    assert read.signature[50] != LABEL.signature[50]
    assert find(read, KNOWN) is None


def test_a_label_whose_key_nobody_has_is_not_searched() -> None:
    assert label_repair.searched_by(LABEL, [ANOTHER.signer]) is None
    assert label_repair.searched_by(with_signature("short"), KNOWN) is None
    assert find(with_signature("short"), KNOWN) is None


@pytest.mark.parametrize("half", [slice(0, 32), slice(32, 64)])
def test_a_signature_of_which_one_half_is_zero_ends_the_search(half: slice) -> None:
    raw = bytearray(MAKERS.sign(LABEL.message))
    raw[half] = bytes(32)
    assert find(with_signature(written(bytes(raw))), KNOWN) is None


def test_a_signature_whose_points_cancel_out_ends_the_search() -> None:
    """With the key 1, r = -e makes e·G + r·Q the point at infinity."""
    key = TestKey(1)
    label = key.label()
    hashed = int.from_bytes(sha256(label.message).digest(), "big") % P256_ORDER
    raw = (P256_ORDER - hashed).to_bytes(32, "big") + (1).to_bytes(32, "big")
    assert find(with_signature(written(raw), label), [key.signer]) is None


def test_a_batch_label_without_lot_or_serial_number_is_searched_too() -> None:
    label = MAKERS.label([("01", GTIN), ("17", "270331")])
    assert find(with_value("17", "270431", label), KNOWN) == Repair(
        "Character 4 of the expiry (AI 17) was misread.", "17", 3
    )
    assert find(with_signature(FORGED, label), KNOWN) is None
