"""What a label says: to machines by its symbol, to people by the text beside it.

GS1 General Specifications, section 4.14 (human readable interpretation): each application identifier in brackets before
its value, nothing else added, below the symbol where there is room and beside it where there is not. A pack of
regulated healthcare shows GTIN, lot, expiry and serial number. AI 91 and 92 are company internal information: the
label's key and signature, 94 characters that nobody checks by eye or types without a fault, so they are not printed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ledger.core.gs1 import bracketed, digital_link, element_string, format_gs1_date
from ledger.core.gs1.percent import encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

Elements = list[tuple[str, str]]

UNSEEN: Final = frozenset({"91", "92"})  # label key and signature: for machines only
CHANGING: Final = ("21", "91", "92")  # what differs from label to label of one run
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]*")  # what no way of writing escapes: RFC 3986, section 2.3
FIXED_FIRST: Final = ("00", "01", "17")  # of predefined length: they need no separator when they go first


def batch_elements(gtin: str, lot: str, expiry: date) -> Elements:
    """What a batch label says: AI 01, 10 and 17."""
    return [("01", gtin), ("10", lot), ("17", format_gs1_date(expiry))]


def link(elements: Elements, host: str) -> str:
    """The Digital Link of `elements` at `host`."""
    return digital_link(elements, host)


def in_symbol_order(elements: Elements) -> Elements:
    """The elements as a GS1 symbol holds them: those of predefined length first, which need no separator."""
    return sorted(elements, key=lambda element: element[0] not in FIXED_FIRST)


def human_readable(elements: Elements) -> list[str]:
    """The lines under the symbol: one application identifier each, without label key and signature."""
    return [f"({ai}) {value}" for ai, value in elements if ai not in UNSEEN]


class Wording:
    """Writes the text of each symbol of a run: once by the rules, then only what changes from label to label.

    Args:
        write: Writes elements by the rules, for example as a Digital Link.
        escape: How `write` writes a value.
        sample: The elements of one label; the others differ from it in AI 21, 91 and 92 only.
    """

    def __init__(self, write: Callable[[Elements], str], escape: Callable[[str], str], sample: Elements) -> None:
        self._escape = escape
        self._ais: list[str] = []
        self._pieces: list[str] = []
        marks = _marks(sample, write)
        rest = write([(ai, marks.get(ai, value)) for ai, value in sample])
        for ai, mark in sorted(marks.items(), key=lambda pair: rest.index(pair[1])):
            piece, _, rest = rest.partition(mark)
            self._ais.append(ai)
            self._pieces.append(piece)
        self._last = rest

    def text(self, elements: Elements) -> str:
        """The text for elements of the same application identifiers as the sample's."""
        values = dict(elements)
        parts = []
        for piece, ai in zip(self._pieces, self._ais, strict=True):
            value = values[ai]
            parts += [piece, value if _UNRESERVED.fullmatch(value) else self._escape(value)]
        return "".join(parts) + self._last


def link_wording(sample: Elements, host: str) -> Wording:
    """Words symbols as Digital Links at `host`."""
    return Wording(lambda elements: digital_link(elements, host), lambda value: encoded(value, query=False), sample)


def bracketed_wording(sample: Elements) -> Wording:
    """Words symbols as bracketed text, from which `zxing-cpp` makes GS1 symbols."""
    return Wording(bracketed, lambda value: value.replace("(", "\\("), sample)


def scanned_link(elements: Elements, host: str) -> str:
    """What a scanner sends of a QR code that holds the link of `elements`."""
    return "]Q1" + digital_link(elements, host)


def scanned_string(elements: Elements) -> str:
    """What a scanner sends of a GS1 DataMatrix that holds `elements`."""
    return "]d2" + element_string(elements)


def _marks(sample: Elements, write: Callable[[Elements], str]) -> dict[str, str]:
    """For each value that changes, a text that stands in what `write` makes of the sample nowhere else."""
    marks: dict[str, str] = {}
    without = write([element for element in sample if element[0] not in CHANGING])
    for ai in _changing(sample):
        marks[ai] = next(mark for number in range(len(without) + 1) if (mark := f"x{ai}x{number}x") not in without)
    return marks


def _changing(sample: Sequence[tuple[str, str]]) -> list[str]:
    return [ai for ai, _ in sample if ai in CHANGING]
