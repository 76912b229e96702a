"""The stories behind the proof vectors, played on a real node that makes the same blocks every time.

    python -m tests.proof_cases

writes `tests/vectors/proofs/*.json`. Good bundles first; then attacks on them, each named for what it tries.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.chain.contracts import Ledger, deployment_data
from ledger.chain.signers import P256Signer
from ledger.core import parts, slots
from ledger.core.header import read_header
from ledger.core.keccak import keccak256
from ledger.core.proof_bundle import ProofBundle, Signed, UnitPath, read_bundle, write_bundle
from ledger.core.signature import P256_ORDER
from ledger.core.structs import Bundle, Domain, KeyAddition, KeyEnding
from ledger.core.submission import BundledEvent, Submission
from ledger.core.trie import Nodes
from ledger.core.unit_tree import UnitProof
from ledger.core.vocabulary import Kind, ProductClass, Purpose
from ledger.prove import Prover
from ledger.store.database import open_database
from ledger.store.outbox import Outbox
from ledger.store.read_model import ReadModel
from tests.core.proof_vectors import FOLDER
from tests.installation import Installation
from tests.world import CARRIER, COUNCIL, KEYS, MAKER, PHARMACY, REGULATOR, World, a_world

GENESIS = 1_790_000_000  # Unix seconds
SALTS = [keccak256(b"salt %d" % index) for index in range(3)]
SERIALS = ["A1", "A2", "A3"]
SSCC = "054138680000000016"
# A made contract that takes every signature as its own (ERC-1271): returns the magic value whatever it is asked.
AGREEABLE_WALLET = bytes.fromhex("7f1626ba7e" + "00" * 28 + "60005260206000f3")


class SteadyP256(P256Signer):
    """Signs with a nonce that follows from key and message (RFC 6979), so that vectors stay the same."""

    __slots__ = ()

    def sign(self, digest: bytes) -> bytes:
        private: EllipticCurvePrivateKey = self._private
        r, s = decode_dss_signature(private.sign(digest, ECDSA(SHA256(), deterministic_signing=True)))
        return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")


STEADY = SteadyP256("carrier", derive_private_key(0xC0FFEE, SECP256R1()))  # published test keys
LABELS = SteadyP256("labels", derive_private_key(0x1ABE1, SECP256R1()))


def leaf(index: int) -> bytes:
    text = SERIALS[index].encode()
    encoded = SALTS[index] + (64).to_bytes(32, "big") + len(text).to_bytes(32, "big") + text.ljust(32, b"\0")
    return keccak256(keccak256(encoded))


def pair(one: bytes, other: bytes) -> bytes:
    return keccak256(min(one, other) + max(one, other))


UNIT_ROOT = pair(pair(leaf(0), leaf(1)), leaf(2))
UNITS = {
    "A1": UnitProof("A1", SALTS[0], (leaf(1), leaf(2))),
    "A2": UnitProof("A2", SALTS[1], (leaf(0), leaf(2))),
    "A3": UnitProof("A3", SALTS[2], (pair(leaf(0), leaf(1)),)),
}


class Stage:
    """A world, the facts about it, and what happens to batches there."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.database = open_database(f"sqlite:///{folder}/stage.db")
        self.installation = Installation(world, self.database)
        self.facts = ReadModel(self.database)
        self.prover = Prover(
            self.facts,
            Outbox(self.database),
            world.ledger,
            world.domain,
            lambda _batch, _root, serial: UNITS.get(serial),
        )
        self.heads: dict[bytes, bytes] = {}

    def close(self) -> None:
        self.database.close()

    def register(self, lot: str, quantity: int = 1_000, **changes: Any) -> tuple[str, bytes]:
        """Register a batch: its GTIN and its id."""
        submission = self.world.registration(lot, quantity, **changes)
        statement: Any = submission.statement
        batch = parts.batch_id(statement.gtin, statement.lot)
        self.heads[batch] = submission.digest(self.world.domain)
        assert self.world.bring(submission).success
        return f"{statement.gtin:014d}", batch

    def do(self, kind: Kind, actor: int, consignment: bytes, previous: bytes | None = None, **fields: Any) -> bytes:
        """Record an event on a head; its digest."""
        if previous is None:
            previous = self.heads[consignment]
        submission = self.world.event(kind, actor, consignment, previous, **fields)
        return self.brought(submission)

    def brought(self, submission: Submission) -> bytes:
        statement: Any = submission.statement
        digest = submission.digest(self.world.domain)
        receipt = self.world.bring(submission)
        assert receipt.success
        if statement.kind == Kind.PACK:
            self.heads[digest] = digest
        elif statement.kind != Kind.CORRECT:
            self.heads[statement.consignment] = parts.next_head(self.heads[statement.consignment], digest)
        return digest

    def split(self, batch: bytes, *children: tuple[str | None, int]) -> list[bytes]:
        quantity = sum(child[1] for child in children)
        digest = self.do(Kind.SPLIT, MAKER, batch, quantity=quantity, attachment=parts.pack_children(children))
        made = [parts.child_id(digest, index) for index in range(len(children))]
        self.heads.update(dict.fromkeys(made, digest))
        return made

    def prove(self, gtin: str, lot: str, serial: str | None = None, **options: Any) -> bytes:
        self.installation.index()
        return self.prover.prove(gtin, lot, serial, **options)


@dataclass(frozen=True)
class Made:
    """A bundle with what it proves."""

    description: str
    bundle: bytes
    gtin: str
    lot: str
    verdict: str
    reason: str
    serial: str | None = None
    later: int = 0  # seconds after the block that it is asked


Tale = Callable[[Stage, str], Made]


def made(stage: Stage, lot: str, description: str, gtin: str, reason: str = "verified", **more: Any) -> Made:
    verdict = {"verified": "verified", "key_in_doubt": "suspect", "quantity_over": "suspect"}.get(reason, "do_not_use")
    bundle = stage.prove(gtin, lot, more.get("serial"))
    return Made(description, bundle, gtin, lot, verdict, reason, **more)


def plain(stage: Stage, lot: str) -> Made:
    gtin, _batch = stage.register(lot)
    return made(stage, lot, "Registered, and still with its maker.", gtin)


def p256(stage: Stage, lot: str) -> Made:
    gtin, batch = stage.register(lot)
    stage.do(Kind.SHIP, MAKER, batch, counterparty=CARRIER)
    stage.do(Kind.RECEIVE, CARRIER, batch, counterparty=MAKER)
    return made(stage, lot, "Shipped, and received by a carrier whose phone signs with P-256.", gtin)


def split(stage: Stage, lot: str) -> Made:
    gtin, batch = stage.register(lot)
    one, _other = stage.split(batch, (SSCC, 400), (None, 600))
    stage.do(Kind.SHIP, MAKER, one, counterparty=PHARMACY, quantity=400)
    return made(stage, lot, "Split in two; one part is on its way to a pharmacy.", gtin)


def recalled(stage: Stage, lot: str) -> Made:
    gtin, batch = stage.register(lot)
    stage.do(Kind.RECALL, MAKER, batch, bytes(32), quantity=0)
    return made(stage, lot, "Recalled by its maker.", gtin, "recalled")


def held(stage: Stage, lot: str) -> Made:
    gtin, batch = stage.register(lot)
    stage.do(Kind.HOLD, REGULATOR, batch, bytes(32), quantity=0)
    return made(stage, lot, "Held by the regulator, and not released.", gtin, "held")


def seized(stage: Stage, lot: str) -> Made:
    gtin, batch = stage.register(lot)
    stage.do(Kind.INSPECT, REGULATOR, batch, bytes(32), quantity=0)
    stage.do(Kind.SEIZE, REGULATOR, batch, (1).to_bytes(32, "big"), quantity=0)
    return made(stage, lot, "Inspected, then seized.", gtin, "seized")


def expired(stage: Stage, lot: str) -> Made:
    gtin, _batch = stage.register(lot)
    return made(stage, lot, "A good proof, read years after the last day of use.", gtin, "expired", later=10**8)


def unit(stage: Stage, lot: str) -> Made:
    gtin, _batch = stage.register(lot, 3, unit_root=UNIT_ROOT)
    return made(stage, lot, "One pack of a serialised batch, with its path.", gtin, serial="A2")


def handover(stage: Stage, lot: str) -> Made:
    gtin, batch = stage.register(lot)
    world = stage.world
    bare = world.event(Kind.HANDOVER, MAKER, batch, stage.heads[batch], counterparty=CARRIER)
    countersignature = KEYS[CARRIER].sign(bare.digest(world.domain))
    attachment = parts.encode_countersignature(KEYS[CARRIER].signer, countersignature)
    stage.brought(replace(bare, attachment=attachment))
    return made(stage, lot, "Handed over: both sides signed one statement.", gtin)


def shipped_pallet(stage: Stage, lot: str) -> tuple[str, bytes, bytes]:
    """GTIN and id of a batch, and the id of the pallet on which it is shipped together with another batch."""
    _gtin, other = stage.register(f"{lot}-2")
    gtin, batch = stage.register(lot)
    attachment = parts.pack_pallet(None, [(batch, stage.heads[batch]), (other, stage.heads[other])])
    packed = stage.do(Kind.PACK, MAKER, bytes(32), bytes(32), quantity=2, attachment=attachment)
    stage.do(Kind.SHIP, MAKER, packed, counterparty=CARRIER, quantity=2)
    return gtin, batch, packed


def pallet(stage: Stage, lot: str) -> Made:
    gtin, _batch, _packed = shipped_pallet(stage, lot)
    return made(stage, lot, "On its way on a pallet, together with another batch.", gtin)


def unpacked(stage: Stage, lot: str) -> Made:
    gtin, batch, packed = shipped_pallet(stage, lot)
    stage.do(Kind.RECALL, MAKER, batch, bytes(32), quantity=0)
    stage.do(Kind.RECEIVE, CARRIER, packed, counterparty=MAKER, quantity=2)
    stage.do(Kind.UNPACK, CARRIER, packed, quantity=1, attachment=parts.pack_ids([batch]))
    return made(stage, lot, "Travelled on a pallet, recalled on the way, taken off by the carrier.", gtin, "recalled")


def bundled(stage: Stage, lot: str) -> Made:
    gtin, batch = stage.register(lot)
    one, other = stage.split(batch, (None, 500), (None, 500))
    world = stage.world
    events: list[Any] = [
        world.event(Kind.SHIP, MAKER, each, stage.heads[each], counterparty=CARRIER, quantity=500).statement
        for each in (one, other)
    ]
    _gtin, stranger = stage.register(f"{lot}-2")
    events.append(world.event(Kind.SHIP, MAKER, stranger, stage.heads[stranger], counterparty=CARRIER).statement)
    events.sort(key=lambda event: event.digest(world.domain))
    digests = [event.digest(world.domain) for event in events]
    bundle = Bundle(MAKER, len(events), parts.bundle_digests(digests))
    signed = world.signed(bundle, KEYS[MAKER], events=tuple(BundledEvent(event) for event in events))
    assert world.bring(signed).success
    return made(stage, lot, "Both parts shipped under one signature, which covers another batch too.", gtin)


def corrected(stage: Stage, lot: str) -> Made:
    gtin, batch = stage.register(lot)
    stage.do(Kind.SHIP, MAKER, batch, counterparty=CARRIER)
    received = stage.world.event(Kind.RECEIVE, CARRIER, batch, stage.heads[batch], counterparty=MAKER, quantity=1_200)
    digest = stage.brought(received)
    wrong: Any = received.statement
    stage.do(Kind.CORRECT, CARRIER, batch, digest, quantity=0, place=bytes(5), attachment=parts.encode_event(wrong))
    return made(stage, lot, "More was received than shipped, and then corrected.", gtin)


def over(stage: Stage, lot: str) -> Made:
    gtin, batch = stage.register(lot)
    stage.do(Kind.SHIP, MAKER, batch, counterparty=CARRIER)
    stage.do(Kind.RECEIVE, CARRIER, batch, counterparty=MAKER, quantity=1_200)
    return made(stage, lot, "More was received than shipped.", gtin, "quantity_over")


def doubt(stage: Stage, lot: str) -> Made:
    world = stage.world
    spare = SteadyP256("spare", derive_private_key(0x5BA4E, SECP256R1()))
    addition = KeyAddition(CARRIER, spare.signer, int(Purpose.EVENTS), 0, 0)
    added = world.signed(addition, KEYS[CARRIER], cosignature=spare.sign(addition.digest(world.domain)))
    assert world.bring(added).success
    gtin, batch = stage.register(lot)
    stage.do(Kind.SHIP, MAKER, batch, counterparty=CARRIER)
    since = world.chain.head().time
    stage.do(Kind.RECEIVE, CARRIER, batch, counterparty=MAKER, key=spare)
    assert world.bring(world.signed(KeyEnding(CARRIER, spare.key_id, since), KEYS[CARRIER])).success
    return made(stage, lot, "Received with a key that was stolen before, and ended after.", gtin, "key_in_doubt")


def labelled(stage: Stage, lot: str) -> Made:
    world = stage.world
    addition = KeyAddition(MAKER, LABELS.signer, int(Purpose.LABELS), 0, 0)
    added = world.signed(addition, KEYS[MAKER], cosignature=LABELS.sign(addition.digest(world.domain)))
    assert world.bring(added).success
    gtin, _batch = stage.register(lot)
    return made(stage, lot, "The maker's label key is proved too.", gtin)


def wallet(stage: Stage, lot: str) -> Made:
    world = stage.world
    address = keccak256(b"agreeable wallet")[:20]
    world.anvil.rpc("anvil_setCode", "0x" + address.hex(), "0x" + AGREEABLE_WALLET.hex())
    addition = KeyAddition(PHARMACY, address, int(Purpose.EVENTS), 0, 0)
    assert world.bring(world.signed(addition, KEYS[PHARMACY], cosignature=b"yes")).success
    gtin, batch = stage.register(lot)
    stage.do(Kind.SHIP, MAKER, batch, counterparty=PHARMACY)
    received: Any = world.event(Kind.RECEIVE, PHARMACY, batch, stage.heads[batch], counterparty=MAKER)
    stage.brought(replace(received, signer=address, signature=b"yes"))
    return made(stage, lot, "Received by a pharmacy whose key is a contract (ERC-1271).", gtin)


def mask(stage: Stage, lot: str) -> Made:
    gtin, _batch = stage.register(lot, product_class=int(ProductClass.PPE))
    return made(stage, lot, "Protective equipment: no proof tells of its certificates.", gtin)


TALES: tuple[Tale, ...] = (
    plain, p256, split, recalled, held, seized, expired, unit, handover, pallet, unpacked, bundled, corrected, over,
    doubt, wallet, labelled, mask,
)  # fmt: skip


# Attacks: what is done to a bundle, and the rule that stops it


@dataclass(frozen=True)
class Attack:
    """An attack on a good bundle."""

    name: str
    description: str
    victim: str
    rule: str
    forge: Callable[[ProofBundle], ProofBundle | bytes]


def _without_last_event(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, events=bundle.events[:-1])


def _without_recall_slot(bundle: ProofBundle) -> ProofBundle:
    """Drop the RECALL and every node that only the slot of the recall needs."""
    state, storage = Nodes(bundle.state), Nodes(bundle.storage)
    root = state.account(read_header(bundle.header).state_root, bundle.ledger).storage_root
    domain = Domain(bundle.chain_id, bundle.ledger)
    batch = parts.batch_id(bundle.registration.gtin, bundle.registration.lot)
    first = slots.slot_of(batch, slots.CONSIGNMENTS)
    wanted = [first, slots.following(first), slots.slot_of(MAKER, slots.ORGANISATIONS)]
    wanted += [slots.slot_of(parts.key_id(bundle.registered.signer), slots.KEYS)]
    wanted += [slots.slot_of(event.statement.digest(domain), slots.CORRECTIONS) for event in bundle.events[:-1]]
    for slot in wanted:
        storage.word(root, slot)
    return replace(bundle, events=bundle.events[:-1], storage=tuple(storage.needed()))


def _foreign_signature(bundle: ProofBundle) -> ProofBundle:
    domain = Domain(bundle.chain_id, bundle.ledger)
    signature = KEYS[PHARMACY].sign(bundle.registration.digest(domain))
    return replace(bundle, registered=Signed(bundle.registered.signer, signature))


def _foreign_signer(bundle: ProofBundle) -> ProofBundle:
    domain = Domain(bundle.chain_id, bundle.ledger)
    thief = KEYS[REGULATOR]
    signed = Signed(thief.signer, thief.sign(bundle.events[-1].statement.digest(domain)))
    return replace(bundle, events=(*bundle.events[:-1], replace(bundle.events[-1], signed=signed)))


def _pretended_wallet(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, registered=Signed(bundle.registered.signer, None))


def _high_s(bundle: ProofBundle) -> ProofBundle:
    """Mirror the P-256 signature of the RECEIVE: the same curve equation, another signature."""
    last = bundle.events[-1]
    assert last.signed is not None
    assert last.signed.signature is not None
    r, s = last.signed.signature[:32], int.from_bytes(last.signed.signature[32:], "big")
    mirrored = Signed(last.signed.signer, r + (P256_ORDER - s).to_bytes(32, "big"))
    return replace(bundle, events=(*bundle.events[:-1], replace(last, signed=mirrored)))


def _wrong_code(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, immutables=(KEYS[MAKER].signer.rjust(32, b"\0"), *bundle.immutables[1:]))


def _more_units(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, registration=replace(bundle.registration, quantity=100_000))


def _later_expiry(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, registration=replace(bundle.registration, expiry=20391231))


def _other_serial(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, serial="A9")


def _other_salt(bundle: ProofBundle) -> ProofBundle:
    assert bundle.unit is not None
    return replace(bundle, unit=UnitPath(bytes(32), bundle.unit.path))


def _no_path(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, unit=None)


def _swapped_events(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, events=(bundle.events[1], bundle.events[0], *bundle.events[2:]))


def _doubled_event(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, events=(*bundle.events, bundle.events[-1]))


def _unknown_field(bundle: ProofBundle) -> bytes:
    document = json.loads(write_bundle(bundle)) | {"verdict": "verified"}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _spaces(bundle: ProofBundle) -> bytes:
    return json.dumps(json.loads(write_bundle(bundle)), sort_keys=True, indent=1).encode()


def _surplus_node(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, storage=tuple(sorted((*bundle.storage, bundle.header), key=keccak256)))


def _other_countersigner(bundle: ProofBundle) -> ProofBundle:
    signer, _signature = parts.decode_countersignature(bundle.events[0].attachment)
    forged = replace(bundle.events[0], attachment=parts.encode_countersignature(signer, bytes(63) + b"\x01"))
    return replace(bundle, events=(forged,))


def _fewer_children(bundle: ProofBundle) -> ProofBundle:
    forged = replace(bundle.events[0], attachment=bundle.events[0].attachment[:12])
    return replace(bundle, events=(forged, *bundle.events[1:]))


def _short_bundle(bundle: ProofBundle) -> ProofBundle:
    first = bundle.bundles[0]
    return replace(bundle, bundles=(replace(first, digests=first.digests[:2]),))


def _other_labels(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, label_keys=(STEADY.signer,))


def _other_chain(bundle: ProofBundle) -> ProofBundle:
    return replace(bundle, chain_id=1)


ATTACKS = (
    Attack("attack_hidden_recall", "The RECALL is left out.", "recalled", "states", _without_last_event),
    Attack("attack_dropped_recall_slot", "The RECALL and the nodes of its slot are left out.", "recalled", "states",
           _without_recall_slot),
    Attack("attack_hidden_hold", "The HOLD is left out.", "held", "states", _without_last_event),
    Attack("attack_hidden_correction", "The CORRECT is left out.", "corrected", "corrections", _without_last_event),
    Attack("attack_foreign_signature", "Somebody else signed.", "plain", "signatures", _foreign_signature),
    Attack("attack_foreign_signer", "A key of another organisation signed.", "p256", "missing_node", _foreign_signer),
    Attack("attack_pretended_wallet", "An account is passed off as a contract, whose signature nobody can check.",
           "plain", "missing_node", _pretended_wallet),
    Attack("attack_mirrored_signature", "The P-256 signature has its s mirrored.", "p256", "signatures", _high_s),
    Attack("attack_wrong_code", "The contract's council is another.", "plain", "contract", _wrong_code),
    Attack("attack_more_units", "The registration says more units.", "plain", "states", _more_units),
    Attack("attack_later_expiry", "The registration says a later expiry.", "expired", "states", _later_expiry),
    Attack("attack_other_serial", "A serial number that is not in the batch.", "unit", "unit", _other_serial),
    Attack("attack_other_salt", "The salt of the pack is another.", "unit", "unit", _other_salt),
    Attack("attack_no_path", "A serial number without its path.", "unit", "unit", _no_path),
    Attack("attack_swapped_events", "RECEIVE before SHIP.", "p256", "history", _swapped_events),
    Attack("attack_doubled_event", "The RECEIVE stands twice.", "p256", "history", _doubled_event),
    Attack("attack_unknown_field", "A field that says what the reader hopes for.", "recalled", "form", _unknown_field),
    Attack("attack_other_spelling", "The same with spaces and line ends.", "plain", "form", _spaces),
    Attack("attack_surplus_node", "A node that proves nothing.", "plain", "surplus", _surplus_node),
    Attack("attack_other_countersigner", "The countersignature is made up.", "handover", "signatures",
           _other_countersigner),
    Attack("attack_fewer_children", "A part of the split is hidden.", "split", "history", _fewer_children),
    Attack("attack_short_bundle", "A signed bundle lists fewer events than it signs.", "bundled", "signatures",
           _short_bundle),
    Attack("attack_other_label_key", "A label key that is not the maker's.", "labelled", "missing_node", _other_labels),
    Attack("attack_other_chain", "The bundle says another chain.", "plain", "ledger", _other_chain),
)  # fmt: skip


def main(folder: Path = FOLDER) -> None:
    """Play everything and write the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in content_of_all().items():
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
        temporary = folder / f".{name}"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(folder / f"{name}.json")


def content_of_all() -> dict[str, dict[str, Any]]:
    """Play everything on a new chain: the content of each file."""
    usual, KEYS[CARRIER] = KEYS[CARRIER], STEADY
    try:
        with tempfile.TemporaryDirectory() as folder, a_world(Path(folder), genesis=GENESIS) as world:
            stage = Stage(world, Path(folder))
            try:
                return _good(stage) | _attacks_of_time_and_place(stage)
            finally:
                stage.close()
    finally:
        KEYS[CARRIER] = usual


def _good(stage: Stage) -> dict[str, dict[str, Any]]:
    told = {tale.__name__: tale(stage, tale.__name__.upper()) for tale in TALES}
    found = {name: _content(each) for name, each in told.items()}
    for attack in ATTACKS:
        victim = told[attack.victim]
        forged = attack.forge(read_bundle(victim.bundle))
        content = _content(victim, forged if isinstance(forged, bytes) else write_bundle(forged))
        found[attack.name] = content | {"description": attack.description, "expected": {"rule": attack.rule}}
    return found


def _content(made: Made, forged: bytes | None = None) -> dict[str, Any]:
    bundle = read_bundle(made.bundle)
    header = read_header(bundle.header)
    serial = f"(21){made.serial}" if made.serial else ""
    return {
        "description": made.description,
        "bundle": (forged or made.bundle).decode(),
        "trusted": {
            "chain_id": bundle.chain_id,
            "ledger": "0x" + bundle.ledger.hex(),
            "hash": "0x" + header.hash.hex(),
        },
        "code": f"(01){made.gtin}(10){made.lot}{serial}",
        "now": header.time + 60 + made.later,
        "expected": {"verdict": made.verdict, "reason": made.reason},
    }


def _attacks_of_time_and_place(stage: Stage) -> dict[str, dict[str, Any]]:
    """True bundles of an earlier block, of another contract, and of two blocks at once."""
    gtin, batch = stage.register("STALE")
    before = stage.prove(gtin, "STALE")
    stage.do(Kind.HOLD, REGULATOR, batch, bytes(32), quantity=0)
    after = made(stage, "STALE", "", gtin, "held")
    found = {
        "attack_stale_header": _content(after, before)
        | {"description": "A true proof of the block before the HOLD.", "expected": {"rule": "block"}},
        "attack_replayed_history": _content(after, _mixed(before, after.bundle))
        | {"description": "The state before the HOLD under the header after it.", "expected": {"rule": "missing_node"}},
    }
    world = stage.world
    copy = Ledger(world.chain, world.send(b"", deployment_data(COUNCIL.signer)).contract)
    domain = Domain(31337, copy.address)
    assert domain != world.domain
    forged = replace(read_bundle(after.bundle), ledger=copy.address)
    found["attack_other_contract"] = _content(after, write_bundle(forged)) | {
        "description": "A copy of the contract at another address.",
        "expected": {"rule": "ledger"},
    }
    return found


def _mixed(before: bytes, after: bytes) -> bytes:
    return write_bundle(replace(read_bundle(before), header=read_bundle(after).header))


if __name__ == "__main__":
    main()
