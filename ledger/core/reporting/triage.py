"""What is urgent of the incidents that people report, and why: one table of reasons with weights.

Nobody vouches for a report, so what strangers say counts for little and what the ledger and administrations say for
much: whatever anybody sends, and however often, it is never urgent by that alone, nor does it come before goods that
are stopped. The urgency ranks a queue. It is no probability, and changes no verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ALL: Final = 100
_DAY: Final = 86_400  # seconds
MANY: Final = 5  # reports, beside each of which a person could stand; below, a few
LATE_SECONDS: Final = 3 * _DAY
VERY_LATE_SECONDS: Final = 7 * _DAY
URGENT: Final = 60
SOON: Final = 30


class Reason(NamedTuple):
    """One kind of reason to look at an incident early."""

    family: str  # of those that rest on the same fact the heaviest counts
    weight: int  # 1 to 99
    means: str  # for a person


class Hit(NamedTuple):
    """A reason that an incident gives."""

    reason: str  # a key of `REASONS`
    words: str  # with the values that it rests on

    def to_json(self) -> dict[str, Any]:
        """Give it as it is kept and shown."""
        return {"reason": self.reason, "weight": REASONS[self.reason].weight, "words": self.words}


class Circumstances(NamedTuple):
    """What is known of an incident."""

    verdict: str  # the word on its code; "" if it has none
    headline: str  # of the verdict
    indicators: int  # how many open indicators of administrations its goods match
    elsewhere: int  # other incidents about the same lot
    countries: frozenset[str]  # that those were reported in, other than this one's
    copies: int  # other incidents about the very same pack
    reports: int  # of this incident
    waiting_seconds: int  # since its oldest report that was not answered


class Triage(NamedTuple):
    """How urgent an incident is."""

    urgency: int  # 0 to 100
    hits: tuple[Hit, ...]  # heaviest first


REASONS: Final[dict[str, Reason]] = {
    "ledger_suspects": Reason("ledger", 75, "The ledger contradicts the label: the goods may be falsified."),
    "ledger_stops": Reason("ledger", 70, "The ledger says not to use the goods, and somebody has them."),
    "ledger_knows_nothing": Reason("ledger", 15, "The ledger cannot say that the goods are what they seem."),
    "no_code": Reason("ledger", 10, "There is no code that can be read: a person must look."),
    "alert_match": Reason("alert", 65, "An administration has told others to look out for these goods."),
    "same_pack_elsewhere": Reason("spread", 40, "The same serial number was reported as another incident."),
    "other_countries": Reason("spread", 35, "The same lot was reported in other countries."),
    "many_incidents": Reason("spread", 25, "The same lot was reported in many other incidents."),
    "few_incidents": Reason("spread", 12, "The same lot was reported in other incidents."),
    "many_reports": Reason("said", 20, "Many reports tell of this incident."),
    "few_reports": Reason("said", 10, "More than one report tells of this incident."),
    "waits_very_long": Reason("time", 25, "Somebody has waited for a week or longer."),
    "waits_long": Reason("time", 12, "Somebody has waited for three days or longer."),
}


def triage(known: Circumstances) -> Triage:
    """Say how urgent an incident is.

    Args:
        known: What is known of it.

    Returns:
        The reasons, and the urgency: the heaviest reason of each family counts, and families add up as independent
        reasons do, each taking its share of what the others left of 100.
    """
    hits = tuple(sorted(_hits(known), key=lambda hit: -REASONS[hit.reason].weight))
    return Triage(urgency(hit.reason for hit in hits), hits)


def urgency(reasons: Iterable[str]) -> int:
    """Put reasons into one number.

    Args:
        reasons: Keys of `REASONS`.

    Returns:
        0 to 100. It is an order, not a probability.
    """
    heaviest: dict[str, int] = {}
    for name in reasons:
        reason = REASONS[name]
        heaviest[reason.family] = max(reason.weight, heaviest.get(reason.family, 0))
    rest = 1.0
    for weight in heaviest.values():
        rest *= 1 - weight / _ALL
    return round(_ALL * (1 - rest))


def level(urgency: int) -> str:
    """Name an urgency for a person.

    Args:
        urgency: 0 to 100.
    """
    return "urgent" if urgency >= URGENT else "soon" if urgency >= SOON else "in_turn"


def _hits(known: Circumstances) -> Iterator[Hit]:
    yield from _of_ledger(known)
    if known.indicators:
        yield Hit("alert_match", f"Matches {_count(known.indicators, 'indicator')} of administrations.")
    yield from _of_others(known)
    if known.reports > 1:
        name = "many_reports" if known.reports >= MANY else "few_reports"
        yield Hit(name, f"{known.reports:,} reports tell of this incident.")
    days = known.waiting_seconds // _DAY
    if known.waiting_seconds >= LATE_SECONDS:
        name = "waits_very_long" if known.waiting_seconds >= VERY_LATE_SECONDS else "waits_long"
        yield Hit(name, f"A report has waited for an answer for {days:,} days.")


_BY_VERDICT: Final = {
    "suspect": "ledger_suspects",
    "do_not_use": "ledger_stops",
    "undetermined": "ledger_knows_nothing",
    "unreadable": "no_code",
    "": "no_code",
}


def _of_ledger(known: Circumstances) -> Iterator[Hit]:
    if name := _BY_VERDICT.get(known.verdict):
        said = f"The ledger says of its code: {known.headline.rstrip('.')}."
        yield Hit(name, said if known.verdict else "No report of it has a code.")


def _of_others(known: Circumstances) -> Iterator[Hit]:
    if known.copies:
        yield Hit("same_pack_elsewhere", f"The same serial number is in {_count(known.copies, 'other incident')}.")
    if known.countries:
        where = ", ".join(sorted(known.countries))
        yield Hit("other_countries", f"The same lot was reported in {where} too.")
    if known.elsewhere:
        name = "many_incidents" if known.elsewhere >= MANY else "few_incidents"
        yield Hit(name, f"The same lot is in {_count(known.elsewhere, 'other incident')}.")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
