"""Joint operations over HTTP: a closed group, a window, targets, a board, and results that are counted."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from ledger.casework.report import pdf_of
from ledger.core.casework import results
from tests.casework_world import (
    BELGIAN_CHIEF,
    DAY,
    INDONESIAN,
    INDONESIAN_CHIEF,
    LINE,
    SINGAPORE_CHIEF,
    THAI,
    THAI_CHIEF,
    THAI_LOT,
    Caseworking,
    decided,
    iso,
)
from tests.core.batch_story import CUSTOMS, PHARMACY
from tests.core.casework.desk import NOW, OperationFile
from tests.exchange import CHEMIST, SINGAPORE
from tests.indexed_world import GTIN
from tests.share_world import INDONESIA, THAILAND, content

COUNTS = ("cases", "closed", "holds", "releases", "seizures", "units", "stated_seizures", "stated_units")


@pytest.fixture
def here(tmp_path: Path) -> Caseworking:
    return Caseworking.new(tmp_path)


@pytest.fixture
def operation(here: Caseworking) -> Any:
    """Led by Thailand, with Indonesia; Singapore is invited and has not answered."""
    made = here.operation(INDONESIA, CUSTOMS)
    return here.does(INDONESIAN_CHIEF, made, "accept")


def seen(here: Caseworking, one: Any, operation: Any, end: str = "") -> Any:
    return here.done(here.get(one, f"/v1/operations/{operation['reference']}{end}"))


def statuses(operation: Any) -> dict[int, str]:
    return {each["number"]: each["status"] for each in operation["members"]}


def test_an_operation_is_opened_joined_and_left(here: Caseworking) -> None:
    made = here.operation(INDONESIA, CUSTOMS, THAILAND, words="Vaccines by air.")
    assert (made["phase"], made["status"], made["lead"]["number"]) == ("running", "lead", THAILAND)
    assert statuses(made) == {THAILAND: "lead", INDONESIA: "invited", CUSTOMS: "invited"}
    invited = seen(here, INDONESIAN, made)
    assert "board" not in invited
    assert "targets" not in invited
    assert invited["may"] == []  # an officer accepts nothing
    assert seen(here, INDONESIAN_CHIEF, made)["may"] == ["accept", "decline"]
    assert here.does(INDONESIAN_CHIEF, made, "accept")["status"] == "accepted"
    assert here.does(SINGAPORE_CHIEF, made, "decline", words="No time.") == {
        "reference": made["reference"],
        "status": "declined",
    }
    assert here.get(SINGAPORE, f"/v1/operations/{made['reference']}").status_code == 404
    assert here.does(THAI_CHIEF, made, "invite", organisation=CUSTOMS)["members"][0]["status"] == "invited"
    here.does(THAI_CHIEF, made, "invite", 409, organisation=CUSTOMS)
    here.does(THAI_CHIEF, made, "invite", 422, organisation=PHARMACY)
    here.does(THAI_CHIEF, made, "remove", 422, organisation=THAILAND)
    here.does(THAI_CHIEF, made, "remove", organisation=CUSTOMS)
    assert here.does(INDONESIAN_CHIEF, made, "leave")["status"] == "left"
    assert statuses(seen(here, THAI, made)) == {THAILAND: "lead", INDONESIA: "left", CUSTOMS: "removed"}
    assert here.done(here.get(INDONESIAN, "/v1/operations")) == {"operations": []}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"ends_at": "2026-01-01T00:00:00Z"}, "ends_at"),
        ({"ends_at": "2036-01-01T00:00:00Z"}, "ends_at"),
        ({"begins_at": "soon"}, "begins_at"),
        ({"invite": [PHARMACY]}, "organisation"),
        ({"invite": ["7"]}, "invite"),
        ({"invite": 7}, "invite"),
    ],
)
def test_what_is_no_operation_is_refused_by_its_field(here: Caseworking, change: Any, field: str) -> None:
    payload = {"name": "X", "begins_at": iso(here.now), "ends_at": iso(here.now + DAY)} | change
    assert here.done(here.post(THAI_CHIEF, "/v1/operations", payload), 422)["field"] == field


def test_only_supervisors_lead_and_answer(here: Caseworking, operation: Any) -> None:
    window = {"begins_at": iso(here.now), "ends_at": iso(here.now + DAY)}
    assert here.post(THAI, "/v1/operations", {"name": "X", **window}).status_code == 403
    assert here.post(THAI, "/v1/operations", []).status_code == 422
    assert here.post(CHEMIST, "/v1/operations", {"name": "X", **window}).status_code == 403
    here.does(THAI, operation, "close", 403)
    here.does(INDONESIAN_CHIEF, operation, "close", 403)
    here.does(SINGAPORE, operation, "accept", 403)
    here.does(SINGAPORE_CHIEF, operation, "post", 403, words="Hello")
    here.does(THAI_CHIEF, operation, "leave", 403)
    here.does(INDONESIAN_CHIEF, operation, "accept", 403)
    changed = here.does(THAI_CHIEF, operation, "window", **window, words="Earlier.")
    assert changed["begins_at"] == iso(here.now)
    here.does(THAI_CHIEF, operation, "window", 422, begins_at=iso(here.now), ends_at=iso(here.now))


def test_each_puts_in_its_own_targets(here: Caseworking, operation: Any) -> None:
    here.declare(*(LINE._replace(sequence_numeric=number) for number in range(1, 5)))
    here.declare(LINE._replace(sequence_numeric=9), risk=10)
    board = here.does(THAI, operation, "target", line=1, words="The riskiest")
    first = board["targets"][0]
    assert (first["risk"], first["signals"], first["route"]) == (80, ["recalled"], ["BEBRU", "THBKK"])
    assert first["source"] == {
        "kind": "declaration",
        "line": 1,
        "office": "THBKK",
        "declaration": "D1",
        "line_number": 1,
    }
    here.does(INDONESIAN, operation, "target", 404, line=1)
    board = here.does(THAI, operation, "draw", least_risk=50, most=2)
    assert [each["source"]["line"] for each in board["targets"]] == [1, 4, 3]
    board = here.does(THAI, operation, "draw", least_risk=50, most=100)
    assert [each["source"]["line"] for each in board["targets"]] == [1, 4, 3, 2]
    here.does(THAI, operation, "draw", 422, least_risk=50, most=100)
    here.does(INDONESIAN, operation, "draw", 422, least_risk=1, most=1)
    board = here.does(INDONESIAN, operation, "target", gtin=GTIN, lot="ZZ9", words="Seen at Batam")
    assert board["targets"][4]["organisation"]["number"] == INDONESIA
    here.does(THAI, operation, "drop", 403, target=5)
    here.does(THAI, operation, "drop", 422, target=99)
    assert here.does(INDONESIAN, operation, "drop", target=5)["targets"][4]["dropped_at"] == iso(here.now)
    here.does(INDONESIAN, operation, "drop", 409, target=5)
    here.does(THAI, operation, "target", 422, line=1, gtin=GTIN, lot="X")
    here.does(THAI, operation, "target", 422, words="Nothing")


def test_an_alert_is_a_target(here: Caseworking, operation: Any) -> None:
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content({"kind": "lot", "lot": THAI_LOT})))
    number = here.matches(THAI)[0]["number"]
    target = here.does(THAI, operation, "target", match=number)["targets"][0]
    assert (target["source"]["kind"], target["goods"]["lot"], target["risk"]) == ("alert", THAI_LOT, None)


def decide(here: Caseworking, operation: Any) -> None:
    """Thailand holds, releases and seizes; Indonesia seizes what the ledger does not know, and has a case besides."""
    case = here.opened(operation=operation["reference"])
    for name in ("hold", "release", "seize"):
        case = here.act(THAI, case, "outcome", digest="0x" + decided()[name].hex())
    here.act(THAI_CHIEF, case, "close")
    case = here.opened(INDONESIAN, operation=operation["reference"])
    here.act(INDONESIAN, case, "seizure", product_class="MEDICINE", units=250, words="No code on the packs.")
    here.opened(INDONESIAN, operation=operation["reference"])
    here.opened(INDONESIAN)


def test_results_are_counted_by_member_and_kind(here: Caseworking, operation: Any) -> None:
    decide(here, operation)
    told = seen(here, THAI, operation, "/results")
    assert [told[name] for name in COUNTS] == [3, 1, 1, 1, 1, 1000, 1, 250]
    members = {each["organisation"]["number"]: [each[name] for name in COUNTS] for each in told["by_member"]}
    assert members == {
        THAILAND: [1, 1, 1, 1, 1, 1000, 0, 0],
        INDONESIA: [2, 0, 0, 0, 0, 0, 1, 250],
        CUSTOMS: [0] * 8,
    }
    kinds = {each["product_class"]: list(each.values())[1:] for each in told["by_kind"]}
    assert (kinds["VACCINE"], kinds["MEDICINE"], kinds["PPE"]) == ([1, 1000, 0, 0], [0, 0, 1, 250], [0, 0, 0, 0])
    assert not told["frozen"]
    board = seen(here, INDONESIAN, operation)
    assert [(each["organisation"]["number"], each["number"]) for each in board["cases"]] == [
        (THAILAND, 1),
        (INDONESIA, 1),
        (INDONESIA, 2),
    ]
    assert "title" not in board["cases"][0]
    assert here.get(SINGAPORE, f"/v1/operations/{operation['reference']}/results").status_code == 403


def test_what_lies_outside_of_the_window_is_not_counted(here: Caseworking) -> None:
    begins = here.now + DAY
    made = here.operation(begins_at=iso(begins), ends_at=iso(begins + DAY))
    assert made["phase"] == "planned"
    case = here.opened(operation=made["reference"])
    here.act(THAI, case, "outcome", digest="0x" + decided()["seize"].hex())
    board = seen(here, THAI, made)
    assert [board["results"][name] for name in COUNTS] == [0] * 8
    assert (board["cases"][0]["counted"], board["cases"][0]["outcomes"][0]["counted"]) == (False, False)
    here.later(3 * DAY)
    assert seen(here, THAI, made)["phase"] == "ended"
    late = here.opened(operation=made["reference"])
    here.act(THAI, late, "seizure", product_class="PPE", units=3, words="x")
    assert seen(here, THAI, made, "/results")["stated_units"] == 0


def test_a_closed_operation_keeps_its_results(here: Caseworking, operation: Any) -> None:
    decide(here, operation)
    closed = here.does(THAI_CHIEF, operation, "close", words="Done.")
    assert (closed["phase"], closed["results"]["frozen"], closed["may"]) == ("closed", True, [])
    case = here.done(here.get(INDONESIAN, "/v1/cases/1"))
    here.act(INDONESIAN, case, "seizure", product_class="PPE", units=9, words="Later.")
    assert seen(here, THAI, operation, "/results")["stated_units"] == 250
    here.does(THAI, operation, "post", 409, words="Too late.")
    other = here.done(here.get(INDONESIAN, "/v1/cases/3"))
    here.act(INDONESIAN, other, "operation", 409, operation=operation["reference"])


def test_who_leaves_takes_its_cases_off_the_board(here: Caseworking, operation: Any) -> None:
    decide(here, operation)
    case = here.done(here.get(INDONESIAN, "/v1/cases/2"))
    assert here.act(INDONESIAN, case, "operation", operation="")["operation"] is None
    assert seen(here, THAI, operation, "/results")["cases"] == 2
    here.does(INDONESIAN_CHIEF, operation, "leave")
    assert seen(here, THAI, operation, "/results")["cases"] == 1
    case = here.done(here.get(INDONESIAN, "/v1/cases/3"))
    here.act(INDONESIAN, case, "operation", 404, operation=operation["reference"])
    invited = here.done(here.post(SINGAPORE, "/v1/cases", {"source": {"kind": "scan", "code": "x"}}), 201)
    here.act(SINGAPORE, invited, "operation", 403, operation=operation["reference"])


def test_two_change_the_board_and_the_later_is_told(here: Caseworking, operation: Any) -> None:
    path, version = f"/v1/operations/{operation['reference']}", operation["version"]
    here.done(here.post(THAI, path, {"version": version, "act": "post", "words": "First."}))
    told = here.done(here.post(INDONESIAN, path, {"version": version, "act": "post", "words": "Second."}), 409)
    assert (told["type"], told["version"]) == ("/problems/conflict", version + 1)
    board = seen(here, THAI, operation)["board"]
    assert [(each["act"], each["organisation"]["number"]) for each in board] == [
        ("open", THAILAND),
        ("accept", INDONESIA),
        ("post", THAILAND),
    ]


def test_every_look_at_the_others_is_noted_for_them(here: Caseworking, operation: Any) -> None:
    here.does(INDONESIAN, operation, "post", words="Look at Batam.")
    seen(here, THAI, operation)
    seen(here, THAI, operation, "/results")
    looked = [each for each in here.done(here.get(INDONESIAN, "/v1/looks"))["looks"] if each["kind"] == "operation"]
    assert {(each["organisation"]["number"], each["id"]) for each in looked} == {(THAILAND, operation["reference"])}
    looked = here.done(here.get(BELGIAN_CHIEF, "/v1/looks"))["looks"]
    assert [each for each in looked if each["kind"] == "operation"] == []


def test_a_csv_runs_nothing_and_a_pdf_holds_the_counts(here: Caseworking) -> None:
    made = here.operation(name='=HYPERLINK("http://evil")')
    decide_case = here.opened(operation=made["reference"])
    here.act(THAI, decide_case, "outcome", digest="0x" + decided()["seize"].hex())
    answer = here.get(THAI, f"/v1/operations/{made['reference']}/results.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["operation", '\'=HYPERLINK("http://evil")']
    header = rows.index(next(row for row in rows if row[:1] == ["counted"]))
    table = [dict(zip(rows[header], row, strict=True)) for row in rows[header + 1 :]]
    assert (table[0]["counted"], table[0]["seizures"], table[0]["units"]) == ("all", "1", "1000")
    assert table[1]["country"] == "TH"
    assert {row["kind_of_goods"]: row["units"] for row in table if row["kind_of_goods"]}["VACCINE"] == "1000"
    pdf = here.get(THAI, f"/v1/operations/{made['reference']}/results.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert here.get(INDONESIAN, f"/v1/operations/{made['reference']}/results.pdf").status_code == 404


def test_a_pdf_shows_what_its_font_has() -> None:
    told = results.count(OperationFile().operation, [], NOW)
    named = told | {"by_member": [each | {"name": "<b>Zoll", "country": "TH"} for each in told["by_member"]]}
    made = [pdf_of(named, [("operation", name)]) for name in ("Merkur – é", "\u0e1b")]
    assert all(each.startswith(b"%PDF-") for each in made)
    assert pdf_of(named, [("operation", "Merkur – é")]) == made[0]  # the same results make the same file
    assert pdf_of(named, [("operation", "[U+0E1B]")]) == made[1]


def test_a_reference_that_is_none_is_refused(here: Caseworking, operation: Any) -> None:
    del operation
    assert here.get(THAI, "/v1/operations/XYZ").status_code == 422
    assert here.get(THAI, "/v1/operations/00000000").status_code == 404
