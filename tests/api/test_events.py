"""The stream of events goes on where a client left it, and tells what a reorganisation took back."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI

from api.routes import events
from ledger.core.facts import IndexedBlock, Recorded, Suspension
from ledger.store import indexing
from ledger.store.database import Database
from ledger.stream import Place, parse_place
from tests.api.conftest import SERVER, Asker
from tests.api.problems import assert_problem
from tests.core.batch_story import MAKER, REGULATOR
from tests.indexed_world import World


def entries(body: bytes) -> list[dict[str, Any]]:
    """The events in a stream's bytes, each with its name, id and data."""
    found = []
    for chunk in body.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in chunk.splitlines() if not line.startswith(":"))
        if "data" in lines:
            found.append({"event": lines["event"], "id": lines["id"], "data": json.loads(lines["data"])})
    return found


def follow(app: FastAPI, place: Place | None = None, *, longest: float = 0.01) -> bytes:
    async def read() -> bytes:
        return b"".join([chunk async for chunk in events.follow(app.state.installation, place, longest=longest)])

    return anyio.run(read)


def suspension(told: World, block: int, *, salt: int = 1) -> IndexedBlock:
    recorded = Recorded(block, 0, told.now, bytes([salt]) * 32)
    fact = Suspension(MAKER, REGULATOR, suspended=True, digest=bytes([salt]) * 32, recorded=recorded)
    return IndexedBlock(block, bytes([salt]) * 32, b"\x00" * 32, told.now, (fact,))


def test_everything_recorded_is_told_in_order(app: FastAPI) -> None:
    told = entries(follow(app))
    names = [each["event"] for each in told]
    assert names[:2] == ["OrganisationAccredited", "KeyAdded"]
    assert {"BatchRegistered", "CustodyRecorded", "ConsignmentSplit", "PalletBuilt", "ConsignmentPacked"} <= set(names)
    places = [(each["data"]["recorded"]["block"], each["data"]["recorded"]["log_index"]) for each in told]
    assert places == sorted(places)
    assert all(each["data"]["type"] == each["event"] for each in told)


def test_a_client_goes_on_after_its_last_event(app: FastAPI) -> None:
    everything = entries(follow(app))
    middle = everything[len(everything) // 2]
    rest = entries(follow(app, parse_place(middle["id"])))
    assert rest == everything[len(everything) // 2 + 1 :]


def test_many_facts_come_page_by_page(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = entries(follow(app))
    monkeypatch.setattr("ledger.stream.PAGE", 3)
    assert entries(follow(app, longest=5.0 if len(whole) > 3 else 0)) == whole


def test_what_is_new_follows(app: FastAPI, database: Database, told: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "POLL_SECONDS", 0.01)

    async def read() -> bytes:
        stream = events.follow(app.state.installation, None, longest=20.0)
        body = b""
        async for chunk in stream:
            body += chunk
            if b"PalletBuilt" in chunk:
                indexing.append(database, [suspension(told, told.last_block + 1)])
            if b"OrganisationSuspended" in chunk:
                break
        await stream.aclose()
        return body

    last = entries(anyio.run(read))[-1]
    assert last["event"] == "OrganisationSuspended"
    assert last["data"]["suspended"] is True


def test_a_block_taken_back_resets_the_client(app: FastAPI, database: Database, told: World) -> None:
    above = told.last_block + 1
    indexing.append(database, [suspension(told, above)])
    last = entries(follow(app))[-1]["id"]
    indexing.rollback(database, told.last_block)
    indexing.append(database, [suspension(told, above, salt=7)])
    reset, again = entries(follow(app, parse_place(last)))
    assert reset["event"] == "Reset"
    assert reset["data"]["after_block"] == told.last_block
    assert again["data"]["digest"] == "0x" + "07" * 32
    gone_too = [each["event"] for each in entries(follow(app, parse_place(reset["id"])))]
    assert gone_too == ["OrganisationSuspended"]


def test_a_block_taken_back_without_another_resets_once(app: FastAPI, database: Database, told: World) -> None:
    indexing.append(database, [suspension(told, told.last_block + 1)])
    last = entries(follow(app))[-1]["id"]
    indexing.rollback(database, told.last_block)
    assert [each["event"] for each in entries(follow(app, parse_place(last)))] == ["Reset"]


def test_silence_is_filled_with_heartbeats(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.02)

    async def beats() -> int:
        stream = events.follow(app.state.installation, None, longest=60.0)
        count = 0
        async for chunk in stream:
            count += chunk.count(events.HEARTBEAT)
            if count > 1:
                break
        await stream.aclose()
        return count

    assert anyio.run(beats) == 2


def test_the_call_names_its_type_and_where_to_go_on(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LONGEST_SECONDS", 0.01)
    monkeypatch.setattr(events.follow, "__kwdefaults__", {"longest": 0.01})
    answer = Asker(app).get("/v1/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("retry: ")
    last = entries(answer.content)[-1]["id"]
    for again in ({"headers": {"last-event-id": last}}, {"params": {"after": last}}):
        assert entries(Asker(app).get("/v1/events", **again).content) == []


def test_too_many_followers_are_asked_to_come_back(app: FastAPI) -> None:
    app.state.installation.streaming.total_tokens = 1

    async def fill() -> httpx.Response:
        async with app.state.installation.streaming:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=SERVER) as client:
                return await client.get("/v1/events")

    assert_problem(anyio.run(fill), 503, "unavailable")


@pytest.mark.parametrize("place", ["1", "1-2", "1-2-zz", "-1-0-" + "0" * 16, "1-0-" + "0" * 17, "\u0661-0-" + "0" * 16])
def test_a_place_of_another_stream_is_refused(ask: Asker, place: str) -> None:
    assert_problem(ask.get("/v1/events", params={"after": place}), 422, "invalid-input", field="Last-Event-ID")
