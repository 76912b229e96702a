"""Cases over HTTP: opened from what was found, worked on, decided by what the ledger has, and nobody else's."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.core.vocabulary import Kind
from ledger.declare import CustomsDesk
from tests.casework_world import (
    DAY,
    INDONESIAN,
    LINE,
    THAI,
    THAI_CHIEF,
    THAI_LOT,
    THAI_PHONE,
    Caseworking,
    decided,
    iso,
)
from tests.exchange import CHEMIST, SINGAPORE
from tests.indexed_world import CARTON, GTIN, LOTS, PALLET
from tests.share_world import THAILAND, content

SCAN = {"kind": "scan", "code": f"(01){GTIN}(10){LOTS['recalled']}"}


@pytest.fixture
def here(tmp_path: Path) -> Caseworking:
    return Caseworking.new(tmp_path)


def hexed(digest: bytes) -> str:
    return "0x" + digest.hex()


def test_a_case_is_worked_on_until_it_is_closed(here: Caseworking) -> None:
    case = here.opened(title="Two pallets at Bangkok", words="Labels look wrong.")
    assert (case["number"], case["version"], case["state"], case["overdue"]) == (1, 1, "opened", False)
    assert case["due_at"] == iso(here.now + DAY)
    assert case["source"]["verdict"] == "do_not_use"
    assert case["goods"] == [{"gtin": GTIN, "lot": THAI_LOT, "serial": None, "sscc": None}]
    assert case["owner"] == hexed(THAI.key)
    case = here.act(THAI_PHONE, case, "note", words="The seal is whole.")
    case = here.act(THAI, case, "move", to="examining")
    case = here.act(THAI_CHIEF, case, "assign", owner=hexed(THAI_PHONE.key))
    case = here.act(THAI_PHONE, case, "task", words="Ask the laboratory", due_at=iso(here.now + 60))
    case = here.act(THAI_PHONE, case, "move", to="deciding")
    here.later(3 * DAY)
    late = here.done(here.get(THAI, "/v1/cases/1"))
    assert (late["overdue"], late["tasks"][0]["overdue"]) == (True, True)
    assert here.done(here.get(THAI, "/v1/cases?overdue=true"))["counts"]["overdue"] == 1
    case = here.act(THAI_PHONE, late, "task_done", task=1)
    case = here.act(THAI_PHONE, case, "outcome", digest=hexed(decided()["seize"]))
    outcome = case["outcomes"][0]
    assert (outcome["kind"], outcome["units"], outcome["product_class"]) == ("SEIZE", 1000, "VACCINE")
    assert (outcome["recorded"]["block"] > 0, outcome["final"]) == (True, True)
    here.act(THAI_PHONE, case, "close", 403)
    case = here.act(THAI_CHIEF, case, "close")
    assert (case["state"], case["due_at"], case["overdue"]) == ("closed", None, False)
    assert case["may"] == ["hand_over", "reopen"]
    assert [each["act"] for each in case["history"]][-2:] == ["outcome", "close"]
    here.act(THAI_CHIEF, case, "note", 409, words="Too late.")
    again = here.act(THAI_CHIEF, case, "reopen", words="The laboratory was wrong.")
    assert (again["state"], again["closed"]) == ("examining", None)


def test_lists_are_filtered_and_counted(here: Caseworking) -> None:
    for number in range(3):
        here.opened(THAI_PHONE if number else THAI)
    here.act(THAI_CHIEF, here.done(here.get(THAI, "/v1/cases/2")), "close", words="Nothing was found.")

    def numbers(**params: Any) -> list[int]:
        return [each["number"] for each in here.done(here.get(THAI, "/v1/cases", **params))["cases"]]

    assert numbers() == [3, 2, 1]
    assert numbers(before=3) == [2, 1]
    assert numbers(state="open") == [3, 1]
    assert numbers(state="closed") == [2]
    assert numbers(mine=True) == [1]
    assert numbers(operation="00000000") == []
    counts = here.done(here.get(THAI, "/v1/cases"))["counts"]
    assert counts == {"opened": 2, "examining": 0, "waiting": 0, "deciding": 0, "closed": 1, "overdue": 0}
    assert here.get(THAI, "/v1/cases", state="lost").status_code == 422


def test_a_case_opens_from_a_declaration_line_of_the_own_country(here: Caseworking) -> None:
    here.declare(LINE)
    case = here.done(here.post(THAI, "/v1/cases", {"source": {"kind": "declaration", "line": 1}}), 201)
    assert (case["source"]["risk"], case["source"]["signals"]) == (80, ["recalled"])
    assert case["goods"][0]["lot"] == LOTS["recalled"]
    refused = here.post(INDONESIAN, "/v1/cases", {"source": {"kind": "declaration", "line": 1}})
    absent = here.post(INDONESIAN, "/v1/cases", {"source": {"kind": "declaration", "line": 2}})
    assert (refused.status_code, absent.status_code) == (404, 404)
    assert refused.json()["detail"] == absent.json()["detail"].replace("line 2", "line 1")


def test_a_case_opens_from_an_alert(here: Caseworking) -> None:
    told = content({"kind": "lot", "lot": THAI_LOT})
    here.tell(SINGAPORE, SINGAPORE.message(here.now, told))
    match = here.matches(THAI)[0]
    case = here.done(here.post(THAI, "/v1/cases", {"source": {"kind": "alert", "match": match["number"]}}), 201)
    assert (case["source"]["indicator"], case["goods"][0]["lot"]) == (match["digest"], THAI_LOT)
    assert here.post(THAI, "/v1/cases", {"source": {"kind": "alert", "match": 999}}).status_code == 404


def test_a_case_opens_from_a_report_of_the_own_country(here: Caseworking) -> None:
    identifier = "0f8fad5b-d9cb-469f-a165-70867728950e"
    form = {"id": (None, identifier), "code": (None, SCAN["code"]), "place": (None, "THBKK")}
    assert here.ask.post("/v1/reports", files=form).status_code in {200, 201}
    case = here.done(here.post(THAI, "/v1/cases", {"source": {"kind": "report", "report": 1}}), 201)
    assert case["goods"][0]["lot"] == LOTS["recalled"]
    assert here.post(INDONESIAN, "/v1/cases", {"source": {"kind": "report", "report": 1}}).status_code == 404
    nowhere = {"id": (None, "7d2f1c0a-93b4-4e6f-8a51-0c9d8e7f6a5b"), "words": (None, "Something is wrong.")}
    assert here.ask.post("/v1/reports", files=nowhere).status_code == 201  # every regulator reads it, customs does not
    assert here.post(THAI, "/v1/cases", {"source": {"kind": "report", "report": 2}}).status_code == 404


def test_an_alert_about_a_report_that_others_read_names_no_pack(here: Caseworking) -> None:
    form = {"id": (None, "0f8fad5b-d9cb-469f-a165-70867728950e"), "place": (None, "SGSIN")}
    here.ask.post("/v1/reports", files=form | {"code": (None, f"(01){GTIN}(10)ZZ9(21)S1")})
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content({"kind": "lot", "gtin": GTIN, "lot": "ZZ9"})))
    number = here.matches(THAI)[0]["number"]
    source = {"source": {"kind": "alert", "match": number}}
    serials = [here.done(here.post(one, "/v1/cases", source), 201)["goods"][0]["serial"] for one in (THAI, SINGAPORE)]
    assert serials == [None, "S1"]


def test_an_alert_about_a_declaration_is_its_own_countrys(here: Caseworking) -> None:
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content({"kind": "lot", "lot": "AB12"})))
    here.declare(LINE._replace(lot="AB12"))
    desk = CustomsDesk(here.db, here.app.state.installation.settings)
    desk.score_again(now=here.now)
    found = [each for each in here.matches(THAI) if each["what"] == "declaration"]
    source = {"source": {"kind": "alert", "match": found[0]["number"]}}
    assert here.post(INDONESIAN, "/v1/cases", source).status_code == 404
    assert here.done(here.post(THAI, "/v1/cases", source), 201)["source"]["what"] == "declaration"


def test_a_code_that_spells_nothing_opens_a_case_too(here: Caseworking) -> None:
    case = here.done(here.post(THAI, "/v1/cases", {"source": {"kind": "scan", "code": "rubbish"}}), 201)
    assert (case["source"]["verdict"], case["goods"]) == ("unreadable", [])
    named = here.act(THAI, case, "goods", gtin=GTIN, lot=THAI_LOT)
    assert named["goods"] == [{"gtin": GTIN, "lot": THAI_LOT, "serial": None, "sscc": None}]
    here.act(THAI, named, "goods", 409, gtin=GTIN, lot=THAI_LOT)
    here.act(THAI, named, "goods", 422, lot="X")


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("inspect", 422, "The statement is a INSPECT"),
        ("hold of Singapore", 422, "another organisation's"),
        ("wrong hold", 409, "was corrected"),
        ("nothing", 404, "No custody event"),
    ],
)
def test_an_outcome_is_a_decision_of_the_own_administration(
    here: Caseworking, name: str, status: int, words: str
) -> None:
    digest = decided().get(name, bytes(32))
    assert words in here.act(THAI, here.opened(), "outcome", status, digest=hexed(digest))["detail"]


def test_an_outcome_is_about_the_goods_of_the_case(here: Caseworking) -> None:
    other = here.done(here.post(THAI, "/v1/cases", {"source": SCAN}), 201)
    refused = here.act(THAI, other, "outcome", 422, digest=hexed(decided()["hold"]))
    assert "other goods" in refused["detail"]
    named = here.act(THAI, other, "goods", gtin=GTIN, lot=THAI_LOT)
    assert here.act(THAI, named, "outcome", digest=hexed(decided()["hold"]))["outcomes"][0]["kind"] == "HOLD"


def test_a_pallet_or_a_carton_is_decided_by_its_sscc(here: Caseworking) -> None:
    pallet = here.app.state.installation.read_model.consignments_by_sscc(PALLET)[0].consignment
    event = here.recorded(Kind.HOLD, THAILAND, pallet)
    source = {"kind": "scan", "code": f"(00){CARTON}"}
    case = here.done(here.post(THAI, "/v1/cases", {"source": source}), 201)
    outcome = here.act(THAI, case, "outcome", digest=hexed(event.digest))["outcomes"][0]
    assert (outcome["units"], outcome["sscc"], outcome["product_class"]) == (500, PALLET, "VACCINE")
    here.act(THAI, here.done(here.get(THAI, "/v1/cases/1")), "outcome", 409, digest=hexed(event.digest))


def test_two_officers_change_one_case_and_the_later_is_told(here: Caseworking) -> None:
    seen = here.opened()
    here.act(THAI, seen, "note", words="I was first.")
    told = here.act(THAI_PHONE, seen, "note", 409, words="So was I.")
    assert (told["type"], told["version"], told["field"]) == ("/problems/conflict", 2, "version")
    assert [each["act"] for each in here.done(here.get(THAI, "/v1/cases/1"))["history"]] == ["open", "note"]


def test_only_the_owner_and_supervisors_move_a_case(here: Caseworking) -> None:
    case = here.opened()
    here.act(THAI_PHONE, case, "move", 403, to="examining")
    here.act(THAI, case, "assign", 403, owner=hexed(THAI_PHONE.key))
    here.act(THAI_CHIEF, case, "assign", 422, owner=hexed(SINGAPORE.key))
    assert here.act(THAI, case, "move", 409, to="deciding")["field"] == "to"
    assert here.act(THAI_CHIEF, case, "close", 422)["field"] == "words"
    moved = here.act(THAI_CHIEF, case, "due", due_at=iso(here.now + 9 * DAY), words="The laboratory is closed.")
    assert moved["due_at"] == iso(here.now + 9 * DAY)
    here.act(THAI_CHIEF, moved, "due", 422, due_at=iso(here.now - DAY), words="Yesterday.")


def test_goods_that_the_ledger_does_not_know_are_seized_as_stated(here: Caseworking) -> None:
    case = here.act(THAI, here.opened(), "seizure", product_class="OTHER", units=40, words="No code at all.")
    assert case["seizures"] == [
        {"product_class": "OTHER", "units": 40, "words": "No code at all.", "at": iso(here.now)}
    ]
    assert here.act(THAI_CHIEF, case, "close")["closed"]["words"] == ""


def evidence(here: Caseworking, case: Any, content: bytes, status: int = 201, **fields: str) -> Any:
    told = {"version": str(case["version"]), "name": "photo.jpg", **fields}
    files = {"file": ("f", content), **{name: (None, value) for name, value in told.items()}}
    answer = here.ask.post(f"/v1/cases/{case['number']}/evidence", headers=here.headers(THAI), files=files)
    return here.done(answer, status)


def test_evidence_keeps_its_hash_and_who_held_it(here: Caseworking) -> None:
    content_ = b"\x89PNG a photo of a pallet"
    case = evidence(here, here.opened(), content_, holder="Officer Somchai", words="At the ramp.")
    (piece,) = case["evidence"]
    assert (piece["sha256"], piece["bytes"]) == ("0x" + sha256(content_).hexdigest(), len(content_))
    case = here.act(THAI_PHONE, case, "hand_over", evidence=1, holder="Laboratory, Nonthaburi")
    chain = case["evidence"][0]["chain"]
    assert [link["holder"] for link in chain] == ["Officer Somchai", "Laboratory, Nonthaburi"]
    assert chain[0]["previous"] == piece["sha256"]
    assert chain[1]["previous"] == chain[0]["hash"]
    answer = here.get(THAI, "/v1/cases/1/evidence/1")
    assert (answer.content, answer.headers["content-type"]) == (content_, "application/octet-stream")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''photo.jpg"
    assert here.get(THAI, "/v1/cases/1/evidence/2").status_code == 404
    assert here.get(INDONESIAN, "/v1/cases/1/evidence/1").status_code == 404
    (sealed,) = (here.folder / "evidence").iterdir()
    assert b"photo of a pallet" not in sealed.read_bytes()
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"x")
    assert here.get(THAI, "/v1/cases/1/evidence/1").status_code == 500
    sealed.unlink()
    assert here.get(THAI, "/v1/cases/1/evidence/1").status_code == 503


def test_a_file_that_no_case_takes_is_not_kept(here: Caseworking) -> None:
    case = here.opened()
    assert evidence(here, case, b"", 422)["field"] == "file"
    assert evidence(here, case, b"x", 422, name="")["field"] == "name"
    assert evidence(here, case, b"x", 422, version="x")["field"] == "version"
    assert evidence(here, {"number": 7, "version": 1}, b"x", 404)["field"] == "number"
    evidence(here, case | {"version": 9}, b"x", 409)
    told = here.ask.post(
        "/v1/cases/1/evidence", headers=here.headers(THAI), files={"file": (None, "x"), "version": (None, "1")}
    )
    assert told.status_code == 422
    assert not list((here.folder / "evidence").glob("*"))


def test_a_case_is_its_administrations_own(here: Caseworking) -> None:
    here.opened(title="Ours")
    assert here.get(INDONESIAN, "/v1/cases/1").status_code == 404
    assert here.done(here.get(INDONESIAN, "/v1/cases"))["cases"] == []
    assert here.post(INDONESIAN, "/v1/cases/1", {"version": 1, "act": "note", "words": "x"}).status_code == 404
    assert here.get(CHEMIST, "/v1/cases").status_code == 403
    assert here.ask.get("/v1/cases").status_code == 401
    mine = here.done(here.post(INDONESIAN, "/v1/cases", {"source": SCAN}), 201)
    assert mine["number"] == 1


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([], "body"),
        ({"source": "scan"}, "source"),
        ({"source": {"kind": "dream"}}, "source"),
        ({"source": {"kind": "scan"}}, "code"),
        ({"source": {"kind": "alert", "match": True}}, "match"),
        ({"source": SCAN, "title": "a\nb"}, "title"),
        ({"source": SCAN, "words": "\ud800"}, "words"),
        ({"source": SCAN, "operation": "ABC"}, "operation"),
        ({"source": SCAN, "state": "closed"}, "state"),
    ],
)
def test_what_is_no_case_is_refused_by_its_field(here: Caseworking, payload: Any, field: str) -> None:
    answer = here.ask.post(
        "/v1/cases",
        headers=here.headers(THAI) | {"content-type": "application/json"},
        content=json.dumps(payload).encode(),
    )
    assert here.done(answer, 422)["field"] == field


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([], "body"),
        ({"act": "note", "words": "x"}, "version"),
        ({"version": 1, "act": "open"}, "act"),
        ({"version": 1, "act": "note"}, "words"),
        ({"version": 1, "act": "note", "words": 7}, "words"),
        ({"version": 1, "act": "note", "words": " "}, "words"),
        ({"version": 1, "act": "note", "words": "x", "more": 1}, "more"),
        ({"version": 1, "act": "task_done", "task": 3}, "task"),
        ({"version": 1, "act": "hand_over", "evidence": 3, "holder": "x"}, "evidence"),
        ({"version": 1, "act": "outcome", "digest": "0x12"}, "digest"),
        ({"version": 1, "act": "task", "words": "x", "due_at": "tomorrow"}, "due_at"),
        ({"version": 1, "act": "task", "words": "x", "due_at": "2026-02-31T00:00:00Z"}, "due_at"),
    ],
)
def test_what_is_no_act_is_refused_by_its_field(here: Caseworking, payload: Any, field: str) -> None:
    here.opened()
    assert here.done(here.post(THAI_CHIEF, "/v1/cases/1", payload), 422)["field"] == field


def test_who_signed_in_is_a_supervisor_by_the_ledger(here: Caseworking) -> None:
    told = [here.done(here.get(one, "/v1/session"))["supervisor"] for one in (THAI, THAI_CHIEF)]
    assert told == [False, True]
    officers = here.opened()["officers"]
    assert {"key": hexed(THAI_CHIEF.key), "supervisor": True} in officers
    assert {"key": hexed(THAI.key), "supervisor": False} in officers
