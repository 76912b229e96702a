"""Check a proof bundle against a trusted block hash: from the header down to who holds the goods, with no network.

The steps are numbered once, here and in docs/proofs.md. Each raises `InvalidProofError` if it fails; what all of them
leave is `ProvenFacts`, from which `proof_verdict` makes the answer. Nothing is taken from the bundle that does not
follow from the trusted hash or from a signature, and nothing may stand in it that no step needs.

Sources: design, sections 1.2 and 3; EIP-1186; docs/contract.md, "Where state lies".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core import parts, slots
from ledger.core.errors import InvalidProofError, InvalidStatementError
from ledger.core.header import BlockHeader, read_header
from ledger.core.history import BatchHistory, fold
from ledger.core.keccak import keccak256
from ledger.core.proof_bundle import ProofBundle, ProvenEvent, Signed, SignedBundle
from ledger.core.proof_history import batch_facts, canonical_order, latest_times, touched
from ledger.core.signature import ADDRESS_BYTES, P256_BYTES, verify
from ledger.core.structs import Domain
from ledger.core.trie import Account, Nodes
from ledger.core.unit_tree import UnitProof, is_member
from ledger.core.vocabulary import Kind, Purpose, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.core.custody import ConsignmentState

_NO_WORD: Final = bytes(32)


class CodeTemplate(NamedTuple):
    """The contract's published code, and where a deployment writes its own words into it."""

    code: bytes
    places: tuple[int, ...]  # of words of 32 bytes, ascending


class Trusted(NamedTuple):
    """What whoever checks a bundle trusts, and where that comes from."""

    chain_id: int
    ledger: bytes  # address of the contract
    block_hash: bytes
    words: str  # why it is trusted, for a person


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signed something in the bundle, as the contract holds it at the proved block."""

    signer: bytes
    state: slots.StoredKey


@dataclass(frozen=True, slots=True)
class ProvenFacts:
    """What a bundle proves, as of one block."""

    header: BlockHeader
    domain: Domain
    history: BatchHistory
    stored: Mapping[bytes, slots.StoredConsignment]
    organisations: Mapping[int, slots.StoredOrganisation]
    signers: Mapping[bytes, Signer]  # by digest of what they signed
    latest: Mapping[bytes, int]  # by digest: Unix seconds until when it was recorded at the latest
    wallets: tuple[bytes, ...]  # signers that are contracts: the ledger asked them, nobody can offline
    label_keys: tuple[Signer, ...]
    recall: slots.StoredRecall
    serial: str | None  # proved to be one of the batch


def check_proof(bundle: ProofBundle, trusted: Trusted, template: CodeTemplate) -> ProvenFacts:
    """Check everything in a bundle.

    Args:
        bundle: As `read_bundle` read it.
        trusted: The block, and the ledger that is meant.
        template: The contract's published code.

    Returns:
        What it proves.

    Raises:
        InvalidProofError: Something in it does not follow, is missing, or is surplus; `rule` in the evidence names it.
    """
    proof, facts = _followed(bundle, trusted, template)
    proof.require_nothing_surplus()
    return facts


def trimmed(bundle: ProofBundle, trusted: Trusted, template: CodeTemplate) -> ProofBundle:
    """Leave out of a bundle the nodes that prove nothing, and put the others in order: the last step of making one.

    Args:
        bundle: With nodes as the chain's node gave them.
        trusted: Its own block and ledger.
        template: The contract's published code.

    Returns:
        The bundle that `check_proof` accepts.

    Raises:
        InvalidProofError: It proves nothing even so.
    """
    proof, _facts = _followed(bundle, trusted, template)
    return replace(bundle, state=tuple(proof.state.needed()), storage=tuple(proof.storage.needed()))


def _followed(bundle: ProofBundle, trusted: Trusted, template: CodeTemplate) -> tuple[_Proof, ProvenFacts]:
    """Go through all steps but the last."""
    try:
        proof = _Proof(bundle, trusted)
        return proof, proof.check(template)
    except InvalidStatementError as error:  # of an attachment, wherever it is read
        raise _broken("history", f"What stands beside an event is malformed: {error.detail}") from error


class _Proof:
    """A check in progress: the steps share the two sets of nodes."""

    def __init__(self, bundle: ProofBundle, trusted: Trusted) -> None:
        self.bundle = bundle
        self.trusted = trusted
        self.header = _trusted_header(bundle, trusted)
        self.domain = Domain(bundle.chain_id, bundle.ledger)
        self.state = Nodes(bundle.state)
        self.storage = Nodes(bundle.storage)
        self.account = self.state.account(self.header.state_root, bundle.ledger)
        self.digests = [event.statement.digest(self.domain) for event in bundle.events]
        self.bundle_digests = [each.statement.digest(self.domain) for each in bundle.bundles]
        self.wallets: dict[bytes, None] = {}
        self.keys: dict[bytes, slots.StoredKey] = {}

    def check(self, template: CodeTemplate) -> ProvenFacts:
        """Go through the steps."""
        bundle = self.bundle
        _require_code(self.account, bundle, template)
        _require_named(bundle)
        touches = self._require_order()
        history = self._history()
        stored = {each: self._consignment(each) for each in history.states}
        _require_states(history, stored)
        recall = self._recall(history)
        self._require_corrections(history)
        signers = self._signers()
        organisations = {
            number: self._organisation(number) for number in sorted(history.organisations | {recall.by} - {0})
        }
        _require_unit(bundle)
        label_keys = self._label_keys()
        latest = latest_times(history.events, touches, self.header.time)
        return ProvenFacts(
            header=self.header,
            domain=self.domain,
            history=history,
            stored=stored,
            organisations=organisations,
            signers=signers,
            latest=dict(zip([*self.digests, history.registration.digest], latest, strict=True)),
            wallets=tuple(self.wallets),
            label_keys=label_keys,
            recall=recall,
            serial=bundle.serial,
        )

    # (5) the statements stand in order and follow from each other

    def _require_order(self) -> list[frozenset[bytes]]:
        touches = [
            touched(event.statement, digest, event.attachment)
            for event, digest in zip(self.bundle.events, self.digests, strict=True)
        ]
        if canonical_order(self.digests, touches) != list(range(len(touches))):
            raise _broken("history", "The events do not stand in the one order of a bundle.")
        return touches

    def _history(self) -> BatchHistory:
        facts = batch_facts(self.bundle, self.domain, self.digests, self._pallet_number)
        history = fold(facts)
        if history.breaks:
            raise _broken("history", f"The statements contradict each other: {history.breaks[0].words}")
        carried = {span.pallet for spans in history.spans.values() for span in spans}
        if any(state.number and state.id not in carried for state in history.states.values()):
            raise _broken("history", "A pallet never carried anything of this batch.")
        return history

    def _pallet_number(self, pallet: bytes) -> int:
        stored = self._consignment(pallet)
        if not stored.pallet or not stored.status & Status.PALLET:
            raise _broken("states", f"{_hex(pallet)} is not a pallet on the ledger.")
        return stored.pallet

    # (6) the contract's state says the same

    def _word(self, slot: bytes) -> bytes:
        return self.storage.word(self.account.storage_root, slot)

    def _consignment(self, identifier: bytes) -> slots.StoredConsignment:
        first = slots.slot_of(identifier, slots.CONSIGNMENTS)
        return slots.consignment(self._word(first), self._word(slots.following(first)))

    # (7) recall and corrections

    def _recall(self, history: BatchHistory) -> slots.StoredRecall:
        stored = slots.recall(self._word(slots.slot_of(history.registration.batch, slots.RECALLS)))
        event = history.recall
        if (stored.by, stored.occurred_at) != ((event.actor, event.occurred_at) if event else (0, 0)):
            raise _broken("recall", "What the statements say of a recall is not what the ledger holds.")
        return stored

    def _require_corrections(self, history: BatchHistory) -> None:
        named = self.digests + [self._corrected(event) for event in self.bundle.events if _corrects(event)]
        for digest in named:
            correction = history.corrections.get(digest)
            stored = self._word(slots.slot_of(digest, slots.CORRECTIONS))
            if stored != (correction.digest if correction else _NO_WORD):
                raise _broken("corrections", f"The ledger holds another correction of {_hex(digest)}.")

    def _corrected(self, event: ProvenEvent) -> bytes:
        """Give the digest of the event that a CORRECT carries, which is the one that it names."""
        digest = parts.decode_event(event.attachment).digest(self.domain)
        if digest != event.statement.previous:
            raise _broken("corrections", "A correction carries another event than the one that it names.")
        return digest

    # (8) who signed

    def _signers(self) -> dict[bytes, Signer]:
        registration = self.bundle.registration
        digest = registration.digest(self.domain)
        found = {digest: self._signer(self.bundle.registered, digest, registration.manufacturer)}
        covering = self._bundles()
        for event, event_digest in zip(self.bundle.events, self.digests, strict=True):
            found[event_digest] = self._signer_of(event, event_digest, covering)
            if event.statement.kind == Kind.HANDOVER:
                self._countersigner(event, event_digest)
        return found

    def _signer_of(self, event: ProvenEvent, digest: bytes, covering: dict[bytes, tuple[int, Signer]]) -> Signer:
        actor = event.statement.actor
        if event.signed:
            return self._signer(event.signed, digest, actor)
        number, signer = covering.pop(digest, (0, None))
        if signer is None or number != actor:
            raise _broken("signatures", f"Nobody signed {_hex(digest)}.")
        return signer

    def _bundles(self) -> dict[bytes, tuple[int, Signer]]:
        """Give who signed each event that is here without a signature of its own."""
        if any(one >= other for one, other in pairwise(self.bundle_digests)):
            raise _broken("signatures", "The bundles of events do not stand in ascending order.")
        bare = {d for d, event in zip(self.digests, self.bundle.events, strict=True) if event.signed is None}
        covering: dict[bytes, tuple[int, Signer]] = {}
        for each, digest in zip(self.bundle.bundles, self.bundle_digests, strict=True):
            _require_digests(each)
            signer = self._signer(each.signed, digest, each.statement.actor)
            here = [event for event in each.digests if event in bare]
            if not here or any(event in covering for event in here):
                raise _broken("signatures", "A bundle of events is not needed here.")
            covering.update(dict.fromkeys(here, (each.statement.actor, signer)))
        return covering

    def _signer(self, signed: Signed, digest: bytes, organisation: int) -> Signer:
        """Require a signature by a key of the organisation; of a contract, only that it is one."""
        state = self._key(signed.signer)
        if state.organisation != organisation or not state.purposes & Purpose.EVENTS:
            raise _broken("signatures", f"The signer of {_hex(digest)} is no key of organisation {organisation}.")
        if signed.signature is not None:
            if not verify(signed.signer, digest, signed.signature):
                raise _broken("signatures", f"The signature under {_hex(digest)} does not hold.")
        elif self._is_wallet(signed.signer):
            self.wallets[signed.signer] = None
        else:
            raise _broken("signatures", f"The signature under {_hex(digest)} is missing.")
        return Signer(signed.signer, state)

    def _countersigner(self, event: ProvenEvent, digest: bytes) -> None:
        signer, signature = parts.decode_countersignature(event.attachment)
        self._signer(Signed(signer, signature or None), digest, event.statement.counterparty)

    def _is_wallet(self, signer: bytes) -> bool:
        return len(signer) == ADDRESS_BYTES and self.state.account(self.header.state_root, signer).has_code

    def _key(self, signer: bytes) -> slots.StoredKey:
        identifier = parts.key_id(signer)
        if identifier not in self.keys:
            self.keys[identifier] = slots.key(self._word(slots.slot_of(identifier, slots.KEYS)))
        return self.keys[identifier]

    def _organisation(self, number: int) -> slots.StoredOrganisation:
        return slots.organisation(self._word(slots.slot_of(number, slots.ORGANISATIONS)))

    # (10) the keys that may sign the maker's labels

    def _label_keys(self) -> tuple[Signer, ...]:
        found = self.bundle.label_keys
        if any(one >= other for one, other in pairwise(found)):
            raise _broken("label_keys", "The label keys do not stand in ascending order.")
        keys = tuple(Signer(each, self._key(each)) for each in found)
        maker = self.bundle.registration.manufacturer
        for key in keys:
            fits = key.state.organisation == maker and key.state.purposes & Purpose.LABELS
            if not fits or len(key.signer) != P256_BYTES:
                raise _broken("label_keys", "A label key is not the maker's.")
        return keys

    # (11) nothing that no step needed

    def require_nothing_surplus(self) -> None:
        """Refuse nodes that no step needed, and nodes out of order."""
        if self.state.needed() != list(self.bundle.state) or self.storage.needed() != list(self.bundle.storage):
            raise _broken("surplus", "Some nodes prove nothing here, or do not stand in ascending order.")


def _corrects(event: ProvenEvent) -> bool:
    return event.statement.kind == Kind.CORRECT


# (2) the header


def _trusted_header(bundle: ProofBundle, trusted: Trusted) -> BlockHeader:
    """Require the trusted block, and the ledger that is meant: a copy of the contract has another address."""
    header = read_header(bundle.header)
    if header.hash != trusted.block_hash:
        raise _broken(
            "block", f"The bundle is of block {header.number} {_hex(header.hash)}, which is not the trusted one."
        )
    if (bundle.chain_id, bundle.ledger) != (trusted.chain_id, trusted.ledger):
        raise _broken("ledger", f"The bundle is of the ledger {_hex(bundle.ledger)} on chain {bundle.chain_id}.")
    return header


# (3) the contract


def _require_code(account: Account, bundle: ProofBundle, template: CodeTemplate) -> None:
    if len(bundle.immutables) != len(template.places):
        raise _broken("contract", f"The contract's code has {len(template.places)} words of its own.")
    code = bytearray(template.code)
    for place, word in zip(template.places, bundle.immutables, strict=True):
        code[place : place + len(word)] = word
    if keccak256(bytes(code)) != account.code_hash:
        raise _broken("contract", "The contract at that address has other code than the published one.")


# (4) the registration is of the batch that the code names


def _require_named(bundle: ProofBundle) -> None:
    registration = bundle.registration
    if (bundle.gtin, bundle.lot) != (f"{registration.gtin:014d}", registration.lot):
        raise _broken("code", "The registration is of another GTIN and lot.")


def _require_states(history: BatchHistory, stored: Mapping[bytes, slots.StoredConsignment]) -> None:
    """(6) Require of every consignment and pallet that the contract holds what the statements come to."""
    for identifier, state in history.states.items():
        if stored[identifier] != _expected(state, history):
            detail = f"The ledger holds another state of {_hex(identifier)} than these statements come to."
            raise _broken("states", detail)


def _expected(state: ConsignmentState, history: BatchHistory) -> slots.StoredConsignment:
    pallet = history.states[state.pallet].number if state.pallet else state.number
    status = (Status.SEIZED if state.seized else Status(0)) | (Status.PALLET if state.number else Status(0))
    return slots.StoredConsignment(
        head=state.head,
        holder=state.holder,
        counterparty=state.counterparty,
        manufacturer=state.manufacturer,
        held_by=state.held_by,
        pallet=pallet,
        occurred_at=state.occurred_at,
        rest=state.rest,
        sequence=state.sequence,
        status=status,
    )


def _require_digests(bundle: SignedBundle) -> None:
    """(8) Require that a bundle's digests are those that it signs, as the contract does."""
    ascending = all(one < other for one, other in pairwise(bundle.digests))
    signed = bundle.statement.digests == keccak256(b"".join(bundle.digests))
    if not ascending or not signed or bundle.statement.count != len(bundle.digests):
        raise _broken("signatures", "A bundle of events signs other events than those it lists.")


def _require_unit(bundle: ProofBundle) -> None:
    """(9) Require that a serial number comes with its path, and the path leads to the registered root."""
    if (bundle.serial is None) != (bundle.unit is None):
        raise _broken("unit", "A serial number and its path come together or not at all.")
    if bundle.serial is None or bundle.unit is None:
        return
    if not is_member(bundle.registration.unit_root, UnitProof(bundle.serial, bundle.unit.salt, bundle.unit.path)):
        raise _broken("unit", f"The serial number {bundle.serial!r} is not under the batch's unit root.")


def _broken(rule: str, words: str) -> InvalidProofError:
    return InvalidProofError(f"The proof does not hold: {words}", rule=rule)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
