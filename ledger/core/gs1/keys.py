"""GS1 identification keys typed or read on their own. GS1 General Specifications, sections 3.3.2 and 7.2.7."""

from __future__ import annotations

from ledger.core.gs1.characters import require_digits
from ledger.core.gs1.dictionary import AIS
from ledger.core.gs1.faults import refusal
from ledger.core.gs1.traced import Traced, traced
from ledger.core.gs1.values import check_value

GTIN_LENGTHS = (8, 12, 13, 14)  # digits
GTIN_14 = 14  # digits
SSCC_LENGTH = 18  # digits
GLN_LENGTH = 13  # digits
ALL_DIGITS = "Type all of its digits, or scan the code."


def _checked(text: Traced, ai: str, lengths: tuple[int, ...], name: str) -> str:
    require_digits(text)
    if len(text) not in lengths:
        *most, last = lengths
        wanted = f"{', '.join(map(str, most))} or {last}" if most else str(last)
        detail = f"A {name} has {wanted} digits, but this has {len(text)}."
        raise refusal("wrong_length", detail, text.at(len(text)), advice=ALL_DIGITS, length=len(text))
    longest = AIS[ai].longest
    padding = longest - len(text)
    origins = (*[text.at(0)] * padding, *text.origins)
    padded = Traced("0" * padding + text.text, origins)
    check_value(AIS[ai], padded)
    return padded.text


def gtin_of(text: Traced) -> str:
    """Read a GTIN of 8, 12, 13 or 14 digits out of scanned text; see `gtin14`."""
    return _checked(text, "01", GTIN_LENGTHS, "GTIN")


def sscc_of(text: Traced) -> str:
    """Read an SSCC out of scanned text; see `sscc18`."""
    return _checked(text, "00", (SSCC_LENGTH,), "SSCC")


def gtin14(text: str) -> str:
    """Check a GTIN-8, -12, -13 or -14 and give it 14 digits.

    Args:
        text: The digits, without spaces or hyphens.

    Returns:
        Fourteen digits, with zeros in front.

    Raises:
        InvalidCodeError: Rules `wrong_length`, `incorrect_check_digit`, `non_digit_character`, `foreign_digit`,
            `look_alike`, `foreign_character`.
    """
    return gtin_of(traced(text))


def sscc18(text: str) -> str:
    """Check an SSCC of 18 digits.

    Raises:
        InvalidCodeError: As `gtin14`.
    """
    return sscc_of(traced(text))


def gln13(text: str) -> str:
    """Check a GLN of 13 digits.

    Raises:
        InvalidCodeError: As `gtin14`.
    """
    return _checked(traced(text), "414", (GLN_LENGTH,), "GLN")
