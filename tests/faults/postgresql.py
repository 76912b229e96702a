"""Kills PostgreSQL with -9 or stops it at once, and fills its disk, under the load of server, relayer and indexer.

Meanwhile clients get 503 with words on what to do; no part ends; when the database is back, everything goes on by
itself. What got 202 is on the chain at last, and the index equals a rebuild.
"""

from __future__ import annotations

import logging
import random
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from ledger.store import postgres
from tests.faults import plants
from tests.faults.disks import SmallDisk, small_disk
from tests.faults.machine import PARTS, Fate, Load, Machine, until_true
from tests.faults.outcome import Outcome, Scale
from tests.postgres import Cluster, cluster
from tests.world import Scribe, a_world

NAME = "postgresql"
COMMITS_LATER: Final = "commits-later"  # a commit does not wait until it is in the write-ahead log
PLANTS = (plants.ACKNOWLEDGES_EARLY, COMMITS_LATER)
KILLS: Final[dict[Scale, int]] = {"long": 20, "quick": 2}
FULL: Final[dict[Scale, int]] = {"long": 5, "quick": 1}  # how often the disk is filled
BETWEEN: Final[dict[Scale, int]] = {"long": 60, "quick": 20}  # statements acknowledged between two faults
MEGABYTES: Final = 256
FULL_SECONDS: Final = 1.0
_LOG = logging.getLogger(__name__)


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """See `outcome.Harness`."""
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(MEGABYTES)) if plant is None else None
        server = stack.enter_context(cluster(folder, within=disk.folder if disk else None))
        world = stack.enter_context(a_world(folder / "node"))
        world.anvil.rpc("evm_setIntervalMining", 1)
        planted = (__name__, plant) if plant else None
        machine = Machine(folder / "data", world, database_url=server.fresh(), plant=planted)
        stack.callback(machine.end)
        fate, load = Fate(), Load(machine.url, Scribe(world.domain, time.time))
        kills, full = _break(machine, load, server, disk, scale, fate)
    figures = {
        "kills": kills,
        "times_full": full if disk is not None else "not tried (only root may mount a disk)",
        "answers_503": load.answers[503],
        "acknowledged": fate.acknowledged,
        "lost": fate.lost,
        "doubled": fate.doubled,
    }
    return Outcome(figures, tuple(fate.broken))


def _break(
    machine: Machine, load: Load, server: Cluster, disk: SmallDisk | None, scale: Scale, fate: Fate
) -> tuple[int, int]:
    """Break the database under load; says how often it was killed and how often its disk was full."""
    chance, kills, full = random.Random(5), 0, 0
    machine.begin(*PARTS)
    machine.await_server()
    faults = ["kill"] * KILLS[scale] + ["full"] * (FULL[scale] if disk else 0)
    if scale == "long":
        chance.shuffle(faults)
    with load:
        for fault in faults:
            if not load.await_more(BETWEEN[scale], machine.patience):
                fate.broken.append("Nothing is taken in any more, though the database is back.")
                break
            if fault == "full" and disk:
                _fill(disk, server, load, machine, fate)
                full += 1
            else:
                _kill(server, load, machine, chance, fate, at_once=kills % 2 == 1)
                kills += 1
            _LOG.info("postgresql: %d kills, %d times full, %s", kills, full, dict(load.answers))
        load.await_more(BETWEEN[scale], machine.patience)
    _judge(machine, load, fate)
    return kills, full


def _kill(server: Cluster, load: Load, machine: Machine, chance: random.Random, fate: Fate, *, at_once: bool) -> None:
    """End the server, wait until a client is told, and start it."""
    told = load.answers[503]
    if at_once:
        server.stop_at_once()
    else:
        server.kill()
    if not until_true(lambda: load.answers[503] > told or load.failure, machine.patience):
        fate.broken.append("No client was told that the database is away.")
    time.sleep(chance.uniform(0, 0.5))
    server.start()


def _fill(disk: SmallDisk, server: Cluster, load: Load, machine: Machine, fate: Fate) -> None:
    """Fill the disk, wait until a client is told, and empty it; a server that gave up is started again."""
    told = load.answers[503]
    disk.fill()
    if not until_true(lambda: load.answers[503] > told or load.failure, machine.patience):
        fate.broken.append("No client was told that the disk is full.")
    time.sleep(FULL_SECONDS)
    disk.empty()
    if not server.runs:
        server.start()


def _judge(machine: Machine, load: Load, fate: Fate) -> None:
    ended = [part for part in PARTS if not machine.runs(part)]
    if ended:
        fate.broken.append(f"These ended when the database was away: {', '.join(ended)}.")
    _LOG.info("postgresql: waiting until everything is final")
    settled = machine.settle(most_blocks=20)
    own = machine.judge([load])
    if not settled:
        own.broken.append("What was acknowledged did not become final in time.")
    if not machine.plant:
        own.broken += machine.compare_with_rebuild()
    if any(not (each.get("detail") and each.get("advice")) for each in load.problems):
        own.broken.append("A client was refused without a word on what to do.")
    fate.add(own)


def install(plant: str) -> None:
    """Put a bug into the program that this process is about to become."""
    if plant == plants.ACKNOWLEDGES_EARLY:
        plants.acknowledge_early()
        return
    options = postgres._options
    postgres._options = lambda: f"{options()} -c synchronous_commit=off"
