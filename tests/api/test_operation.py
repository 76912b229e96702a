"""What operators and programs read: health, figures, headers, the description of the interface."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from fastapi import FastAPI

from api import errors
from api.app import Identity, create_app
from api.metrics import NodeStates
from api.negotiation import preferred
from ledger.chain.watch import Standing
from ledger.config import Settings
from ledger.core.agreement import State
from ledger.store.database import open_database
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.core.batch_story import DOMAIN
from tests.indexed_world import World, link

BODIES = {"post": {400, 413, 415, 422}}


def test_a_server_that_knows_nothing_lives_but_is_not_ready(tmp_path: Path) -> None:
    empty = open_database(f"sqlite:///{tmp_path}/empty.db")
    app = create_app(Settings(data_dir=tmp_path), empty, Identity(1, DOMAIN.ledger, None), clock=lambda: 1.8e9)
    ask = Asker(app)
    assert ask.get("/healthz").json() == {"status": "alive"}
    assert_problem(ask.get("/readyz"), 503, "unavailable")
    assert ask.get("/v1/verify", params={"code": link()}).json()["verdict"] == "undetermined"
    assert "nothing known of it yet" in ask.get("/").text
    assert ask.get("/v1/chain").json()["council"] is None
    assert "lotproof_chain_silence_seconds NaN" in ask.get("/metrics").text
    empty.close()


def test_readiness_tells_how_far_behind_it_is(ask: Asker, told: World) -> None:
    assert ask.get("/readyz").json() == {"status": "ready", "block": told.last_block, "lag_blocks": 0}


def test_figures_count_answers_by_route_and_never_by_address(app: FastAPI) -> None:
    ask = Asker(app)
    ask.get("/v1/verify", params={"code": "a"})
    ask.get("/v1/organisations/2")
    ask.get("/made/up/by/a/stranger")
    figures = ask.get("/metrics").text
    assert 'lotproof_requests_total{route="/v1/verify",status="200"} 1.0' in figures
    assert 'lotproof_requests_total{route="/v1/organisations/{number}",status="200"} 1.0' in figures
    assert "stranger" not in figures
    assert 'lotproof_block{which="indexed"}' in figures
    assert re.search(r'lotproof_answer_seconds_bucket\{le="0.025",route="/v1/verify"\}', figures)


def test_each_of_several_nodes_has_a_gauge_with_its_state() -> None:
    standings = [
        Standing("https://one.example", State.HEALTHY, 7, ""),
        Standing("http://two.example:8545", State.STALE, 3, "Its newest block is 3, when others have 70."),
    ]
    (gauge,) = NodeStates(lambda: standings).collect()
    assert [(sample.name, sample.labels, sample.value) for sample in gauge.samples] == [
        ("lotproof_rpc_endpoint", {"endpoint": "https://one.example", "state": "healthy"}, 1),
        ("lotproof_rpc_endpoint", {"endpoint": "http://two.example:8545", "state": "stale"}, 1),
    ]


def test_statements_are_counted_by_state(app: FastAPI) -> None:
    app.state.installation.outbox.add(b"\x01" * 32, "Anchor", b"{}", arrived_at=1)
    assert 'lotproof_statements{state="pending"} 1.0' in Asker(app).get("/metrics").text


@pytest.mark.parametrize("path", ["/", "/v1/chain", "/nowhere", "/static/style.css", "/v1/verify?code=a"])
def test_every_answer_carries_the_safe_headers(ask: Asker, path: str) -> None:
    headers = ask.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


GOOD = {("post", "/v1/statements"): "202", ("post", "/v1/reports"): "201", ("post", "/v1/session"): "201"}
GOOD |= {("post", "/v1/declarations"): "201", ("post", "/v1/attestations"): "201"}
GOOD |= {("post", f"/v1/intelligence{path}"): "201" for path in ("", "/keys", "/{digest}/feedback")}
GOOD |= {("post", f"/v1/{path}"): "201" for path in ("cases", "cases/{number}/evidence", "operations")}


def test_the_description_covers_every_call_and_its_problems(ask: Asker) -> None:
    described = ask.get("/openapi.json").json()["paths"]
    assert "/v1/verify" in described
    for path, calls in described.items():
        for method, call in calls.items():
            assert call["description"], (method, path)
            assert set(call["responses"]) >= {GOOD.get((method, path), "200")}
            if method == "post":
                assert {str(status) for status in BODIES["post"]} <= set(call["responses"]), path
                assert call["requestBody"]["content"], path
    for answer in described["/v1/statements"]["post"]["responses"].values():
        assert answer["description"]


def test_the_manual_names_every_call(ask: Asker, checkout: Path) -> None:
    manual = (checkout / "docs/api.md").read_text(encoding="utf-8")
    missing = [
        path for path in ask.get("/openapi.json").json()["paths"] if f"`{path.replace(':path', '')}`" not in manual
    ]
    assert missing == []


def test_the_manual_names_every_problem(checkout: Path) -> None:
    manual = (checkout / "docs/api.md").read_text(encoding="utf-8")
    kinds = {*errors.KINDS.values(), *errors.OF_HTTP.values()}
    assert [kind.slug for kind in kinds if f"| {kind.status} |" not in manual] == []
    assert [kind.slug for kind in kinds if f"`/problems/{kind.slug}`" not in manual] == []


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "a/b"),
        ("*/*", "a/b"),
        ("a/c", "a/c"),
        ("a/b;q=0.1, a/c;q=0.2", "a/c"),
        ("a/*;q=0.5, a/c;q=0", "a/b"),
        ("x/y", "a/b"),
        ("a/c;q=nonsense, a/b;q=0.1", "a/b"),
        (", ,;", "a/b"),
        ("A/C ; level=1 ; q=1.0", "a/c"),
    ],
)
def test_the_wanted_form_is_chosen(accept: str, chosen: str) -> None:
    assert preferred(accept, ("a/b", "a/c")) == chosen


def test_the_application_starts_and_stops(shared_app: FastAPI) -> None:
    said: list[str] = []

    async def run() -> None:
        events = iter(("lifespan.startup", "lifespan.shutdown"))

        async def receive() -> dict[str, str]:
            return {"type": next(events)}

        async def send(message: dict[str, str]) -> None:
            said.append(message["type"])

        await shared_app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)

    anyio.run(run)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_settings_bound_what_is_read(make_app: Callable[..., FastAPI]) -> None:
    ask = Asker(make_app(max_json_depth=4))
    assert_problem(ask.post("/v1/verify", content=b'{"code": [[[[1]]]]}'), 400, "unreadable-body")
