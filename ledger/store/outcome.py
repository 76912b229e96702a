"""What the chain made of a statement, told from the rebuildable tables: it follows every reorganisation by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ledger.core.facts import Recorded

if TYPE_CHECKING:
    from ledger.store.engine import Connection

_ZERO: Final = bytes(32)
RECORDING: Final = (  # most frequent first
    "custody_events",
    "registrations",
    "organisation_changes",
    "key_additions",
    "key_endings",
    "suspensions",
    "anchors",
)
_SELECT: Final = " UNION ALL ".join(
    f"SELECT t.block, t.log_index, b.time, t.transaction_hash, {error} FROM {table} t "  # noqa: S608 - our own names
    "JOIN blocks b ON b.number = t.block WHERE t.digest = ?1"
    for table, error in (("refusals", "t.error_data"), *((table, "NULL") for table in RECORDING))  # it gives the type
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the chain made of a statement. `error_data` are the contract's error bytes if it was refused."""

    result: Literal["recorded", "refused"]
    recorded: Recorded
    error_data: bytes = b""


def find(connection: Connection, digest: bytes, *, refused_after_block: int = -1) -> Outcome | None:
    """Where `digest` was recorded; else its latest refusal above `refused_after_block`; else None."""
    if digest == _ZERO:
        return None  # the council's own acts carry no statement
    rows = connection.execute(_SELECT, (digest,)).fetchall()
    recorded = [Recorded(*row[:4]) for row in rows if row[4] is None]
    if recorded:
        return Outcome("recorded", min(recorded))
    refusals = ((Recorded(*row[:4]), bytes(row[4])) for row in rows if row[0] > refused_after_block)
    refused = max(refusals, default=None)
    return None if refused is None else Outcome("refused", *refused)


def standing(digest: str, *, refused_after: str, up_to: str = "") -> str:
    """An SQL condition: the chain has recorded `digest`, or refused it above block `refused_after`.

    Args:
        digest: SQL expression of the digest.
        refused_after: SQL expression of a block number.
        up_to: SQL expression of the highest block that counts; empty = any.
    """
    refused = _exists("refusals", digest, up_to, f" AND r.block > {refused_after}")
    return f"({recorded(digest, up_to=up_to)} OR {refused})"


def recorded(digest: str, *, up_to: str = "") -> str:
    """An SQL condition: the chain has recorded `digest`, at or below block `up_to` if that is given."""
    return f"({' OR '.join(_exists(table, digest, up_to) for table in RECORDING)})"


def _exists(table: str, digest: str, up_to: str, further: str = "") -> str:
    limit = f" AND r.block <= {up_to}" if up_to else ""
    return f"EXISTS (SELECT 1 FROM {table} r WHERE r.digest = {digest}{limit}{further})"  # noqa: S608 - our own names
