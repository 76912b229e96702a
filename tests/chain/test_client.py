"""What a node answers, or fails to answer, comes out as a value or as one of our errors, never as anything else."""

from __future__ import annotations

import socket
import threading
from typing import Any

import httpx
import pytest

from ledger.chain.client import MINIMUM_PRIORITY_FEE, Chain, Fees, Sent, header_of
from ledger.chain.rpc import ATTEMPTS, CALLS_A_REQUEST, Rpc
from ledger.core.errors import ConfigurationError, NodeError, UnavailableError
from tests.scripted_node import NodeAnswersError, ScriptedNode

ADDRESS = bytes(range(20))
REVERTED = bytes.fromhex("deadbeef" + "00" * 31 + "07")


def refusing(code: int, message: str, data: Any = None) -> Any:
    def answer(*_: Any) -> None:
        raise NodeAnswersError(code, message, data)

    return answer


def a_block(number: int = 5, **changes: Any) -> dict[str, Any]:
    return {
        "number": hex(number),
        "hash": "0x" + f"{number:064x}",
        "parentHash": "0x" + f"{number - 1:064x}",
        "timestamp": hex(1_700_000_000 + number),
        "logsBloom": "0x" + "00" * 256,
        "gasUsed": "0x0",
        "baseFeePerGas": "0x3b9aca00",
    } | changes


@pytest.mark.parametrize("url", ["", "ws://127.0.0.1:8545", "file:///etc/passwd", "http://", "127.0.0.1:8545"])
def test_an_address_that_is_not_http_is_refused_by_its_setting(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Rpc(url)
    assert caught.value.field == "rpc_url"


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (502, b"<html>Bad Gateway</html>"),
        (503, b'{"error": "busy"}'),
        (429, b'{"message": "slow down"}'),
        (200, b'{"jsonrpc": "2.0", "id": 0, "resu'),
        (200, b""),
        (200, b"7"),
        (200, b'{"jsonrpc": "2.0", "id": 0}'),
        (200, b"[]"),
        (200, b'{"jsonrpc": "2.0", "id": 0, "result": {"not": "a number"}}'),
        (200, b'{"jsonrpc": "2.0", "id": 0, "result": "0xzz"}'),
    ],
)
def test_a_broken_answer_is_an_unavailable_chain(node: ScriptedNode, chain: Chain, status: int, content: bytes) -> None:
    node.raw = (status, content)
    with pytest.raises(UnavailableError):
        chain.chain_id()
    with pytest.raises(UnavailableError):
        chain.headers([1, 2])


def test_a_node_that_is_not_there_is_an_unavailable_chain() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(UnavailableError, match="cannot be reached") as caught:
        Chain(f"http://127.0.0.1:{port}").chain_id()
    assert "stays queued" in caught.value.advice


def test_a_node_that_hangs_is_an_unavailable_chain(node: ScriptedNode) -> None:
    node.wait = threading.Event()
    chain = Chain(node.url, timeout_seconds=0.2)
    with pytest.raises(UnavailableError, match="did not answer in time"):
        chain.chain_id()
    node.wait.set()
    chain.close()


def test_no_message_shows_what_the_address_may_hold_as_a_key(node: ScriptedNode, chain: Chain) -> None:
    node.raw = (502, b"")
    with pytest.raises(UnavailableError) as caught:
        chain.chain_id()
    told = f"{caught.value} {caught.value.evidence} {chain.rpc.shown}"
    assert "secret-key" not in told
    assert "hidden" not in told


def test_a_node_of_another_chain_is_refused_with_both_numbers(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_chainId", "0x1")
    chain.require_chain_id(1)
    with pytest.raises(ConfigurationError, match="on chain 1, but this installation is for chain 31337"):
        chain.require_chain_id(31337)


def test_a_batch_is_split_and_answered_in_order_whatever_order_the_node_takes(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_getBlockByNumber", lambda number, _full: a_block(int(number, 16)))
    numbers = list(range(1, 2 * CALLS_A_REQUEST + 11))
    assert [header.number for header in chain.headers(numbers) if header] == numbers
    assert [len(request) for request in node.requests] == [CALLS_A_REQUEST, CALLS_A_REQUEST, 10]


def test_one_error_in_a_batch_is_raised_and_can_be_told_apart(node: ScriptedNode, chain: Chain) -> None:
    node.on("good", 7)
    node.on("bad", refusing(-32005, "limit exceeded"))
    with pytest.raises(NodeError, match="limit exceeded"):
        chain.rpc.batch([("good", ()), ("bad", ())])
    good, bad = chain.rpc.outcomes([("good", ()), ("bad", ())])
    assert good == 7
    assert isinstance(bad, NodeError)
    assert bad.evidence["code"] == -32005


def test_an_error_for_a_whole_batch_is_an_error_of_the_node(node: ScriptedNode, chain: Chain) -> None:
    node.raw = (200, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batch too large"}}')
    with pytest.raises(NodeError, match="batch too large"):
        chain.headers([1, 2])


def test_an_answer_that_is_missing_from_a_batch_is_noticed(node: ScriptedNode, chain: Chain) -> None:
    node.raw = (200, b'[{"jsonrpc":"2.0","id":0,"result":null}]')
    with pytest.raises(UnavailableError, match="without an answer"):
        chain.headers([1, 2])


def test_a_block_that_the_node_lacks_is_none(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_getBlockByNumber", lambda number, _full: a_block() if number == "0x5" else None)
    assert chain.headers([5, 6])[1] is None
    with pytest.raises(UnavailableError, match="no block yet"):
        chain.head()


@pytest.mark.parametrize("spoil", [{"number": None}, {"hash": "0xzz"}, {"parentHash": 7}, {"timestamp": ""}])
def test_a_malformed_block_is_refused(spoil: dict[str, Any]) -> None:
    with pytest.raises(UnavailableError, match="malformed block"):
        header_of(a_block() | spoil)


def test_a_bloom_rules_out_an_address_only_if_it_is_filled() -> None:
    ours = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
    empty_block = a_block()
    unfilled = a_block(gasUsed="0x5208")  # some networks never fill blooms
    full = a_block(logsBloom="0x" + "ff" * 256)
    other = a_block(logsBloom="0x" + "00" * 255 + "01")
    seen = [header_of(block, ours).may_hold_facts for block in (empty_block, unfilled, full, other)]
    assert seen == [False, True, True, False]


def test_a_revert_gives_its_error_bytes_whatever_shape_the_node_wraps_them_in(node: ScriptedNode, chain: Chain) -> None:
    text = "0x" + REVERTED.hex()
    for code, message, data in (
        (3, "execution reverted", text),
        (3, "execution reverted: custom error 0xdeadbeef", text),
        (-32000, "execution reverted", {"data": text}),
    ):
        node.on("eth_call", refusing(code, message, data))
        outcome = chain.call(ADDRESS, b"\x01")
        assert (outcome.reverted, outcome.data) == (True, REVERTED), message


def test_running_out_of_gas_is_a_revert_without_bytes(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_call", refusing(-32003, "EVM error OutOfGas"))
    outcome = chain.call(ADDRESS, b"\x01", gas=21_000)
    assert (outcome.reverted, outcome.data) == (True, b"")


def test_a_call_that_the_node_cannot_make_is_no_revert(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_call", refusing(-32000, "header not found"))
    with pytest.raises(NodeError, match="header not found"):
        chain.call(ADDRESS, b"\x01")


def test_a_call_that_returns_gives_its_bytes(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_call", lambda transaction, _block: "0x" + transaction["data"][2:] * 2)
    outcome = chain.call(ADDRESS, b"\xab")
    assert (outcome.reverted, outcome.data) == (False, b"\xab\xab")


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("already known", Sent.KNOWN),
        ("transaction already imported", Sent.KNOWN),
        ("known transaction: 0xabc", Sent.KNOWN),
        ("0x11: this transaction is already in the TxPool", Sent.KNOWN),
        ("0xab tries to send a tx with nonce 2, but account has nonce 3 (tx nonce too low)", Sent.STALE_NONCE),
        ("replacement gas too low, got tip 1, min: 2, got fee 3, min: 4", Sent.UNDERPRICED),
        ("Tx cannot pay basefee of 9, have 2 (not within 50% range of current basefee)", Sent.UNDERPRICED),
        ("Tx does not pay the minimum gas price of 1000000000", Sent.UNDERPRICED),
        ("nonce too low: next nonce 5, tx nonce 3", Sent.STALE_NONCE),
        ("replacement transaction underpriced", Sent.UNDERPRICED),
        ("transaction underpriced: tip needed 1, tip permitted 0", Sent.UNDERPRICED),
        ("max fee per gas less than block base fee: address 0x0", Sent.UNDERPRICED),
    ],
)
def test_what_nodes_say_to_a_transaction_is_understood(
    node: ScriptedNode, chain: Chain, message: str, outcome: Sent
) -> None:
    node.on("eth_sendRawTransaction", refusing(-32000, message))
    assert chain.send(b"\x02\x01") is outcome


def test_a_transaction_that_the_node_takes_is_accepted(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_sendRawTransaction", "0x" + "11" * 32)
    assert chain.send(b"\x02\x01") is Sent.ACCEPTED
    assert node.requests[-1]["params"] == ["0x0201"]


def test_an_account_without_money_is_told_to_people(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_sendRawTransaction", refusing(-32003, "Insufficient funds for gas * price + value"))
    with pytest.raises(UnavailableError, match="too little money") as caught:
        chain.send(b"\x02")
    assert caught.value.evidence["cause"] == "funds"


def test_any_other_refusal_of_a_transaction_is_an_error_of_the_node(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_sendRawTransaction", refusing(-32000, "exceeds block gas limit"))
    with pytest.raises(NodeError, match="exceeds block gas limit"):
        chain.send(b"\x02")


def test_fees_are_twice_the_next_base_fee_and_the_usual_tip(node: ScriptedNode, chain: Chain) -> None:
    history = {"oldestBlock": "0x1", "baseFeePerGas": [hex(10**9), hex(2 * 10**9)], "gasUsedRatio": [0.5]}
    node.on("eth_feeHistory", history | {"reward": [[hex(3 * 10**9)]]})
    assert chain.fees() == Fees(max_fee=7 * 10**9, priority_fee=3 * 10**9)
    node.on("eth_feeHistory", history)
    assert chain.fees() == Fees(max_fee=4 * 10**9 + MINIMUM_PRIORITY_FEE, priority_fee=MINIMUM_PRIORITY_FEE)


def test_a_node_without_a_history_of_fees_is_asked_for_its_newest_block(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_feeHistory", refusing(-32602, "specified block greater than current height"))
    node.on("eth_getBlockByNumber", {"baseFeePerGas": hex(2 * 10**9)})
    assert chain.fees() == Fees(max_fee=4 * 10**9 + MINIMUM_PRIORITY_FEE, priority_fee=MINIMUM_PRIORITY_FEE)


def test_a_node_that_cannot_tell_fees_is_an_error_of_the_node(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_feeHistory", refusing(-32000, "not now"))
    with pytest.raises(NodeError, match="not now"):
        chain.fees()


def test_receipts_tell_success_block_and_contract(node: ScriptedNode, chain: Chain) -> None:
    receipt = {
        "transactionHash": "0x" + "11" * 32,
        "blockNumber": "0x7",
        "blockHash": "0x" + "22" * 32,
        "status": "0x0",
        "gasUsed": "0x5208",
        "contractAddress": None,
    }
    node.on("eth_getTransactionReceipt", lambda hash_: receipt if hash_ == "0x" + "11" * 32 else None)
    found, missing = chain.receipts([b"\x11" * 32, b"\x12" * 32])
    assert missing is None
    assert found is not None
    assert (found.block, found.success, found.gas_used, found.contract) == (7, False, 21_000, b"")
    node.on("eth_getTransactionReceipt", {"transactionHash": "0x11"})
    with pytest.raises(UnavailableError, match="malformed receipt"):
        chain.receipts([b"\x11" * 32])


def test_code_balance_and_nonce_are_read(node: ScriptedNode, chain: Chain) -> None:
    node.on("eth_getCode", "0x6001")
    node.on("eth_getBalance", hex(10**18))
    node.on("eth_getTransactionCount", lambda _address, block: "0x5" if block == "latest" else "0x4")
    assert chain.code(ADDRESS) == b"\x60\x01"
    assert chain.balance(ADDRESS) == 10**18
    assert (chain.nonce(ADDRESS), chain.nonce(ADDRESS, "finalized")) == (5, 4)


def test_a_request_that_fails_is_tried_again_a_few_times(node: ScriptedNode, chain: Chain) -> None:
    """Nobody notices a connection that broke; a node that stays away is told of."""
    node.on("eth_chainId", "0x7")
    post, broken = chain.rpc._client.post, 0

    def break_first(*arguments: Any, **named: Any) -> httpx.Response:
        nonlocal broken
        if broken:
            broken -= 1
            raise httpx.ReadError("reset")
        return post(*arguments, **named)

    chain.rpc._client.post = break_first  # type: ignore[method-assign]  # a connection that breaks when told to
    broken = ATTEMPTS - 1
    assert chain.chain_id() == 7
    broken = ATTEMPTS
    with pytest.raises(UnavailableError, match="cannot be reached"):
        chain.chain_id()
    assert broken == 0


def test_a_request_that_had_its_time_is_not_tried_again(node: ScriptedNode) -> None:
    node.wait = threading.Event()
    chain = Chain(node.url, timeout_seconds=0.2)
    with pytest.raises(UnavailableError, match="did not answer in time"):
        chain.chain_id()
    node.wait.set()
    assert len(node.requests) == 1
    chain.close()
