"""RLP: the published vectors of Ethereum, and one encoding for each value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rlp as reference
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import InvalidProofError
from ledger.core.rlp import decode, encode, encode_number

items = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=6), max_leaves=30)


def _value(told: Any) -> Any:
    if isinstance(told, list):
        return [_value(each) for each in told]
    if isinstance(told, int):
        return encode_number(told)
    return encode_number(int(told[1:])) if told.startswith("#") else told.encode("latin-1")


def _vectors(test_data: Path, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((test_data / "crypto/ethereum_tests/RLPTests" / name).read_text())
    return read


def test_every_published_value_is_written_and_read_as_published(test_data: Path) -> None:
    vectors = _vectors(test_data, "rlptest.json")
    assert len(vectors) > 25
    for name, vector in vectors.items():
        encoded, value = bytes.fromhex(vector["out"][2:]), _value(vector["in"])
        assert encode(value) == encoded, name
        assert decode(encoded) == value, name


def test_every_published_fault_is_refused(test_data: Path) -> None:
    vectors = _vectors(test_data, "invalidRLPTest.json")
    assert len(vectors) > 25
    for name, vector in vectors.items():
        with pytest.raises(InvalidProofError):
            pytest.fail(f"{name}: {decode(bytes.fromhex(vector['out'].removeprefix('0x')))!r}")


@given(items)
def test_what_is_written_is_read_and_is_what_another_library_writes(value: Any) -> None:
    assert decode(encode(value)) == value
    assert encode(value) == reference.encode(value)


@given(st.binary(max_size=60))
def test_what_can_be_read_has_no_other_encoding(data: bytes) -> None:
    try:
        value = decode(data)
    except InvalidProofError:
        return
    assert encode(value) == data


def test_lists_nested_without_end_are_refused() -> None:
    data = b"\x80"
    for _ in range(41):
        data = _listed(data)
    with pytest.raises(InvalidProofError, match="nested"):
        decode(data)


def _listed(encoded: bytes) -> bytes:
    head = bytes([0xC0 + len(encoded)]) if len(encoded) < 56 else bytes([0xF8, len(encoded)])
    return head + encoded
