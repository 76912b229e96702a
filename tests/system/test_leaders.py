"""Two indexers and two relayers on one database: one of each works, and when it is killed the other goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ledger.store.outbox import Outbox
from tests.world import World, a_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.store.database import Database

pytestmark = [pytest.mark.system, pytest.mark.slow]

RUN_ON = ("sqlite", "postgresql")
PATIENCE = 60.0  # seconds
ROUNDS = 3


class Parts:
    """The processes that were started."""

    def __init__(self, checkout: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "tests.leading_parts", *arguments]
        self.process = subprocess.Popen(command, cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, part: str) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{part}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as made:
        yield made


def leader(db: Database, part: str, but: int = 0) -> int:
    """The process that leads a part, once it is another than `but`."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with db.snapshot() as connection:
            row = connection.execute("SELECT holder FROM leaders WHERE part = ?", (part,)).fetchone()
        if row is not None and (pid := int(row[0].rpartition(":")[2])) != but:
            return pid
        time.sleep(0.05)
    raise AssertionError(f"no {part} leads")


def test_the_second_goes_on_where_the_first_was_killed(
    new_database: Callable[[], Database], world: World, checkout: Path, tmp_path: Path
) -> None:
    database = new_database()
    outbox, digests = Outbox(database), list[bytes]()
    running = Parts(checkout, str(tmp_path), database.url, world.anvil.url, "0x" + world.ledger.address.hex())
    try:
        started = [running.start(part) for part in ("index", "index", "relay", "relay")]
        for number in range(ROUNDS):
            leads = {part: leader(database, part) for part in ("indexer", "relayer")}
            assert set(leads.values()) <= set(started)
            submissions = [world.registration(f"L{number}-{each}") for each in range(20)]
            digests += [world.accept(outbox, submission).digest for submission in submissions]
            for part, pid in leads.items():
                os.kill(pid, signal.SIGKILL)
                started.append(running.start(part.removesuffix("er")))
                leader(database, part, but=pid)
        until = time.monotonic() + PATIENCE
        while set(outbox.count()) != {"final"} and time.monotonic() < until:
            world.anvil.mine()
            time.sleep(0.4)  # Anvil can lose the contract after 250 blocks
    finally:
        running.end()
    assert outbox.count() == {"final": len(digests)}
    with database.snapshot() as connection:
        recorded = connection.execute("SELECT count(*), count(DISTINCT digest) FROM registrations").fetchone()
        refused = connection.execute("SELECT count(*) FROM refusals").fetchone()[0]
        terms = connection.execute("SELECT term FROM leaders").fetchall()
    assert recorded == (len(digests), len(digests))
    assert refused == 0, "something went to the chain twice"
    assert terms == [(ROUNDS + 1,)] * 2
