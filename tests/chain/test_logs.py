"""Decoded logs equal what a generic ABI reader says, for every event of the contract; garbage is refused as such."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.artifact import abi_of
from ledger.chain.logs import READERS_BY_SIGNATURE, decode_log, read_date
from ledger.core.errors import UnavailableError
from ledger.core.facts import Anchor, CustodyEvent, KeyAddition, OrganisationChange, Recorded, Registration
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

RECORDED = Recorded(7, 3, 1_700_000_000, b"\x09" * 32)
WORDS = st.binary(min_size=32, max_size=32)
NUMBERS = st.integers(0, 2**32 - 1)


def a_log(event: str, indexed: list[bytes], types: list[str], values: list[Any]) -> dict[str, Any]:
    signature = next(one for one in READERS_BY_SIGNATURE if one.startswith(f"{event}("))
    return {
        "topics": ["0x" + topic.hex() for topic in [keccak256(signature.encode()), *indexed]],
        "data": "0x" + encode(types, values).hex(),
        "blockNumber": "0x7",
        "logIndex": "0x3",
        "transactionHash": "0x" + "09" * 32,
    }


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_every_event_of_the_contract_has_a_reader() -> None:
    signatures = {f"{entry['name']}({','.join(one['type'] for one in entry['inputs'])})" for entry in abi_of("event")}
    assert signatures - {"EIP712DomainChanged()"} == set(READERS_BY_SIGNATURE)


def test_every_reader_knows_how_many_topics_and_words_its_event_has() -> None:
    for entry in abi_of("event"):
        signature = f"{entry['name']}({','.join(one['type'] for one in entry['inputs'])})"
        if signature in READERS_BY_SIGNATURE:
            indexed = [one for one in entry["inputs"] if one["indexed"]]
            dynamic = [one for one in entry["inputs"] if one["type"] in {"string", "bytes", "uint64[]"}]
            reader = READERS_BY_SIGNATURE[signature]
            assert reader.topics == 1 + len(indexed), signature
            assert reader.words == len(entry["inputs"]) - len(indexed) + len(dynamic), signature


@given(WORDS, WORDS, NUMBERS, WORDS, st.sampled_from(Kind), st.integers(0, 2**40 - 1), NUMBERS, NUMBERS, WORDS)
def test_a_custody_event_reads_as_it_was_encoded(
    digest: bytes,
    consignment: bytes,
    actor: int,
    previous: bytes,
    kind: Kind,
    at: int,
    other: int,
    count: int,
    rest: bytes,
) -> None:
    types = ["bytes32", "uint8", "uint40", "uint32", "uint32", "bytes5", "bytes32", "bytes32", "bytes32"]
    values = [previous, kind, at, other, count, b"SGSIN", rest, rest[::-1], digest]
    log = a_log("CustodyRecorded", [digest, consignment, word(actor)], types, values)
    assert decode_log(log, RECORDED.time) == CustodyEvent(
        digest, consignment, previous, actor, kind, at, other, count, "SGSIN", rest, rest[::-1], digest, RECORDED
    )


@given(WORDS, st.text("ABCxyz019-./", min_size=1, max_size=20), NUMBERS, st.booleans())
def test_a_registration_reads_as_it_was_encoded(digest: bytes, lot: str, quantity: int, stated: bool) -> None:
    types = ["uint64", "string", "uint8", "uint32", "uint32", "uint32", "bytes32", "bytes32", "bytes32"]
    made = 20260131 if stated else 0
    values = [5413868000016, lot, 3, quantity, made, 20290228, digest, digest, digest]
    log = a_log("BatchRegistered", [digest, digest, word(9)], types, values)
    assert decode_log(log, RECORDED.time) == Registration(
        digest=digest,
        batch=digest,
        manufacturer=9,
        gtin="05413868000016",
        lot=lot,
        product_class=ProductClass.PPE,
        quantity=quantity,
        manufactured=date(2026, 1, 31) if stated else None,
        expiry=date(2029, 2, 28),
        unit_root=digest,
        details=digest,
        key=digest,
        recorded=RECORDED,
    )


@given(st.text(max_size=60), st.lists(st.integers(10**4, 2 * 10**12 - 1), max_size=5), st.integers(0, 10**13 - 1))
def test_an_organisation_reads_as_it_was_encoded(name: str, prefixes: list[int], gln: int) -> None:
    types = ["bytes32", "string", "bytes2", "uint64", "uint8", "uint64[]"]
    log = a_log("OrganisationAccredited", [word(5), word(1)], types, [b"d" * 32, name, b"BE", gln, 33, prefixes])
    assert decode_log(log, RECORDED.time) == OrganisationChange(
        5,
        1,
        name,
        "BE",
        f"{gln:013d}" if gln else "",
        Role.MANUFACTURER | Role.REGULATOR,
        tuple(str(prefix)[1:] for prefix in prefixes),
        b"d" * 32,
        RECORDED,
    )


def test_a_name_that_is_no_text_is_read_all_the_same() -> None:
    types = ["bytes32", "bytes", "bytes2", "uint64", "uint8", "uint64[]"]
    log = a_log("OrganisationAccredited", [word(5), word(1)], types, [b"d" * 32, b"\xff\xfe", b"BE", 0, 1, []])
    fact = decode_log(log, RECORDED.time)
    assert isinstance(fact, OrganisationChange)
    assert fact.name == "\ufffd\ufffd"


@given(st.binary(min_size=20, max_size=64), st.integers(1, 7))
def test_a_key_reads_as_it_was_encoded(signer: bytes, purposes: int) -> None:
    types = ["bytes", "uint8", "uint40", "uint40", "bytes32"]
    log = a_log("KeyAdded", [b"k" * 32, word(4)], types, [signer, purposes, 11, 12, b"d" * 32])
    expected = KeyAddition(b"k" * 32, 4, signer, Purpose(purposes), 11, 12, b"d" * 32, RECORDED)
    assert decode_log(log, RECORDED.time) == expected


def test_an_anchor_reads_as_it_was_encoded() -> None:
    types = ["uint64", "bytes32", "bytes32", "bytes32"]
    log = a_log("Anchored", [b"d" * 32, word(4)], types, [2**60, b"r" * 32, b"p" * 32, b"k" * 32])
    assert decode_log(log, RECORDED.time) == Anchor(b"d" * 32, 4, 2**60, b"r" * 32, b"p" * 32, b"k" * 32, RECORDED)


@pytest.mark.parametrize(
    ("number", "day"),
    [(20240229, date(2024, 2, 29)), (20270231, date(2027, 2, 28)), (20270400, date(2027, 4, 30))],
)
def test_a_day_past_the_months_end_means_its_last_day(number: int, day: date) -> None:
    assert read_date(number) == day


@pytest.mark.parametrize(
    "spoil",
    [
        {"topics": []},
        {"topics": ["0x" + "00" * 32]},
        {"data": "0x" + "00" * 64},
        {"data": "0xzz"},
        {"data": None},
        {"blockNumber": None},
        {"transactionHash": 7},
    ],
)
def test_a_garbled_log_is_refused_as_such(spoil: dict[str, Any]) -> None:
    log = a_log("PalletBuilt", [b"d" * 32], ["uint32", "uint64"], [1, 0])
    assert decode_log(log, 1)
    log = a_log("BatchRegistered", [b"d" * 32, b"d" * 32, word(1)], ["bytes32"] * 9, [b"\0" * 32] * 9) | spoil
    with pytest.raises(UnavailableError, match="cannot have written"):
        decode_log(log, 1)


def test_a_text_that_reaches_past_its_log_is_refused() -> None:
    log = a_log("Refused", [b"d" * 32], ["uint256", "uint256"], [32, 5])
    with pytest.raises(UnavailableError):
        decode_log(log, 1)
