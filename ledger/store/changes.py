"""What the newest blocks have changed: so that what is kept of all else need not be thrown away with it.

Everything that the chain says stands on a block with facts. If the newest of these that a reader has seen still stands,
nothing below it has changed, because a block's hash commits to all before it; and what is new stands above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ledger.store.engine import Connection

MOST_TOUCHED: Final = 2_000  # batches; of more, an indexer that catches up has said so much that all is read anew
_MARK: Final = "SELECT number, hash FROM blocks WHERE facts > 0 ORDER BY number DESC LIMIT 1"
_HASH: Final = "SELECT hash FROM blocks WHERE number = ?"
_ABOUT_PARTIES: Final = " UNION ALL ".join(
    f"SELECT 1 FROM {table} WHERE block > ?1"  # noqa: S608 - our own names
    for table in ("organisation_changes", "suspensions", "key_additions", "key_endings")
)
_BATCHES: Final = """
    SELECT batch FROM custody_events WHERE block > ?1
    UNION SELECT p.batch FROM custody_events e JOIN packings p ON p.pallet = e.batch WHERE e.block > ?1
    UNION SELECT batch FROM packings WHERE block > ?1
    UNION SELECT batch FROM consignment_splits WHERE block > ?1
"""
_SSCCS: Final = """
    SELECT sscc FROM consignment_splits WHERE block > ?1
    UNION SELECT sscc FROM pallets WHERE block > ?1
    UNION SELECT l.sscc FROM packings p JOIN pallets l ON l.pallet = p.pallet WHERE p.block > ?1
"""


class Mark(NamedTuple):
    """The newest block with facts that a reader has seen."""

    block: int  # -1 = none yet
    hash: bytes


class Changes(NamedTuple):
    """What was said of goods; of organisations and keys nothing was."""

    batches: frozenset[bytes]  # ids, of what was registered before; those on a pallet that something was said of too
    ssccs: frozenset[str]  # that may name something else now


def mark(connection: Connection) -> Mark:
    """The newest block with facts."""
    row = connection.execute(_MARK).fetchone()
    return Mark(-1, b"") if row is None else Mark(int(row[0]), bytes(row[1]))


def since(connection: Connection, seen: Mark) -> Changes | None:
    """What was said after `seen`; None if anything may have changed: taken back, about parties, or too much."""
    row = connection.execute(_HASH, (seen.block,)).fetchone()
    if row is None or bytes(row[0]) != seen.hash:
        return None
    if connection.execute(f"{_ABOUT_PARTIES} LIMIT 1", (seen.block,)).fetchone() is not None:
        return None
    batches = connection.execute(f"{_BATCHES} LIMIT {MOST_TOUCHED + 1}", (seen.block,)).fetchall()
    if len(batches) > MOST_TOUCHED:
        return None
    ssccs = connection.execute(_SSCCS, (seen.block,)).fetchall()
    return Changes(frozenset(bytes(row[0]) for row in batches), frozenset(row[0] for row in ssccs))
