"""What is urgent: what the ledger and administrations say weighs, and no number of reports outweighs it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.reporting.triage import (
    LATE_SECONDS,
    MANY,
    REASONS,
    SOON,
    URGENT,
    VERY_LATE_SECONDS,
    Circumstances,
    level,
    triage,
    urgency,
)
from ledger.core.wording import REASONS as VERDICTS

CALM = Circumstances("verified", "Registered and unbroken.", 0, 0, frozenset(), 0, 1, 0)
WORDS = sorted({reason.verdict for reason in VERDICTS.values()})


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"verdict": "suspect"}, ["ledger_suspects"]),
        ({"verdict": "do_not_use"}, ["ledger_stops"]),
        ({"verdict": "undetermined"}, ["ledger_knows_nothing"]),
        ({"verdict": "unreadable"}, ["no_code"]),
        ({"verdict": "", "headline": ""}, ["no_code"]),
        ({"indicators": 1}, ["alert_match"]),
        ({"copies": 1, "elsewhere": 1}, ["same_pack_elsewhere", "few_incidents"]),
        ({"countries": frozenset({"SG"}), "elsewhere": MANY}, ["other_countries", "many_incidents"]),
        ({"reports": 2}, ["few_reports"]),
        ({"reports": MANY}, ["many_reports"]),
        ({"waiting_seconds": LATE_SECONDS - 1}, []),
        ({"waiting_seconds": LATE_SECONDS}, ["waits_long"]),
        ({"waiting_seconds": VERY_LATE_SECONDS}, ["waits_very_long"]),
    ],
)
def test_each_reason_is_given_for_what_it_says(changes: dict[str, Any], reasons: list[str]) -> None:
    found = triage(CALM._replace(**changes))
    assert [hit.reason for hit in found.hits] == reasons
    assert found.urgency == urgency(reasons)
    assert all(hit.words.endswith(".") for hit in found.hits)


def test_reasons_have_the_values_that_they_rest_on() -> None:
    known = Circumstances("do_not_use", "Recalled by its maker.", 2, 3, frozenset({"VN", "SG"}), 1, 4, 5 * 86_400)
    words = {hit.reason: hit.words for hit in triage(known).hits}
    assert words == {
        "ledger_stops": "The ledger says of its code: Recalled by its maker.",
        "alert_match": "Matches 2 indicators of administrations.",
        "same_pack_elsewhere": "The same serial number is in 1 other incident.",
        "other_countries": "The same lot was reported in SG, VN too.",
        "few_incidents": "The same lot is in 3 other incidents.",
        "waits_long": "A report has waited for an answer for 5 days.",
        "few_reports": "4 reports tell of this incident.",
    }
    assert triage(known).hits[0].to_json() == {
        "reason": "ledger_stops",
        "weight": REASONS["ledger_stops"].weight,
        "words": words["ledger_stops"],
    }


def test_one_fact_counts_once() -> None:
    assert urgency(["few_incidents", "other_countries"]) == urgency(["other_countries"]) == 35
    assert urgency(["ledger_stops", "alert_match"]) == 90  # 100 - 100 * 0.3 * 0.35, rounded
    assert urgency([]) == 0


def test_every_verdict_is_thought_of() -> None:
    for word in WORDS:
        named = {hit.reason for hit in triage(CALM._replace(verdict=word)).hits}
        assert (named == set()) == (word == "verified")


strangers = st.builds(
    CALM._replace,
    verdict=st.sampled_from(["verified", "undetermined", "unreadable", ""]),
    elsewhere=st.integers(0, 10**6),
    countries=st.frozensets(st.sampled_from(["SG", "VN", "ID", "BE"])),
    copies=st.integers(0, 10**6),
    reports=st.integers(1, 10**6),
    waiting_seconds=st.integers(0, 10**8),
)


@given(strangers)
def test_no_number_of_reports_outranks_what_the_ledger_stops(flood: Circumstances) -> None:
    assert triage(flood).urgency < triage(CALM._replace(verdict="do_not_use")).urgency
    assert triage(flood._replace(waiting_seconds=0)).urgency < URGENT


@given(strangers, st.sampled_from(["verdict", "indicators", "reports", "elsewhere"]))
def test_more_reasons_are_never_less_urgent(known: Circumstances, name: str) -> None:
    worse: dict[str, Any] = {"verdict": "suspect", "indicators": 1, "reports": known.reports + 10, "elsewhere": 10**6}
    assert triage(known._replace(**{name: worse[name]})).urgency >= triage(known).urgency


def test_levels() -> None:
    assert [level(each) for each in (0, SOON - 1, SOON, URGENT - 1, URGENT, 100)] == [
        *("in_turn", "in_turn", "soon", "soon", "urgent", "urgent")
    ]


def test_weights_and_words_are_sound() -> None:
    assert all(0 < reason.weight < 100 and reason.means.endswith(".") for reason in REASONS.values())
