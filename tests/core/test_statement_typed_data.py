"""The generic EIP-712 encoder against the published vectors of ethers and eth-account."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from ledger.core.errors import InvalidStatementError
from ledger.core.keccak import keccak256
from ledger.core.signature import verify
from ledger.core.typed_data import MAX_DEPTH, encode_struct, encode_type, hash_struct, signing_digest

if TYPE_CHECKING:
    from pathlib import Path

# What eth-account takes and we refuse, each as ethers does (the vectors' own names say so).
STRICTER = {
    "valid_int_value_for_string_type_ethers_handles_mismatched_type_and_value_differently": "a number for a text",
    "valid_null_value_for_custom_type_ethers_requires_non_null": "null for a struct, which EIP-712 does not know",
    "valid_eip712_example_ethers_does_not_accept_recursive_custom_types": "a member left out of a recursive struct",
    "invalid_message_unequal_1d_array_lengths": "a list shorter than its type says",
    "invalid_message_value_type_mismatch_type": "a number for a text",
}
# These two leave out `primaryType`, which our function takes as an argument of its own.
WITHOUT_PRIMARY_TYPE = {
    "valid_missing_primary_type_key_metamask_requires_primary_type_key": "Mail",
    "valid_missing_primary_type_key_and_eip712domain_type_metamask_needs_primarytype": "Mail",
}
TYPES = {"Node": [{"name": "value", "type": "uint8"}, {"name": "next", "type": "Node[]"}]}


def ours(payload: dict[str, Any], name: str = "") -> bytes:
    primary = payload.get("primaryType") or WITHOUT_PRIMARY_TYPE.get(name, "")
    return signing_digest(payload["types"], primary, payload["domain"], payload["message"])


def theirs(payload: dict[str, Any]) -> bytes:
    message = encode_typed_data(full_message=payload)
    return keccak256(b"\x19" + message.version + message.header + message.body)


def cases_of_eth_account(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    cases: list[tuple[str, dict[str, Any]]] = []
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_bytes())
        cases += [(path.stem, content)] if "types" in content else content.items()
    return cases


def test_all_130_cases_of_ethers_agree_in_encoding_and_digest(test_data: Path) -> None:
    cases = json.loads(gzip.decompress((test_data / "crypto/ethers/typed-data.json.gz").read_bytes()))
    for case in cases:
        encoded = encode_struct(case["types"], case["primaryType"], case["data"])
        assert "0x" + encoded.hex() == case["encoded"], case["name"]
        digest = signing_digest(case["types"], case["primaryType"], case["domain"], case["data"])
        assert "0x" + digest.hex() == case["digest"], case["name"]
    assert len(cases) == 130


def test_the_signed_case_of_ethers_verifies(test_data: Path) -> None:
    cases = json.loads(gzip.decompress((test_data / "crypto/ethers/typed-data.json.gz").read_bytes()))
    [case] = [case for case in cases if "signature" in case]
    address = bytes.fromhex(Account.from_key(case["privateKey"]).address[2:])
    assert verify(address, bytes.fromhex(case["digest"][2:]), bytes.fromhex(case["signature"][2:]))


def test_every_valid_case_of_eth_account_agrees_but_for_three_that_ethers_refuses_too(test_data: Path) -> None:
    cases = cases_of_eth_account(test_data / "crypto/eth_account")
    valid = [(name, case) for name, case in cases if name.startswith("valid")]
    for name, case in valid:
        if name not in STRICTER:
            assert ours(case, name) == theirs(case), name
    stricter = [case for name, case in valid if name in STRICTER]
    for case in stricter:
        with pytest.raises(InvalidStatementError):
            ours(case)
    assert (len(valid), len(stricter)) == (21, 3)


def test_every_invalid_case_of_eth_account_is_refused_with_its_field(test_data: Path) -> None:
    cases = cases_of_eth_account(test_data / "crypto/eth_account")
    invalid = [(name, case) for name, case in cases if not name.startswith("valid")]
    for name, case in invalid:
        with pytest.raises(InvalidStatementError) as caught:
            ours(case)
        assert caught.value.field, name
    assert len(invalid) == 19


def refused(types: dict[str, Any], message: object, primary: str = "M") -> str | None:
    with pytest.raises(InvalidStatementError) as caught:
        hash_struct(types, primary, message)  # type: ignore[arg-type]  # wrong values are the point
    return caught.value.field


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("int8", 128),
        ("int8", -129),
        ("uint8", True),
        ("uint8", 1.0),
        ("uint8", "0x"),
        ("uint8", "٣"),
        ("bool", 1),
        ("address", "0x" + "00" * 19),
        ("bytes4", "0x0000000000"),
        ("bytes", "0x0"),
        ("bytes", 5),
        ("string", b"text"),
        ("string", "\ud800"),
        ("uint8[]", "12"),
        ("uint8[2]", [1]),
        ("M[]", [[]]),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_refused_by_its_path(kind: str, value: object) -> None:
    assert str(refused({"M": [{"name": "x", "type": kind}]}, {"x": value})).startswith("message.x")


@pytest.mark.parametrize("kind", ["uint7", "uint264", "uint08", "bytes0", "bytes33", "Other", "int[", "uint8[-1]"])
def test_a_type_that_the_standard_does_not_know_is_refused(kind: str) -> None:
    assert refused({"M": [{"name": "x", "type": kind}]}, {"x": 1}) == "types.M.x"


def test_missing_and_surplus_members_are_refused_by_name() -> None:
    types = {"M": [{"name": "x", "type": "uint8"}]}
    assert refused(types, {}) == "message.x"
    assert refused(types, {"x": 1, "y": 2}) == "message.y"
    assert refused(types, 5) == "message"
    assert refused(types, {}, "N") == "types"


def test_a_payload_nested_too_deep_is_refused_instead_of_exhausting_the_stack() -> None:
    struct: dict[str, Any] = {"value": 1, "next": []}
    for _ in range(MAX_DEPTH):
        struct = {"value": 1, "next": [struct]}
    assert refused(TYPES, struct, "Node")
    chain: dict[str, Any] = {}
    for _ in range(MAX_DEPTH + 1):
        chain = {"next": chain}
    assert refused({"Node": [{"name": "next", "type": "Node"}]}, chain, "Node")
    array: list[Any] = []
    for _ in range(MAX_DEPTH):
        array = [array]
    assert refused({"M": [{"name": "x", "type": "uint8" + "[]" * (MAX_DEPTH + 2)}]}, {"x": array})


def test_numbers_may_be_given_as_decimal_or_hexadecimal_digits() -> None:
    types = {"M": [{"name": "x", "type": "uint256"}]}
    assert len({hash_struct(types, "M", {"x": value}) for value in (255, "255", "0xff")}) == 1


def test_bytes_may_be_given_raw() -> None:
    types = {"M": [{"name": "x", "type": "bytes"}]}
    assert hash_struct(types, "M", {"x": b"\x01"}) == hash_struct(types, "M", {"x": "0x01"})


def test_a_type_is_written_with_those_it_refers_to_in_alphabetical_order() -> None:
    types = {
        "Mail": [{"name": "to", "type": "Person"}, {"name": "body", "type": "Asset[2]"}],
        "Person": [{"name": "likes", "type": "Asset"}],
        "Asset": [{"name": "id", "type": "uint8"}],
    }
    assert encode_type(types, "Mail") == "Mail(Person to,Asset[2] body)Asset(uint8 id)Person(Asset likes)"
