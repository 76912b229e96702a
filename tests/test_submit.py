"""Taking in statements: what can never stand is refused in words, what depends on what is on its way is taken."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey

from ledger import log
from ledger.chain.signers import AddressSigner
from ledger.chain.source import LedgerSource
from ledger.core import parts
from ledger.core.errors import (
    ConfigurationError,
    InvalidStatementError,
    StatementRefusedError,
    UnavailableError,
)
from ledger.core.structs import Anchor, Bundle, KeyAddition, KeyEnding, Suspension, UnitStatement
from ledger.core.subjects import changed, needed
from ledger.core.submission import BundledEvent, Submission, parse_submission
from ledger.core.unit import UnitKind
from ledger.core.unit_submission import UnitSubmission
from ledger.core.vocabulary import Kind, Role
from ledger.deploy import attach
from ledger.index import Indexer
from ledger.log import record
from ledger.relay import Relay
from ledger.sending import Sending
from ledger.store.database import Database, open_database
from ledger.store.journal import Journal
from ledger.store.outbox import Outbox, StatementState
from ledger.store.unit_log import UnitLog
from ledger.submit import submit
from tests.world import CARRIER, KEYS, MAKER, PHARMACY, REGULATOR, RELAYER, ZERO, World, a_world

pytestmark = pytest.mark.system
STRANGER = AddressSigner("stranger", PrivateKey(b"\x55" * 32))


class Desk:
    """One installation that takes in statements, relays and indexes them."""

    def __init__(self, world: World, db: Database) -> None:
        self.world, self.db, self.outbox = world, db, Outbox(db)
        source = LedgerSource(world.chain, world.ledger.address)
        self.indexer = Indexer(db, source, world.domain, development=True)
        journal = Journal(db)
        sending = Sending(world.chain, journal, RELAYER, 31337, development=True)
        self.relay = Relay(db, world.ledger, source, sending, journal, account=RELAYER.signer)

    def submit(self, submission: Submission, *, online: bool = True) -> StatementState:
        view = self.world.ledger if online else None
        return submit(self.db, view, submission, clock=self.world.now)

    def refusal(self, submission: Submission) -> str:
        with pytest.raises(StatementRefusedError) as caught:
            self.submit(submission)
        assert caught.value.detail
        assert caught.value.advice
        assert self.outbox.state(submission.digest(self.world.domain)) is None
        return str(caught.value.evidence["error"])

    def settle(self) -> None:
        for _ in range(6):
            self.relay.step()
            self.world.anvil.mine()
            while not self.indexer.step().caught_up:
                pass


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    """A new installation on a chain that is put back afterwards."""
    before = world.anvil.rpc("evm_snapshot")
    db = open_database(f"sqlite:///{tmp_path}/lotproof.db")
    attach(db, world.chain, world.ledger.address)
    made = Desk(world, db)
    made.settle()
    yield made
    db.close()
    world.anvil.rpc("evm_revert", before)


def test_a_good_statement_is_queued_and_the_same_again_gives_the_same_answer(world: World, desk: Desk) -> None:
    registration = world.registration("A1")
    first = desk.submit(registration)
    assert first.state == "pending"
    assert desk.submit(registration) == first
    desk.settle()
    assert desk.submit(registration).state == "final"
    assert len(desk.outbox.pending(10)) == 0


def test_what_is_queued_is_the_canonical_form(world: World, desk: Desk) -> None:
    registration = world.registration("A1")
    desk.submit(registration)
    (entry,) = desk.outbox.pending(10)
    assert parse_submission(json.loads(entry.payload)) == registration
    assert entry.kind == "BatchRegistration"


def test_a_shipment_right_after_its_registration_is_taken_before_anything_is_recorded(world: World, desk: Desk) -> None:
    registration = world.registration("A1")
    desk.submit(registration)
    shipment = world.shipment(registration)
    desk.submit(shipment)
    head = parts.next_head(registration.digest(world.domain), shipment.digest(world.domain))
    batch = shipment.statement.consignment  # type: ignore[union-attr]  # it is a CustodyEvent
    receipt = world.event(Kind.RECEIVE, CARRIER, batch, head, counterparty=MAKER)
    desk.submit(receipt)
    desk.settle()
    assert desk.submit(receipt).state == "final"


def test_a_shipment_of_nothing_that_is_on_its_way_is_refused(world: World, desk: Desk) -> None:
    desk.submit(world.registration("A1"))
    assert desk.refusal(world.shipment(world.registration("A2"))) == "UnknownConsignment"


def test_children_of_a_split_that_is_on_its_way_can_be_shipped(world: World, desk: Desk) -> None:
    registration = world.registration("A1")
    digest = registration.digest(world.domain)
    desk.submit(registration)
    batch = parts.batch_id(registration.statement.gtin, "A1")  # type: ignore[union-attr]  # it is a BatchRegistration
    attachment = parts.pack_children([(None, 400)])
    split = world.event(Kind.SPLIT, MAKER, batch, digest, quantity=400, attachment=attachment)
    desk.submit(split)
    split_digest = split.digest(world.domain)
    child = parts.child_id(split_digest, 0)
    shipment = world.event(Kind.SHIP, MAKER, child, split_digest, counterparty=CARRIER, quantity=400)
    desk.submit(shipment)
    pallet = world.event(
        Kind.PACK, MAKER, ZERO, ZERO, quantity=1, attachment=parts.pack_pallet(None, [(child, split_digest)])
    )
    desk.submit(pallet)
    desk.settle()
    assert desk.submit(shipment).state == "final"
    refused = desk.submit(pallet)
    assert (refused.state, refused.error_data[:4]) == ("refused", parts.keccak256(b"StaleHead(bytes32,bytes32)")[:4])


def test_a_new_organisation_can_act_while_its_accreditation_is_on_its_way(world: World, desk: Desk) -> None:
    key = AddressSigner("new", PrivateKey(b"\x07" * 32))
    desk.submit(world.accreditation(5, Role.MANUFACTURER, prefixes=("5413868",), key=key, sequence=3))
    statement = dataclasses.replace(world.registration("N1").statement, manufacturer=5)  # type: ignore[type-var]  # it is a BatchRegistration
    registration = world.signed(statement, key)
    desk.submit(registration)
    desk.settle()
    assert desk.submit(registration).state == "final"


def test_a_key_that_is_on_its_way_can_sign_but_a_forged_signature_cannot(world: World, desk: Desk) -> None:
    key = AddressSigner("second", PrivateKey(b"\x08" * 32))
    addition = KeyAddition(MAKER, key.signer, 1, 0, 0)
    cosignature = key.sign(addition.digest(world.domain))
    desk.submit(world.signed(addition, KEYS[MAKER], cosignature=cosignature))
    registration = world.signed(world.registration("K1").statement, key)
    forged = dataclasses.replace(registration, signature=STRANGER.sign(registration.digest(world.domain)))
    assert desk.refusal(forged) in {"InvalidSignature", "KeyNotLive"}
    desk.submit(registration)
    desk.settle()
    assert desk.submit(registration).state == "final"


def test_what_is_wrong_in_itself_is_refused_even_if_something_is_on_its_way(world: World, desk: Desk) -> None:
    registration = world.registration("A1")
    desk.submit(registration)
    late = world.shipment(registration, occurred_at=world.now() + 3_600)
    nowhere = world.shipment(registration, place=b"be-1\0")
    assert desk.refusal(late) == "OccurredAtOutOfRange"
    assert desk.refusal(nowhere) == "InvalidPlace"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unknown key", "KeyNotLive"),
        ("another's key", "KeyOfAnother"),
        ("forged", "InvalidSignature"),
        ("wrong check digit", "InvalidGtin"),
        ("foreign prefix", "PrefixNotLicensed"),
        ("not accredited", "RoleMissing"),
        ("stale sequence", "StaleSequence"),
        ("old count", "CountNotGrowing"),
    ],
)
def test_every_refusal_names_the_contracts_error_and_queues_nothing(
    world: World, desk: Desk, name: str, expected: str
) -> None:
    good = world.registration("A1")
    statement: Any = good.statement
    made = {
        "unknown key": lambda: world.signed(statement, STRANGER),
        "another's key": lambda: world.signed(statement, KEYS[REGULATOR]),
        "forged": lambda: dataclasses.replace(good, signature=STRANGER.sign(good.digest(world.domain))),
        "wrong check digit": lambda: world.registration("A1", gtin=statement.gtin + 1),
        "foreign prefix": lambda: world.registration("A1", gtin=9506000134352),
        "not accredited": lambda: world.signed(dataclasses.replace(statement, manufacturer=PHARMACY), KEYS[PHARMACY]),
        "stale sequence": lambda: world.signed(Suspension(REGULATOR, MAKER, 7, suspended=True), KEYS[REGULATOR]),
        "old count": lambda: world.signed(Anchor(MAKER, 0, ZERO, ZERO), KEYS[MAKER]),
    }
    assert desk.refusal(made[name]()) == expected


def test_a_statement_that_does_not_fit_together_is_malformed(world: World, desk: Desk) -> None:
    inner = world.shipment(world.registration("A1"))
    bundle = Bundle(MAKER, 1, b"x" * 32)
    events = (BundledEvent(inner.statement),)  # type: ignore[arg-type]  # it is a CustodyEvent
    with pytest.raises(InvalidStatementError, match="other events"):
        desk.submit(world.signed(bundle, KEYS[MAKER], events=events))


def test_a_bundle_is_known_by_each_of_its_events(world: World, desk: Desk) -> None:
    registration = world.registration("A1")
    desk.submit(registration)
    inner = world.shipment(registration)
    digest = inner.digest(world.domain)
    bundle = world.signed(
        Bundle(MAKER, 1, parts.keccak256(digest)),
        KEYS[MAKER],
        events=(BundledEvent(inner.statement),),  # type: ignore[arg-type]  # it is a CustodyEvent
    )
    desk.submit(bundle)
    desk.settle()
    state = desk.outbox.state(digest)
    assert state is not None
    assert state.state == "final"


def test_a_refused_statement_is_tried_again_once_the_ledger_would_take_it(world: World, desk: Desk) -> None:
    registration, other = world.registration("A1"), world.registration("A2")
    shipment = world.shipment(registration)
    world.accept(desk.outbox, shipment)  # as if it had come before its registration
    desk.settle()
    assert desk.submit(shipment).state == "refused"
    desk.submit(other)
    desk.settle()
    assert desk.submit(shipment).state == "refused"
    desk.submit(registration)
    desk.settle()
    assert desk.submit(shipment).state == "pending"
    desk.settle()
    assert desk.submit(shipment).state == "final"


def test_a_chain_that_is_down_leaves_the_queue_open(world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    now = world.now()
    registration = world.registration("A1")
    monkeypatch.setattr(world.chain.rpc, "_post", _down)
    assert submit(desk.db, world.ledger, registration, clock=lambda: now).state == "pending"


def test_a_wallet_contracts_signature_is_asked_of_the_wallet(
    world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A contract that answers every question with the yes of ERC-1271, and signs for a maker's key."""
    answer = "7f" + "1626ba7e".ljust(64, "0") + "60005260206000f3"  # mstore(0, yes), return(0, 32)
    wallet = world.send(b"", bytes.fromhex("6029600c60003960296000f3" + answer)).contract
    addition = KeyAddition(MAKER, wallet, 1, 0, 0)
    added = world.signed(addition, KEYS[MAKER], cosignature=b"any")
    desk.submit(added)
    desk.settle()
    assert desk.submit(added).state == "final"
    now = world.now()
    by_wallet = [
        dataclasses.replace(world.registration(lot), signer=wallet, signature=b"whatever it takes") for lot in "AB"
    ]
    desk.submit(by_wallet[0])
    desk.settle()
    assert desk.submit(by_wallet[0]).state == "final"
    world.anvil.rpc("anvil_setCode", "0x" + wallet.hex(), "0x00")
    assert desk.refusal(by_wallet[1]) == "InvalidSignature"
    monkeypatch.setattr(world.chain.rpc, "_post", _down)
    assert submit(desk.db, world.ledger, by_wallet[1], clock=lambda: now).state == "pending"


def test_subjects_name_all_that_a_statement_may_touch(world: World) -> None:
    domain = world.domain
    ending = world.signed(KeyEnding(MAKER, b"k" * 32, 0), KEYS[MAKER])
    assert changed(ending, domain) == {("key", b"k" * 32)}
    suspension = world.signed(Suspension(REGULATOR, MAKER, 3, suspended=True), KEYS[REGULATOR])
    assert changed(suspension, domain) == {("organisation", REGULATOR), ("organisation", MAKER)}
    anchor = world.signed(Anchor(MAKER, 1, ZERO, ZERO), KEYS[MAKER])
    assert changed(anchor, domain) == {("anchor", MAKER)}
    assert ("organisation", MAKER) in needed(anchor, domain)
    unpack = world.event(Kind.UNPACK, MAKER, b"p" * 32, ZERO, quantity=1, attachment=parts.pack_ids([b"c" * 32]))
    assert {("consignment", b"p" * 32), ("consignment", b"c" * 32)} <= changed(unpack, domain)
    shipment = world.shipment(world.registration("A1"))
    correct = dataclasses.replace(
        world.event(Kind.CORRECT, MAKER, b"c" * 32, b"e" * 32),
        attachment=parts.encode_event(shipment.statement),  # type: ignore[arg-type]  # it is a CustodyEvent
    )
    assert ("consignment", b"e" * 32) in changed(correct, domain)


def test_an_installation_without_a_ledger_takes_nothing(world: World, tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(ConfigurationError, match="No ledger"):
        submit(db, None, world.registration("A1"))
    db.close()


def _down(*_: Any, **__: Any) -> None:
    raise UnavailableError("down")


def test_the_root_of_a_log_that_the_contract_anchors_covers_what_is_in_it(world: World, desk: Desk) -> None:
    desk.submit(world.registration("A1"))
    desk.settle()
    digests = []
    for number in range(5):
        gtin = world.registration("A1").statement.gtin  # type: ignore[union-attr]  # it is a BatchRegistration
        serial, now = f"S{number}", int(world.now())
        said = UnitStatement(PHARMACY, UnitKind.DISPENSE, gtin, "A1", serial, now, b"BEBRU", ZERO, ZERO)
        key = KEYS[PHARMACY]
        submission = UnitSubmission(said, key.signer, key.sign(said.digest(world.domain)))
        digests.append(record(desk.db, world.ledger, submission, clock=world.now).event.digest)
    root = UnitLog(desk.db).root(PHARMACY, 4)
    desk.submit(world.signed(Anchor(PHARMACY, 4, root, ZERO), KEYS[PHARMACY]))
    desk.settle()
    found = [log.find(desk.db, digest) for digest in digests]
    assert [each is not None and each.anchor is not None for each in found] == [True] * 4 + [False]
    assert log.head(desk.db, PHARMACY)["anchor"]["holds"] is True
