"""What an organisation and an auditor check of a log that somebody else keeps, so that nobody has to be trusted.

Whoever keeps the log can rewrite, fork or shorten it, or leave out what it took in. An organisation finds that before
it signs the next anchor, by what it remembers; an auditor finds it by the anchors on the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ledger.core.errors import ContradictionError
from ledger.core.log_tree import roots_of, verify_consistency, verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.core.facts import Anchor

_ADVICE = "Anchor nothing of this server any more. Keep what this machine remembers, and show both to your authority."


class Head(NamedTuple):
    """A log at one size."""

    size: int
    root: bytes  # 32 bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a server answered when it took a statement in."""

    digest: bytes
    index: int  # its place in the log
    leaf: bytes  # 32 bytes, as this machine computed it


def require_continued(known: Head, head: Head, proof: Sequence[bytes]) -> None:
    """Require that a log still begins with what was known of it.

    Args:
        known: What was signed, or stands on the chain.
        head: What the server says now.
        proof: The server's proof that the one continues the other; nothing if both have one size.

    Raises:
        ContradictionError: The log was shortened, rewritten or forked.
    """
    if head.size < known.size:
        detail = f"The log had {known.size} events when it was anchored, and the server shows {head.size}."
        raise ContradictionError(detail, advice=_ADVICE, known=known.size, shown=head.size)
    if known.size and not verify_consistency(known.size, head.size, proof, known.root, head.root):
        detail = f"The first {known.size} events of the log are not those that were anchored: it was rewritten."
        raise ContradictionError(detail, advice=_ADVICE, known=known.root, shown=head.root)


def require_kept(receipt: Receipt, head: Head, proof: Sequence[bytes]) -> None:
    """Require that a statement stands in the log where the server said that it put it.

    Args:
        receipt: What the server said.
        head: What it says of the log now.
        proof: Its proof that the statement is in it.

    Raises:
        ContradictionError: It was dropped, moved or replaced.
    """
    if not verify_inclusion(receipt.leaf, receipt.index, head.size, proof, head.root):
        detail = f"The statement 0x{receipt.digest.hex()} was taken in as event {receipt.index}, and is not in the log."
        raise ContradictionError(detail, advice=_ADVICE, digest=receipt.digest, index=receipt.index)


def require_anchored(leaves: Iterable[bytes], anchors: Sequence[Anchor]) -> int:
    """Require that a log is the one that was anchored, at each of its anchors.

    Args:
        leaves: The hashes of all its events, in order.
        anchors: All anchors of its organisation, in chain order.

    Returns:
        How many events the last anchor covers.

    Raises:
        ContradictionError: The first anchor that the log does not fit; `block` says where it stands.
    """
    roots = roots_of(leaves, [anchor.count for anchor in anchors])
    for anchor in anchors:
        if roots.get(anchor.count) != anchor.root:
            what = "is another at that size" if anchor.count in roots else "has fewer"
            detail = f"Block {anchor.recorded.block} anchors {anchor.count} events; the log that is shown {what}."
            advice = (
                "The organisation or the keeper of its log has to explain it; its statements still hold, each alone."
            )
            raise ContradictionError(detail, advice=advice, block=anchor.recorded.block, digest=anchor.digest)
    return anchors[-1].count if anchors else 0
