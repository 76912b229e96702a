"""A new indicator finds what is held, scanned and reported; what comes afterwards is found too, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.core import facts
from ledger.core.document import details, with_salt
from ledger.core.keccak import keccak256
from ledger.core.parts import batch_id
from ledger.core.unit import UnitKind
from ledger.core.vocabulary import Kind, ProductClass
from ledger.share import compare
from ledger.store import indexing, matches
from ledger.store.database import Database
from ledger.store.reports import Report, Reports
from ledger.store.unit_lists import UnitLists
from tests.core.batch_story import CARRIER, CUSTOMS, GTIN, LOT, MAKER, NO_HASH, PHARMACY, BatchStory
from tests.exchange import CHEMIST, SINGAPORE, THAI, Exchanging
from tests.indexed_world import LOTS, SERIALS, UNIT_SECRET, UNIT_TREE, chain, give_document
from tests.postgres import ENGINES
from tests.share_world import content

RUN_ON = ENGINES
OTHER = "05413868000023"
Told = dict[str, Any]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Exchanging]:
    made = Exchanging.new(tmp_path)
    yield made
    made.db.close()


@pytest.fixture
def both(db: Database, tmp_path: Path) -> Exchanging:
    """One on each database in turn."""
    return Exchanging(db, tmp_path)


def look_for(here: Exchanging, pattern: dict[str, str], **changes: Any) -> Told:
    here.now += 1  # an issuer's messages differ by their time
    return here.tell(SINGAPORE, SINGAPORE.message(here.now, content(pattern), **changes))


def found(here: Exchanging, told: Told) -> list[tuple[str, str]]:
    return sorted((each["what"], each["lot"] or "") for each in here.matches(THAI) if each["digest"] == told["digest"])


def tell(here: Exchanging, say: Callable[[BatchStory], None]) -> None:
    """Let something happen on the chain."""
    story = BatchStory(time=here.now, block=here.world.last_block + 1)
    story.organisations |= here.world.stories["opening"].organisations
    before = dict(story.organisations)
    say(story)
    changed = {number: each for number, each in story.organisations.items() if before.get(number) != each}
    told = replace(here.world, stories={"new": replace(story, organisations=changed)})
    indexing.append(here.db, [block for block in chain(told) if block.number > here.world.last_block])
    here.world.last_block = story.block


def register(gtin: str = GTIN, lot: str = "NEW1", told: bytes = NO_HASH) -> Callable[[BatchStory], None]:
    def say(story: BatchStory) -> None:
        story.register(lot=lot, gtin=gtin)
        assert story.registration
        story.registration = replace(story.registration, details=told)

    return say


def test_a_lot_is_found_where_it_is_held_scanned_and_reported(both: Exchanging) -> None:
    both.say(UnitKind.SCAN, PHARMACY)
    Reports(both.db).add(Report(b"r" * 32, "", GTIN, LOT, "", "odd", "SGSIN", 0, both.now))
    told = look_for(both, {"kind": "lot", "gtin": GTIN, "lot": LOT})
    kinds = [what for what, _ in found(both, told)]
    assert kinds.count("batch") == kinds.count("pack") == kinds.count("report") == 1
    assert kinds.count("movement") == 3
    (pack,) = [each for each in both.matches(SINGAPORE) if each["what"] == "pack"]
    assert (pack["organisation"]["number"], pack["place"], pack["serial"]) == (PHARMACY, "SGSIN", "S7K2M9")


def test_a_lot_of_whatever_product_is_found(here: Exchanging) -> None:
    Reports(here.db).add(Report(b"r" * 32, "", "", LOT, "", "odd", "", 0, here.now))
    told = look_for(here, {"kind": "lot", "lot": LOT})
    assert {what for what, _ in found(here, told)} == {"batch", "movement", "report"}


def test_a_product_is_found_with_all_its_lots(here: Exchanging) -> None:
    told = look_for(here, {"kind": "gtin", "gtin": GTIN.lstrip("0")})
    lots = {lot for what, lot in found(here, told) if what == "batch"}
    assert len(lots) == 10


def test_serial_numbers_are_found_within_their_range(both: Exchanging) -> None:
    for serial in ("A099", "A100", "A150", "A199", "A200", "A1500"):
        both.say(UnitKind.SCAN, PHARMACY, serial=serial)
    told = look_for(both, {"kind": "serials", "gtin": GTIN, "first": "A100", "last": "A199"})
    serials = sorted(each["serial"] for each in both.matches(THAI) if each["digest"] == told["digest"])
    assert serials == ["A100", "A150", "A199"]
    both.say(UnitKind.SCAN, PHARMACY, serial="A177")
    both.say(UnitKind.SCAN, PHARMACY, serial="A277")
    assert {each["serial"] for each in both.matches(THAI)} == {"A100", "A150", "A199", "A177"}


@pytest.mark.parametrize("sound", [True, False])
def test_a_batch_is_found_by_its_list_of_serial_numbers(here: Exchanging, *, sound: bool) -> None:
    lists, batch = UnitLists(here.folder / "units"), batch_id(int(GTIN), LOTS["serialised"])
    lists.write(batch, UNIT_SECRET, SERIALS, UNIT_TREE)
    if not sound:
        path = lists.path(batch)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    first, last = sorted((SERIALS[3].decode(), SERIALS[4].decode()))
    told = look_for(here, {"kind": "serials", "gtin": GTIN, "first": first, "last": last})
    assert found(here, told) == ([("batch", LOTS["serialised"])] if sound else [])
    none = look_for(here, {"kind": "serials", "gtin": GTIN, "first": "X1", "last": "X9"})
    assert found(here, none) == []


@pytest.mark.parametrize("name", ["Maker & Co", "MAKER and CO", "máker &co."])
def test_a_company_is_found_however_its_name_is_written(here: Exchanging, name: str) -> None:
    told = look_for(here, {"kind": "company", "name": name})
    kinds = {what for what, _ in found(here, told)}
    assert kinds == ({"organisation", "batch", "movement"} if "and" not in name else set())


def test_what_was_sent_to_a_company_is_found(here: Exchanging) -> None:
    told = look_for(here, {"kind": "company", "name": "Carrier"})
    kinds = [what for what, _ in found(here, told)]
    assert "organisation" in kinds
    assert "movement" in kinds


def test_a_route_is_found_and_others_are_not(here: Exchanging) -> None:
    there = look_for(here, {"kind": "route", "from": "BEBRU", "to": "SGSIN"})
    back = look_for(here, {"kind": "route", "from": "SGSIN", "to": "BEBRU"})
    assert {lot for _, lot in found(here, there)} >= {LOT, "HE1"} or found(here, there) == [("movement", LOT)]
    assert found(here, back) == []


def test_a_route_is_taken_from_place_to_next_place(both: Exchanging) -> None:
    def travel(story: BatchStory) -> None:
        batch = story.register(lot="TRAVEL")
        for place in ("BEANR", "AEDXB", "", "AEDXB", "SGSIN"):
            story.record(Kind.INSPECT, batch, CUSTOMS, place=place)

    direct = look_for(both, {"kind": "route", "from": "BEANR", "to": "SGSIN"})
    leg = look_for(both, {"kind": "route", "from": "AEDXB", "to": "SGSIN"})
    tell(both, travel)
    assert found(both, direct) == []
    assert found(both, leg) == [("movement", "TRAVEL")]
    late_direct = look_for(both, {"kind": "route", "from": "BEANR", "to": "SGSIN"})
    late_leg = look_for(both, {"kind": "route", "from": "AEDXB", "to": "SGSIN"})
    assert found(both, late_direct) == []
    assert found(both, late_leg) == [("movement", "TRAVEL")]


@pytest.mark.parametrize(
    ("pattern", "document"),
    [
        ({"kind": "certificate", "number": "0123/É-7"}, {"certificates": [{"number": "0123/É-7"}]}),
        ({"kind": "seal", "number": 'S"1'}, {"seal": 'S"1'}),
        ({"kind": "feature", "text": "blue foil"}, {"package": {"marks": ["blue foil"]}}),
    ],
)
def test_what_is_written_in_a_document_is_found(here: Exchanging, pattern: dict[str, str], document: Told) -> None:
    salted = with_salt(document, b"s" * 32)
    give_document(here.db, details(salted), salted)
    give_document(here.db, b"n" * 32, {"seal": "blue foil 0123/É-7 S1 and more"})
    tell(here, register(lot="BEFORE", told=details(salted)))
    told = look_for(here, pattern)
    assert found(here, told) == [("batch", "BEFORE")]
    tell(here, register(lot="AFTER", told=details(salted)))
    assert found(here, told) == [("batch", "AFTER"), ("batch", "BEFORE")]


def test_what_is_new_is_found(both: Exchanging) -> None:
    by_lot = look_for(both, {"kind": "lot", "gtin": OTHER, "lot": "NEW1"})
    by_company = look_for(both, {"kind": "company", "name": "Nobody yet"})
    assert both.matches(THAI) == []

    def go_on(story: BatchStory) -> None:
        batch = story.register(lot="NEW1", gtin=OTHER)
        story.ship(batch, MAKER, CARRIER, 1000)
        story.accredit(40, "Nobody, yet!", "BE", story.organisations[CARRIER].changes[0].roles)

    tell(both, go_on)
    assert found(both, by_lot) == [("batch", "NEW1"), ("movement", "NEW1")]
    assert found(both, by_company) == [("organisation", "")]
    Reports(both.db).add(Report(b"q" * 32, "", OTHER, "NEW1", "", "odd", "", 0, both.now))
    assert found(both, by_lot)[-1] == ("report", "NEW1")


def test_a_pallets_movement_is_of_the_lot_on_it(here: Exchanging) -> None:
    company = look_for(here, {"kind": "company", "name": "Pharmacy"})

    def pack(story: BatchStory) -> None:
        batch = story.register(lot="PALLET")
        children = story.split(batch, MAKER, [(None, 10), (None, 20)])
        story.ship(story.pack(MAKER, list(children)), MAKER, PHARMACY, 2)
        story.pallets[0] = replace(story.pallets[0], number=9)  # the ledger counts pallets, a story its own only

    tell(here, pack)
    assert ("movement", "PALLET") in found(here, company)


def test_an_indicator_that_has_expired_finds_nothing_new(here: Exchanging) -> None:
    told = look_for(here, {"kind": "gtin", "gtin": OTHER}, valid_until=here.now + 100)
    here.now += 200
    tell(here, register(gtin=OTHER))
    assert found(here, told) == []


def test_what_was_taken_back_and_recorded_again_is_found_once(here: Exchanging) -> None:
    told = look_for(here, {"kind": "lot", "gtin": OTHER, "lot": "NEW1"})
    last = here.world.last_block
    tell(here, register(gtin=OTHER))
    assert len(found(here, told)) == 1
    indexing.rollback(here.db, last)
    here.world.last_block = last
    again = _block(last + 1, OTHER, "NEW1")
    other = _block(last + 2, OTHER, "NEW2")
    indexing.append(here.db, [again, other])
    assert found(here, told) == [("batch", "NEW1")]
    both = look_for(here, {"kind": "gtin", "gtin": OTHER})
    assert [lot for _, lot in found(here, both)] == ["NEW1", "NEW2"]


def test_much_that_is_new_is_compared_page_by_page(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "PAGE", 2)
    told = look_for(here, {"kind": "gtin", "gtin": OTHER})
    for number in range(7):
        indexing.append(here.db, [_block(here.world.last_block + 1 + number, OTHER, f"N{number}")])
    lots = {lot for _ in range(3) for _, lot in found(here, told)}
    assert lots == {f"N{number}" for number in range(7)}


def test_an_indicator_finds_no_more_than_can_be_read(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matches, "MOST", 3)
    told = look_for(here, {"kind": "gtin", "gtin": GTIN})
    here.say(UnitKind.SCAN, PHARMACY)
    assert len(found(here, told)) == 3


def test_nothing_is_compared_while_there_is_nothing_to_compare_with(here: Exchanging) -> None:
    assert here.matches(THAI) == []
    assert matches.Matches(here.db).compared() is None
    told = look_for(here, {"kind": "gtin", "gtin": OTHER})
    here.tell(SINGAPORE, SINGAPORE.message(here.now, None, previous=bytes.fromhex(told["digest"][2:])))
    tell(here, register(gtin=OTHER))
    assert here.matches(THAI) == []
    assert matches.Matches(here.db).compared() == matches.Matches(here.db).newest()


def test_after_a_restore_everything_is_compared_once_more(here: Exchanging) -> None:
    told = look_for(here, {"kind": "lot", "gtin": OTHER, "lot": "NEW1"})
    with here.db.transaction() as connection:
        connection.execute("DELETE FROM compared")
    tell(here, register(gtin=OTHER))
    assert look_for(here, {"kind": "gtin", "gtin": OTHER})
    assert found(here, told) == [("batch", "NEW1")]


def test_the_newest_matches_are_had_first(both: Exchanging) -> None:
    look_for(both, {"kind": "gtin", "gtin": GTIN})
    numbers = [each["number"] for each in both.matches(THAI)]
    assert len(numbers) > 3
    last = both.matches(THAI, before=2**62)
    assert [each["number"] for each in last] == numbers[::-1]
    assert [each["number"] for each in both.matches(THAI, before=numbers[2])] == numbers[1::-1]
    assert both.matches(THAI, before=numbers[0]) == []


def test_matches_are_for_administrations(here: Exchanging) -> None:
    look_for(here, {"kind": "gtin", "gtin": GTIN})
    assert here.get(CHEMIST, "/v1/intelligence/matches").status_code == 403


def _block(number: int, gtin: str, lot: str) -> facts.IndexedBlock:
    recorded = facts.Recorded(number, 0, 1_780_000_500 + number, keccak256(b"t%d" % number))
    batch = batch_id(int(gtin), lot)
    registration = facts.Registration(
        digest=keccak256(b"digest" + lot.encode()),
        batch=batch,
        manufacturer=MAKER,
        gtin=gtin,
        lot=lot,
        product_class=ProductClass.VACCINE,
        quantity=5,
        manufactured=None,
        expiry=date(2027, 3, 31),
        unit_root=NO_HASH,
        details=NO_HASH,
        key=NO_HASH,
        recorded=recorded,
    )
    return facts.IndexedBlock(number, keccak256(b"again%d" % number), NO_HASH, recorded.time, (registration,))
