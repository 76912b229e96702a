"""Check 12, `no_conflict`: what the verdict says of a pack that organisations signed for."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.core.check import FAILED, PASSED, SKIPPED, Check
from ledger.core.clones import SETTLED
from ledger.core.dossier import Dossier
from ledger.core.facts import Organisation
from ledger.core.unit import UnitEvent, UnitFacts, UnitKind
from ledger.core.verdict import Question, Subject, VerdictFacts, judge
from ledger.core.vocabulary import Role
from tests.core.batch_story import CARRIER, PHARMACY, STRANGER, BatchStory, unit_event
from tests.core.verdict_cases import BRACKETED, SERIALISED, SSCC, delivered
from tests.core.verdict_vectors import read_code

HOUR, DAY = 3_600, 86_400
OTHER_STRANGER, OFFICER, NOBODY, AUTHORITY = 7, 8, 9, 10


def story_of_strangers() -> tuple[BatchStory, bytes]:
    story, sold, _kept = delivered()
    story.accredit(OTHER_STRANGER, "Nowhere Ltd", "MY", Role.WHOLESALER)
    story.accredit(OFFICER, "Belgian Customs", "BE", Role.CUSTOMS)
    return story, sold


def of_the_batch(story: BatchStory) -> Dossier:
    """The batch as the read model gives it: with the organisations that its own record names."""
    history = story.history()
    named = {number: each for number, each in story.organisations.items() if number in history.organisations}
    return Dossier(history, named, story.keys)


def check(
    story: BatchStory, *events: UnitEvent, code: str = SERIALISED, consignment: bytes = b"", **asked: Any
) -> Check:
    signers = (story.organisations.get(event.actor) for event in events)
    facts = VerdictFacts(
        story.as_of(head_block=asked.pop("head_block", story.block - 1)),
        (Subject(of_the_batch(story), consignment),),
        asker=story.organisations.get(asked.get("organisation", 0)),
        unit=UnitFacts(events=events, signers=tuple(each for each in signers if each)),
    )
    now = story.time + asked.pop("later", 0)
    verdict = judge(Question(read_code(code, story.time), **asked), facts, now)
    return verdict.checks[11]


def test_a_code_that_names_no_single_pack_is_not_compared() -> None:
    story, _sold = story_of_strangers()
    answer = check(story, unit_event(PHARMACY, "SGSIN", story.time), code=BRACKETED)
    assert (answer.result, answer.detail) == (SKIPPED, "This code names no single pack.")


def test_a_pack_that_nobody_signed_for_is_not_compared() -> None:
    answer = check(story_of_strangers()[0])
    assert (answer.result, answer.detail) == (
        SKIPPED,
        "No organisation has signed for this pack yet: nothing to compare.",
    )


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 signed sighting fits one pack."), (2, "2 signed sightings fit one pack.")]
)
def test_sightings_that_fit_are_counted(count: int, words: str) -> None:
    story, _sold = story_of_strangers()
    events = [unit_event(PHARMACY, "SGSIN", story.time - each * DAY) for each in range(count)]
    answer = check(story, *events)
    assert (answer.result, answer.detail) == (PASSED, words)


def test_the_detail_names_who_signed_although_it_has_nothing_to_do_with_the_batch() -> None:
    story, _sold = story_of_strangers()
    events = [unit_event(number, "BEBRU", story.time - 2 * SETTLED + number) for number in (STRANGER, OTHER_STRANGER)]
    answer = check(story, *events)
    assert (answer.result, answer.reason) == (FAILED, "copied")
    assert "Seen by Elsewhere Ltd at BEBRU" in answer.detail
    assert "by Nowhere Ltd at BEBRU" in answer.detail
    assert answer.detail.endswith("which never had goods of this batch. Rule: outside_custody.")


def test_a_holder_is_named_by_the_batchs_own_record() -> None:
    story, _sold = story_of_strangers()
    events = [unit_event(CARRIER, "BEBRU", story.time - HOUR)]
    answer = check(story, *events, organisation=PHARMACY, place="SGSIN")
    assert "With Coldway at BEBRU" in answer.detail
    assert "with Merlion Pharmacy at SGSIN now" in answer.detail


def test_customs_and_authorities_are_no_strangers() -> None:
    """An authority is one by its admission, whether or not it has a role besides."""
    story, _sold = story_of_strangers()
    story.accredit(AUTHORITY, "Ministry of Health", "MY", Role(0), authority=AUTHORITY)
    for pair in ((OFFICER, AUTHORITY), (OFFICER, STRANGER), (AUTHORITY, STRANGER)):
        events = [unit_event(number, "BEBRU", story.time - 2 * SETTLED + number) for number in pair]
        assert check(story, *events).result == PASSED


@pytest.mark.parametrize("how", ["behind", "carton"])
def test_nobody_is_a_stranger_while_custody_may_be_missing(how: str) -> None:
    story, sold = story_of_strangers()
    events = [unit_event(number, "BEBRU", story.time - 2 * SETTLED + number) for number in (STRANGER, OTHER_STRANGER)]
    if how == "behind":
        assert check(story, *events, head_block=story.block + 100).result == PASSED
    else:
        code = f"(00){SSCC}{BRACKETED}(21)S1"
        assert check(story, *events, code=code, consignment=sold).result == PASSED


def test_an_organisation_that_is_not_on_the_ledger_is_not_heard() -> None:
    story, _sold = story_of_strangers()
    events = [unit_event(CARRIER, "BEBRU", story.time - HOUR), unit_event(NOBODY, "SGSIN", story.time)]
    answer = check(story, *events, organisation=NOBODY, place="SGSIN")
    assert (answer.result, answer.detail) == (PASSED, "1 signed sighting fits one pack.")


def test_who_asks_about_another_time_or_says_no_place_is_compared_with_nothing() -> None:
    story, _sold = story_of_strangers()
    event = unit_event(CARRIER, "BEBRU", story.time - HOUR)
    assert check(story, event, organisation=PHARMACY, place="SGSIN", at=story.time - DAY).result == PASSED
    assert check(story, event, organisation=PHARMACY).result == PASSED
    assert check(story, event, place="SGSIN").result == PASSED  # nobody says who asks


def test_a_stranger_that_asks_is_named_too() -> None:
    story, _sold = story_of_strangers()
    answer = check(story, unit_event(PHARMACY, "SGSIN", story.time), organisation=STRANGER, place="BEBRU")
    assert (answer.result, answer.reason) == (FAILED, "copied")
    assert "with Elsewhere Ltd at BEBRU now" in answer.detail


def test_attack_anonymous_scans_change_no_verdict() -> None:
    """Only what organisations signed is kept; a question without one leaves no trace and compares nothing."""
    story, _sold = story_of_strangers()
    event = unit_event(PHARMACY, "SGSIN", story.time - HOUR)
    for place in ("BEBRU", "USNYC", "AUSYD"):
        assert check(story, event, place=place).result == PASSED
    assert check(story, event, organisation=PHARMACY, place="SGSIN").result == PASSED


def test_a_second_dispense_has_a_reason_of_its_own() -> None:
    story, _sold = story_of_strangers()
    events = [
        unit_event(PHARMACY, "SGSIN", story.time - DAY, UnitKind.DISPENSE),
        unit_event(CARRIER, "BEBRU", story.time, UnitKind.DISPENSE),
    ]
    assert check(story, *events).reason == "second_dispense"


def test_an_organisation_of_which_nothing_but_its_number_is_known_is_named_by_it() -> None:
    story, _sold = story_of_strangers()
    story.organisations[NOBODY] = Organisation(NOBODY, ())
    events = [unit_event(number, "BEBRU", story.time - 2 * SETTLED + number) for number in (STRANGER, NOBODY)]
    assert "by organisation 9 at BEBRU" in check(story, *events).detail
