"""A journey is worked out once for each dossier, however many lines ask."""

from __future__ import annotations

from ledger.core.customs.journey import batch_goods, journey_of, units_for
from tests.core.batch_story import PHARMACY
from tests.core.customs.desk_story import shipped


def test_a_journey_is_told_once_and_says_where_the_goods_were_and_for_whom() -> None:
    story, carton = shipped()
    dossier = story.dossier()
    journey = journey_of(dossier, carton)
    assert journey_of(dossier, carton) is journey
    assert (journey.receiver, journey.bound_for, journey.in_transit, journey.carried) == (PHARMACY, "SG", True, False)
    assert [stop.place for stop in journey.stops] == ["BEBRU", "BEBRU"]


def test_what_a_batch_can_mean_is_found_once_for_a_country_and_consignee() -> None:
    story, carton = shipped()
    dossier = story.dossier()
    goods = batch_goods(dossier, "SG", PHARMACY)
    assert [each.consignment for each in goods.journeys] == [carton]
    assert batch_goods(dossier, "SG", PHARMACY) is goods
    assert len(batch_goods(dossier, "MY", 0).journeys) == 3


def test_the_units_that_can_have_come_are_counted_once() -> None:
    story, _carton = shipped()
    dossier = story.dossier()
    units = units_for(dossier, frozenset({"SG"}))
    assert units == (400, 600)
    assert units_for(dossier, frozenset({"SG"})) is units
