"""What a node proves of its state, and what is said where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.chain import state
from ledger.chain.client import Chain
from ledger.chain.state import header_bytes, proof_nodes, transaction_inputs
from ledger.core.errors import UnavailableError
from ledger.core.header import read_header
from ledger.core.keccak import keccak256
from ledger.core.rlp import Item, encode
from tests.scripted_node import NodeAnswersError, ScriptedNode

ADDRESS = bytes(range(20))


def a_block() -> dict[str, Any]:
    words = dict.fromkeys(("parentHash", "sha3Uncles", "stateRoot", "transactionsRoot"), "0x" + "11" * 32)
    words |= {"receiptsRoot": "0x" + "22" * 32, "mixHash": "0x" + "33" * 32, "logsBloom": "0x" + "00" * 256}
    words |= {"miner": "0x" + "44" * 20, "nonce": "0x" + "00" * 8, "extraData": "0x"}
    words |= {"difficulty": "0x0", "number": "0x7", "gasLimit": "0x1", "gasUsed": "0x0", "timestamp": "0x64"}
    order = "parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number gasLimit"
    numbers = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp"}
    names = f"{order} gasUsed timestamp extraData mixHash nonce".split()
    items: list[Item] = [
        bytes.fromhex(words[name][2:].rjust(-(-len(words[name][2:]) // 2) * 2, "0")).lstrip(b"\0")
        if name in numbers
        else bytes.fromhex(words[name][2:])
        for name in names
    ]
    return words | {"hash": "0x" + keccak256(encode(items)).hex()}


def test_a_header_is_given_in_the_bytes_of_its_hash(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_getBlockByNumber", a_block())
    assert read_header(header_bytes(chain, 7)).number == 7
    assert read_header(header_bytes(chain, "finalized")).time == 100


def test_a_block_that_is_not_there_or_not_true_is_unavailable(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_getBlockByNumber", None)
    with pytest.raises(UnavailableError, match="no block 7"):
        header_bytes(chain, 7)
    node.on("eth_getBlockByNumber", a_block() | {"gasUsed": "0x9"})
    with pytest.raises(UnavailableError, match="not that of its header"):
        header_bytes(chain, 7)


def test_many_slots_are_asked_in_parts_and_each_node_is_kept_once(
    node: ScriptedNode, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "SLOTS_A_CALL", 2)
    asked: list[int] = []

    def answer(_address: str, keys: list[str], _block: str) -> dict[str, Any]:
        asked.append(len(keys))
        return {"accountProof": ["0xaa"], "storageProof": [{"proof": ["0xbb", key[:4]]} for key in keys]}

    node.on("eth_getProof", answer)
    slots = [bytes([number]) * 32 for number in range(1, 6)]
    assert proof_nodes(chain, ADDRESS, slots, 7) == (
        [b"\xaa"],
        [b"\xbb", *(bytes([number]) for number in range(1, 6))],
    )
    assert sorted(asked) == [1, 2, 2]  # the node may answer a batch in any order
    assert proof_nodes(chain, ADDRESS, [], 7) == ([b"\xaa"], [])


def test_state_that_is_pruned_and_answers_that_are_garbled_are_unavailable(node: ScriptedNode, chain: Chain) -> None:
    for answer in ({}, {"accountProof": ["0xzz"], "storageProof": []}, {"accountProof": [], "storageProof": [1]}, None):
        node.on("eth_getProof", answer)
        with pytest.raises(UnavailableError, match="malformed proof"):
            proof_nodes(chain, ADDRESS, [], 7)

    def pruned(*_parameters: Any) -> None:
        raise NodeAnswersError(-32000, "missing trie node")

    node.on("eth_getProof", pruned)
    with pytest.raises(UnavailableError, match="missing trie node") as caught:
        proof_nodes(chain, ADDRESS, [], 7)
    assert "archive" in caught.value.advice


def test_inputs_of_transactions_come_in_order_and_empty_where_the_node_has_none(
    node: ScriptedNode, chain: Chain
) -> None:
    node.on("eth_getTransactionByHash", lambda name: {"input": "0x1234"} if name.endswith("11") else None)
    assert transaction_inputs(chain, [b"\x11" * 32, b"\x22" * 32]) == [b"\x12\x34", b""]
