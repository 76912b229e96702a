"""Two real nodes are parted and joined again, each with an installation that goes on taking and relaying statements.

While parted each side builds a branch of its own; joined, one branch wins, and it need not be the longer one. Blocks
are made final as a quorum of two does: only what both nodes have. Promised: never are two truths called final (what an
installation once called final stays, and the two agree); nothing acknowledged is lost or done twice; both read models
equal one that is built anew from the winning chain.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Final

from ledger.core.errors import LotproofError
from ledger.store import indexing
from tests.faults.outcome import Outcome
from tests.real_world import OTHER_RELAYER, Facts, RealWorld, Side, a_real_world, rebuilt, shipped
from tests.world import RELAYER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.outcome import Scale

NAME: Final = "partition"
HEAD_IS_FINAL: Final = "head-is-final"  # an installation takes the newest block for final
SENDS_ONCE: Final = "sends-once"  # its relayer never sends the same transaction again
NO_QUORUM: Final = "no-quorum"  # while parted, each side's consensus alone makes its blocks final
PLANTS: Final = (HEAD_IS_FINAL, SENDS_ONCE, NO_QUORUM)
_PARTITIONS: Final = {"quick": 1, "long": 10}
_KILLED_EVERY: Final = 3  # partitions, in one of which the losing node is also killed and started again
_SETTLING_BLOCKS: Final = 30
_PLANTED_BLOCKS: Final = 5  # after which a planted bug has shown


class _Watch:
    """Remembers what each side ever called final, and says where it contradicts itself or the other."""

    def __init__(self, sides: list[Side]) -> None:
        self._sides = sides
        self._facts: dict[Side, Facts] = {side: frozenset() for side in sides}
        self._finals: dict[Side, set[bytes]] = {side: set() for side in sides}
        self.broken: list[str] = []
        self.looks = 0

    def look(self) -> None:
        self.looks += 1
        for number, side in enumerate(self._sides):
            now, finals = side.facts(side.final_block()), side.finals()
            if not self._facts[side] <= now:
                self.broken.append(f"look {self.looks}: side {number} no longer has facts that it called final")
            if not self._finals[side] <= finals:
                self.broken.append(f"look {self.looks}: side {number} took statements back that it called final")
            self._facts[side], self._finals[side] = now, finals
        one, other = self._sides
        both = min(one.final_block(), other.final_block())
        if one.facts(both) != other.facts(both):
            self.broken.append(f"look {self.looks}: the sides call two truths final up to block {both}")


class _Run:
    def __init__(self, world: RealWorld, sides: list[Side], seed: int, plant: str | None) -> None:
        self.world, self.sides, self.plant = world, sides, plant
        self.seed = seed
        self.chance = random.Random(seed)
        self.watch = _Watch(sides)
        self.undone = self.kills = self.lots = 0

    def partition(self, number: int) -> None:
        """Part the nodes for some blocks each, join them, and let the chain go on."""
        for side in self.sides:
            for _ in range(self.chance.randint(1, 3)):
                self._load(side)
                side.round()
                made = self.world.consensus.make(side.node)
                if self.plant == NO_QUORUM:
                    self.world.consensus.finalize(side.node, made)
                side.index()
            self.watch.look()
        winner, loser = self.chance.sample(self.sides, 2)
        self._join(winner, loser, killed=number % _KILLED_EVERY == 0)
        self.together()

    def together(self) -> None:
        """Both make a block in turn; what both have had for a block is final."""
        consensus = self.world.consensus
        for maker, hearer in (self.sides, self.sides[::-1]):
            self.world.finalize(consensus.common(*(consensus.heads[side.node] for side in self.sides)), tell=False)
            maker.round()
            hearer.round()
            consensus.give(hearer.node, consensus.make(maker.node))
            for side in self.sides:
                side.index()
            self.watch.look()

    def figures(self) -> dict[str, int | float | str]:
        count = Counter(self.world.recorded())
        acknowledged = [digest for side in self.sides for digest in side.digests]
        return {
            "blocks undone": self.undone,
            "nodes killed": self.kills,
            "looks at what is final": self.watch.looks,
            "acknowledged": len(acknowledged),
            "lost": sum(not count[digest] for digest in acknowledged),
            "doubled": sum(count[digest] > 1 for digest in acknowledged),
        }

    def _join(self, winner: Side, loser: Side, *, killed: bool) -> None:
        consensus = self.world.consensus
        heads = consensus.heads
        fork = consensus.common(heads[loser.node], heads[winner.node])
        self.undone += consensus.number(heads[loser.node]) - consensus.number(fork)
        if killed:
            loser.node.kill()
            loser.node.start()
            self.kills += 1
        if self.plant == NO_QUORUM:
            consensus.final[loser.node] = fork  # its consensus breaks its word
        consensus.give(loser.node, heads[winner.node])
        for side in self.sides:
            side.index()
        self.watch.look()

    def _load(self, side: Side) -> None:
        lots = [f"{self.plant or self.seed}-{self.lots + one}"[-20:] for one in range(2)]
        self.lots += len(lots)
        side.accept(*shipped(self.world, lots))


def run(scale: Scale, folder: Path, plant: str | None = None, *, seed: int = 5) -> Outcome:
    """Part and join two nodes, 10 times at length; `tests.faults.outcome.Harness` tells the rest."""
    with a_real_world(folder, 2) as world:
        return play(world, scale, folder, plant, seed=seed)


def play(world: RealWorld, scale: Scale, folder: Path, plant: str | None = None, *, seed: int = 5) -> Outcome:
    """Do it on a world of two nodes that already stands."""
    sides = [_side(world, number, folder, plant) for number in range(2)]
    going = _Run(world, sides, seed, plant)
    try:
        done = _go(going, _PARTITIONS[scale])
        broken = [*going.watch.broken, *(() if done else ("not every statement became final",))]
        broken += _compare(going, folder) if not broken else []
    except LotproofError as error:
        broken = [*going.watch.broken, f"an installation stopped: {error.detail}"]
    finally:
        for side in sides:
            side.close()
    two = sum("two truths" in one for one in broken)
    return Outcome({"partitions": _PARTITIONS[scale]} | going.figures() | {"two truths": two}, tuple(broken))


def _side(world: RealWorld, number: int, folder: Path, plant: str | None) -> Side:
    finality = 0 if plant == HEAD_IS_FINAL else "finalized"
    account = (RELAYER, OTHER_RELAYER)[number]
    side = Side(world, world.nodes[number], folder / f"side{number}.db", account, finality=finality)
    if plant == SENDS_ONCE:
        side.sending.resend = lambda _: None  # type: ignore[method-assign]  # the planted bug
    return side


def _go(going: _Run, partitions: int) -> bool:
    for number in range(1, partitions + 1):
        going.partition(number)
    for _ in range(_SETTLING_BLOCKS if going.plant is None else _PLANTED_BLOCKS):
        if not any(side.outbox.unsettled() for side in going.sides):
            return True
        going.together()
    return False


def _compare(going: _Run, folder: Path) -> list[str]:
    figures = going.figures()
    broken = [f"{figures[what]} statements were {what}" for what in ("lost", "doubled") if figures[what]]
    if {state for side in going.sides for state in side.states()} != {"final"}:
        broken.append("a statement was refused")
    anew = rebuilt(going.world, going.world.nodes[0], folder / "rebuilt.db")
    for number, side in enumerate(going.sides):
        if indexing.dump(side.db) != anew:
            broken.append(f"the read model of side {number} differs from a rebuild")
    return broken
