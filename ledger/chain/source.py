"""Blocks with the ledger's facts, as the indexer asks for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.client import Chain, header_of
from ledger.chain.logs import decode_log
from ledger.core.errors import NodeError, TooManyResultsError, UnavailableError
from ledger.core.facts import IndexedBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.core.facts import Fact, Header

FINALIZED: Final = "finalized"
# How nodes and providers say that a range is too large; there is no standard code for it.
_TOO_MANY: Final = re.compile(
    r"too (many|large|wide|big)|more than|limit|exceed|range|response size|time(d)? ?out|timeout", re.IGNORECASE
)
_NO_LOGS: Final[tuple[Any, ...]] = ()


class LedgerSource:
    """The ledger's blocks and facts on one chain.

    Args:
        chain: The node.
        address: The ledger's, 20 bytes.
        finality: `finalized` for the node's own tag, or a number of blocks that make a block final.
        ceiling: Gives the last block that is durable, where final blocks can be lost (the embedded chain).
    """

    def __init__(
        self,
        chain: Chain,
        address: bytes,
        *,
        finality: str | int = FINALIZED,
        ceiling: Callable[[], int] | None = None,
    ) -> None:
        self._chain = chain
        self._address = address
        self._finality = finality
        self._ceiling = ceiling

    def head(self) -> Header:
        """Read the newest header."""
        return self._chain.head()

    def finalized(self) -> int:
        """Read the number of the last final block, -1 if there is none yet."""
        if isinstance(self._finality, int):
            number = self._chain.head().number - self._finality
        else:
            header = self._chain.header(self._finality)
            number = -1 if header is None else header.number
        return max(-1, number if self._ceiling is None else min(number, self._ceiling()))

    def headers(self, numbers: Sequence[int]) -> list[Header | None]:
        """Read headers by number in one batch; None where the node has no such block."""
        return self._chain.headers(numbers, watched=self._address)

    def final_facts(self, first: int, last: int) -> list[IndexedBlock]:
        """Read the facts in a range of final blocks.

        Args:
            first: Number of the first block.
            last: Number of the last block, not below `first`.

        Returns:
            In ascending order: `first`, `last`, and every block between with facts.

        Raises:
            TooManyResultsError: The node wants a smaller range.
            UnavailableError: The node has no block `last`, or its answers contradict each other.
        """
        logs, bounds = self._range(first, last)
        headers = {header.number: header for header in bounds}
        by_block: dict[int, list[dict[str, Any]]] = {}
        for log in logs:
            by_block.setdefault(int(log["blockNumber"], 16), []).append(log)
        missing = sorted(by_block.keys() - headers.keys())
        for number, header in zip(missing, self._chain.headers(missing), strict=True):
            headers[number] = _present(header, number)
        return [_indexed(headers[number], by_block.get(number, _NO_LOGS)) for number in sorted(headers)]

    def facts_of(self, headers: Sequence[Header]) -> list[IndexedBlock]:
        """Read the facts in blocks that are not final yet, asked for by their hashes.

        Raises:
            UnavailableError: One of the blocks is no longer the chain's.
        """
        asked = [header for header in headers if header.may_hold_facts]
        calls: list[tuple[str, tuple[Any, ...]]] = [
            ("eth_getLogs", ({"address": _hex(self._address), "blockHash": _hex(header.hash)},)) for header in asked
        ]
        calls += [("eth_getBlockByNumber", (hex(header.number), False)) for header in headers]
        results = self._chain.rpc.batch(calls)
        for header, block in zip(headers, results[len(asked) :], strict=True):
            if block is None or header_of(block).hash != header.hash:
                raise UnavailableError(
                    f"Block {header.number} was replaced while it was read.",
                    advice="It is read again by itself.",
                    cause="reorganised",
                )
        logs = {header.hash: found for header, found in zip(asked, results, strict=False)}
        return [_indexed(header, logs.get(header.hash, _NO_LOGS)) for header in headers]

    def _range(self, first: int, last: int) -> tuple[list[dict[str, Any]], list[Header]]:
        query = {"address": _hex(self._address), "fromBlock": hex(first), "toBlock": hex(last)}
        numbers = [first] if first == last else [first, last]
        calls: list[tuple[str, tuple[Any, ...]]] = [
            ("eth_getBlockByNumber", (hex(number), False)) for number in numbers
        ]
        try:
            *blocks, logs = self._chain.rpc.batch([*calls, ("eth_getLogs", (query,))])
        except UnavailableError as error:
            if first < last and _asks_for_less(error):
                raise TooManyResultsError(
                    f"The node refuses the logs of blocks {first} to {last} at once: {error.detail}",
                    advice="A smaller range is asked for by itself.",
                    **error.evidence,
                ) from error
            raise
        headers = [_present(block and header_of(block), number) for block, number in zip(blocks, numbers, strict=True)]
        return logs, headers


def _asks_for_less(error: UnavailableError) -> bool:
    if isinstance(error, NodeError):
        return error.evidence["method"] == "eth_getLogs" and bool(_TOO_MANY.search(error.evidence["message"]))
    return error.evidence.get("cause") == "timeout" or error.evidence.get("status") == 413  # noqa: PLR2004 - HTTP


def _present(header: Header | None, number: int) -> Header:
    if header is None:
        raise UnavailableError(
            f"The chain's node does not have block {number} yet.",
            advice="It is asked again by itself; if this lasts, check that the node keeps up.",
            cause="behind",
        )
    return header


def _indexed(header: Header, logs: Sequence[dict[str, Any]]) -> IndexedBlock:
    block_hash = _hex(header.hash)
    for log in logs:
        if log.get("blockHash") != block_hash or log.get("removed"):
            raise UnavailableError(
                f"The node's logs of block {header.number} are of another block than its header.",
                advice="It is read again by itself.",
                cause="reorganised",
            )
    facts = sorted((decode_log(log, header.time) for log in logs), key=_log_index)
    return IndexedBlock(header.number, header.hash, header.parent_hash, header.time, tuple(facts))


def _log_index(fact: Fact) -> int:
    """Order the facts of one block; comparing whole places would cost more than decoding some of them."""
    return fact.recorded.log_index


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
