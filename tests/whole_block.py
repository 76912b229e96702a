"""Blocks with receipts as a node gives them, whose hashes hold."""

from __future__ import annotations

from typing import Any

from ledger.core.block_receipts import encode_receipt, trie_root
from ledger.core.keccak import keccak256
from ledger.core.rlp import encode, encode_number

LEDGER = bytes(range(20))


def a_log(address: bytes = LEDGER, *, topics: int = 2, data: str = "0x1234") -> dict[str, Any]:
    return {"address": "0x" + address.hex(), "topics": [f"0x{n:064x}" for n in range(topics)], "data": data}


def a_receipt(index: int, **changes: Any) -> dict[str, Any]:
    return {
        "type": "0x2",
        "status": "0x1",
        "cumulativeGasUsed": hex(50_000 * (index + 1)),
        "logsBloom": "0x" + "01" * 256,
        "logs": [a_log(), a_log(bytes(20)), a_log(topics=0)],
        "transactionHash": f"0x{index:064x}",
    } | changes


def a_block(receipts: list[dict[str, Any]]) -> dict[str, Any]:
    block = {
        "parentHash": "0x" + "11" * 32,
        "sha3Uncles": "0x" + "22" * 32,
        "miner": "0x" + "33" * 20,
        "stateRoot": "0x" + "44" * 32,
        "transactionsRoot": "0x" + "55" * 32,
        "receiptsRoot": "0x" + trie_root([encode_receipt(receipt) for receipt in receipts]).hex(),
        "logsBloom": "0x" + "01" * 256,
        "difficulty": "0x0",
        "number": "0x7",
        "gasLimit": "0x1c9c380",
        "gasUsed": "0x5208",
        "timestamp": "0x65",
        "extraData": "0x",
        "mixHash": "0x" + "66" * 32,
        "nonce": "0x0000000000000000",
    }
    return block | {"hash": hash_of(block)}


def hash_of(block: dict[str, Any]) -> str:
    """Of the fields as they are; the writer tells it, as it refuses any other."""
    names = [name for name in block if name != "hash"]
    items: Any = [
        encode_number(int(block[name], 16))
        if name in {"difficulty", "number", "gasLimit", "gasUsed", "timestamp"}
        else bytes.fromhex(block[name][2:])
        for name in names
    ]
    return "0x" + keccak256(encode(items)).hex()
