"""Each rule finds its own planted copy, and no genuine pack's story is taken for one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.core import clones
from ledger.core.clones import (
    GRACE,
    HANDLED_TOO_OFTEN,
    HEARD_WITHIN,
    IMPOSSIBLE_TRAVEL,
    KEPT,
    MOST_A_DAY,
    MOST_ORGANISATIONS,
    OUTSIDE_CUSTODY,
    RULES,
    SECOND_DISPENSE,
    SEEN_AFTER_END,
    SETTLED,
    Contradiction,
    Standing,
    asked_at,
    bounds,
    conflict,
    sightings,
    told,
)
from ledger.core.travel import travel_seconds
from ledger.core.unit import UnitEvent, UnitKind
from tests.core.batch_story import unit_event as seen

NOON = 1_780_000_000
MINUTE, HOUR, DAY = 60, 3600, 86_400
MAKER, CARRIER, PHARMACY, OTHER_PHARMACY, CUSTOMS = 2, 3, 4, 5, 6
STRANGERS = (11, 12, 13)
STANDING = Standing(
    MAKER,
    frozenset({MAKER, CARRIER, PHARMACY, OTHER_PHARMACY}),
    frozenset({CUSTOMS}),
    frozenset(range(1, 100)),
    complete=True,
)


def found(*events: UnitEvent, asked: Any = None, now: int | None = None, **standing: Any) -> Contradiction | None:
    in_order = sorted(events, key=lambda event: event.received_at)
    return conflict(in_order, asked, STANDING._replace(**standing), now or in_order[-1].received_at)


def rule(*events: UnitEvent, **given: Any) -> str | None:
    contradiction = found(*events, **given)
    return contradiction.rule if contradiction else None


def dispensed(actor: int, place: str, at: int) -> UnitEvent:
    return seen(actor, place, at, UnitKind.DISPENSE)


# Each rule on its own planted copy


def test_a_pack_dispensed_by_two_pharmacies_is_a_second_dispense() -> None:
    one, two = dispensed(PHARMACY, "BEBRU", NOON), dispensed(OTHER_PHARMACY, "BEANR", NOON + 30 * DAY)
    contradiction = found(one, two)
    assert contradiction is not None
    assert contradiction.rule == SECOND_DISPENSE
    assert (contradiction.one.digest, contradiction.other.digest) == (one.digest, two.digest)


def test_a_dispense_that_came_in_late_is_still_a_second_one() -> None:
    late = replace(dispensed(OTHER_PHARMACY, "BEANR", NOON - DAY), received_at=NOON + 9 * DAY)
    assert rule(dispensed(PHARMACY, "BEBRU", NOON), late) == SECOND_DISPENSE


def test_a_pack_in_two_places_within_an_hour_travelled_impossibly() -> None:
    contradiction = found(seen(CARRIER, "BEBRU", NOON), seen(PHARMACY, "SGSIN", NOON + HOUR))
    assert contradiction is not None
    assert contradiction.rule == IMPOSSIBLE_TRAVEL


def test_who_asks_elsewhere_right_now_travelled_impossibly_too() -> None:
    now = NOON + HOUR
    asked = asked_at(PHARMACY, "SGSIN", now, now)
    assert rule(seen(CARRIER, "BEBRU", NOON), asked=asked, now=now) == IMPOSSIBLE_TRAVEL


def test_a_pack_seen_long_after_it_was_dispensed_is_suspect() -> None:
    sold = dispensed(PHARMACY, "BEBRU", NOON)
    assert rule(sold, seen(OTHER_PHARMACY, "BEBRU", NOON + GRACE + HOUR)) == SEEN_AFTER_END
    assert rule(sold, seen(OTHER_PHARMACY, "BEBRU", NOON + HOUR)) is None


def test_a_pack_dispensed_after_it_was_destroyed_is_suspect() -> None:
    gone = seen(CARRIER, "BEBRU", NOON, UnitKind.DESTROY)
    assert rule(gone, dispensed(PHARMACY, "BEBRU", NOON + GRACE + HOUR)) == SEEN_AFTER_END


def test_two_strangers_of_long_ago_are_outside_the_custody() -> None:
    strange = [seen(number, "BEBRU", NOON + number * DAY) for number in STRANGERS[:2]]
    settled = NOON + STRANGERS[1] * DAY + SETTLED + 1
    assert rule(*strange, now=settled) == OUTSIDE_CUSTODY
    assert rule(*strange, now=settled - 2) is None  # the record may still come
    assert rule(*strange, now=settled, complete=False) is None  # it may have come, but not to us
    assert rule(strange[0], now=settled) is None
    assert rule(strange[0], seen(MAKER, "BEBRU", NOON), now=settled) is None  # one alone may lie


def test_more_organisations_than_trade_has_handled_it_too_often() -> None:
    everyone = frozenset(range(1, 100))
    handlers = [seen(20 + each, "BEBRU", NOON + each * 3 * DAY) for each in range(MOST_ORGANISATIONS + 1)]
    contradiction = found(*handlers, holders=everyone)
    assert contradiction is not None
    assert (contradiction.rule, contradiction.organisations) == (HANDLED_TOO_OFTEN, MOST_ORGANISATIONS + 1)
    assert rule(*handlers[:-1], holders=everyone) is None


def test_more_organisations_in_one_day_than_trade_can_reach_handled_it_too_often() -> None:
    everyone = frozenset(range(1, 100))
    handlers = [seen(20 + each, "BEBRU", NOON + each * HOUR) for each in range(MOST_A_DAY + 1)]
    assert rule(*handlers, holders=everyone) == HANDLED_TOO_OFTEN
    slower = [seen(20 + each, "BEBRU", NOON + each * 5 * HOUR) for each in range(MOST_A_DAY + 1)]
    assert rule(*slower, holders=everyone) is None


def test_of_too_many_handlers_two_different_ones_are_named() -> None:
    handlers = [seen(20 + each, "BEBRU", NOON + each * DAY) for each in range(MOST_ORGANISATIONS + 1)]
    contradiction = found(*handlers, seen(20, "BEBRU", NOON + 99 * DAY), holders=STANDING.known)
    assert contradiction is not None
    assert contradiction.rule == HANDLED_TOO_OFTEN
    assert contradiction.one.actor != contradiction.other.actor


# What is no copy


def test_nothing_and_one_sighting_are_no_conflict() -> None:
    assert conflict([], None, STANDING, NOON) is None
    assert rule(seen(PHARMACY, "BEBRU", NOON)) is None


def test_an_undone_dispense_is_none() -> None:
    first = dispensed(PHARMACY, "BEBRU", NOON)
    undone = seen(PHARMACY, "BEBRU", NOON + HOUR, UnitKind.UNDO, previous=first.digest)
    sold = dispensed(OTHER_PHARMACY, "BEBRU", NOON + 5 * DAY)
    assert rule(first, undone, sold) is None
    assert rule(first, replace(undone, actor=OTHER_PHARMACY), sold) == SECOND_DISPENSE  # only its own may be undone
    assert rule(first, replace(undone, previous=b"another"), sold) == SECOND_DISPENSE


def test_a_scan_synced_late_raises_no_alarm() -> None:
    """The pack left Brussels a week ago; the carrier's scanner was offline until an hour after Singapore's scan."""
    late = replace(seen(CARRIER, "BEBRU", NOON - 7 * DAY), received_at=NOON + HOUR)
    assert rule(seen(PHARMACY, "SGSIN", NOON), late) is None
    assert rule(seen(PHARMACY, "SGSIN", NOON), replace(late, occurred_at=NOON)) is None  # with a wrong clock besides


def test_a_wrong_clock_raises_no_alarm() -> None:
    for error in (-365 * DAY, -DAY, -7 * HOUR, 8 * HOUR, DAY, 365 * DAY):
        wrong = replace(seen(CARRIER, "BEBRU", NOON), occurred_at=NOON + error)
        assert rule(wrong, seen(PHARMACY, "SGSIN", NOON + DAY)) is None


def test_clocks_and_lines_may_each_be_a_quarter_of_an_hour_off() -> None:
    """The carrier's clock is ahead by what its line was slow: what seems of now was half an hour ago."""
    way = travel_seconds("BEBRU", "SGSIN")
    slow = seen(CARRIER, "BEBRU", NOON + 2 * HEARD_WITHIN)
    assert rule(slow, seen(PHARMACY, "SGSIN", NOON + way)) is None
    assert rule(slow, seen(PHARMACY, "SGSIN", NOON + way - 1)) == IMPOSSIBLE_TRAVEL


def test_an_organisation_that_contradicts_itself_raises_no_alarm_about_others() -> None:
    chaos = [
        seen(PHARMACY, "SGSIN", NOON + 9 * DAY),
        seen(PHARMACY, "BEBRU", NOON + 9 * DAY + 1),
        dispensed(PHARMACY, "BEBRU", NOON + 9 * DAY + 2),
        dispensed(PHARMACY, "SGSIN", NOON + 30 * DAY),
    ]
    assert rule(seen(CARRIER, "BEBRU", NOON), *chaos) is None


def test_a_place_that_is_not_known_raises_no_alarm() -> None:
    assert rule(seen(CARRIER, "XXXXX", NOON), seen(PHARMACY, "SGSIN", NOON)) is None
    asked = asked_at(PHARMACY, "", NOON, NOON)
    assert rule(seen(CARRIER, "BEBRU", NOON), asked=asked) is None


def test_administrations_the_maker_and_destruction_after_a_dispense_raise_no_alarm() -> None:
    sold, later = dispensed(PHARMACY, "BEBRU", NOON), NOON + 9 * DAY
    assert rule(sold, seen(CUSTOMS, "BEBRU", later)) is None
    assert rule(sold, seen(MAKER, "BEBRU", later)) is None
    assert rule(sold, seen(CARRIER, "BEBRU", later, UnitKind.DESTROY)) is None


def test_administrations_do_not_count_as_handlers_or_strangers() -> None:
    officers = frozenset(range(40, 80))
    scans = [seen(number, "BEBRU", NOON + number * MINUTE) for number in sorted(officers)]
    assert rule(*scans, administrations=officers, now=NOON + 2 * SETTLED) is None


def test_a_question_about_another_time_is_no_sighting() -> None:
    assert asked_at(PHARMACY, "SGSIN", NOON - DAY, NOON) is None
    assert asked_at(PHARMACY, "SGSIN", NOON + DAY, NOON) is None


# What one key can do


def test_attack_one_stranger_cannot_make_a_genuine_pack_suspect() -> None:
    genuine = [seen(MAKER, "BEBRU", NOON), dispensed(PHARMACY, "BEBRU", NOON + 9 * DAY)]
    lies = [
        seen(STRANGERS[0], "SGSIN", NOON + MINUTE),
        dispensed(STRANGERS[0], "SGSIN", NOON + DAY),
        seen(STRANGERS[0], "SGSIN", NOON + 30 * DAY),
    ]
    asked = asked_at(OTHER_PHARMACY, "BEBRU", NOON + 9 * DAY, NOON + 9 * DAY)
    assert rule(*genuine, *lies) is None
    assert rule(*genuine, *lies, asked=asked) is None
    assert rule(*genuine, *lies, now=NOON + 2 * SETTLED) is None


def test_a_second_stranger_confirms_the_first() -> None:
    genuine = dispensed(PHARMACY, "BEBRU", NOON)
    copies = [dispensed(number, "SGSIN", NOON + number * DAY) for number in STRANGERS]
    assert rule(genuine, *copies[:2]) == SECOND_DISPENSE
    assert rule(*copies[:2]) is None  # either of the two may lie about the other's pack
    assert rule(*copies) == SECOND_DISPENSE


def test_a_stranger_that_asks_is_warned_of_its_own_copy() -> None:
    now = NOON + HOUR
    asked = asked_at(STRANGERS[0], "SGSIN", now, now)
    assert rule(seen(PHARMACY, "BEBRU", NOON), asked=asked, now=now) == IMPOSSIBLE_TRAVEL


def test_attack_an_organisation_that_is_not_on_the_ledger_is_not_heard() -> None:
    assert rule(seen(CARRIER, "BEBRU", NOON), dispensed(200, "SGSIN", NOON), dispensed(201, "SGSIN", NOON)) is None
    asked = asked_at(200, "SGSIN", NOON, NOON)
    assert rule(seen(CARRIER, "BEBRU", NOON), asked=asked) is None


def test_attack_repeating_an_event_costs_no_more_than_the_newest_of_it() -> None:
    many = [seen(CARRIER, "BEBRU", NOON + each) for each in range(10_000)]
    kept = sightings(many, STANDING.known)
    assert [each.latest for each in kept] == [NOON + each for each in range(10_000 - KEPT, 10_000)]


# Properties

MODELLED_CLOCKS = st.one_of(
    st.integers(-HEARD_WITHIN, HEARD_WITHIN),
    st.integers(-24, 28).map(lambda halves: halves * HOUR // 2),
    st.sampled_from([-365 * DAY, -DAY, DAY, 365 * DAY]),
)
LATENESS = st.one_of(st.integers(0, 60), st.integers(0, 10 * DAY))
TOWNS = st.sampled_from(["BEBRU", "SGSIN", "USNYC", "THLCH", "INBOM", "GBLON", "XXXXX", "AUSYD", "ZACPT"])


@st.composite
def genuine(draw: Any) -> list[UnitEvent]:
    """One pack on any way at any speed that is possible, with any noise that is modelled."""
    events, time, here = [], NOON, draw(TOWNS)
    for number in range(draw(st.integers(2, 8))):
        there = draw(TOWNS)
        time += travel_seconds(here, there) + draw(st.one_of(st.just(0), st.integers(0, 3 * DAY)))
        error, late = draw(MODELLED_CLOCKS), draw(LATENESS)
        # A clock that is ahead by just as much as the scan came in late tells the time of its arrival.
        assume(not (late > HEARD_WITHIN * 2 and abs(late - error) <= HEARD_WITHIN))
        changes = {"occurred_at": time + error, "received_at": time + late}
        events.append(seen(draw(st.sampled_from([MAKER, CARRIER, PHARMACY])), there, time + number, **changes))
        here = there
    return sorted(events, key=lambda event: event.received_at)


@given(genuine())
def test_no_possible_journey_looks_impossible_whatever_the_noise(events: list[UnitEvent]) -> None:
    for heard in range(1, len(events) + 1):
        last = events[heard - 1]
        asked = asked_at(last.actor, last.place, last.received_at, last.received_at)
        online = asked if last.received_at - last.occurred_at == 0 else None
        assert conflict(events[:heard], online, STANDING, last.received_at) is None


@given(genuine(), st.integers(0, 30 * DAY), st.integers(0, 400 * DAY))
def test_handlers_whose_record_comes_within_thirty_days_are_never_outside(
    events: list[UnitEvent], recorded: int, waited: int
) -> None:
    """Whoever handled it was shipped to before, and that is on record 30 days later at the latest."""
    now = events[-1].received_at + waited
    shipped = {event.actor: NOON + recorded for event in events}
    holders = frozenset({MAKER} | {actor for actor, since in shipped.items() if since <= now})
    assert rule(*events, now=now, holders=holders) != OUTSIDE_CUSTODY


@given(
    st.lists(st.builds(seen, st.just(PHARMACY), TOWNS, st.integers(NOON, NOON + 99 * DAY), st.sampled_from(UnitKind))),
    TOWNS,
)
def test_one_organisation_alone_is_never_a_conflict(events: list[UnitEvent], place: str) -> None:
    now = NOON + 200 * DAY
    assert conflict(events, asked_at(PHARMACY, place, now, now), STANDING, now) is None
    assert conflict(events, None, STANDING._replace(holders=frozenset()), now) is None


@given(st.integers(-2 * 365 * DAY, 2 * 365 * DAY), st.integers(0, 365 * DAY))
def test_no_claim_moves_the_latest_time_beyond_arrival(error: int, late: int) -> None:
    event = seen(PHARMACY, "BEBRU", NOON, occurred_at=NOON + error, received_at=NOON + late)
    earliest, latest = bounds(event)
    assert latest == NOON + late
    assert (earliest is None) == (abs(late - error) > HEARD_WITHIN)


# Words


@pytest.mark.parametrize(
    ("events", "given_", "words"),
    [
        (
            [dispensed(PHARMACY, "BEBRU", NOON), dispensed(OTHER_PHARMACY, "BEANR", NOON + DAY)],
            {},
            (
                "Dispensed by <4> at BEBRU (by 2026-05-28T20:26:40Z) and by <5> at BEANR (by 2026-05-29T20:26:40Z), "
                "and neither took it back. Rule: second_dispense."
            ),
        ),
        (
            [seen(CARRIER, "BEBRU", NOON)],
            {"asked": asked_at(PHARMACY, "SGSIN", NOON, NOON)},
            (
                "With <3> at BEBRU (by 2026-05-28T20:26:40Z) and with <4> at SGSIN now: "
                "no pack gets from one to the other in less than 12.2 hours. Rule: impossible_travel."
            ),
        ),
        (
            [
                replace(dispensed(PHARMACY, "BEBRU", NOON - 2 * DAY), received_at=NOON),
                seen(OTHER_PHARMACY, "", NOON + 3 * DAY),
            ],
            {},
            (
                "Recorded as dispensed by <4> at BEBRU (before 2026-05-28T20:26:40Z), "
                "and seen after that by <5> (by 2026-05-31T20:26:40Z). Rule: seen_after_end."
            ),
        ),
        (
            [seen(11, "BEBRU", NOON), seen(12, "BEANR", NOON)],
            {"now": NOON + SETTLED + 1},
            (
                "Seen by <11> at BEBRU (by 2026-05-28T20:26:40Z) and by <12> at BEANR (by 2026-05-28T20:26:40Z), "
                "which never had goods of this batch. Rule: outside_custody."
            ),
        ),
        (
            [seen(20 + each, "BEBRU", NOON) for each in range(7)],
            {"holders": STANDING.known},
            (
                "Seen by 7 organisations, from <20> at BEBRU (by 2026-05-28T20:26:40Z) to <26> at BEBRU "
                "(by 2026-05-28T20:26:40Z): more than handle one pack. Rule: handled_too_often."
            ),
        ),
    ],
    ids=RULES,
)
def test_the_words_name_both_sightings_and_the_rule(events: Any, given_: Any, words: str) -> None:
    contradiction = found(*events, **given_)
    assert contradiction is not None
    assert told(contradiction, lambda number: f"<{number}>") == words


def test_every_rule_has_words() -> None:
    assert set(clones._WORDS) == set(RULES)
