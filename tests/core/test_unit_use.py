"""Whether a pack was used up, whatever order things were said in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.unit import UnitEvent, UnitKind
from ledger.core.unit_use import REPEAT_SECONDS, Use, dispenses, repeat_of, undo_of, use
from tests.core.batch_story import MAKER, NOON, PHARMACY, STRANGER
from tests.core.unit_story import UnitStory

KINDS = st.lists(st.tuples(st.sampled_from(UnitKind), st.sampled_from([PHARMACY, STRANGER])), max_size=8)


@pytest.fixture
def pack() -> UnitStory:
    return UnitStory(NOON)


def asked(pack: UnitStory, organisation: int | None = None, place: str | None = None) -> Use | None:
    return use(pack.events, organisation, place, NOON)


def test_a_pack_of_which_nothing_is_said_or_that_was_scanned_is_unused(pack: UnitStory) -> None:
    assert asked(pack) is None
    pack.tell(UnitKind.SCAN, PHARMACY)
    assert asked(pack) is None


@pytest.mark.parametrize("kind", [UnitKind.DISPENSE, UnitKind.DESTROY, UnitKind.SAMPLE])
def test_what_uses_a_pack_up_is_found(pack: UnitStory, kind: UnitKind) -> None:
    event = pack.tell(kind, PHARMACY, ago=REPEAT_SECONDS + 1)
    assert asked(pack) == asked(pack, PHARMACY, "SGSIN") == Use(event)


def test_destruction_counts_more_than_dispensing_and_that_more_than_a_sample(pack: UnitStory) -> None:
    pack.tell(UnitKind.SAMPLE, MAKER)
    given = pack.tell(UnitKind.DISPENSE, PHARMACY)
    assert asked(pack) == Use(given)
    destroyed = pack.tell(UnitKind.DESTROY, PHARMACY)
    assert asked(pack) == Use(destroyed)


def test_dispensed_undone_and_dispensed_again_is_dispensed_once(pack: UnitStory) -> None:
    first = pack.tell(UnitKind.DISPENSE, PHARMACY, ago=9000)
    undo = pack.tell(UnitKind.UNDO, PHARMACY, ago=8000, previous=first.digest)
    assert undo_of(first, pack.events) == undo
    assert dispenses(pack.events) == ()
    assert asked(pack) is None
    second = pack.tell(UnitKind.DISPENSE, STRANGER, ago=7000)
    assert dispenses(pack.events) == (second,)
    assert asked(pack) == Use(second)


def test_nobody_undoes_what_another_dispensed(pack: UnitStory) -> None:
    given = pack.tell(UnitKind.DISPENSE, PHARMACY)
    pack.tell(UnitKind.UNDO, STRANGER, previous=given.digest)
    assert dispenses(pack.events) == (given,)


@pytest.mark.parametrize(
    ("ago", "organisation", "place", "repeated"),
    [
        (0, PHARMACY, "SGSIN", True),
        (REPEAT_SECONDS, PHARMACY, "SGSIN", True),
        (-60, PHARMACY, "SGSIN", True),
        (REPEAT_SECONDS + 1, PHARMACY, "SGSIN", False),
        (60, STRANGER, "SGSIN", False),
        (60, PHARMACY, "SGKEP", False),
        (60, None, "SGSIN", False),
        (60, PHARMACY, None, False),
    ],
)
def test_only_who_dispensed_it_there_a_moment_ago_is_told_so(
    pack: UnitStory, ago: int, organisation: int | None, place: str | None, repeated: bool
) -> None:
    event = pack.tell(UnitKind.DISPENSE, PHARMACY, ago=ago)
    assert asked(pack, organisation, place) == Use(event, repeated=repeated)


def test_a_second_dispense_or_a_sample_is_no_repeat_of_ones_own(pack: UnitStory) -> None:
    first = pack.tell(UnitKind.DISPENSE, PHARMACY)
    pack.tell(UnitKind.DISPENSE, STRANGER)
    assert asked(pack, PHARMACY, "SGSIN") == Use(first)
    other = UnitStory(NOON)
    given = other.tell(UnitKind.DISPENSE, PHARMACY)
    other.tell(UnitKind.SAMPLE, MAKER)
    assert asked(other, PHARMACY, "SGSIN") == Use(given)


def test_a_repeat_is_found_while_the_first_stood(pack: UnitStory) -> None:
    first = pack.tell(UnitKind.DISPENSE, PHARMACY, ago=600)

    def repeat(at: int, actor: int = PHARMACY, place: str = "SGSIN") -> UnitEvent | None:
        return repeat_of(actor, place, NOON + at, pack.events)

    assert repeat(-500) == repeat(-600 + REPEAT_SECONDS) == repeat(-600 - REPEAT_SECONDS) == first
    assert repeat(-599 + REPEAT_SECONDS) is None
    assert repeat(-500, actor=STRANGER) is None
    assert repeat(-500, place="SGKEP") is None
    pack.tell(UnitKind.UNDO, PHARMACY, ago=300, previous=first.digest)
    assert repeat(-301) == first  # sent late: it was said while the first stood
    assert repeat(-300) is None  # put back, and handed out again


def test_a_scan_has_no_repeat(pack: UnitStory) -> None:
    pack.tell(UnitKind.SCAN, PHARMACY)
    assert repeat_of(PHARMACY, "SGSIN", NOON, pack.events) is None


@given(KINDS)
def test_a_pack_is_used_if_and_only_if_something_that_uses_it_stands(told: list[tuple[UnitKind, int]]) -> None:
    pack = UnitStory(NOON)
    standing: list[UnitEvent] = []
    for number, (kind, actor) in enumerate(told):
        own = next((event for event in standing if event.actor == actor), None)
        if kind is UnitKind.UNDO and own is not None:
            standing.remove(own)
        previous = own.digest if kind is UnitKind.UNDO and own is not None else bytes(32)
        event = pack.tell(kind, actor, ago=1_000_000 - number, previous=previous)
        if kind is UnitKind.DISPENSE:
            standing.append(event)
    assert list(dispenses(pack.events)) == sorted(standing, key=lambda event: event.occurred_at)
    gone = any(kind in {UnitKind.DESTROY, UnitKind.SAMPLE} for kind, _ in told)
    assert (asked(pack) is not None) is (bool(standing) or gone)
