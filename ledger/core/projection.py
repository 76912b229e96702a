"""The ledger's state after statements that are accepted but not recorded yet: a bundle's events, or what is queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.court import parts_of
from ledger.core.custody import after, by_authority, first_consignment
from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from ledger.core.custody import ConsignmentState
    from ledger.core.facts import CustodyEvent, Registration
    from ledger.core.ledger_view import LedgerView


class Projection:
    """A view of the ledger with registrations and custody events laid over it.

    Args:
        view: The state underneath, which is not changed.
    """

    def __init__(self, view: LedgerView) -> None:
        self._view = view
        self._states: dict[bytes, ConsignmentState] = {}
        self._recorded: set[bytes] = set()
        self._recalled: set[bytes] = set()
        self._corrections: dict[bytes, bytes] = {}
        self._pallets = view.pallet_count()
        self.paused_until = view.paused_until
        self.organisation = view.organisation
        self.organisation_count = view.organisation_count
        self.key = view.key
        self.is_wallet_signature = view.is_wallet_signature
        self.authority_sequence = view.authority_sequence
        self.anchor = view.anchor

    def register(self, registration: Registration) -> None:
        """Lay a registration over the state.

        Args:
            registration: One that the rules accept.
        """
        self._states[registration.batch] = first_consignment(registration)

    def enter(self, event: CustodyEvent, attachment: bytes) -> None:
        """Lay a custody event over the state.

        Args:
            event: One that the rules accept.
            attachment: What travels beside it.
        """
        parts = parts_of(event.kind, attachment, event.digest, self._pallets + 1)
        known = ((each, self.consignment(each)) for each in (event.consignment, *parts.members))
        before = {each: state for each, state in known if state is not None}
        if by_authority(event, before.get(event.consignment)):
            self._recorded.add(event.digest)
        self._states.update((state.id, state) for state in after(event, parts, before))
        if event.kind is Kind.PACK:
            self._pallets += 1
        elif event.kind is Kind.RECALL:
            self._recalled.add(event.consignment)
        elif event.kind is Kind.CORRECT:
            self._corrections[event.previous] = event.digest

    def consignment(self, consignment: bytes) -> ConsignmentState | None:
        """Give the state of a consignment or pallet."""
        return self._states.get(consignment) or self._view.consignment(consignment)

    def pallet_count(self) -> int:
        """Count the pallets."""
        return self._pallets

    def recalled(self, batch: bytes) -> bool:
        """Tell whether a batch is recalled."""
        return batch in self._recalled or self._view.recalled(batch)

    def recorded(self, digest: bytes) -> bool:
        """Tell whether an authority's event is on record."""
        return digest in self._recorded or self._view.recorded(digest)

    def corrected(self, digest: bytes) -> bytes | None:
        """Give the digest of the CORRECT that names an event wrong."""
        return self._corrections.get(digest) or self._view.corrected(digest)
