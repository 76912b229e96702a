"""`/v1/proof`: what is asked of the prover, and what is said where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI

from ledger.core.errors import UnavailableError
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.core.batch_story import LOT
from tests.indexed_world import GTIN, SCRIPT, link


class Recorder:
    """A prover that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def prove(self, *names: str, block: int | str | None = None) -> bytes:
        self.asked.append((*names, block))
        if names[1] == "BUSY":
            raise UnavailableError("The node has no such state.", advice="Ask for a later block.")
        return b'{"format":"x"}'


@pytest.fixture
def prover(app: FastAPI) -> Recorder:
    recorder = Recorder()
    app.state.installation = replace(app.state.installation, prover=recorder)
    return recorder


def test_a_batch_and_a_pack_are_proved_as_of_a_block(app: FastAPI, prover: Recorder) -> None:
    ask = Asker(app)
    answer = ask.get(f"/v1/proof/{GTIN}/{LOT}")
    assert (answer.status_code, answer.content) == (200, b'{"format":"x"}')
    assert answer.headers["content-type"] == "application/json"
    ask.get(f"/v1/proof/{GTIN}/{LOT}/A1?block=12")
    ask.get(f"/v1/proof/{GTIN}/{LOT}?block=finalized")
    assert prover.asked == [(GTIN, LOT, None), (GTIN, LOT, "A1", 12), (GTIN, LOT, "finalized")]


def test_a_slash_in_a_lot_or_serial_number_is_written_as_an_escape(app: FastAPI, prover: Recorder) -> None:
    ask = Asker(app)
    ask.get(f"/v1/proof/{GTIN}/A%2FB")
    ask.get(f"/v1/proof/{GTIN}/A%2FB/1%2F2")
    assert prover.asked == [(GTIN, "A/B", None), (GTIN, "A/B", "1/2", None)]
    assert_problem(ask.get(f"/v1/proof/{GTIN}/A/B/C"), 422, "invalid-input", field="serial")


def test_state_that_the_node_has_not_is_a_problem_to_try_again(app: FastAPI, prover: Recorder) -> None:
    answer = Asker(app).get(f"/v1/proof/{GTIN}/BUSY")
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"]
    assert prover.asked


def test_without_a_chain_nothing_is_proved(ask: Asker) -> None:
    assert_problem(ask.get(f"/v1/proof/{GTIN}/{LOT}"), 503, "unavailable")


def test_a_verdict_and_its_page_name_the_proof(ask: Asker, prover: Recorder, app: FastAPI) -> None:
    verdict = ask.get("/v1/verify", params={"code": link()}).json()
    assert verdict["proof"] == f"/v1/proof/{GTIN}/{LOT}"
    page = ask.get("/check", params={"code": link()}, headers={"accept": "text/html"})
    assert f'href="/v1/proof/{GTIN}/{LOT}"' in page.text
    slashed = ask.get("/v1/verify", params={"code": f"https://x.example/01/{GTIN}/10/{quote(SCRIPT, safe='')}"}).json()
    Asker(app).get(slashed["proof"])
    assert prover.asked == [(GTIN, SCRIPT, None)]


def test_an_unknown_batch_has_no_proof(ask: Asker) -> None:
    assert ask.get("/v1/verify", params={"code": f"(01){GTIN}(10)NEVER"}).json()["proof"] is None
