"""Label images carry what is registered, and are read back by the scanner."""

from __future__ import annotations

import pytest

from ledger import scan
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.indexed_world import CARTON, GTIN, PALLET, SCRIPT, link


def test_a_batch_label_is_read_back(ask: Asker) -> None:
    answer = ask.get(f"/v1/labels/{GTIN}/AB12.png")
    assert answer.headers["content-type"] == "image/png"
    (code,) = scan.read_codes(answer.content)
    assert code.text == "]Q1" + link()
    assert ask.get("/v1/verify", params={"code": code.text}).json()["verdict"] == "verified"


@pytest.mark.parametrize("sscc", [CARTON, PALLET])
def test_a_consignment_label_is_read_back(ask: Asker, sscc: str) -> None:
    (code,) = scan.read_codes(ask.get(f"/v1/labels/{sscc}.png").content)
    assert code.text == f"]Q1https://lotproof.example/00/{sscc}"


def test_a_drawing_escapes_what_the_lot_says(ask: Asker) -> None:
    answer = ask.get(f"/v1/labels/{GTIN}/{SCRIPT}.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "<script" not in answer.text
    assert "(10) &lt;script&gt;alert(1)&lt;/" in answer.text


def test_labels_are_made_for_what_is_recorded_only(ask: Asker) -> None:
    assert_problem(ask.get(f"/v1/labels/{GTIN}/NEVER.png"), 404, "not-found", field="lot")
    assert_problem(ask.get("/v1/labels/054138680000000504.png"), 404, "not-found", field="consignment")
    assert_problem(ask.get("/v1/labels/054138680000000505.svg"), 422, "invalid-code")
