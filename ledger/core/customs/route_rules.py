"""Signals about where the goods are and for whom: the declared route and consignee against recorded custody.

A line gives such a signal only if no consignment that it can mean explains it. What the ledger does not say yet is no
contradiction: while a carrier has the goods, nobody has named who will get them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core.customs.signals import Hit
from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import gln13
from ledger.core.organisation import state_at
from ledger.core.travel import distance_km, travel_seconds
from ledger.core.wording import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.core.customs.case import Case
    from ledger.core.customs.declaration import DeclarationLine
    from ledger.core.customs.journey import Journey, Stop

_HOUR: Final = 3600
# A declared arrival is a plan as often as a fact: ships and aircraft are early or late by so much without anybody
# amending a declaration.
ARRIVAL_MARGIN: Final = 12 * _HOUR
# Faster than any cargo ship in service on a great circle, which no ship can follow (24 knots are 44 km/h).
SEA_KMH: Final = 45
# Faster than freight trains and lorries run from end to end, borders left out.
LAND_KMH: Final = 130
_SEA: Final = frozenset({"1", "8"})  # UN/ECE Recommendation 19: maritime, inland waterway
_LAND: Final = frozenset({"2", "3"})  # rail, road


def whereabouts(case: Case) -> Iterator[Hit]:
    """Compare where the line says that the goods go with where they are, or go, on record.

    Args:
        case: The line and what is known.
    """
    journeys, here = case.journeys, case.here
    if not journeys or any(each.carried or each.leads_to(here) for each in journeys):
        return
    first, where = journeys[0], " and ".join(sorted(here))
    if all(each.in_transit for each in journeys):
        yield Hit(
            "destination_differs",
            f"Declared to {where}; on record the goods are on their way to {_name(case, first.receiver)} "
            f"({first.bound_for}){_last_seen(first)}.",
        )
    elif not case.evidence.behind:
        resting = next(each for each in journeys if not each.in_transit)
        yield Hit(
            "never_shipped" if case.settled else "not_shipped_yet",
            f"Declared to {where}; on record the goods are with {_name(case, resting.state.holder)}"
            f"{_last_seen(resting)}, and no shipment to {where} is recorded"
            f"{', nor can it be any more' if case.settled else ' so far'}.",
        )


def _last_seen(journey: Journey) -> str:
    if not journey.stops:
        return ""
    last = journey.stops[-1]
    return f", last recorded at {last.place} ({moment(last.at)})"


def route(case: Case) -> Iterator[Hit]:
    """Compare the declared route with where the goods were last recorded before they arrived.

    Args:
        case: The line and what is known.
    """
    line = case.line
    declared = {place[:2] for place in line.route} | {line.country, line.export_country_id}
    lasts = [_last_before(each, case.arrival) for each in case.journeys]
    if not lasts or any(last is None or last.place[:2] in declared for last in lasts):
        return
    last = lasts[0]
    assert last is not None  # noqa: S101 - the line above left them out
    yield Hit(
        "route_misses_custody",
        f"The declared route {' to '.join(line.route)} does not touch {last.place[:2]}, where the goods were last "
        f"recorded ({last.place}, {moment(last.at)}).",
    )


def _last_before(journey: Journey, time: int) -> Stop | None:
    return next((stop for stop in reversed(journey.stops) if stop.at <= time), None)


def consignee(case: Case) -> Iterator[Hit]:
    """Compare the consignee with the party for which the goods are on record.

    Args:
        case: The line and what is known.
    """
    expected = [each for each in case.journeys if each.receiver and (each.in_transit or each.bound_for in case.here)]
    if not expected or len(expected) < len(case.journeys) or not _is_gln(case.line.consignee):
        return
    declared = case.evidence.consignee
    names = _name(case, expected[0].receiver)
    if declared is None:
        if all(_has_gln(case, each.receiver) for each in expected):
            reason = f"The consignee's GLN {case.line.consignee} is of nobody on the ledger; the goods are for {names}."
            yield Hit("consignee_unknown", reason)
    elif not any(declared.number in each.parties for each in expected):
        state = state_at(declared)
        who = state.name if state else case.line.consignee
        yield Hit("consignee_differs", f"The consignee is {who}; on record the goods are for {names}.")


def _is_gln(text: str) -> bool:
    try:
        gln13(text)
    except InvalidCodeError:
        return False
    return True


def _has_gln(case: Case, number: int) -> bool:
    for goods in case.goods:
        organisation = goods.dossier.organisations.get(number)
        state = state_at(organisation) if organisation else None
        if state is not None and state.gln:
            return True
    return False


def times(case: Case) -> Iterator[Hit]:
    """Find gaps in time and place that no carrier makes: to the declared arrival, and within the record.

    Args:
        case: The line and what is known.
    """
    gaps = [_gap_to_arrival(case.line, each) for each in case.journeys]
    if gaps and all(gaps):
        yield Hit("impossible_passage", gaps[0])
    own = [_gap_within(each) for each in case.journeys]
    if own and all(own):
        yield Hit("impossible_custody", own[0])


def _gap_to_arrival(line: DeclarationLine, journey: Journey) -> str:
    arrival, there = line.arrival_date_time, line.unloading_location_id[:2]
    abroad = [stop for stop in journey.stops if stop.place[:2] != there]  # within a country the way is no passage
    for stop in abroad if arrival else ():
        before = stop.at <= arrival
        if before:
            between, least = _time_before(stop, arrival), passage_seconds(line, stop.place)
        else:
            between, least = stop.latest - arrival, travel_seconds(line.unloading_location_id, stop.place)
        if between is not None and between + ARRIVAL_MARGIN < least:
            return (
                f"Recorded at {stop.place} {_hours(between)} {'before' if before else 'after'} the declared arrival at "
                f"{line.unloading_location_id} ({moment(arrival)}); the way takes at least {_hours(least)}."
            )
    return ""


def _time_before(stop: Stop, arrival: int) -> int | None:
    """How long before the arrival the goods were still there, at most; None if only the signer knows."""
    return None if stop.earliest is None else arrival - stop.earliest


def passage_seconds(line: DeclarationLine, place: str) -> int:
    """Give how long goods need at least from a place to where a line has them unloaded, as it says that they travel.

    Args:
        line: Names the places and the mode of transport of the last part of the way.
        place: UN/LOCODE.
    """
    first, last = line.loading_location_id, line.unloading_location_id
    speed = SEA_KMH if line.mode_code in _SEA else LAND_KMH if line.mode_code in _LAND else 0
    if not speed:
        return travel_seconds(place, last)
    return travel_seconds(place, first) + int(_HOUR * distance_km(first, last) / speed)


def _gap_within(journey: Journey) -> str:
    for one, other in zip(journey.stops, journey.stops[1:], strict=False):
        if one.earliest is None or one.actor == other.actor:
            continue
        between = other.latest - one.earliest
        least = travel_seconds(one.place, other.place)
        if between < least:
            return (
                f"Recorded at {one.place} and {_hours(between)} later at {other.place}; the way takes at least "
                f"{_hours(least)}."
            )
    return ""


def _hours(seconds: int) -> str:
    return f"{max(0, seconds) / _HOUR:.1f} hours"


def _name(case: Case, number: int) -> str:
    return case.goods[0].dossier.name(number)
