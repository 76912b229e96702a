"""A chain in memory that fits what the indexer asks of one, can be reorganised, and can lie.

A lie is a function that gets a method's name and true answer and returns, or raises, something else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

from ledger.core.errors import LotproofError, TooManyResultsError, UnavailableError
from ledger.core.facts import Fact, Header, IndexedBlock
from ledger.core.keccak import keccak256
from tests.simulated_ledger import START, Story, placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Logs = tuple[Fact, ...]
BLOCK_SECONDS = 12


@dataclass
class SimulatedChain:
    """Blocks from 0 on; `depth` below the head a block is final."""

    seed: int = 1
    depth: int = 12
    largest_range: int = 0  # facts in one answer before the node refuses; 0 = any number
    blocks: list[IndexedBlock] = field(default_factory=list)
    lie: Callable[[str, Any], Any] = lambda _method, answer: answer
    calls: list[str] = field(default_factory=list)
    agreed: dict[int, bytes] = field(default_factory=dict)  # hashes on which several nodes agree; empty: one node
    proves: bool = True  # whether it gives receipts
    others: int = 0  # nodes to turn to when this one is in doubt
    doubts: list[LotproofError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.story = Story(self.seed)
        self._statements: Iterator[Logs] = self.story.statements()
        self._mined: dict[bytes, list[Logs]] = {}  # block hash → its statements
        self._waiting: list[Logs] = []
        self.mine([])

    @property
    def facts(self) -> list[Fact]:
        """Everything the chain says, in chain order: what an index must come to."""
        return [fact for block in self.blocks for fact in block.facts]

    def mine(self, statements: Sequence[Logs] | None = None) -> IndexedBlock:
        """Add a block with these statements; None: with none to five new ones."""
        if statements is None:
            fresh = list(islice(self._statements, self.random.choice((0, 0, 1, 2, 5))))
            statements, self._waiting = [*self._waiting, *fresh], []
        number = len(self.blocks)
        parent = self.blocks[-1].hash if self.blocks else bytes(32)
        time = START + number * BLOCK_SECONDS
        logs: list[Fact] = []
        for statement in statements:
            transaction = keccak256(parent + len(logs).to_bytes(4, "big"))
            # Other contracts log too: indexes are not consecutive between transactions.
            first = logs[-1].recorded.log_index + self.random.randrange(1, 3) if logs else 0
            logs += placed(statement, number, first, time, transaction)
        block_hash = keccak256(parent + self.random.randbytes(8))
        block = IndexedBlock(number, block_hash, parent, time, tuple(logs))
        self.blocks.append(block)
        self._mined[block_hash] = list(statements)
        return block

    def grow(self, count: int) -> None:
        """Add `count` blocks."""
        for _ in range(count):
            self.mine()

    def reorganise(self, depth: int, *, growth: int = 1, keep: float = 0.7) -> None:
        """Undo `depth` blocks and add `depth + growth` others, in which most of the statements come again."""
        undone = [logs for block in self.blocks[-depth:] for logs in self._mined[block.hash]]
        del self.blocks[-depth:]
        # What others build on must come again; a move of goods, or what stands alone, may be lost for good.
        again = [logs for logs in undone if len(logs) > 1 or self.random.random() < keep]
        for left in range(depth + growth, 0, -1):
            share = len(again) if left == 1 else self.random.randrange(len(again) + 1)
            self.mine(again[:share])
            again = again[share:]

    # ---- what the indexer asks ----

    def head(self) -> Header:
        return self._answer("head", _header(self.blocks[-1]))

    def finalized(self) -> int:
        return self._answer("finalized", len(self.blocks) - 1 - self.depth)

    def headers(self, numbers: Sequence[int]) -> list[Header | None]:
        known = len(self.blocks)
        return self._answer("headers", [_header(self.blocks[n]) if 0 <= n < known else None for n in numbers])

    def final_facts(self, first: int, last: int) -> list[IndexedBlock]:
        if last >= len(self.blocks):
            raise UnavailableError("The node has no such block.")
        found = [block for block in self.blocks[first : last + 1] if block.facts or block.number in (first, last)]
        if 0 < self.largest_range < sum(len(block.facts) for block in found):
            raise TooManyResultsError("The node found too many logs.")
        return self._answer("final_facts", found)

    def facts_of(self, headers: Sequence[Header]) -> list[IndexedBlock]:
        by_hash = {block.hash: block for block in self.blocks}
        if any(header.hash not in by_hash for header in headers):
            raise UnavailableError("The node knows no such block any more.")
        return self._answer("facts_of", [by_hash[header.hash] for header in headers])

    def proved_facts_of(self, headers: Sequence[Header]) -> list[IndexedBlock | None]:
        by_hash = {block.hash: block for block in self.blocks}
        proved = [by_hash.get(header.hash) if self.proves else None for header in headers]
        return self._answer("proved_facts_of", proved)

    def agreed_hash(self, number: int) -> bytes | None:
        return self.agreed.get(number)

    def doubt(self, error: LotproofError) -> bool:
        self.doubts.append(error)
        self.others -= 1
        return self.others >= 0

    def _answer(self, method: str, answer: Any) -> Any:
        self.calls.append(method)
        return self.lie(method, answer)


def _header(block: IndexedBlock) -> Header:
    return Header(block.number, block.hash, block.parent_hash, block.time, bool(block.facts))
