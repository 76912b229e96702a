"""North American coupon codes (AI 8110 and 8112), which are small records of their own.

GS1 US, "North American Coupon Application Guideline Using GS1 DataBar Expanded Symbols".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.core.gs1.faults import Fault
from ledger.core.gs1.lint.charsets import csetnumeric
from ledger.core.gs1.lint.date_time import yymmdd

if TYPE_CHECKING:
    from collections.abc import Callable

OFFER_CODE = 6  # digits
FAMILY_CODE = 3  # digits
DATE = 6  # digits, YYMMDD
PREFIX_BASE = 6  # a length indicator of 0 means a company prefix of six digits
SERIAL_BASE = 6
NO_PREFIX = "9"  # length indicator: the purchase has no company prefix of its own
REQUIREMENT_CODES = "012349"
COUNTS = "12345"  # length indicators of values that have one to five digits


class _BrokenError(Exception):
    """A rule was broken; carries the fault up to the linter."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.rule)
        self.fault = fault


@dataclass(slots=True)
class _Reader:
    """Takes fields off the front of a coupon and says which one is broken."""

    data: str
    at: int = 0

    def broken(self, rule: str, start: int, length: int, words: str) -> _BrokenError:
        """Describe a broken field."""
        return _BrokenError(Fault(f"coupon_{rule}", start, length, f"is a coupon whose {words}"))

    def short(self, rule: str, words: str) -> _BrokenError:
        """Describe a field that the data is too short for; points at what is left of it, or at everything."""
        rest = len(self.data) - self.at
        return self.broken(rule, self.at, rest, words) if rest else self.broken(rule, 0, len(self.data), words)

    def take(self, length: int, rule: str, name: str) -> str:
        """Take a field of a known length."""
        if len(self.data) - self.at < length:
            raise self.short(rule, f"{name} is cut short")
        self.at += length
        return self.data[self.at - length : self.at]

    def choice(self, allowed: str, missing: str, invalid: str, name: str) -> str:
        """Take one digit out of those allowed."""
        if self.at == len(self.data):
            raise self.short(missing, f"{name} is missing")
        digit = self.data[self.at]
        if digit not in allowed:
            raise self.broken(invalid, self.at, 1, f"{name} is {digit}, which has no meaning")
        self.at += 1
        return digit

    def sized(self, allowed: str, base: int, names: tuple[str, str, str], words: str) -> None:
        """Take a length indicator and the digits that it announces; `names`: rules if missing, invalid, truncated."""
        missing, invalid, truncated = names
        indicator = self.choice(allowed, missing, invalid, f"length of the {words}")
        self.take(base + int(indicator), truncated, words)


def _purchase(reader: _Reader, place: str) -> None:
    words = f"{place} purchase requirement"
    rule = f"{place}_purchase_requirement"
    reader.sized(COUNTS, 0, (f"missing_{rule}_vli", f"invalid_{rule}_length", f"truncated_{rule}"), words)
    reader.choice(REQUIREMENT_CODES, f"missing_{rule}_code", f"invalid_{rule}_code", f"{words} code")
    reader.take(FAMILY_CODE, f"truncated_{place}_purchase_family_code", f"{place} purchase family code")


def _further_purchase(reader: _Reader, place: str) -> None:
    _purchase(reader, place)
    rule, words = f"{place}_purchase_gcp", f"{place} purchase company prefix"
    if reader.data[reader.at : reader.at + 1] == NO_PREFIX:
        reader.at += 1
        return
    reader.sized("0123456", PREFIX_BASE, (f"missing_{rule}_vli", f"invalid_{rule}_length", f"truncated_{rule}"), words)


def _second(reader: _Reader) -> None:
    names = ("missing_additional_purchase_rules_code", "invalid_additional_purchase_rules_code")
    reader.choice("0123", *names, "additional purchase rules code")
    _further_purchase(reader, "2nd")


def _third(reader: _Reader) -> None:
    _further_purchase(reader, "3rd")


def _date(reader: _Reader, name: str) -> None:
    found = reader.take(DATE, f"too_short_for_{name}_date", f"{name} date")
    if yymmdd(found):
        raise reader.broken(f"invalid_{name}_date", reader.at - DATE, DATE, f"{name} date {found} does not exist")


def _expiration(reader: _Reader) -> None:
    begin = reader.at - 1
    _date(reader, "expiration")
    expiration = reader.data[reader.at - DATE : reader.at]
    start = reader.data[reader.at + 1 : reader.at + 1 + DATE]
    if reader.data[reader.at : reader.at + 1] == "4" and not yymmdd(start) and expiration < start:
        raise reader.broken("expiration_before_start", begin, 2 + 2 * DATE, "expiration is before its start")


def _start(reader: _Reader) -> None:
    _date(reader, "start")


def _serial(reader: _Reader) -> None:
    names = ("missing_serial_number_vli", "", "truncated_serial_number")
    reader.sized("0123456789", SERIAL_BASE, names, "serial number")


def _retailer(reader: _Reader) -> None:
    rule = "retailer_gcp_or_gln"
    names = (f"missing_{rule}_vli", f"invalid_{rule}_length", f"truncated_{rule}")
    reader.sized("1234567", PREFIX_BASE, names, "retailer's prefix")


def _flags(reader: _Reader) -> None:
    for name, allowed in (
        ("save_value_code", "01256"),
        ("save_value_applies_to_item", "012"),
        ("store_coupon_flag", "0123456789"),
        ("dont_multiply_flag", "01"),
    ):
        reader.choice(allowed, f"missing_{name}", f"invalid_{name}", name.replace("_", " "))


# Optional fields by the digit that announces them; they come in this order.
OPTIONAL: tuple[tuple[str, Callable[[_Reader], None]], ...] = (
    ("1", _second),
    ("2", _third),
    ("3", _expiration),
    ("4", _start),
    ("5", _serial),
    ("6", _retailer),
    ("9", _flags),
)


def _coupon(reader: _Reader) -> None:
    names = ("missing_gcp_vli", "invalid_gcp_length", "truncated_gcp")
    reader.sized("0123456", PREFIX_BASE, names, "company prefix")
    reader.take(OFFER_CODE, "truncated_offer_code", "offer code")
    names = ("missing_save_value_vli", "invalid_save_value_length", "truncated_save_value")
    reader.sized(COUNTS, 0, names, "save value")
    _purchase(reader, "1st")
    for digit, read in OPTIONAL:
        if reader.data[reader.at : reader.at + 1] == digit:
            reader.at += 1
            read(reader)


def _offer(reader: _Reader) -> None:
    reader.choice("01", "missing_format_code", "invalid_format_code", "format code")
    names = ("missing_funder_vli", "invalid_funder_length", "truncated_funder")
    reader.sized("0123456", PREFIX_BASE, names, "funder's prefix")
    reader.take(OFFER_CODE, "truncated_offer_code", "offer code")
    _serial(reader)


def _lint(data: str, read: Callable[[_Reader], None]) -> Fault | None:
    fault = csetnumeric(data)
    if fault:
        return fault
    reader = _Reader(data)
    try:
        read(reader)
        if reader.at < len(data):
            raise reader.short("excess_data", "end has digits too many")
    except _BrokenError as error:
        return error.fault
    return None


def couponcode(data: str) -> Fault | None:
    """A coupon of AI 8110."""
    return _lint(data, _coupon)


def couponposoffer(data: str) -> Fault | None:
    """A positive offer of AI 8112."""
    return _lint(data, _offer)
