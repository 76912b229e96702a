"""Blocks and facts for the indexer: from a real ledger, and from nodes that are behind, garbled or of two minds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.chain.client import Chain
from ledger.chain.source import LedgerSource
from ledger.core.errors import NodeError, TooManyResultsError, UnavailableError
from ledger.core.facts import CustodyEvent, Header, KeyAddition, OrganisationChange, Refusal, Registration
from ledger.core.keccak import keccak256
from tests.scripted_node import NodeAnswersError, ScriptedNode, scripted_node
from tests.whole_block import a_block as whole_block
from tests.whole_block import a_receipt
from tests.world import MAKER, World, a_world

LEDGER = bytes(range(20))
REFUSED = "0x" + keccak256(b"Refused(bytes32,bytes)").hex()


def a_block(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "number": hex(number),
        "hash": f"0x{number:064x}",
        "parentHash": f"0x{number - 1:064x}",
        "timestamp": hex(1_700_000_000 + number),
        "logsBloom": "0x" + "ff" * 256,
        "gasUsed": "0x1",
    } | changes


def a_log(number: int, index: int = 0, **changes: Any) -> dict[str, Any]:
    data = f"{32:064x}{4:064x}" + "deadbeef".ljust(64, "0")
    return {
        "topics": [REFUSED, f"0x{index:064x}"],
        "data": "0x" + data,
        "blockNumber": hex(number),
        "blockHash": f"0x{number:064x}",
        "logIndex": hex(index),
        "transactionHash": "0x" + "11" * 32,
    } | changes


@pytest.fixture
def node() -> Iterator[ScriptedNode]:
    with scripted_node() as running:
        running.on("eth_getBlockByNumber", lambda name, _full: a_block(10 if name == "latest" else int(name, 16)))
        running.on("eth_getLogs", [])
        yield running


@pytest.fixture
def source(node: ScriptedNode) -> Iterator[LedgerSource]:
    chain = Chain(node.url, timeout_seconds=5)
    yield LedgerSource(chain, LEDGER)
    chain.close()


def refusing(code: int, message: str) -> Any:
    def answer(*_: Any) -> None:
        raise NodeAnswersError(code, message)

    return answer


@pytest.mark.system
def test_a_real_ledgers_facts_come_in_order_with_their_blocks(tmp_path: Any) -> None:
    with a_world(tmp_path) as world:
        registration = world.registration("A1")
        world.bring(registration)
        world.bring(world.shipment(registration))
        world.anvil.mine(3)
        check_real_ledger(world)


def check_real_ledger(world: World) -> None:
    source = LedgerSource(world.chain, world.ledger.address)
    head = source.head()
    assert source.finalized() == head.number - 2
    blocks = source.final_facts(0, head.number)
    assert [block.number for block in blocks] == sorted({0, 2, 3, 4, 5, 6, 7, head.number})
    facts = [fact for block in blocks for fact in block.facts]
    assert [fact.recorded for fact in facts] == sorted(fact.recorded for fact in facts)
    made = [type(fact) for fact in facts]
    assert made == [OrganisationChange, KeyAddition] * 4 + [Registration, CustodyEvent]
    assert facts[2].name == f"Organisation {MAKER} Ω"
    headers = source.headers(range(head.number + 1))
    assert [header.may_hold_facts for header in headers if header][:3] == [False, True, True]
    recent = source.facts_of([header for header in headers if header])
    assert [fact for block in recent for fact in block.facts] == facts
    assert source.headers([head.number + 1]) == [None]


def test_finality_is_the_nodes_tag_or_a_depth_and_never_above_what_is_durable(node: ScriptedNode) -> None:
    chain = Chain(node.url)
    node.on("eth_getBlockByNumber", lambda name, _full: a_block({"latest": 10, "finalized": 7}[name]))
    assert LedgerSource(chain, LEDGER).finalized() == 7
    assert LedgerSource(chain, LEDGER, finality=4).finalized() == 6
    assert LedgerSource(chain, LEDGER, finality=20).finalized() == -1
    assert LedgerSource(chain, LEDGER, ceiling=lambda: 3).finalized() == 3
    node.on("eth_getBlockByNumber", lambda name, _full: None if name == "finalized" else a_block(10))
    assert LedgerSource(chain, LEDGER).finalized() == -1
    chain.close()


def test_a_range_takes_one_request_if_it_holds_no_logs(node: ScriptedNode, source: LedgerSource) -> None:
    blocks = source.final_facts(3, 9)
    assert [(block.number, block.facts) for block in blocks] == [(3, ()), (9, ())]
    assert len(node.requests) == 1
    assert [block.number for block in source.final_facts(4, 4)] == [4]


def test_logs_are_put_in_order_and_join_their_blocks(node: ScriptedNode, source: LedgerSource) -> None:
    node.on("eth_getLogs", [a_log(5, 2), a_log(5, 1), a_log(9, 0)])
    blocks = source.final_facts(3, 9)
    assert [(block.number, len(block.facts)) for block in blocks] == [(3, 0), (5, 2), (9, 1)]
    assert [fact.recorded.log_index for fact in blocks[1].facts] == [1, 2]
    assert blocks[1].facts[0].recorded.time == 1_700_000_005


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (-32005, "query returned more than 10000 results"),
        (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"),
        (-32000, "block range is too wide"),
        (-32000, "query timeout exceeded"),
        (-32701, "Please limit the query to at most 1000 blocks"),
    ],
)
def test_a_node_that_wants_a_smaller_range_is_understood(
    node: ScriptedNode, source: LedgerSource, code: int, message: str
) -> None:
    node.on("eth_getLogs", refusing(code, message))
    with pytest.raises(TooManyResultsError):
        source.final_facts(3, 9)
    with pytest.raises(NodeError) as caught:
        source.final_facts(3, 3)
    assert not isinstance(caught.value, TooManyResultsError)


def test_a_range_that_takes_too_long_is_asked_for_in_smaller_ones(node: ScriptedNode) -> None:
    node.wait = threading.Event()
    chain = Chain(node.url, timeout_seconds=0.2)
    with pytest.raises(TooManyResultsError):
        LedgerSource(chain, LEDGER).final_facts(3, 9)
    node.wait.set()
    chain.close()


def test_another_error_of_the_node_is_not_taken_for_a_large_range(node: ScriptedNode, source: LedgerSource) -> None:
    node.on("eth_getLogs", refusing(-32601, "the method does not exist"))
    with pytest.raises(NodeError) as caught:
        source.final_facts(3, 9)
    assert not isinstance(caught.value, TooManyResultsError)


def test_a_node_that_lacks_the_last_block_is_behind(node: ScriptedNode, source: LedgerSource) -> None:
    node.on("eth_getBlockByNumber", lambda name, _full: None if name == "0x9" else a_block(int(name, 16)))
    with pytest.raises(UnavailableError, match="does not have block 9"):
        source.final_facts(3, 9)


@pytest.mark.parametrize("changes", [{"blockHash": "0x" + "ee" * 32}, {"removed": True}, {"blockHash": None}])
def test_logs_of_another_block_than_its_header_are_refused(
    node: ScriptedNode, source: LedgerSource, changes: dict[str, Any]
) -> None:
    node.on("eth_getLogs", [a_log(5, **changes)])
    with pytest.raises(UnavailableError, match="another block"):
        source.final_facts(3, 9)


def test_recent_blocks_are_asked_for_by_hash_and_only_if_they_may_hold_logs(
    node: ScriptedNode, source: LedgerSource
) -> None:
    empty = {"logsBloom": "0x" + "00" * 256, "gasUsed": "0x0"}
    node.on("eth_getBlockByNumber", lambda name, _full: a_block(int(name, 16), **(empty if int(name, 16) == 6 else {})))
    node.on("eth_getLogs", lambda query: [a_log(int(query["blockHash"], 16))])
    headers = [header for header in source.headers([5, 6, 7]) if header]
    blocks = source.facts_of(headers)
    assert [len(block.facts) for block in blocks] == [1, 0, 1]
    asked = [call["params"][0]["blockHash"] for call in node.requests[-1] if call["method"] == "eth_getLogs"]
    assert asked == [f"0x{5:064x}", f"0x{7:064x}"]


def test_a_block_that_was_replaced_meanwhile_is_noticed_even_if_the_node_says_nothing(
    node: ScriptedNode, source: LedgerSource
) -> None:
    """Anvil answers a question about an unknown block hash with no logs, as if the block were empty."""
    headers = [header for header in source.headers([5]) if header]
    node.on("eth_getBlockByNumber", a_block(5, hash="0x" + "ee" * 32))
    with pytest.raises(UnavailableError, match="was replaced"):
        source.facts_of(headers)
    node.on("eth_getBlockByNumber", None)
    with pytest.raises(UnavailableError, match="was replaced"):
        source.facts_of(headers)


def a_whole_block() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    log = a_log(7)
    receipt = a_receipt(0, logs=[{"address": "0x" + LEDGER.hex(), "topics": log["topics"], "data": log["data"]}])
    block = whole_block([receipt])
    return block, [receipt | {"blockHash": block["hash"]}]


WHOLE_BLOCK = a_whole_block()


@pytest.fixture
def one(node: ScriptedNode) -> Iterator[tuple[ScriptedNode, LedgerSource, list[Header]]]:
    """A node alone, of a real block with one receipt and one log of the ledger."""
    block, receipts = WHOLE_BLOCK
    node.on("eth_getBlockByNumber", block)
    node.on("eth_getBlockReceipts", receipts)
    chain = Chain(node.url, timeout_seconds=5)
    source = LedgerSource(chain, LEDGER)
    yield node, source, [header for header in source.headers([7]) if header]
    chain.close()


def test_a_block_is_read_from_its_receipts(one: tuple[ScriptedNode, LedgerSource, list[Header]]) -> None:
    node, source, headers = one
    [block] = source.proved_facts_of(headers)
    assert block is not None
    assert [(type(fact), fact.recorded.block) for fact in block.facts] == [(Refusal, 7)]
    assert "eth_getLogs" not in {call["method"] for call in node.requests[-1]}


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("eth_getBlockReceipts", refusing(-32601, "the method does not exist")),
        ("eth_getBlockReceipts", None),
        ("eth_getBlockByNumber", lambda *_: WHOLE_BLOCK[0] | {"gasLimit": "0x1"}),
    ],
    ids=["no such method", "no receipts", "header of another form"],
)
def test_where_nothing_can_be_proved_none_stands_for_the_block(
    one: tuple[ScriptedNode, LedgerSource, list[Header]], method: str, answer: Any
) -> None:
    node, source, headers = one
    node.on(method, answer)
    assert source.proved_facts_of(headers) == [None]


@pytest.mark.parametrize("kept", [lambda _: [], lambda receipts: [receipts[0] | {"logs": []}]], ids=["none", "no log"])
def test_a_block_without_all_its_receipts_is_not_taken_for_empty(
    one: tuple[ScriptedNode, LedgerSource, list[Header]], kept: Any
) -> None:
    node, source, headers = one
    node.on("eth_getBlockReceipts", kept(WHOLE_BLOCK[1]))
    with pytest.raises(UnavailableError, match="does not give all receipts of block 7"):
        source.proved_facts_of(headers)


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("eth_getBlockByNumber", lambda *_: WHOLE_BLOCK[0] | {"hash": "0x" + "ee" * 32}),
        ("eth_getBlockReceipts", lambda *_: [WHOLE_BLOCK[1][0] | {"blockHash": "0x" + "ee" * 32}]),
        ("eth_getBlockReceipts", lambda *_: ["receipt"]),
    ],
)
def test_receipts_of_a_block_that_was_replaced_are_not_taken(
    one: tuple[ScriptedNode, LedgerSource, list[Header]], method: str, answer: Any
) -> None:
    node, source, headers = one
    node.on(method, answer)
    with pytest.raises(UnavailableError, match="was replaced"):
        source.proved_facts_of(headers)
