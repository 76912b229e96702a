"""The salted Merkle tree over a batch's serial numbers, as OpenZeppelin's `StandardMerkleTree` builds it.

Its root is a registration's `unitRoot`. Leaf encoding `["bytes32", "string"]`: (salt, serial), where

    salt = keccak256(secret ‖ serial)        secret: 32 random bytes of the batch; serial: its ASCII bytes
    leaf = keccak256(keccak256(abi.encode(salt, serial)))

Serial numbers are short and often counted up: without a salt, whoever sees the root and a proof could try them all. A
pack's proof shows its own salt only, from which neither the secret nor another pack's salt follows. Leaves are hashed
twice, so that no inner node, 64 bytes hashed once, can be passed off as a leaf (second preimage). Leaves are sorted by
hash and pairs hashed in sorted order, so that a proof needs no left or right.

Layout: 2n - 1 nodes of 32 bytes, the root first, children of node i at 2i + 1 and 2i + 2, the smallest leaf last.
Source: OpenZeppelin/merkle-tree, `src/core.ts` and `src/standard.ts`, format `standard-v1`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from sha3 import keccak_256

from ledger.core.errors import InvalidInputError
from ledger.core.serials import MAX_LENGTH, is_serial

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NODE: Final = 32  # bytes
MAX_PATH: Final = 32  # nodes: a batch has at most 2**32 - 1 units
# abi.encode(bytes32, string): the salt, the offset of the string (64), its length, its bytes padded to 32.
_OFFSET: Final = (64).to_bytes(32, "big")
_BEFORE: Final = tuple(_OFFSET + length.to_bytes(32, "big") for length in range(MAX_LENGTH + 1))
_AFTER: Final = tuple(bytes(32 - length) for length in range(MAX_LENGTH + 1))


class UnitProof(NamedTuple):
    """What shows that a serial number is under a batch's root."""

    serial: str
    salt: bytes  # 32 bytes, of this serial number alone
    path: tuple[bytes, ...]  # the sibling at each level, from the leaf up; empty in a batch of one


def salt_of(secret: bytes, serial: str) -> bytes:
    """The salt of one serial number.

    Args:
        secret: 32 bytes, of the batch.
        serial: 1 to 20 characters of GS1 character set 82.
    """
    salt: bytes = keccak_256(secret + serial.encode("ascii")).digest()
    return salt


def leaf(salt: bytes, serial: str) -> bytes:
    """The leaf of one serial number.

    Args:
        salt: 32 bytes; see `salt_of`.
        serial: 1 to 20 characters of GS1 character set 82.
    """
    text = serial.encode("ascii")
    encoded = salt + _BEFORE[len(text)] + text + _AFTER[len(text)]
    hashed: bytes = keccak_256(keccak_256(encoded).digest()).digest()
    return hashed


def leaves(secret: bytes, serials: Iterable[bytes]) -> list[bytes]:
    """The leaves of many serial numbers, in their order: `leaf` of `salt_of`, in one loop.

    Args:
        secret: 32 bytes, of the batch.
        serials: Each 1 to 20 characters of GS1 character set 82.
    """
    hashed, before, after = keccak_256, _BEFORE, _AFTER
    return [
        hashed(hashed(hashed(secret + s).digest() + before[len(s)] + s + after[len(s)]).digest()).digest()
        for s in serials
    ]


def build(hashes: Sequence[bytes]) -> bytes:
    """All nodes of the tree over these leaves.

    Args:
        hashes: The leaves in any order, 32 bytes each.

    Returns:
        2n - 1 nodes of 32 bytes, one after the other, as the module tells.

    Raises:
        InvalidInputError: There is no leaf, or one stands twice.
    """
    if not hashes:
        raise InvalidInputError("A tree needs at least one serial number.", field="serials")
    ordered = sorted(hashes, reverse=True)
    if any(one == other for one, other in pairwise(ordered)):
        raise InvalidInputError("A serial number stands twice in the list.", field="serials")
    nodes = [b""] * (len(ordered) - 1) + ordered
    hashed, last = keccak_256, len(ordered) - 2
    while last >= 0:
        first = (last + 1) // 2  # the children of the nodes from here to `last` are all known
        pairs = zip(nodes[2 * first + 1 : 2 * last + 2 : 2], nodes[2 * first + 2 : 2 * last + 3 : 2], strict=True)
        nodes[first : last + 1] = [hashed(a + b if a < b else b + a).digest() for a, b in pairs]
        last = first - 1
    return b"".join(nodes)


def leaf_count(nodes: bytes | memoryview) -> int:
    """How many leaves a tree has."""
    return (len(nodes) // NODE + 1) // 2


def node(nodes: bytes | memoryview, at: int) -> bytes:
    """The node at this place."""
    return bytes(nodes[at * NODE : (at + 1) * NODE])


def leaf_at(nodes: bytes | memoryview, rank: int) -> bytes:
    """The leaf of this rank, 0 being the smallest."""
    return node(nodes, len(nodes) // NODE - 1 - rank)


def rank_of(nodes: bytes | memoryview, wanted: bytes) -> int:
    """How many leaves of the tree are smaller: the place of `wanted`, if it is there."""
    low, high = 0, leaf_count(nodes)
    while low < high:
        middle = (low + high) // 2
        if leaf_at(nodes, middle) < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def path_of(nodes: bytes | memoryview, rank: int) -> tuple[bytes, ...]:
    """The siblings on the way from the leaf of this rank to the root."""
    at, path = len(nodes) // NODE - 1 - rank, []
    while at:
        path.append(node(nodes, at + 1 if at % 2 else at - 1))
        at = (at - 1) // 2
    return tuple(path)


def root_over(hashed: bytes, path: Iterable[bytes]) -> bytes:
    """The root that a leaf and its path lead to."""
    for other in path:
        hashed = keccak_256(hashed + other if hashed < other else other + hashed).digest()
    return hashed


def is_member(root: bytes, proof: UnitProof) -> bool:
    """Tell whether a proof shows that its serial number is under a root. Anything malformed shows nothing.

    Args:
        root: A registration's `unitRoot`, 32 bytes.
        proof: From anyone.
    """
    if not is_serial(proof.serial) or len(proof.path) > MAX_PATH:
        return False
    if any(len(part) != NODE for part in (proof.salt, *proof.path)):
        return False
    return root_over(leaf(proof.salt, proof.serial), proof.path) == root
