"""A signed statement about one pack as it is handed in, and the bytes by which a log commits to it.

The JSON is that of every statement: `{"type": "UnitEvent", "message": {…}, "signer": "0x…", "signature": "0x…"}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.core.fields import read_signer, read_statement, refuse, refuse_unknown
from ledger.core.log_tree import leaf_hash
from ledger.core.parts import key_id
from ledger.core.structs import UnitStatement
from ledger.core.submission import read_signature
from ledger.core.unit import UnitEvent, UnitKind

if TYPE_CHECKING:
    from ledger.core.structs import Domain

_FIELDS = ("type", "message", "signer", "signature")


@dataclass(frozen=True, slots=True)
class UnitSubmission:
    """A signed statement about one pack."""

    statement: UnitStatement
    signer: bytes  # 20 or 64 bytes
    signature: bytes

    def leaf(self, domain: Domain) -> bytes:
        """Hash it as its organisation's log does, from what anyone has who has the statement.

        The entry is digest (32 bytes) ‖ key id (keccak256 of the signer, 32 bytes) ‖ signature: the digest covers every
        field and the ledger, so that no other statement, key or signature has the same entry.

        Args:
            domain: The chain and contract it is for.

        Returns:
            32 bytes.
        """
        return leaf_hash(self.statement.digest(domain) + key_id(self.signer) + self.signature)

    def event(self, domain: Domain, received_at: int, index: int) -> UnitEvent:
        """Give it as the log of its organisation holds it.

        Args:
            domain: The chain and contract it is for.
            received_at: Unix seconds, by the server's clock.
            index: Its place in the log.
        """
        statement = self.statement
        return UnitEvent(
            digest=statement.digest(domain),
            actor=statement.actor,
            kind=UnitKind(statement.kind),
            gtin=f"{statement.gtin:014d}",
            lot=statement.lot,
            serial=statement.serial,
            place=statement.place.rstrip(b"\0").decode(),
            occurred_at=statement.occurred_at,
            previous=statement.previous,
            key=key_id(self.signer),
            received_at=received_at,
            index=index,
        )

    def payload(self) -> dict[str, Any]:
        """Give the canonical JSON, from which `parse_unit_submission` makes an equal submission."""
        return {
            "type": UnitStatement.NAME,
            "message": self.statement.message(),
            "signer": "0x" + self.signer.hex(),
            "signature": "0x" + self.signature.hex(),
        }


def is_unit_submission(payload: object) -> bool:
    """Tell whether what was handed in says that it is about one pack, and so goes into a log, not to the chain.

    Args:
        payload: The decoded JSON.
    """
    return isinstance(payload, dict) and payload.get("type") == UnitStatement.NAME


def parse_unit_submission(payload: dict[str, Any]) -> UnitSubmission:
    """Read what was handed in.

    Args:
        payload: The decoded JSON, for which `is_unit_submission` holds.

    Returns:
        The submission; its signature is not checked yet.

    Raises:
        InvalidStatementError: Malformed; `field` names the place.
    """
    for name in _FIELDS:
        if name not in payload:
            raise refuse(name, f"The field {name!r} is missing.")
    for name in payload:
        if name not in _FIELDS:
            raise refuse_unknown("", name, UnitStatement.NAME)
    signer = read_signer(payload["signer"], "signer")
    return UnitSubmission(
        statement=read_statement(UnitStatement, payload["message"]),
        signer=signer,
        signature=read_signature(payload["signature"], "signature", signer),
    )
