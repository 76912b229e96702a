"""Numbers with a limited range, and counts of pieces."""

from __future__ import annotations

import re

from ledger.core.gs1.faults import Fault
from ledger.core.gs1.lint.charsets import csetnumeric

DEGREES = 10  # digits of a latitude or longitude, in units of 10**-7 degrees
MAX_LATITUDE = 1_800_000_000  # 10**-7 degrees, counted from the south pole
MAX_LONGITUDE = 3_600_000_000  # 10**-7 degrees
POSITION = re.compile("[0-9]+/[0-9]+")


def nonzero(data: str) -> Fault | None:
    """Digits that are not all zero."""
    fault = csetnumeric(data)
    if fault or data.strip("0"):
        return fault
    return Fault("illegal_zero_value", 0, len(data), "must not be zero")


def nozeroprefix(data: str) -> Fault | None:
    """Digits that do not begin with zero."""
    fault = csetnumeric(data)
    if fault or not data.startswith("0"):
        return fault
    return Fault("illegal_zero_prefix", 0, 1, "must not begin with 0")


def zero(data: str) -> Fault | None:
    """Zeros only."""
    if data and not data.strip("0"):
        return None
    return Fault("not_zero", 0, len(data), "must begin with 0")


def yesno(data: str) -> Fault | None:
    """0 for no, 1 for yes."""
    return None if data in {"0", "1"} else Fault("not_zero_or_one", 0, len(data), "must be 0 or 1")


def winding(data: str) -> Fault | None:
    """Winding direction of a roll: 0, 1 or 9."""
    if data in {"0", "1", "9"}:
        return None
    return Fault("invalid_winding_direction", 0, len(data), "needs winding direction 0, 1 or 9")


def _angle(data: str, name: str, largest: int) -> Fault | None:
    if len(data) != DEGREES:
        return Fault(f"{name}_invalid_length", 0, len(data), f"needs a {name} of {DEGREES} digits")
    fault = csetnumeric(data)
    if fault or int(data) <= largest:
        return fault
    return Fault(f"invalid_{name}", 0, len(data), f"has a {name} off the globe")


def latitude(data: str) -> Fault | None:
    """Degrees from the south pole, times 10**7."""
    return _angle(data, "latitude", MAX_LATITUDE)


def longitude(data: str) -> Fault | None:
    """Degrees eastward, times 10**7."""
    return _angle(data, "longitude", MAX_LONGITUDE)


def pieceoftotal(data: str) -> Fault | None:
    """Piece number and number of pieces, half the digits each."""
    if not data or len(data) % 2:
        words = "needs piece number and total with equally many digits"
        return Fault("invalid_length_for_piece_of_total", 0, len(data), words)
    fault = csetnumeric(data)
    if fault:
        return fault
    half = len(data) // 2
    piece, total = int(data[:half]), int(data[half:])
    if not piece:
        return Fault("zero_piece_number", 0, half, "has piece number 0")
    if not total:
        return Fault("zero_total_pieces", half, half, "has 0 pieces in total")
    if piece > total:
        return Fault("piece_number_exceeds_total", 0, len(data), f"has piece {piece} of only {total}")
    return None


def posinseqslash(data: str) -> Fault | None:
    """Position in a sequence, such as 2/3."""
    if not POSITION.fullmatch(data):
        return Fault("position_in_sequence_malformed", 0, len(data), "needs a position such as 2/3")
    position, _, end = data.partition("/")
    if position.startswith("0"):
        return Fault("illegal_zero_prefix", 0, len(position), "must not begin with 0")
    if end.startswith("0"):
        return Fault("illegal_zero_prefix", len(position) + 1, len(end), "must not have an end that begins with 0")
    if int(position) > int(end):
        return Fault("position_exceeds_end", 0, len(data), f"has position {position} of only {end}")
    return None
