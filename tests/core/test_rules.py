"""What the rules refuse, one refusal after another; the random comparison with the contract covers their order."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from ledger.core import facts, structs
from ledger.core.court import parts_of
from ledger.core.custody import ConsignmentState
from ledger.core.keccak import keccak256
from ledger.core.ledger_view import LedgerView
from ledger.core.parts import (
    batch_id,
    bundle_digests,
    child_id,
    encode_countersignature,
    encode_event,
    pack_children,
    pack_ids,
    pack_pallet,
    prefixes_hash,
)
from ledger.core.projection import Projection
from ledger.core.refusals import refused
from ledger.core.rules import bundle_refusals, refusal
from ledger.core.structs import CustodyStatement
from ledger.core.submission import BundledEvent, Submission
from ledger.core.vocabulary import AUTHORITY_KINDS, Kind, Purpose
from tests.core.batch_story import settled
from tests.core.python_ledger import DOMAIN, PythonLedger
from tests.core.test_rules_properties import ORGANISATIONS, START, signers_of
from tests.system.random_statements import with_check_digit

ZERO = bytes(32)
GTIN = 5413868000016
BATCH = batch_id(GTIN, "AB12")
AUTHORITY, MAKER, CARRIER, PHARMACY, CUSTOMS, FOREIGN_CUSTOMS = 1, 2, 4, 5, 6, 9


class Desk:
    """A ledger on the rules alone, with everyone's keys at hand and one batch of 1,000 at its maker."""

    def __init__(self) -> None:
        self.ledger = PythonLedger()
        self.signers = signers_of(Random(1))
        for number, authority, country, roles, prefixes in ORGANISATIONS:
            self.ledger.admit(number, country, roles, self.signers[number][0].signer, prefixes, authority)
        self.now = START
        assert self.submit(self.registration()) is None

    def registration(self, **changes: Any) -> structs.BatchRegistration:
        known = structs.BatchRegistration(MAKER, GTIN, "AB12", 1, 1000, 20260401, 20270331, ZERO, ZERO)
        return replace(known, **changes)

    def signed(self, statement: structs.Statement, **beside: Any) -> Submission:
        actor = next(
            getattr(statement, name)
            for name in ("manufacturer", "actor", "authority", "organisation")
            if hasattr(statement, name)
        )
        signer = self.signers.get(actor, self.signers[AUTHORITY])[0]
        return Submission(statement.NAME, statement, signer.signer, signer.sign(statement.digest(DOMAIN)), **beside)

    def submit(self, statement: structs.Statement, **beside: Any) -> tuple[str, dict[str, Any]] | None:
        self.now += 10
        error = self.ledger.submit(self.signed(statement, **beside), self.now)
        return (error.evidence["error"], error.evidence["arguments"]) if error else None

    def event(self, kind: Kind, actor: int, quantity: int = 0, counterparty: int = 0, **given: Any) -> CustodyStatement:
        consignment = given.get("consignment", BATCH)
        state = self.ledger.consignment(consignment)
        if "previous" in given:
            previous = given["previous"]
        elif state is None:
            previous = ZERO
        elif kind in AUTHORITY_KINDS or given.get("authority"):
            previous = state.sequence.to_bytes(32, "big")
        else:
            previous = state.head
        return CustodyStatement(
            consignment=consignment,
            previous=previous,
            actor=actor,
            kind=kind,
            occurred_at=given.get("occurred_at", self.now),
            counterparty=counterparty,
            quantity=quantity,
            place=given.get("place", b"BEBRU"),
            parts=keccak256(given["attachment"]) if "attachment" in given else ZERO,
            details=keccak256(str(self.now).encode()),
        )

    def record(self, kind: Kind, actor: int, quantity: int = 0, counterparty: int = 0, **given: Any) -> Any:
        beside = {"attachment": given["attachment"]} if "attachment" in given else {}
        return self.submit(self.event(kind, actor, quantity, counterparty, **given), **beside)

    def pack(self, actor: int, members: list[bytes], **given: Any) -> bytes:
        heads = [(each, self.state(each).head) for each in members]
        attachment = pack_pallet(given.pop("sscc", None), heads)
        event = self.event(Kind.PACK, actor, len(members), consignment=ZERO, previous=ZERO, attachment=attachment)
        assert self.submit(event, attachment=attachment) is None
        return event.digest(DOMAIN)

    def state(self, consignment: bytes = BATCH) -> ConsignmentState:
        state = self.ledger.consignment(consignment)
        assert state
        return state


def name(answer: tuple[str, Any] | None) -> str | None:
    return answer[0] if answer else None


@pytest.fixture
def desk() -> Desk:
    return Desk()


# Holders' events


def test_a_shipment_and_its_receipt_are_accepted(desk: Desk) -> None:
    assert desk.record(Kind.SHIP, MAKER, 1000, CARRIER) is None
    assert desk.record(Kind.RECEIVE, CARRIER, 1000, MAKER) is None
    assert desk.state().holder == CARRIER


def test_the_same_shipment_again_is_already_recorded(desk: Desk) -> None:
    event = desk.event(Kind.SHIP, MAKER, 1000, CARRIER)
    assert desk.submit(event) is None
    assert desk.submit(event) == ("AlreadyRecorded", {"digest": "0x" + event.digest(DOMAIN).hex()})


def test_a_shipment_on_an_old_head_is_stale(desk: Desk) -> None:
    head = desk.state().head
    desk.record(Kind.SHIP, MAKER, 1000, CARRIER)
    desk.record(Kind.RECEIVE, CARRIER, 1000, MAKER)
    found = desk.record(Kind.SHIP, CARRIER, 1000, PHARMACY, previous=head)
    assert found == ("StaleHead", {"expected": "0x" + desk.state().head.hex(), "given": "0x" + head.hex()})


def test_a_return_names_the_other_side(desk: Desk) -> None:
    def expected(other: int, given: int) -> tuple[str, dict[str, int]]:
        return "NotCounterparty", {"expected": other, "given": given}

    desk.record(Kind.SHIP, MAKER, 1000, CARRIER)
    assert desk.record(Kind.RETURN, PHARMACY, 1000, MAKER) == (
        "NotCounterparty",
        {"expected": CARRIER, "given": PHARMACY},
    )
    assert desk.record(Kind.RETURN, CARRIER, 1000, CARRIER) == (
        "NotCounterparty",
        {"expected": MAKER, "given": CARRIER},
    )
    assert desk.record(Kind.RETURN, MAKER, 1000, CARRIER) is None
    assert desk.state().counterparty == 0


def test_a_receipt_names_the_sender(desk: Desk) -> None:
    desk.record(Kind.SHIP, MAKER, 1000, CARRIER)
    assert name(desk.record(Kind.RECEIVE, CARRIER, 1000, PHARMACY)) == "NotCounterparty"
    assert name(desk.record(Kind.RECEIVE, PHARMACY, 1000, MAKER)) == "NotCounterparty"


def test_goods_are_not_shipped_to_oneself_nor_when_nothing_is_left(desk: Desk) -> None:
    assert desk.record(Kind.SHIP, MAKER, 1000, MAKER) == ("NotCounterparty", {"expected": 0, "given": MAKER})
    desk.record(Kind.DESTROY, MAKER, 1000)
    assert name(desk.record(Kind.SHIP, MAKER, 0, CARRIER)) == "NoQuantity"


def test_an_unknown_organisation_cannot_receive_goods(desk: Desk) -> None:
    assert desk.record(Kind.SHIP, MAKER, 1000, 99) == ("UnknownOrganisation", {"organisation": 99})


def test_a_handover_needs_both_signatures(desk: Desk) -> None:
    event = desk.event(Kind.HANDOVER, MAKER, 1000, CARRIER)
    other = desk.signers[CARRIER][0]
    good = encode_countersignature(other.signer, other.sign(event.digest(DOMAIN)))
    assert name(desk.submit(event, attachment=good[:-1])) == "InvalidParts"
    assert desk.submit(event, attachment=b"") == ("InvalidParts", {"index": 0})
    long = good[:64] + (65).to_bytes(32, "big") + good[96:]
    assert desk.submit(event, attachment=long) == ("InvalidParts", {"index": 0})
    cut = good[:32] + (96 + 64).to_bytes(32, "big") + (64).to_bytes(32, "big") + bytes(64)
    assert desk.submit(event, attachment=cut) == ("InvalidParts", {"index": 1})
    mine = desk.signers[MAKER][0]
    own = encode_countersignature(mine.signer, mine.sign(event.digest(DOMAIN)))
    assert name(desk.submit(event, attachment=own)) == "KeyOfAnother"
    assert desk.submit(event, attachment=good) is None
    assert desk.state().holder == CARRIER


# Pallets


def test_a_pallet_moves_what_is_on_it_and_gives_it_back(desk: Desk) -> None:
    pallet = desk.pack(MAKER, [BATCH])
    assert desk.record(Kind.SHIP, MAKER, 1000, CARRIER) == (
        "InPallet",
        {"consignment": "0x" + BATCH.hex(), "pallet": 1},
    )
    assert name(desk.record(Kind.HOLD, CUSTOMS)) == "InPallet"
    assert desk.record(Kind.SHIP, MAKER, 1, CARRIER, consignment=pallet) is None
    assert desk.record(Kind.RECEIVE, CARRIER, 1, MAKER, consignment=pallet) is None
    assert desk.record(Kind.UNPACK, CARRIER, 1, consignment=pallet, attachment=pack_ids([BATCH])) is None
    assert (desk.state().holder, desk.state().pallet, desk.state(pallet).rest) == (CARRIER, b"", 0)


def test_the_parts_are_as_many_as_the_statement_says(desk: Desk) -> None:
    children = pack_children([(None, 300), (None, 200)])
    found = desk.record(Kind.SPLIT, MAKER, 501, attachment=children)
    assert found == ("QuantityMismatch", {"expected": 500, "given": 501})
    assert name(desk.record(Kind.SPLIT, MAKER, 499, attachment=children)) == "QuantityExceeded"
    one = pack_pallet(None, [(BATCH, desk.state().head)])
    found = desk.record(Kind.PACK, MAKER, 2, consignment=ZERO, previous=ZERO, attachment=one)
    assert found == ("QuantityMismatch", {"expected": 1, "given": 2})
    pallet = desk.pack(MAKER, [BATCH])
    found = desk.record(Kind.UNPACK, MAKER, 2, consignment=pallet, attachment=pack_ids([BATCH]))
    assert found == ("QuantityMismatch", {"expected": 1, "given": 2})


def test_the_same_pallet_is_not_packed_twice(desk: Desk) -> None:
    attachment = pack_pallet(None, [(BATCH, desk.state().head)])
    event = desk.event(Kind.PACK, MAKER, 1, consignment=ZERO, previous=ZERO, attachment=attachment)
    assert desk.submit(event, attachment=attachment) is None
    assert name(desk.submit(event, attachment=attachment)) == "AlreadyRecorded"


def test_malformed_parts_are_refused_at_the_first_bad_one(desk: Desk) -> None:
    for kind, bad, index in (
        (Kind.SPLIT, b"", 0),
        (Kind.SPLIT, bytes(25), 2),
        (Kind.PACK, bytes(8), 0),
        (Kind.PACK, bytes(73), 1),
        (Kind.UNPACK, bytes(33), 1),
    ):
        given: dict[str, Any] = {"consignment": ZERO, "previous": ZERO} if kind is Kind.PACK else {}
        if kind is Kind.UNPACK:
            given["consignment"] = desk.pack(MAKER, [BATCH])
        assert desk.record(kind, MAKER, 1, attachment=bad, **given) == ("InvalidParts", {"index": index}), kind


def test_no_more_comes_off_a_pallet_than_is_on_it(desk: Desk) -> None:
    pallet = desk.pack(MAKER, [BATCH])
    twice = pack_ids([BATCH, BATCH])
    found = desk.record(Kind.UNPACK, MAKER, 2, consignment=pallet, attachment=twice)
    assert found == ("QuantityExceeded", {"rest": 1, "given": 2})


def test_a_pallet_is_destroyed_whole_or_not_at_all(desk: Desk) -> None:
    half = pack_children([(None, 500)])
    split = desk.event(Kind.SPLIT, MAKER, 500, attachment=half)
    assert desk.submit(split, attachment=half) is None
    pallet = desk.pack(MAKER, [BATCH, child_id(split.digest(DOMAIN), 0)])
    assert desk.record(Kind.DESTROY, MAKER, 1, consignment=pallet) == ("QuantityMismatch", {"expected": 2, "given": 1})
    assert desk.record(Kind.DESTROY, MAKER, 3, consignment=pallet) == ("QuantityExceeded", {"rest": 2, "given": 3})
    assert desk.record(Kind.DESTROY, MAKER, 2, consignment=pallet) is None


def test_pallets_are_neither_packed_nor_split_nor_dispensed(desk: Desk) -> None:
    pallet = desk.pack(MAKER, [BATCH])
    children = pack_children([(None, 1)])
    assert name(desk.record(Kind.SPLIT, MAKER, 1, consignment=pallet, attachment=children)) == "IsPallet"
    again = pack_pallet(None, [(pallet, desk.state(pallet).head)])
    assert name(desk.record(Kind.PACK, MAKER, 1, consignment=ZERO, previous=ZERO, attachment=again)) == "IsPallet"


def test_an_sscc_outside_the_prefixes_is_refused(desk: Desk) -> None:
    children = pack_children([(with_check_digit("15400000000000000"), 1)])
    assert name(desk.record(Kind.SPLIT, MAKER, 1, attachment=children)) == "PrefixNotLicensed"
    wrong = (10).to_bytes(8, "big") + (1).to_bytes(4, "big")
    assert name(desk.record(Kind.SPLIT, MAKER, 1, attachment=wrong)) == "InvalidSscc"


# Administrations


def test_only_the_holding_administration_or_its_regulator_releases(desk: Desk) -> None:
    desk.record(Kind.HOLD, CUSTOMS)
    assert desk.record(Kind.RELEASE, FOREIGN_CUSTOMS, place=b"SGSIN") == ("Held", {"by": CUSTOMS})
    assert desk.record(Kind.HOLD, AUTHORITY) == ("Held", {"by": CUSTOMS})
    assert desk.record(Kind.RELEASE, AUTHORITY) is None
    assert name(desk.record(Kind.RELEASE, AUTHORITY)) == "NotHeld"


def test_goods_held_in_one_country_are_not_seized_by_another(desk: Desk) -> None:
    desk.record(Kind.HOLD, CUSTOMS)
    assert desk.record(Kind.SEIZE, FOREIGN_CUSTOMS, place=b"SGSIN") == ("Held", {"by": CUSTOMS})
    assert desk.record(Kind.SEIZE, AUTHORITY) is None
    assert desk.record(Kind.RELEASE, CUSTOMS) == ("Seized", {"by": AUTHORITY})
    assert desk.record(Kind.DESTROY, AUTHORITY, 1000, authority=True) is None


def test_an_administration_acts_in_its_own_country_only(desk: Desk) -> None:
    found = desk.record(Kind.HOLD, CUSTOMS, place=b"SGSIN")
    assert found == ("OutsideJurisdiction", {"country": "0x4245", "place": "0x534753494e"})


def test_a_batch_is_recalled_once(desk: Desk) -> None:
    assert name(desk.record(Kind.RECALL, CARRIER, place=bytes(5))) == "RoleMissing"
    assert desk.record(Kind.RECALL, MAKER, place=bytes(5)) is None
    assert name(desk.record(Kind.RECALL, AUTHORITY, place=bytes(5))) == "AlreadyRecalled"


# Corrections


def test_a_correction_names_an_event_of_the_same_actor(desk: Desk) -> None:
    event = desk.event(Kind.SHIP, MAKER, 1000, CARRIER)
    desk.submit(event)
    earlier, attachment = event.digest(DOMAIN), encode_event(event)

    def correct(actor: int = MAKER, beside: bytes = attachment, **given: Any) -> Any:
        return desk.submit(desk.event(Kind.CORRECT, actor, previous=earlier, **given), attachment=beside)

    assert correct(beside=attachment[:-1]) == ("InvalidParts", {"index": 0})
    assert name(correct(beside=bytes(320))) == "PartsMismatch"
    assert correct(consignment=ZERO)[1] == {"name": "0x" + b"consignment".hex().ljust(64, "0")}
    assert correct(CARRIER) == ("NotActor", {"expected": MAKER, "given": CARRIER})
    assert correct() is None
    assert name(correct()) == "AlreadyRecorded"


# Form


def test_fields_that_a_kind_does_not_use_stay_empty(desk: Desk) -> None:
    def unexpected(answer: Any) -> str:
        assert answer[0] == "UnexpectedField"
        return bytes.fromhex(answer[1]["name"][2:]).rstrip(b"\0").decode()

    assert unexpected(desk.record(Kind.DISPENSE, MAKER, 1, CARRIER)) == "counterparty"
    assert unexpected(desk.submit(desk.event(Kind.SHIP, MAKER, 1000, CARRIER), attachment=b"x")) == "attachment"
    assert (
        unexpected(desk.submit(replace(desk.event(Kind.SHIP, MAKER, 1000, CARRIER), parts=keccak256(b"")))) == "parts"
    )
    one = pack_pallet(None, [(BATCH, ZERO)])
    assert unexpected(desk.record(Kind.PACK, MAKER, 1, attachment=one)) == "consignment"
    assert unexpected(desk.record(Kind.PACK, MAKER, 1, attachment=one, consignment=ZERO, previous=BATCH)) == "previous"


def test_kind_place_and_parts_must_be_right(desk: Desk) -> None:
    event = desk.event(Kind.SHIP, MAKER, 1000, CARRIER)
    assert desk.submit(replace(event, kind=77)) == ("InvalidKind", {"kind": 77})
    assert name(desk.submit(replace(event, place=bytes(5)))) == "InvalidPlace"
    split = desk.event(Kind.SPLIT, MAKER, 1, attachment=b"signed")
    assert name(desk.submit(split, attachment=b"sent")) == "PartsMismatch"


# Signers


def test_a_paused_ledger_takes_nothing(desk: Desk) -> None:
    desk.ledger.until = desk.now + 1000
    assert desk.record(Kind.SHIP, MAKER, 1000, CARRIER) == ("Paused", {"until": desk.ledger.until})


def test_a_wallet_contract_is_asked_where_no_curve_verifies(desk: Desk) -> None:
    submission = desk.signed(desk.event(Kind.SHIP, 1, 1000, CARRIER))  # organisation 1 signs as an address
    forged = replace(submission, signature=b"wallet")
    error = refusal(forged, desk.ledger, domain=DOMAIN, now=desk.now)
    assert error
    assert error.evidence["error"] == "InvalidSignature"
    desk.ledger.is_wallet_signature = lambda wallet, _digest, _signature: wallet == submission.signer
    error = refusal(forged, desk.ledger, domain=DOMAIN, now=desk.now)
    assert error
    assert error.evidence["error"] == "NotHolder"


# Registrations


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "AlreadyRecorded"),
        ({"quantity": 999}, "BatchAlreadyRegistered"),
        ({"gtin": GTIN + 1}, "InvalidGtin"),
        ({"gtin": 0}, "InvalidGtin"),
        ({"gtin": 4006381333931}, "PrefixNotLicensed"),
        ({"lot": ""}, "InvalidLot"),
        ({"lot": "A" * 21}, "InvalidLot"),
        ({"lot": "A B"}, "InvalidLot"),
        ({"product_class": 5}, "InvalidProductClass"),
        ({"quantity": 0}, "NoQuantity"),
        ({"manufactured": 20260230}, "InvalidDate"),
        ({"expiry": 20270229}, "InvalidDate"),
        ({"expiry": 20260401}, "InvalidDate"),
        ({"expiry": 21000101}, "InvalidDate"),
        ({"manufacturer": CARRIER}, "RoleMissing"),
        ({"manufacturer": 99}, "KeyOfAnother"),
    ],
    ids=str,
)
def test_registration_is_refused(desk: Desk, changes: dict[str, Any], expected: str) -> None:
    assert name(desk.submit(desk.registration(**changes))) == expected


def test_a_maker_without_prefixes_registers_nothing(desk: Desk) -> None:
    amended = structs.Accreditation(
        1, MAKER, desk.ledger.authority_sequence(1), "M", b"BE", 0, 1, prefixes_hash(()), b""
    )
    assert desk.submit(amended) is None
    assert desk.submit(desk.registration(lot="NEW")) == ("NoPrefixes", {"organisation": MAKER})


# Bundles and anchors


def bundle_of(desk: Desk, *events: CustodyStatement, **changes: Any) -> Submission:
    digests = bundle_digests(event.digest(DOMAIN) for event in set(events))
    statement = replace(structs.Bundle(MAKER, len(events), digests), **changes)
    return desk.signed(statement, events=tuple(BundledEvent(event) for event in events))


def test_a_bundle_is_refused_as_a_whole_for_what_it_says_of_itself(desk: Desk) -> None:
    ship = desk.event(Kind.SHIP, MAKER, 1000, CARRIER)

    def whole(submission: Submission) -> str | None:
        error = refusal(submission, desk.ledger, domain=DOMAIN, now=desk.now)
        return error.evidence["error"] if error else None

    assert whole(bundle_of(desk, ship)) is None
    assert whole(bundle_of(desk, ship, count=2)) == "QuantityMismatch"
    assert whole(bundle_of(desk, ship, digests=ZERO)) == "BundleMismatch"
    assert whole(bundle_of(desk, replace(ship, actor=CARRIER))) == "NotActor"
    assert whole(bundle_of(desk, ship, ship)) == "BundleNotAscending"


def test_events_of_a_bundle_are_judged_one_after_another(desk: Desk) -> None:
    ship = desk.event(Kind.SHIP, MAKER, 1000, CARRIER)
    correct = desk.event(Kind.CORRECT, MAKER, previous=ship.digest(DOMAIN))
    other = replace(ship, counterparty=PHARMACY)
    submission = bundle_of(desk, ship, correct, other)
    events = tuple(
        BundledEvent(event.statement, encode_event(ship) if event.statement == correct else b"")
        for event in submission.events
    )
    submission = replace(submission, events=events)
    refusals = bundle_refusals(submission, desk.ledger, domain=DOMAIN, now=desk.now)
    first = min(ship, other, key=lambda event: event.digest(DOMAIN))
    second = max(ship, other, key=lambda event: event.digest(DOMAIN))
    assert first.digest(DOMAIN) not in refusals
    assert refusals[second.digest(DOMAIN)].evidence["error"] == "StaleHead"
    assert desk.ledger.submit(submission, desk.now) is None
    assert desk.ledger.corrected(ship.digest(DOMAIN)) == correct.digest(DOMAIN)


def test_anchors_grow_one_on_another(desk: Desk) -> None:
    first = structs.Anchor(MAKER, 10, keccak256(b"root"), ZERO)
    assert desk.submit(first) is None
    assert name(desk.submit(first)) == "AlreadyRecorded"
    assert name(desk.submit(replace(first, count=20))) == "AccumulatorMismatch"
    second = replace(first, previous=first.digest(DOMAIN))
    assert desk.submit(second) == ("CountNotGrowing", {"stored": 10, "given": 10})
    assert desk.submit(replace(second, count=11)) is None


# Organisations and keys


def accreditation(desk: Desk, **changes: Any) -> structs.Accreditation:
    sequence = desk.ledger.authority_sequence(1)
    known = structs.Accreditation(1, MAKER, sequence, "M", b"BE", 0, 1, prefixes_hash(()), b"")
    return replace(known, **changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"authority": CARRIER}, "NotAuthority"),
        ({"sequence": 9}, "StaleSequence"),
        ({"country": b"SG"}, "WrongCountry"),
        ({"prefixes": ZERO}, "PartsMismatch"),
        ({"organisation": 8}, "NotAccreditedBy"),
        ({"organisation": 1}, "NotAccreditedBy"),
        ({"organisation": 99}, "NotAccreditedBy"),
        ({"roles": 0}, "InvalidRoles"),
        ({"roles": 64}, "InvalidRoles"),
        ({"gln": 10**13}, "InvalidGln"),
        ({"gln": 5413868000001}, "InvalidGln"),
        ({"organisation": 0}, "InvalidSigner"),
    ],
    ids=str,
)
def test_accreditation_is_refused(desk: Desk, changes: dict[str, Any], expected: str) -> None:
    assert name(desk.submit(accreditation(desk, **changes))) == expected


@pytest.mark.parametrize("prefix", [7, 254, 25413868, 1_541_386_800_000_12])
def test_a_number_that_is_no_company_prefix_is_refused(desk: Desk, prefix: int) -> None:
    statement = accreditation(desk, prefixes=prefixes_hash([prefix]))
    assert desk.submit(statement, prefixes=(prefix,)) == ("InvalidPrefix", {"prefix": prefix})


def test_a_new_organisation_gets_the_next_number_and_its_first_key(desk: Desk) -> None:
    new = desk.signers[MAKER][1]
    number = desk.ledger.organisation_count() + 1
    proof = structs.KeyAddition(number, new.signer, Purpose.ADMIN | Purpose.EVENTS, 0, 0)
    statement = accreditation(desk, organisation=0, admin_key=new.signer)
    assert name(desk.submit(statement, cosignature=bytes(64))) == "InvalidSignature"
    assert desk.submit(statement, cosignature=new.sign(proof.digest(DOMAIN))) is None
    assert desk.ledger.organisations[number].changes[0].name == "M"


def test_an_authority_suspends_only_whom_it_accredited(desk: Desk) -> None:
    sequence = desk.ledger.authority_sequence(1)
    assert name(desk.submit(structs.Suspension(1, 8, sequence, suspended=True))) == "NotAccreditedBy"
    assert desk.submit(structs.Suspension(1, MAKER, sequence, suspended=True)) is None
    assert name(desk.record(Kind.SHIP, MAKER, 1000, CARRIER)) == "OrganisationNotActive"


def key_addition(desk: Desk, **changes: Any) -> tuple[structs.KeyAddition, bytes]:
    new = desk.signers[MAKER][1]
    statement = replace(structs.KeyAddition(MAKER, new.signer, Purpose.EVENTS, 0, 0), **changes)
    return statement, new.sign(statement.digest(DOMAIN))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"purposes": 0}, "InvalidPurposes"),
        ({"purposes": 8}, "InvalidPurposes"),
        ({"valid_from": 9, "valid_until": 9}, "InvalidWindow"),
        ({"organisation": CARRIER}, None),
    ],
    ids=str,
)
def test_key_addition_is_refused(desk: Desk, changes: dict[str, Any], expected: str | None) -> None:
    statement, proof = key_addition(desk, **changes)
    assert name(desk.submit(statement, cosignature=proof)) == expected


def test_a_key_belongs_to_one_organisation_for_ever(desk: Desk) -> None:
    statement, proof = key_addition(desk)
    assert desk.submit(statement, cosignature=proof) is None
    assert name(desk.submit(statement, cosignature=proof)) == "AlreadyRecorded"
    taken, proof = key_addition(desk, organisation=CARRIER)
    assert name(desk.submit(taken, cosignature=proof)) == "KeyTaken"


def test_a_key_is_ended_by_its_owner_or_its_authority_and_doubt_only_grows(desk: Desk) -> None:
    key = desk.signers[CARRIER][0].key_id
    assert name(desk.submit(structs.KeyEnding(1, keccak256(b"?"), 0))) == "KeyNotLive"
    assert name(desk.submit(structs.KeyEnding(7, key, 0))) == "KeyOfAnother"
    assert name(desk.submit(structs.KeyEnding(1, key, desk.now + 60))) == "OccurredAtOutOfRange"
    doubt = START - 50
    assert desk.submit(structs.KeyEnding(1, key, doubt)) is None
    assert name(desk.submit(structs.KeyEnding(1, key, doubt))) == "AlreadyRecorded"
    assert name(desk.submit(structs.KeyEnding(1, key, doubt + 1))) == "KeyNotLive"
    assert name(desk.submit(structs.KeyEnding(1, key, 0))) == "KeyNotLive"
    assert desk.submit(structs.KeyEnding(1, key, doubt - 1)) is None


def test_doubt_may_begin_now_but_not_later(desk: Desk) -> None:
    key = desk.signers[CARRIER][0].key_id
    desk.now += 60
    submission = desk.signed(structs.KeyEnding(1, key, desk.now))
    assert refusal(submission, desk.ledger, domain=DOMAIN, now=desk.now) is None
    assert refusal(submission, desk.ledger, domain=DOMAIN, now=desk.now - 1) is not None


def test_the_stated_time_may_be_thirty_days_old_or_ten_minutes_ahead(desk: Desk) -> None:
    def accepted(occurred_at: int) -> bool:
        submission = desk.signed(desk.event(Kind.SHIP, MAKER, 1000, CARRIER, occurred_at=occurred_at))
        return refusal(submission, desk.ledger, domain=DOMAIN, now=desk.now) is None

    month = 30 * 24 * 3600
    found = [accepted(desk.now + offset) for offset in (-month - 1, -month, 600, 601)]
    assert found == [False, True, True, False]


def test_a_statement_is_taken_at_the_very_end_of_a_pause_and_of_a_keys_window(desk: Desk) -> None:
    desk.ledger.until = desk.now
    windowed, proof = key_addition(desk, valid_from=desk.now, valid_until=desk.now + 100)
    assert desk.ledger.submit(desk.signed(windowed, cosignature=proof), desk.now) is None
    event = desk.event(Kind.SHIP, MAKER, 1000, CARRIER)
    new = desk.signers[MAKER][1]
    submission = Submission("CustodyEvent", event, new.signer, new.sign(event.digest(DOMAIN)))

    def accepted(now: int) -> bool:
        return refusal(submission, desk.ledger, domain=DOMAIN, now=now) is None

    assert [accepted(desk.now + offset) for offset in (-1, 0, 99, 100)] == [False, True, True, False]


def test_a_key_ended_without_doubt_can_be_put_in_doubt_later(desk: Desk) -> None:
    key = desk.signers[CARRIER][0].key_id
    assert desk.submit(structs.KeyEnding(1, key, 0)) is None
    assert desk.submit(structs.KeyEnding(1, key, START - 50)) is None


# Projection


def refusal_of_nothing(view: LedgerView, desk: Desk) -> object:
    """Ask a view about a statement that it accepts."""
    return refusal(desk.signed(desk.event(Kind.SHIP, MAKER, 1000, CARRIER)), view, domain=DOMAIN, now=desk.now)


def test_what_is_queued_counts_before_it_is_recorded() -> None:
    desk = Desk()
    story = settled()
    batch = story.register(lot="QUEUED")
    assert story.registration
    projection = Projection(desk.ledger)
    assert refusal_of_nothing(projection, desk) is None
    projection.register(story.registration)
    registered = projection.consignment(batch)
    assert registered
    assert (registered.rest, desk.ledger.consignment(batch)) == (1000, None)
    statement = CustodyStatement(BATCH, ZERO, CUSTOMS, Kind.HOLD, desk.now, 0, 0, b"BEBRU", ZERO, ZERO)
    digest = statement.digest(DOMAIN)
    attachment = pack_pallet(None, [(batch, registered.head)])
    pack = replace(statement, kind=Kind.PACK, actor=MAKER, consignment=ZERO, quantity=1, parts=keccak256(attachment))
    correct = replace(statement, kind=Kind.CORRECT, previous=digest)
    recall = replace(statement, kind=Kind.RECALL, previous=(1).to_bytes(32, "big"))
    for each, beside in ((statement, b""), (pack, attachment), (correct, b""), (recall, b"")):
        projection.enter(_log_of(each), beside)
    held, packed = projection.consignment(BATCH), projection.consignment(batch)
    assert held
    assert packed
    assert (held.held_by, held.sequence, packed.pallet) == (CUSTOMS, 2, pack.digest(DOMAIN))
    assert (projection.recorded(digest), projection.recalled(BATCH), projection.pallet_count()) == (True, True, 1)
    assert projection.corrected(digest) == correct.digest(DOMAIN)
    assert desk.ledger.consignment(BATCH) == desk.state()
    assert desk.state().held_by == 0


def _log_of(statement: CustodyStatement) -> facts.CustodyEvent:
    fields = {each.attribute: getattr(statement, each.attribute) for each in CustodyStatement.MEMBERS}
    fields |= {"kind": Kind(statement.kind), "place": statement.place.decode(), "digest": statement.digest(DOMAIN)}
    return facts.CustodyEvent(**fields, key=ZERO, recorded=facts.Recorded(1, 0, START, ZERO))


def test_parts_of_kinds_without_any_are_empty() -> None:
    assert parts_of(Kind.SHIP, b"anything", ZERO, 1) == parts_of(Kind.RECALL, b"", ZERO, 1)


def test_a_refusal_says_what_to_do_next() -> None:
    error = refused("NotHolder", 4, 5)
    assert error.detail == "Organisation 4 holds the goods, not organisation 5."
    assert error.advice.startswith("Only the holder can do this")
