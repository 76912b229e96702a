"""Goods that were declared before: twice here, or in two countries, unless the ledger shows how they went on."""

from __future__ import annotations

from ledger.core.customs.case import Earlier
from ledger.core.customs.repeat_rules import BEFORE_CLEARING
from tests.core.batch_story import MAKER, PHARMACY, STRANGER
from tests.core.customs.desk_story import DAY, GLNS, GOOD, shipped, signals, told

BEFORE = Earlier("SGSIN", "D0", 1, GOOD.acceptance_date_time - DAY, 400)
IN_MALAYSIA = BEFORE._replace(declaration_office_id="MYPKG")


def test_a_consignment_declared_twice_is_a_signal() -> None:
    found = told(*shipped(), earlier=(BEFORE,))
    assert signals(found) == ["declared_twice"]
    assert "declaration D0 line 1 at SGSIN of 2026-05-30" in found.hits[0].reason
    assert "800 units in all; the consignment has 400 on record" in found.hits[0].reason


def test_a_consignment_may_be_cleared_in_parts() -> None:
    part = GOOD._replace(tariff_quantity=150)
    story, carton = shipped()
    assert told(story, carton, line=part, earlier=(BEFORE._replace(quantity=250),)).hits == ()
    assert signals(told(story, carton, line=part, earlier=(BEFORE._replace(quantity=251),))) == ["declared_twice"]


def test_of_a_consignment_that_is_not_known_only_another_declaration_repeats_it() -> None:
    story, _carton = shipped()
    found = told(story, earlier=(BEFORE,))
    assert signals(found) == ["declared_twice"]
    assert "on record" not in told(story, line=GOOD._replace(gtin="", lot=""), earlier=(BEFORE,)).hits[0].reason
    assert told(story, earlier=(BEFORE._replace(declaration_id=GOOD.declaration_id),)).hits == ()


def test_a_consignment_declared_in_two_countries_is_a_signal() -> None:
    found = told(*shipped(), earlier=(IN_MALAYSIA,))
    assert signals(found) == ["declared_in_two_countries"]
    assert "was declared to MY before" in found.hits[0].reason


def test_goods_that_only_began_their_way_there_did_not_go_on_from_there() -> None:
    in_belgium = BEFORE._replace(declaration_office_id="BEBRU", accepted=GOOD.acceptance_date_time - 3 * DAY)
    assert signals(told(*shipped(), earlier=(in_belgium,))) == ["declared_in_two_countries"]


def test_goods_that_went_on_from_there_are_none() -> None:
    story, carton = shipped(STRANGER)
    story.time += 2 * DAY
    story.receive(carton, STRANGER, MAKER, 400, place="MYPKG")
    gone = story.ship(carton, STRANGER, PHARMACY, 400, place="MYPKG")
    earlier = IN_MALAYSIA._replace(accepted=gone.occurred_at + BEFORE_CLEARING)
    line = GOOD._replace(
        acceptance_date_time=gone.occurred_at + 20 * DAY, arrival_date_time=0, loading_location_id="MYPKG"
    )
    assert told(story, carton, line=line, earlier=(earlier,)).hits == ()
    later = earlier._replace(accepted=earlier.accepted + 1)
    assert signals(told(story, carton, line=line, earlier=(later,))) == ["declared_in_two_countries"]
    assert GLNS[STRANGER] != line.consignee
