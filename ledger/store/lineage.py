"""Loading what concerns one consignment, so that a scan of one costs the same in a batch of one and of thousands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.core import facts
from ledger.core.vocabulary import Kind
from ledger.store.rows import read

if TYPE_CHECKING:
    from ledger.store.engine import Connection

_END = (1 << 62, 0)  # after every place in the chain
_EVENTS = (
    " WHERE custody_events.batch = ? AND custody_events.consignment = ?"
    " AND ((custody_events.block, custody_events.log_index) < (?, ?) OR custody_events.kind IN (?, ?)) ORDER BY 1, 2"
)
_PACKINGS = (
    " WHERE packings.batch = ? AND packings.consignment = ?"
    " AND (packings.block, packings.log_index) < (?, ?) ORDER BY 1, 2"
)


def load(connection: Connection, consignment: bytes) -> facts.BatchFacts | None:
    """The registration of its batch, its own facts, and each ancestor's up to the split that it came from.

    An ancestor's later RECALL and CORRECT events belong to it too: they speak of the goods, or of what is told here.
    Pallets that it or an ancestor was on come with all their events. A SPLIT's `quantity` is the sum of all its
    children, of which only those of the lineage are given.

    Args:
        connection: Inside a snapshot.
        consignment: Its id, 32 bytes; a pallet's gives None, for it may carry several batches.

    Returns:
        None if there is no such consignment.
    """
    children = _ancestry(connection, consignment)
    root = children[0].batch if children else consignment
    registration = read(connection, facts.Registration, " WHERE batch = ?", (root,))
    if not registration:
        return None
    events: list[facts.CustodyEvent] = []
    packings: list[facts.Packing] = []
    for member, until in _members(root, children):
        events += read(connection, facts.CustodyEvent, _EVENTS, (root, member, *until, Kind.RECALL, Kind.CORRECT))
        packings += read(connection, facts.Packing, _PACKINGS, (root, member, *until))
    pallets = _pallets(connection, packings)
    for pallet in pallets:
        events += read(connection, facts.CustodyEvent, " WHERE batch = ?", (pallet.pallet,))
    return facts.BatchFacts(registration[0], _sorted(events), _sorted(children), _sorted(pallets), _sorted(packings))


def _ancestry(connection: Connection, consignment: bytes) -> list[facts.Child]:
    """The splits that lead to `consignment`, eldest first; empty for a batch's first consignment."""
    found: list[facts.Child] = []
    rows = read(connection, facts.Child, " WHERE consignment = ?", (consignment,))
    while rows and (not found or rows[0].recorded < found[-1].recorded):  # a parent is always older: this must end
        found.append(rows[0])
        rows = read(connection, facts.Child, " WHERE consignment = ?", (rows[0].parent,))
    return found[::-1]


def _members(root: bytes, children: list[facts.Child]) -> list[tuple[bytes, tuple[int, int]]]:
    """Each consignment of the lineage, with the place in the chain from which its facts no longer concern it."""
    ids = [root, *(child.consignment for child in children)]
    ends = [*((child.recorded.block, child.recorded.log_index) for child in children), _END]
    return list(zip(ids, ends, strict=True))


def _pallets(connection: Connection, packings: list[facts.Packing]) -> list[facts.Pallet]:
    ids = dict.fromkeys(packing.pallet for packing in packings)
    return [pallet for key in ids for pallet in read(connection, facts.Pallet, " WHERE pallet = ?", (key,))]


def _sorted(found: list[Any]) -> tuple[Any, ...]:
    return tuple(sorted(found, key=lambda fact: fact.recorded))
