"""Each rule of a proof by itself, on a chain that can lie: what no true chain holds must be refused all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger.chain.artifact import code_template
from ledger.core import parts, slots
from ledger.core.errors import InvalidProofError
from ledger.core.proof import check_proof
from ledger.core.proof_bundle import ProofBundle, ProvenEvent, Signed, SignedBundle, read_bundle
from ledger.core.structs import Bundle
from ledger.core.vocabulary import Kind
from tests.core.forged_chain import consignment_slots, domain_of, key_slot, proved_on, words_of
from tests.core.proof_vectors import vector
from tests.proof_cases import STEADY
from tests.world import CARRIER, KEYS, MAKER, REGULATOR, Scribe

PURPOSES = 1 << 32  # the bit of EVENTS in a key's word


def opened(name: str) -> tuple[ProofBundle, dict[bytes, bytes]]:
    found = vector(name)
    bundle = read_bundle(found.bundle)
    return bundle, words_of(found, bundle)


def batch_of(bundle: ProofBundle) -> bytes:
    return parts.batch_id(bundle.registration.gtin, bundle.registration.lot)


def changed(words: dict[bytes, bytes], slot: bytes, value: int) -> dict[bytes, bytes]:
    return words | {slot: value.to_bytes(32, "big")}


def rule(bundle: ProofBundle, words: dict[bytes, bytes], **options: Any) -> str:
    with pytest.raises(InvalidProofError) as caught:
        proved_on(bundle, words, **options)
    return str(caught.value.evidence["rule"])


@pytest.mark.parametrize("name", ["plain", "p256", "split", "recalled", "pallet", "bundled", "corrected", "labelled"])
def test_the_forged_chain_tells_the_truth_if_nothing_is_changed(name: str) -> None:
    bundle, words = opened(name)
    proven = proved_on(bundle, words)
    assert proven.history.states == vector(name).proved().history.states
    assert proven.history.events == vector(name).proved().history.events


@pytest.mark.parametrize("bit", [*range(0, 32, 7), 40, 70, 100, 130, 170, 200, 230, 240, 241])
def test_every_field_of_a_consignment_is_compared(bit: int) -> None:
    bundle, words = opened("p256")
    for slot in consignment_slots(batch_of(bundle)):
        value = int.from_bytes(words[slot], "big") ^ 1 << bit
        assert rule(bundle, changed(words, slot, value)) == "states"


def test_a_recall_on_the_ledger_that_no_statement_made_is_refused() -> None:
    bundle, words = opened("plain")
    slot = slots.slot_of(batch_of(bundle), slots.RECALLS)
    assert rule(bundle, changed(words, slot, MAKER)) == "recall"


def test_a_recall_that_the_ledger_does_not_hold_is_refused() -> None:
    bundle, words = opened("recalled")
    slot = slots.slot_of(batch_of(bundle), slots.RECALLS)
    assert rule(bundle, changed(words, slot, 0)) == "recall"
    assert rule(bundle, changed(words, slot, int.from_bytes(words[slot], "big") ^ 1)) == "recall"


def test_a_correction_on_the_ledger_that_is_not_here_is_refused() -> None:
    bundle, words = opened("p256")
    slot = slots.slot_of(bundle.events[0].statement.digest(domain_of(bundle)), slots.CORRECTIONS)
    assert rule(bundle, changed(words, slot, 1)) == "corrections"


def test_a_correction_that_was_never_recorded_is_refused() -> None:
    """It moves no head, so only its own slot can tell; here of an event that never was either."""
    bundle, words = opened("plain")
    scribe = Scribe(domain_of(bundle), lambda: 1_790_000_000)
    batch = batch_of(bundle)
    never: Any = scribe.event(Kind.SHIP, MAKER, batch, bytes(32), counterparty=CARRIER).statement
    correct: Any = scribe.event(
        Kind.CORRECT, MAKER, batch, never.digest(scribe.domain), quantity=0, attachment=parts.encode_event(never)
    )
    event = replace(read_bundle(vector("held").bundle).events[0], statement=correct.statement)
    event = replace(event, attachment=correct.attachment, signed=Signed(correct.signer, correct.signature))
    assert rule(replace(bundle, events=(event,)), words) == "corrections"
    swapped = replace(event, attachment=parts.encode_event(replace(never, quantity=1)))
    assert rule(replace(bundle, events=(swapped,)), words) == "corrections"


@pytest.mark.parametrize(("organisation", "purposes"), [(CARRIER, 1), (MAKER, 2), (0, 0)])
def test_a_key_of_another_or_for_another_purpose_is_refused(organisation: int, purposes: int) -> None:
    bundle, words = opened("plain")
    slot = key_slot(bundle.registered.signer)
    assert rule(bundle, changed(words, slot, organisation | purposes * PURPOSES)) == "signatures"


@pytest.mark.parametrize(("organisation", "purposes"), [(CARRIER, 2), (MAKER, 1)])
def test_a_label_key_of_another_or_for_another_purpose_is_refused(organisation: int, purposes: int) -> None:
    bundle, words = opened("labelled")
    words = changed(words, key_slot(bundle.label_keys[0]), organisation | purposes * PURPOSES)
    assert rule(bundle, words) == "label_keys"


def test_label_keys_out_of_order_or_twice_are_refused() -> None:
    bundle, words = opened("labelled")
    assert rule(replace(bundle, label_keys=bundle.label_keys * 2), words) == "label_keys"


def test_an_address_is_no_label_key() -> None:
    bundle, words = opened("plain")
    words = changed(words, key_slot(b"\x11" * 20), MAKER | 2 * PURPOSES)
    assert rule(replace(bundle, label_keys=(b"\x11" * 20,)), words) == "label_keys"


def test_an_account_without_code_is_no_wallet() -> None:
    bundle, words = opened("plain")
    bare = replace(bundle, registered=Signed(bundle.registered.signer, None))
    assert rule(bare, words) == "signatures"
    assert proved_on(bare, words, wallets=(bundle.registered.signer,)).wallets == (bundle.registered.signer,)


def test_a_p256_key_is_no_wallet() -> None:
    bundle, words = opened("p256")
    last = replace(bundle.events[-1], signed=Signed(STEADY.signer, None))
    assert rule(replace(bundle, events=(bundle.events[0], last)), words) == "signatures"


def test_a_pallet_that_never_carried_the_batch_is_refused() -> None:
    bundle, words = opened("pallet")
    plain, plain_words = opened("plain")
    assert rule(replace(plain, events=bundle.events[:1]), words | plain_words) in {"history", "missing_node", "states"}


def packed(
    bundle: ProofBundle, words: dict[bytes, bytes], members: list[tuple[bytes, bytes]], quantity: int = 1
) -> tuple[ProofBundle, dict[bytes, bytes], bytes]:
    """A pallet that the ledger holds, whatever is said to be on it."""
    scribe = Scribe(domain_of(bundle), lambda: 1_790_000_000)
    attachment = parts.pack_pallet(None, members)
    made: Any = scribe.event(Kind.PACK, MAKER, bytes(32), bytes(32), quantity=quantity, attachment=attachment)
    digest = made.digest(scribe.domain)
    first, second = consignment_slots(digest)
    words = words | {first: digest, second: (2 << 240 | 1 << 128).to_bytes(32, "big")}
    event = ProvenEvent(made.statement, attachment, Signed(made.signer, made.signature))
    return replace(bundle, events=(event,)), words, second


def test_a_pallet_of_strangers_is_refused_even_where_the_ledger_has_it() -> None:
    bundle, words, second = packed(*opened("plain"), [(b"\x11" * 32, b"\x22" * 32)])
    assert rule(bundle, words) == "history"
    assert rule(bundle, words | {second: bytes(32)}) == "states"


def test_a_pallet_with_another_count_or_another_head_is_refused() -> None:
    bundle, words = opened("plain")
    batch, head = batch_of(bundle), bundle.registration.digest(domain_of(bundle))
    for members, quantity in (([(batch, head)], 2), ([(batch, b"\x22" * 32)], 1)):
        forged, held, _second = packed(bundle, words, members, quantity)
        assert rule(forged, held) == "history"


def test_an_event_on_goods_of_others_is_refused() -> None:
    bundle, words = opened("plain")
    scribe = Scribe(domain_of(bundle), lambda: 1_790_000_000)
    foreign: Any = scribe.event(Kind.SHIP, MAKER, b"\x11" * 32, bytes(32), counterparty=CARRIER)
    event = ProvenEvent(foreign.statement, b"", Signed(foreign.signer, foreign.signature))
    assert rule(replace(bundle, events=(event,)), words) == "history"


def test_a_code_that_is_not_the_registered_one_is_refused() -> None:
    bundle, words = opened("plain")
    assert rule(replace(bundle, lot="OTHER"), words) == "code"


def signed_bundle(bundle: ProofBundle, *digests: bytes, actor: int = MAKER) -> SignedBundle:
    statement = Bundle(actor, len(digests), parts.bundle_digests(digests))
    key = KEYS[actor]
    return SignedBundle(statement, digests, Signed(key.signer, key.sign(statement.digest(domain_of(bundle)))))


def test_a_bundle_of_events_that_is_not_needed_is_refused() -> None:
    bundle, words = opened("bundled")
    surplus = signed_bundle(bundle, b"\x01" * 32)
    both = sorted((*bundle.bundles, surplus), key=lambda each: each.statement.digest(domain_of(bundle)))
    assert rule(replace(bundle, bundles=tuple(both)), words) == "signatures"
    assert rule(replace(bundle, bundles=tuple(reversed(both))), words) == "signatures"


def test_two_bundles_over_one_event_are_refused() -> None:
    bundle, words = opened("bundled")
    again = signed_bundle(bundle, bundle.bundles[0].digests[0], b"\xff" * 32)
    both = sorted((*bundle.bundles, again), key=lambda each: each.statement.digest(domain_of(bundle)))
    assert rule(replace(bundle, bundles=tuple(both)), words) == "signatures"


def test_a_bundle_of_another_organisation_covers_nothing() -> None:
    bundle, words = opened("bundled")
    other = signed_bundle(bundle, *bundle.bundles[0].digests, actor=REGULATOR)
    words = changed(words, key_slot(KEYS[REGULATOR].signer), REGULATOR | PURPOSES)
    assert rule(replace(bundle, bundles=(other,)), words) == "signatures"
    assert rule(replace(bundle, bundles=()), words) == "signatures"


def test_an_attachment_that_cannot_be_read_is_refused() -> None:
    bundle, words = opened("split")
    broken = replace(bundle.events[0], attachment=b"\x01")
    assert rule(replace(bundle, events=(broken, *bundle.events[1:])), words) == "history"


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("p256", {"kind": 77}),
        ("p256", {"place": b"\xff" * 5}),
        ("p256", {"parts": b"\x01" * 32}),
        ("pallet", {"quantity": 3}),
        ("unpacked", {"quantity": 3}),
    ],
)
def test_a_statement_that_no_contract_took_is_refused(name: str, fields: dict[str, Any]) -> None:
    bundle, words = opened(name)
    for index, event in enumerate(bundle.events):
        forged = replace(event, statement=replace(event.statement, **fields))
        events = (*bundle.events[:index], forged, *bundle.events[index + 1 :])
        with pytest.raises(InvalidProofError):
            proved_on(replace(bundle, events=events), words)


def test_an_attachment_where_none_belongs_is_refused() -> None:
    bundle, words = opened("p256")
    beside = replace(bundle.events[0], attachment=b"\x01")
    assert rule(replace(bundle, events=(beside, bundle.events[1])), words) == "history"


@pytest.mark.parametrize("fields", [{"product_class": 9}, {"expiry": 20261399}, {"manufactured": 1}])
def test_a_registration_that_no_contract_took_is_refused(fields: dict[str, Any]) -> None:
    bundle, words = opened("plain")
    forged = replace(bundle, registration=replace(bundle.registration, **fields))
    assert rule(forged, words) == "history"


def test_a_serial_number_and_its_path_come_together() -> None:
    bundle, words = opened("unit")
    assert rule(replace(bundle, unit=None), words) == "unit"
    assert rule(replace(bundle, serial=None), words) == "unit"
    assert proved_on(replace(bundle, serial=None, unit=None), words).serial is None


def test_immutables_are_counted() -> None:
    found = vector("plain")
    with pytest.raises(InvalidProofError, match="words of its own"):
        check_proof(replace(read_bundle(found.bundle), immutables=()), found.trusted, code_template())
