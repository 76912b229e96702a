"""Where the contract keeps its state: the slots of the compiler's layout, and words as it packs them."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode

from ledger.chain.artifact import artifact
from ledger.core import slots
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import Purpose, Role, Status

MAPPINGS = {
    "_organisations": slots.ORGANISATIONS,
    "_keys": slots.KEYS,
    "_consignments": slots.CONSIGNMENTS,
    "_recalls": slots.RECALLS,
    "_corrections": slots.CORRECTIONS,
}


@pytest.mark.parametrize("name", MAPPINGS)
def test_mapping_stands_where_the_compiler_puts_it(name: str) -> None:
    layout = {each["label"]: each["slot"] for each in artifact()["storage_layout"]["storage"]}
    assert layout[name] == str(MAPPINGS[name])


def test_slot_of_an_entry_is_that_of_the_abi() -> None:
    assert slots.slot_of(7, 3) == keccak256(encode(["uint32", "uint256"], [7, 3]))
    assert slots.slot_of(b"\x11" * 32, 6) == keccak256(encode(["bytes32", "uint256"], [b"\x11" * 32, 6]))
    assert slots.following(bytes(31) + b"\xff") == bytes(30) + b"\x01\x00"


def _word(kind: str, values: dict[str, int]) -> bytes:
    """Pack a struct's word by the compiler's layout."""
    members: list[Any] = next(
        each["members"]
        for name, each in artifact()["storage_layout"]["types"].items()
        if "members" in each and _label(name) == f"struct {kind}"
    )
    word = 0
    for member in members:
        if member["label"] in values:
            word |= values[member["label"]] << 8 * member["offset"]
    return word.to_bytes(32, "big")


def _label(name: str) -> str:
    label: str = artifact()["storage_layout"]["types"][name]["label"]
    return label.replace("IAccreditation.", "").replace("ICustodyLedger.", "")


def test_words_are_read_as_the_compiler_packs_them() -> None:
    fields = {"holder": 1, "counterparty": 2, "manufacturer": 3, "heldBy": 4, "pallet": 5, "occurredAt": 6, "rest": 7}
    word = _word("Consignment", fields | {"sequence": 8, "status": 3})
    assert slots.consignment(b"\x09" * 32, word) == (
        b"\x09" * 32,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        Status.SEIZED | Status.PALLET,
    )
    word = _word(
        "Organisation",
        {"roles": 33, "country": 0x4245, "authority": 1, "suspendedAt": 2, "admitted": 1, "sequence": 3, "gln": 4},
    )
    assert slots.organisation(word) == (Role.MANUFACTURER | Role.REGULATOR, "BE", 1, 2, True, 3, 4)
    word = _word(
        "Key",
        {"organisation": 1, "purposes": 3, "validFrom": 2, "validUntil": 3, "endedAt": 4, "doubtSince": 5},
    )
    assert slots.key(word) == (1, Purpose.EVENTS | Purpose.LABELS, 2, 3, 4, 5)
    assert slots.recall(_word("Recall", {"by": 1, "recordedAt": 2, "occurredAt": 3})) == (1, 2, 3)
