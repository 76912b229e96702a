"""A chain that can lie: any state one likes, for the rules that a true chain never breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trie import HexaryTrie

from ledger.chain.artifact import code_template
from ledger.core import parts, slots
from ledger.core.errors import InvalidProofError
from ledger.core.header import read_header
from ledger.core.keccak import keccak256
from ledger.core.proof import ProvenFacts, Trusted, check_proof, trimmed
from ledger.core.proof_bundle import ProofBundle
from ledger.core.rlp import decode, encode, encode_number
from ledger.core.structs import Domain
from ledger.core.trie import Nodes
from ledger.prove import _slots
from tests.core.proof_vectors import ProofVector


def words_of(vector: ProofVector, bundle: ProofBundle) -> dict[bytes, bytes]:
    """Every slot that the check of a good bundle reads, with its word."""
    proven = vector.proved()
    root = Nodes(bundle.state).account(read_header(bundle.header).state_root, bundle.ledger).storage_root
    digests = [event.digest for event in proven.history.events]
    wanted = _slots(bundle, proven.history.states, proven.organisations, digests)
    storage = Nodes(bundle.storage)
    return {slot: storage.word(root, slot) for slot in wanted}


def proved_on(bundle: ProofBundle, words: dict[bytes, bytes], *, wallets: tuple[bytes, ...] = ()) -> ProvenFacts:
    """Check a bundle against a chain whose contract holds these words, and which is trusted."""
    storage: Any = HexaryTrie({})
    for slot, word in words.items():
        if any(word):
            storage[keccak256(slot)] = encode(encode_number(int.from_bytes(word, "big")))
    code = bytearray(code_template().code)
    for place, word in zip(code_template().places, bundle.immutables, strict=True):
        code[place : place + 32] = word
    state: Any = HexaryTrie({})
    state[keccak256(bundle.ledger)] = encode([b"\x01", b"", storage.root_hash, keccak256(bytes(code))])
    for wallet in wallets:
        state[keccak256(wallet)] = encode([b"", b"", keccak256(b"\x80"), keccak256(b"code")])
    fields: Any = decode(bundle.header)
    fields[3] = state.root_hash
    header = encode(fields)
    needed = _Needed(state.db.values()), _Needed(storage.db.values())
    forged = replace(bundle, header=header, state=needed[0].all(), storage=needed[1].all())
    trusted = Trusted(bundle.chain_id, bundle.ledger, keccak256(header), "the test made it")
    return check_proof(_only_needed(forged, trusted), trusted, code_template())


class _Needed:
    """Nodes in the order of a bundle."""

    def __init__(self, nodes: Any) -> None:
        self._nodes = [bytes(node) for node in nodes]

    def all(self) -> tuple[bytes, ...]:
        return tuple(sorted(set(self._nodes), key=keccak256))


def _only_needed(bundle: ProofBundle, trusted: Trusted) -> ProofBundle:
    """Leave out the tries' earlier roots; what is wrong with the bundle shows in the check that follows."""
    try:
        return trimmed(bundle, trusted, code_template())
    except InvalidProofError:
        return bundle


def consignment_slots(batch: bytes) -> tuple[bytes, bytes]:
    first = slots.slot_of(batch, slots.CONSIGNMENTS)
    return first, slots.following(first)


def key_slot(signer: bytes) -> bytes:
    return slots.slot_of(parts.key_id(signer), slots.KEYS)


def domain_of(bundle: ProofBundle) -> Domain:
    return Domain(bundle.chain_id, bundle.ledger)
