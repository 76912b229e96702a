"""The read model tells what was logged: whole batches, or only what one consignment needs."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ledger.core import facts
from ledger.core.vocabulary import Kind
from ledger.store import indexing
from ledger.store.outbox import Outbox
from ledger.store.read_model import Cursor, ReadModel
from tests import postgres
from tests.simulated_chain import SimulatedChain
from tests.simulated_ledger import ZERO, Goods, Story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.store.database import Database

RUN_ON = (*postgres.ENGINES, postgres.SPREAD)  # spread tables must tell the same


class Teller:
    """Tells a story block by block into a database."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.chain = SimulatedChain(seed=1)
        self.story = Story(seed=5)
        self.read_model = ReadModel(db)

    def tell(self, *statements: Sequence[facts.Fact]) -> list[Any]:
        block = self.chain.mine([tuple(statement) for statement in statements])
        indexing.append(self.db, [block])
        return list(block.facts)

    def goods(self, statement: Sequence[facts.Fact]) -> list[Goods]:
        """The children that a split made."""
        ids = {fact.consignment for fact in statement if isinstance(fact, facts.Child)}
        return [goods for goods in self.story.goods if goods.id in ids]


@pytest.fixture
def teller(db: Database) -> Teller:
    return Teller(db)


def test_every_kind_of_fact_comes_back_as_it_went_in(db: Database) -> None:
    chain = SimulatedChain(seed=2)
    chain.grow(150)
    indexing.append(db, chain.blocks)
    found = ReadModel(db).recorded_after(None, 10**6)
    assert found == chain.facts
    assert len({type(fact) for fact in found}) == 12


def test_a_batch_is_found_by_gtin_and_lot_together(teller: Teller) -> None:
    (first,), (second,) = teller.story.register(), teller.story.register()
    teller.tell([first], [second])
    for registered in (first, second):
        found = teller.read_model.batch(registered.gtin, registered.lot)
        assert found is not None
        assert found.registration.digest == registered.digest
    assert teller.read_model.batch(first.gtin, "OTHER") is None
    assert [r.lot for r in teller.read_model.registered(first.gtin)] == [first.lot, second.lot]
    assert teller.read_model.batch_by_id(ZERO) is None


def test_a_batch_holds_its_consignments_and_the_pallets_they_were_on(teller: Teller) -> None:
    story = teller.story
    mine, other = story.register(), story.register()
    root, stranger = story.goods
    split = story.split(root, 2)
    pack = story.pack([*teller.goods(split), stranger])
    moved, elsewhere = story.move(story.pallets[0]), story.move(stranger)
    unpack = story.unpack(story.pallets[0])
    told = teller.tell(mine, other, split, pack, moved, elsewhere, unpack)
    found = teller.read_model.batch_by_id(root.id)
    assert found is not None
    children = {goods.id for goods in teller.goods(split)}
    concerned = {split[0].digest, pack[0].digest, moved[0].digest, unpack[0].digest}
    assert [event.digest for event in found.events] == [
        fact.digest for fact in told if isinstance(fact, facts.CustodyEvent) and fact.digest in concerned
    ]
    assert {child.consignment for child in found.children} == children
    assert [pallet.pallet for pallet in found.pallets] == [story.pallets[0].id]
    assert [(p.consignment in children, p.packed) for p in found.packings] == [(True, True)] * 2 + [(True, False)] * 2
    assert teller.read_model.size(root.id) == 1


def test_a_lineage_is_what_concerns_one_consignment_and_no_more(teller: Teller) -> None:
    story = teller.story
    registration = story.register()
    root = story.goods[0]
    early = story.move(root)
    split = story.split(root, 3)
    chosen, sibling, _ = teller.goods(split)
    late = story.move(root)
    recall = (story.event(root, Kind.RECALL, actor=1),)
    of_sibling, of_chosen = story.move(sibling), story.move(chosen)
    again = story.split(chosen, 2)
    leaf = teller.goods(again)[0]
    of_leaf, after = story.move(leaf), story.move(chosen)
    correct = (story.event(chosen, Kind.CORRECT, previous=of_chosen[0].digest),)
    teller.tell(registration, early, split, late, recall)
    teller.tell(of_sibling, of_chosen, again, of_leaf, after, correct)
    found = teller.read_model.lineage(leaf.id)
    assert found is not None
    expected = [early, split, recall, of_chosen, again, of_leaf, correct]
    assert [event.digest for event in found.events] == [statement[0].digest for statement in expected]
    assert [child.consignment for child in found.children] == [chosen.id, leaf.id]
    trunk = teller.read_model.lineage(root.id)
    assert trunk is not None
    assert [event.digest for event in trunk.events] == [s[0].digest for s in (early, split, late, recall)]
    assert trunk.children == ()


def test_a_lineage_has_the_pallets_on_the_way(teller: Teller) -> None:
    story = teller.story
    registration, other = story.register(), story.register()
    root, stranger = story.goods
    split = story.split(root, 2)
    chosen, sibling = teller.goods(split)
    together, apart = story.pack([chosen, stranger]), story.pack([sibling])
    moved = story.move(story.pallets[0])
    teller.tell(registration, other, split, together, apart, moved)
    found = teller.read_model.lineage(chosen.id)
    assert found is not None
    assert [pallet.pallet for pallet in found.pallets] == [together[0].digest]
    assert [packing.consignment for packing in found.packings] == [chosen.id]
    assert [event.digest for event in found.events] == [split[0].digest, together[0].digest, moved[0].digest]


def test_a_lineage_of_nothing_known_or_of_a_pallet_is_none(teller: Teller) -> None:
    teller.tell(teller.story.register(), teller.story.pack(teller.story.goods[:1]))
    assert teller.read_model.lineage(ZERO) is None
    assert teller.read_model.lineage(teller.story.pallets[0].id) is None


def test_a_lineage_in_a_circle_ends(teller: Teller, db: Database) -> None:
    teller.tell(teller.story.register(), split := teller.story.split(teller.story.goods[0], 1))
    child = teller.goods(split)[0].id
    with db.transaction() as connection:
        connection.execute("UPDATE consignment_splits SET parent = consignment WHERE consignment = ?", (child,))
    assert teller.read_model.lineage(child) is not None


def test_an_id_or_sscc_names_a_batch_a_child_or_a_pallet(teller: Teller) -> None:
    story = teller.story
    teller.tell(story.register(), story.register())
    root, other = story.goods
    teller.tell(split := story.split(root, 1))
    (child,) = teller.goods(split)
    teller.tell(pack := story.pack([child, other]))
    read_model, pallet = teller.read_model, story.pallets[0].id
    found = read_model.consignment(root.id)
    assert found is not None
    assert (found.kind, found.batches, found.sscc) == ("batch", (root.id,), None)
    found = read_model.consignment(child.id)
    assert found is not None
    assert (found.kind, found.batches, found.sscc) == ("split", (root.id,), split[1].sscc)
    assert read_model.consignments_by_sscc(split[1].sscc) == [found]
    found = read_model.consignment(pallet)
    assert found is not None
    assert (found.kind, found.batches, found.sscc) == ("pallet", tuple(sorted((root.id, other.id))), pack[1].sscc)
    assert read_model.consignments_by_sscc(pack[1].sscc) == [found]
    assert read_model.consignment(ZERO) is None
    assert read_model.consignments_by_sscc("0" * 18) == []


def test_a_pallet_is_told_with_all_that_was_on_it(teller: Teller) -> None:
    story = teller.story
    teller.tell(story.register(), story.register(), story.pack(story.goods[:2]), story.move(story.pallets[0]))
    found = teller.read_model.pallet(story.pallets[0].id)
    assert found is not None
    assert [event.kind for event in found.events] == [Kind.PACK, Kind.HANDOVER]
    assert {packing.consignment for packing in found.packings} == {goods.id for goods in story.goods}
    assert teller.read_model.pallet(ZERO) is None


def test_an_organisation_comes_with_every_change_of_it(teller: Teller) -> None:
    opening = list(teller.story.opening())
    told = teller.tell(*opening)
    suspension = facts.Suspension(2, 1, suspended=True, digest=b"s" * 32, recorded=told[0].recorded)
    (suspended,) = teller.tell([suspension])
    change = opening[1][0]
    (changed,) = teller.tell([change])
    found = teller.read_model.organisation(2)
    assert found == facts.Organisation(2, (told[2], changed), (suspended,))
    assert teller.read_model.organisation(99) is None
    assert [o.number for o in teller.read_model.organisations()] == [1, 2, 3, 4]
    assert teller.read_model.organisations()[1] == found


def organisation(number: int, *prefixes: str) -> tuple[facts.Fact]:
    change = next(Story().opening())[0]
    assert isinstance(change, facts.OrganisationChange)
    values = {name: getattr(change, name) for name in change.__slots__}
    return (facts.OrganisationChange(**values | {"number": number, "prefixes": prefixes}),)


def test_the_licensee_has_the_longest_prefix_of_the_gtin_now(teller: Teller) -> None:
    teller.tell(organisation(1, "0950600"), organisation(2, "0950"), organisation(3, "5060001", "095060001343"))
    find = teller.read_model.licensee

    def number(gtin: str) -> int | None:
        found = find(gtin)
        return None if found is None else found.number

    assert number("09506000134352") is None
    assert number("10950600013435") == 3
    assert number("10950600999995") == 1
    assert number("10950999999995") == 2
    assert number("70000000000000") is None
    teller.tell(organisation(3, "5060001"))
    assert number("10950600013435") == 1, "a prefix that was given up still counts"


def test_a_key_comes_with_its_endings(teller: Teller) -> None:
    opening = list(teller.story.opening())
    told = teller.tell(*opening)
    key = told[1]
    ending = facts.KeyEnding(key.key, 1, 7, b"e" * 32, key.recorded)
    (ended,) = teller.tell([ending])
    assert teller.read_model.key(key.key) == facts.Key(key, (ended,))
    assert teller.read_model.keys_of(1) == [facts.Key(key, (ended,))]
    assert teller.read_model.key(ZERO) is None


def test_keys_are_found_by_the_beginning_of_their_id_with_their_endings(teller: Teller) -> None:
    low, high, beside = b"prefix" + bytes(26), b"prefix" + b"\xff" * 26, b"prefiy" + bytes(26)
    template = next(iter(teller.story.opening()))[1]
    additions = [replace(template, key=key, signer=key + key, digest=key) for key in (beside, high, low)]
    told = teller.tell(additions)
    ending = facts.KeyEnding(high, 1, 0, b"e" * 32, told[1].recorded)
    (ended,) = teller.tell([ending])
    assert teller.read_model.label_keys(b"prefix") == [facts.Key(told[1], (ended,)), facts.Key(told[2])]
    assert teller.read_model.label_keys(b"absent") == []


def test_anchors_notices_and_events_are_found(teller: Teller) -> None:
    anchor = facts.Anchor(b"d" * 32, 3, 10, b"r" * 32, ZERO, b"k" * 32, None)  # type: ignore[arg-type]  # the block it is put into fills in where
    notice = facts.Notice("SuccessorNamed", 0, b"s" * 20, None)  # type: ignore[arg-type]  # the block it is put into fills in where
    registered = teller.story.register()
    moved = teller.story.move(teller.story.goods[0])
    told = teller.tell([anchor], [notice], registered, moved)
    assert teller.read_model.anchors(3) == [told[0]]
    assert teller.read_model.notices() == [told[1]]
    assert teller.read_model.event(moved[0].digest) == told[3]
    assert teller.read_model.event(ZERO) is None


def test_an_outcome_is_recorded_before_refused_and_the_latest_refusal(teller: Teller) -> None:
    moved = teller.story.move(Goods(b"c" * 32, ZERO, 1))
    digest = moved[0].digest
    assert teller.read_model.outcome(digest) is None
    for error in (b"first", b"second"):
        (refusal,) = teller.tell([facts.Refusal(digest, error, None)])  # type: ignore[arg-type]  # the block it is put into fills in where
    found = teller.read_model.outcome(digest)
    assert found is not None
    assert (found.result, found.error_data, found.recorded) == ("refused", b"second", refusal.recorded)
    (recorded,) = teller.tell(moved)
    found = teller.read_model.outcome(digest)
    assert found is not None
    assert (found.result, found.error_data, found.recorded) == ("recorded", b"", recorded.recorded)


def test_the_councils_acts_have_no_outcome(teller: Teller) -> None:
    teller.tell(next(teller.story.opening()))
    assert teller.read_model.outcome(ZERO) is None


def test_facts_are_streamed_in_order_and_a_cursor_knows_whether_it_still_stands(db: Database) -> None:
    chain = SimulatedChain(seed=4)
    chain.grow(40)
    indexing.append(db, chain.blocks)
    read_model, cursor, found = ReadModel(db), None, []
    while page := read_model.recorded_after(cursor, 7):
        assert len(page) <= 7
        found += page
        cursor = read_model.cursor(page[-1])
        assert read_model.knows(cursor)
    assert found == chain.facts
    assert isinstance(cursor, Cursor)
    indexing.rollback(db, cursor.block - 1)
    assert not read_model.knows(cursor)
    assert read_model.cursor(found[-1]).hash == b""


def test_the_version_changes_with_facts_only(teller: Teller, db: Database) -> None:
    read_model = teller.read_model
    assert read_model.version() == 0
    teller.tell()
    indexing.set_status(db, head_block=9, finalized_block=0, heard_at=5)
    assert read_model.version() == 0
    teller.tell(teller.story.register())
    after = read_model.version()
    assert after != 0
    indexing.rollback(db, 1)
    assert read_model.version() not in (0, after)


def test_as_of_nothing_says_so(db: Database) -> None:
    assert ReadModel(db).as_of() == facts.AsOf(0, -1, 0, -1, -1, 0)
    db.bind(31337, b"l" * 20, b"c" * 32)
    assert ReadModel(db).as_of().chain_id == 31337


def test_several_reads_in_a_snapshot_see_one_state(teller: Teller) -> None:
    with teller.read_model.snapshot():
        assert teller.read_model.version() == 0
        assert teller.read_model.organisations() == []


def test_a_document_is_kept_by_its_hash(db: Database) -> None:
    Outbox(db).add(b"d" * 32, "CustodyEvent", b"{}", details=b"h" * 32, document=b'{"a":1}', arrived_at=1)
    assert ReadModel(db).document(b"h" * 32) == b'{"a":1}'
    assert ReadModel(db).document(ZERO) is None


def heard(teller: Teller, at: int) -> None:
    indexing.set_status(teller.db, head_block=7, finalized_block=0, heard_at=at)


def in_a_thread(work: Any, *arguments: Any) -> None:
    thread = threading.Thread(target=work, args=arguments)
    thread.start()
    thread.join()


def test_the_remembered_state_follows_what_this_and_other_threads_commit(teller: Teller) -> None:
    state = teller.read_model.state
    assert state() == (0, teller.read_model.as_of(), 0)
    teller.tell(teller.story.register())
    assert state()[0] == teller.read_model.version() > 0
    heard(teller, 5)
    assert state()[1].heard_at == 5
    in_a_thread(heard, teller, 6)
    assert state()[1].heard_at == 6
    in_a_thread(teller.tell, teller.story.register())
    assert state() == (teller.read_model.version(), teller.read_model.as_of(), 0)


def test_a_state_seen_inside_a_transaction_that_failed_is_not_remembered(teller: Teller) -> None:
    heard(teller, 5)
    with suppress(ZeroDivisionError), teller.db.transaction():
        heard(teller, 6)
        assert teller.read_model.state()[1].heard_at == 6
        raise ZeroDivisionError
    assert teller.read_model.state()[1].heard_at == 5


def test_inside_a_snapshot_the_state_stands_still(teller: Teller) -> None:
    heard(teller, 5)
    with teller.read_model.snapshot():
        before = teller.read_model.state()
        in_a_thread(heard, teller, 6)
        assert teller.read_model.state() == before
    assert teller.read_model.state()[1].heard_at == 6
