"""Breaks two in five requests to the node, kills the relayer with -9 meanwhile, and lets the chain reorganise.

Requests are reset before or after the node has them, answered with 502 or half of the JSON, delayed, or answered as of
an older block. Parts that end by themselves are started again, as a supervisor does.
"""

from __future__ import annotations

import logging
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from ledger.chain.rpc import Rpc
from ledger.chain.source import LedgerSource
from ledger.core.errors import UnavailableError
from ledger.sending import Sending
from tests.faults.machine import PARTS, RELAY, Load, Machine, reorganise, until_true
from tests.faults.outcome import Outcome, Scale
from tests.faults.proxy import FaultyProxy
from tests.world import Scribe, World, a_world

if TYPE_CHECKING:
    from ledger.chain.client import Sent
    from ledger.store.journal import Transaction

NAME = "rpc"
SIGNS_ANEW = "signs-anew"  # a reset is taken for "not sent": the statements go out once more, under a new nonce
TRUSTS_THE_HEAD = "trusts-the-head"  # whatever the newest block is said to be counts as final
PLANTS = (SIGNS_ANEW, TRUSTS_THE_HEAD)

SHARE: Final = 0.4  # of the requests that are broken
KILLS: Final[dict[Scale, int]] = {"long": 20, "quick": 2}
STATEMENTS: Final[dict[Scale, int]] = {"long": 40, "quick": 10}  # acknowledged between two kills
DEEPEST: Final = 4
_LOG = logging.getLogger(__name__)


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """See `outcome.Harness`."""
    chance = random.Random(11)
    with (
        a_world(folder / "node", slots=DEEPEST) as world,
        FaultyProxy(world.anvil.port, 0.0, seed=11) as proxy,
    ):
        world.anvil.mine(2 * DEEPEST)
        world.anvil.automine(on=False)
        planted = (__name__, plant) if plant else None
        machine = Machine(
            folder / "data", world, rpc_url=proxy.url, plant=planted, batch_events="40" if scale == "long" else "10"
        )
        try:
            machine.begin(*PARTS)
            machine.await_server()
            proxy.share = SHARE
            load = Load(machine.url, Scribe(world.domain, time.time))
            kills = 0
            with load:
                while kills < KILLS[scale] and load.await_more(STATEMENTS[scale], machine.patience):
                    _carry_on(machine, world, chance.uniform(0.1, 0.6))
                    reorganise(world, chance.randint(1, DEEPEST))
                    machine.kill(RELAY)
                    kills += 1
                    machine.begin(RELAY)
                    _LOG.info("rpc: %d of %d kills, %d acknowledged", kills, KILLS[scale], len(load.acknowledged))
            _LOG.info("rpc: waiting until everything is final")
            settled = until_true(lambda: _settled(machine, world), machine.patience)
            faulty = proxy.faulty
            proxy.share = 0.0
            fate = machine.judge([load])
            if not settled:
                fate.broken.append("What was acknowledged did not become final in time.")
            if not plant:
                fate.broken += machine.compare_with_rebuild()
        finally:
            machine.end()
    figures = {
        "kills": kills,
        "requests_to_the_node": sum(proxy.done.values()),
        "percent_of_them_broken": round(100 * faulty),
        "acknowledged": fate.acknowledged,
        "lost": fate.lost,
        "doubled": fate.doubled,
    }
    return Outcome(figures, tuple(fate.broken))


def _carry_on(machine: Machine, world: World, seconds: float) -> None:
    """Mine, and start again what has ended."""
    world.anvil.mine()
    machine.revive()
    time.sleep(seconds)


def _settled(machine: Machine, world: World) -> bool:
    _carry_on(machine, world, 0.2)
    try:
        return not machine.outbox.unsettled()
    except UnavailableError:
        return False


# ---- bugs that are put in ----


def install(plant: str) -> None:
    """Put a bug into the program that this process is about to become."""
    if plant == TRUSTS_THE_HEAD:
        LedgerSource.finalized = lambda self: self._chain.head().number  # type: ignore[method-assign]  # that is what putting a bug in means
        return
    push, post = Sending.push, Rpc._post

    def push_or_sign_anew(self: Sending, transaction: Transaction) -> Sent | None:
        Rpc._post = lambda rpc, body: rpc._post_once(orjson.dumps(body))  # type: ignore[method-assign]  # no second attempt
        try:
            return push(self, transaction)
        except UnavailableError:
            self._journal.finish(transaction.sender, transaction.nonce, None)  # its statements are pending again
            raise
        finally:
            Rpc._post = post  # type: ignore[method-assign]  # as it was

    Sending.push = push_or_sign_anew  # type: ignore[method-assign]  # that is what putting a bug in means
