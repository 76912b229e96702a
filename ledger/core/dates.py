"""Days as the contract writes them: YYYYMMDD as a number."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from functools import lru_cache


@lru_cache(maxsize=4096)
def read_date(number: int) -> date:
    """Read YYYYMMDD; the contract takes days up to 31 in every month, and one past the end means the month's last day.

    GS1 General Specifications, section 3.4.7, gives an unstated day the same meaning.
    """
    year, month, day = number // 10_000, number // 100 % 100, number % 100
    last = monthrange(year, month)[1]
    return date(year, month, day if 0 < day <= last else last)
