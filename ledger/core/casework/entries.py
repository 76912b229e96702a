"""The entries of a file, each linked to the one before by its hash, so that none can be changed, dropped or moved.

The hash is SHA-256 of the entry as canonical JSON (RFC 8785, of which the values here need only sorted names and no
spaces: there are no fractions, and names are ASCII).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.errors import ContradictionError

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, Any]
NOTHING: Final = bytes(32)  # what the first entry follows


class Officer(NamedTuple):
    """Who acts: a key of an administration."""

    organisation: int
    key: bytes  # id, 32 bytes
    supervisor: bool = False  # the key has the purpose ADMIN too


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that an officer did to a file."""

    position: int  # in the file, from 1
    at: int  # Unix seconds
    organisation: int
    key: bytes  # id of the officer's key, 32 bytes
    act: str
    details: Json  # of the act; no fractions in it
    previous: bytes  # hash of the entry before, 32 zero bytes for the first

    def to_json(self) -> Json:
        """Give what is hashed and kept."""
        return {
            "position": self.position,
            "at": self.at,
            "organisation": self.organisation,
            "key": self.key.hex(),
            "act": self.act,
            "details": self.details,
            "previous": self.previous.hex(),
        }

    def hash(self) -> bytes:
        """Give the hash by which the next entry names this one, 32 bytes."""
        return sha256(canonical(self.to_json())).digest()


def canonical(value: Json) -> bytes:
    """Write JSON in the one form that is hashed (RFC 8785).

    Args:
        value: Without fractions; names in ASCII.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read_entry(value: Json) -> Entry:
    """Read an entry as `Entry.to_json` wrote it."""
    return Entry(
        value["position"],
        value["at"],
        value["organisation"],
        bytes.fromhex(value["key"]),
        value["act"],
        value["details"],
        bytes.fromhex(value["previous"]),
    )


def follow(entries: Sequence[Entry], officer: Officer, act: str, details: Json, now: int) -> Entry:
    """Make the entry that comes next.

    Args:
        entries: Those there are, in order.
        officer: Who acts.
        act: What he does.
        details: Of the act.
        now: Unix seconds; an entry is never earlier than the one before, whatever a server's clock says.
    """
    last = entries[-1] if entries else None
    at = max(now, last.at) if last else now
    previous = last.hash() if last else NOTHING
    return Entry(len(entries) + 1, at, officer.organisation, officer.key, act, details, previous)


def require_linked(entries: Sequence[Entry]) -> None:
    """Require that entries are a file's, whole and in order from its first.

    Args:
        entries: As they were kept.

    Raises:
        ContradictionError: One was changed, dropped or moved; `position` says which does not follow.
    """
    previous = NOTHING
    for number, entry in enumerate(entries, 1):
        if entry.position != number or entry.previous != previous:
            raise ContradictionError(
                f"Entry {number} of the file does not follow the one before: what is kept was changed.",
                advice="Keep the database as it is, restore a backup beside it, and compare the two.",
                position=number,
            )
        previous = entry.hash()
