"""The chain halts, and then the node dies, while statements are handed in and codes are scanned.

First no block is made, then the node is killed with -9; half of the statements come in each of the two. Promised:
every statement is acknowledged and no answer waits for the chain; verdicts go on, with the age of what they rest on,
and an unknown lot is not called a forgery meanwhile; when the chain goes on, everything that was queued is recorded,
each once.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, cast

from ledger import submit
from ledger.core import check, verdict
from ledger.store.outbox import StatementState
from tests.faults.clients import FRESH, Clients, code
from tests.faults.machine import PARTS, Machine
from tests.faults.outcome import Outcome
from tests.real_node import Slots
from tests.real_world import RealWorld, a_real_world, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store.outbox import Outbox
    from tests.faults.outcome import Scale
    from tests.world import World

NAME: Final = "halt"
DROPS: Final = "drops"  # the server acknowledges more than its queue holds
AGELESS: Final = "ageless"  # verdicts do not look at the age of what they rest on
PLANTS: Final = (DROPS, AGELESS)
CHAIN_ID: Final = 31337
_STATEMENTS: Final = {"quick": 40, "long": 1_000}
_PATIENCE: Final = {"quick": 90.0, "long": 600.0}  # seconds, also on a busy machine
_PLANTED_PATIENCE: Final = 12.0
_FRESH_SECONDS: Final = 2
_LONGEST_ANSWER: Final = 5.0  # seconds; a request to the chain would wait for 30
_SLOT_SECONDS: Final = 1.0
_HELD: Final = 25  # statements in the queue of the bug


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """See `outcome.Harness`."""
    with a_real_world(folder, 1, CHAIN_ID) as world:
        return play(world, scale, folder, plant)


def play(world: RealWorld, scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """Do it on a world of one node that already stands."""
    node = world.nodes[0]
    planted = (__name__, plant) if plant else None
    told = {"fresh_seconds": str(_FRESH_SECONDS)}
    machine = Machine(folder / "data", cast("World", world), rpc_url=node.url, plant=planted, **told)
    slots = Slots(world.consensus, node, _SLOT_SECONDS)
    try:
        machine.begin(*PARTS)
        machine.await_server()
        with Clients(machine.url, world.domain) as clients:
            halt = _Halt(world, slots, clients, plant or scale)
            patience = _PLANTED_PATIENCE if plant else _PATIENCE[scale]
            halt.run(_STATEMENTS[scale], patience)
            figures = halt.figures()
    finally:
        machine.end()
        slots.stop()
    return Outcome(figures, tuple(halt.broken))


class _Halt:
    """One halt, and what was seen of it."""

    def __init__(self, world: RealWorld, slots: Slots, clients: Clients, name: str) -> None:
        self.world, self.slots, self.clients, self.name = world, slots, clients, name
        self.broken: list[str] = []
        self.seconds = 0.0  # that the chain stood still
        known = world.registration(f"K-{name}"[:20])
        clients.hand_in([known])
        self._known, self._never = code(known), code(world.registration(f"N-{name}"[:20]))

    def run(self, statements: int, patience: float) -> None:
        if not self._settled(patience):
            self.broken.append(f"the first statement did not become final: {self.clients.states()}")
            return
        lots = [f"{self.name}-{number}" for number in range(statements // 2)]
        queued = shipped(self.world, lots)
        node = self.slots.maker
        with self.slots.halted():
            began = time.monotonic()
            self.clients.hand_in(queued[: statements // 2])
            self._expect(self._known, "verified", aged=None, when="while no block was made")
            node.kill()
            time.sleep(_FRESH_SECONDS + 1.5)
            self.clients.hand_in(queued[statements // 2 :])
            self._expect(self._known, "verified", aged=True, when="while the node was dead")
            self._expect(self._never, "undetermined", aged=True, when="while the node was dead")
            self.seconds = time.monotonic() - began
            node.start()
            self.slots.consensus.tell(node)
        if not self._settled(patience):
            self.broken.append(
                f"what was queued did not all become final when the chain went on: {self.clients.states()}"
            )
        self._judge(statements)

    def figures(self) -> dict[str, int | float | str]:
        count = Counter(self.world.recorded())
        return {
            "acknowledged": len(self.clients.acknowledged),
            "lost": sum(not count[digest] for digest in self.clients.acknowledged),
            "doubled": sum(count[digest] > 1 for digest in self.clients.acknowledged),
            "seconds without a chain": round(self.seconds, 1),
            "slowest answer (s)": round(self.clients.slowest, 2),
        }

    def _settled(self, patience: float) -> bool:
        if not self.clients.await_states({"recorded", "final"}, patience):
            return False
        self.slots.finalize()
        return self.clients.await_states({"final"}, patience)

    def _expect(self, scanned: str, word: str, *, aged: bool | None, when: str) -> None:
        said = self.clients.verdict(scanned)
        if said["verdict"] != word:
            self.broken.append(f"{when} {scanned} was {said['verdict']} ({said['reason']}), not {word}")
        fresh = said["checks"][FRESH]
        told = fresh["result"] == "failed" and "last heard from" in fresh["detail"] and "as of" in said["headline"]
        if aged is not None and told != aged:
            self.broken.append(f"{when} the verdict on {scanned} did not tell its age: {fresh['detail']}")

    def _judge(self, statements: int) -> None:
        figures = self.figures()
        self.broken += [f"{figures[what]} statements were {what}" for what in ("lost", "doubled") if figures[what]]
        if self.clients.refusals:
            self.broken.append(f"{len(self.clients.refusals)} were not accepted: {self.clients.refusals[0]}")
        if len(self.clients.acknowledged) != statements + 1:
            self.broken.append(f"{len(self.clients.acknowledged)} of {statements + 1} statements were acknowledged")
        if self.clients.slowest > _LONGEST_ANSWER:
            self.broken.append(f"an answer took {self.clients.slowest:.1f} s")


# ---- bugs that are put in ----


def install(plant: str) -> None:
    """Put a bug into the program that this process is about to become."""
    {DROPS: _drop, AGELESS: _look_at_no_age}[plant]()


def _drop() -> None:
    queue = submit._queue

    def bounded(outbox: Outbox, *arguments: Any) -> StatementState:
        if len(outbox.unsettled()) > _HELD:
            return StatementState(arguments[2], "pending")
        return queue(outbox, *arguments)

    submit._queue = bounded


def _look_at_no_age() -> None:
    check.is_behind = verdict.is_behind = lambda *_: False
