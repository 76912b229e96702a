"""Where the goods are and for whom, as declared and as recorded; and what the ledger does not say yet is no signal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.core.customs.journey import MOST_JOURNEYS
from ledger.core.customs.route_rules import ARRIVAL_MARGIN, passage_seconds
from ledger.core.travel import travel_seconds
from ledger.core.vocabulary import Kind
from tests.core.batch_story import CARRIER, CUSTOMS, MAKER, NOON, PHARMACY, STRANGER
from tests.core.customs.desk_story import (
    DAY,
    FOREIGN_GLN,
    GLNS,
    GOOD,
    HOUR,
    arrived,
    ledger,
    reason,
    shipped,
    signals,
    told,
)

TO_MALAYSIA = GOOD._replace(declaration_office_id="MYPKG", unloading_location_id="MYPKG")


def test_goods_on_their_way_to_another_country_are_a_signal() -> None:
    found = told(*shipped(), line=TO_MALAYSIA)
    assert signals(found) == ["destination_differs"]
    assert "on their way to Merlion Pharmacy (SG), last recorded at BEBRU" in found.hits[0].reason


def test_goods_may_be_unloaded_in_a_neighbouring_country() -> None:
    assert told(*shipped(), line=GOOD._replace(unloading_location_id="MYPKG")).hits == ()


def test_goods_that_a_carrier_has_may_go_anywhere() -> None:
    story, carton = shipped(CARRIER)
    assert told(story, carton, line=TO_MALAYSIA._replace(consignee_id=GLNS[STRANGER])).hits == ()
    story.receive(carton, CARRIER, MAKER, 400, place="BEANR")
    assert told(story, carton, line=TO_MALAYSIA._replace(consignee_id=GLNS[STRANGER])).hits == ()


def test_goods_at_rest_in_another_country_are_a_signal_unless_the_data_is_behind() -> None:
    story, carton = arrived()
    line = TO_MALAYSIA._replace(export_country_id="SG")
    found = told(story, carton, line=line)
    assert signals(found) == ["not_shipped_yet"]
    assert "with Merlion Pharmacy, last recorded at SGSIN" in found.hits[0].reason
    assert found.hits[0].reason.endswith("is recorded so far.")
    assert told(story, carton, line=line, behind=True).hits == ()


def test_it_weighs_more_once_no_shipment_can_be_recorded_any_more() -> None:
    story, carton = arrived()
    line = TO_MALAYSIA._replace(export_country_id="SG")
    settled = line.arrival_date_time + 30 * DAY
    assert signals(told(story, carton, line=line, now=settled)) == ["not_shipped_yet"]
    found = told(story, carton, line=line, now=settled + 1)
    assert signals(found) == ["never_shipped"]
    assert found.hits[0].reason.endswith("nor can it be any more.")


def test_a_batch_that_never_left_its_maker_is_a_signal() -> None:
    story = ledger()
    story.register()
    found = told(story, line=GOOD._replace(sscc=""))
    assert signals(found) == ["not_shipped_yet"]
    assert reason(found, "not_shipped_yet").startswith("Declared to SG; on record the goods are with Biofarm, and no")


def test_of_a_batch_any_consignment_may_explain_the_line() -> None:
    story, _carton = shipped()
    line = GOOD._replace(sscc="")
    assert told(story, line=line).hits == ()
    assert told(story, line=line._replace(consignee_id="")).hits == ()
    assert signals(told(story, line=TO_MALAYSIA._replace(sscc="", consignee_id=""))) == ["not_shipped_yet"]


def test_of_a_large_batch_that_goes_elsewhere_only_some_are_looked_at() -> None:
    story = ledger()
    batch = story.register()
    for part in story.split(batch, MAKER, [(None, 10)] * (MOST_JOURNEYS + 5)):
        story.ship(part, MAKER, PHARMACY, 10)
    assert signals(told(story, line=TO_MALAYSIA._replace(sscc="", consignee_id=""))) == ["not_shipped_yet"]


def test_a_route_that_does_not_touch_where_the_goods_were_is_a_signal() -> None:
    line = GOOD._replace(loading_location_id="INBOM", export_country_id="IN")
    found = told(*shipped(), line=line)
    assert signals(found) == ["route_misses_custody"]
    assert "INBOM to SGSIN does not touch BE" in found.hits[0].reason
    assert told(*shipped(), line=line._replace(export_country_id="BE")).hits == ()
    assert told(*shipped(), line=line._replace(itinerary_id=("BEANR", "AEDXB"))).hits == ()


def test_what_was_recorded_after_the_arrival_says_nothing_of_the_route() -> None:
    line = GOOD._replace(loading_location_id="INBOM", export_country_id="IN", arrival_date_time=NOON)
    assert "route_misses_custody" not in signals(told(*shipped(), line=line))
    before = line._replace(arrival_date_time=0, acceptance_date_time=NOON)
    assert told(*shipped(), line=before).hits == ()


def test_another_organisation_than_the_named_one_as_consignee_is_a_signal() -> None:
    story, carton = shipped()
    found = told(story, carton, line=GOOD._replace(consignee_id=GLNS[STRANGER]))
    assert signals(found) == ["consignee_differs"]
    assert found.hits[0].reason == "The consignee is Elsewhere Ltd; on record the goods are for Merlion Pharmacy."
    story, carton = arrived()
    assert signals(told(story, carton, line=GOOD._replace(consignee_id=GLNS[STRANGER]))) == ["consignee_differs"]


def test_a_consignee_on_the_way_of_the_goods_is_none() -> None:
    assert told(*shipped(), line=GOOD._replace(consignee_id=GLNS[MAKER])).hits == ()


def test_a_gln_of_nobody_is_a_weaker_signal_where_the_named_one_has_a_gln() -> None:
    story, carton = shipped()
    line = GOOD._replace(consignee_id=FOREIGN_GLN)
    found = told(story, carton, line=line)
    assert signals(found) == ["consignee_unknown"]
    assert "is of nobody on the ledger; the goods are for Merlion Pharmacy" in found.hits[0].reason
    known = story.organisations[PHARMACY]
    story.organisations[PHARMACY] = replace(known, changes=(replace(known.changes[0], gln=""),))
    assert told(story, carton, line=line).hits == ()


@pytest.mark.parametrize("number", ["SG-201912345K", "", "8888888800005"])
def test_a_consignee_without_a_gln_cannot_be_compared(number: str) -> None:
    assert told(*shipped(), line=GOOD._replace(consignee_id=number)).hits == ()


def test_an_arrival_that_no_carrier_makes_is_a_signal() -> None:
    story, carton = shipped()
    at = story.events[-1].occurred_at
    by_sea = GOOD._replace(mode_code="1", arrival_date_time=at + 2 * DAY)
    found = told(story, carton, line=by_sea)
    assert signals(found) == ["impossible_passage"]
    assert "before the declared arrival at SGSIN" in found.hits[0].reason
    least = passage_seconds(by_sea, "BEBRU")
    assert told(story, carton, line=by_sea._replace(arrival_date_time=at + least)).hits == ()
    assert told(story, carton, line=by_sea._replace(arrival_date_time=at + least - ARRIVAL_MARGIN)).hits == ()
    assert told(story, carton, line=by_sea._replace(arrival_date_time=0)).hits == ()


def test_goods_recorded_elsewhere_right_after_the_arrival_are_a_signal() -> None:
    story, carton = shipped()
    story.time += 10 * DAY
    story.record(Kind.INSPECT, carton, CUSTOMS, place="ARBUE")
    arrived = GOOD._replace(arrival_date_time=story.events[-1].occurred_at - HOUR)
    found = told(story, carton, line=arrived)
    assert "Recorded at ARBUE 1.0 hours after the declared arrival" in reason(found, "impossible_passage")


def test_a_time_that_came_in_late_is_not_believed() -> None:
    story = ledger()
    batch = story.register()
    (carton,) = story.split(batch, MAKER, [(GOOD.sscc, 400)], place="")
    story.time += 2 * HOUR
    story.ship(carton, MAKER, PHARMACY, 400, occurred_at=story.time - HOUR)
    by_sea = GOOD._replace(mode_code="1", arrival_date_time=story.time + DAY)
    assert told(story, carton, line=by_sea).hits == ()
    story.receive(carton, PHARMACY, MAKER, 400, place="SGSIN")
    assert told(story, carton, line=by_sea).hits == ()


def test_recorded_custody_that_no_carrier_makes_is_a_signal() -> None:
    story, carton = shipped()
    story.receive(carton, PHARMACY, MAKER, 400, place="SGSIN")
    assert "at SGSIN; the way takes at least" in reason(told(story, carton), "impossible_custody")
    assert told(*arrived()).hits == ()


def test_what_one_organisation_says_of_two_places_is_no_journey() -> None:
    story, carton = shipped()
    story.record(Kind.RETURN, carton, MAKER, 400, PHARMACY, place="SGSIN")
    assert "impossible_custody" not in signals(told(story, carton))


def test_what_was_corrected_is_left_out() -> None:
    story, carton = shipped()
    wrong = story.receive(carton, PHARMACY, MAKER, 400, place="SGSIN")
    assert "impossible_custody" in signals(told(story, carton))
    story.record(Kind.CORRECT, carton, PHARMACY, place="SGSIN", previous=wrong.digest)
    assert "impossible_custody" not in signals(told(story, carton))


@pytest.mark.parametrize(
    ("mode", "slower"), [("1", True), ("8", True), ("2", True), ("3", True), ("4", False), ("", False)]
)
def test_a_passage_is_as_slow_as_its_mode_of_transport(mode: str, slower: bool) -> None:
    line = GOOD._replace(mode_code=mode)
    assert (passage_seconds(line, "BEBRU") > travel_seconds("BEBRU", "SGSIN")) is slower


def test_within_the_country_of_unloading_there_is_no_passage() -> None:
    story, carton = shipped()
    story.time += 10 * DAY
    story.receive(carton, PHARMACY, MAKER, 400, place="USNYC")
    in_america = GOOD._replace(
        declaration_office_id="US1",
        unloading_location_id="USLAX",
        mode_code="3",
        arrival_date_time=story.events[-1].occurred_at + HOUR,
        loading_location_id="USNYC",
    )
    assert "impossible_passage" not in signals(told(story, carton, line=in_america))
    assert passage_seconds(in_america, "USNYC") > ARRIVAL_MARGIN + HOUR
