"""From the statements of a proof bundle to the facts that the ledger logged when it recorded them.

The ledger logs what a statement says and what its attachment names, and nothing else that decides, so the logs follow
from the statements. Where an event stood in the chain is not among them: the heads tell the order of what concerns one
consignment, and whatever is independent of each other stands in one canonical order.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from ledger.core import facts, parts
from ledger.core.dates import read_date
from ledger.core.errors import InvalidProofError
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import Kind, ProductClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ledger.core.proof_bundle import ProofBundle, ProvenEvent
    from ledger.core.structs import BatchRegistration, CustodyStatement, Domain

LATEST_CAPTURE: Final = 30 * 86_400  # seconds that an event may lie before the block that records it
CLOCK_AHEAD: Final = 600  # seconds that it may lie after it
_NO_PARTS: Final = bytes(32)
_UNPLACED: Final = b""  # the transaction is not proved


def touched(event: CustodyStatement, digest: bytes, attachment: bytes) -> frozenset[bytes]:
    """Name what an event reads or changes: two events that share nothing may stand in either order.

    Args:
        event: The event.
        digest: Its digest.
        attachment: What travels beside it.

    Returns:
        Ids of consignments and pallets, and digests of events.

    Raises:
        InvalidStatementError: The attachment is malformed.
    """
    if event.kind == Kind.CORRECT:
        return frozenset({digest, event.previous})
    if event.kind == Kind.PACK:
        return frozenset({digest, *(member for member, _head in parts.unpack_pallet(attachment)[1])})
    found = {digest, event.consignment}
    if event.kind == Kind.SPLIT:
        found |= {parts.child_id(digest, index) for index in range(len(parts.unpack_children(attachment)))}
    elif event.kind == Kind.UNPACK:
        found |= set(parts.unpack_ids(attachment))
    return frozenset(found)


def canonical_order(digests: Sequence[bytes], touches: Sequence[frozenset[bytes]]) -> list[int]:
    """Put events into the one order that proof bundles have.

    Args:
        digests: Of the events, in an order in which they may have been recorded.
        touches: What each touches, as `touched` says.

    Returns:
        Positions: of all that may come next, always the one with the smallest digest.
    """
    waiting, followers = [0] * len(digests), [[] for _ in digests]  # type: tuple[list[int], list[list[int]]]
    last: dict[bytes, int] = {}
    for index, resources in enumerate(touches):
        for before in {last[each] for each in resources if each in last}:
            followers[before].append(index)
            waiting[index] += 1
        last.update(dict.fromkeys(resources, index))
    ready = [(digest, index) for index, digest in enumerate(digests) if not waiting[index]]
    heapq.heapify(ready)
    order = []
    while ready:
        _digest, index = heapq.heappop(ready)
        order.append(index)
        for each in followers[index]:
            waiting[each] -= 1
            if not waiting[each]:
                heapq.heappush(ready, (digests[each], each))
    return order


def latest_times(events: Sequence[facts.CustodyEvent], touches: Sequence[frozenset[bytes]], now: int) -> list[int]:
    """Say until when each event was recorded at the latest; the last of the list is for the registration.

    An event is recorded at most 30 days after it happened, and before every event that builds on it.

    Args:
        events: In order.
        touches: What each touches.
        now: Time of the proved block, Unix seconds.
    """
    bound: dict[bytes, int] = {}
    found = []
    for event, resources in zip(reversed(events), reversed(touches), strict=True):
        latest = min([now, event.occurred_at + LATEST_CAPTURE, *(bound.get(each, now) for each in resources)])
        bound.update(dict.fromkeys(resources, latest))
        found.append(latest)
    return [*reversed(found), min(found, default=now)]


def batch_facts(
    bundle: ProofBundle, domain: Domain, digests: Sequence[bytes], pallet_number: Callable[[bytes], int]
) -> facts.BatchFacts:
    """Write the logs that the contract wrote when it recorded these statements.

    Args:
        bundle: The statements.
        domain: What they were signed for.
        digests: Of the events, in order.
        pallet_number: Gives a pallet's number, which the contract chose.

    Returns:
        The facts; places in the chain are only an order, and block times are not known.

    Raises:
        InvalidProofError: An event's attachment is not the one that it signs, or a value stands for nothing.
    """
    scribe = _Scribe(_registration(bundle.registration, domain, bundle.registered.signer), pallet_number)
    for index, (event, digest) in enumerate(zip(bundle.events, digests, strict=True)):
        try:
            scribe.write(event, digest)
        except ValueError as error:
            detail = "An event says what cannot be, or other parts stand beside it than it signs."
            raise InvalidProofError(detail, rule="history", field=f"events[{index}]") from error
    return scribe.facts()


def _registration(statement: BatchRegistration, domain: Domain, signer: bytes) -> facts.Registration:
    try:
        return facts.Registration(
            digest=statement.digest(domain),
            batch=parts.batch_id(statement.gtin, statement.lot),
            manufacturer=statement.manufacturer,
            gtin=f"{statement.gtin:014d}",
            lot=statement.lot,
            product_class=ProductClass(statement.product_class),
            quantity=statement.quantity,
            manufactured=read_date(statement.manufactured) if statement.manufactured else None,
            expiry=read_date(statement.expiry),
            unit_root=statement.unit_root,
            details=statement.details,
            key=parts.key_id(signer),
            recorded=facts.Recorded(0, 0, 0, _UNPLACED),
        )
    except (ValueError, IndexError) as error:
        raise InvalidProofError("The registration is malformed.", rule="history", field="registration") from error


class _Scribe:
    """Writes the logs of one batch's events, and follows the heads that a PACK must name."""

    def __init__(self, registration: facts.Registration, pallet_number: Callable[[bytes], int]) -> None:
        self._registration = registration
        self._pallet_number = pallet_number
        self._count = 0
        self._heads = {registration.batch: registration.digest}
        self._pallets: set[bytes] = set()
        self._logs: dict[type, list[facts.Fact]] = {
            kind: [] for kind in (facts.CustodyEvent, facts.Child, facts.Pallet, facts.Packing)
        }

    def write(self, event: ProvenEvent, digest: bytes) -> None:
        """Write the logs of one event."""
        statement, attachment = event.statement, event.attachment
        kind = Kind(statement.kind)
        signer = b"" if event.signed is None else event.signed.signer
        log = facts.CustodyEvent(
            digest=digest,
            consignment=statement.consignment,
            previous=statement.previous,
            actor=statement.actor,
            kind=kind,
            occurred_at=statement.occurred_at,
            counterparty=statement.counterparty,
            quantity=statement.quantity,
            place=statement.place.rstrip(b"\0").decode("ascii"),
            parts=statement.parts,
            details=statement.details,
            key=parts.key_id(signer),
            recorded=self._place(statement.occurred_at),
        )
        self._logs[facts.CustodyEvent].append(log)
        hashed = kind in {Kind.SPLIT, Kind.PACK, Kind.UNPACK}
        if statement.parts != (keccak256(attachment) if hashed else _NO_PARTS):
            raise ValueError(kind)
        if kind not in {Kind.PACK, Kind.CORRECT}:
            self._grow(statement.consignment, digest)
        writer = {Kind.SPLIT: self._split, Kind.PACK: self._pack, Kind.UNPACK: self._unpack}.get(kind)
        if writer:
            writer(log, attachment)
        elif attachment and kind not in {Kind.HANDOVER, Kind.CORRECT}:
            raise ValueError(kind)

    def _grow(self, consignment: bytes, digest: bytes) -> None:
        if consignment in self._heads:
            self._heads[consignment] = parts.next_head(self._heads[consignment], digest)

    def _split(self, event: facts.CustodyEvent, attachment: bytes) -> None:
        batch = self._registration.batch
        for index, (sscc, quantity) in enumerate(parts.unpack_children(attachment)):
            child = parts.child_id(event.digest, index)
            self._heads[child] = event.digest
            self._add(facts.Child(child, event.consignment, batch, sscc, quantity, event.digest, self._place()))

    def _pack(self, event: facts.CustodyEvent, attachment: bytes) -> None:
        sscc, members = parts.unpack_pallet(attachment)
        self._heads[event.digest] = event.digest
        self._pallets.add(event.digest)
        self._add(facts.Pallet(event.digest, self._pallet_number(event.digest), sscc, self._place()))
        if len(members) != event.quantity:
            raise ValueError(members)
        for member, head in members:
            if self._heads.get(member, head) != head:
                raise ValueError(head)
            self._note(member, event.digest, packed=True)

    def _unpack(self, event: facts.CustodyEvent, attachment: bytes) -> None:
        members = parts.unpack_ids(attachment)
        if len(members) != event.quantity:
            raise ValueError(members)
        for member in members:
            self._grow(member, event.digest)
            self._note(member, event.consignment, packed=False)

    def _note(self, member: bytes, pallet: bytes, *, packed: bool) -> None:
        """Log what goes on or off a pallet, if it is of this batch."""
        if member in self._heads and member not in self._pallets:
            self._add(facts.Packing(member, pallet, packed, self._place()))

    def _place(self, time: int = 0) -> facts.Recorded:
        self._count += 1
        return facts.Recorded(0, self._count, time, _UNPLACED)

    def _add(self, fact: facts.Fact) -> None:
        self._logs[type(fact)].append(fact)

    def facts(self) -> facts.BatchFacts:
        """Give all that was written."""
        logs: Iterable[tuple[facts.Fact, ...]] = (tuple(each) for each in self._logs.values())
        return facts.BatchFacts(self._registration, *logs)  # type: ignore[arg-type]  # in the order of its fields
