"""Serial numbers for a run of labels, from a list with one a line: taken whole or not at all."""

from __future__ import annotations

import re
from typing import Final

from ledger.core.errors import InvalidCodeError, InvalidInputError
from ledger.core.gs1 import element_string
from ledger.core.gs1.lint.charsets import CSET82_ORDER

MAX_BYTES: Final = 110_000_000  # five million serial numbers of 20 characters
_SERIAL: Final = re.compile(f"[{re.escape(CSET82_ORDER)}]{{1,20}}")
_SECRET: Final = re.compile(r"0x[0-9a-f]{64}")  # the first line of a unit list, which is no serial number
_GTIN: Final = "00000000000000"  # beside which a serial number is checked
_CORRECT: Final = "Correct the list; nothing was printed."


def read_serials(content: bytes) -> list[str]:
    """The serial numbers of a list, in its order.

    Args:
        content: UTF-8, one serial number a line (LF or CRLF); a unit list's secret on the first line is passed over.

    Raises:
        InvalidInputError: Too large, not UTF-8, empty, or a line that is malformed or stands twice; `position` is the
            line, from 1.
    """
    if len(content) > MAX_BYTES:
        raise _fault(f"The list has more than {MAX_BYTES:,} bytes.", None)
    try:
        lines = content.decode("utf-8-sig").replace("\r\n", "\n").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise _fault("The list is not UTF-8 text.", content.count(b"\n", 0, error.start) + 1) from error
    first = 2 if _SECRET.fullmatch(lines[0]) else 1
    serials = lines[first - 1 :]
    if not any(serials):
        raise _fault("The list has no serial numbers.", None)
    for number, serial in enumerate(serials, first):
        if not _SERIAL.fullmatch(serial):
            raise _malformed(serial, number)
    if len(set(serials)) != len(serials):
        raise _repeated(serials, first)
    return serials


def _malformed(serial: str, line: int) -> InvalidInputError:
    detail = ""
    try:
        element_string([("01", _GTIN), ("21", serial)])
    except InvalidCodeError as error:
        detail = error.detail
    return _fault(f"Line {line}, {serial[:24]!r}: {detail}", line)


def _repeated(serials: list[str], first: int) -> InvalidInputError:
    seen: dict[str, int] = {}
    line, serial = next((line, each) for line, each in enumerate(serials, first) if seen.setdefault(each, line) != line)
    return _fault(f"Line {line} repeats the serial number {serial} of line {seen[serial]}.", line)


def _fault(detail: str, line: int | None) -> InvalidInputError:
    return InvalidInputError(detail, advice=_CORRECT, field="serials", position=line)
