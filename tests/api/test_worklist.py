"""Lists of work: the goods that an organisation has, and alerts about the batches that it made."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ledger import worklist
from ledger.config import Settings
from ledger.core.history import fold
from ledger.core.unit import UnitKind
from ledger.core.vocabulary import Kind
from ledger.store.database import Database
from ledger.store.read_model import ReadModel
from ledger.verify import Verifier
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.core.batch_story import CARRIER, CUSTOMS, MAKER, PHARMACY, STRANGER, BatchStory, settled
from tests.indexed_world import CARTON, GTIN, LOTS, PALLET, World, write
from tests.unit_world import Intake

EVERYBODY = [MAKER, CARRIER, PHARMACY, CUSTOMS, STRANGER]

RUN_ON = ("sqlite", "postgresql")


def expected(told: World, number: int) -> set[str]:
    """The ids that folding every story gives."""
    found = set()
    for story in told.stories.values():
        if story.registration is None:
            continue
        history = fold(story.logs())
        states = [history.effective(each) for each in history.states]
        found |= {state.id.hex() for state in states if state.rest and number in (state.holder, state.counterparty)}
    return {f"0x{each}" for each in found}


@pytest.mark.parametrize("number", EVERYBODY)
def test_an_organisation_sees_what_it_holds_or_is_to_receive(ask: Asker, told: World, number: int) -> None:
    rows = ask.get(f"/v1/organisations/{number}/consignments").json()["consignments"]
    assert {row["id"] for row in rows} == expected(told, number)
    assert len({row["id"] for row in rows}) == len(rows)


def test_a_row_is_as_the_consignment_itself_is_shown(ask: Asker) -> None:
    rows = ask.get(f"/v1/organisations/{CARRIER}/consignments").json()["consignments"]
    (carton,) = [row for row in rows if row["sscc"] == CARTON]
    label = {"gtin": GTIN, "lot": LOTS["split"], "expiry": "2027-03-31", "product": None}
    itself = ask.get(f"/v1/consignments/{CARTON}").json()
    assert carton == {name: itself[name] for name in itself.keys() - {"custody", "others"}} | label
    (pallet,) = [row for row in rows if row["is_pallet"]]
    assert (pallet["sscc"], pallet["gtin"], pallet["rest"]) == (PALLET, None, 2)


def test_the_batch_registered_last_comes_first(ask: Asker) -> None:
    rows = ask.get(f"/v1/organisations/{MAKER}/consignments").json()["consignments"]
    lots = list(dict.fromkeys(row["lot"] for row in rows if row["lot"]))
    assert lots.index(LOTS["serialised"]) < lots.index(LOTS["held"]) < lots.index(LOTS["recalled"])


def test_a_long_list_is_read_in_pages(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ask.get(f"/v1/organisations/{MAKER}/consignments").json()["consignments"]
    monkeypatch.setattr(worklist, "MOST", 2)
    read: list[Any] = []
    while page := ask.get(
        f"/v1/organisations/{MAKER}/consignments", params={"after": read[-1]["id"]} if read else {}
    ).json()["consignments"]:
        assert len(page) <= 2
        read += page
    assert read == whole


@pytest.mark.parametrize("after", ["nonsense", "0x" + "ab" * 32])
def test_a_place_that_is_none_is_a_problem(ask: Asker, after: str) -> None:
    answer = ask.get(f"/v1/organisations/{MAKER}/consignments", params={"after": after})
    assert_problem(answer, 422, "invalid-input")


@pytest.mark.parametrize("call", ["consignments", "alerts"])
@pytest.mark.parametrize("number", [0, 77, 1 << 32])
def test_of_nobody_there_is_no_list(ask: Asker, call: str, number: int) -> None:
    assert_problem(ask.get(f"/v1/organisations/{number}/{call}"), 404, "not-found")


def test_the_maker_is_alerted_of_what_administrations_did(ask: Asker) -> None:
    rows = ask.get(f"/v1/organisations/{MAKER}/alerts").json()["alerts"]
    assert {(row["kind"], row["lot"]) for row in rows} == {
        ("hold", LOTS["held"]),
        ("seize", LOTS["seized"]),
        ("recall", LOTS["recalled"]),
    }
    held = next(row for row in rows if row["kind"] == "hold")
    assert (held["gtin"], held["serial"], held["place"]) == (GTIN, None, "SGSIN")
    assert held["by"] == {"number": CUSTOMS, "name": "Customs", "country": "SG"}
    assert all(one["at"] >= other["at"] for one, other in pairwise(rows))
    assert ask.get(f"/v1/organisations/{CARRIER}/alerts").json() == {"alerts": []}


@pytest.fixture
def alerts_of(db: Database, tmp_path: Path) -> Callable[[BatchStory], list[tuple[str, str]]]:
    """Index a story and give kind and detail of the maker's alerts."""

    def ask(story: BatchStory) -> list[tuple[str, str]]:
        write(db, World({"told": story}, story.time, story.block - 1))
        facts = ReadModel(db)
        verifier = Verifier(facts, Settings(data_dir=tmp_path))
        found = worklist.alerts(facts, verifier, MAKER, story.time)["alerts"]
        return [(row["kind"], row["detail"]) for row in found]

    return ask


def test_a_quantity_that_differs_is_an_alert_until_it_is_corrected(
    alerts_of: Callable[[BatchStory], list[tuple[str, str]]],
) -> None:
    story = settled()
    batch = story.register()
    first, second = story.split(batch, MAKER, [(CARTON, 400), (None, 100)])
    for each, shipped in ((first, 400), (second, 100)):
        story.ship(each, MAKER, CARRIER, shipped)
        event = story.receive(each, CARRIER, MAKER, shipped - 1)
    story.record(Kind.CORRECT, second, CARRIER, previous=event.digest)
    assert len(fold(story.logs()).discrepancies) == 2
    assert alerts_of(story) == [("discrepancy", "399 recorded as received where 400 were shipped.")]


def test_what_happens_to_a_pallet_concerns_the_makers_batch(
    alerts_of: Callable[[BatchStory], list[tuple[str, str]]],
) -> None:
    story = settled()
    batch = story.register()
    carton, loose = story.split(batch, MAKER, [(CARTON, 400), (None, 100)])
    pallet = story.pack(MAKER, [carton, loose], sscc=PALLET)
    story.ship(pallet, MAKER, CARRIER, 2)
    story.receive(pallet, CARRIER, MAKER, 1)
    story.record(Kind.SEIZE, pallet, CUSTOMS, place="SGSIN")
    assert [kind for kind, _ in alerts_of(story)] == ["seize", "discrepancy"]


def test_an_inspection_is_a_finding_if_it_has_a_document(
    alerts_of: Callable[[BatchStory], list[tuple[str, str]]],
) -> None:
    story = settled()
    batch = story.register()
    story.record(Kind.INSPECT, batch, CUSTOMS, place="SGSIN")
    story.record(Kind.INSPECT, batch, CUSTOMS, place="SGSIN", details=b"\x0d" * 32)
    assert [kind for kind, _ in alerts_of(story)] == ["finding"]


def test_a_pack_in_two_places_at_once_is_an_alert_with_its_serial_number(db: Database, tmp_path: Path) -> None:
    intake = Intake(db)
    facts = ReadModel(db)
    verifier = Verifier(facts, Settings(data_dir=tmp_path))
    intake.say(UnitKind.SCAN, MAKER, place="BEBRU")
    intake.say(UnitKind.SCAN, CUSTOMS, place="BEBRU")
    before = worklist.alerts(facts, verifier, MAKER, intake.now)["alerts"]
    intake.say(UnitKind.SCAN, CARRIER, place="SGSIN")
    after = worklist.alerts(facts, verifier, MAKER, intake.now)["alerts"]
    (row,) = [row for row in after if row not in before]
    assert (row["kind"], row["gtin"], row["by"]) == ("conflict", GTIN, None)
    assert row["serial"] == intake.submission(UnitKind.SCAN).statement.serial
    assert "no pack gets from one to the other" in row["detail"]
