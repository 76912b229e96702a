"""A clock behind the chain is wrong and named; one ahead is remarked after two days without a block."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.core.clock import CLOCKS_DIFFER, is_clock_behind, quiet_days, time_of
from ledger.core.verdict import Question, Subject, VerdictFacts, judge
from tests.core.test_verdict import BRACKETED, NOON, at_maker, read_code

DAY = 24 * 3600


def verdict_after(seconds: int, **facts: Any) -> Any:
    story, _batch = at_maker()
    known = VerdictFacts(story.as_of(**facts), (Subject(story.dossier()),))
    return judge(Question(read_code(BRACKETED, NOON)), known, story.time + seconds)


@pytest.mark.parametrize(("behind", "wrong"), [(0, False), (CLOCKS_DIFFER, False), (CLOCKS_DIFFER + 1, True)])
def test_clocks_may_differ_by_ten_minutes(behind: int, wrong: bool) -> None:
    assert is_clock_behind(10_000, 10_000 - behind) is wrong


def test_nothing_is_judged_by_a_time_before_the_newest_block() -> None:
    story, _batch = at_maker()
    as_of = story.as_of()
    assert (time_of(as_of, as_of.time - DAY), time_of(as_of, as_of.time + 5)) == (as_of.time, as_of.time + 5)


@pytest.mark.parametrize(("seconds", "days"), [(0, 0), (2 * DAY - 1, 0), (2 * DAY, 2), (400 * DAY, 400)])
def test_days_without_a_block_are_counted_from_two(seconds: int, days: int) -> None:
    assert quiet_days(0, seconds) == days


def test_a_clock_that_is_behind_is_named_and_the_verdict_stands() -> None:
    verdict = verdict_after(-3 * DAY)
    assert (verdict.verdict, verdict.checks[12].result) == ("verified", "failed")
    assert "days behind the newest block" in verdict.checks[12].detail
    assert verdict.headline.endswith("(of unknown age: this server's clock is wrong)")


def test_days_without_a_block_are_remarked_in_the_advice() -> None:
    verdict = verdict_after(3 * DAY, heard_at=NOON + 100 * DAY)
    assert (verdict.verdict, verdict.checks[12].result) == ("verified", "passed")
    assert "The newest block is 3 days old" in verdict.advice
