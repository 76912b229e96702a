"""Kills an indexer with -9 at SQL statements inside a batch and inside a rollback, on SQLite and on PostgreSQL.

After every kill no part of a block may stand without the rest, and an indexer that goes on must come to exactly what
one comes to that reads the chain from block 0.
"""

from __future__ import annotations

import atexit
import functools
import logging
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from ledger.index import Indexer
from ledger.store import indexing
from ledger.store.database import Database, open_database
from tests.faults.killed_indexer import chain_at
from tests.faults.outcome import Outcome, Scale
from tests.postgres import cluster
from tests.simulated_ledger import DOMAIN
from tests.store_check import catch_up, check_equals_chain, check_whole, rebuilt

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "indexer-kills"
PLANTS = ("append", "rollback")  # block rows are durable before their facts; facts go before their block rows
ROOT: Final = Path(__file__).resolve().parents[2]
KILLS: Final[dict[Scale, int]] = {"long": 50, "quick": 4}  # in each state, on each database
DATABASES: Final = ("sqlite", "postgresql")
BATCH, ROLLBACK = "before", "after"  # what is indexed: all of a chain, or what replaced its newest blocks
ROLLING_BACK: Final = range(4, 28, 3)  # statements that an indexer begins with when blocks were replaced
STATE_OF: Final = {"append": BATCH, "rollback": ROLLBACK}
_LOG = logging.getLogger(__name__)


class _Maker(Protocol):
    """Makes databases with our tables, empty or as `like`."""

    def __call__(self, like: Database | None = None) -> Database: ...


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """See `outcome.Harness`."""
    broken: list[str] = []
    kills = 0
    for name in DATABASES:
        place = folder / name
        place.mkdir()
        with _databases(name, place) as new_database:
            for state in (BATCH, ROLLBACK) if plant is None else (STATE_OF[plant],):
                done, found = _kill(new_database, state, KILLS[scale], plant)
                kills, broken = kills + done, broken + [f"{name}, {state}: {each}" for each in found]
                _LOG.info("indexer-kills: %s, %s its reorganisation: %d kills", name, state, done)
    figures = {"kills": kills, "databases": len(DATABASES), "unlike_a_rebuild": len(broken)}
    return Outcome(figures, tuple(broken))


def _kill(new_database: _Maker, state: str, count: int, plant: str | None) -> tuple[int, list[str]]:
    """Kill at `count` statements or a few more, spread over a run, and look at what is left."""
    chain = chain_at(state)
    expected = rebuilt(new_database(), chain)
    start = new_database()
    if state == ROLLBACK:
        catch_up(Indexer(start, chain_at(BATCH), DOMAIN))
    total = _indexers().run(new_database(start).url, 0, state, plant)
    assert total > count, "too few statements to be killed at"
    statements = ROLLING_BACK if plant == "rollback" else range(total, 0, -max(1, total // count))
    broken = []
    for statement in statements:
        db = new_database(start)
        ended = _indexers().run(db.url, statement, state, plant)
        assert ended == -signal.SIGKILL, f"it was not killed at statement {statement}: {ended}"
        try:
            check_whole(db)
            catch_up(Indexer(db, chain, DOMAIN))
            check_equals_chain(db, chain)
            assert indexing.dump(db) == expected, "the index differs from a rebuild"
        except AssertionError as error:
            broken.append(f"killed at statement {statement} of {total}: {str(error).partition(chr(10))[0]}")
        db.close()
    return len(statements), broken


class _Indexers:
    """Indexers that each die at a statement, started from one process that has everything imported."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.killed_indexer"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self._close)

    def run(self, url: str, statement: int, state: str, plant: str | None) -> int:
        """Index `url` until it dies; gives minus the signal that ended it, or how many statements it took."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{url} {statement} {state} {plant or '-'}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def _close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


@functools.cache
def _indexers() -> _Indexers:
    return _Indexers()


@contextmanager
def _databases(name: str, folder: Path) -> Iterator[_Maker]:
    """A maker of databases of one kind, which go at the end."""
    made: list[Database] = []

    def sqlite(like: Database | None = None) -> Database:
        path = folder / f"{len(made)}.db"
        if like is not None:
            like.close()  # its last connection: everything is in the one file
            shutil.copyfile(like.url.removeprefix("sqlite:///"), path)
        made.append(open_database(f"sqlite:///{path}"))
        return made[-1]

    if name == "sqlite":
        yield sqlite
        for each in made:
            each.close()
        return
    with cluster(folder, fsync=False) as server:  # a killed client is not a lost disk

        def postgres(like: Database | None = None) -> Database:
            if like is not None:
                like.close()
            made.append(open_database(server.fresh() if like is None else server.copy(like.url)))
            return made[-1]

        yield postgres
        for each in made:
            each.close()
