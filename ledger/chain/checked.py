"""Blocks and logs when several nodes can be asked: nothing is taken on the word of one.

What may still change is read from the leader alone and proved by its hash: header and receipts must make it, so that
no log is missing or added. Ranges of final blocks are read from as many nodes as must agree, and must be the same;
where they differ, the receipts of the block say who is wrong. On chains whose headers or receipts cannot be checked,
agreement takes the place of proof.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.chain.client import header_of
from ledger.core.block_receipts import logs_of
from ledger.core.errors import InvalidProofError, UnavailableError
from ledger.core.header import encode_header

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.chain.endpoints import Endpoints
    from ledger.core.facts import Header

    Log = dict[str, Any]


class _Said(NamedTuple):
    """What a log says, without what nodes are free to add."""

    block: int
    place: int  # index in the block
    block_hash: str
    topics: tuple[str, ...]
    data: str
    transaction: str

    @property
    def proved(self) -> tuple[object, ...]:
        """The part that a block's receipts prove; they do not hold the transaction's hash."""
        return self[:-1]


class _Range:
    """What one node says of a range of blocks. Equal if it comes to the same, whatever else a node's JSON holds."""

    def __init__(self, bounds: tuple[Header, ...], logs: list[Log], first: int, last: int) -> None:
        self.bounds = bounds
        self.given = logs
        self._numbers = first, last

    @cached_property
    def logs(self) -> tuple[_Said, ...] | None:
        """What the logs say, in chain order; None if they are malformed."""
        try:
            return _read(self.given, *self._numbers)
        except UnavailableError:
            return None

    def __eq__(self, other: object) -> bool:
        """Compare as given first: reading logs costs several times as much."""
        if not isinstance(other, _Range) or self.bounds != other.bounds:
            return False
        return self.given == other.given or (self.logs is not None and self.logs == other.logs)

    __hash__ = None  # type: ignore[assignment]  # only ever compared


class CheckedReading:
    """Reads a ledger's blocks and logs from several nodes.

    Args:
        nodes: The nodes.
        address: The ledger's, 20 bytes.
    """

    def __init__(self, nodes: Endpoints, address: bytes) -> None:
        self._nodes = nodes
        self._address = address

    def headers(self, numbers: Sequence[int]) -> list[Header | None]:
        """Read headers whose fields make their hashes; None where the leader has no such block.

        Raises:
            UnavailableError: On a chain whose headers cannot be checked, too few nodes agree.
        """
        calls = [_block_call(number) for number in numbers]
        blocks = self._nodes.batch(calls)
        if all(block is None or _is_whole(block) for block in blocks):
            return [block and header_of(block, self._address) for block in blocks]
        return self._nodes.agreed(calls, lambda found: [block and header_of(block, self._address) for block in found])

    def logs_of(self, headers: Sequence[Header]) -> list[list[Log]]:
        """Read all logs of blocks that may still change.

        Raises:
            UnavailableError: One of the blocks is no longer the chain's, or the leader gave false receipts.
        """
        results = self._nodes.outcomes(receipts_calls(headers))
        return [
            self._proved(header, block, receipts)
            for header, block, receipts in zip(headers, results[::2], results[1::2], strict=True)
        ]

    def final_range(self, first: int, last: int) -> tuple[list[Log], list[Header]]:
        """Read the logs of a range of final blocks, and the headers of the first and the last.

        Raises:
            NodeError: So many nodes refuse the range that too few are left.
            UnavailableError: Too few nodes answer, or they contradict each other.
        """
        numbers = [first] if first == last else [first, last]
        query = {"address": _hex(self._address), "fromBlock": hex(first), "toBlock": hex(last)}

        def read(results: list[Any]) -> _Range:
            *blocks, logs = results
            bounds = tuple(_present(block, number) for block, number in zip(blocks, numbers, strict=True))
            if not isinstance(logs, list):
                raise _garbled()
            return _Range(bounds, logs, first, last)

        said = self._nodes.said([*map(_block_call, numbers), ("eth_getLogs", (query,))], read)
        best = max(said.values(), key=lambda each: sum(each == other for other in said.values()))
        agreeing = sum(each == best for each in said.values())
        if agreeing < len(said):
            self._settle(said)
        if agreeing < self._nodes.need:
            raise self._nodes.disagreement(said)
        return best.given, list(best.bounds)

    # ---- blocks that may still change ----

    def _proved(self, header: Header, block: Any, receipts: Any) -> list[Log]:  # noqa: ANN401 - JSON, or an error
        try:
            logs = proved_logs(header, block, receipts, self._address)
        except InvalidProofError as error:
            name = self._nodes.last_asked
            self._nodes.watch.lied(name, f"{error.detail} Its hash is {_hex(header.hash)}.")
            raise UnavailableError(
                f"The chain's node {name} gave false receipts.", advice="Another is asked by itself.", cause="lie"
            ) from error
        return self._agreed_logs(header) if logs is None else logs

    def _agreed_logs(self, header: Header) -> list[Log]:
        query = {"address": _hex(self._address), "blockHash": _hex(header.hash)}
        calls = [_block_call(header.number), ("eth_getLogs", (query,))]

        def read(results: list[Any]) -> tuple[_Said, ...]:
            if _present(results[0], header.number).hash != header.hash:
                raise _replaced(header.number)
            return _read(results[1], header.number, header.number)

        return [_written(log) for log in self._nodes.agreed(calls, read)]

    # ---- final blocks on which nodes differ ----

    def _settle(self, said: Mapping[str, _Range]) -> None:
        """Find out by a block's receipts which nodes gave false logs of it, and leave those aside.

        Raises:
            UnavailableError: Some did; the range is to be read again.
        """
        logs_of_each = {name: each.logs for name, each in said.items() if each.logs is not None}
        given = [{log.proved for log in logs} for logs in logs_of_each.values()] or [set()]
        contested = set[object]().union(*given) - given[0].intersection(*given)
        numbers = sorted({log.block for logs in logs_of_each.values() for log in logs if log.proved in contested})
        truth = self._truth(numbers[0], list(said)) if numbers else None
        if truth is None:
            return  # other than their logs contradict each other, or nothing can be proved: votes count
        liars = []
        for name, logs in logs_of_each.items():
            told = {log.proved for log in logs if log.block == numbers[0]}
            if told != truth:
                liars.append(name)
                detail = f"It gave {len(told)} logs of the ledger in block {numbers[0]}, whose receipts prove "
                self._nodes.watch.lied(name, f"{detail}{len(truth)}, and not the same.")
        raise UnavailableError(
            f"False logs of block {numbers[0]} were given by {', '.join(liars)}.",
            advice="It is read again by itself, from other nodes.",
            cause="lie",
        )

    def _truth(self, number: int, names: Sequence[str]) -> set[tuple[object, ...]] | None:
        """What a block's receipts prove; None if no node gives receipts that fit the hash on which enough agree."""
        try:
            agreed = self._nodes.agreed([_block_call(number)], lambda found: _present(found[0], number).hash)
        except UnavailableError:
            return None
        for block, receipts in self._nodes.poll([_block_call(number), _receipts_call(number)], names).values():
            if isinstance(block, dict) and isinstance(receipts, list) and block.get("hash") == _hex(agreed):
                try:
                    logs = logs_of(block, receipts, self._address)
                except InvalidProofError:
                    continue
                return {log.proved for log in _read(logs, number, number)}
        return None


def receipts_calls(headers: Sequence[Header]) -> list[tuple[str, tuple[Any, ...]]]:
    """Give the calls that ask a node for blocks with their receipts: two a block, in order."""
    return [call for header in headers for call in (_block_call(header.number), _receipts_call(header.number))]


def proved_logs(header: Header, block: Any, receipts: Any, address: bytes) -> list[Log] | None:  # noqa: ANN401 - JSON
    """Give all logs of a contract in a block, as the block's receipts prove them.

    Args:
        header: Of the block; its hash is trusted.
        block: What the node answered to the first of `receipts_calls`.
        receipts: What it answered to the second, an error if it gives none.
        address: The contract's, 20 bytes.

    Returns:
        In the form of `eth_getLogs`; None if nothing can be proved: no receipts, or a header of a form unknown here.

    Raises:
        InvalidProofError: The receipts are not those that the block commits to.
        UnavailableError: The block is no longer the chain's.
    """
    if not isinstance(block, dict) or header_of(block).hash != header.hash:
        raise _replaced(header.number)
    if not isinstance(receipts, list):
        return None
    if any(not isinstance(receipt, dict) or receipt.get("blockHash") != block["hash"] for receipt in receipts):
        raise _replaced(header.number)
    try:
        return logs_of(block, receipts, address)
    except InvalidProofError as error:
        if error.evidence["rule"] == "header":
            return None
        raise


def _is_whole(block: dict[str, Any]) -> bool:
    try:
        encode_header(block)
    except InvalidProofError:
        return False
    return True


def _read(logs: Any, first: int, last: int) -> tuple[_Said, ...]:  # noqa: ANN401 - JSON
    """Read a node's logs of a range of blocks, in chain order."""
    try:
        found = sorted(
            _Said(
                int(log["blockNumber"], 16),
                int(log["logIndex"], 16),
                log["blockHash"],
                tuple(log["topics"]),
                log["data"],
                log["transactionHash"],
            )
            for log in logs
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _garbled() from error
    if found and not first <= found[0].block <= found[-1].block <= last:
        raise _garbled()  # not what was asked for
    return tuple(found)


def _written(log: _Said) -> Log:
    """Write a log as a node gives it."""
    return {
        "blockNumber": hex(log.block),
        "logIndex": hex(log.place),
        "blockHash": log.block_hash,
        "topics": log.topics,
        "data": log.data,
        "transactionHash": log.transaction,
    }


def _present(block: Any, number: int) -> Header:  # noqa: ANN401 - JSON
    if block is None:
        raise UnavailableError(
            f"The chain's node does not have block {number} yet.",
            advice="It is asked again by itself; if this lasts, check that the node keeps up.",
            cause="behind",
        )
    return header_of(block)


def _garbled() -> UnavailableError:
    return UnavailableError(
        "The chain's node answered with malformed logs.", advice="Another node is asked.", cause="garbled"
    )


def _replaced(number: int) -> UnavailableError:
    return UnavailableError(
        f"Block {number} was replaced while it was read.", advice="It is read again by itself.", cause="reorganised"
    )


def _block_call(number: int) -> tuple[str, tuple[Any, ...]]:
    return "eth_getBlockByNumber", (hex(number), False)


def _receipts_call(number: int) -> tuple[str, tuple[Any, ...]]:
    return "eth_getBlockReceipts", (hex(number),)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
