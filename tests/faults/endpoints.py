"""An indexer follows three nodes, one of which at a time lies, lags, hangs or is gone, in blocks that are reorganised.

The nodes stand before one Anvil, and the one that the indexer asks most is the one that goes wrong. Promised: whatever
one node does, the index comes to what the chain says, up to the newest block and to the newest final one, and never
holds anything else as final. The judgement is made on a second index, which reads the chain itself.
"""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.artifact import is_our_code
from ledger.chain.source import LedgerSource
from ledger.index import Indexer
from ledger.store import indexing
from ledger.store.database import Database, open_database
from ledger.store.read_model import ReadModel
from tests.faults.endpoints_bugs import NONE, TRUSTS_FINALITY, TRUSTS_FIRST, TRUSTS_RECEIPTS
from tests.faults.outcome import Outcome, Scale
from tests.faults.starter import starter
from tests.lying_node import GONE, LyingNode, lying_nodes
from tests.world import World, a_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME: Final = "endpoints"
PLANTS: Final = (TRUSTS_FIRST, TRUSTS_RECEIPTS, TRUSTS_FINALITY)
ROUNDS: Final = {"quick": 1, "long": 10}  # each with every fault
_NODES: Final = 3
_DEPTH: Final = 4  # blocks from the head to what Anvil calls final, with epochs of two
_BEHIND: Final = 9  # blocks made at once, so that some are final before the indexer reads them
_MOST_BLOCKS: Final = 200  # of one Anvil, which may lose contract code after 250
_PATIENCE_SECONDS: Final = 20.0
_PLANTED_SECONDS: Final = 2.5  # with a bug put in, what does not come about soon never will
_FALSE_HASH: Final = "0x" + "ee" * 32


@dataclass(frozen=True)
class Fault:
    """How a node goes wrong, and how many blocks come meanwhile."""

    begin: Callable[[LyingNode, int], Any]  # gets the node and the newest block before
    blocks: int = 2


def _lie(method: str, lie: Callable[[list[Any], Any, int], Any]) -> Callable[[LyingNode, int], None]:
    def begin(node: LyingNode, head: int) -> None:
        node.lies[method] = lambda params, true: lie(params, true, head)

    return begin


def _repeated(_params: list[Any], true: Any, _head: int) -> Any:
    return [*true, true[-1] | {"logIndex": hex(int(true[-1]["logIndex"], 16) + 1)}] if true else true


def _without_logs(_params: list[Any], true: Any, _head: int) -> Any:
    return [receipt | {"logs": []} for receipt in true]


def _another_hash(_params: list[Any], true: Any, head: int) -> Any:
    return true | {"hash": _FALSE_HASH} if true and int(true["number"], 16) > head else true


def _far_ahead(params: list[Any], true: Any, _head: int) -> Any:
    return true | {"number": hex(10**9), "hash": _FALSE_HASH} if params[0] in {"latest", "finalized"} else true


def _raw(status: int, content: bytes) -> Callable[[LyingNode, int], None]:
    return lambda node, _head: setattr(node, "raw", (status, content))


FAULTS: Final[dict[str, Fault]] = {
    "leaves logs of final blocks out": Fault(_lie("eth_getLogs", lambda *_: []), _BEHIND),
    "leaves receipts' logs out": Fault(_lie("eth_getBlockReceipts", _without_logs)),
    "has other hashes": Fault(_lie("eth_getBlockByNumber", _another_hash), _BEHIND),
    "adds a log": Fault(_lie("eth_getLogs", _repeated), _BEHIND),
    "is far ahead": Fault(_lie("eth_getBlockByNumber", _far_ahead)),
    "stays where it was": Fault(lambda node, head: setattr(node, "frozen_at", head), _BEHIND),
    "is on another chain": Fault(_lie("eth_chainId", lambda *_: "0x1")),
    "is gone": Fault(_raw(*GONE)),
    "is cut short": Fault(_raw(200, b'{"jsonrpc": "2.0", "id": 0, "resu')),
    "hangs": Fault(lambda node, _head: setattr(node, "seconds", 0.15)),
    "talks nonsense": Fault(_lie("eth_getBlockByNumber", lambda *_: {"number": "?"}), _BEHIND),
}


@dataclass
class Judge:
    """What the index must come to, and what it broke."""

    world: World
    told: Database  # the index under test
    truth: Database
    patience: float
    reader: Indexer = field(init=False)
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        source = LedgerSource(self.world.chain, self.world.ledger.address)
        self.reader = Indexer(self.truth, source, self.world.domain)

    def await_truth(self, while_: str) -> None:
        """Wait until the index says what the chain says, and is as far; watch what it calls final meanwhile."""
        if self.broken:
            return
        while not self.reader.step().caught_up:
            pass
        expected, until = self._state(self.truth), time.monotonic() + self.patience
        while self._state(self.told) != expected or indexing.dump(self.told) != indexing.dump(self.truth):
            if self._calls_false_final():
                self.broken.append(f"While a node {while_}, a block was called final that is not the chain's.")
                return
            if time.monotonic() > until:
                self.broken.append(f"While a node {while_}, the index did not come to what the chain says.")
                return
            time.sleep(0.02)

    def _state(self, database: Database) -> tuple[int, int]:
        as_of = ReadModel(database).as_of()
        return as_of.block, as_of.finalized_block

    def _calls_false_final(self) -> bool:
        final = indexing.finalized_block(self.told)
        ours = indexing.block_hash(self.told, final)
        true = self.world.chain.headers([final])[0] if final >= 0 else None
        return ours is not None and true is not None and true.hash != ours


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """Go through every fault, again and again; each world's node makes a bounded number of blocks."""
    figures = {"faults": 0, "facts": 0, "reorganisations": 0, "nodes": _NODES}
    broken: list[str] = []
    for number in range(ROUNDS[scale]):
        part = folder / str(number)
        part.mkdir()
        broken += _play(part, plant or NONE, random.Random(number), figures)
        if broken:
            break
    return Outcome(dict(figures), tuple(broken))


class _Program:
    """The indexer as a process, on nodes of which the one named first leads."""

    def __init__(self, world: World, nodes: list[LyingNode], folder: Path, plant: str) -> None:
        self._nodes, self._folder = nodes, folder
        self._plant = ("tests.faults.endpoints_bugs", plant)
        self._settings = {
            "LOTPROOF_LEDGER_ADDRESS": "0x" + world.ledger.address.hex(),
            "LOTPROOF_POLL_SECONDS": "0.05",
        }
        self.start()

    def start(self) -> None:
        urls = {"LOTPROOF_RPC_URL": ",".join(node.url for node in self._nodes)}
        words = ["index", "--data", str(self._folder / "data")]
        self._pid = starter().start(words, self._settings | urls, self._folder / "index.log", self._plant)

    def end(self) -> None:
        starter().end(self._pid)

    def leader(self) -> LyingNode:
        """The node that was asked most since this was asked last."""
        found = max(self._nodes, key=lambda node: len(node.asked))
        for node in self._nodes:
            node.asked.clear()
        return found

    @contextmanager
    def surprised(self, fault: Fault, head: int) -> Iterator[LyingNode]:
        """Let a node go wrong and blocks come all at once; gives the node.

        With many blocks the program is killed and started anew, so that it reads some of them as final; else it only
        stands still meanwhile.
        """
        if fault.blocks == _BEHIND:
            self.end()
            self._nodes.append(self._nodes.pop(0))
            victim = self._nodes[0]
        else:
            victim = self.leader()
            os.kill(self._pid, signal.SIGSTOP)
        yield victim
        fault.begin(victim, head)
        if fault.blocks == _BEHIND:
            self.start()
        else:
            os.kill(self._pid, signal.SIGCONT)


def _play(folder: Path, plant: str, chance: random.Random, figures: dict[str, int]) -> list[str]:
    with (
        a_world(folder, slots=_DEPTH // 2) as world,
        lying_nodes(world.anvil.url, _NODES) as nodes,
        _databases(folder) as (told, truth),
    ):
        world.anvil.mine(_DEPTH)
        judge = Judge(world, told, truth, _PLANTED_SECONDS if plant != NONE else _PATIENCE_SECONDS)
        program = _Program(world, nodes, folder, plant)
        try:
            judge.await_truth("is as it should be")
            for number, words in enumerate(FAULTS):
                if not judge.broken:
                    _go_wrong(world, program, judge, f"R{number}", words)
                    figures["faults"] += 1
                    figures["reorganisations"] += _reorganised(world, chance.randrange(_DEPTH))
                    judge.await_truth("is as it should be, and blocks were replaced")
        finally:
            program.end()
        figures["facts"] += len(indexing.dump(truth).splitlines())
        assert world.chain.head().number <= _MOST_BLOCKS
        assert is_our_code(world.chain.code(world.ledger.address))
        return judge.broken


def _go_wrong(world: World, program: _Program, judge: Judge, lot: str, words: str) -> None:
    fault = FAULTS[words]
    with program.surprised(fault, world.chain.head().number) as victim:
        registration = world.registration(lot)
        world.bring(registration)
        world.bring(world.shipment(registration))
        world.anvil.mine(fault.blocks)
    judge.await_truth(words)
    victim.honest()


def _reorganised(world: World, depth: int) -> int:
    """Replace so many blocks by empty ones, and go on; whether there were any."""
    if depth:
        world.anvil.rpc("anvil_reorg", depth, [])
        world.anvil.mine()
    return int(depth > 0)


@contextmanager
def _databases(folder: Path) -> Iterator[tuple[Database, Database]]:
    (folder / "data").mkdir()
    told, truth = (
        open_database(f"sqlite:///{path}") for path in (folder / "data" / "lotproof.db", folder / "truth.db")
    )
    try:
        yield told, truth
    finally:
        told.close()
        truth.close()
