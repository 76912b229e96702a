"""Dates and times of day inside values. GS1 General Specifications, sections 3.4 to 3.8."""

from __future__ import annotations

from calendar import monthrange

from ledger.core.gs1.faults import Fault
from ledger.core.gs1.lint.charsets import csetnumeric

MONTHS = 12
SHORT_YEAR = 2  # digits
LONG_YEAR = 4  # digits
THIS_CENTURY = 2000  # where a two-digit year is counted from, as the reference linter does
UNIT = 2  # digits of an hour, minute or second


def _date(data: str, year_digits: int, first_day: int) -> Fault | None:
    size = year_digits + 4
    if len(data) != size:
        rule = "date_too_short" if len(data) < size else "date_too_long"
        return Fault(rule, 0, len(data), f"needs a date of {size} digits, not {len(data)}")
    fault = csetnumeric(data)
    if fault:
        return fault
    year, month, day = int(data[:year_digits]), int(data[-4:-2]), int(data[-2:])
    year += THIS_CENTURY if year_digits == SHORT_YEAR else 0
    if not 1 <= month <= MONTHS:
        return Fault("illegal_month", year_digits, 2, f"has month {data[-4:-2]}, which does not exist")
    if not first_day <= day <= monthrange(year, month)[1]:
        return Fault("illegal_day", year_digits + 2, 2, f"has day {data[-2:]}, which month {data[-4:-2]} does not have")
    return None


def yymmd0(data: str) -> Fault | None:
    """YYMMDD; day 00 is allowed and means the last day of the month."""
    return _date(data, SHORT_YEAR, 0)


def yymmdd(data: str) -> Fault | None:
    """YYMMDD with a real day."""
    return _date(data, SHORT_YEAR, 1)


def yyyymmd0(data: str) -> Fault | None:
    """YYYYMMDD; day 00 is allowed."""
    return _date(data, LONG_YEAR, 0)


def yyyymmdd(data: str) -> Fault | None:
    """YYYYMMDD with a real day."""
    return _date(data, LONG_YEAR, 1)


def _clock(data: str, unit: str, beyond: int) -> Fault | None:
    if len(data) != UNIT:
        rule = f"{unit}_too_short" if len(data) < UNIT else f"{unit}_too_long"
        return Fault(rule, 0, len(data), f"needs a two-digit {unit}, not {data!r}")
    fault = csetnumeric(data)
    if fault or int(data) < beyond:
        return fault
    return Fault(f"illegal_{unit}", 0, 2, f"has {unit} {data}, which does not exist")


def hh(data: str) -> Fault | None:
    """Hour 00 to 23."""
    return _clock(data, "hour", 24)


def mi(data: str) -> Fault | None:
    """Minute 00 to 59."""
    return _clock(data, "minute", 60)


def ss(data: str) -> Fault | None:
    """Second 00 to 59."""
    return _clock(data, "second", 60)


def hhmi(data: str) -> Fault | None:
    """Hour and minute."""
    if len(data) != 2 * UNIT:
        rule = "hour_with_minute_too_short" if len(data) < 2 * UNIT else "hour_with_minute_too_long"
        return Fault(rule, 0, len(data), f"needs hour and minute in four digits, not {data!r}")
    fault = csetnumeric(data) or hh(data[:2])
    if fault:
        return fault
    late = mi(data[2:])
    return late and late._replace(start=late.start + 2)
