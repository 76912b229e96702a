"""Fills the disk under SQLite, and lets its writes and syncs fail (EIO, ENOSPC, short writes), under load.

While the disk refuses, clients get 503 with words on what to do, and codes are judged all the same; when it takes
again, everything goes on by itself. What got 202 is on the chain at last, and the file is whole.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.faults import plants
from tests.faults.disks import SmallDisk, small_disk
from tests.faults.machine import PARTS, Fate, Load, Machine, until_true
from tests.faults.outcome import Outcome, Scale
from tests.world import Scribe, a_world

NAME = "sqlite-disk"
PLANTS = (plants.ACKNOWLEDGES_EARLY, plants.SWALLOWS_ERRORS)
MEGABYTES: Final = 48
FULL: Final[dict[Scale, int]] = {"long": 10, "quick": 1}  # how often the disk is filled
FULL_SECONDS: Final = 1.0
FAULTY_STATEMENTS: Final[dict[Scale, int]] = {"long": 1_500, "quick": 30}  # acknowledged while writes fail
BETWEEN: Final = 20  # statements acknowledged between two full disks
# By libfiu's names, how probable it is that a call fails, and with what. SQLite writes a page with a pwrite, and syncs
# once a commit. A `reduce` writes less than it was asked to.
FAILING: Final = (
    ("posix/io/sync/fdatasync", 0.1, errno.EIO),
    ("posix/io/rw/pwrite", 0.02, errno.ENOSPC),
    ("posix/io/rw/pwrite/reduce", 0.1, 0),
)
_LOG = logging.getLogger(__name__)


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """See `outcome.Harness`."""
    fiu = _fiu_run()
    planted = (__name__, plant) if plant else None
    fate, answers, full = Fate(), 0, 0
    with a_world(folder / "node") as world, small_disk(MEGABYTES) as disk:
        world.anvil.rpc("evm_setIntervalMining", 1)
        if disk is not None:
            machine = Machine(disk.folder / "data", world, plant=planted)
            load = Load(machine.url, Scribe(world.domain, time.time), "F")
            try:
                full = _fill(machine, load, disk, FULL[scale], fate)
                _settle(machine, load, fate)
            finally:
                machine.end()
            answers += load.answers[503]
        if plant is None:
            machine = Machine(folder / "faulty", world, within=fiu)
            load = Load(machine.url, Scribe(world.domain, time.time), "E")
            try:
                _let_fail(machine, load, FAULTY_STATEMENTS[scale], fate)
                _settle(machine, load, fate)
            finally:
                machine.end()
            answers += load.answers[503]
    figures = {
        "times_full": full if disk is not None else "not tried (only root may mount a disk)",
        "answers_503": answers,
        "acknowledged": fate.acknowledged,
        "lost": fate.lost,
        "doubled": fate.doubled,
    }
    return Outcome(figures, tuple(fate.broken))


def _fill(machine: Machine, load: Load, disk: SmallDisk, times: int, fate: Fate) -> int:
    """Fill the disk under load and empty it again; says how often."""
    machine.begin(*PARTS)
    machine.await_server()
    with load:
        for number in range(times):
            if not load.await_more(BETWEEN, machine.patience):
                fate.broken.append("Nothing is taken in any more, though the disk has room.")
                return number
            refused = load.answers[503]
            disk.fill()
            if not until_true(lambda before=refused: load.answers[503] > before or load.failure, machine.patience):
                fate.broken.append("No client was told that the disk is full.")
            time.sleep(FULL_SECONDS)
            if httpx.get(machine.url + "/readyz", timeout=20, trust_env=False).status_code != 200:
                fate.broken.append("With a full disk no code can be judged.")
            disk.empty()
            ended = [part for part in PARTS if not machine.runs(part)]
            if ended:
                fate.broken.append(f"These ended when the disk was full: {', '.join(ended)}.")
            _LOG.info("sqlite-disk: full %d times, %s", number + 1, dict(load.answers))
        load.await_more(BETWEEN, machine.patience)
    return times


def _let_fail(machine: Machine, load: Load, statements: int, fate: Fate) -> None:
    """Take in so many statements while writes and syncs fail."""
    machine.begin(*PARTS)
    until_true(lambda: machine.revive() == 0 and machine.ready(), machine.patience)  # also to start, they must write
    with load:
        until = time.monotonic() + 8 * machine.patience
        while len(load.acknowledged) < statements and time.monotonic() < until and not load.failure:
            machine.revive()
            time.sleep(0.2)
        _LOG.info("sqlite-disk: %s while writes fail", dict(load.answers))
    if len(load.acknowledged) < statements:
        fate.broken.append(f"While writes fail, only {len(load.acknowledged)} statements were taken in.")
    if not load.problems:
        fate.broken.append("No write failed.")
    machine.move_outside()  # one page in fifty fails, and what waits by now is written in hundreds at once


def _settle(machine: Machine, load: Load, fate: Fate) -> None:
    """Let everything become final, and look at what is on the chain, in the file, and in what clients were told."""
    _LOG.info("sqlite-disk: waiting until everything is final")
    settled = until_true(lambda: machine.revive() == 0 and machine.settle(most_blocks=3, patience=1), machine.patience)
    _LOG.info("sqlite-disk: comparing with the chain")
    for part in PARTS:
        machine.kill(part)
    own = machine.judge([load])
    if not settled:
        own.broken.append("What was acknowledged did not become final in time.")
    if not machine.plant:
        own.broken += machine.compare_with_rebuild()
    with sqlite3.connect(machine.database_url.removeprefix("sqlite:///")) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    if found != "ok":
        own.broken.append(f"The file is damaged: {found}")
    if any(not (each.get("detail") and each.get("advice")) for each in load.problems):
        own.broken.append("A client was refused without a word on what to do.")
    fate.add(own)


def _fiu_run() -> tuple[str, ...]:
    """`fiu-run` with its options; without it the test is skipped, and fails where CI=true."""
    if shutil.which("fiu-run") is None:
        reason = "fiu-run is not installed (Debian: apt-get install fiu-utils)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    points = [f"enable_random name={name},probability={chance},failinfo={error}" for name, chance, error in FAILING]
    return ("fiu-run", "-x", "-f", "", *(word for point in points for word in ("-c", point)))


def install(plant: str) -> None:
    """Put a bug into the program that this process is about to become."""
    {plants.ACKNOWLEDGES_EARLY: plants.acknowledge_early, plants.SWALLOWS_ERRORS: plants.swallow_errors}[plant]()
