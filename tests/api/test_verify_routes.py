"""`/v1/verify` in all its forms gives the verdict of design section 6."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ledger import label
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.core.batch_story import CUSTOMS, PHARMACY
from tests.indexed_world import CARTON, GTIN, LOTS, PALLET, World, link

KEYS = ["verdict", "reason", "headline", "advice", "code", "checks", "batch", "custody", "as_of", "proof"]
CASES = [
    (link(), "verified", "verified"),
    (f"(01){GTIN}(10)AB12(17)270331", "verified", "verified"),
    (f"]d201{GTIN}1727033110AB12", "verified", "verified"),
    (link(LOTS["recalled"]), "do_not_use", "recalled"),
    (link(LOTS["expired"], "260501"), "do_not_use", "expired"),
    (link(LOTS["held"]), "do_not_use", "held"),
    (link(LOTS["seized"]), "do_not_use", "seized"),
    (link(expiry="290331"), "suspect", "expiry_differs"),
    (link("ABSENT"), "suspect", "unknown_lot"),
    (link(host="elsewhere.example"), "verified", "verified"),
    (GTIN, "undetermined", "lot_needed"),
    (GTIN[:-1] + "9", "unreadable", "incorrect_check_digit"),
    (CARTON, "verified", "verified"),
    (PALLET, "verified", "verified"),
    ("hello", "unreadable", "not_gs1"),
    ("x" * 5_000, "unreadable", "too_long"),
    ("", "unreadable", "empty"),
]


def picture(text: str) -> bytes:
    return label.png(text, [])


@pytest.mark.parametrize(("code", "verdict", "reason"), CASES)
def test_get_and_post_give_the_same_verdict(ask: Asker, code: str, verdict: str, reason: str) -> None:
    answers = [ask.get("/v1/verify", params={"code": code}), ask.post("/v1/verify", json={"code": code})]
    assert [answer.status_code for answer in answers] == [200, 200]
    told = answers[0].json()
    assert answers[1].json() == told
    assert (told["verdict"], told["reason"]) == (verdict, reason)
    assert list(told) == KEYS
    assert [check["id"] for check in told["checks"]] == list(range(1, 14))


def test_who_scans_where_changes_the_verdict(ask: Asker) -> None:
    said = {"code": link(LOTS["transit"]), "place": "SG SIN", "organisation": CUSTOMS}
    assert ask.post("/v1/verify", json=said).json()["verdict"] == "verified"
    there = {"code": link(), "organisation": str(PHARMACY)}
    assert ask.get("/v1/verify", params=there).json()["reason"] == "custody_elsewhere"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("place", "Singapore"),
        ("place", "S1SIN"),
        ("place", ""),
        ("place", 5),
        ("at", "yesterday"),
        ("at", "2026-05-28T20:00:00"),
        ("at", "2099-01-01T00:00:00Z"),
        ("at", "1969-01-01T00:00:00Z"),
        ("at", "9999-12-31T23:59:59-23:59"),
        ("at", 5),
        ("organisation", 99),
        ("organisation", "99999999999999999999"),
        ("organisation", "-1"),
        ("organisation", "²"),
        ("organisation", True),
        ("organisation", [2]),
        ("surplus", 1),
        ("code", 7),
    ],
)
def test_every_field_is_checked_and_named(ask: Asker, field: str, value: Any) -> None:
    question = {"code": link()} | {field: value}
    assert_problem(ask.post("/v1/verify", json=question), 422, "invalid-input", field=field)
    if isinstance(value, str):
        assert_problem(ask.get("/v1/verify", params=question), 422, "invalid-input", field=field)


def test_a_scan_of_the_past_is_judged_for_its_time(ask: Asker) -> None:
    then = {"code": link(LOTS["expired"], "260501"), "at": "2026-04-20T12:00:00+08:00"}
    assert ask.get("/v1/verify", params=then).json()["reason"] != "expired"


@given(st.text(max_size=300), st.text(max_size=20), st.text(max_size=40), st.text(max_size=12))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_makes_the_server_fail(ask: Asker, code: str, place: str, at: str, organisation: str) -> None:
    asked = {"code": code, "place": place, "at": at, "organisation": organisation}
    text = {name: value.encode("utf-8", "replace").decode() for name, value in asked.items()}
    assert ask.get("/v1/verify", params={"code": text["code"]}).status_code == 200
    assert ask.get("/v1/verify", params=text).status_code in {200, 422}
    assert ask.post("/v1/verify", json=text).status_code in {200, 422}
    assert ask.post("/v1/verify/many", json=[text["code"]]).status_code == 200


def test_a_photo_gives_every_code_with_its_verdict(ask: Asker) -> None:
    both = Image.new("L", (1000, 600), 255)
    for left, lot in ((0, "AB12"), (500, LOTS["recalled"])):
        both.paste(Image.open(io.BytesIO(picture(link(lot)))).convert("L"), (left, 40))
    out = io.BytesIO()
    both.save(out, "PNG")
    answer = ask.post("/v1/verify/image", content=out.getvalue())
    assert answer.status_code == 200, answer.text
    found = answer.json()["codes"]
    assert {code["text"].removeprefix("]Q1"): code["verdict"]["verdict"] for code in found} == {
        link(): "verified",
        link(LOTS["recalled"]): "do_not_use",
    }
    assert {len(code["position"]) for code in found} == {4}


def test_a_photo_may_come_in_a_form(ask: Asker) -> None:
    form = {"image": ("label.png", picture(link()), "image/png")}
    answer = ask.post("/v1/verify/image", files=form, params={"organisation": PHARMACY})
    assert answer.json()["codes"][0]["verdict"]["reason"] == "custody_elsewhere"


def test_a_real_photo_of_a_medicine_box_is_read(ask: Asker, test_data: Path) -> None:
    photo = (test_data / "barcode_images/medicine_photos/nurofen_calpol.jpg").read_bytes()
    code = ask.post("/v1/verify/image", content=photo, headers={"content-type": "image/jpeg"}).json()["codes"][0]
    assert code["verdict"]["code"] == {
        "gtin": "08699522705160",
        "lot": "24S637",
        "serial": "9400000002429226",
        "expiry": "2027-10-31",
        "sscc": None,
        "form": code["verdict"]["code"]["form"],
    }
    assert code["verdict"]["reason"] == "maker_unknown"


def test_a_photo_without_a_code_says_how_to_take_a_better_one(ask: Asker) -> None:
    out = io.BytesIO()
    Image.new("L", (200, 200), 128).save(out, "PNG")
    problem = assert_problem(
        ask.post("/v1/verify/image", content=out.getvalue()), 422, "invalid-input", field="image", rule="no_code"
    )
    assert "closer" in problem["advice"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b""),
        (
            "multipart/form-data; boundary=x; charset=base64",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\na\r\n--x--',
        ),
    ],
)
def test_a_broken_form_is_the_clients_fault(ask: Asker, content_type: str, body: bytes) -> None:
    answer = ask.post("/v1/verify/image", content=body, headers={"content-type": content_type})
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["field"] in {"body", "image"}


@given(st.binary(max_size=400))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_form_makes_the_server_fail(ask: Asker, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    wrapped = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + body + b"\r\n--x--\r\n"
    assert ask.post("/v1/verify/image", content=body, headers=headers).status_code in {400, 422}
    assert ask.post("/v1/verify/image", content=wrapped, headers=headers).status_code in {400, 422}


def test_an_image_larger_than_set_is_refused(make_app: Callable[..., FastAPI]) -> None:
    ask = Asker(make_app(max_image_bytes=2_000, max_image_pixels=10_000))
    assert_problem(ask.post("/v1/verify/image", content=b"\x89PNG" + bytes(2_000)), 413, "too-large")
    assert_problem(ask.post("/v1/verify/image", content=picture(link())), 422, "invalid-input", rule="too_large")


def test_a_delivery_is_judged_row_by_row(ask: Asker) -> None:
    codes = [link(), link(LOTS["recalled"]), "hello", link()]
    told = ask.post("/v1/verify/many", json=codes).json()
    assert told["counts"] == {"verified": 2, "do_not_use": 1, "unreadable": 1}
    assert [row["position"] for row in told["results"]] == [0, 1, 2, 3]
    assert [row["lot"] for row in told["results"]] == ["AB12", LOTS["recalled"], None, "AB12"]
    assert told["as_of"]["chain_id"] == 31337


def test_a_delivery_may_come_as_an_object_or_as_csv(ask: Asker) -> None:
    said = ask.post("/v1/verify/many", json={"codes": [link()], "organisation": PHARMACY}).json()
    assert said["results"][0]["reason"] == "custody_elsewhere"
    table = ask.post("/v1/verify/many", content=f"code\n{link()}\n", headers={"content-type": "text/csv"}).json()
    assert table["counts"] == {"verified": 1}


def test_a_delivery_is_answered_as_csv_to_whoever_wants_that(ask: Asker) -> None:
    body = f"n,code\n1,{link()}\n2\n3,=1+1\n"
    headers = {"content-type": "text/csv", "accept": "text/csv"}
    answer = ask.post("/v1/verify/many", content=body, headers=headers)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [(row["position"], row["verdict"]) for row in rows] == [
        ("0", "verified"),
        ("1", "unreadable"),
        ("2", "unreadable"),
    ]
    assert rows[2]["code"] == "'=1+1", "nothing in it is a formula where it is opened"


def test_a_delivery_is_bounded(make_app: Callable[..., FastAPI]) -> None:
    ask = Asker(make_app(max_codes=3))
    assert ask.post("/v1/verify/many", json=["a"] * 3).status_code == 200
    assert_problem(ask.post("/v1/verify/many", json=["a"] * 4), 422, "invalid-input", field="codes")
    assert_problem(ask.post("/v1/verify/many", json=["a" * 2_000]), 413, "too-large")


def test_the_answer_is_never_kept_by_caches(ask: Asker, told: World) -> None:
    answer = ask.get("/v1/verify", params={"code": link()})
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["as_of"]["block"] == told.last_block
