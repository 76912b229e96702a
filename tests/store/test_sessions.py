"""Sessions and looks on both databases: a challenge opens one session, and looks of an hour are counted."""

from __future__ import annotations

import pytest

from ledger.core.sign_in import Session
from ledger.store.database import Database
from ledger.store.sessions import Looks, Sessions

KEY = b"k" * 32


@pytest.fixture
def sessions(db: Database) -> Sessions:
    return Sessions(db)


def opened(sessions: Sessions, number: int, key: bytes = KEY, at: int = 1_000) -> bool:
    session = Session(5, key, at + number, at + number)
    return sessions.open(bytes([number]) * 32, f"nonce {number}", session, most=2, before=0)


def test_the_first_secret_that_is_drawn_stays(sessions: Sessions, db: Database) -> None:
    assert sessions.secret(b"1" * 32) == Sessions(db).secret(b"2" * 32) == b"1" * 32


def test_a_challenge_opens_one_session(sessions: Sessions) -> None:
    assert opened(sessions, 1)
    again = Session(5, KEY, 2_000, 2_000)
    assert not sessions.open(b"other" * 6 + b"xx", "nonce 1", again, most=2, before=0)
    assert sessions.find(b"\x01" * 32) == Session(5, KEY, 1_001, 1_001)
    assert sessions.find(b"other" * 6 + b"xx") is None


def test_of_one_key_the_oldest_session_ends_and_of_others_none(sessions: Sessions) -> None:
    for number in (1, 2, 3):
        opened(sessions, number)
    opened(sessions, 4, key=b"o" * 32)
    seen = [found.seen_at if (found := sessions.find(bytes([number]) * 32)) else None for number in (1, 2, 3, 4)]
    assert seen == [0, 1_002, 1_003, 1_004]


def test_what_ended_long_ago_is_forgotten(sessions: Sessions) -> None:
    opened(sessions, 1)
    sessions.open(b"\x02" * 32, "nonce 2", Session(5, KEY, 9_000, 9_000), most=2, before=5_000)
    assert sessions.find(b"\x01" * 32) is None


def test_a_session_is_seen_and_closed(sessions: Sessions) -> None:
    opened(sessions, 1)
    sessions.seen(b"\x01" * 32, 1_500)
    sessions.seen(b"\x01" * 32, 1_400)  # late, from another server
    assert sessions.find(b"\x01" * 32) == Session(5, KEY, 1_001, 1_500)
    sessions.close(b"\x01" * 32)
    closed = sessions.find(b"\x01" * 32)
    assert closed is not None
    assert closed.ends_at(900, 28_800) < 1_001


def test_looks_of_an_hour_are_counted_and_ones_own_are_none(db: Database) -> None:
    looks = Looks(db)
    for now in (7_200, 7_300, 10_799, 10_800):
        looks.note(7, KEY, "scan", [(5, "a"), (5, "b"), (7, "own"), (0, "nobody's")], now)
    found = looks.of(5, 0, 10)
    assert [(each.identifier, each.first_at, each.last_at, each.times) for each in found] == [
        ("a", 7_200, 10_799, 3),
        ("b", 7_200, 10_799, 3),
        ("a", 10_800, 10_800, 1),
        ("b", 10_800, 10_800, 1),
    ]
    assert looks.of(5, found[1].sequence, 1) == [found[2]]
    assert looks.of(7, 0, 10) == []
    looks.note(7, KEY, "scan", [], 0)
