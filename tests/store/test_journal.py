"""What was signed is durable before it is sent, and a nonce is used for one thing only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.core.errors import LotproofError, NotFoundError
from ledger.store import journal as journal_module
from ledger.store.journal import Journal, Transaction

if TYPE_CHECKING:
    from ledger.store.database import Database

SENDER, OTHER = b"s" * 20, b"o" * 20
FEES: dict[str, Any] = {"max_fee": 10**30, "priority_fee": 10**20, "gas": 100_000, "created_at": 5}


@pytest.fixture
def journal(db: Database) -> Journal:
    return Journal(db)


def append(journal: Journal, nonce: int, *digests: bytes, sender: bytes = SENDER) -> Transaction:
    hash_ = bytes([nonce + 1]) * 31 + sender[:1]
    return journal.append(sender, nonce, b"raw", hash_, kind="statements", digests=digests, **FEES)


def test_a_transaction_comes_back_as_it_was_written(journal: Journal) -> None:
    written = append(journal, 4, b"b" * 32, b"a" * 32)
    assert written.digests == (b"b" * 32, b"a" * 32)
    assert (written.max_fee, written.priority_fee, written.gas, written.created_at) == (10**30, 10**20, 100_000, 5)
    assert journal.by_hash(written.hash) == written
    assert journal.covering(b"a" * 32) == written
    assert journal.by_hash(b"?" * 32) is None
    assert journal.covering(b"?" * 32) is None


def test_the_same_transaction_again_changes_nothing(journal: Journal) -> None:
    assert append(journal, 0, b"a" * 32) == append(journal, 0, b"a" * 32)
    assert len(journal.unfinished()) == 1


def test_a_nonce_is_used_for_one_thing_only(journal: Journal) -> None:
    append(journal, 0, b"a" * 32)
    with pytest.raises(LotproofError, match="Nonce 0"):
        journal.append(SENDER, 0, b"raw", b"?" * 32, kind="council", **FEES)
    assert journal.by_hash(b"?" * 32) is None
    append(journal, 0, sender=OTHER)


def test_a_statement_is_on_its_way_once_only(journal: Journal) -> None:
    first = append(journal, 0, b"a" * 32)
    with pytest.raises(LotproofError, match="on its way"):
        append(journal, 1, b"b" * 32, b"a" * 32)
    assert journal.next_nonce(SENDER) == 1
    journal.finish(SENDER, 0, first.hash)
    append(journal, 1, b"b" * 32, b"a" * 32)


def test_a_replacement_carries_the_same_and_is_the_latest(journal: Journal) -> None:
    first = append(journal, 3, b"a" * 32)
    second = journal.replace(SENDER, 3, b"raw2", b"2" * 32, **FEES | {"max_fee": 2 * 10**30})
    assert journal.replace(SENDER, 3, b"raw2", b"2" * 32, **FEES) == second
    (slot,) = journal.unfinished(SENDER)
    assert slot.transactions == (first, second)
    assert slot.latest == second
    assert (second.digests, second.kind, second.max_fee) == (first.digests, first.kind, 2 * 10**30)
    assert journal.covering(b"a" * 32) == second


def test_only_an_unfinished_slot_can_be_replaced(journal: Journal) -> None:
    with pytest.raises(NotFoundError):
        journal.replace(SENDER, 0, b"raw", b"2" * 32, **FEES)
    append(journal, 0)
    journal.finish(SENDER, 0, None)
    with pytest.raises(NotFoundError):
        journal.replace(SENDER, 0, b"raw", b"2" * 32, **FEES)


def test_finishing_needs_a_transaction_of_that_slot(journal: Journal) -> None:
    first, second = append(journal, 0), append(journal, 1)
    for nonce, mined in ((0, second.hash), (0, b"?" * 32), (7, None)):
        with pytest.raises(NotFoundError):
            journal.finish(SENDER, nonce, mined)
    journal.finish(SENDER, 0, first.hash)
    assert [slot.nonce for slot in journal.unfinished()] == [1]
    (finished, _) = journal.everything(SENDER)
    assert (finished.finished, finished.mined) == (True, first.hash)


def test_unfinished_slots_come_by_nonce_and_sender(journal: Journal) -> None:
    for nonce in (2, 0, 1):
        append(journal, nonce)
    append(journal, 9, sender=OTHER)
    journal.finish(SENDER, 1, None)
    assert [slot.nonce for slot in journal.unfinished(SENDER)] == [0, 2]
    assert [(slot.sender, slot.nonce) for slot in journal.unfinished()] == [(OTHER, 9), (SENDER, 0), (SENDER, 2)]


def test_the_next_nonce_is_the_chains_to_tell_until_something_is_journalled(journal: Journal) -> None:
    assert journal.next_nonce(SENDER) is None
    append(journal, 41)
    assert journal.next_nonce(SENDER) == 42
    journal.finish(SENDER, 41, None)
    assert journal.next_nonce(SENDER) == 42


def test_slots_can_be_reopened_in_development(journal: Journal) -> None:
    for nonce in range(4):
        journal.finish(SENDER, nonce, append(journal, nonce).hash)
    journal.reopen_from(SENDER, 2)
    assert [slot.nonce for slot in journal.unfinished()] == [2, 3]


def test_everything_is_read_a_page_at_a_time(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_PAGE", 2)
    for nonce in range(5):
        append(journal, nonce)
    assert [slot.nonce for slot in journal.everything(SENDER)] == [0, 1, 2, 3, 4]
    assert list(journal.everything(OTHER)) == []
