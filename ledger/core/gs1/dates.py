"""Dates as GS1 writes them, YYMMDD. GS1 General Specifications, sections 3.4.2 and 7.12."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from ledger.core.gs1.faults import refusal
from ledger.core.gs1.lint.date_time import yymmd0

CENTURY = 100  # years
WINDOW_AHEAD = 51  # a two-digit year this far ahead of today's, or more, belongs to the century before
WINDOW_BEHIND = -50  # this far behind, or more, to the century after


def _year(two_digits: int, today: date) -> int:
    century = today.year - today.year % CENTURY
    difference = two_digits - today.year % CENTURY
    if difference >= WINDOW_AHEAD:
        return century - CENTURY + two_digits
    return century + two_digits + (CENTURY if difference <= WINDOW_BEHIND else 0)


def gs1_date(text: str, today: date) -> date:
    """Read a GS1 date.

    Args:
        text: Six digits, YYMMDD; day 00 means the last day of the month.
        today: The day from which the century is counted: the year nearest to today, at most 50 years ahead.

    Returns:
        The day.

    Raises:
        InvalidCodeError: Rules `date_too_short`, `date_too_long`, `non_digit_character`, `illegal_month`,
            `illegal_day`.
    """
    fault = yymmd0(text)
    if fault:
        raise refusal(fault.rule, f"The date {text!r} {fault.words}.", fault.start)
    year, month, day = _year(int(text[:2]), today), int(text[2:4]), int(text[4:])
    last = monthrange(year, month)[1]
    if day > last:  # 29 February of a century that is no leap year
        detail = f"The date {text!r} has day {day}, but that month ends with {last}."
        raise refusal("illegal_day", detail, 4)
    return date(year, month, day or last)


def format_gs1_date(day: date) -> str:
    """Write a day as GS1 does, YYMMDD."""
    return f"{day:%y%m%d}"
