"""A statement that was accepted is durable, and its state follows the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.core import facts
from ledger.core.errors import NotFoundError
from ledger.store import indexing
from ledger.store.journal import Journal
from ledger.store.outbox import Entry, Outbox, Queue
from tests.simulated_chain import SimulatedChain
from tests.simulated_ledger import ZERO, Goods, Story

if TYPE_CHECKING:
    from ledger.store.database import Database

SENDER = b"s" * 20


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db)


@pytest.fixture
def journal(db: Database) -> Journal:
    return Journal(db)


class World:
    """A chain on which digests are recorded or refused at will."""

    def __init__(self, db: Database) -> None:
        self.db, self.chain, self.story = db, SimulatedChain(seed=1), Story(seed=3)
        self.by_digest: dict[bytes, facts.CustodyEvent] = {}

    def statement(self) -> bytes:
        (event,) = self.story.move(Goods(b"c" * 32, ZERO, 1))
        assert isinstance(event, facts.CustodyEvent)
        self.by_digest[event.digest] = event
        return event.digest

    def record(self, *digests: bytes) -> facts.Recorded:
        return self._mine([(self.by_digest[digest],) for digest in digests])

    def refuse(self, digest: bytes, error: bytes = b"no") -> facts.Recorded:
        return self._mine([(facts.Refusal(digest, error, None),)])  # type: ignore[arg-type]  # the block it is put into fills in where

    def finalize(self) -> None:
        last = len(self.chain.blocks) - 1
        indexing.set_status(self.db, head_block=last, finalized_block=last, heard_at=1)

    def undo(self) -> None:
        self.chain.blocks.pop()
        indexing.rollback(self.db, len(self.chain.blocks) - 1)

    def _mine(self, logs: list[Any]) -> facts.Recorded:
        block = self.chain.mine(logs)
        indexing.append(self.db, [block])
        return block.facts[-1].recorded


@pytest.fixture
def world(db: Database) -> World:
    return World(db)


def send(journal: Journal, nonce: int, *digests: bytes) -> bytes:
    raw = b"raw" + bytes([nonce])
    hash_ = bytes([nonce]) * 32
    journal.append(
        SENDER, nonce, raw, hash_, kind="statements", max_fee=2, priority_fee=1, gas=9, digests=digests, created_at=1
    )
    return hash_


def state_of(outbox: Outbox, digest: bytes) -> str:
    found = outbox.state(digest)
    assert found is not None
    return found.state


def test_a_statement_goes_from_pending_to_final_and_back_with_the_chain(
    outbox: Outbox, journal: Journal, world: World
) -> None:
    digest = world.statement()
    assert outbox.add(digest, "CustodyEvent", b"{}", arrived_at=7).state == "pending"
    hash_ = send(journal, 0, digest)
    sent = outbox.state(digest)
    assert sent is not None
    assert (sent.state, sent.transaction, sent.recorded) == ("sent", hash_, None)
    recorded = world.record(digest)
    found = outbox.state(digest)
    assert found is not None
    assert (found.state, found.recorded, found.transaction) == ("recorded", recorded, hash_)
    world.undo()
    assert state_of(outbox, digest) == "sent"
    world.record(digest)
    assert outbox.settle() == []
    world.finalize()
    assert state_of(outbox, digest) == "recorded", "final before anyone checked the contract"
    assert outbox.settle() == [digest]
    assert outbox.settle() == []
    assert state_of(outbox, digest) == "final"


def test_the_same_statement_again_changes_nothing(outbox: Outbox) -> None:
    first = outbox.add(b"d" * 32, "CustodyEvent", b"first", arrived_at=1)
    assert outbox.add(b"d" * 32, "CustodyEvent", b"second", arrived_at=2) == first
    assert outbox.entry(b"d" * 32) == Entry(1, b"d" * 32, "CustodyEvent", b"first", (b"d" * 32,), 1)
    assert outbox.count() == {"pending": 1}


def test_pending_ones_come_in_order_of_arrival(outbox: Outbox, journal: Journal, world: World) -> None:
    digests = [world.statement() for _ in range(6)]
    for digest in digests:
        outbox.add(digest, "CustodyEvent", b"{}", arrived_at=1)
    send(journal, 0, digests[1])
    outbox.refuse(digests[2], b"", "no")
    world.record(digests[3])
    assert [entry.digest for entry in outbox.pending(10)] == [digests[0], digests[4], digests[5]]
    assert [entry.digest for entry in outbox.pending(2)] == [digests[0], digests[4]]
    assert outbox.count() == {"pending": 3, "sent": 1, "refused": 1, "recorded": 1}
    assert [entry.digest for entry in outbox.unsettled()] == [digests[i] for i in (0, 1, 3, 4, 5)]


def test_a_finished_slot_that_recorded_nothing_makes_its_statements_pending_again(
    outbox: Outbox, journal: Journal, world: World
) -> None:
    lost, kept = world.statement(), world.statement()
    for digest in (lost, kept):
        outbox.add(digest, "CustodyEvent", b"{}", arrived_at=1)
    hash_ = send(journal, 0, lost, kept)
    world.record(kept)
    journal.finish(SENDER, 0, hash_)
    assert [entry.digest for entry in outbox.pending(10)] == [lost]


def test_a_refusal_off_chain_says_why_until_it_is_reopened(outbox: Outbox) -> None:
    outbox.add(b"d" * 32, "CustodyEvent", b"{}", arrived_at=1)
    outbox.refuse(b"d" * 32, b"\x01\x02", "The goods are held.")
    found = outbox.state(b"d" * 32)
    assert found is not None
    assert (found.state, found.error_data, found.words) == ("refused", b"\x01\x02", "The goods are held.")
    assert outbox.pending(10) == []
    assert outbox.reopen(b"d" * 32).state == "pending"
    assert len(outbox.pending(10)) == 1


def test_what_the_chain_recorded_is_not_refused_whatever_we_thought(outbox: Outbox, world: World) -> None:
    digest = world.statement()
    outbox.add(digest, "CustodyEvent", b"{}", arrived_at=1)
    outbox.refuse(digest, b"\x01", "no")
    world.record(digest)
    found = outbox.state(digest)
    assert found is not None
    assert (found.state, found.words, found.error_data) == ("recorded", "", b"")


def test_a_refusal_on_chain_counts_until_it_is_reopened(outbox: Outbox, world: World) -> None:
    digest = world.statement()
    outbox.add(digest, "CustodyEvent", b"{}", arrived_at=1)
    refused = world.refuse(digest, b"why")
    found = outbox.state(digest)
    assert found is not None
    assert (found.state, found.error_data, found.recorded) == ("refused", b"why", refused)
    assert outbox.pending(10) == []
    world.finalize()
    assert outbox.settle() == [digest]
    assert (state_of(outbox, digest), outbox.count()) == ("refused", {"refused": 1})
    assert outbox.reopen(digest).state == "pending"
    assert [entry.digest for entry in outbox.pending(10)] == [digest]
    world.refuse(digest, b"again")
    assert state_of(outbox, digest) == "refused"


def test_nobody_can_refuse_or_reopen_what_was_not_accepted(outbox: Outbox) -> None:
    with pytest.raises(NotFoundError):
        outbox.refuse(ZERO, b"", "")
    with pytest.raises(NotFoundError):
        outbox.reopen(ZERO)


def test_a_bundle_is_done_when_each_of_its_events_is_answered(outbox: Outbox, journal: Journal, world: World) -> None:
    first, second, third = (world.statement() for _ in range(3))
    bundle = b"b" * 32
    state = outbox.add(bundle, "Bundle", b"{}", expects=(first, second, third), arrived_at=1)
    assert [event.result for event in state.events] == ["", "", ""]
    send(journal, 0, bundle)
    assert (state_of(outbox, bundle), state_of(outbox, first)) == ("sent", "sent")
    world.record(first)
    world.refuse(second, b"why")
    assert (state_of(outbox, bundle), state_of(outbox, first), state_of(outbox, third)) == ("sent", "recorded", "sent")
    inside = outbox.state(second)
    assert inside is not None
    assert (inside.digest, inside.state, inside.error_data) == (second, "refused", b"why")
    recorded = world.record(third)
    whole = outbox.state(bundle)
    assert whole is not None
    assert (whole.state, whole.recorded) == ("recorded", recorded)
    assert [event.result for event in whole.events] == ["recorded", "refused", "recorded"]
    world.finalize()
    assert outbox.settle() == [bundle]
    assert (state_of(outbox, bundle), state_of(outbox, first), state_of(outbox, second)) == (
        "final",
        "final",
        "refused",
    )
    entry = outbox.entry(first)
    assert entry is not None
    assert entry.digest == bundle


def test_a_bundle_of_which_all_is_refused_is_refused(outbox: Outbox, world: World) -> None:
    first, second = world.statement(), world.statement()
    outbox.add(b"b" * 32, "Bundle", b"{}", expects=(first, second), arrived_at=1)
    world.refuse(first, b"one")
    world.refuse(second, b"two")
    found = outbox.state(b"b" * 32)
    assert found is not None
    assert (found.state, found.error_data) == ("refused", b"one")


def test_what_others_sent_is_known_from_the_chain(outbox: Outbox, world: World) -> None:
    digest, refused = world.statement(), world.statement()
    assert outbox.state(digest) is None
    world.refuse(refused)
    recorded = world.record(digest)
    found = outbox.state(digest)
    assert found is not None
    assert (found.state, found.recorded, found.transaction) == ("recorded", recorded, recorded.transaction)
    world.finalize()
    assert (state_of(outbox, digest), state_of(outbox, refused)) == ("final", "refused")
    assert outbox.entry(digest) is None


def test_finality_can_be_taken_back_in_development(outbox: Outbox, world: World) -> None:
    digest = world.statement()
    outbox.add(digest, "CustodyEvent", b"{}", arrived_at=1)
    world.record(digest)
    world.finalize()
    outbox.settle()
    world.undo()
    outbox.unsettle()
    assert [entry.digest for entry in outbox.pending(10)] == [digest]


def test_the_first_document_given_for_a_hash_stays(outbox: Outbox, db: Database) -> None:
    for number, document in enumerate((b"first", b"second")):
        outbox.add(bytes([number]) * 32, "CustodyEvent", b"{}", details=b"h" * 32, document=document, arrived_at=1)
    with db.snapshot() as connection:
        assert connection.execute("SELECT document FROM documents").fetchall() == [(b"first",)]


def test_queues_tell_how_many_wait_in_each_state_and_since_when(world: World, outbox: Outbox, journal: Journal) -> None:
    del journal
    first, second, third = world.statement(), world.statement(), world.statement()
    for moment, digest in enumerate((first, second, third), start=100):
        outbox.add(digest, "CustodyEvent", b"{}", arrived_at=moment)
    assert outbox.queues() == {"pending": Queue(3, 100)}
    world.record(first)
    assert outbox.queues() == {"pending": Queue(2, 101), "recorded": Queue(1, 100)}
    world.finalize()
    outbox.settle()
    outbox.refuse(second, b"\x01\x02\x03\x04rest", "no")
    assert outbox.queues() == {"pending": Queue(1, 102), "final": Queue(1, 0), "refused": Queue(1, 0)}
    assert outbox.count() == {"pending": 1, "final": 1, "refused": 1}


def test_refusals_are_counted_by_their_error_wherever_they_were_decided(world: World, outbox: Outbox) -> None:
    off_chain, without, on_chain, later = (world.statement() for _ in range(4))
    for digest in (off_chain, without, on_chain, later):
        outbox.add(digest, "CustodyEvent", b"{}", arrived_at=1)
    assert outbox.refused_by_error() == {}
    outbox.refuse(off_chain, b"\x01\x02\x03\x04rest", "no")
    outbox.refuse(without, b"", "no")
    world.refuse(on_chain, b"\x05\x06\x07\x08rest")
    world.refuse(on_chain, b"\x05\x06\x07\x08again")
    world.refuse(later, b"\x05\x06\x07\x08rest")
    world.record(later)  # what was refused and then recorded is recorded
    expected = {b"\x01\x02\x03\x04": 1, b"": 1, b"\x05\x06\x07\x08": 1}
    assert outbox.refused_by_error() == expected
    outbox.reopen(off_chain)
    del expected[b"\x01\x02\x03\x04"]
    assert outbox.refused_by_error() == expected
