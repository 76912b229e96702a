"""The Merkle tree over a log that only grows: heads, proofs that an entry is in it, proofs that nothing was rewritten.

A tree is never held whole. Every hash comes from perfect subtrees, whose hashes never change once they are complete:
the node (level l, position p) covers the entries from p·2^l up to (p+1)·2^l. So adding an entry, and each proof, asks
for O(log n) stored nodes. SHA-256, with 0x00 before an entry and 0x01 before a pair of nodes.

Sources: RFC 6962, section 2.1 (hashes), 2.1.1 and 2.1.2 (proofs); RFC 9162, sections 2.1.3.2 and 2.1.4.2
(verification); draft-ietf-plants-merkle-tree-certs, section 4 (subtrees, of which the whole tree is one).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Nodes = Callable[[int, int], bytes]  # the hash of the perfect subtree at (level, position)

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()  # RFC 6962, section 2.1: of a log without entries


class Node(NamedTuple):
    """The hash of a perfect subtree."""

    level: int  # 0 = one entry
    position: int  # among the nodes of its level, from 0
    hash: bytes


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry of the log.

    Args:
        entry: Its bytes.

    Returns:
        32 bytes.
    """
    return sha256(b"\x00" + entry).digest()


def pair_hash(left: bytes, right: bytes) -> bytes:
    """Hash a node from its two children.

    Args:
        left: 32 bytes.
        right: 32 bytes.

    Returns:
        32 bytes.
    """
    return sha256(b"\x01" + left + right).digest()


# What the keeper of a log computes


def added(index: int, leaf: bytes, nodes: Nodes) -> list[Node]:
    """Give the nodes that an entry completes: its own, and one for each pair that it closes.

    Args:
        index: The entry's place, which is the size of the log before it.
        leaf: Its `leaf_hash`.
        nodes: The nodes before it.

    Returns:
        One node of each level from 0 on; all are to be stored.
    """
    completed = [Node(0, index, leaf)]
    while completed[-1].position % 2:
        level, position, right = completed[-1]
        completed.append(Node(level + 1, position // 2, pair_hash(nodes(level, position - 1), right)))
    return completed


def root(size: int, nodes: Nodes) -> bytes:
    """Compute the head of the log: MTH of RFC 6962, section 2.1.

    Args:
        size: How many entries count, from the first on.
        nodes: The nodes of a log of that size or larger.

    Returns:
        32 bytes.
    """
    return _span_hash(0, size, nodes) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Prove that an entry is in the log: PATH of RFC 6962, section 2.1.1.

    Args:
        index: The entry's place, below `size`.
        size: How many entries count.
        nodes: The nodes of a log of that size or larger.

    Returns:
        The siblings on the way from the entry up to the head.
    """
    return [_span_hash(begin, end, nodes) for begin, end in _siblings(index, index + 1, size)]


def consistency_proof(first: int, second: int, nodes: Nodes) -> list[bytes]:
    """Prove that a larger log begins with a smaller one: PROOF of RFC 6962, section 2.1.2.

    Args:
        first: Size of the smaller, at least 1.
        second: Size of the larger.
        nodes: The nodes of a log of size `second` or larger.

    Returns:
        The hashes from which both heads follow.
    """
    if first == second:
        return []
    # The last perfect subtree of the smaller log is a node of both; if it is all of the smaller one, its head is known.
    begin = first - (first & -first)
    seed = [_span_hash(begin, first, nodes)] if begin else []
    return seed + [_span_hash(left, right, nodes) for left, right in _siblings(begin, first, second)]


def _siblings(begin: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Give the spans beside the path from a perfect subtree up to the head, lowest first."""
    spans: list[tuple[int, int]] = []
    low, high = 0, size
    while (low, high) != (begin, end):
        middle = low + _split(high - low)
        if begin < middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    return reversed(spans)


def _split(size: int) -> int:
    """Give the largest power of two below `size`, which is at least 2 (RFC 6962, section 2.1: k < n <= 2k)."""
    return 1 << ((size - 1).bit_length() - 1)


def _span_hash(begin: int, end: int, nodes: Nodes) -> bytes:
    """Hash the entries from `begin` up to `end`, from the right: the smaller subtrees join first."""
    total = b""
    while end > begin:
        width = (end - begin) & -(end - begin)
        level = width.bit_length() - 1
        hashed = nodes(level, (end - width) // width)
        total = pair_hash(hashed, total) if total else hashed
        end -= width
    return total


# What anyone checks


def roots_of(leaves: Iterable[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """Compute the heads that a log had at some sizes from its `leaf_hash`es alone, as an auditor does.

    Args:
        leaves: 32 bytes each, in order.
        sizes: At which sizes.

    Returns:
        The heads by size; those of sizes that the log never had are missing.
    """
    wanted = set(sizes)
    peaks: dict[tuple[int, int], bytes] = {}  # all that later heads are made of
    found = {0: EMPTY_ROOT} if 0 in wanted else {}
    for size, leaf in enumerate(leaves, start=1):
        last = added(size - 1, leaf, lambda level, position: peaks.pop((level, position)))[-1]
        peaks[last.level, last.position] = last.hash
        if size in wanted:
            found[size] = root(size, lambda level, position: peaks[level, position])
    return found


def verify_inclusion(  # noqa: PLR0913, PLR0917 - an entry, the log, and the proof between them
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], head: bytes, start: int = 0
) -> bool:
    """Tell whether a proof shows that an entry is in the log (RFC 9162, section 2.1.3.2), or in a subtree of it.

    Args:
        leaf: The entry's `leaf_hash`.
        index: Its place in the log.
        size: Size of the log; the end of the subtree.
        proof: What `inclusion_proof` gives.
        head: The root to be reached.
        start: Where the subtree begins; 0 for the log.
    """
    if not (_is_subtree(start, size) and start <= index < size):
        return False
    place, last, reached = index - start, size - start - 1, leaf
    for sibling in proof:
        if not last:
            return False
        if place % 2 or place == last:
            reached = pair_hash(sibling, reached)
            while not place % 2:
                place, last = place >> 1, last >> 1
        else:
            reached = pair_hash(reached, sibling)
        place, last = place >> 1, last >> 1
    return not last and reached == head and len(head) == HASH_BYTES


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_head: bytes, second_head: bytes) -> bool:
    """Tell whether a proof shows that a larger log begins with a smaller one (RFC 9162, section 2.1.4.2).

    Args:
        first: Size of the smaller; nothing follows from an empty one, so 0 never holds.
        second: Size of the larger.
        proof: What `consistency_proof` gives.
        first_head: Root of the smaller.
        second_head: Root of the larger.
    """
    return first > 0 and verify_subtree(0, first, second, proof, first_head, second_head)


def verify_subtree(  # noqa: PLR0913, PLR0917 - a subtree, the log, and the proof between them
    start: int, end: int, size: int, proof: Sequence[bytes], subtree: bytes, head: bytes
) -> bool:
    """Tell whether a proof shows that the log holds a subtree (draft-ietf-plants-merkle-tree-certs, section 4.4.3).

    Args:
        start: Where the subtree begins, a multiple of its width rounded up to a power of two.
        end: Where it ends; one that is empty is part of every log.
        size: Size of the log.
        proof: The hashes from which both roots follow.
        subtree: Root of the subtree.
        head: Root of the log.
    """
    if start == end:
        return 0 <= end <= size and not proof and subtree == EMPTY_ROOT
    if not (_is_subtree(start, end) and end <= size):
        return False
    if start == 0 and end == size:
        return not proof and subtree == head
    return _reaches(start, end, size, list(proof), (subtree, head))


def _reaches(start: int, end: int, size: int, proof: list[bytes], roots: tuple[bytes, bytes]) -> bool:
    low, place, last = start, end - 1, size - 1
    while low != place and (place == last or place % 2):
        low, place, last = low >> 1, place >> 1, last >> 1
    if low != place and not proof:
        return False
    small = large = roots[0] if low == place else proof.pop(0)
    for sibling in proof:
        if not last:
            return False
        if place % 2 or place == last:
            small = pair_hash(sibling, small) if low < place else small
            large = pair_hash(sibling, large)
            while not place % 2:
                low, place, last = low >> 1, place >> 1, last >> 1
        else:
            large = pair_hash(large, sibling)
        low, place, last = low >> 1, place >> 1, last >> 1
    return not last and (small, large) == roots


def _is_subtree(start: int, end: int) -> bool:
    """Tell whether a span is one that the tree can have a single node for (the draft, section 4.1)."""
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0
