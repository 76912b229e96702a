"""Whether one pack was used up, by what organisations signed about it: pure, for check 11 of a verdict.

An UNDO takes back the DISPENSE that it names. What counts is net of that; the events themselves all stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.unit import UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.core.unit import UnitEvent

REPEAT_SECONDS: Final = 15 * 60  # who scans again within this time has the same pack still in hand


class Use(NamedTuple):
    """How a pack was used up."""

    event: UnitEvent  # the first of its kind
    repeated: bool = False  # it is a DISPENSE by whoever asks now, a moment ago


def dispenses(events: Iterable[UnitEvent]) -> tuple[UnitEvent, ...]:
    """Give the times that a pack was dispensed, without those that were undone.

    Args:
        events: What was signed about it.

    Returns:
        In the order given; more than one is a conflict: one pack cannot be handed out twice.
    """
    known = tuple(events)
    return tuple(each for each in known if each.kind is UnitKind.DISPENSE and undo_of(each, known) is None)


def undo_of(dispense: UnitEvent, events: Iterable[UnitEvent]) -> UnitEvent | None:
    """Find the UNDO that takes back a DISPENSE; only the organisation that dispensed the pack can.

    Args:
        dispense: The DISPENSE.
        events: What was signed about the same pack.
    """
    undos = (event for event in events if event.kind is UnitKind.UNDO and event.actor == dispense.actor)
    return next((undo for undo in undos if undo.previous == dispense.digest), None)


def repeat_of(actor: int, place: str, occurred_at: int, events: Sequence[UnitEvent]) -> UnitEvent | None:
    """Find the DISPENSE of which another, of the same pack by the same organisation at the same place, is a repeat.

    Args:
        actor: The organisation.
        place: UN/LOCODE.
        occurred_at: When it says that it dispensed the pack again, Unix seconds.
        events: What was signed about the pack.

    Returns:
        One of at most `REPEAT_SECONDS` before or after that was not undone by then; None if there is none.
    """
    for event in events:
        if event.kind is UnitKind.DISPENSE and _is_near(event, actor, place, occurred_at):
            undo = undo_of(event, events)
            if undo is None or occurred_at < undo.occurred_at:
                return event
    return None


def use(events: Sequence[UnitEvent], organisation: int | None, place: str | None, now: int) -> Use | None:
    """Tell whether and how a pack was used up.

    Args:
        events: What was signed about it, in order of arrival.
        organisation: Whoever asks.
        place: Where, UN/LOCODE.
        now: Unix seconds.

    Returns:
        Its destruction first, for nothing comes after that; else its dispensing; else its sampling; None if none.
    """
    destroyed = _first(events, UnitKind.DESTROY)
    if destroyed:
        return Use(destroyed)
    given = dispenses(events)
    sampled = _first(events, UnitKind.SAMPLE)
    if given:
        own = organisation is not None and place is not None and _is_near(given[0], organisation, place, now)
        return Use(given[0], repeated=own and len(given) == 1 and sampled is None)
    return Use(sampled) if sampled else None


def _is_near(event: UnitEvent, actor: int, place: str, at: int) -> bool:
    return (event.actor, event.place) == (actor, place) and abs(at - event.occurred_at) <= REPEAT_SECONDS


def _first(events: Iterable[UnitEvent], kind: UnitKind) -> UnitEvent | None:
    return next((event for event in events if event.kind is kind), None)
