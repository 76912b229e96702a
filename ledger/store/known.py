"""What is kept of goods and parties while it holds: loading and folding a batch is what costs most of a verdict.

`Known` is one version of the read model. When that moves, `after` makes the next one: everything but what the new
blocks speak of is taken over (`changes`), or nothing, where something was taken back or said of organisations and keys.
An older version stays as it is, for whoever still reads it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ledger.core.dossier import Dossier
from ledger.core.history import fold
from ledger.core.kept import Kept
from ledger.core.parts import batch_id
from ledger.store.parties import Parties

if TYPE_CHECKING:
    from ledger.core.facts import BatchFacts
    from ledger.store.read_model import ConsignmentReference, ReadModel

LARGE_BATCH: Final = 2_000  # custody events; a carton of a larger batch is judged by its own lineage alone
# What is kept weighs as many units as it has custody events, and some for itself: 5 to 7 kB each. So there is room for
# 2,000 batches of ten events; more would save few loads, and make the collector of garbage pause for longer.
WEIGHT_KEPT: Final = 30_000  # of batches, and as much again of cartons of large batches: 200 MB each
WEIGHT_OF_BATCH: Final = 5
SSCCS_KEPT: Final = 10_000


class Known:
    """What was asked for at one version. Safe to share between threads; make and use it inside a snapshot.

    Args:
        read_model: Where it is loaded from.
    """

    def __init__(self, read_model: ReadModel) -> None:
        self._read_model = read_model
        self.version = read_model.version()
        self._mark = read_model.mark()
        self.parties = Parties(read_model)
        self._batches: Kept[bytes, Dossier] = Kept(WEIGHT_KEPT, _weight)
        self._lineages: Kept[bytes, Dossier] = Kept(WEIGHT_KEPT, _weight)
        self._references: Kept[str, tuple[ConsignmentReference, ...]] = Kept(SSCCS_KEPT)

    def after(self) -> Known:
        """What holds of this at the read model's version now."""
        following = Known(self._read_model)
        changes = self._read_model.changes_since(self._mark)
        if changes is not None:
            following.parties = self.parties
            following._batches = self._batches.without(changes.batches)
            following._references = self._references.without(changes.ssccs)
            touched = [key for key, each in self._lineages.items() if each.registration.batch in changes.batches]
            following._lineages = self._lineages.without(touched)
        return following

    def batch(self, gtin: str, lot: str) -> Dossier | None:
        """All that is known of the batch `gtin` (14 digits) + `lot`; None if it is not registered."""
        identifier = batch_id(int(gtin), lot)
        known = self._kept(identifier)
        return known if known is not None else self._keep(identifier, self._read_model.batch(gtin, lot))

    def of(self, reference: ConsignmentReference, batch: bytes) -> Dossier | None:
        """All that is known of a consignment's or pallet's `batch`; for a carton of a large batch, of its lineage."""
        known = self._kept(batch)
        if known is not None:
            return known
        if reference.kind == "split" and self._read_model.size(batch) > LARGE_BATCH:
            return self._lineage(reference.consignment)
        return self._keep(batch, self._read_model.batch_by_id(batch))

    def named(self, sscc: str) -> tuple[ConsignmentReference, ...]:
        """Every consignment and pallet that was ever given this SSCC (18 digits), in chain order."""
        known = self._references.get(sscc)
        if known is None:
            known = self._references.put(sscc, tuple(self._read_model.consignments_by_sscc(sscc)))
        return known

    def _kept(self, batch: bytes) -> Dossier | None:
        """What is kept of a batch, but where its document is only there since."""
        known = self._batches.get(batch)
        if known is not None and not known.product and self._product(known.registration.details):
            return None
        return known

    def _keep(self, batch: bytes, facts: BatchFacts | None) -> Dossier | None:
        return None if facts is None else self._batches.put(batch, self._dossier(facts, complete=True))

    def _lineage(self, consignment: bytes) -> Dossier | None:
        known = self._lineages.get(consignment)
        if known is None and (facts := self._read_model.lineage(consignment)) is not None:
            known = self._lineages.put(consignment, self._dossier(facts, complete=False))
        return known

    def _dossier(self, facts: BatchFacts, *, complete: bool) -> Dossier:
        history = fold(facts, complete=complete)
        organisations = {
            number: found for number in history.organisations if (found := self.parties.organisation(number))
        }
        keys = {each: key for each in history.keys if (key := self.parties.key(each))}
        return Dossier(history, organisations, keys, product=self._product(facts.registration.details))

    def _product(self, details: bytes) -> str:
        return product_name(self._read_model.document(details))


def _weight(dossier: Dossier) -> int:
    return WEIGHT_OF_BATCH + len(dossier.history.events)


def product_name(document: bytes | None) -> str:
    """The product's name in a registration's document, "" if there is none."""
    if document is None:
        return ""
    name = json.loads(document).get("product")
    return name if isinstance(name, str) else ""
