"""Every answer names its request, and the log tells a failure under the same name and without what was sent."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from fastapi import FastAPI

from ledger.cli.logs import JsonLines, TextLines
from ledger.core.errors import ConfigurationError
from tests.api.conftest import Asker
from tests.api.problems import assert_problem

CANARY = "canary-0417"


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/verify?code=a", "/nowhere", "/static/style.css"])
def test_every_answer_names_its_request(ask: Asker, path: str) -> None:
    first, second = (ask.get(path).headers["x-request-id"] for _ in range(2))
    assert len(first) == 16
    assert first != second


def test_a_name_that_a_proxy_gave_is_kept(ask: Asker) -> None:
    answer = ask.get("/nowhere", headers={"x-request-id": "proxy_1-0001"})
    assert answer.headers["x-request-id"] == "proxy_1-0001"
    assert_problem(answer, 404, "not-found", request_id="proxy_1-0001")


@pytest.mark.parametrize("name", ["short", "x" * 65, "spaces in it", "quote\"'<b>", "ä" * 9, ""])
def test_a_name_that_is_not_clean_is_replaced(ask: Asker, name: str) -> None:
    answer = ask.get("/nowhere", headers={"x-request-id": name.encode()})
    assert answer.headers["x-request-id"] != name
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_pages_name_the_request_too(ask: Asker) -> None:
    answer = ask.get("/nowhere", headers={"accept": "text/html", "x-request-id": "proxy_1-0001"})
    assert "proxy_1-0001" in answer.text


def broken(app: FastAPI, error: Exception) -> Asker:
    @app.get("/broken/{what}")
    async def fail(what: str) -> None:
        del what
        raise error

    return Asker(app)


@pytest.mark.parametrize(
    ("error", "slug"),
    [(ValueError(f"bad: {CANARY}"), "error"), (ConfigurationError("The server lacks a key."), "misconfigured")],
)
def test_a_failure_is_answered_counted_and_logged_under_one_name(
    app: FastAPI, caplog: pytest.LogCaptureFixture, error: Exception, slug: str
) -> None:
    ask = broken(app, error)
    with caplog.at_level(logging.INFO):
        answer = ask.get(f"/broken/{CANARY}", headers={"x-request-id": "proxy_1-0001"})
    assert_problem(answer, 500, slug, request_id="proxy_1-0001")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert 'lotproof_requests_total{route="/broken/{what}",status="500"} 1.0' in ask.get("/metrics").text
    (record,) = [one for one in caplog.records if one.name.startswith("api")]
    assert (record.__dict__["route"], record.__dict__["status"]) == ("/broken/{what}", 500)
    assert CANARY not in answer.text


@pytest.mark.parametrize("lines", [TextLines, JsonLines])
def test_the_log_of_a_failure_holds_nothing_that_was_sent(app: FastAPI, lines: Any) -> None:
    said: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(self.format(record))

    handler = Keeping()
    handler.setFormatter(lines())
    logging.getLogger().addHandler(handler)
    try:
        broken(app, ValueError(f"bad: {CANARY}")).get(f"/broken/{CANARY}?x={CANARY}", headers={"user-agent": CANARY})
    finally:
        logging.getLogger().removeHandler(handler)
    told = "\n".join(said)
    assert "ValueError" in told
    assert CANARY not in told
    if lines is JsonLines:
        assert json.loads(said[-1])["problem"] == "error"
