"""Whose word counts, where and for how long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.core import facts
from ledger.core.attestation.standing import Granted, Trust, trusted
from ledger.core.vocabulary import Role
from tests.attest_world import DAY, YEAR, granted, held, live_key, recognition, regulator, status
from tests.core.batch_story import MAKER, NO_HASH
from tests.exchange import BELGIUM, SINGAPORE

NOW = 1_800_000_000
GIVEN = status(BELGIUM, MAKER, NOW)


def trust(*statuses: Granted, recognitions: tuple[Granted, ...] = ()) -> Trust:
    return Trust({MAKER: statuses}, recognitions)


def test_a_status_counts_at_home_and_says_who_gave_it() -> None:
    found = trusted(MAKER, "BE", trust(granted(GIVEN)), NOW + DAY)
    assert found.status is not None
    assert (found.status.who, found.fault) == ("Regulator", "")


def test_the_status_that_ends_last_is_the_one_that_is_named() -> None:
    long = granted(status(BELGIUM, MAKER, NOW, valid_until=NOW + 2 * YEAR))
    for order in ((granted(GIVEN), long), (long, granted(GIVEN))):
        assert trusted(MAKER, "BE", trust(*order), NOW).status is long


def test_nobody_is_trusted_without_a_status() -> None:
    found = trusted(MAKER, "BE", trust(), NOW)
    assert (found.status, found.fault) == (None, "no administration has given it a trusted status")


def test_a_status_of_another_country_counts_only_where_it_is_recognised() -> None:
    singapore = regulator(country="SG")
    recognised, other, over = (
        Granted(held(one), singapore, live_key())
        for one in (
            recognition(SINGAPORE, "BE", NOW),
            recognition(SINGAPORE, "TH", NOW),
            recognition(SINGAPORE, "BE", NOW, valid_until=NOW + DAY),
        )
    )
    anothers = Granted(held(recognition(SINGAPORE, "BE", NOW)), regulator(country="TH"), live_key())
    unknown = Granted(held(recognition(SINGAPORE, "BE", NOW)), None, live_key())
    assert "SG does not recognise statuses of BE" in trusted(MAKER, "SG", trust(granted(GIVEN)), NOW).fault
    for useless in (other, over, anothers, unknown):
        assert trusted(MAKER, "SG", trust(granted(GIVEN), recognitions=(useless,)), NOW + 2 * DAY).fault
    assert not trusted(MAKER, "SG", trust(granted(GIVEN), recognitions=(other, recognised)), NOW).fault


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (granted(GIVEN, revoked_since=NOW + DAY), "taken back as of"),
        (granted(status(BELGIUM, MAKER, NOW, valid_until=NOW + DAY)), "it ended on"),
        (Granted(held(GIVEN), None, live_key()), "suspended or no administration"),
        (Granted(held(GIVEN), regulator(Role.CARRIER, authority=99), live_key()), "no administration any more"),
        (Granted(held(GIVEN), regulator(), None), "may have been stolen"),
        (Granted(held(GIVEN, received_at=NOW), regulator(), live_key(doubt_since=NOW - 1)), "may have been stolen"),
    ],
)
def test_a_status_that_does_not_count_says_why(one: Granted, words: str) -> None:
    assert words in trusted(MAKER, "BE", trust(one), NOW + 2 * DAY).fault


def test_a_key_that_is_ended_later_takes_nothing_back() -> None:
    one = Granted(held(GIVEN, received_at=NOW), regulator(), live_key(doubt_since=NOW + 1))
    assert not one.fault(NOW + DAY)


def test_a_suspended_administrations_word_does_not_count() -> None:
    suspended = replace(
        regulator(),
        suspensions=(
            facts.Suspension(1, 1, suspended=True, digest=NO_HASH, recorded=facts.Recorded(2, 0, 2, NO_HASH)),
        ),
    )
    assert "is suspended" in Granted(held(GIVEN), suspended, live_key()).fault(NOW)
