"""The ledger's state as its logs tell it, kept in memory, for the comparison of the rules with the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ledger.core import facts
from ledger.core.history import BatchHistory, fold
from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.core.custody import ConsignmentState

NO_HASH = bytes(32)


class LoggedLedger:
    """A `LedgerView` over decoded logs.

    Args:
        wallet_says: Asks the chain about a signature (ERC-1271).
    """

    def __init__(self, wallet_says: Callable[[bytes, bytes, bytes], bool]) -> None:
        self.is_wallet_signature = wallet_says
        self.organisations: dict[int, facts.Organisation] = {}
        self.keys: dict[bytes, facts.Key] = {}
        self.anchors: dict[int, facts.Anchor] = {}
        self.registrations: dict[bytes, facts.Registration] = {}
        self.custody: list[facts.CustodyEvent | facts.Child | facts.Pallet | facts.Packing] = []
        self.until = 0
        self._histories: dict[bytes, BatchHistory] | None = None

    def take(self, logs: Iterable[facts.Fact]) -> list[facts.Refusal]:
        """Take the logs of one transaction; give the refusals among them."""
        refusals = []
        for fact in logs:
            match fact:
                case facts.OrganisationChange():
                    known = self.organisations.get(fact.number, facts.Organisation(fact.number, ()))
                    self.organisations[fact.number] = replace(known, changes=(*known.changes, fact))
                case facts.Suspension():
                    known = self.organisations[fact.number]
                    self.organisations[fact.number] = replace(known, suspensions=(*known.suspensions, fact))
                case facts.KeyAddition():
                    self.keys[fact.key] = facts.Key(fact)
                case facts.KeyEnding():
                    key = self.keys[fact.key]
                    self.keys[fact.key] = replace(key, endings=(*key.endings, fact))
                case facts.Registration():
                    self.registrations[fact.batch] = fact
                case facts.Anchor():
                    self.anchors[fact.organisation] = fact
                case facts.Refusal():
                    refusals.append(fact)
                case facts.Notice():
                    self.until = fact.until
                case _:
                    self.custody.append(fact)
        self._histories = None
        return refusals

    def histories(self) -> dict[bytes, BatchHistory]:
        """Fold every batch, by its id."""
        if self._histories is None:
            self._histories = {batch: fold(self.batch(batch)) for batch in self.registrations}
        return self._histories

    def batch(self, batch: bytes) -> facts.BatchFacts:
        """Give what was logged about one batch."""
        children = tuple(each for each in self.custody if isinstance(each, facts.Child) and each.batch == batch)
        ids = {batch, *(child.consignment for child in children)}
        packings = tuple(each for each in self.custody if isinstance(each, facts.Packing) and each.consignment in ids)
        pallets = {packing.pallet for packing in packings}
        events = tuple(
            each
            for each in self.custody
            if isinstance(each, facts.CustodyEvent) and (each.consignment in ids | pallets or each.digest in pallets)
        )
        return facts.BatchFacts(
            self.registrations[batch],
            events,
            children,
            tuple(each for each in self.custody if isinstance(each, facts.Pallet) and each.pallet in pallets),
            packings,
        )

    def states(self) -> dict[bytes, ConsignmentState]:
        """Give the state of every consignment and pallet."""
        return {each: state for history in self.histories().values() for each, state in history.states.items()}

    # What the rules ask

    def paused_until(self) -> int:
        return self.until

    def organisation(self, number: int) -> facts.Organisation | None:
        return self.organisations.get(number)

    def organisation_count(self) -> int:
        return len(self.organisations)

    def key(self, key: bytes) -> facts.Key | None:
        return self.keys.get(key)

    def authority_sequence(self, number: int) -> int:
        said: list[facts.OrganisationChange | facts.Suspension] = []
        for organisation in self.organisations.values():
            said += [*organisation.changes, *organisation.suspensions]
        return sum(1 for each in said if each.authority == number and each.digest != NO_HASH)

    def anchor(self, organisation: int) -> tuple[bytes, int]:
        anchor = self.anchors.get(organisation)
        return (anchor.digest, anchor.count) if anchor else (NO_HASH, 0)

    def consignment(self, consignment: bytes) -> ConsignmentState | None:
        return self.states().get(consignment)

    def pallet_count(self) -> int:
        return sum(isinstance(each, facts.Pallet) for each in self.custody)

    def recalled(self, batch: bytes) -> bool:
        history = self.histories().get(batch)
        return history is not None and history.recall is not None

    def recorded(self, digest: bytes) -> bool:
        return any(isinstance(each, facts.CustodyEvent) and each.digest == digest for each in self.custody)

    def corrected(self, digest: bytes) -> bytes | None:
        for each in self.custody:
            if isinstance(each, facts.CustodyEvent) and each.kind is Kind.CORRECT and each.previous == digest:
                return each.digest
        return None
