"""A block's receipts: whether a node gave all of them, and whole, and so all logs of the block.

A header commits to the receipts by `receiptsRoot`, the root of a trie from each receipt's index to its encoding. So the
hash of a block decides what was logged in it: a log can be neither left out nor added unseen.

Sources: Ethereum yellow paper, sections 4.3.1 and 4.4.1 and appendix D; EIP-2718 (typed receipts); EIP-658 (status).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.errors import InvalidProofError
from ledger.core.header import encode_header
from ledger.core.keccak import keccak256
from ledger.core.rlp import encode, encode_number
from ledger.core.trie import EMPTY_ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.rlp import Item

_HASH: Final = 32
_LEAF, _ODD = 0x20, 0x10  # flags of a packed path, in its first byte


def logs_of(block: dict[str, Any], receipts: Sequence[dict[str, Any]], address: bytes) -> list[dict[str, Any]]:
    """Give all logs of a contract in a block, once the block's hash has shown that they are all.

    Args:
        block: As `eth_getBlockByNumber` gives it; its hash is trusted, the rest is checked against that.
        receipts: As `eth_getBlockReceipts` gives them.
        address: The contract's, 20 bytes.

    Returns:
        Logs in the form of `eth_getLogs`, in order. A transaction's hash is the node's word: receipts do not hold it.

    Raises:
        InvalidProofError: The block's fields do not make its hash (`rule` is `header`), or the receipts are not the
            block's (`rule` is `receipts`).
    """
    encode_header(block)
    try:
        root = trie_root([encode_receipt(receipt) for receipt in receipts])
        if root != bytes.fromhex(block["receiptsRoot"][2:]):
            detail = f"The receipts given for block {int(block['number'], 16)} are not those that it commits to."
            raise InvalidProofError(detail, rule="receipts", expected=block["receiptsRoot"], given=root)
        return _logs(block, receipts, "0x" + address.hex())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidProofError("A receipt is malformed.", rule="receipts") from error


def _logs(block: dict[str, Any], receipts: Sequence[dict[str, Any]], address: str) -> list[dict[str, Any]]:
    found, index = [], 0
    for receipt in receipts:
        for log in receipt["logs"]:
            if log["address"].lower() == address:
                found.append(
                    {
                        "topics": log["topics"],
                        "data": log["data"],
                        "blockNumber": block["number"],
                        "blockHash": block["hash"],
                        "logIndex": hex(index),
                        "transactionHash": receipt["transactionHash"],
                    }
                )
            index += 1
    return found


def encode_receipt(receipt: dict[str, Any]) -> bytes:
    """Write a receipt as the trie holds it.

    Args:
        receipt: As JSON-RPC gives it.

    Raises:
        KeyError: A field is missing.
        TypeError: A field is of another type.
        ValueError: A field is malformed.
    """
    logs: list[Item] = [
        [_bytes(log["address"]), [_bytes(topic) for topic in log["topics"]], _bytes(log["data"])]
        for log in receipt["logs"]
    ]
    # Before EIP-658 the state after the transaction stood where the status stands now.
    outcome = _number(receipt["status"]) if receipt.get("status") is not None else _bytes(receipt["root"])
    body = encode([outcome, _number(receipt["cumulativeGasUsed"]), _bytes(receipt["logsBloom"]), logs])
    kind = int(receipt.get("type") or "0x0", 16)
    return bytes([kind]) + body if kind else body


def trie_root(values: Sequence[bytes]) -> bytes:
    """Compute the root of the trie that holds a list, each value under the encoding of its index.

    Args:
        values: None of them empty.

    Returns:
        32 bytes.
    """
    if not values:
        return EMPTY_ROOT
    entries = sorted((encode(encode_number(index)).hex(), value) for index, value in enumerate(values))
    return keccak256(encode(_node(entries, 0)))


def _node(entries: list[tuple[str, bytes]], depth: int) -> list[Item]:
    """Write the node over entries that share the first `depth` digits of their paths; no path begins another."""
    first, last = entries[0][0], entries[-1][0]
    if len(entries) == 1:
        return [_packed(first[depth:], _LEAF), entries[0][1]]
    shared = depth
    while first[shared] == last[shared]:  # sorted, so what these two share all share
        shared += 1
    if shared > depth:
        return [_packed(first[depth:shared], 0), _reference(_node(entries, shared))]
    children: list[Item] = [b""] * 17
    for digit in range(16):
        part = [entry for entry in entries if int(entry[0][depth], 16) == digit]
        if part:
            children[digit] = _reference(_node(part, depth + 1))
    return children


def _reference(node: list[Item]) -> Item:
    written = encode(node)
    return node if len(written) < _HASH else keccak256(written)


def _packed(path: str, flags: int) -> bytes:
    """Pack a path (yellow paper, appendix C)."""
    if len(path) % 2:
        return bytes([flags | _ODD | int(path[0], 16)]) + bytes.fromhex(path[1:])
    return bytes([flags]) + bytes.fromhex(path)


def _number(value: str) -> bytes:
    return encode_number(int(value, 16))


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x"))
