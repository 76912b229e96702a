"""GS1 codes: read what stands on a pack, and write it. The rules are the official dictionary's; docs/gs1.md tells them.

Everything here is pure: no input or output, no clock, no randomness.
"""

from __future__ import annotations

from ledger.core.gs1.bracketed import bracketed
from ledger.core.gs1.check_digit import check_digit
from ledger.core.gs1.code import Code, canonical, parse_code
from ledger.core.gs1.damage import looks_like_damage
from ledger.core.gs1.dates import format_gs1_date, gs1_date
from ledger.core.gs1.element_string import element_string
from ledger.core.gs1.keys import gln13, gtin14, sscc18
from ledger.core.gs1.link_writer import digital_link

__all__ = [
    "Code",
    "bracketed",
    "canonical",
    "check_digit",
    "digital_link",
    "element_string",
    "format_gs1_date",
    "gln13",
    "gs1_date",
    "gtin14",
    "looks_like_damage",
    "parse_code",
    "sscc18",
]
