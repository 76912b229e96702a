"""What the ledger, earlier lines and conformity bodies know of what a declaration line names: what scoring rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.attestation.coverage import needs_certificate
from ledger.core.check import is_behind
from ledger.core.clock import time_of
from ledger.core.customs.case import Evidence
from ledger.core.customs.goods_rules import near_lots
from ledger.core.customs.journey import named_goods
from ledger.core.organisation import state_at
from ledger.store.attestations import Attestations
from ledger.store.known import Known
from ledger.store.read_model import ReadModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ledger.core.attestation.coverage import Papers
    from ledger.core.attestation.standing import Trust
    from ledger.core.customs.declaration import DeclarationLine
    from ledger.core.customs.journey import Goods
    from ledger.core.dossier import Dossier
    from ledger.core.facts import AsOf, Organisation, Registration
    from ledger.store.database import Database
    from ledger.store.declarations import History, Kept
    from ledger.store.parties import Parties


class LineEvidence:
    """Looks up what lines name. Safe to share between threads; ask inside `snapshot()`.

    Args:
        db: Where the ledger is read from.
        fresh_seconds: For how long the chain may have been silent before its data counts as old.
        fresh_blocks: How many blocks the read model may be behind before its data counts as old.
    """

    def __init__(self, db: Database, fresh_seconds: int, fresh_blocks: int) -> None:
        self._facts = ReadModel(db)
        self._attestations = Attestations(db)
        self._fresh = fresh_seconds, fresh_blocks
        self._known: Known | None = None
        self._companies: tuple[Parties, dict[str, Organisation]] | None = None

    def snapshot(self) -> AbstractContextManager[object]:
        """Let every call inside see the same state."""
        return self._facts.snapshot()

    def as_of(self) -> AsOf:
        """How far the read model has come."""
        return self._facts.as_of()

    def organisation(self, number: int) -> Organisation | None:
        """Everything said of an organisation, None if none has the number."""
        return self._current().parties.organisation(number)

    def trust(self, operators: Iterable[int]) -> Trust:
        """What was attested about operators, and whose statuses which administrations recognise."""
        return self._attestations.trust(operators, self._current().parties)

    def of_lines(self, kept: Sequence[Kept], history: History, now: int) -> Iterator[Evidence]:
        """What is known of each of some lines, one after the other.

        Args:
            kept: The lines.
            history: What was declared before about what they name.
            now: Unix seconds, by this machine's clock.
        """
        known, as_of = self._current(), self._facts.as_of()
        at, behind = time_of(as_of, now), is_behind(as_of, now, *self._fresh)
        papers: dict[bytes, Papers] = {}
        for each in kept:
            yield self._of_line(each, known, history, papers)._replace(now=at, behind=behind)

    def of_goods(self, sscc: str, now: int) -> Evidence:
        """What is known of the goods that an SSCC names, without any declaration.

        Args:
            sscc: 18 digits.
            now: Unix seconds, by this machine's clock.
        """
        known, as_of = self._current(), self._facts.as_of()
        carried = _carried(sscc, known)
        papers = self._papers([each.dossier for each in carried], known, {})
        behind = is_behind(as_of, now, *self._fresh)
        return Evidence(carried=carried, now=time_of(as_of, now), behind=behind, papers=papers)

    def companies(self, line: DeclarationLine) -> list[Organisation | None]:
        """Every company that a line names by its GLN, as far as it is on the ledger."""
        parties = self._current().parties
        named = (line.importer_id, line.consignee_id, line.exporter_id, line.carrier_id)
        return [self._company(each, parties) for each in named if each]

    def _of_line(self, kept: Kept, known: Known, history: History, papers: dict[bytes, Papers]) -> Evidence:
        line = kept.line
        carried = _carried(line.sscc, known) if line.sscc else ()
        batch = known.batch(line.gtin, line.lot) if line.gtin else None
        licensee = None if carried else self._licensee(line, known, batch_known=batch is not None)
        seek = licensee is not None and line.gtin and batch is None
        dossiers = [each.dossier for each in carried] or ([batch] if batch else [])
        return Evidence(
            carried=carried,
            batch=batch,
            licensee=licensee,
            near_lots=near_lots(line.lot, self._facts.lots(line.gtin)) if seek else (),
            consignee=self._company(line.consignee, known.parties),
            earlier=history.earlier(kept),
            declared_before=history.declared_before(kept),
            papers=self._papers(dossiers, known, papers),
        )

    def _papers(self, dossiers: Iterable[Dossier], known: Known, kept: dict[bytes, Papers]) -> dict[bytes, Papers]:
        """The certificates of what is protective equipment; those looked up before are taken from `kept`."""
        for dossier in dossiers:
            registration = dossier.registration
            if needs_certificate(registration) and registration.batch not in kept:
                kept[registration.batch] = self._attestations.papers(registration, dossier.product, known.parties)
        return kept

    def _licensee(self, line: DeclarationLine, known: Known, *, batch_known: bool) -> Organisation | None:
        """Whose company prefix the code carries that the ledger does not know; it stands alike in GTIN and SSCC."""
        if line.gtin and not batch_known:
            return known.parties.licensee(line.gtin)
        return known.parties.licensee(f"0{line.sscc[1:13]}0") if line.sscc else None

    def _company(self, gln: str, parties: Parties) -> Organisation | None:
        """The organisation with a GLN."""
        if self._companies is None or self._companies[0] is not parties:
            found = {}
            for organisation in self._facts.organisations():
                state = state_at(organisation)
                if state is not None and state.gln:
                    found[state.gln] = organisation
            self._companies = parties, found
        return self._companies[1].get(gln)

    def _current(self) -> Known:
        """What is known at the version of the snapshot that is open."""
        known = self._known
        if known is None or known.version != self._facts.version():
            known = self._known = Known(self._facts) if known is None else known.after()
        return known


def registrations_of(evidence: Evidence) -> tuple[Registration, ...]:
    """The batches that a line names."""
    if evidence.carried:
        return tuple(each.dossier.registration for each in evidence.carried)
    return (evidence.batch.registration,) if evidence.batch else ()


def _carried(sscc: str, known: Known) -> tuple[Goods, ...]:
    """What an SSCC carries: of a pallet each batch."""
    found = (
        (known.of(reference, batch), reference.consignment)
        for reference in known.named(sscc)
        for batch in reference.batches
    )
    return tuple(named_goods(dossier, named) for dossier, named in found if dossier is not None)
