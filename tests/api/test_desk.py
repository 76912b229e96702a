"""A desk takes in, ranks and shows the declaration lines of its own country, and each look at another's is noted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.core.vocabulary import Role
from ledger.examine import LOOK
from ledger.store import indexing
from ledger.store.database import Database
from tests.api.problems import assert_problem
from tests.core.batch_story import CUSTOMS, BatchStory
from tests.exchange import BELGIUM, CHEMIST, INDONESIAN, SINGAPORE, THAI, Exchanging
from tests.indexed_world import CARTON, LOTS, chain
from tests.postgres import ENGINES
from tests.share_world import Officer, add_key, officer
from tests.test_declare import IN_CARTON, LINE, file_of

RUN_ON = ENGINES
AGENCY = 9  # a regulator of Singapore
TO_SINGAPORE = {"declaration_office_id": "SGSIN", "unloading_location_id": "SGSIN"}


@pytest.fixture
def here(db: Database, tmp_path: Path) -> Exchanging:
    return Exchanging(db, tmp_path)


def send(here: Exchanging, one: Officer, body: bytes, media: str = "text/csv") -> httpx.Response:
    headers = here.headers(one) | {"content-type": media}
    return here.ask.post("/v1/declarations", headers=headers, content=body)


def lines(here: Exchanging, one: Officer, **wanted: Any) -> list[dict[str, Any]]:
    answer = here.get(one, "/v1/declarations", **wanted)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return list(answer.json()["lines"])


def tell(here: Exchanging, say: Callable[[BatchStory], None]) -> None:
    story = BatchStory(time=here.now, block=here.world.last_block + 1)
    say(story)
    story.mine()
    told = replace(here.world, stories={"new": story})
    indexing.append(here.db, chain(told))
    here.world.last_block = story.block


def rescore(here: Exchanging, one: Officer) -> httpx.Response:
    return here.ask("PUT", "/v1/declarations/1/score", headers=here.headers(one))


def looks(here: Exchanging, one: Officer) -> list[tuple[int, str]]:
    told = here.get(one, "/v1/looks").json()["looks"]
    return [(each["organisation"]["number"], each["id"]) for each in told if each["kind"] == LOOK]


def test_a_file_is_taken_in_and_its_bad_rows_are_named(here: Exchanging) -> None:
    recalled = LINE._replace(sequence_numeric=2, lot=LOTS["recalled"])
    bad, foreign = LINE._replace(sequence_numeric=3, currency_id="?"), LINE._replace(declaration_office_id="THBKK")
    body = file_of(LINE, recalled, bad, foreign)
    told = send(here, SINGAPORE, body)
    assert told.status_code == 201
    assert {name: told.json()[name] for name in ("added", "there", "with_signals", "more_faults")} == {
        "added": 2,
        "there": 0,
        "with_signals": 1,
        "more_faults": 0,
    }
    assert [(each["row"], each["column"]) for each in told.json()["faults"]] == [
        (3, "currency_id"),
        (4, "declaration_office_id"),
    ]
    assert all(each["detail"] and each["advice"] for each in told.json()["faults"])
    again = send(here, SINGAPORE, body).json()
    assert (again["added"], again["there"]) == (0, 2)
    assert len(lines(here, SINGAPORE)) == 2
    assert lines(here, THAI) == []


def test_no_more_bad_rows_are_told_than_a_person_reads(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.desk.MOST_FAULTS", 1)
    told = send(here, SINGAPORE, file_of(LINE, LINE._replace(sequence_numeric=2), currency_id="?")).json()
    assert (len(told["faults"]), told["more_faults"]) == (1, 1)


def test_json_is_taken_too_and_anything_else_is_not(here: Exchanging) -> None:
    text = LINE._asdict() | {"acceptance_date_time": "2026-06-02T00:00:00Z", "itinerary_id": []}
    given = {name: value for name, value in text.items() if value not in ("", 0)}
    assert here.post(SINGAPORE, "/v1/declarations", [given]).json()["added"] == 1
    assert_problem(send(here, SINGAPORE, b"x", "text/html"), 415, "unsupported-media")
    assert_problem(send(here, SINGAPORE, b"no header"), 422, "invalid-input")


def test_the_desk_is_for_customs_and_regulators(here: Exchanging) -> None:
    send(here, SINGAPORE, file_of(LINE))
    assert_problem(here.ask.get("/v1/declarations"), 401, "not-signed-in")
    for path in ("/v1/declarations", "/v1/declarations/overview", "/v1/declarations/1"):
        assert_problem(here.get(CHEMIST, path), 403, "not-allowed")
    assert_problem(send(here, CHEMIST, file_of(LINE)), 403, "not-allowed")
    assert here.get(SINGAPORE, "/v1/session").json()["country"] == "SG"
    assert here.get(CHEMIST, "/v1/session").json()["country"] == ""


def test_another_countrys_line_is_as_if_it_were_not_there(here: Exchanging) -> None:
    send(here, SINGAPORE, file_of(LINE))
    for one in (THAI, BELGIUM, INDONESIAN):
        assert_problem(here.get(one, "/v1/declarations/1"), 404, "not-found")
        assert_problem(rescore(here, one), 404, "not-found")
    assert_problem(here.get(SINGAPORE, "/v1/declarations/2"), 404, "not-found", field="number")


def test_the_queue_is_ranked_filtered_and_read_in_pages(here: Exchanging) -> None:
    held = LINE._replace(sequence_numeric=2, lot=LOTS["held"], declaration_office_id="SGCHG")
    recalled = LINE._replace(sequence_numeric=3, lot=LOTS["recalled"])
    unnamed = LINE._replace(declaration_id="D9", gtin="", lot="", tariff_quantity=0)
    send(here, SINGAPORE, file_of(LINE, held, recalled, unnamed))
    assert [each["lot"] for each in lines(here, SINGAPORE)] == [LOTS["recalled"], LOTS["held"], None, LOTS["transit"]]
    assert [each["lot"] for each in lines(here, SINGAPORE, risk=1)] == [LOTS["recalled"], LOTS["held"]]
    assert [each["lot"] for each in lines(here, SINGAPORE, signal="held_or_seized")] == [LOTS["held"]]
    assert [each["declaration_id"] for each in lines(here, SINGAPORE, match="no_reference")] == ["D9"]
    assert [each["lot"] for each in lines(here, SINGAPORE, office="sgchg")] == [LOTS["held"]]
    for find in ("D9", LOTS["held"]):
        assert len(lines(here, SINGAPORE, find=find)) == 1
    assert len(lines(here, SINGAPORE, find=LINE.gtin.lstrip("0"))) == 3
    seen, after = [], ""
    while after is not None:
        page = here.get(SINGAPORE, "/v1/declarations", most=3, after=after).json()
        seen += [each["number"] for each in page["lines"]]
        after = page["next"]
    assert seen == [each["number"] for each in lines(here, SINGAPORE)]
    assert_problem(here.get(SINGAPORE, "/v1/declarations", signal="odd"), 422, "invalid-input", field="signal")
    assert_problem(here.get(SINGAPORE, "/v1/declarations", match="odd"), 422, "invalid-input", field="match")
    assert_problem(here.get(SINGAPORE, "/v1/declarations", after="3"), 422, "invalid-input", field="after")


def test_each_signal_comes_with_what_it_means_and_why(here: Exchanging) -> None:
    send(here, SINGAPORE, file_of(LINE._replace(lot=LOTS["recalled"])))
    (line,) = lines(here, SINGAPORE)
    signal = line["signals"][0]
    assert (signal["signal"], signal["weight"], signal["family"]) == ("recalled", 90, "stop")
    assert signal["means"] == "The batch is recalled."
    assert signal["reason"].endswith(".")


def test_a_signal_that_is_in_no_table_any_more_keeps_its_reason(here: Exchanging) -> None:
    send(here, SINGAPORE, file_of(LINE._replace(lot=LOTS["recalled"])))
    with here.db.transaction() as connection:
        connection.execute("UPDATE declaration_lines SET score = replace(score, 'recalled', 'retired')")
    (line,) = lines(here, SINGAPORE)
    assert {name: line["signals"][0][name] for name in ("signal", "family", "means")} == {
        "signal": "retired",
        "family": None,
        "means": None,
    }
    assert here.get(SINGAPORE, "/v1/declarations/overview", days=366).json()["signals"] == []


def test_a_line_is_shown_beside_the_custody_of_its_goods(here: Exchanging) -> None:
    send(here, SINGAPORE, file_of(LINE._replace(tariff_quantity=2_000)))
    told = here.get(SINGAPORE, "/v1/declarations/1").json()
    assert told["declared"]["declaration_id"] == LINE.declaration_id
    assert told["declared"]["acceptance_date_time"] == "2026-06-02T00:00:00Z"
    assert told["declared"]["arrival_date_time"] is None
    assert told["route"] == ["BEBRU", "SGSIN"]
    (goods,) = told["goods"]
    assert (goods["batch"]["lot"], goods["exact"]) == (LOTS["transit"], False)
    (consignment,) = goods["consignments"]
    assert [each["kind"] for each in consignment["custody"]] == ["SHIP"]
    assert [each["place"] for each in consignment["stops"]] == ["BEBRU"]
    points = {each["subject"]: each for each in told["comparison"]}
    assert points["quantity"] == {"subject": "quantity", "declared": "2,000", "recorded": "1,000", "agrees": False}
    assert points["destination"]["agrees"] is True
    assert [each["signal"] for each in told["signals"]] == ["quantity_over"]


def test_goods_that_the_ledger_does_not_know_have_nothing_beside_them(here: Exchanging) -> None:
    send(here, SINGAPORE, file_of(LINE._replace(gtin="", lot="", tariff_quantity=0)))
    told = here.get(SINGAPORE, "/v1/declarations/1").json()
    assert (told["goods"], told["comparison"], told["match"]) == ([], [], "no_reference")


def test_the_versions_of_a_line_stay_to_be_seen(here: Exchanging) -> None:
    send(here, SINGAPORE, file_of(LINE))
    send(here, SINGAPORE, file_of(LINE._replace(version_id=2, tariff_quantity=7)))
    told = here.get(SINGAPORE, "/v1/declarations/2").json()
    assert [(each["version_id"], each["number"]) for each in told["versions"]] == [(2, 2), (1, 1)]
    assert here.get(SINGAPORE, "/v1/declarations/1").json()["newest"] is False
    assert len(lines(here, SINGAPORE)) == 1


def test_a_line_is_scored_again_with_what_the_ledger_says_now(here: Exchanging) -> None:
    here.now += 10**6  # the server's data is behind by then: nothing is held against an unknown lot
    send(here, SINGAPORE, file_of(LINE._replace(lot="ZZ99")))
    assert lines(here, SINGAPORE)[0]["risk"] == 0
    here.now -= 10**6
    here.tokens.clear()
    told = rescore(here, SINGAPORE)
    assert told.status_code == 200
    assert [each["signal"] for each in told.json()["signals"]] == ["unknown_lot"]
    assert lines(here, SINGAPORE)[0]["risk"] == 60


def test_the_overview_counts_the_own_lines_alone(here: Exchanging) -> None:
    recalled = LINE._replace(sequence_numeric=2, lot=LOTS["recalled"])
    send(here, SINGAPORE, file_of(LINE, recalled, acceptance_date_time="2026-05-28T00:00:00Z"))
    told = here.get(SINGAPORE, "/v1/declarations/overview", days=30).json()
    assert (told["lines"], told["with_signals"]) == (2, 1)
    assert [each["signal"] for each in told["signals"]] == ["recalled", "not_shipped_yet"]
    assert sum(each["lines"] for each in told["days"]) == 2
    assert len(told["days"]) == 30
    assert told["routes"] == [{"loading": "BEBRU", "unloading": "SGSIN", "lines": 2, "high": 1}]
    assert here.get(THAI, "/v1/declarations/overview").json()["lines"] == 0


def test_a_regulators_look_is_noted_for_its_customs(here: Exchanging) -> None:
    def admit(story: BatchStory) -> None:
        story.accredit(AGENCY, "Agency", "SG", Role.REGULATOR)
        add_key(story, officer(AGENCY))

    tell(here, admit)
    send(here, SINGAPORE, file_of(LINE))
    lines(here, SINGAPORE)
    assert looks(here, SINGAPORE) == []  # its own
    assert len(lines(here, officer(AGENCY))) == 1
    here.get(officer(AGENCY), "/v1/declarations/1")
    assert looks(here, SINGAPORE) == [(AGENCY, f"SGSIN {LINE.declaration_id}/1")]


def test_a_look_at_a_declaration_of_another_country_is_noted_there(here: Exchanging) -> None:
    thai = IN_CARTON._replace(declaration_id="T7", declaration_office_id="THBKK", unloading_location_id="THBKK")
    send(here, THAI, file_of(thai))
    send(here, SINGAPORE, file_of(IN_CARTON._replace(**TO_SINGAPORE), acceptance_date_time="2026-06-03T00:00:00Z"))
    (line,) = lines(here, SINGAPORE)
    assert "declared_in_two_countries" in [each["signal"] for each in line["signals"]]
    assert any("T7" in each["reason"] for each in line["signals"])
    assert (line["sscc"], looks(here, THAI)) == (CARTON, [(CUSTOMS, "THBKK T7/1")])


def test_nothing_of_a_declaration_is_found_from_another_country(here: Exchanging) -> None:
    fields = ("declaration_id", "description", "importer_id", "consignee_id", "exporter_id", "carrier_id")
    canaries = [{field: f"CANARY-{number}-{field}" for field in fields} for number in range(100)]
    send(here, THAI, b"".join(_one(canary, first=index == 0) for index, canary in enumerate(canaries)))
    assert sum("CANARY" in str(line) for line in lines(here, THAI, most=100)) == 100
    described = [path for path, calls in here.app.openapi()["paths"].items() if "get" in calls and "events" not in path]
    filled = {path.replace("{number}", "1").replace("{organisation}", "7") for path in described}
    asked = {path for path in filled if "{" not in path}
    assert {"/v1/declarations", "/v1/declarations/1", "/v1/declarations/overview", "/v1/cases", "/metrics"} <= asked
    for one in (SINGAPORE, BELGIUM, INDONESIAN, CHEMIST):
        assert [path for path in asked if "CANARY" in here.get(one, path).text] == []


def _one(canary: dict[str, str], *, first: bool) -> bytes:
    line = LINE._replace(**canary, declaration_office_id="THBKK", unloading_location_id="THBKK")
    written = file_of(line)
    return written if first else written.split(b"\r\n", 1)[1]
