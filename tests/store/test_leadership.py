"""One leads, the others wait; who was superseded writes nothing more."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from ledger.core.errors import ContradictionError, UnavailableError
from ledger.store import leadership
from ledger.store.database import open_database
from ledger.store.leadership import Leadership
from ledger.store.postgres import SessionClaim
from ledger.store.sqlite import FileClaim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.store.database import Database

PATIENCE = 30.0  # seconds


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leadership, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(leadership, "_TICK_SECONDS", 0.02)


class Candidate:
    """A program's wish to lead, in a thread. What it was given to write through is in `database` while it leads."""

    def __init__(self, url: str) -> None:
        self.opened = open_database(url)
        self.stop, self.leads = threading.Event(), threading.Event()
        self.database: Database | None = None
        self.ended: threading.Event | None = None
        self._thread = threading.Thread(target=Leadership(self.opened, "relayer").lead, args=(self.stop, self._work))
        self._thread.start()

    def _work(self, database: Database, ended: threading.Event) -> None:
        self.database, self.ended = database, ended
        self.leads.set()
        ended.wait(PATIENCE)
        self.leads.clear()

    def write(self) -> None:
        assert self.database is not None
        with self.database.transaction() as connection:
            connection.execute("UPDATE chain_status SET generation = generation + 1")

    def end(self) -> None:
        self.stop.set()
        self._thread.join(PATIENCE)
        self.opened.close()


@pytest.fixture
def candidate(new_url: Callable[[], str]) -> Iterator[Callable[[], Candidate]]:
    """Makes candidates for one part of one database."""
    url, made = new_url(), list[Candidate]()

    def make() -> Candidate:
        made.append(Candidate(url))
        return made[-1]

    yield make
    for one in made:
        one.end()


def test_the_second_waits_says_so_once_and_takes_over(
    candidate: Callable[[], Candidate], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, leadership.__name__)
    first = candidate()
    assert first.leads.wait(PATIENCE)
    second = candidate()
    assert not second.leads.wait(0.5)
    first.end()
    assert second.leads.wait(PATIENCE)
    waits = [record.getMessage() for record in caplog.records]
    assert [words.split(" (")[0] for words in waits] == ["another relayer leads", "this relayer leads now"]
    assert str(os.getpid()) in waits[0]


def test_parts_do_not_wait_for_each_other(db: Database) -> None:
    indexer, relayer = db.claim("indexer"), db.claim("relayer")
    assert indexer is not None
    assert relayer is not None
    assert indexer.held()
    assert db.claim("indexer") is None
    indexer.release()
    again = db.claim("indexer")
    assert again is not None
    again.release()
    relayer.release()


def lose(first: Candidate, engine: str, tmp_path: Path) -> None:
    """Take a leader's lock away without its doing."""
    if engine == "sqlite":
        for lock in tmp_path.glob("*.relayer.lock"):
            lock.unlink()  # as a person who tidies up might
        return
    with psycopg.connect(first.opened.url) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")


def test_a_leader_whose_lock_is_lost_stops_and_stands_again(
    candidate: Callable[[], Candidate], engine: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = candidate()
    assert first.leads.wait(PATIENCE)
    ended = first.ended
    assert ended is not None
    lose(first, engine, tmp_path)
    assert ended.wait(PATIENCE)
    assert "has lost its lock" in caplog.text
    deadline = time.monotonic() + PATIENCE
    while first.ended is ended and time.monotonic() < deadline:
        time.sleep(0.02)
    assert first.ended is not ended, "it did not lead again"


def test_a_leader_that_was_superseded_unnoticed_writes_nothing_more(
    candidate: Callable[[], Candidate], engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in (FileClaim, SessionClaim):
        monkeypatch.setattr(kind, "held", lambda _: True)
    first = candidate()
    assert first.leads.wait(PATIENCE)
    first.write()
    late, ended = first.database, first.ended
    assert late is not None
    assert ended is not None
    lose(first, engine, tmp_path)
    second = candidate()
    assert second.leads.wait(PATIENCE)
    with pytest.raises(UnavailableError, match="Another relayer leads now"), late.transaction():
        pass
    assert ended.is_set()
    second.write()


def test_what_ends_a_leader_lets_the_next_one_lead(new_url: Callable[[], str]) -> None:
    database = open_database(new_url())

    def fail(_database: Database, _ended: threading.Event) -> None:
        raise ContradictionError("the chain contradicts itself")

    for _ in range(2):
        with pytest.raises(ContradictionError):
            Leadership(database, "indexer").lead(threading.Event(), fail)
    with database.snapshot() as connection:
        assert connection.execute("SELECT term FROM leaders").fetchone() == (2,)
    database.close()


def test_while_the_database_is_away_one_waits(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, tried = threading.Event(), []

    def refuse(_name: str) -> Any:
        tried.append(1)
        if len(tried) == 3:
            stop.set()
        raise db.engine.unavailable[0]("away")

    monkeypatch.setattr(db.engine, "claim", refuse)
    Leadership(db, "indexer").lead(stop, lambda _database, _ended: pytest.fail("it leads without a lock"))
    assert len(tried) == 3


@pytest.mark.slow
def test_the_second_program_takes_over_when_the_first_is_killed(new_url: Callable[[], str], checkout: Path) -> None:
    url = new_url()
    command = [sys.executable, "-m", "tests.leading_program", url]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    programs = [start()]
    try:
        for _ in range(3):
            leader = programs[-1]
            assert leader.stdout is not None
            assert leader.stdout.readline() == "leads\n"
            programs.append(start())
            waiting = programs[-1].stderr
            assert waiting is not None
            assert f":{leader.pid})" in waiting.readline()
            leader.send_signal(signal.SIGKILL)
    finally:
        for program in programs:
            program.kill()
            program.communicate()
    database = open_database(url)
    with database.snapshot() as connection:
        rows = connection.execute("SELECT number, parent_hash FROM blocks ORDER BY number").fetchall()
    database.close()
    assert [number for number, _ in rows] == list(range(1, len(rows) + 1))
    assert list(dict.fromkeys(int.from_bytes(pid) for _, pid in rows)) == [program.pid for program in programs[:3]]
