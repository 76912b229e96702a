"""Blocks with the ledger's facts, as the indexer asks for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.checked import CheckedReading, proved_logs, receipts_calls
from ledger.chain.client import Chain, header_of
from ledger.chain.logs import decode_log
from ledger.core.errors import InvalidProofError, NodeError, TooManyResultsError, UnavailableError
from ledger.core.facts import IndexedBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.core.errors import LotproofError
    from ledger.core.facts import Fact, Header

FINALIZED: Final = "finalized"
# How nodes and providers say that a range is too large; there is no standard code for it.
_TOO_MANY: Final = re.compile(
    r"too (many|large|wide|big)|more than|limit|exceed|range|response size|time(d)? ?out|timeout", re.IGNORECASE
)
_NO_LOGS: Final[tuple[Any, ...]] = ()


class LedgerSource:
    """The ledger's blocks and facts on one chain.

    With several nodes, what is read is proved or agreed upon (`ledger.chain.checked`), and final is what they agree on;
    with one, its word counts.

    Args:
        chain: The node, or several.
        address: The ledger's, 20 bytes.
        finality: `finalized` for the node's own tag, or a number of blocks that make a block final; several nodes
            have been told so already.
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
        self._checked = None if chain.nodes is None else CheckedReading(chain.nodes, address)

    def head(self) -> Header:
        """Read the newest header."""
        return self._chain.head()

    def finalized(self) -> int:
        """Read the number of the last final block, -1 if there is none yet."""
        if self._chain.nodes is not None:
            agreed = self._chain.nodes.watch.final()
            number = -1 if agreed is None else agreed.number
        elif isinstance(self._finality, int):
            number = self._chain.head().number - self._finality
        else:
            header = self._chain.header(self._finality)
            number = -1 if header is None else header.number
        return max(-1, number if self._ceiling is None else min(number, self._ceiling()))

    def headers(self, numbers: Sequence[int]) -> list[Header | None]:
        """Read headers by number in one batch; None where the node has no such block."""
        if self._checked is not None:
            return self._checked.headers(numbers)
        return self._chain.headers(numbers, watched=self._address)

    def agreed_hash(self, number: int) -> bytes | None:
        """Ask for the hash of a final block on which enough nodes agree; None, without asking, if there is one node.

        Raises:
            UnavailableError: Too few nodes answer, or they do not agree.
        """
        nodes = self._chain.nodes
        if nodes is None:
            return None
        final = nodes.watch.final()
        if final is not None and final.number == number:
            return final.hash
        return nodes.agreed(
            [("eth_getBlockByNumber", (hex(number), False))],
            lambda found: _present(found[0] and header_of(found[0]), number).hash,
        )

    def doubt(self, error: LotproofError) -> bool:
        """Turn to another node, if a contradictory answer was the fault of the one that gave it.

        A log that is not what its digest says is a lie. A hash that contradicts what enough nodes call final may be
        that of a node on a branch that the others have left; the next look at all nodes judges that.

        Args:
            error: What contradicts: a log its own digest, a block's hash what was final, or an answer itself.

        Returns:
            Whether another node is asked now; False if there is none, or enough nodes say the same.

        Raises:
            UnavailableError: Too few nodes answer, or they do not agree.
        """
        nodes = self._chain.nodes
        if nodes is None:
            return False
        asked, evidence = nodes.last_asked, error.evidence
        if "fact" in evidence:
            if evidence["fact"].recorded.block <= self.finalized():  # enough nodes gave that very log
                return False
            nodes.watch.lied(asked, error.detail)
            return True
        if "expected" in evidence and self.agreed_hash(evidence["block"]) != evidence["expected"]:
            return False
        nodes.watch.note_down(asked, error.detail)
        return True

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
        for number, header in zip(missing, self.headers(missing), strict=True):
            headers[number] = _present(header, number)
        return [_indexed(headers[number], by_block.get(number, _NO_LOGS)) for number in sorted(headers)]

    def facts_of(self, headers: Sequence[Header]) -> list[IndexedBlock]:
        """Read the facts in blocks that are not final yet, asked for by their hashes.

        Raises:
            UnavailableError: One of the blocks is no longer the chain's.
        """
        asked = [header for header in headers if header.may_hold_facts]
        if self._checked is not None:
            proved = dict(zip(asked, self._checked.logs_of(asked), strict=True))
            return [_indexed(header, proved.get(header, _NO_LOGS)) for header in headers]
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

    def proved_facts_of(self, headers: Sequence[Header]) -> list[IndexedBlock | None]:
        """Read the facts in blocks from their receipts, which the hash of a block proves to be all.

        Args:
            headers: Of blocks that are not final yet.

        Returns:
            In the same order; None where the node gives no receipts, or the chain's headers have a form unknown here.

        Raises:
            UnavailableError: One of the blocks is no longer the chain's, or the node does not give all its receipts.
        """
        if self._checked is not None:
            return list(self.facts_of(headers))  # read from receipts already
        results = self._chain.rpc.outcomes(receipts_calls(headers))
        return [
            self._proved(header, block, receipts)
            for header, block, receipts in zip(headers, results[::2], results[1::2], strict=True)
        ]

    def _proved(self, header: Header, block: Any, receipts: Any) -> IndexedBlock | None:  # noqa: ANN401 - JSON
        try:
            logs = proved_logs(header, block, receipts, self._address)
        except InvalidProofError as error:
            raise UnavailableError(
                f"The chain's node does not give all receipts of block {header.number}.",
                advice="It is asked again by itself; if this lasts, use another node.",
                cause="incomplete",
            ) from error
        return None if logs is None else _indexed(header, logs)

    def _range(self, first: int, last: int) -> tuple[list[dict[str, Any]], list[Header]]:
        try:
            if self._checked is not None:
                return self._checked.final_range(first, last)
            return self._range_of_one(first, last)
        except UnavailableError as error:
            if first < last and _asks_for_less(error):
                raise TooManyResultsError(
                    f"The node refuses the logs of blocks {first} to {last} at once: {error.detail}",
                    advice="A smaller range is asked for by itself.",
                    **error.evidence,
                ) from error
            raise

    def _range_of_one(self, first: int, last: int) -> tuple[list[dict[str, Any]], list[Header]]:
        query = {"address": _hex(self._address), "fromBlock": hex(first), "toBlock": hex(last)}
        numbers = [first] if first == last else [first, last]
        calls: list[tuple[str, tuple[Any, ...]]] = [
            ("eth_getBlockByNumber", (hex(number), False)) for number in numbers
        ]
        *blocks, logs = self._chain.rpc.batch([*calls, ("eth_getLogs", (query,))])
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
