"""Evidence: a file by its SHA-256, and the unbroken chain of who held what it shows.

Each link names who holds it from then on, and the hash of the link before; the first names the file's own hash. So the
chain of one piece can be shown to a court, and checked, without the rest of the case (ISO/IEC 27037, section 6.1: a
chain of custody record identifies the evidence, who had access to it, when and where).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ledger.core.casework.entries import canonical
from ledger.core.errors import InvalidInputError
from ledger.core.wording import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.casework.entries import Entry

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Holding:
    """Who held a piece of evidence from a time on."""

    holder: str  # as the officer named him
    at: int  # Unix seconds
    key: bytes  # id of the officer's key that said so
    words: str
    previous: bytes  # hash of the link before; for the first the file's SHA-256

    def hash(self) -> bytes:
        """Give the hash by which the next link names this one, 32 bytes."""
        told: Json = {"holder": self.holder, "at": self.at, "key": self.key.hex(), "words": self.words}
        return sha256(canonical({**told, "previous": self.previous.hex()})).digest()

    def to_json(self) -> Json:
        """Give the link with its hash."""
        return {
            "holder": self.holder,
            "at": moment(self.at),
            "key": "0x" + self.key.hex(),
            "words": self.words,
            "previous": "0x" + self.previous.hex(),
            "hash": "0x" + self.hash().hex(),
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that belongs to a case."""

    number: int  # in its case, from 1
    name: str
    size: int  # bytes
    sha256: bytes  # of the file
    stored: str  # name under which its sealed bytes are kept
    chain: tuple[Holding, ...]

    def to_json(self) -> Json:
        """Give what an officer is shown."""
        return {
            "number": self.number,
            "name": self.name,
            "bytes": self.size,
            "sha256": "0x" + self.sha256.hex(),
            "chain": [link.to_json() for link in self.chain],
        }


def taken(entry: Entry, number: int) -> Evidence:
    """Make the evidence that an entry brings.

    Args:
        entry: Of the act `evidence`.
        number: Its number in the case.
    """
    details = entry.details
    hashed = bytes.fromhex(details["sha256"])
    first = Holding(details["holder"], entry.at, entry.key, details["words"], hashed)
    return Evidence(number, details["name"], details["bytes"], hashed, details["stored"], (first,))


def handed_over(evidence: Evidence, entry: Entry) -> Evidence:
    """Add a link to the chain.

    Args:
        evidence: As it was.
        entry: Of the act `hand_over`.
    """
    previous = evidence.chain[-1].hash()
    link = Holding(entry.details["holder"], entry.at, entry.key, entry.details["words"], previous)
    chain = (*evidence.chain, link)
    return Evidence(evidence.number, evidence.name, evidence.size, evidence.sha256, evidence.stored, chain)


def require_chain(told: Json, digest: bytes, unix: Sequence[int]) -> None:
    """Require that evidence as it was shown is a file's, with an unbroken chain of who held it.

    Args:
        told: As `Evidence.to_json` gave it.
        digest: SHA-256 of the file at hand.
        unix: The times of the links, Unix seconds.

    Raises:
        InvalidInputError: The file is another, or a link does not follow; `position` says which, from 0.
    """
    advice = "Believe neither the file nor the record before it is known which of them was changed."
    if told["sha256"] != "0x" + digest.hex():
        raise InvalidInputError("The file is not the one of the record.", advice=advice, field="sha256")
    previous = digest
    for position, (link, at) in enumerate(zip(told["chain"], unix, strict=True)):
        made = Holding(link["holder"], at, bytes.fromhex(link["key"][2:]), link["words"], previous)
        if link["previous"] != "0x" + previous.hex() or link["hash"] != "0x" + made.hash().hex():
            detail = "A link of the chain of who held it does not follow the one before."
            raise InvalidInputError(detail, advice=advice, field="chain", position=position)
        previous = made.hash()
