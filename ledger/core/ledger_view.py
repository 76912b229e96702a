"""What the rules ask of the ledger's present state. `submit` answers from the read model, tests from a story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ledger.core.custody import ConsignmentState
    from ledger.core.facts import Key, Organisation


class LedgerView(Protocol):
    """The state of the ledger before a statement."""

    def paused_until(self) -> int:
        """Give the time before which the council takes no statement, Unix seconds; 0 or past if it takes them."""

    def organisation(self, number: int) -> Organisation | None:
        """Give an organisation."""

    def organisation_count(self) -> int:
        """Count the organisations; they are numbered from 1."""

    def key(self, key: bytes) -> Key | None:
        """Give a key, by the keccak256 of its signer."""

    def is_wallet_signature(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        """Tell whether a contract says that a signature is its own (ERC-1271); asked where no known curve verifies it.

        True where it cannot be asked now: the chain will.
        """

    def authority_sequence(self, number: int) -> int:
        """Count an authority's signed accreditations and suspensions."""

    def anchor(self, organisation: int) -> tuple[bytes, int]:
        """Give the digest of an organisation's last anchor (32 zero bytes if none) and its count."""

    def consignment(self, consignment: bytes) -> ConsignmentState | None:
        """Give the folded state of a consignment or pallet."""

    def pallet_count(self) -> int:
        """Count the pallets; they are numbered from 1."""

    def recalled(self, batch: bytes) -> bool:
        """Tell whether a batch is recalled."""

    def recorded(self, digest: bytes) -> bool:
        """Tell whether a custody event is on record."""

    def corrected(self, digest: bytes) -> bytes | None:
        """Give the digest of the CORRECT that names an event wrong."""
