"""What is kept of goods is dropped when the ledger says something of them, and only then; the answer never shows it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.config import Settings
from ledger.core import facts
from ledger.core.facts import IndexedBlock
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import Kind
from ledger.store import changes, indexing, known
from ledger.store.database import Database, open_database
from ledger.store.known import Known
from ledger.store.read_model import ReadModel
from ledger.verify import Verifier
from tests.core.batch_story import CARRIER, CUSTOMS, DOMAIN, MAKER, PHARMACY, REGULATOR, key_of
from tests.indexed_world import CARTON, GTIN, LOTS, PALLET, chain, give_document, link, world

TOLD = world()
PRODUCT = b"\x0d" * 32  # the hash that stands for the good batch's document


def _later() -> list[IndexedBlock]:
    """What is said after the world's end: of goods, of a pallet, of an organisation and of a key."""
    story = TOLD.stories["good"]
    assert story.registration is not None
    held = TOLD.stories["split"]
    pallet = held.pallets[0].pallet
    block, time, number = TOLD.last_block, TOLD.now, 0

    def told(fact: Any) -> IndexedBlock:
        nonlocal number
        number += 1
        placed = replace(fact, recorded=facts.Recorded(block + number, 0, time + number, bytes(32)))
        return IndexedBlock(block + number, keccak256(b"later%d" % number), bytes(32), time + number, (placed,))

    nowhere = facts.Recorded(0, 0, 0, bytes(32))
    arrival = held.record(Kind.RECEIVE, pallet, CARRIER, 2, MAKER)
    hold = held.record(Kind.HOLD, pallet, CUSTOMS, place="SGSIN")
    recall = story.record(Kind.RECALL, story.registration.batch, MAKER, place="")
    return [
        told(arrival),
        told(facts.Suspension(MAKER, REGULATOR, suspended=True, digest=b"\x51" * 32, recorded=nowhere)),
        told(hold),
        told(recall),
        told(facts.KeyEnding(key_of(MAKER), MAKER, 1, b"\x52" * 32, nowhere)),
        told(facts.Suspension(MAKER, REGULATOR, suspended=False, digest=b"\x53" * 32, recorded=nowhere)),
    ]


def _with_product(block: IndexedBlock) -> IndexedBlock:
    """The same, but that the good batch has a document."""
    good = TOLD.stories["good"].registration
    assert good is not None
    changed = tuple(
        replace(fact, details=PRODUCT) if isinstance(fact, facts.Registration) and fact.batch == good.batch else fact
        for fact in block.facts
    )
    return replace(block, facts=changed)


CHAIN = [_with_product(block) for block in [*chain(TOLD), *_later()]]
CODES = [
    link(),
    *(link(lot) for lot in LOTS.values()),
    link("UP1"),
    CARTON,
    PALLET,
    "054138680000000054",
    GTIN,
    link("X"),
]
CODES += [f"(00){CARTON}(01){GTIN}(10){LOTS['split']}", link(serial="S1"), "nonsense"]


@contextmanager
def ledger() -> Iterator[tuple[Database, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        opened = open_database(f"sqlite:///{folder}/lotproof.db")
        opened.bind(DOMAIN.chain_id, DOMAIN.ledger, b"\x07" * 32)
        try:
            yield opened, Path(folder)
        finally:
            opened.close()


class Head:
    """The chain as far as it is told, and what can happen to it.

    Args:
        database: Ours.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.at = 0  # blocks of `CHAIN` that are indexed, or passed over by the fork that we are on
        self.fork = 0

    def go(self, blocks: int) -> None:
        """The chain gains so many blocks."""
        self._add(CHAIN[self.at : self.at + blocks])

    def reorganise(self, depth: int, without: int) -> None:
        """The last blocks are replaced by others, of which one says nothing."""
        self.fork += 1
        back = max(0, self.at - depth)
        blocks = CHAIN[back : self.at]
        indexing.rollback(self.database, blocks[0].number - 1 if blocks else 1 << 40)
        if blocks:
            gone = without % len(blocks)
            blocks[gone] = replace(blocks[gone], facts=())
        self.at = back
        self._add(blocks)

    def _add(self, blocks: Sequence[IndexedBlock]) -> None:
        named = [replace(each, hash=keccak256(each.hash + bytes([self.fork]))) for each in blocks]
        indexing.append(self.database, named)
        self.at += len(blocks)
        head = max(0, CHAIN[self.at - 1].number if self.at else 0)
        indexing.set_status(self.database, head_block=head, finalized_block=head - 3, heard_at=TOLD.now)


STEPS = st.one_of(
    st.tuples(st.just("go"), st.integers(1, 3)),
    st.tuples(st.just("reorganise"), st.integers(1, 4), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.sampled_from([1, 600, 40_000_000])),
    st.tuples(st.just("document")),
)


@settings(max_examples=25, deadline=None)
@given(start=st.integers(len(CHAIN) - 14, len(CHAIN)), steps=st.lists(STEPS, min_size=2, max_size=6))
def test_what_is_kept_gives_no_other_answer_than_what_is_read(start: int, steps: list[tuple[Any, ...]]) -> None:
    with ledger() as (database, folder):
        facts_read, own = ReadModel(database), Settings(data_dir=folder)
        keeping, head, now = Verifier(facts_read, own), Head(database), TOLD.now
        head.go(start)
        for name, *given_ in [("wait", 0), *steps]:
            if name == "wait":
                now += given_[0]
            elif name == "document":
                give_document(database, PRODUCT, {"product": "Product of the good batch"})
            else:
                getattr(head, name)(*given_)
            reading = Verifier(facts_read, own)
            scanner = keeping.scanner("SGSIN", None, PHARMACY, now=now)
            for code in CODES:
                assert keeping.answer(code, now=now) == reading.answer(code, now=now), code
                assert keeping.answer(code, scanner, now=now) == reading.answer(code, scanner, now=now), code


@pytest.fixture
def told() -> Iterator[Head]:
    with ledger() as (database, _):
        head = Head(database)
        head.go(len(CHAIN) - 6)
        yield head


def since(head: Head, mark: changes.Mark) -> changes.Changes | None:
    return ReadModel(head.database).changes_since(mark)


def batch(name: str) -> bytes:
    registration = TOLD.stories[name].registration
    assert registration is not None
    return registration.batch


def test_an_event_of_a_pallet_touches_what_is_on_it_and_a_recall_its_batch(told: Head) -> None:
    mark = ReadModel(told.database).mark()
    assert since(told, mark) == (frozenset(), frozenset())
    told.go(1)
    found = since(told, mark)
    assert found is not None
    assert batch("split") in found.batches
    told.go(1)
    assert since(told, mark) is None  # an organisation was suspended: it may be in every history
    mark = ReadModel(told.database).mark()
    told.go(2)
    found = since(told, mark)
    assert found is not None
    assert {batch("split"), batch("good")} < found.batches
    assert batch("recalled") not in found.batches
    told.go(1)
    assert since(told, mark) is None  # a key was ended


def test_what_was_taken_back_may_have_changed_anything(told: Head) -> None:
    mark = ReadModel(told.database).mark()
    told.reorganise(1, 0)
    assert since(told, mark) is None


def test_of_more_than_can_be_told_apart_all_is_read_anew(told: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_TOUCHED", 1)
    told.go(2)
    mark = ReadModel(told.database).mark()
    told.go(1)
    assert since(told, mark) is None  # the pallet and the batch on it


def test_batches_of_which_nothing_was_said_are_not_read_again(told: Head) -> None:
    facts_read = ReadModel(told.database)
    told.go(2)
    before = Known(facts_read)
    first, second = before.batch(GTIN, LOTS["recalled"]), before.batch(GTIN, LOTS["split"])
    carton = before.named(CARTON)
    told.go(2)
    after = before.after()
    assert after.batch(GTIN, LOTS["recalled"]) is first
    assert after.batch(GTIN, LOTS["split"]) is not second
    assert after.named(CARTON) is carton
    assert before.batch(GTIN, LOTS["split"]) is second  # whoever still reads the old state sees the old


def test_a_carton_of_a_large_batch_is_read_again_when_its_batch_is_spoken_of(
    told: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "LARGE_BATCH", 0)
    facts_read = ReadModel(told.database)
    told.go(2)
    before = Known(facts_read)
    (carton,) = before.named(CARTON)
    lineage = before.of(carton, carton.batches[0])
    assert before.of(carton, carton.batches[0]) is lineage
    told.go(1)  # the pallet that it is on is held
    again = before.after().of(carton, carton.batches[0])
    assert again is not None
    assert again is not lineage
    assert again.history.effective(carton.consignment).held_by == CUSTOMS


def test_a_snapshot_taken_before_is_served_and_does_not_push_out_what_is_newer(told: Head, tmp_path: Path) -> None:
    facts_read = ReadModel(told.database)
    keeping = Verifier(facts_read, Settings(data_dir=tmp_path))
    told.go(3)
    keeping.verify(link(), now=TOLD.now)
    newest = keeping._state
    assert newest is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts_read, "version", lambda: newest.known.version - 1)
        keeping.verify(link(), now=TOLD.now)
    assert keeping._state is newest
