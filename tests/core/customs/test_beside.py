"""What a line and the ledger say stand side by side, and are called equal only where they can be compared."""

from __future__ import annotations

from typing import Any

from ledger.core.customs.beside import Point, compare, goods_json
from ledger.core.customs.case import Case, Evidence, case_of
from ledger.core.customs.journey import MOST_JOURNEYS, batch_goods, named_goods
from tests.core.batch_story import CARRIER, MAKER, PHARMACY, BatchStory
from tests.core.customs.desk_story import CARTON, DAY, GOOD, arrived, ledger, shipped


def told(story: BatchStory, carton: bytes, **changes: Any) -> Case:
    dossier = story.dossier()
    evidence = Evidence(carried=(named_goods(dossier, carton),), consignee=story.organisations[PHARMACY])
    return case_of(GOOD._replace(**changes), evidence)


def points(case: Case) -> dict[str, Point]:
    return {point.subject: point for point in compare(case)}


def test_a_line_that_is_true_agrees_in_every_point_that_can_be_compared() -> None:
    found = points(told(*arrived()))
    assert {subject: point.agrees for subject, point in found.items()} == {
        "goods": True,
        "quantity": True,
        "route": True,
        "destination": True,
        "consignee": True,
        "arrival": None,
        "expiry": True,
    }
    assert found["route"].recorded == "BEBRU → SGSIN"
    assert found["quantity"] == Point("quantity", "400", "400", agrees=True)


def test_each_point_that_differs_is_told() -> None:
    changes = {
        "lot": "OTHER",
        "tariff_quantity": 401,
        "loading_location_id": "CNSHA",
        "export_country_id": "CN",
        "declaration_office_id": "MYPKG",
        "unloading_location_id": "MYPKG",
        "acceptance_date_time": GOOD.acceptance_date_time + 2_000 * DAY,
    }
    found = points(told(*shipped(), **changes))
    assert [subject for subject, point in found.items() if point.agrees is False] == [
        "goods",
        "quantity",
        "route",
        "destination",
        "expiry",
    ]
    assert found["destination"] == Point("destination", "MYPKG", "SG", agrees=False)


def test_what_neither_side_says_is_not_compared() -> None:
    story = ledger()
    batch = story.register()
    case = case_of(
        GOOD._replace(gtin="", lot="", tariff_quantity=0, arrival_date_time=0),
        Evidence(carried=(named_goods(story.dossier(), batch),)),
    )
    found = points(case)
    assert {subject for subject, point in found.items() if point.agrees is None} == {
        "goods",
        "quantity",
        "route",
        "destination",
        "consignee",
        "arrival",
    }
    assert found["goods"].declared == f"SSCC {CARTON}"
    assert (found["arrival"].declared, found["arrival"].recorded) == ("", "")


def test_another_consignee_than_on_record_differs() -> None:
    story, carton = shipped()
    case = told(story, carton)
    other = case._replace(evidence=case.evidence._replace(consignee=story.organisations[CARRIER]))
    assert points(other)["consignee"].agrees is False


def test_goods_that_the_ledger_does_not_know_have_no_points() -> None:
    assert compare(case_of(GOOD, Evidence())) == ()
    assert goods_json(case_of(GOOD, Evidence())) == []


def test_of_many_consignments_the_first_are_shown_and_the_rest_counted() -> None:
    story = ledger()
    batch = story.register()
    parts = story.split(batch, MAKER, [(None, 10) for _ in range(MOST_JOURNEYS + 1)])
    places = ("SGSIN", "SGCHG", "SGJUR", "SGKEP", "SGPAP")
    for part, place in zip(parts, places, strict=False):
        story.ship(part, MAKER, PHARMACY, 10, place=place)
    goods = batch_goods(story.dossier(), "SG", PHARMACY)
    assert len(goods.journeys) == len(places)
    case = Case(GOOD, Evidence(), (goods._replace(journeys=goods.journeys * 4),), goods.journeys)
    (shown,) = goods_json(case)
    assert (len(shown["consignments"]), shown["more"], shown["exact"]) == (MOST_JOURNEYS, 4, False)
    assert shown["consignments"][0]["custody"][-1]["kind"] == "SHIP"
    assert points(case)["route"].recorded == "BEBRU → SGSIN; BEBRU → SGCHG; BEBRU → SGJUR and 2 more"
