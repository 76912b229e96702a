"""Fold what the logs say of a batch into the state of its consignments, and find where the logs contradict themselves.

Nothing a log says of a state is taken over: heads, holders, quantities and holds are recomputed from the events alone,
and every event must meet the contract's own conditions (`conditions`). So an event that was dropped, altered, moved or
forged on the way to us shows as a break. Who was allowed to sign then is for `dossier` to say, which knows the keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ledger.core.conditions import check
from ledger.core.custody import NO_ID, ConsignmentState, Parts, after, first_consignment
from ledger.core.errors import InvalidStatementError, StatementRefusedError
from ledger.core.facts import Child, CustodyEvent, Packing, Pallet
from ledger.core.keccak import keccak256
from ledger.core.parts import batch_id, child_id, pack_children, pack_ids, pack_pallet
from ledger.core.refusals import refused
from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.core.facts import BatchFacts, Registration
    from ledger.core.vocabulary import Role

_MOST_CHILDREN = 1024  # more than a transaction at the gas cap of EIP-7825 can make (about 300)
_LOST_PART = "A part is logged without the event that it is part of."
_OTHER_PARTS = "The parts logged are not those that were signed."


class Break(NamedTuple):
    """A place where the logs contradict the rules or each other."""

    consignment: bytes
    digest: bytes  # of the event; of the registration for what precedes all events
    error: str  # the contract's error name, or one of this module's: "Registration", "Parts", "Orphan"
    words: str  # for a person


class Discrepancy(NamedTuple):
    """A RECEIVE whose quantity is not what was shipped."""

    event: CustodyEvent
    shipped: int


class Span(NamedTuple):
    """A consignment's time on a pallet, as positions in the history's events: from its PACK to its UNPACK."""

    pallet: bytes
    start: int
    end: int | None  # None = still on it


@dataclass(frozen=True, slots=True)
class BatchHistory:
    """A batch's events and what they amount to."""

    registration: Registration
    events: tuple[CustodyEvent, ...]  # in chain order
    states: Mapping[bytes, ConsignmentState]  # consignments and pallets, by id
    recall: CustodyEvent | None
    corrections: Mapping[bytes, CustodyEvent]  # by the digest of the event that each names wrong
    discrepancies: tuple[Discrepancy, ...]  # also those corrected since
    breaks: tuple[Break, ...]
    organisations: frozenset[int]  # everyone named
    keys: frozenset[bytes]  # every key that signed
    own: Mapping[bytes, tuple[int, ...]]  # positions in `events`, by consignment or pallet
    births: Mapping[bytes, int]  # position of the SPLIT that made a consignment
    spans: Mapping[bytes, tuple[Span, ...]]  # by consignment
    notes: tuple[int, ...]  # positions of RECALL and CORRECT, which concern more than the consignment they name

    def positions(self, consignment: bytes) -> frozenset[int]:
        """Find the events that a consignment went through.

        Args:
            consignment: Its id, or a pallet's.

        Returns:
            Positions in `events`: those of its ancestors up to each split, of the pallets it was on while it was there,
            its own, the batch's recall, and the corrections of any of these.
        """
        found: set[int] = set()
        for each, until in self._lineage(consignment):
            found.update(index for index in self.own.get(each, ()) if index <= until)
            for span in self.spans.get(each, ()):
                end = until if span.end is None else min(until, span.end)
                found.update(index for index in self.own.get(span.pallet, ()) if span.start <= index <= end)
        found.update(self._everywhere(found))
        return frozenset(found)

    def _lineage(self, consignment: bytes) -> Iterator[tuple[bytes, int]]:
        """Walk back through the splits: each consignment with the last position that its descendant saw."""
        until = len(self.events)
        while consignment in self.states:
            yield consignment, until
            birth = self.births.get(consignment, until)
            if birth >= until:  # the first consignment; or a forged parent that would lead round in a circle
                return
            consignment, until = self.states[consignment].parent, birth

    def _everywhere(self, found: set[int]) -> Iterator[int]:
        named = {self.events[index].digest for index in found} if self.notes else frozenset()
        for index in self.notes:
            event = self.events[index]
            if event.kind is Kind.RECALL or event.previous in named:
                yield index

    def path(self, consignment: bytes) -> tuple[CustodyEvent, ...]:
        """Give the events that a consignment went through since its registration, in chain order.

        Args:
            consignment: Its id, or a pallet's.
        """
        return tuple(self.events[index] for index in sorted(self.positions(consignment)))

    def effective(self, consignment: bytes) -> ConsignmentState:
        """Give the state that counts for a person: what is on a pallet moves, and is held, with its pallet.

        Args:
            consignment: Its id, or a pallet's.

        Raises:
            KeyError: The id is not of this batch.
        """
        state = self.states[consignment]
        pallet = self.states.get(state.pallet)
        if pallet is None:
            return state
        state = state._replace(
            holder=pallet.holder,
            counterparty=pallet.counterparty,
            held_by=pallet.held_by,
            seized=pallet.seized,
        )
        if pallet.destroyed:
            return state._replace(rest=0, destroyed=state.destroyed + state.rest)
        return state

    def consignments(self) -> tuple[bytes, ...]:
        """Give the ids of the batch's consignments, in the order in which they came to be; pallets are left out."""
        return tuple(state.id for state in self.states.values() if not state.number)

    def live(self) -> tuple[bytes, ...]:
        """Give the ids of the consignments of which something is left."""
        return tuple(each for each in self.consignments() if self.effective(each).rest)

    def on_pallet(self, pallet: bytes) -> tuple[bytes, ...]:
        """Give the batch's consignments on a pallet; if all came off, those that were on it.

        Args:
            pallet: The pallet's id.
        """
        now = tuple(each for each in self.consignments() if self.states[each].pallet == pallet)
        return now or tuple(each for each, spans in self.spans.items() if any(span.pallet == pallet for span in spans))


def fold(facts: BatchFacts, *, complete: bool = True) -> BatchHistory:
    """Fold a batch's facts. Pure, so the result may be kept as long as the facts stay the same.

    Args:
        facts: Everything logged about the batch, in chain order.
        complete: False if `facts` are of one consignment's lineage only: siblings may then be missing from a split.

    Returns:
        The history. It never raises for what the logs say: contradictions are its `breaks`.
    """
    book = _Book(facts, complete=complete)
    for event, logs in _grouped(facts, book):
        book.enter(event, logs)
    return book.close()


def _grouped(facts: BatchFacts, book: _Book) -> Iterator[tuple[CustodyEvent, list[Child | Pallet | Packing]]]:
    """Put to each event the logs that followed it, which are its parts."""
    everything: list[CustodyEvent | Child | Pallet | Packing] = sorted(
        (*facts.events, *facts.children, *facts.pallets, *facts.packings),
        key=lambda fact: (fact.recorded.block, fact.recorded.log_index),
    )
    event: CustodyEvent | None = None
    logs: list[Child | Pallet | Packing] = []
    for fact in everything:
        if not isinstance(fact, CustodyEvent):
            if event is None:
                book.note(facts.registration.batch, facts.registration.digest, "Orphan", _LOST_PART)
            logs.append(fact)
            continue
        if event is not None:
            yield event, logs
        event, logs = fact, []
    if event is not None:
        yield event, logs


class _Book:
    """The fold in progress. It is the `World` of the conditions, as far as a batch's own logs tell."""

    def __init__(self, facts: BatchFacts, *, complete: bool) -> None:
        registration = facts.registration
        self.registration = registration
        self.complete = complete
        self.events: list[CustodyEvent] = []
        self.states = {registration.batch: first_consignment(registration)}
        self.recall: CustodyEvent | None = None
        self.corrections: dict[bytes, CustodyEvent] = {}
        self.discrepancies: list[Discrepancy] = []
        self.breaks: list[Break] = []
        self.organisations = {registration.manufacturer}
        self.own: dict[bytes, list[int]] = {}
        self.births: dict[bytes, int] = {}
        self.spans: dict[bytes, list[Span]] = {}
        self._by_digest: dict[bytes, CustodyEvent] = {}
        self._place = ""  # of the event in hand
        if registration.batch != batch_id(int(registration.gtin), registration.lot):
            self.note(registration.batch, registration.digest, "Registration", "The id is not that of GTIN and lot.")

    def note(self, consignment: bytes, digest: bytes, error: str, words: str) -> None:
        """Write down a break."""
        self.breaks.append(Break(consignment, digest, error, words))

    def enter(self, event: CustodyEvent, logs: Iterable[Child | Pallet | Packing]) -> None:
        """Check one event against the state before it, then apply it."""
        self._place = event.place
        parts = self._parts(event, logs)
        try:
            check(event, parts, self)
        except StatementRefusedError as error:
            self.note(event.consignment, event.digest, error.evidence["error"], error.detail)
        self._keep(event, parts)
        for state in after(event, parts, self.states):
            self.states[state.id] = state

    def _keep(self, event: CustodyEvent, parts: Parts) -> None:
        index = len(self.events)
        before = self.states.get(event.consignment)
        self.events.append(event)
        self._by_digest[event.digest] = event
        self.organisations |= {event.actor, event.counterparty}
        self.own.setdefault(event.digest if event.kind is Kind.PACK else event.consignment, []).append(index)
        if event.kind is Kind.RECALL and self.recall is None:
            self.recall = event
        elif event.kind is Kind.CORRECT:
            self.corrections.setdefault(event.previous, event)
        elif event.kind is Kind.RECEIVE and before is not None and before.rest != event.quantity:
            self.discrepancies.append(Discrepancy(event, before.rest))
        elif event.kind is Kind.SPLIT:
            self.births.update({child: index for child, _sscc, _quantity in parts.children})
        elif event.kind is Kind.PACK:
            for member in parts.members:
                self.spans.setdefault(member, []).append(Span(event.digest, index, None))
        elif event.kind is Kind.UNPACK:
            self._end_spans(event, parts, index)

    def _end_spans(self, event: CustodyEvent, parts: Parts, index: int) -> None:
        for member in parts.members:
            spans = self.spans.get(member)
            if spans and spans[-1].pallet == event.consignment:
                spans[-1] = spans[-1]._replace(end=index)

    def _parts(self, event: CustodyEvent, logs: Iterable[Child | Pallet | Packing]) -> Parts:
        children = [log for log in logs if isinstance(log, Child)]
        packings = [log for log in logs if isinstance(log, Packing)]
        pallet = next((log for log in logs if isinstance(log, Pallet)), None)
        if event.kind is Kind.SPLIT:
            return self._split_parts(event, children)
        if event.kind in (Kind.PACK, Kind.UNPACK):
            return self._pallet_parts(event, pallet, packings)
        if children or packings or pallet:
            self.note(event.consignment, event.digest, "Orphan", _LOST_PART)
        return Parts()

    def _split_parts(self, event: CustodyEvent, children: list[Child]) -> Parts:
        named = tuple((child.consignment, child.sscc, child.quantity) for child in children)
        if self.complete:
            ids = [child_id(event.digest, index) for index in range(len(children))]
            fits = [child.consignment for child in children] == ids and _hash_of_children(children) == event.parts
        else:
            possible = {child_id(event.digest, index) for index in range(_MOST_CHILDREN)} if children else set()
            fits = all(child.consignment in possible for child in children)
        same = all(child.parent == event.consignment and child.digest == event.digest for child in children)
        if not fits or not same:
            self.note(event.consignment, event.digest, "Parts", _OTHER_PARTS)
        return Parts(named, complete=self.complete)

    def _pallet_parts(self, event: CustodyEvent, pallet: Pallet | None, packings: list[Packing]) -> Parts:
        """Read a pallet's parts. Those of other batches are not logged here, so only a full set can be compared."""
        members = tuple(packing.consignment for packing in packings)
        whole = len(members) == event.quantity
        packed = event.kind is Kind.PACK
        name = event.digest if packed else event.consignment
        if any(packing.pallet != name or packing.packed != packed for packing in packings):
            self.note(event.consignment, event.digest, "Parts", "The parts logged are not those of this pallet.")
        if packed and (pallet is None or pallet.pallet != name):
            self.note(event.consignment, event.digest, "Parts", "The pallet is not logged.")
        sscc = pallet.sscc if pallet else None
        if whole and event.parts != self._hash_of_pallet(event, sscc, members):
            self.note(event.consignment, event.digest, "Parts", _OTHER_PARTS)
        return Parts(members=members, sscc=sscc, number=pallet.number if pallet else 0, complete=False)

    def _hash_of_pallet(self, event: CustodyEvent, sscc: str | None, members: tuple[bytes, ...]) -> bytes:
        if event.kind is Kind.UNPACK:
            return keccak256(pack_ids(members))
        heads = [(member, self.states[member].head) for member in members if member in self.states]
        try:
            return keccak256(pack_pallet(sscc, heads))
        except InvalidStatementError:
            return NO_ID

    def close(self) -> BatchHistory:
        """Give the finished history."""
        held = (number for state in self.states.values() for number in (state.holder, state.held_by))
        return BatchHistory(
            registration=self.registration,
            events=tuple(self.events),
            states=self.states,
            recall=self.recall,
            corrections=self.corrections,
            discrepancies=tuple(self.discrepancies),
            breaks=tuple(self.breaks),
            organisations=frozenset({*self.organisations, *held} - {0}),
            keys=frozenset({self.registration.key, *(event.key for event in self.events)}),
            own={consignment: tuple(indexes) for consignment, indexes in self.own.items()},
            births=self.births,
            spans={consignment: tuple(spans) for consignment, spans in self.spans.items()},
            notes=tuple(index for index, event in enumerate(self.events) if event.kind in (Kind.RECALL, Kind.CORRECT)),
        )

    # What the conditions ask

    def consignment(self, consignment: bytes) -> ConsignmentState | None:
        """Give a state as folded so far."""
        return self.states.get(consignment)

    def pallet_number(self, pallet: bytes) -> int:
        """Give a pallet's number."""
        state = self.states.get(pallet)
        return state.number if state else 0

    def recorded(self, digest: bytes) -> bool:
        """Tell whether an event was folded before."""
        return digest in self._by_digest

    def corrected(self, digest: bytes) -> bytes | None:
        """Give the CORRECT folded so far."""
        correction = self.corrections.get(digest)
        return correction.digest if correction else None

    def recalled(self, _batch: bytes) -> bool:
        """Tell whether the batch is recalled so far."""
        return self.recall is not None

    def require_correctable(self, event: CustodyEvent) -> None:
        """Require the same actor and consignment, where the earlier event is among the facts."""
        earlier = self._by_digest.get(event.previous)
        if earlier is None:
            return
        if earlier.consignment != event.consignment:
            raise refused("UnexpectedField", b"consignment".ljust(32, b"\0"))
        if earlier.actor != event.actor:
            raise refused("NotActor", earlier.actor, event.actor)

    # Accreditations are judged elsewhere: a batch's logs say nothing of them.

    def require_role(self, _organisation: int, _roles: Role) -> str:
        """Accept; the country is the place's, as far as these logs tell."""
        return self._place[:2]

    def is_regulator(self, _organisation: int) -> bool:
        """Accept."""
        return True

    def same_country(self, _one: int, _other: int) -> bool:
        """Accept."""
        return True

    def require_sscc(self, _organisation: int, _sscc: str | None) -> None:
        """Accept."""

    def require_countersignature(self, _event: CustodyEvent) -> None:
        """Accept."""


def _hash_of_children(children: Iterable[Child]) -> bytes:
    try:
        return keccak256(pack_children((child.sscc, child.quantity) for child in children))
    except InvalidStatementError:
        return NO_ID
