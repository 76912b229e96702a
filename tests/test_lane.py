"""Release is recommended for goods with a complete, final history among trusted operators; else each reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import lane
from ledger.core.attestation.statements import Attestation
from ledger.core.customs.declaration import DeclarationLine
from ledger.core.vocabulary import Kind, ProductClass
from ledger.store import indexing
from ledger.store.database import Database
from tests.attest_world import certificate, designation, paper, recognition, revocation, status
from tests.core.batch_story import CARRIER, DOMAIN, MAKER, PHARMACY, BatchStory
from tests.exchange import BELGIUM, CHEMIST, SINGAPORE, THAI, Exchanging
from tests.indexed_world import CARTON, LOTS, PALLET, chain
from tests.postgres import ENGINES
from tests.share_world import content, suspend
from tests.test_declare import LINE, file_of

RUN_ON = ENGINES
Told = dict[str, Any]


@pytest.fixture
def here(tmp_path: Path) -> Exchanging:
    return Exchanging.new(tmp_path)


@pytest.fixture
def both(db: Database, tmp_path: Path) -> Exchanging:
    """One on each database in turn."""
    return Exchanging(db, tmp_path)


def attest(here: Exchanging, *given: Attestation) -> None:
    for one in given:
        assert here.ask.post("/v1/attestations", json=one.to_json()).status_code == 201


def trust_all(here: Exchanging) -> None:
    """Maker and pharmacy are trusted, and Singapore recognises Belgium's statuses."""
    attest(
        here,
        status(BELGIUM, MAKER, here.now),
        status(SINGAPORE, PHARMACY, here.now),
        recognition(SINGAPORE, "BE", here.now),
    )


def declare(here: Exchanging, *lines: DeclarationLine) -> None:
    headers = here.headers(SINGAPORE) | {"content-type": "text/csv"}
    told = here.ask.post("/v1/declarations", headers=headers, content=file_of(*lines))
    assert told.json()["faults"] == [], told.text


def of_line(here: Exchanging, number: int = 1) -> Told:
    answer = here.get(SINGAPORE, f"/v1/lane/lines/{number}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told: Told = answer.json()
    assert told["headline"] == ("Release recommended" if told["recommended"] else "No recommendation")
    return told


def why(told: Told) -> list[str]:
    return [each["reason"] for each in told["reasons"]]


def happen(here: Exchanging, say: Callable[[BatchStory], None]) -> None:
    """Let something happen on the chain, and become final."""
    story = BatchStory(time=here.now, block=here.world.last_block + 1)
    story.organisations |= here.world.stories["opening"].organisations
    before = dict(story.organisations)
    say(story)
    story.mine()
    changed = {number: each for number, each in story.organisations.items() if before.get(number) != each}
    told = replace(here.world, stories={"new": replace(story, organisations=changed)})
    indexing.append(here.db, [block for block in chain(told) if block.number > here.world.last_block])
    here.world.last_block, here.now = story.block, story.time
    indexing.set_status(here.db, head_block=story.block, finalized_block=story.block, heard_at=here.now)


def test_release_is_recommended_with_its_reasons(both: Exchanging) -> None:
    trust_all(both)
    declare(both, LINE)
    told = of_line(both)
    assert told["recommended"]
    assert why(told) == ["history_complete", "history_final", "operators_trusted", "no_signal"]
    assert [(each["name"], each["trusted_by"]["name"]) for each in told["operators"]] == [
        ("Maker & Co", "Regulator"),
        ("Pharmacy", "Customs"),
    ]
    listed = both.get(SINGAPORE, "/v1/lane/lines").json()
    assert [(each["number"], each["lane"]["recommended"]) for each in listed["lines"]] == [(1, True)]
    assert listed["next"] is None


def test_without_trusted_operators_each_is_named_with_why(here: Exchanging) -> None:
    attest(here, status(BELGIUM, MAKER, here.now))
    declare(here, LINE)
    told = of_line(here)
    assert why(told) == ["operator_not_trusted", "operator_not_trusted"]
    words = [each["detail"] for each in told["reasons"]]
    assert "SG does not recognise statuses of BE" in words[0]
    assert words[1] == "Pharmacy: no administration has given it a trusted status."
    assert here.get(SINGAPORE, "/v1/lane/lines").json()["lines"] == []


def test_a_suspended_operator_is_not_trusted_whatever_status_it_has(here: Exchanging) -> None:
    trust_all(here)
    declare(here, LINE)
    indexing.append(here.db, [suspend(PHARMACY, here.world.last_block + 1, here.now)])
    told = of_line(here)
    assert "Pharmacy: it is suspended since" in told["reasons"][0]["detail"]
    assert told["operators"][1]["trusted_by"] is None


def test_a_recommendation_ends_with_the_status_it_rests_on(here: Exchanging) -> None:
    trust_all(here)
    declare(here, LINE)
    assert of_line(here)["recommended"]
    given = status(SINGAPORE, PHARMACY, here.now)
    attest(here, revocation(SINGAPORE.signer, given.statement.digest(DOMAIN), here.now))
    told = of_line(here)
    assert why(told) == ["operator_not_trusted"]
    assert "taken back" in told["reasons"][0]["detail"]
    assert [each["fault"] is None for each in told["operators"]] == [True, False]


WHY_NOT: tuple[tuple[Told, list[str]], ...] = (
    ({"lot": "", "gtin": "", "tariff_quantity": 0}, ["no_reference"]),
    ({"gtin": "04012345000016"}, ["not_on_ledger"]),
    ({"lot": "ZZ99"}, ["not_on_ledger", "signal"]),
    ({"lot": LOTS["held"]}, ["history_incomplete", "signal"]),
    ({"tariff_quantity": 2_000}, ["signal"]),
    ({"lot": LOTS["split"], "tariff_quantity": 10}, ["not_exact"]),
)


def test_each_reason_why_not_is_told(here: Exchanging) -> None:
    trust_all(here)
    attest(here, status(BELGIUM, CARRIER, here.now))
    changed = [LINE._replace(sequence_numeric=at, **changes) for at, (changes, _) in enumerate(WHY_NOT, start=1)]
    declare(here, *changed)
    for number, (changes, reasons) in enumerate(WHY_NOT, start=1):
        told = of_line(here, number)
        assert not told["recommended"], changes
        assert [each for each in why(told) if each != "operator_not_trusted"][: len(reasons)] == reasons, changes


def test_what_is_not_final_or_may_be_missing_is_not_recommended(here: Exchanging) -> None:
    trust_all(here)
    declare(here, LINE)
    indexing.lower_finality(here.db, 1)
    assert why(of_line(here)) == ["not_final"]
    here.now += 500
    assert why(of_line(here)) == ["behind", "not_final"]


def test_goods_are_asked_for_by_their_sscc_without_a_declaration(both: Exchanging) -> None:
    trust_all(both)
    told = both.get(SINGAPORE, f"/v1/lane/goods/{PALLET}").json()
    assert why(told)[0] == "history_incomplete"
    assert "nothing on record brings the goods to SG" in told["reasons"][0]["detail"]
    attest(both, status(BELGIUM, CARRIER, both.now))
    assert both.get(BELGIUM, f"/v1/lane/goods/{CARTON}").json()["recommended"]
    assert both.get(BELGIUM, "/v1/lane/goods/054138680000000993").status_code == 404
    assert both.get(BELGIUM, "/v1/lane/goods/1").json()["field"] == "sscc"


def test_a_signal_about_the_goods_themselves_needs_no_declaration(here: Exchanging) -> None:
    attest(here, status(BELGIUM, MAKER, here.now), status(BELGIUM, CARRIER, here.now))
    batch = here.world.stories["split"].registration
    assert batch

    def recall(story: BatchStory) -> None:
        story.heads[batch.batch] = here.world.stories["split"].heads[batch.batch]
        story.record(Kind.RECALL, batch.batch, MAKER, place="")

    happen(here, recall)
    told = here.get(BELGIUM, f"/v1/lane/goods/{CARTON}").json()
    assert why(told) == ["signal"]
    assert told["reasons"][0]["detail"].startswith("recalled: ")


def test_an_alert_ends_the_recommendation_of_line_and_goods_at_once(here: Exchanging) -> None:
    trust_all(here)
    attest(here, status(BELGIUM, CARRIER, here.now))
    declare(here, LINE)
    for lot in (LOTS["transit"], LOTS["split"]):
        here.now += 1
        here.tell(THAI, THAI.message(here.now, content({"kind": "lot", "lot": lot})))
    assert why(of_line(here)) == ["signal"]
    assert "alert_match" in of_line(here)["reasons"][0]["detail"]
    told = here.get(BELGIUM, f"/v1/lane/goods/{CARTON}").json()
    assert [each["detail"].split(":")[0] for each in told["reasons"]] == ["alert_match"]


def test_more_received_than_was_shipped_is_no_complete_history(here: Exchanging) -> None:
    trust_all(here)

    def deliver(story: BatchStory) -> None:
        batch = story.register(lot="SHORT1")
        story.ship(batch, MAKER, PHARMACY, 1_000)
        story.time += 2 * 86_400
        story.receive(batch, PHARMACY, MAKER, 990, place="SGSIN")

    happen(here, deliver)
    declare(here, LINE._replace(lot="SHORT1"))
    told = of_line(here)
    assert why(told) == ["history_broken"]
    assert told["reasons"][0]["detail"] == "Pharmacy recorded 990 received where 1,000 were shipped."


def test_what_lies_at_its_maker_has_no_way_here(here: Exchanging) -> None:
    trust_all(here)
    happen(here, lambda story: story.register(lot="HOME1") and None)
    declare(here, LINE._replace(lot="HOME1"))
    assert "No movement is recorded" in of_line(here)["reasons"][0]["detail"]


def test_protective_equipment_without_a_covering_certificate_is_not_recommended(here: Exchanging) -> None:
    trust_all(here)
    attest(here, designation(BELGIUM, here.now), certificate(here.now, paper(module=None, voluntary=True)))

    def masks(story: BatchStory) -> None:
        batch = story.register(lot="MASK1")
        assert story.registration
        story.registration = replace(story.registration, product_class=ProductClass.PPE)
        story.ship(batch, MAKER, PHARMACY, 1_000)

    happen(here, masks)
    declare(here, LINE._replace(lot="MASK1"))
    assert why(of_line(here)) == ["signal"]
    assert "certificate_not_covering: Paper C-17" in of_line(here)["reasons"][0]["detail"]
    happen(here, lambda _story: None)
    attest(here, certificate(here.now, number="C-18"))
    assert of_line(here)["recommended"]


def test_many_lines_are_gone_through_page_by_page(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    trust_all(here)
    numbers = range(1, 8)
    good = [LINE._replace(sequence_numeric=number, tariff_quantity=100) for number in numbers]
    bad = LINE._replace(sequence_numeric=9, gtin="04012345000016")
    declare(here, bad, *good)
    monkeypatch.setattr(lane, "PAGE", 4)
    found, after, pages = [], 0, 0
    while after is not None:
        told = here.get(SINGAPORE, "/v1/lane/lines", most=2, after=after).json()
        found += [each["line"] for each in told["lines"]]
        after, pages = told["next"], pages + 1
        assert len(told["lines"]) <= 2
    assert found == list(numbers)
    assert pages == 4


def test_a_desk_sees_its_own_country_and_is_noted_where_it_looks_at_anothers(here: Exchanging) -> None:
    declare(here, LINE)
    assert here.get(THAI, "/v1/lane/lines/1").status_code == 404
    assert here.get(THAI, "/v1/lane/lines").json()["lines"] == []
    for path in ("/v1/lane/lines", "/v1/lane/lines/1", f"/v1/lane/goods/{CARTON}"):
        assert here.get(CHEMIST, path).status_code == 403
        assert here.ask.get(path).status_code == 401
    assert here.get(SINGAPORE, "/v1/looks").json()["looks"] == []


def test_nothing_about_the_lane_changes_a_verdict(here: Exchanging) -> None:
    question = {"code": f"(01){LINE.gtin}(10){LINE.lot}"}
    before = here.ask.post("/v1/verify", json=question).json()
    trust_all(here)
    declare(here, LINE)
    here.tell(THAI, THAI.message(here.now, content({"kind": "lot", "lot": LINE.lot})))
    assert here.ask.post("/v1/verify", json=question).json() == before
    assert len(before["checks"]) == 13
