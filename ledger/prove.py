"""Make the proof bundle of a code: what the ledger holds of it at one block, with everything that shows it.

Statements come from the read model, their signatures from the outbox or from the transactions that brought them, and
the rest from the chain's node; the finished bundle is checked as a stranger would check it before it is handed out. So
neither a reorganisation in between nor a node that lies gets into it: it is made again, or refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from ledger.chain.artifact import code_template, immutables_of
from ledger.chain.calldata import Brought, statements_in
from ledger.chain.state import header_bytes, proof_nodes, transaction_inputs
from ledger.core import parts, slots
from ledger.core.errors import InvalidInputError, InvalidProofError, NotFoundError, UnavailableError
from ledger.core.facts import BatchFacts, CustodyEvent, Registration
from ledger.core.gs1 import element_string, gtin14
from ledger.core.header import read_header
from ledger.core.history import fold
from ledger.core.proof import Trusted, trimmed
from ledger.core.proof_bundle import (
    MAX_EVENTS,
    ProofBundle,
    ProvenEvent,
    Signed,
    SignedBundle,
    UnitPath,
    write_bundle,
)
from ledger.core.proof_history import canonical_order, touched
from ledger.core.signature import ADDRESS_BYTES, P256_BYTES, verify
from ledger.core.structs import BatchRegistration, CustodyStatement
from ledger.core.submission import parse_submission
from ledger.core.vocabulary import Kind, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ledger.chain.contracts import Ledger
    from ledger.core.structs import Domain
    from ledger.core.unit_tree import UnitProof
    from ledger.store.outbox import Outbox
    from ledger.store.read_model import ReadModel

FINALIZED: Final = "finalized"
ATTEMPTS: Final = 3  # a reorganisation while a bundle is made spoils it; three in a row are no accident
_NOT_HERE: Final = "If it was recorded just now, ask again in a moment: GET /v1/chain says how far this server is."


class _Known(NamedTuple):
    """What the read model says, up to one block."""

    facts: BatchFacts
    block: int
    label_keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A statement with its signature as it was brought."""

    statement: BatchRegistration | CustodyStatement
    attachment: bytes
    signed: Signed | None
    bundle: SignedBundle | None


class Prover:
    """Makes proof bundles. Safe to share between threads.

    Args:
        read_model: What is known of the ledger.
        outbox: The statements handed in here.
        ledger: The contract on its chain.
        domain: What statements of this ledger are signed for.
        find_unit: Gives the proof of a serial number by batch, registered root and serial number; None where no list of
            it is held.
    """

    def __init__(
        self,
        read_model: ReadModel,
        outbox: Outbox,
        ledger: Ledger,
        domain: Domain,
        find_unit: Callable[[bytes, bytes, str], UnitProof | None] = lambda _batch, _root, _serial: None,
    ) -> None:
        self._facts = read_model
        self._outbox = outbox
        self._ledger = ledger
        self._chain = ledger.chain
        self._domain = domain
        self._find_unit = find_unit

    def prove(self, gtin: str, lot: str, serial: str | None = None, *, block: int | str | None = None) -> bytes:
        """Prove what the ledger holds of a batch, or of one pack of it.

        Args:
            gtin: Of 8, 12, 13 or 14 digits.
            lot: As on the label.
            serial: The pack's serial number; None for the batch.
            block: As of which block: its number, or `finalized`; None for the last that is indexed.

        Returns:
            The bundle as a file.

        Raises:
            InvalidCodeError: GTIN, lot or serial number breaks a rule of GS1.
            InvalidInputError: The block is none that is indexed, or the batch has too many events for one bundle.
            NotFoundError: The batch or the pack is not known here.
            UnavailableError: The chain's node does not have that state, or a signature, or changed its mind meanwhile.
        """
        gtin = gtin14(gtin)
        element_string([("01", gtin), ("10", lot), *([("21", serial)] if serial is not None else [])])
        for attempt in range(ATTEMPTS):
            known = self._known(gtin, lot, block)
            try:
                return self._proved(known, serial)
            except InvalidProofError as error:
                if attempt == ATTEMPTS - 1:
                    raise UnavailableError(
                        f"The chain's node does not prove what is indexed of block {known.block}: {error.detail}",
                        advice="Ask again in a moment; if this stays, compare the node with another one.",
                    ) from error
        raise AssertionError

    # What is known

    def _known(self, gtin: str, lot: str, block: int | str | None) -> _Known:
        with self._facts.snapshot():
            as_of = self._facts.as_of()
            last = as_of.block if block is None else as_of.finalized_block if block == FINALIZED else block
            if not isinstance(last, int) or not 0 <= last <= as_of.block:
                raise InvalidInputError(
                    f"Block {str(block)[:40]!r} is none that is indexed here.",
                    advice=f"Give a number up to {as_of.block}, or `{FINALIZED}`.",
                    field="block",
                )
            found = self._facts.batch(gtin, lot)
            if found is None or found.registration.recorded.block > last:
                detail = f"No batch {lot!r} of {gtin} is registered as of block {last}."
                raise NotFoundError(detail, advice=_NOT_HERE, field="lot")
            if len(found.events) > MAX_EVENTS:
                raise InvalidInputError(
                    f"This batch has {len(found.events):,} events; a bundle holds at most {MAX_EVENTS:,}.",
                    advice="Ask the server for its verdict instead: GET /v1/verify.",
                    field="lot",
                )
            keys = self._facts.keys_of(found.registration.manufacturer)
        additions = [key.addition for key in keys if key.addition.recorded.block <= last]
        label_keys = sorted(
            each.signer for each in additions if each.purposes & Purpose.LABELS and len(each.signer) == P256_BYTES
        )
        return _Known(_up_to(found, last), last, tuple(label_keys))

    # The bundle

    def _proved(self, known: _Known, serial: str | None) -> bytes:
        registration = known.facts.registration
        history = fold(known.facts)
        found = self._statements(known.facts)
        events = self._events(known.facts, found)
        registered = found[registration.digest]
        assert isinstance(registered.statement, BatchRegistration)  # noqa: S101 - its digest says so
        assert registered.signed is not None  # noqa: S101 - only events stand in bundles
        bundle = ProofBundle(
            chain_id=self._domain.chain_id,
            ledger=self._domain.ledger,
            gtin=registration.gtin,
            lot=registration.lot,
            serial=serial,
            unit=None if serial is None else self._unit(registration, serial),
            registration=registered.statement,
            registered=registered.signed,
            events=events,
            bundles=self._bundles(known.facts, found),
            label_keys=known.label_keys,
            immutables=immutables_of(self._ledger.require_code()),
            header=header_bytes(self._chain, known.block),
            state=(),
            storage=(),
        )
        wanted = set(
            _slots(bundle, history.states, history.organisations, [each.digest for each in known.facts.events])
        )
        state, storage = proof_nodes(self._chain, self._domain.ledger, sorted(wanted), known.block)
        for wallet in sorted(_wallets(bundle)):
            state += proof_nodes(self._chain, wallet, [], known.block)[0]
        bundle = replace(bundle, state=tuple(state), storage=tuple(storage))
        trusted = Trusted(self._domain.chain_id, self._domain.ledger, read_header(bundle.header).hash, "")
        return write_bundle(trimmed(bundle, trusted, code_template()))

    def _unit(self, registration: Registration, serial: str) -> UnitPath:
        root = registration.unit_root
        found = self._find_unit(registration.batch, root, serial) if any(root) else None
        if found is None:
            raise NotFoundError(
                f"No list of serial numbers with {serial!r} of this batch is held here.",
                advice="Its manufacturer holds the list; the batch is proved without a serial number.",
                field="serial",
            )
        return UnitPath(found.salt, found.path)

    def _events(self, facts: BatchFacts, found: dict[bytes, _Found]) -> tuple[ProvenEvent, ...]:
        digests = [event.digest for event in facts.events]
        events = []
        for digest in digests:
            each = found[digest]
            assert isinstance(each.statement, CustodyStatement)  # noqa: S101 - its digest says so
            events.append(ProvenEvent(each.statement, each.attachment, each.signed))
        touches = [
            touched(event.statement, digest, event.attachment) for event, digest in zip(events, digests, strict=True)
        ]
        return tuple(events[index] for index in canonical_order(digests, touches))

    def _bundles(self, facts: BatchFacts, found: dict[bytes, _Found]) -> tuple[SignedBundle, ...]:
        needed = {
            bundle.statement.digest(self._domain): bundle
            for event in facts.events
            if (bundle := found[event.digest].bundle) is not None
        }
        return tuple(bundle for _digest, bundle in sorted(needed.items()))

    # Signatures

    def _statements(self, facts: BatchFacts) -> dict[bytes, _Found]:
        """Find every statement as it was signed: in the outbox, else in the transaction that brought it."""
        wanted: dict[bytes, Registration | CustodyEvent] = {event.digest: event for event in facts.events}
        wanted[facts.registration.digest] = facts.registration
        found = {digest: each for digest, fact in wanted.items() if (each := self._handed_in(fact)) is not None}
        missing = {digest: fact for digest, fact in wanted.items() if digest not in found}
        hashes = list(dict.fromkeys(fact.recorded.transaction for fact in missing.values()))
        for data in transaction_inputs(self._chain, hashes):
            for brought in statements_in(data):
                fact = missing.get(brought.statement.digest(self._domain))
                if fact is not None and (each := self._as_recorded(brought, fact)) is not None:
                    found[fact.digest] = each
        lost = next((digest for digest in missing if digest not in found), None)
        if lost is not None:
            raise UnavailableError(
                f"The signature under 0x{lost.hex()} is neither here nor in the transaction that the node gives.",
                advice="Use a node that keeps old transactions.",
            )
        return found

    def _handed_in(self, fact: Registration | CustodyEvent) -> _Found | None:
        entry = self._outbox.entry(fact.digest)
        if entry is None:
            return None
        submission = parse_submission(orjson.loads(entry.payload))
        signer, signature = submission.signer, submission.signature
        if not submission.events:
            brought = [Brought(submission.statement, submission.attachment, signer, signature)]
        else:
            events = tuple(event.statement for event in submission.events)
            brought = [
                Brought(each.statement, each.attachment, signer, signature, submission.statement, events)  # type: ignore[arg-type]  # only bundles have events
                for each in submission.events
            ]
        return next((each for one in brought if (each := self._as_recorded(one, fact)) is not None), None)

    def _as_recorded(self, brought: Brought, fact: Registration | CustodyEvent) -> _Found | None:
        """Take a statement only with the signature that the ledger took: the same may be brought again with another."""
        statement = brought.statement
        if statement.digest(self._domain) != fact.digest or parts.key_id(brought.signer) != fact.key:
            return None
        assert isinstance(statement, BatchRegistration | CustodyStatement)  # noqa: S101 - its digest says so
        attachment = self._countersigned(fact, brought.attachment)
        digest = (brought.bundle or statement).digest(self._domain)
        signed = self._checked(brought.signer, brought.signature, digest)
        if signed is None or attachment is None:
            return None
        if brought.bundle is None:
            return _Found(statement, attachment, signed, None)
        digests = tuple(event.digest(self._domain) for event in brought.beside)
        return _Found(statement, attachment, None, SignedBundle(brought.bundle, digests, signed))

    def _checked(self, signer: bytes, signature: bytes, digest: bytes) -> Signed | None:
        """Keep a signature that anyone can check; of a wallet (ERC-1271), only that it signed."""
        if verify(signer, digest, signature):
            return Signed(signer, signature)
        return Signed(signer, None) if len(signer) == ADDRESS_BYTES and self._chain.code(signer) else None

    def _countersigned(self, fact: Registration | CustodyEvent, attachment: bytes) -> bytes | None:
        if not isinstance(fact, CustodyEvent) or fact.kind is not Kind.HANDOVER:
            return attachment
        signed = self._checked(*parts.decode_countersignature(attachment), fact.digest)
        return None if signed is None else parts.encode_countersignature(signed.signer, signed.signature or b"")


def _up_to(facts: BatchFacts, block: int) -> BatchFacts:
    """Leave out what was recorded after a block."""

    def kept(found: Iterable[object]) -> tuple[object, ...]:
        return tuple(fact for fact in found if fact.recorded.block <= block)  # type: ignore[attr-defined]  # facts

    several = (facts.events, facts.children, facts.pallets, facts.packings)
    return BatchFacts(facts.registration, *(kept(each) for each in several))  # type: ignore[arg-type]  # the same kinds


def _slots(
    bundle: ProofBundle, consignments: Iterable[bytes], organisations: Iterable[int], digests: Iterable[bytes]
) -> Iterator[bytes]:
    """Name every slot that the check of a bundle reads."""
    for each in consignments:
        first = slots.slot_of(each, slots.CONSIGNMENTS)
        yield from (first, slots.following(first))
    batch = parts.batch_id(bundle.registration.gtin, bundle.registration.lot)
    yield slots.slot_of(batch, slots.RECALLS)
    corrected = {event.statement.previous for event in bundle.events if event.statement.kind == Kind.CORRECT}
    yield from (slots.slot_of(digest, slots.CORRECTIONS) for digest in corrected.union(digests))
    yield from (slots.slot_of(number, slots.ORGANISATIONS) for number in organisations)
    for signer in {*(signed.signer for signed in _signatures(bundle)), *bundle.label_keys}:
        yield slots.slot_of(parts.key_id(signer), slots.KEYS)


def _signatures(bundle: ProofBundle) -> Iterator[Signed]:
    yield bundle.registered
    yield from (each.signed for each in bundle.bundles)
    for event in bundle.events:
        if event.signed is not None:
            yield event.signed
        if event.statement.kind == Kind.HANDOVER:
            signer, signature = parts.decode_countersignature(event.attachment)
            yield Signed(signer, signature or None)


def _wallets(bundle: ProofBundle) -> set[bytes]:
    return {signed.signer for signed in _signatures(bundle) if signed.signature is None}
