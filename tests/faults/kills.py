"""Kills server, relayer and indexer with -9 under load, at any moment and at the worst, while the chain reorganises.

Every statement that a client got 202 for must stand on the chain once, having been sent in one transaction that
counts, and the index must equal a rebuild. The worst moment for a relayer is just after the node has got a
transaction; the next relayer then starts without an index that could tell it what is recorded.
"""

from __future__ import annotations

import logging
import random
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.core.errors import UnavailableError
from ledger.sending import Sending
from ledger.store.journal import Journal
from tests.faults import plants
from tests.faults.machine import (
    INDEX,
    PARTS,
    RELAY,
    SERVE,
    Fate,
    Load,
    Machine,
    reorganise,
    until_true,
    waiting_in_pool,
)
from tests.faults.outcome import Outcome, Scale
from tests.world import Scribe, World, a_world

if TYPE_CHECKING:
    from ledger.chain.client import Chain, Sent
    from ledger.store.journal import Transaction

NAME = "kills"
SENDS_ONCE = "sends-once"  # the relayer asks the chain for its nonce, sends, and calls it done
JOURNALS_LATE = "journals-late"  # the relayer sends first and writes the journal after
PLANTS = (plants.ACKNOWLEDGES_EARLY, SENDS_ONCE, JOURNALS_LATE)

LONG_KILLS, KILLS_A_NODE, LONG_STATEMENTS = 100, 20, 60  # in all; on each node in turn; statements between two kills
MOST_CRASHES = 3  # Anvil panics now and then when it is asked while it reorganises
QUICK_KILLS, QUICK_STATEMENTS = 3, 8
DEEPEST = 6  # blocks; final is what lies 2 × as deep
MOST_BLOCKS = 250  # of a node: Anvil has been seen to lose contract code, silently, after about 350
LONG_REACH = 5_000  # acknowledged statements
REORGANISES = 0.7  # how often, between two kills
_LOG = logging.getLogger(__name__)


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """See `outcome.Harness`."""
    total, kills, reorganisations, crashed = Fate(), 0, 0, 0
    wanted = LONG_KILLS if scale == "long" else QUICK_KILLS
    while kills < wanted:
        number = kills + crashed
        with a_world(folder / f"node{number}", slots=DEEPEST) as world:
            node = _Node(folder / f"data{number}", world, plant, random.Random(number))
            try:
                fate = node.run(scale)
            except UnavailableError:
                if world.anvil.process.poll() is None or crashed == MOST_CRASHES:
                    raise
                crashed += 1  # the node did, by itself: its chain is gone, and nothing can be said of it
                continue
            finally:
                node.machine.end()
            total.add(fate)
            kills, reorganisations = kills + node.kills, reorganisations + node.reorganisations
            if fate.broken or not node.kills:
                break
    figures = {
        "kills": kills,
        "reorganisations": reorganisations,
        "acknowledged": total.acknowledged,
        "lost": total.lost,
        "doubled": total.doubled,
        "nodes_that_crashed": crashed,
    }
    if scale == "long" and total.acknowledged < LONG_REACH:
        total.broken.append(f"Only {total.acknowledged} statements were acknowledged, which shows too little.")
    return Outcome(figures, tuple(total.broken))


class _Node:
    """One node's share of the kills."""

    def __init__(self, folder: Path, world: World, plant: str | None, chance: random.Random) -> None:
        self.world, self.chance, self.plant = world, chance, plant
        self.machine = Machine(folder, world, plant=(__name__, plant) if plant else None, batch_events="40")
        self.scribe = Scribe(world.domain, time.time)
        self.kills = self.reorganisations = 0

    def run(self, scale: Scale) -> Fate:
        kills, between = (KILLS_A_NODE, LONG_STATEMENTS) if scale == "long" else (QUICK_KILLS, QUICK_STATEMENTS)
        machine, world = self.machine, self.world
        world.anvil.mine(2 * DEEPEST)
        world.anvil.automine(on=False)
        machine.begin(*PARTS)
        machine.await_server()
        kinds = [self._worst, self._server]
        if scale == "long":
            kinds = self.chance.choices([self._worst, self._relayer, self._server], (1, 1, 2), k=kills)
        with Load(machine.url, self.scribe) as load:
            while self.kills < kills:
                if not load.await_more(between, machine.patience):
                    break
                world.anvil.mine()
                if scale == "quick" or self.chance.random() < REORGANISES:
                    self._reorganise()
                kinds.pop()(load)
                _LOG.info("kills: %d of %d, %d acknowledged", self.kills, kills, len(load.acknowledged))
            load.end()
        _LOG.info("kills: waiting until everything is final")
        settled = machine.settle()
        _LOG.info("kills: comparing with the chain")
        assert world.chain.head().number <= MOST_BLOCKS, "too many blocks for one node"
        fate = machine.judge([load])
        if not settled:
            fate.broken.append("What was acknowledged did not become final in time.")
        if not self.plant:
            fate.broken += machine.compare_with_rebuild()
        return fate

    def _reorganise(self, depth: int = 0) -> None:
        reorganise(self.world, depth or self.chance.randint(1, DEEPEST))
        self.reorganisations += 1

    def _kill(self, part: str) -> None:
        self.machine.kill(part)
        self.kills += part != INDEX  # only those of the server and the relayer are counted

    def _server(self, load: Load) -> None:
        """At any moment: a client waits for its answer nearly always."""
        load.await_more(self.chance.randint(1, 4), 1)
        self._kill(SERVE)
        self.machine.begin(SERVE)

    def _relayer(self, load: Load) -> None:
        load.await_more(self.chance.randint(1, 4), 1)
        self._kill(RELAY)
        self.machine.begin(RELAY)

    def _worst(self, load: Load) -> None:
        """As soon as the node has a transaction; the next one has no index to ask, and what both sent goes again."""
        # One that has just begun sends again what a reorganisation took, so that nonces have no gap.
        self._relayer(load)
        until_true(partial(waiting_in_pool, self.world), 2)
        self.machine.kill(INDEX)
        self.world.anvil.mine()
        until_true(partial(waiting_in_pool, self.world), 2)
        self._kill(RELAY)
        self.world.anvil.mine()
        self.machine.begin(RELAY)
        until_true(partial(waiting_in_pool, self.world), 0.5)
        self.world.anvil.mine()
        self.machine.begin(INDEX)
        until_true(partial(waiting_in_pool, self.world), 4)
        self.world.anvil.mine()
        self._reorganise(DEEPEST)  # what the killed one sent last, and what the next one sent after it, is gone again


# ---- bugs that are put in ----


def install(plant: str) -> None:
    """Put a bug into the program that this process is about to become."""
    {plants.ACKNOWLEDGES_EARLY: plants.acknowledge_early, SENDS_ONCE: _send_once, JOURNALS_LATE: _journal_late}[plant]()


def _send_once() -> None:
    push = Sending.push

    def push_and_forget(self: Sending, transaction: Transaction) -> Sent | None:
        outcome = push(self, transaction)
        with self._journal._db.transaction() as connection:
            for digest in transaction.digests:
                connection.execute("UPDATE statements SET settled = 1 WHERE digest = ?", (digest,))
        self._journal.finish(transaction.sender, transaction.nonce, transaction.hash)
        return outcome

    Sending.push = push_and_forget  # type: ignore[method-assign]  # that is what putting a bug in means
    Sending._next_nonce = lambda self: self._chain.nonce(self._account.signer, "pending")  # type: ignore[method-assign]  # the same
    Sending.recover = lambda _self: False  # type: ignore[method-assign]  # the same


def _journal_late() -> None:
    make = Sending.__init__

    def with_late_journal(self: Sending, chain: Chain, journal: Journal, *arguments: Any, **named: Any) -> None:
        make(self, chain, journal, *arguments, **named)
        append = journal.append

        def late(sender: bytes, nonce: int, raw: bytes, *more: Any, **fields: Any) -> Transaction:
            chain.send(raw)
            time.sleep(plants.LATE_SECONDS)
            return append(sender, nonce, raw, *more, **fields)

        journal.append = late  # type: ignore[method-assign]  # that is what putting a bug in means

    Sending.__init__ = with_late_journal  # type: ignore[method-assign]  # the same
