"""Find out whether one pack can explain all that organisations signed about its serial number.

Pure. What is compared are sightings: where an organisation says that it had the pack, and when that can have been. Late
data must not look like a copy, so a time is believed only where the server heard of it at once; of what came in late
only that it happened before it came in. One organisation alone never makes a conflict: whatever it repeats or mixes up
is its own affair, and one key must not be able to spoil the packs of others. Anonymous scans are not looked at at all.
docs/clones.md tells the rules, their limits and how often they are wrong; decision 17 why they are as they are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.travel import travel_seconds
from ledger.core.unit import UnitKind
from ledger.core.wording import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ledger.core.unit import UnitEvent

_MINUTE: Final = 60  # seconds
_DAY: Final = 86_400
# A claimed time this near to the server's own is the time at which it was signed: an online scanner needs seconds, a
# device without time service runs off by minutes, and clocks that are wrong by more are wrong by hours (time zones).
HEARD_WITHIN: Final = 15 * _MINUTE
# An undone dispense may itself come in late, from a pharmacy that was offline for the day.
GRACE: Final = 1 * _DAY
# A custody event can be recorded up to 30 days after it occurred (the contract's bound for `occurredAt`).
SETTLED: Final = 30 * _DAY
# A pack passes through five to eight organisations, with parallel trade and returns through a dozen.
MOST_ORGANISATIONS: Final = 16
# Maker, carrier, wholesaler, carrier and pharmacy in one day is as fast as trade gets.
MOST_A_DAY: Final = 6
TWO: Final = 2  # organisations: one alone makes no conflict
# What one organisation repeats adds nothing; more of it than this is not looked at, so that it cannot cost time either.
KEPT: Final = 16

SECOND_DISPENSE: Final = "second_dispense"
IMPOSSIBLE_TRAVEL: Final = "impossible_travel"
SEEN_AFTER_END: Final = "seen_after_end"
OUTSIDE_CUSTODY: Final = "outside_custody"
HANDLED_TOO_OFTEN: Final = "handled_too_often"
RULES: Final = (SECOND_DISPENSE, IMPOSSIBLE_TRAVEL, SEEN_AFTER_END, OUTSIDE_CUSTODY, HANDLED_TOO_OFTEN)

_ENDS: Final = {UnitKind.DISPENSE: "dispensed", UnitKind.DESTROY: "destroyed"}


class Sighting(NamedTuple):
    """Where an organisation had a pack in hand, and when that can have been."""

    actor: int  # organisation
    place: str  # UN/LOCODE, "" if not said
    kind: UnitKind | None  # None: the question that is being answered
    earliest: int | None  # Unix seconds; None = nobody but the signer knows
    latest: int  # Unix seconds
    digest: bytes = b""


class Standing(NamedTuple):
    """Who has to do with the goods of a batch.

    Args:
        maker: The organisation that registered it.
        holders: All that its record names: who held goods of it, was to receive some or inspected them; the maker too.
        administrations: Authorities, customs and regulators among those that signed or ask.
        known: Of those that signed or ask all that are on the ledger; what others signed is not looked at.
        complete: Whether all custody that is on the chain is known here.
    """

    maker: int
    holders: frozenset[int]
    administrations: frozenset[int]
    known: frozenset[int]
    complete: bool


class Contradiction(NamedTuple):
    """Two sightings that one pack cannot explain."""

    rule: str  # one of `RULES`
    one: Sighting
    other: Sighting
    organisations: int = 0  # HANDLED_TOO_OFTEN: how many


def asked_at(organisation: int, place: str, at: int, now: int) -> Sighting | None:
    """Give the sighting that a question is: whoever asks has the pack in hand.

    Args:
        organisation: The number of whoever asks.
        place: UN/LOCODE, "" if not said.
        at: The time that is asked about, Unix seconds.
        now: By the server's clock, Unix seconds.

    Returns:
        None if it is asked about another time than now.
    """
    if abs(now - at) > HEARD_WITHIN:
        return None
    return Sighting(organisation, place, None, now - 2 * HEARD_WITHIN, now)


def bounds(event: UnitEvent) -> tuple[int | None, int]:
    """Give when an event can have happened, whatever its signer's clock said.

    Args:
        event: The event.

    Returns:
        Earliest and latest, Unix seconds. Nothing is heard of before it happens; and only if it was heard of at once
        is there a bound to how long before.
    """
    heard = event.received_at
    if abs(heard - event.occurred_at) > HEARD_WITHIN:
        return None, heard
    return heard - 2 * HEARD_WITHIN, heard


def sightings(events: Sequence[UnitEvent], known: frozenset[int]) -> list[Sighting]:
    """Read the sightings out of the events about one pack.

    Args:
        events: In order of arrival.
        known: The organisations on the ledger.

    Returns:
        The newest of each organisation, in order of arrival. A dispense that was undone is none: it may have been of
        another pack.
    """
    undone = {(event.actor, event.previous) for event in events if event.kind is UnitKind.UNDO}
    found: list[Sighting] = []
    each: Counter[int] = Counter()
    for event in reversed(events):
        actor = event.actor
        if event.kind is UnitKind.UNDO or actor not in known or (actor, event.digest) in undone:
            continue
        each[actor] += 1
        if each[actor] <= KEPT:
            found.append(Sighting(actor, event.place, event.kind, *bounds(event), event.digest))
    return found[::-1]


def conflict(events: Sequence[UnitEvent], asked: Sighting | None, standing: Standing, now: int) -> Contradiction | None:
    """Tell whether one pack can explain all that is known of a serial number.

    Args:
        events: Signed events about it, in order of arrival.
        asked: Who asks where, if that is known; it counts for the answer to this question only.
        standing: Who has to do with the batch.
        now: By the server's clock, Unix seconds.

    Returns:
        None if it can; else the contradiction that decides, by the first rule of `RULES` that finds one.
    """
    signed = sightings(events, standing.known)
    seen = [*signed, asked] if asked and asked.actor in standing.known else signed
    actors = {each.actor for each in seen}
    if len(actors) < TWO:
        return None
    organisations = actors - standing.administrations
    if len(organisations) > MOST_ORGANISATIONS:
        return _too_often([each for each in seen if each.actor in organisations])
    outsiders = organisations - standing.holders
    found = [*_second_dispense(seen), *_impossible_travel(seen), *_seen_after_end(seen, standing)]
    return (
        _unless_one_lies(found, outsiders - {asked.actor if asked else 0})
        or _outside_custody(signed, outsiders, standing, now)
        or _in_one_day(seen, standing)
    )


def _unless_one_lies(found: list[Contradiction], outsiders: Iterable[int]) -> Contradiction | None:
    """Take the first contradiction, unless all of them hang on the word of one organisation that never had the goods.

    Its key could name any pack; that of a holder could too, but is known to have had goods of this batch in hand.
    """
    for outsider in outsiders:
        if all(outsider in (each.one.actor, each.other.actor) for each in found):
            return None
    return found[0] if found else None


def _pairs(some: Iterable[Sighting], others: Sequence[Sighting]) -> Iterator[tuple[Sighting, Sighting]]:
    return ((one, other) for one in some for other in others if one.actor != other.actor)


def _second_dispense(seen: Sequence[Sighting]) -> Iterator[Contradiction]:
    """Two organisations dispensed it, and neither undid it. No clock is needed for that."""
    dispenses = [each for each in seen if each.kind is UnitKind.DISPENSE]
    for index, one in enumerate(dispenses):
        for _one, other in _pairs([one], dispenses[index + 1 :]):
            yield Contradiction(SECOND_DISPENSE, one, other)


def _impossible_travel(seen: Sequence[Sighting]) -> Iterator[Contradiction]:
    """Two organisations had it in two places, and the time between is less than any journey takes."""
    timed = [each for each in seen if each.earliest is not None]
    for index, one in enumerate(timed):
        for _one, other in _pairs([one], timed[index + 1 :]):
            # In order of arrival, so that no more time can lie between the two, whichever happened first.
            if travel_seconds(one.place, other.place) > other.latest - (one.earliest or 0):
                yield Contradiction(IMPOSSIBLE_TRAVEL, one, other)


def _seen_after_end(seen: Sequence[Sighting], standing: Standing) -> Iterator[Contradiction]:
    """One organisation dispensed or destroyed it, and another had it in hand surely later.

    Not counted: administrations, which inspect what was dispensed; the maker, to whom complaints go; and DESTROY, which
    is what becomes of a pack that a patient brings back.
    """
    ends = [each for each in seen if each.kind in _ENDS]
    apart = standing.administrations | {standing.maker}
    later = [each for each in seen if each.kind is not UnitKind.DESTROY and each.actor not in apart]
    for end, other in _pairs(ends, later):
        if other.earliest is not None and other.earliest > end.latest + GRACE:
            yield Contradiction(SEEN_AFTER_END, end, other)


def _outside_custody(
    signed: Sequence[Sighting], outsiders: set[int], standing: Standing, now: int
) -> Contradiction | None:
    """Two organisations had it that never had to do with the batch, so long ago that it would be on record by now."""
    if not standing.complete:
        return None
    first: dict[int, Sighting] = {}
    for each in signed:
        if each.actor in outsiders and now - each.latest > SETTLED:
            first.setdefault(each.actor, each)
    if len(first) < TWO:
        return None
    one, other, *_more = first.values()
    return Contradiction(OUTSIDE_CUSTODY, one, other)


def _in_one_day(seen: Sequence[Sighting], standing: Standing) -> Contradiction | None:
    """More organisations had it within a day than trade can move it through."""
    timed = [each for each in seen if each.earliest is not None and each.actor not in standing.administrations]
    timed.sort(key=lambda each: each.latest)
    for last in timed:
        day = [each for each in timed if last.latest - _DAY < each.latest <= last.latest]
        if len({each.actor for each in day}) > MOST_A_DAY:
            return _too_often(day)
    return None


def _too_often(seen: Sequence[Sighting]) -> Contradiction:
    """Name the first and the last of many organisations."""
    last = next(each for each in reversed(seen) if each.actor != seen[0].actor)
    return Contradiction(HANDLED_TOO_OFTEN, seen[0], last, len({each.actor for each in seen}))


# Words


def told(found: Contradiction, name: Callable[[int], str]) -> str:
    """Say a contradiction to a person, with the rule that decided.

    Args:
        found: The contradiction.
        name: Names an organisation.
    """
    return f"{_WORDS[found.rule](found, name)} Rule: {found.rule}."


def _second(found: Contradiction, name: Callable[[int], str]) -> str:
    return f"Dispensed by {_who(found.one, name)} and by {_who(found.other, name)}, and neither took it back."


def _travel(found: Contradiction, name: Callable[[int], str]) -> str:
    hours = travel_seconds(found.one.place, found.other.place) / 3600
    return (
        f"With {_who(found.one, name)} and with {_who(found.other, name)}: "
        f"no pack gets from one to the other in less than {hours:.1f} hours."
    )


def _ended(found: Contradiction, name: Callable[[int], str]) -> str:
    how = _ENDS[found.one.kind or UnitKind.DISPENSE]
    return f"Recorded as {how} by {_who(found.one, name)}, and seen after that by {_who(found.other, name)}."


def _outside(found: Contradiction, name: Callable[[int], str]) -> str:
    return f"Seen by {_who(found.one, name)} and by {_who(found.other, name)}, which never had goods of this batch."


def _often(found: Contradiction, name: Callable[[int], str]) -> str:
    return (
        f"Seen by {found.organisations} organisations, from {_who(found.one, name)} to {_who(found.other, name)}: "
        "more than handle one pack."
    )


_WORDS: Final[dict[str, Callable[[Contradiction, Callable[[int], str]], str]]] = {
    SECOND_DISPENSE: _second,
    IMPOSSIBLE_TRAVEL: _travel,
    SEEN_AFTER_END: _ended,
    OUTSIDE_CUSTODY: _outside,
    HANDLED_TOO_OFTEN: _often,
}


def _who(each: Sighting, name: Callable[[int], str]) -> str:
    """Name organisation, place and time; of what came in late, the day by which it had happened."""
    place = f" at {each.place}" if each.place else ""
    if each.kind is None:
        return f"{name(each.actor)}{place} now"
    when = f"before {moment(each.latest)}" if each.earliest is None else f"by {moment(each.latest)}"
    return f"{name(each.actor)}{place} ({when})"
