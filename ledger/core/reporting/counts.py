"""What may be published of how many incidents were reported: no number that is small, and none from which one follows.

*Primary* suppression: what is below `LEAST` is not listed, whether it is nothing or four, and goes into a remainder.
*Complementary* suppression: the smallest that is listed goes into that remainder too, with all that are as many. Who
reads it can exchange any two classes that are not listed and gets the same publication, so each of them may be the one
that is at least `LEAST`. Tables share nothing but their total, so of no class, and of no class of one table within one
of another, it follows that its number lies between 1 and `LEAST` - 1. (The terms: Hundepool et al., Statistical
Disclosure Control, 2012, chapter 4. What somebody knows because he sent reports himself is no part of this.)

*Over time*: only a month that has ended is published, once, and never counted again. Two publications then have no
incident in common, and their difference is no count of anything.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST: Final = 5  # of one row: beside each person stand four others
LEAST_TOTAL: Final = 2 * LEAST  # five in all, of which no class has five, would say that each of two has fewer
MONTHS: Final = 24  # that are published, counted back from now
SETTLED_SECONDS: Final = 86_400  # after a month's end until it is counted: no server's clock is further behind
_STEPS: Final = (5, 10, 20, 50, 100, 200, 500, 1_000)


class Table(NamedTuple):
    """One classification of a month's incidents."""

    rows: tuple[tuple[str, int], ...]  # most first
    others: int  # everything that is not listed; 0, or more than `LEAST`

    def to_json(self) -> dict[str, Any]:
        """Give it as it is published."""
        return {"rows": [{"name": name, "incidents": number} for name, number in self.rows], "others": self.others}


def table(counts: Mapping[str, int]) -> Table:
    """Give what may be published of a classification whose total may be told.

    Args:
        counts: Incidents by the name of their class; at least `LEAST_TOTAL` together.
    """
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    listed = [row for row in rows if row[1] >= LEAST]
    others = sum(number for _name, number in rows[len(listed) :])
    if others and listed:
        smallest = listed[-1][1]
        others += sum(number for _name, number in listed if number == smallest)
        listed = [row for row in listed if row[1] > smallest]
    return Table(tuple(listed), others)


def published(classified: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Give what may be published of a month.

    Args:
        classified: For each classification the month's incidents by class; all have the same total.

    Returns:
        The total and a table of each; None and no table while the total is below `LEAST_TOTAL`.
    """
    total = max((sum(counts.values()) for counts in classified.values()), default=0)
    if total < LEAST_TOTAL:
        return {"incidents": None, "tables": {}}
    return {"incidents": total, "tables": {name: table(counts).to_json() for name, counts in classified.items()}}


def at_least(number: int) -> int:
    """Round a count down, so that one more is seldom seen; 0 below `LEAST`.

    Args:
        number: Reports up to the day before.
    """
    return max((step for step in _STEPS if step <= number), default=0)


def ended_months(now: int) -> list[str]:
    """Name the months that may be published.

    Args:
        now: Unix seconds.

    Returns:
        `YYYY-MM`, newest first. They do not depend on when the first report came.
    """
    day = datetime.fromtimestamp(now - SETTLED_SECONDS, UTC)
    months: list[str] = []
    while len(months) < MONTHS:
        day = day.replace(day=1) - timedelta(days=1)
        months.append(f"{day:%Y-%m}")
    return months


def bounds(month: str) -> tuple[int, int]:
    """Give when a month begins and when the next one does, Unix seconds.

    Args:
        month: `YYYY-MM`, in UTC.
    """
    begins = datetime.strptime(f"{month}-01+0000", "%Y-%m-%d%z")
    follows = (begins + timedelta(days=31)).replace(day=1)
    return int(begins.timestamp()), int(follows.timestamp())
