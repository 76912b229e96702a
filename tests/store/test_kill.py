"""An indexer killed with -9, inside a batch or inside a rollback, leaves nothing half-done and goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.index import Indexer
from ledger.store import indexing
from tests.killed_indexer import chain_at
from tests.simulated_ledger import DOMAIN
from tests.store_check import catch_up, check_equals_chain, check_whole, rebuilt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.store.database import Database

QUICK = 6  # kills in each of the two halves; the slow form kills at every statement


def run(checkout: Path, state: str, bug: str, runs: list[tuple[str, int]]) -> list[int]:
    """Let a process index each of these databases until it dies at a statement; returns how each ended."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.killed_indexer", state, bug],
        input="".join(f"{url} {statement}\n" for url, statement in runs),
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return [int(line) for line in done.stdout.split()]


def kill_everywhere(
    checkout: Path, new_database: Callable[[], Database], state: str, count: int | None, bug: str = ""
) -> None:
    """Kill at `count` statements spread over the run (None = at each), and look at what is left after every kill."""
    chain = chain_at(state)
    expected = rebuilt(new_database(), chain)

    def start() -> Database:
        made = new_database()
        if state == "after":
            catch_up(Indexer(made, chain_at("before"), DOMAIN))
        return made

    (total,) = run(checkout, state, bug, [(start().url, 0)])
    assert total > QUICK
    statements = range(total, 0, -1 if count is None else -(total // count))
    copies = [start() for _ in statements]
    ends = run(checkout, state, bug, [(db.url, n) for db, n in zip(copies, statements, strict=True)])
    assert ends == [-signal.SIGKILL] * len(copies), "not every run was killed"
    for db in copies:
        check_whole(db)
        catch_up(Indexer(db, chain, DOMAIN))
        check_equals_chain(db, chain)
        assert indexing.dump(db) == expected


@pytest.mark.parametrize("state", ["before", "after"])
def test_a_killed_indexer_leaves_nothing_half_done(
    state: str, checkout: Path, new_database: Callable[[], Database]
) -> None:
    kill_everywhere(checkout, new_database, state, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("state", ["before", "after"])
def test_an_indexer_killed_at_every_statement_leaves_nothing_half_done(
    state: str, checkout: Path, new_database: Callable[[], Database]
) -> None:
    kill_everywhere(checkout, new_database, state, None)


@pytest.mark.slow
@pytest.mark.parametrize(("state", "bug"), [("before", "append"), ("after", "rollback")])
def test_the_harness_catches_writes_in_two_parts(
    state: str, bug: str, checkout: Path, new_database: Callable[[], Database]
) -> None:
    with pytest.raises(AssertionError, match="not all there"):
        kill_everywhere(checkout, new_database, state, None, bug)
