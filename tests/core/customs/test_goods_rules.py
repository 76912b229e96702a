"""What is wrong with the goods themselves: unknown, other, too many, not to be relied on, stopped."""

from __future__ import annotations

import pytest

from ledger.core.customs.goods_rules import near_lots
from ledger.core.vocabulary import Kind
from tests.core.batch_story import CUSTOMS, GTIN, MAKER, PHARMACY, STRANGER, key_of
from tests.core.customs.desk_story import DAY, GOOD, arrived, ledger, organisation, reason, shipped, signals, told


def test_a_lot_that_a_maker_on_the_ledger_never_registered_is_a_signal() -> None:
    story, _carton = shipped()
    maker, line = organisation(story, MAKER), GOOD._replace(lot="ZZ99", sscc="")
    found = told(story, line=line, licensee=maker)
    assert signals(found) == ["unknown_lot"]
    assert reason(found, "unknown_lot") == f"Biofarm never registered lot ZZ99 of {GTIN}."
    assert told(story, line=line, licensee=maker, behind=True).hits == ()


def test_a_lot_that_is_one_slip_from_a_registered_one_weighs_little() -> None:
    story, _carton = shipped()
    found = told(
        story, line=GOOD._replace(lot="AB21", sscc=""), licensee=organisation(story, MAKER), near_lots=("AB12",)
    )
    assert signals(found) == ["lot_misspelt"]
    assert reason(found, "lot_misspelt").endswith("but lot AB12.")


@pytest.mark.parametrize("slip", ["AB13", "AB1", "AB123", "BA12", "B12", "xAB12", "AB21"])
def test_one_slip_of_the_hand_is_recognised(slip: str) -> None:
    assert near_lots(slip, ["QQ", "AB12", "AB12"]) == ("AB12", "AB12")


@pytest.mark.parametrize("other", ["AB12", "AC13", "AB", "AB1234", "BA21", "21BA", ""])
def test_more_than_one_slip_is_another_lot(other: str) -> None:
    assert near_lots(other, ["AB12"]) == ()


def test_an_sscc_that_its_owner_has_not_recorded_weighs_more_once_it_cannot_be() -> None:
    story, _carton = shipped()
    maker, line = organisation(story, MAKER), GOOD._replace(sscc="054138680000000993")
    found = told(story, line=line, licensee=maker)
    assert signals(found) == ["not_recorded_yet"]
    assert found.hits[0].reason == "Biofarm has recorded no consignment with SSCC 054138680000000993 so far."
    assert found.match == "batch"
    settled = told(story, line=line, licensee=maker, now=line.arrival_date_time + 31 * DAY)
    assert signals(settled) == ["never_recorded"]
    assert settled.hits[0].reason.endswith("993.")
    assert told(story, line=GOOD._replace(sscc=""), licensee=maker).hits == ()


def test_an_sscc_that_carries_other_goods_is_a_signal() -> None:
    story, carton = shipped()
    found = told(story, carton, line=GOOD._replace(lot="ZZ99"))
    assert signals(found) == ["contents_differ"]
    assert "carries 05413868000016 lot AB12 on record, not 05413868000016 lot ZZ99" in found.hits[0].reason
    assert signals(told(story, carton, line=GOOD._replace(lot="AB1"))) == ["lot_misspelt"]
    assert told(story, carton, line=GOOD._replace(gtin="", lot="")).hits == ()


def test_more_units_than_the_consignment_or_the_batch_has_are_a_signal() -> None:
    story, carton = shipped()
    assert signals(told(story, carton, line=GOOD._replace(tariff_quantity=401))) == ["quantity_over"]
    batch = GOOD._replace(sscc="", tariff_quantity=1_001)
    assert "lot AB12 has 1,000 on record" in reason(told(story, line=batch), "quantity_over")
    assert told(story, line=batch._replace(tariff_quantity=1_000)).hits == ()


def test_lines_that_together_declare_more_than_can_have_come_are_a_signal() -> None:
    story, carton = shipped()
    assert told(story, carton, declared_before=600).hits == ()  # 400 are on their way, 600 at rest with the maker
    found = told(story, carton, declared_before=601)
    assert signals(found) == ["lot_over_declared"]
    assert "1,001 units" in found.hits[0].reason
    assert "at most 1,000 can have come there" in found.hits[0].reason
    assert told(story, carton, declared_before=601, behind=True).hits == ()


def test_goods_at_rest_count_only_until_their_shipment_could_not_be_recorded_any_more() -> None:
    story, carton = shipped()
    found = told(story, carton, declared_before=1, now=GOOD.arrival_date_time + 31 * DAY)
    assert "at most 400 can have come there" in reason(found, "lot_over_declared")


def test_goods_on_their_way_elsewhere_cannot_have_come() -> None:
    story = ledger()
    batch = story.register()
    here, there = story.split(batch, MAKER, [(GOOD.sscc, 400), (None, 600)])
    story.ship(here, MAKER, PHARMACY, 400)
    story.ship(there, MAKER, STRANGER, 600)
    assert "at most 400" in reason(told(story, here, declared_before=1), "lot_over_declared")


def test_a_pallet_counts_with_all_that_is_on_it() -> None:
    story = ledger()
    batch = story.register()
    parts = story.split(batch, MAKER, [(None, 300), (None, 200)])
    pallet = story.pack(MAKER, list(parts), sscc=GOOD.sscc)
    story.ship(pallet, MAKER, PHARMACY, 2)
    assert told(story, pallet, line=GOOD._replace(tariff_quantity=500)).hits == ()
    assert signals(told(story, pallet, line=GOOD._replace(tariff_quantity=501))) == ["quantity_over"]


def test_a_maker_suspended_before_or_since_is_a_signal() -> None:
    story, carton = shipped()
    story.suspend(MAKER)
    assert "Biofarm is suspended since 2026-05-28" in reason(told(story, carton), "maker_suspended")
    story = ledger()
    story.suspend(MAKER)
    story.register()
    found = told(story, line=GOOD._replace(sscc="", declaration_office_id="BEBRU", unloading_location_id="BEBRU"))
    assert "registered lot AB12 on 2026-05-28" in reason(found, "maker_suspended")


def test_a_key_in_doubt_is_a_signal_on_the_way_and_at_the_registration() -> None:
    story, carton = shipped()
    story.end_key(key_of(MAKER), doubt_since=story.events[-1].recorded.time)
    assert "SHIP of" in reason(told(story, carton), "key_in_doubt")
    story.end_key(key_of(MAKER), doubt_since=1)
    assert reason(told(story, carton), "key_in_doubt").startswith("Lot AB12 was registered with a key")


def test_a_maker_and_a_key_of_which_nothing_is_known_break_custody_alone() -> None:
    story, carton = shipped()
    del story.organisations[MAKER], story.keys[key_of(MAKER)]
    assert signals(told(story, carton)) == ["custody_broken"]


def test_custody_that_breaks_the_rules_is_a_signal() -> None:
    story, carton = shipped()
    story.receive(carton, PHARMACY, MAKER, 400, place="SGSIN", previous=bytes(32))
    assert "chain of custody is broken" in reason(told(story, carton), "custody_broken")


def test_goods_that_are_stopped_are_signals() -> None:
    story, carton = shipped()
    story.record(Kind.HOLD, carton, CUSTOMS, place="SGSIN")
    assert "is held by Singapore Customs" in reason(told(story, carton), "held_or_seized")
    story.record(Kind.SEIZE, carton, CUSTOMS, place="SGSIN")
    assert "is seized by Singapore Customs" in reason(told(story, carton), "held_or_seized")
    story.record(Kind.RECALL, story.events[0].consignment, MAKER, place="")
    assert "Biofarm recalled 05413868000016 lot AB12 on 2026-05-28" in reason(told(story, carton), "recalled")


def test_goods_that_are_used_up_are_a_signal() -> None:
    story, carton = arrived()
    story.record(Kind.DISPENSE, carton, PHARMACY, 399, place="SGSIN")
    assert told(story, carton).hits == ()
    story.record(Kind.DISPENSE, carton, PHARMACY, 1, place="SGSIN")
    assert "All 400 units" in reason(told(story, carton), "used_up")
