"""What travels beside a statement packs and unpacks without loss, and equals Solidity's own encodings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi import encode
from eth_abi.packed import encode_packed
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import statement as statements
from ledger.core.errors import InvalidStatementError
from ledger.core.keccak import keccak256
from ledger.core.statement import CustodyStatement

if TYPE_CHECKING:
    from collections.abc import Callable

words = st.binary(min_size=32, max_size=32)
ssccs = st.none() | st.integers(1, 10**18 - 1).map("{:018d}".format)
quantities = st.integers(1, 2**32 - 1)
numbers32 = st.integers(0, 2**32 - 1)
events = st.builds(
    CustodyStatement,
    consignment=words,
    previous=words,
    actor=numbers32,
    kind=st.integers(0, 255),
    occurred_at=st.integers(0, 2**40 - 1),
    counterparty=numbers32,
    quantity=numbers32,
    place=st.binary(min_size=5, max_size=5),
    parts=words,
    details=words,
)
EVENT_TYPE = "(bytes32,bytes32,uint32,uint8,uint40,uint32,uint32,bytes5,bytes32,bytes32)"


def raised(call: Callable[..., object], *arguments: Any) -> InvalidStatementError:
    with pytest.raises(InvalidStatementError) as caught:
        call(*arguments)
    return caught.value


@given(st.lists(st.tuples(ssccs, quantities), min_size=1, max_size=20))
def test_children_come_back_as_they_were_packed(children: list[tuple[str | None, int]]) -> None:
    packed = statements.pack_children(children)
    assert packed == b"".join(encode_packed(["uint64", "uint32"], [int(s or 0), q]) for s, q in children)
    assert statements.unpack_children(packed) == children


@given(ssccs, st.lists(st.tuples(words, words), min_size=1, max_size=20))
def test_a_pallet_comes_back_as_it_was_packed(sscc: str | None, consignments: list[tuple[bytes, bytes]]) -> None:
    packed = statements.pack_pallet(sscc, consignments)
    flat = [word for pair in consignments for word in pair]
    assert packed == encode_packed(["uint64"] + ["bytes32"] * len(flat), [int(sscc or 0), *flat])
    assert statements.unpack_pallet(packed) == (sscc, consignments)


@given(st.lists(words, min_size=1, max_size=20))
def test_identifiers_come_back_as_they_were_packed(ids: list[bytes]) -> None:
    assert statements.unpack_ids(statements.pack_ids(ids)) == ids


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_countersignature_is_encoded_as_solidity_does(signer: bytes, signature: bytes) -> None:
    encoded = statements.encode_countersignature(signer, signature)
    assert encoded == encode(["bytes", "bytes"], [signer, signature])
    assert statements.decode_countersignature(encoded) == (signer, signature)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_countersignature_in_canonical_form_or_refused(attachment: bytes) -> None:
    try:
        pair = statements.decode_countersignature(attachment)
    except InvalidStatementError:
        return
    assert statements.encode_countersignature(*pair) == attachment


def test_a_countersignature_encoded_in_another_way_is_refused() -> None:
    encoded = statements.encode_countersignature(b"\x01" * 20, b"\x02" * 65)
    for other in (encoded + bytes(32), encoded[:-1] + b"\x01", encoded[:100], b""):
        assert raised(statements.decode_countersignature, other).field == "attachment"


@given(events)
def test_an_event_is_encoded_as_solidity_does(event: CustodyStatement) -> None:
    values = [getattr(event, member.attribute) for member in event.MEMBERS]
    assert statements.encode_event(event) == encode([EVENT_TYPE], [tuple(values)])
    assert statements.decode_event(statements.encode_event(event)) == event


def test_bytes_that_are_no_event_are_refused() -> None:
    event = statements.encode_event(
        CustodyStatement(bytes(32), bytes(32), 1, 1, 1, 0, 1, b"SGSIN", bytes(32), bytes(32))
    )
    too_large = event[:64] + b"\xff" * 32 + event[96:]
    dirty_place = event[: 7 * 32 + 5] + b"\x01" + event[7 * 32 + 6 :]
    for wrong in (b"", event[:-1], event + bytes(32), too_large, dirty_place):
        assert raised(statements.decode_event, wrong).field == "attachment"


def test_malformed_parts_are_refused_with_their_position() -> None:
    assert raised(statements.pack_children, [(None, 1), (None, 0)]).position == 1
    assert raised(statements.pack_children, [(None, 2**32)]).position == 0
    for sscc in ("1", "0" * 18, "٣" * 18, "12345678901234567x"):
        assert raised(statements.pack_children, [(None, 1), (sscc, 1)]).position == 1
    assert raised(statements.pack_ids, [bytes(32), bytes(31)]).position == 1
    assert raised(statements.pack_pallet, None, [(bytes(32), b"")]).position == 0


def test_packed_parts_of_a_wrong_length_or_content_are_refused() -> None:
    for unpack in (statements.unpack_children, statements.unpack_pallet, statements.unpack_ids):
        for packed in (b"", bytes(7), bytes(33)):
            assert raised(unpack, packed).field == "attachment"
    assert raised(statements.unpack_children, bytes(12)).position == 0
    assert raised(statements.unpack_children, (10**18).to_bytes(8, "big") + b"\0\0\0\1").position == 0
    assert raised(statements.unpack_pallet, bytes(8)).field == "attachment"


@pytest.mark.parametrize(
    ("prefix", "number"), [("5413868", 15413868), ("0000", 10000), ("012345678901", 1012345678901)]
)
def test_a_company_prefix_keeps_its_leading_zeros(prefix: str, number: int) -> None:
    assert statements.company_prefix_number(prefix) == number
    assert statements.company_prefix_text(number) == prefix


@pytest.mark.parametrize("prefix", ["", "123", "1234567890123", "12a4", "٣٣٣٣", "+123"])
def test_what_is_no_company_prefix_is_refused(prefix: str) -> None:
    assert raised(statements.company_prefix_number, prefix).field == "prefixes"


@pytest.mark.parametrize("number", [0, 1000, 25413868, 10**13])
def test_what_is_no_company_prefix_number_is_refused(number: int) -> None:
    assert raised(statements.company_prefix_text, number).field == "prefixes"


def test_prefixes_are_hashed_as_solidity_packs_an_array() -> None:
    prefixes = [15413868, 10000]
    # Solidity pads the items of an array even in packed mode; eth-abi's encode_packed does not.
    assert statements.encode_prefixes(prefixes) == encode(["uint64", "uint64"], prefixes)
    assert statements.prefixes_hash(prefixes) == keccak256(statements.encode_prefixes(prefixes))
    assert statements.prefixes_hash([]) == keccak256(b"")


@given(st.integers(0, 2**64 - 1), st.text(min_size=1, max_size=40))
def test_a_batch_is_known_by_its_gtin_and_lot(gtin: int, lot: str) -> None:
    assert statements.batch_id(gtin, lot) == keccak256(encode(["uint64", "string"], [gtin, lot]))


@given(words, words, st.integers(0, 1000))
def test_identifiers_follow_from_digests_as_on_chain(head: bytes, digest: bytes, index: int) -> None:
    assert statements.child_id(digest, index) == keccak256(encode(["bytes32", "uint256"], [digest, index]))
    assert statements.next_head(head, digest) == keccak256(encode(["bytes32", "bytes32"], [head, digest]))
    assert statements.key_id(head) == keccak256(head)


@given(st.lists(words, min_size=1, max_size=20, unique=True))
def test_a_bundle_signs_its_events_in_ascending_order_whatever_the_order_given(digests: list[bytes]) -> None:
    assert statements.bundle_digests(digests) == keccak256(b"".join(sorted(digests)))


def test_a_bundle_with_the_same_event_twice_is_refused() -> None:
    assert raised(statements.bundle_digests, [bytes(32), bytes(32)]).field == "events"
