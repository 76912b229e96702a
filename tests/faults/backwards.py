"""The chain goes backwards: all its nodes come back with an older state, and build another branch on it.

So it is after a disaster of a consortium's chain, or where one provider restores a backup. What had been recorded and
was not final is gone. Promised: verdicts go on, and those that rest on a node that knows less than we do tell their
age; nothing known is called a forgery; what is gone is sent again by itself, and in the end everything is final, once,
and the read model equals one that is built anew.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from typing import TYPE_CHECKING, Final, cast

from ledger.index import Indexer, Progress
from ledger.sending import Sending
from ledger.store import indexing
from tests.faults.clients import FRESH, Clients, code
from tests.faults.machine import PARTS, Machine
from tests.faults.outcome import Outcome
from tests.real_node import Slots
from tests.real_world import RealWorld, a_real_world, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.core.facts import Header, IndexedBlock
    from tests.faults.outcome import Scale
    from tests.world import World

NAME: Final = "backwards"
SENDS_ONCE: Final = "sends-once"  # the relayer never sends the same transaction again
TRUSTS_STALE: Final = "trusts-stale"  # the indexer takes a node that knows less for news of the chain
PLANTS: Final = (TRUSTS_STALE, SENDS_ONCE)
CHAIN_ID: Final = 31337
_RETURNS: Final = {"quick": 1, "long": 5}
_LOTS: Final = {"quick": 3, "long": 20}  # registered and shipped, and undone, each time
_PATIENCE: Final = 120.0  # seconds, also on a busy machine
_PLANTED_PATIENCE: Final = 12.0
_FRESH_SECONDS: Final = 2
_SLOT_SECONDS: Final = 1.0


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
            going = _Returns(world, slots, clients, plant or scale, _PLANTED_PATIENCE if plant else _PATIENCE)
            for number in range(_RETURNS[scale]):
                going.back(
                    folder / f"older{number}", [f"{plant or scale}{number}-{lot}" for lot in range(_LOTS[scale])]
                )
            if not going.broken:
                with slots.halted():
                    going.broken += machine.compare_with_rebuild()
            figures = going.figures()
    finally:
        machine.end()
        slots.stop()
    return Outcome({"returns": _RETURNS[scale]} | figures, tuple(going.broken))


class _Returns:
    """What is done and seen on one installation."""

    def __init__(self, world: RealWorld, slots: Slots, clients: Clients, name: str, patience: float) -> None:
        self.world, self.slots, self.clients, self.patience = world, slots, clients, patience
        self.broken: list[str] = []
        self.undone = self.scans = 0
        known = world.registration(f"K-{name}"[:20])
        clients.hand_in([known])
        self._known = code(known)
        self._settle("the first statement")

    def back(self, older: Path, lots: list[str]) -> None:
        """Keep the node's state, let statements be recorded, and bring that state back."""
        if self.broken:
            return
        head = self._keep(older)
        queued = shipped(self.world, lots)
        self.clients.hand_in(queued)
        self._await({"recorded", "final"}, "what was handed in")
        new = code(queued[0])
        self._restore(older, head, new)
        self._return(len(queued), new)

    def figures(self) -> dict[str, int | float | str]:
        count = Counter(self.world.recorded())
        return {
            "blocks undone": self.undone,
            "acknowledged": len(self.clients.acknowledged),
            "lost": sum(not count[digest] for digest in self.clients.acknowledged),
            "doubled": sum(count[digest] > 1 for digest in self.clients.acknowledged),
            "scans meanwhile": self.scans,
        }

    def _keep(self, older: Path) -> str:
        node = self.slots.maker
        with self.slots.halted():
            node.kill()
            shutil.copytree(node.data, older)
            node.start()
            self.slots.consensus.tell(node)
            return self.slots.consensus.heads[node]

    def _restore(self, older: Path, head: str, new: str) -> None:
        """Nothing is built on the older state until verdicts were asked for."""
        node, consensus = self.slots.maker, self.slots.consensus
        with self.slots.halted():
            self.undone += consensus.number(consensus.heads[node]) - consensus.number(head)
            node.kill()
            shutil.rmtree(node.data)
            older.rename(node.data)
            consensus.heads[node] = head
            node.start()
            consensus.tell(node)
            time.sleep(_FRESH_SECONDS + 1.5)
            for scanned in (self._known, new):
                self._scan(scanned)
            fresh = self.clients.verdict(self._known)["checks"][FRESH]
            if fresh["result"] != "failed" or "last heard from" not in fresh["detail"]:
                self.broken.append(f"a node that knows less passed for fresh: {fresh['detail']}")

    def _return(self, gone: int, new: str) -> None:
        """The chain goes on; everything comes back."""
        until = time.monotonic() + self.patience
        back = self.clients.acknowledged[-gone:]
        while time.monotonic() < until and not set(back) <= set(self.world.recorded()):
            self._scan(self._known)
            time.sleep(0.2)
        self._settle("what the chain had lost")
        self._scan(new)
        figures = self.figures()
        self.broken += [f"{figures[what]} statements were {what}" for what in ("lost", "doubled") if figures[what]]

    def _settle(self, what: str) -> None:
        self._await({"recorded", "final"}, what)
        self.slots.finalize()
        self._await({"final"}, what)

    def _await(self, states: set[str], what: str) -> None:
        if not self.clients.await_states(states, self.patience):
            self.broken.append(f"{what} did not become {' or '.join(sorted(states))}: {self.clients.states()}")

    def _scan(self, scanned: str) -> None:
        self.scans += 1
        said = self.clients.verdict(scanned)
        if said["verdict"] != "verified":
            self.broken.append(f"{scanned} was {said['verdict']} ({said['reason']})")


# ---- bugs that are put in ----


def install(plant: str) -> None:
    """Put a bug into the program that this process is about to become."""
    {SENDS_ONCE: _send_once, TRUSTS_STALE: _trust_stale}[plant]()


def _send_once() -> None:
    Sending.resend = lambda *_: None  # type: ignore[method-assign]  # that is what putting a bug in means


def _trust_stale() -> None:
    honest = Indexer._behind

    def heard(self: Indexer, head: Header, last: IndexedBlock) -> Progress:
        now = int(self._clock())
        indexing.set_status(self._db, head_block=head.number, finalized_block=-1, heard_at=now)
        return honest(self, head, last)

    Indexer._behind = heard  # type: ignore[method-assign]  # the same
