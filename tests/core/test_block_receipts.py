"""Receipts against the root that a header commits to: an independent trie, and every way to lie."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trie import HexaryTrie

from ledger.core.block_receipts import encode_receipt, logs_of, trie_root
from ledger.core.errors import InvalidProofError
from ledger.core.header import encode_header
from ledger.core.rlp import decode, encode, encode_number
from ledger.core.trie import EMPTY_ROOT
from tests.whole_block import LEDGER, a_block, a_log, a_receipt, hash_of


@given(st.lists(st.binary(min_size=1, max_size=80), max_size=300))
def test_the_root_of_a_list_is_that_of_an_independent_trie(values: list[bytes]) -> None:
    known: Any = HexaryTrie({})
    for index, value in enumerate(values):
        known[encode(encode_number(index))] = value
    assert trie_root(values) == known.root_hash


@pytest.mark.parametrize("count", [0, 1, 2, 16, 127, 128, 129, 256, 300])
def test_the_root_is_right_where_the_encoding_of_the_index_grows(count: int) -> None:
    known: Any = HexaryTrie({})
    for index in range(count):
        known[encode(encode_number(index))] = b"%d" % index * 20
    assert trie_root([b"%d" % index * 20 for index in range(count)]) == known.root_hash


RECEIPTS = [a_receipt(0), a_receipt(1, type="0x0", logs=[a_log(bytes(20))]), a_receipt(2, status="0x0", logs=[])]


def test_logs_of_a_contract_come_in_order_with_their_places() -> None:
    receipts = [a_receipt(0), a_receipt(1, logs=[a_log(data="0x")])]
    found = logs_of(a_block(receipts), receipts, LEDGER)
    assert [int(log["logIndex"], 16) for log in found] == [0, 2, 3]
    assert {log["blockNumber"] for log in found} == {"0x7"}
    assert {log["blockHash"] for log in found} == {a_block(receipts)["hash"]}
    assert [log["transactionHash"][-1] for log in found] == ["0", "0", "1"]
    assert [log["data"] for log in found] == ["0x1234", "0x1234", "0x"]


def test_a_block_without_transactions_has_no_logs() -> None:
    assert a_block([])["receiptsRoot"] == "0x" + EMPTY_ROOT.hex()
    assert logs_of(a_block([]), [], LEDGER) == []


def test_receipts_from_before_eip_658_have_a_state_instead_of_a_status() -> None:
    old = a_receipt(0, status=None, root="0x" + "77" * 32, type=None)
    decoded = decode(encode_receipt(old))
    assert isinstance(decoded, list)
    assert decoded[0] == b"\x77" * 32


@pytest.mark.parametrize(
    ("lie", "receipts"),
    [
        ("a log is left out", [a_receipt(0, logs=[a_log(), a_log(topics=0)]), *RECEIPTS[1:]]),
        ("all logs are left out", [receipt | {"logs": []} for receipt in RECEIPTS]),
        ("a log is added", [*RECEIPTS[:2], a_receipt(2, status="0x0", logs=[a_log()])]),
        ("a log says something else", [a_receipt(0, logs=[a_log(data="0x1235"), *RECEIPTS[0]["logs"][1:]])]),
        ("a log is another contract's", [a_receipt(0, logs=[a_log(b"\1" * 20), *RECEIPTS[0]["logs"][1:]])]),
        ("a failure is a success", [*RECEIPTS[:2], a_receipt(2, status="0x1", logs=[])]),
        ("a receipt is left out", RECEIPTS[:2]),
        ("there are none", []),
        ("they are in another order", [RECEIPTS[1], RECEIPTS[0], RECEIPTS[2]]),
        ("a type is another", [RECEIPTS[0] | {"type": "0x1"}, *RECEIPTS[1:]]),
    ],
)
def test_receipts_that_are_not_the_blocks_are_refused(lie: str, receipts: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidProofError) as caught:
        logs_of(a_block(RECEIPTS), receipts, LEDGER)
    assert caught.value.evidence["rule"] == "receipts", lie


def test_a_block_whose_fields_do_not_make_its_hash_is_refused() -> None:
    forged = a_block(RECEIPTS) | {"receiptsRoot": a_block([])["receiptsRoot"]}
    with pytest.raises(InvalidProofError) as caught:
        logs_of(forged, [], LEDGER)
    assert caught.value.evidence["rule"] == "header"


@pytest.mark.parametrize(
    "receipt",
    [
        {},
        None,
        7,
        a_receipt(0, logs=None),
        a_receipt(0, logs=[{}]),
        a_receipt(0, logsBloom="0xzz"),
        a_receipt(0, type="x"),
    ],
)
def test_a_malformed_receipt_is_refused_as_such(receipt: Any) -> None:
    with pytest.raises(InvalidProofError, match="malformed"):
        logs_of(a_block([]), [receipt], LEDGER)


# ---- chains of QBFT validators ----

QBFT_MIX = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
VALIDATORS: Any = [bytes([n]) * 20 for n in range(1, 5)]


def _extra(round_: int, seals: list[bytes], vote: Any = None) -> bytes:
    return encode([bytes(32), VALIDATORS, vote or [], encode_number(round_), list(seals)])


@pytest.mark.parametrize("vote", [None, [b"\x09" * 20, b"\xff"]])
def test_a_qbft_header_is_hashed_without_round_and_seals_and_still_proves_receipts(vote: Any) -> None:
    """As Besu's QbftExtraDataCodec encodes it for the hash: validators and vote stay, round 0, no seals."""
    block = a_block(RECEIPTS) | {"mixHash": QBFT_MIX, "extraData": "0x" + _extra(0, [], vote).hex()}
    block["hash"] = hash_of(block)
    told = block | {"extraData": "0x" + _extra(3, [b"\x01" * 65, b"\x02" * 65, b"\x03" * 65], vote).hex()}
    assert encode_header(told) == encode_header(block)
    assert len(logs_of(told, RECEIPTS, LEDGER)) == 2
    other = "0x" + encode([bytes(32), VALIDATORS[:3], [], b"", []]).hex()
    with pytest.raises(InvalidProofError):
        encode_header(told | {"extraData": other})


@pytest.mark.parametrize("extra", [b"", b"\x01", encode([bytes(32), VALIDATORS]), encode([bytes(32)])])
def test_extra_data_that_is_not_qbfts_is_hashed_as_it_stands(extra: bytes) -> None:
    block = a_block(RECEIPTS) | {"mixHash": QBFT_MIX, "extraData": "0x" + extra.hex()}
    block["hash"] = hash_of(block)
    if extra:
        encode_header(block)
    else:
        with pytest.raises(InvalidProofError):
            encode_header(block)
