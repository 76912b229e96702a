"""Declaration lines counted for charts: by risk, by signal, by day, by route."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.customs.signals import SIGNALS
from ledger.core.wording import day

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY_SECONDS: Final = 86_400
BANDS: Final = (0, 1, 20, 40, 60, 80)  # the least risk of each; the first is of lines without a signal
HIGH: Final = 50  # from this risk on a line counts as high in the counts by day and route
MOST_ROUTES: Final = 12


class Counted(NamedTuple):
    """What is counted of a line."""

    accepted: int  # Unix seconds
    risk: int  # 0 to 100
    match: str  # as in a score, "" = not scored yet
    signals: tuple[str, ...]
    loaded: str  # UN/LOCODE
    unloaded: str  # UN/LOCODE


def count(lines: Sequence[Counted], since: int, until: int) -> dict[str, Any]:
    """Count lines.

    Args:
        lines: Accepted between the two times.
        since: Unix seconds.
        until: Unix seconds.

    Returns:
        `lines`, `with_signals`, `risk` (by band), `signals` and `matches` (commonest first), `days` (each, also those
        without a line) and `routes` (those with most high lines first).
    """
    bands = Counter(max(band for band in BANDS if band <= each.risk) for each in lines)
    matches = Counter(each.match for each in lines if each.match)
    signals = Counter(signal for each in lines for signal in each.signals if signal in SIGNALS)
    return {
        "lines": len(lines),
        "with_signals": sum(bool(each.signals) for each in lines),
        "risk": [{"least": band, "lines": bands[band]} for band in BANDS],
        "signals": [
            {"signal": signal, "family": SIGNALS[signal].family, "means": SIGNALS[signal].means, "lines": number}
            for signal, number in signals.most_common()
        ],
        "matches": [{"match": match, "lines": number} for match, number in matches.most_common()],
        "days": _days(lines, since, until),
        "routes": _routes(lines),
    }


def _days(lines: Sequence[Counted], since: int, until: int) -> list[dict[str, Any]]:
    total = Counter(each.accepted // DAY_SECONDS for each in lines)
    high = Counter(each.accepted // DAY_SECONDS for each in lines if each.risk >= HIGH)
    return [
        {"day": day(number * DAY_SECONDS), "lines": total[number], "high": high[number]}
        for number in range(since // DAY_SECONDS, until // DAY_SECONDS + 1)
    ]


def _routes(lines: Sequence[Counted]) -> list[dict[str, Any]]:
    total = Counter((each.loaded, each.unloaded) for each in lines)
    high = Counter((each.loaded, each.unloaded) for each in lines if each.risk >= HIGH)
    first = sorted(total, key=lambda route: (-high[route], -total[route], route))[:MOST_ROUTES]
    return [{"loading": route[0], "unloading": route[1], "lines": total[route], "high": high[route]} for route in first]
