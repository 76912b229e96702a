"""Where the contract keeps what decides a verdict, and what a word there says.

Slots are computed as Solidity lays mappings out (docs/contract.md, "Where state lies"; a test compares that table with
the compiler's layout), so a proof need not say which slot it is of: whoever checks it computes the slot.

Source: Solidity documentation, "Layout of State Variables in Storage".
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ledger.core.keccak import keccak256
from ledger.core.vocabulary import Purpose, Role, Status

ORGANISATIONS: Final = 3
KEYS: Final = 5
CONSIGNMENTS: Final = 6
BATCHES: Final = 7
RECALLS: Final = 8
RECORDED: Final = 9
CORRECTIONS: Final = 10
_WORD: Final = 32


class StoredConsignment(NamedTuple):
    """A consignment or pallet as the contract holds it."""

    head: bytes
    holder: int
    counterparty: int
    manufacturer: int
    held_by: int
    pallet: int  # number of the pallet it is on; a pallet's own
    occurred_at: int  # Unix seconds
    rest: int
    sequence: int
    status: Status


class StoredOrganisation(NamedTuple):
    """An organisation as the contract holds it: its name is in the logs alone."""

    roles: Role
    country: str
    authority: int
    suspended_at: int  # Unix seconds, 0 = active
    admitted: bool
    sequence: int
    gln: int


class StoredKey(NamedTuple):
    """A key as the contract holds it; times are Unix seconds, 0 = none."""

    organisation: int
    purposes: Purpose
    valid_from: int
    valid_until: int
    ended_at: int
    doubt_since: int


class StoredRecall(NamedTuple):
    """A batch's recall as the contract holds it; `by` 0 = none."""

    by: int
    recorded_at: int  # Unix seconds
    occurred_at: int  # Unix seconds


def slot_of(key: bytes | int, mapping: int) -> bytes:
    """Compute the slot of a mapping's entry: keccak256(abi.encode(key, slot of the mapping)).

    Args:
        key: 32 bytes, or a number.
        mapping: The mapping's own slot.

    Returns:
        32 bytes.
    """
    word = key if isinstance(key, bytes) else key.to_bytes(_WORD, "big")
    return keccak256(word + mapping.to_bytes(_WORD, "big"))


def following(slot: bytes) -> bytes:
    """Give the slot after a slot.

    Args:
        slot: 32 bytes.
    """
    return (int.from_bytes(slot, "big") + 1).to_bytes(_WORD, "big")


def consignment(first: bytes, second: bytes) -> StoredConsignment:
    """Read a consignment's two words.

    Args:
        first: The head.
        second: The packed fields.
    """
    return StoredConsignment(
        head=first,
        holder=_field(second, 0, 4),
        counterparty=_field(second, 4, 4),
        manufacturer=_field(second, 8, 4),
        held_by=_field(second, 12, 4),
        pallet=_field(second, 16, 4),
        occurred_at=_field(second, 20, 4),
        rest=_field(second, 24, 4),
        sequence=_field(second, 28, 2),
        status=Status(_field(second, 30, 1)),
    )


def organisation(word: bytes) -> StoredOrganisation:
    """Read an organisation's word.

    Args:
        word: 32 bytes.
    """
    return StoredOrganisation(
        roles=Role(_field(word, 0, 1)),
        country=_field(word, 1, 2).to_bytes(2, "big").decode("latin-1"),
        authority=_field(word, 3, 4),
        suspended_at=_field(word, 7, 5),
        admitted=bool(_field(word, 12, 1)),
        sequence=_field(word, 13, 8),
        gln=_field(word, 21, 8),
    )


def key(word: bytes) -> StoredKey:
    """Read a key's word.

    Args:
        word: 32 bytes.
    """
    return StoredKey(
        organisation=_field(word, 0, 4),
        purposes=Purpose(_field(word, 4, 1)),
        valid_from=_field(word, 5, 5),
        valid_until=_field(word, 10, 5),
        ended_at=_field(word, 15, 5),
        doubt_since=_field(word, 20, 5),
    )


def recall(word: bytes) -> StoredRecall:
    """Read a recall's word.

    Args:
        word: 32 bytes.
    """
    return StoredRecall(by=_field(word, 0, 4), recorded_at=_field(word, 4, 5), occurred_at=_field(word, 9, 5))


def _field(word: bytes, offset: int, size: int) -> int:
    """Read a packed field; offsets count bytes from the right of the word."""
    end = _WORD - offset
    return int.from_bytes(word[end - size : end], "big")
