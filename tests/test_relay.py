"""The relayer against a real node: nothing accepted is lost, doubled or blocked, whatever the node and the chain do."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey

from ledger.chain.client import Fees, Sent
from ledger.chain.contracts import encode_call
from ledger.chain.devchain import CHAIN_ID
from ledger.chain.signers import AddressSigner, development_signer
from ledger.core import parts
from ledger.core.errors import ConfigurationError, LotproofError, NodeError, UnavailableError
from ledger.core.structs import Anchor, Bundle, CustodyStatement, Suspension
from ledger.core.submission import BundledEvent
from ledger.core.vocabulary import Kind, Role
from ledger.relay import MOST_IN_FLIGHT, Round, _event_gas
from ledger.store.database import open_database
from ledger.store.journal import Journal
from ledger.store.read_model import ReadModel
from tests.installation import Installation
from tests.world import CARRIER, COUNCIL, KEYS, MAKER, PHARMACY, REGULATOR, RELAYER, ZERO, World, a_world

pytestmark = pytest.mark.system


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as made:
        yield made


@pytest.fixture
def here(world: World, tmp_path: Path) -> Iterator[Installation]:
    db = open_database(f"sqlite:///{tmp_path}/lotproof.db")
    made = Installation(world, db)
    made.index()
    yield made
    db.close()


def test_statements_go_through_every_state_to_final(world: World, here: Installation) -> None:
    registration = world.registration("A1")
    digests = here.accept(registration, world.shipment(registration))
    assert here.states(digests) == ["pending", "pending"]
    assert here.round().sent == 2
    assert here.states(digests) == ["recorded", "recorded"]
    here.settle()
    assert here.states(digests) == ["final", "final"]
    assert here.journal.unfinished() == []
    assert here.round() == Round(0, 0, 0)


def test_what_is_sent_but_not_mined_is_sent_state(world: World, here: Installation) -> None:
    world.anvil.automine(on=False)
    digests = here.accept(world.registration("A1"))
    here.round()
    assert here.states(digests) == ["sent"]
    world.anvil.mine()
    here.settle()
    assert here.states(digests) == ["final"]


def test_registrations_go_before_the_events_that_came_between_them(world: World, here: Installation) -> None:
    registrations = [world.registration(f"L{number}") for number in range(5)]
    mixed = [one for each in registrations for one in (each, world.shipment(each))]
    digests = here.accept(*mixed)
    assert here.round().sent == 2
    here.settle()
    assert set(here.states(digests)) == {"final"}


def test_statements_of_administration_keep_their_place(world: World, here: Installation) -> None:
    other = AddressSigner("late", PrivateKey(b"\x07" * 32))
    accreditation = world.accreditation(5, Role.CARRIER, key=other)
    registration = world.registration("A1")
    shipment = world.shipment(registration, to=5)
    digests = here.accept(registration, accreditation, shipment)
    here.settle()
    assert here.states(digests) == ["final"] * 3


def test_batches_are_no_larger_than_asked_and_few_are_in_flight(world: World, here: Installation) -> None:
    world.anvil.automine(on=False)
    small = here.restarted(most_events=2)
    digests = small.accept(*(world.registration(f"L{number}") for number in range(30)))
    small.round()
    small.round()
    assert [len(slot.latest.digests) for slot in small.journal.unfinished()] == [2] * MOST_IN_FLIGHT
    world.anvil.automine(on=True)
    world.anvil.mine()
    small.settle(30)
    assert set(small.states(digests)) == {"final"}


def test_a_bad_statement_among_many_is_refused_alone_with_the_contracts_error(world: World, here: Installation) -> None:
    good, same = world.registration("A1"), world.registration("A1", quantity=7)
    digests = here.accept(good, same, world.registration("A2"))
    here.settle()
    assert here.states(digests) == ["final", "refused", "final"]
    state = here.outbox.state(digests[1])
    assert state is not None
    assert state.error_data[:4] == parts.keccak256(b"BatchAlreadyRegistered(bytes32)")[:4]


def test_a_statement_that_reverts_whole_is_refused_by_simulation_and_costs_nothing(
    world: World, here: Installation
) -> None:
    stale = world.signed(Suspension(REGULATOR, CARRIER, 99, suspended=True), KEYS[REGULATOR])
    digests = here.accept(stale, world.registration("A1"))
    nonce = world.chain.nonce(RELAYER.signer)
    here.settle()
    assert here.states(digests) == ["refused", "final"]
    assert world.chain.nonce(RELAYER.signer) == nonce + 1
    state = here.outbox.state(digests[0])
    assert state is not None
    assert "number 3 is next, this one names 99" in state.words


def test_a_node_that_lags_refuses_nothing_for_good(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One suspension follows another; a node of a pool that has not got the first would refuse the second."""
    first = world.signed(Suspension(REGULATOR, CARRIER, world.sequence, suspended=True), KEYS[REGULATOR])
    second = world.signed(Suspension(REGULATOR, CARRIER, world.sequence + 1, suspended=False), KEYS[REGULATOR])
    call, before = world.chain.call, world.chain.head().number
    digests = here.accept(first)
    here.settle()

    def lagging(*arguments: Any, block: int | None = None, **named: Any) -> Any:
        return call(*arguments, block=before if block is None else block, **named)

    digests += here.accept(second)
    with monkeypatch.context() as patched:
        patched.setattr(world.chain, "call", lagging)
        here.round()
    assert here.states(digests) == ["final", "pending"]
    here.settle()
    assert here.states(digests) == ["final", "final"]


def test_a_poisoned_statement_cannot_block_those_around_it(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if one statement made the whole call revert without a reason, at any place in a batch."""
    submissions = [world.registration(f"L{number}") for number in range(9)]
    poison = submissions[5].signature
    honest = world.ledger.simulate

    def simulate(data: bytes, **options: Any) -> Any:
        return honest(b"\xff" * 4 if poison in data else data, **options)

    monkeypatch.setattr(world.ledger, "simulate", simulate)
    digests = here.accept(*submissions)
    here.settle(20)
    assert here.states(digests) == ["final"] * 5 + ["refused"] + ["final"] * 3
    state = here.outbox.state(digests[5])
    assert state is not None
    assert "gives no reason" in state.words


def test_a_paused_ledger_keeps_everything_queued_until_it_resumes(world: World, here: Installation) -> None:
    assert world.send(world.ledger.address, encode_call("pause"), COUNCIL).success
    anchor = world.signed(Anchor(MAKER, 5, b"r" * 32, ZERO), KEYS[MAKER])
    digests = here.accept(world.registration("A1"), world.registration("A2"), anchor)
    assert here.round().sent == 0
    assert here.round().sent == 0
    assert here.states(digests) == ["pending"] * 3
    assert world.send(world.ledger.address, encode_call("unpause"), COUNCIL).success
    here.settle()
    assert here.states(digests) == ["final"] * 3


def test_a_pause_between_simulation_and_block_only_delays(world: World, here: Installation) -> None:
    world.anvil.automine(on=False)
    digests = here.accept(world.registration("A1"), world.registration("A2"))
    assert here.round().sent == 1
    fields = {"from": COUNCIL.address, "to": "0x" + world.ledger.address.hex(), "gasPrice": hex(10**12)}
    world.anvil.rpc("eth_sendTransaction", fields | {"data": "0x" + encode_call("pause").hex()})
    world.anvil.mine()
    receipts = world.chain.receipts([slot.latest.hash for slot in here.journal.unfinished()])
    assert [receipt.success for receipt in receipts if receipt] == [False]
    world.anvil.automine(on=True)
    for _ in range(3):
        here.round()
        world.anvil.mine()
    assert here.states(digests) == ["pending", "pending"]
    assert world.send(world.ledger.address, encode_call("unpause"), COUNCIL).success
    here.settle()
    assert here.states(digests) == ["final", "final"]


def test_a_bundle_is_one_transaction_and_answers_for_each_event(world: World, here: Installation) -> None:
    registrations = [world.registration(f"L{number}") for number in range(3)]
    shipments = [world.shipment(registration) for registration in registrations]
    shipments.append(world.shipment(world.registration("never registered")))
    shipments.sort(key=lambda one: one.digest(world.domain))
    inner = [one.digest(world.domain) for one in shipments]
    events = tuple(BundledEvent(one.statement, b"") for one in shipments)  # type: ignore[arg-type]  # they are CustodyEvents
    bundle = Bundle(MAKER, len(events), parts.keccak256(b"".join(inner)))
    digests = here.accept(*registrations, world.signed(bundle, KEYS[MAKER], events=events))
    here.settle()
    assert here.states(digests) == ["final"] * 4
    assert sorted(here.states(inner)) == ["final", "final", "final", "refused"]


def test_what_was_signed_is_durable_before_the_node_hears_of_it(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash right after the journal was written: the node got nothing, and a restart sends the very bytes."""
    digests = here.accept(world.registration("A1"))
    monkeypatch.setattr(world.chain, "send", _crash)
    with pytest.raises(SystemError):
        here.relay.step()
    monkeypatch.undo()
    (slot,) = here.journal.unfinished()
    assert world.chain.nonce(RELAYER.signer) == slot.nonce
    again = here.restarted()
    again.settle()
    assert again.states(digests) == ["final"]
    assert world.receipt(slot.latest.hash).success


def test_a_crash_before_the_journal_leaves_the_statement_pending(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = here.accept(world.registration("A1"))
    monkeypatch.setattr(Journal, "append", _crash)
    with pytest.raises(SystemError):
        here.relay.step()
    monkeypatch.undo()
    assert here.states(digests) == ["pending"]
    again = here.restarted()
    again.settle()
    assert again.states(digests) == ["final"]
    assert here.refusals() == []


def test_a_crash_after_sending_sends_nothing_twice(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = here.accept(world.registration("A1"))
    honest = world.chain.send

    def send_then_crash(raw: bytes) -> Sent:
        honest(raw)
        raise SystemError

    monkeypatch.setattr(world.chain, "send", send_then_crash)
    with pytest.raises(SystemError):
        here.relay.step()
    monkeypatch.undo()
    again = here.restarted()
    again.settle()
    assert again.states(digests) == ["final"]
    assert here.refusals() == []
    assert world.chain.nonce(RELAYER.signer) == 1


def test_a_transaction_that_the_node_forgot_is_sent_again_unchanged(world: World, here: Installation) -> None:
    world.anvil.automine(on=False)
    digests = here.accept(world.registration("A1"))
    here.round()
    (slot,) = here.journal.unfinished()
    world.anvil.rpc("anvil_dropAllTransactions")
    here.round()
    assert world.anvil.rpc("eth_getTransactionByHash", "0x" + slot.latest.hash.hex()) is not None
    assert len(here.journal.unfinished()[0].transactions) == 1
    world.anvil.mine()
    here.settle()
    assert here.states(digests) == ["final"]


def test_a_transaction_that_waits_for_long_is_replaced_at_a_higher_fee(world: World, here: Installation) -> None:
    world.anvil.automine(on=False)
    digests = here.accept(world.registration("A1"))
    here.round()
    first = here.journal.unfinished()[0].latest
    here.now += 120
    here.round()
    (slot,) = here.journal.unfinished()
    assert len(slot.transactions) == 2
    assert slot.latest.nonce == first.nonce
    assert slot.latest.max_fee >= first.max_fee * 110 // 100
    assert slot.latest.priority_fee >= first.priority_fee * 110 // 100
    world.anvil.mine()
    assert world.receipt(slot.latest.hash).success
    here.settle()
    assert here.states(digests) == ["final"]
    assert here.refusals() == []


def test_a_transaction_below_the_base_fee_is_replaced_at_once(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.chain, "fees", lambda: Fees(max_fee=7, priority_fee=7))
    digests = here.accept(world.registration("A1"))
    here.round()
    assert world.chain.nonce(RELAYER.signer) == 0
    monkeypatch.undo()
    here.settle()
    assert here.states(digests) == ["final"]
    assert len(next(here.journal.everything(RELAYER.signer)).transactions) == 2


def test_a_fee_above_the_ceiling_waits_for_a_person(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.anvil.automine(on=False)
    here.accept(world.registration("A1"))
    here.round()
    monkeypatch.setattr(world.chain, "fees", lambda: Fees(10**15, 10**15))
    here.now += 120
    with caplog.at_level(logging.ERROR):
        here.round()
    assert "above the ceiling" in caplog.text
    assert len(here.journal.unfinished()[0].transactions) == 1


@pytest.fixture
def picky(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node never takes the first transaction that it is given."""
    honest = world.chain.send
    refused: list[bytes] = []

    def send(raw: bytes) -> Sent:
        if not refused or raw in refused:
            refused.append(raw)
            raise NodeError("exceeds block gas limit", method="eth_sendRawTransaction", message="exceeds", code=1)
        return honest(raw)

    monkeypatch.setattr(world.chain, "send", send)


@pytest.mark.usefixtures("picky")
def test_a_transaction_that_the_node_will_never_take_is_cancelled_and_its_statements_go_anew(
    world: World, here: Installation
) -> None:
    digests = here.accept(world.registration("A1"))
    here.settle(20)
    assert here.states(digests) == ["final"]
    slots = list(here.journal.everything(RELAYER.signer))
    assert [len(slot.transactions) for slot in slots] == [2, 1]
    assert here.refusals() == []


@pytest.mark.usefixtures("picky")
def test_what_builds_on_a_cancelled_transaction_goes_anew_behind_it(world: World, here: Installation) -> None:
    registration = world.registration("A1")
    digests = here.accept(registration, world.shipment(registration))
    here.settle(20)
    assert here.states(digests) == ["final", "final"], "the ledger would refuse the shipment if it came first"
    assert here.refusals() == []


def test_a_nonce_that_something_else_used_frees_its_statements(world: World, here: Installation) -> None:
    world.anvil.automine(on=False)
    digests = here.accept(world.registration("A1"))
    here.round()
    fields = {"from": RELAYER.address, "to": RELAYER.address, "nonce": "0x0", "gasPrice": hex(10**12)}
    world.anvil.rpc("anvil_dropAllTransactions")
    world.anvil.rpc("eth_sendTransaction", fields)
    world.anvil.automine(on=True)
    world.anvil.mine(3)
    here.settle()
    assert here.states(digests) == ["final"]
    assert next(here.journal.everything(RELAYER.signer)).mined == b""


def test_a_reorganisation_moves_statements_back_and_they_come_again(world: World, here: Installation) -> None:
    registration = world.registration("A1")
    digests = here.accept(registration, world.shipment(registration))
    here.round()
    assert here.states(digests) == ["recorded", "recorded"]
    world.anvil.rpc("anvil_reorg", 2, [])
    here.index()
    assert here.states(digests) == ["sent", "sent"]
    here.settle()
    assert here.states(digests) == ["final", "final"]
    assert here.refusals() == []


def test_nothing_is_final_before_its_block_is(world: World, here: Installation) -> None:
    digests = here.accept(world.registration("A1"))
    here.round()
    here.round()
    assert here.states(digests) == ["recorded"]
    assert len(here.journal.unfinished()) == 1
    world.anvil.mine(2)
    here.round()
    here.round()
    assert here.states(digests) == ["final"]


def test_nothing_is_finished_before_the_index_has_read_its_block(world: World, here: Installation) -> None:
    digests = here.accept(world.registration("A1"))
    here.relay.step()
    world.anvil.mine(5)
    for _ in range(3):
        assert here.relay.step().finished == 0
    assert here.states(digests) == ["sent"]
    here.settle()
    assert here.states(digests) == ["final"]


def test_a_contract_whose_code_is_gone_makes_nothing_final(world: World, here: Installation) -> None:
    digests = here.accept(world.registration("A1"))
    here.round()
    world.anvil.mine(3)
    here.index()
    world.anvil.rpc("anvil_setCode", "0x" + world.ledger.address.hex(), "0x")
    with pytest.raises(ConfigurationError, match="no contract"):
        here.relay.step()
    world.anvil.rpc("anvil_setCode", "0x" + world.ledger.address.hex(), "0x6001")
    with pytest.raises(ConfigurationError, match="not the Lotproof ledger"):
        here.relay.step()
    assert here.states(digests) == ["recorded"]


def test_a_chain_that_lost_final_blocks_gets_them_again_if_it_is_the_embedded_one(
    world: World, here: Installation
) -> None:
    saved = world.anvil.rpc("evm_snapshot")
    digests = here.accept(world.registration("A1"))
    here.settle()
    assert here.states(digests) == ["final"]
    assert world.anvil.rpc("evm_revert", saved)
    assert world.chain.nonce(RELAYER.signer) == 0
    here.settle()
    assert here.states(digests) == ["final"]
    assert world.chain.nonce(RELAYER.signer) == 1
    assert here.refusals() == []


def test_another_chains_node_that_is_behind_stops_the_relayer(world: World, here: Installation) -> None:
    saved = world.anvil.rpc("evm_snapshot")
    here.accept(world.registration("A1"))
    here.settle()
    world.anvil.rpc("evm_revert", saved)
    elsewhere = here.restarted(development=False)
    with pytest.raises(UnavailableError, match="were final already"):
        elsewhere.relay.step()


def test_a_statement_that_stands_already_is_not_sent_again(world: World, here: Installation) -> None:
    """Somebody else brought it, and the index has not read that yet."""
    anchor = world.signed(Anchor(MAKER, 5, b"r" * 32, ZERO), KEYS[MAKER])
    assert world.bring(anchor).success
    digests = here.accept(anchor)
    assert here.relay.step().sent == 0
    here.settle()
    assert here.states(digests) == ["final"]


def test_a_node_that_is_down_changes_nothing_and_is_waited_for(world: World, here: Installation) -> None:
    digests = here.accept(world.registration("A1"))
    world.anvil.process.kill()
    world.anvil.process.wait()
    with pytest.raises(UnavailableError):
        here.relay.step()
    assert here.states(digests) == ["pending"]


def test_the_largest_batch_stays_under_the_gas_a_transaction_may_use(world: World, here: Installation) -> None:
    registrations = [world.registration(f"L{number}") for number in range(130)]
    big = here.restarted(most_events=600)
    digests = big.accept(*registrations)
    big.settle(20)
    assert set(big.states(digests)) == {"final"}
    for slot in big.journal.everything(RELAYER.signer):
        assert slot.latest.gas <= 16_000_000


def test_a_split_with_many_children_gets_enough_gas(world: World, here: Installation) -> None:
    registration = world.registration("A1", quantity=300)
    (digest,) = here.accept(registration)
    here.settle()
    batch = parts.batch_id(registration.statement.gtin, "A1")  # type: ignore[union-attr]  # it is a BatchRegistration
    attachment = parts.pack_children([(None, 1)] * 150)
    split = world.event(Kind.SPLIT, MAKER, batch, digest, quantity=150, attachment=attachment)
    digests = here.accept(split)
    here.settle()
    assert here.states(digests) == ["final"]
    assert ReadModel(here.db).consignment(parts.child_id(digests[0], 149)) is not None


def test_running_goes_on_through_trouble_and_stops_when_told(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = here.accept(world.registration("A1"))
    stop = threading.Event()
    troubles: list[LotproofError | None] = []
    honest = world.chain.receipts
    asked = 0

    def sometimes_down(hashes: list[bytes]) -> Any:
        nonlocal asked
        asked += 1
        troubles.append(here.relay.trouble)
        if asked < 3:
            raise UnavailableError("down")
        if here.outbox.pending(1) == [] and asked > 6:
            stop.set()
        return honest(hashes)

    monkeypatch.setattr(world.chain, "receipts", sometimes_down)
    here.relay.run(stop, poll_seconds=0.01)
    assert isinstance(troubles[1], UnavailableError)
    assert here.relay.trouble is None
    here.settle()
    assert here.states(digests) == ["final"]


def test_running_stops_at_a_contract_that_is_not_ours(world: World, here: Installation) -> None:
    world.anvil.rpc("anvil_setCode", "0x" + world.ledger.address.hex(), "0x6001")
    with pytest.raises(ConfigurationError):
        here.relay.run(threading.Event(), poll_seconds=0.01)


def test_a_statement_that_reverts_alone_again_and_again_is_given_up(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if simulation and block disagreed for ever."""
    monkeypatch.setattr("ledger.relay.GAS_CAP", 60_000)
    honest = world.ledger.simulate
    monkeypatch.setattr(world.ledger, "simulate", lambda data, **o: honest(data, **(o | {"gas": 16_000_000})))
    digests = here.accept(world.registration("A1"))
    here.settle(30)
    assert here.states(digests) == ["refused"]
    assert world.chain.nonce(RELAYER.signer) == 3


def test_what_follows_a_failed_transaction_is_not_judged_without_it(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a node simulated with more gas than a block gives."""
    monkeypatch.setattr("ledger.relay._GAS_OTHER", 1)
    honest = world.ledger.simulate
    monkeypatch.setattr(world.ledger, "simulate", lambda data, **o: honest(data, **(o | {"gas": 16_000_000})))
    numbers = (PHARMACY + 1, PHARMACY + 2)
    new = [world.accreditation(one, Role.CARRIER, key=development_signer(one, CHAIN_ID)) for one in numbers]
    digests = here.accept(*new)
    here.settle(30)
    assert here.states(digests) == ["final", "final"]


def test_a_statement_that_needs_more_gas_than_estimated_gets_it(
    world: World, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.relay._GAS", {"BatchRegistration": 1, "CustodyEvent": 1, "Anchor": 1})
    digests = here.accept(world.registration("A1"), world.registration("A2"))
    here.settle(20)
    assert here.states(digests) == ["final", "final"]


def _crash(*_: Any, **__: Any) -> None:
    raise SystemError


def test_a_child_of_a_split_is_given_the_gas_that_it_was_measured_to_take(checkout: Path) -> None:
    """Too little fails a large SPLIT that is sent before its goods are on the ledger, and refuses what builds on it."""
    manual = (checkout / "docs/contract.md").read_text(encoding="utf-8")
    measured = re.search(r"SPLIT, each further child \| ([0-9,]+) ", manual)
    assert measured is not None
    statement = CustodyStatement(ZERO, ZERO, MAKER, int(Kind.SPLIT), 0, 0, 0, bytes(5), ZERO, ZERO)
    one, forty = (_event_gas(statement, bytes(12 * children)) for children in (1, 40))
    assert forty - one > 39 * int(measured[1].replace(",", ""))
