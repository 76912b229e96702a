"""Tell which of the accepted forms a scanned text has, and take it apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ledger.core.gs1.associations import check_associations
from ledger.core.gs1.bracketed import read_bracketed
from ledger.core.gs1.characters import named, require_ascii
from ledger.core.gs1.dictionary import AIS
from ledger.core.gs1.digital_link import SCHEMES, read_digital_link
from ledger.core.gs1.element_string import read_element_string
from ledger.core.gs1.faults import refusal
from ledger.core.gs1.keys import GTIN_LENGTHS, SSCC_LENGTH, gtin_of, sscc_of
from ledger.core.gs1.lint.charsets import DIGITS
from ledger.core.gs1.separators import FNC1, VISIBLE_GS, with_separators
from ledger.core.gs1.traced import Traced, traced
from ledger.core.gs1.values import Element

Form = Literal["digital_link", "element_string", "bracketed", "gtin", "sscc"]

MAX_LENGTH = 2048  # characters; the longest GS1 symbol holds far less
WHITESPACE = " \t\r\n"  # what scanners add before or after a code
SYMBOLOGY_LENGTH = 3  # characters of a symbology identifier such as ]d2 (ISO/IEC 15424)
GS1_SYMBOLS = frozenset({"]d2", "]Q3", "]C1", "]e0", "]J1"})
PLAIN_SYMBOLS = frozenset({"]d1", "]Q1", "]C0", "]J0"})
GTIN_SYMBOLS = {"]E0": 13, "]E4": 8, "]I0": 14, "]I1": 14}  # digits
COMPOSITE = "|]e0"  # what a scanner sends between a linear symbol and the composite part above it
LONGEST_BARE = 15  # digits; an element string made of digits alone has at least one more
NOT_GS1 = "Scan the GS1 code on the pack: a DataMatrix or QR code, or type the text in brackets printed beside it."


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says, before anything is made of it."""

    form: Form
    elements: tuple[Element, ...]
    host: str | None = None
    notes: tuple[str, ...] = ()


def _link(text: Traced) -> Reading:
    if not text.text.startswith(SCHEMES):
        detail = "A GS1 Digital Link begins with https:// or http://, all in lower or all in upper case."
        raise refusal("scheme", detail, text.at(0), advice=NOT_GS1)
    link = read_digital_link(text)
    return Reading("digital_link", tuple(link.elements), link.host, link.notes)


def _key(form: Form, ai: str, value: str, text: Traced) -> Reading:
    return Reading(form, (Element(AIS[ai], Traced(value, [text.at(0)] * (len(value) + 1)), text.at(0)),))


def _bare_digits(text: Traced) -> Reading | None:
    """Read a GTIN or SSCC that stands alone; None if the digits can only be an element string."""
    size = len(text)
    if size == SSCC_LENGTH:
        return _key("sscc", "00", sscc_of(text), text)
    if size == len("00") + SSCC_LENGTH and text.text.startswith("00"):
        return _key("sscc", "00", sscc_of(text.cut(2)), text)
    if size in GTIN_LENGTHS:
        return _key("gtin", "01", gtin_of(text), text)
    if size <= LONGEST_BARE:
        detail = f"A GTIN has 8, 12, 13 or 14 digits and an SSCC 18, but this has {size}."
        raise refusal("wrong_length", detail, text.at(size), length=size)
    return None


def _element_string(text: Traced, *, marked: bool) -> Reading:
    """Read an element string; one that no symbol marks as GS1 must at least have a key."""
    plain, notes = with_separators(text)
    elements = tuple(read_element_string(plain))
    if not marked and FNC1 not in plain.text and all(element.ai.qualifiers is None for element in elements):
        detail = "This may be part of a GS1 code, but it lacks the key, such as (01) and a GTIN."
        raise refusal("no_key", detail, text.at(0), advice=NOT_GS1)
    return Reading("element_string", elements, notes=notes)


def _unmarked(text: Traced) -> Reading:
    """Read text that came without a symbology identifier."""
    if "://" in text.text:
        return _link(text)
    if text.text.startswith("("):
        return Reading("bracketed", tuple(read_bracketed(text)))
    if set(text.text) <= DIGITS:
        bare = _bare_digits(text)
        if bare:
            return bare
    elif text.text[0] not in DIGITS and not with_separators(text)[0].text.startswith(FNC1):
        detail = f"This is no GS1 code: it begins with {named(text.text[0])}."
        raise refusal("not_gs1", detail, text.at(0), advice=NOT_GS1)
    return _element_string(text, marked=False)


def _gtin_symbol(text: Traced, digits: int) -> Reading:
    """Read an EAN or ITF-14 symbol, with the composite part that may stand above it."""
    linear, _, composite = text.text.partition(COMPOSITE)
    if len(linear) != digits:
        detail = f"This kind of symbol holds {digits} digits, but this has {len(linear)}."
        raise refusal("wrong_length", detail, text.at(len(linear)), length=len(linear))
    gtin = gtin_of(text.cut(0, digits))
    reading = _key("gtin", "01", gtin, text)
    if not composite:
        return reading
    above = _element_string(text.cut(digits + len(COMPOSITE)), marked=True)
    return Reading("element_string", reading.elements + above.elements, notes=above.notes)


def _marked(text: Traced) -> Reading:
    """Read text that begins with a symbology identifier."""
    symbol, rest = text.text[:SYMBOLOGY_LENGTH], text.cut(SYMBOLOGY_LENGTH)
    if symbol in GTIN_SYMBOLS:
        return _gtin_symbol(rest, GTIN_SYMBOLS[symbol])
    if symbol not in GS1_SYMBOLS | PLAIN_SYMBOLS:
        detail = f"The symbol {symbol} does not carry GS1 codes."
        raise refusal("symbology", detail, text.at(0), advice=NOT_GS1)
    if not rest.text:
        raise refusal("empty", "The symbol is empty.", rest.at(0))
    return _element_string(rest, marked=True) if symbol in GS1_SYMBOLS else _unmarked(rest)


def recognise(text: str) -> Reading:
    """Take a scanned text apart and check all of it that needs no calendar.

    Raises:
        InvalidCodeError: Everything that `parse_code` refuses, except damage by keyboards and dates of no year.
    """
    if len(text) > MAX_LENGTH:
        detail = f"The code has {len(text)} characters; at most {MAX_LENGTH} are read."
        raise refusal("too_long", detail, MAX_LENGTH, length=len(text))
    start = len(text) - len(text.lstrip(WHITESPACE))
    body = traced(text.strip(WHITESPACE), start)
    if not body.text:
        raise refusal("empty", "The code is empty.", 0)
    require_ascii(traced(body.text.replace(VISIBLE_GS, FNC1), start))
    reading = _marked(body) if body.text.startswith("]") else _unmarked(body)
    check_associations(reading.elements)
    return reading
