"""kill -9 of relayer, indexer and the embedded chain under load: nothing acknowledged is lost, nothing is done twice.

The harness is itself tested: with a planted bug it must fail. `tests/faults/kills.py` does the same at length, with
reorganisations, on a chain of its own.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from ledger.accredit import OrganisationRow
from ledger.chain.contracts import Ledger
from ledger.chain.logs import READERS_BY_SIGNATURE
from ledger.chain.source import LedgerSource
from ledger.core.errors import UnavailableError
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import Role
from ledger.deploy import Council, deploy
from ledger.index import Indexer
from ledger.store import indexing
from ledger.store.database import open_database
from ledger.store.outbox import Outbox
from tests.system.worker import SENDS_ONCE, connected, database
from tests.world import CARRIER, COUNCIL, KEYS, MAKER, REGULATOR, RELAYER, Scribe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = pytest.mark.system
PARTS = ("relay", "index", "chain")
PATIENCE_SECONDS = 120.0
BLIND_SECONDS = 8.0
RECORDING = {keccak256(one.encode()) for one in READERS_BY_SIGNATURE if one.startswith(("Batch", "CustodyRec"))}
REFUSED = keccak256(b"Refused(bytes32,bytes)")


@dataclass
class Figures:
    """What a run came to."""

    acknowledged: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    refused: int = 0
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.refused)


class Machine:
    """The parts of one installation, each a process, and the load on it."""

    def __init__(self, folder: Path, bug: str = "") -> None:
        self.folder = folder
        self.bug = bug
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.acknowledged: list[bytes] = []
        self.lot = 0

    def begin(self, part: str) -> None:
        command = [sys.executable, "-m", "tests.system.worker", part, str(self.folder), self.bug]
        log = (self.folder / f"{part}.log").open("ab")
        self.processes[part] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

    def kill(self, part: str) -> None:
        self.processes[part].kill()
        self.processes[part].wait()

    def kill_blind(self) -> None:
        """Kill the relayer, and let the next one start without an index that could tell it what is recorded."""
        self.kill("index")
        self.load(0.4)
        self.kill("relay")
        self.begin("relay")
        until = time.monotonic() + BLIND_SECONDS
        while self.outbox.count().get("pending") and time.monotonic() < until:
            time.sleep(0.05)
        self.begin("index")

    def kill_anvil(self) -> None:
        """The node itself; who tends it brings it back."""
        entry = self.folder / "chain" / "anvil.json"
        try:
            os.kill(int(json.loads(entry.read_text())["pid"]), signal.SIGKILL)
        except (OSError, ValueError):
            return

    def end(self) -> None:
        for part in ("relay", "index", "chain"):
            self.processes[part].terminate()
        for process in self.processes.values():
            process.wait(60)

    def set_up(self) -> None:
        """Deploy and accredit by the product's own journalled ways."""
        self.begin("chain")
        chain, self.db = connected(self.folder), database(self.folder)
        _patiently(chain.chain_id)
        deployment = deploy(self.db, chain, RELAYER, COUNCIL.signer)
        self.ledger = Ledger(chain, deployment.ledger)
        council = Council(self.db, self.ledger, COUNCIL, deployment.chain_id)
        roles = Role.REGULATOR | Role.CUSTOMS
        council.admit(OrganisationRow("Regulator", "BE", roles, 0, (), "", 0), KEYS[REGULATOR])
        self.scribe = Scribe(deployment.domain, time.time)
        self.outbox = Outbox(self.db)
        self.begin("relay")
        self.begin("index")
        maker = self.scribe.accreditation(MAKER, Role.MANUFACTURER, prefixes=("5413868",))
        for submission in (maker, self.scribe.accreditation(CARRIER, Role.CARRIER)):
            self.scribe.accept(self.outbox, submission)
        self.await_final()

    def load(self, seconds: float) -> None:
        """Accept registrations and shipments for a while; each is noted only once it is durable."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.lot += 1
            registration = self.scribe.registration(f"L{self.lot}")
            for submission in (registration, self.scribe.shipment(registration)):
                self.acknowledged.append(self.scribe.accept(self.outbox, submission).digest)
            time.sleep(0.02)

    def await_final(self, patience: float = PATIENCE_SECONDS) -> bool:
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if not self.outbox.unsettled():
                return True
            time.sleep(0.1)
        return False

    def judge(self) -> Figures:
        """Compare what was acknowledged with what the chain says, not with what the installation believes."""
        found: Counter[bytes] = Counter()
        refused = 0
        query = {"fromBlock": "0x0", "toBlock": "latest", "address": "0x" + self.ledger.address.hex()}
        for log in _patiently(lambda: self.ledger.chain.rpc.request("eth_getLogs", query)):
            topic = bytes.fromhex(log["topics"][0][2:])
            if topic in RECORDING:
                found[bytes.fromhex(log["topics"][1][2:])] += 1
            refused += topic == REFUSED
        lost = sum(found[digest] == 0 for digest in self.acknowledged)
        doubled = sum(count > 1 for count in found.values())
        return Figures(len(self.acknowledged), Counter(), lost, doubled, refused)


def _patiently(ask: Any) -> Any:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except UnavailableError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@contextmanager
def a_machine(folder: Path, bug: str = "") -> Iterator[Machine]:
    machine = Machine(folder, bug)
    try:
        machine.set_up()
        yield machine
    finally:
        machine.end()


def run(machine: Machine, times: int, parts: tuple[str, ...] = PARTS, seed: int = 7) -> Figures:
    """Kill every part so many times, in a mixed order, under load; then wait and judge."""
    chance = random.Random(seed)
    started = time.monotonic()
    kills: Counter[str] = Counter()
    order = [part for part in parts for _ in range(times)]
    chance.shuffle(order)
    for part in order:
        machine.load(chance.uniform(0.2, 0.8))
        kills[part] += 1
        if part == "chain" and kills[part] % 2:
            machine.kill_anvil()
        elif part == "relay" and kills[part] % 2:
            kills["index with relay"] += 1
            machine.kill_blind()
        else:
            machine.kill(part)
            machine.load(chance.uniform(0.0, 0.3))
            machine.begin(part)
    machine.load(0.3)
    settled = machine.await_final(30.0 if machine.bug else PATIENCE_SECONDS)
    figures = machine.judge()
    figures.kills = kills
    figures.seconds = time.monotonic() - started
    if not settled:
        figures.lost = max(figures.lost, len(machine.outbox.unsettled()))
    return figures


def check_rebuild(machine: Machine, folder: Path) -> None:
    """The index that lived through it all equals one that is made anew from the chain."""
    fresh = open_database(f"sqlite:///{folder}/rebuilt.db")
    installation = machine.db.installation()
    assert installation is not None
    fresh.bind(*installation)
    source = LedgerSource(machine.ledger.chain, machine.ledger.address)
    indexer = Indexer(fresh, source, machine.scribe.domain, development=True)
    until = time.monotonic() + PATIENCE_SECONDS
    while indexing.dump(fresh) != indexing.dump(machine.db):
        assert time.monotonic() < until, "the index differs from a rebuild"
        indexer.step()
    fresh.close()


def test_killing_every_part_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with a_machine(tmp_path) as machine:
        figures = run(machine, 2)
        assert figures.clean, figures
        assert all(figures.kills[part] == 2 for part in PARTS)
        check_rebuild(machine, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_harness_catches_a_planted_bug(tmp_path: Path) -> None:
    with a_machine(tmp_path, SENDS_ONCE) as machine:
        # A kill does harm only where something had been sent and was not yet mined.
        assert not all(run(machine, 4, ("chain",), seed).clean for seed in range(5))
