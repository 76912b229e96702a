"""UN/LOCODE as people write it: two letters for the country, three letters or digits for the place."""

from __future__ import annotations

import re
from typing import Final

_LOCODE: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}", re.ASCII)
_COUNTRY_LETTERS: Final = 2


def read_locode(text: str) -> str:
    """Read a UN/LOCODE, written with or without a space after the country, in capitals or not.

    Args:
        text: As somebody wrote it (UN/ECE Recommendation 16).

    Returns:
        Five characters; empty if it is none. Whether the place is listed is not looked at.
    """
    place = text.strip().upper()
    if place[_COUNTRY_LETTERS : _COUNTRY_LETTERS + 1] == " ":
        place = place[:_COUNTRY_LETTERS] + place[_COUNTRY_LETTERS + 1 :]
    return place if _LOCODE.fullmatch(place) else ""
