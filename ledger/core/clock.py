"""What a server's clock is worth beside the chain's: block times are facts, a machine's clock may be wrong.

A clock that is behind the newest block is wrong for certain. One that is ahead cannot be told from a chain on which
nothing happened for so long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ledger.core.facts import AsOf

CLOCKS_DIFFER: Final = 600  # seconds by which honest clocks may; the contract's bound for `occurredAt`
QUIET_DAYS: Final = 2  # without a block, after which that is remarked
_HOUR: Final = 3_600  # seconds


def time_of(as_of: AsOf, clock: int) -> int:
    """Give the time to judge by: what the clock says, but never before the newest block.

    Args:
        as_of: How far the read model has come.
        clock: Unix seconds.
    """
    return max(clock, as_of.time)


def is_clock_behind(newest: int, clock: int) -> bool:
    """Tell whether a clock is behind the newest block by more than clocks may differ.

    Args:
        newest: The time of that block, Unix seconds.
        clock: Unix seconds.
    """
    return clock + CLOCKS_DIFFER < newest


def quiet_days(newest: int, clock: int) -> int:
    """Count the days since the newest block by the clock, by full hours, as verdicts are kept; 0 if they are few.

    Args:
        newest: The time of that block, Unix seconds.
        clock: Unix seconds.
    """
    days = (clock // _HOUR - newest // _HOUR) // 24
    return days if days >= QUIET_DAYS else 0
