"""Followers are told of what is for them within a second, go on where they were, and are cut off with their session."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from api.routes import intelligence as routes
from api.routes.intelligence import Place, follow, parse_place
from ledger.core.intelligence.marking import Marking
from ledger.core.unit import UnitKind
from ledger.store import indexing
from tests.api.conftest import SERVER
from tests.api.problems import assert_problem
from tests.core.batch_story import GTIN, LOT, PHARMACY
from tests.exchange import CHEMIST, SINGAPORE, THAI, THAI_PHONE, Exchanging
from tests.share_world import Officer, content, end_key

PATTERN = {"kind": "lot", "gtin": GTIN, "lot": LOT}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Exchanging]:
    made = Exchanging.new(tmp_path)
    yield made
    made.db.close()


def entries(body: bytes) -> list[dict[str, Any]]:
    found = []
    for block in body.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append({**fields, "data": json.loads(fields["data"])})
    return found


def listen(here: Exchanging, one: Officer, place: Place | None = None, longest: float = 0.1) -> list[dict[str, Any]]:
    here.headers(one)

    async def read() -> bytes:
        stream = follow(here.app.state.installation, here.tokens[one.key], place or Place(), longest=longest)
        return b"".join([chunk async for chunk in stream])

    return entries(anyio.run(read))


def test_everything_for_a_reader_comes_in_its_turn(here: Exchanging) -> None:
    here.enrol(THAI)
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content(), Marking.RED, (THAI,)))
    here.post(THAI, f"/v1/intelligence/{told['digest']}/feedback", {"result": "hit"})
    kinds = [each["event"] for each in listen(here, THAI)]
    assert kinds[:2] == ["message", "message"]
    assert set(kinds[2:]) == {"match"}
    assert [each["event"] for each in listen(here, THAI_PHONE)].count("message") == 1
    assert [each["event"] for each in listen(here, SINGAPORE)][-1] == "feedback"
    assert listen(here, CHEMIST) == []


def test_a_follower_goes_on_where_it_was(here: Exchanging) -> None:
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    whole = listen(here, THAI)
    middle = len(whole) // 2
    assert listen(here, THAI, parse_place(whole[middle]["id"])) == whole[middle + 1 :]
    assert listen(here, THAI, parse_place(whole[-1]["id"])) == []


def test_what_is_scanned_is_told_within_a_second(here: Exchanging) -> None:
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    last = parse_place(listen(here, THAI)[-1]["id"])

    async def read() -> tuple[bytes, float]:
        stream = follow(here.app.state.installation, here.tokens[THAI.key], last, longest=60)
        async for chunk in stream:
            if chunk == routes.RETRY:
                here.say(UnitKind.SCAN, PHARMACY)
                began = time.monotonic()
            elif b"event: match" in chunk:
                await stream.aclose()
                return chunk, time.monotonic() - began
        raise AssertionError("nothing came")

    chunk, seconds = anyio.run(read)
    (match,) = entries(chunk)
    assert (match["data"]["what"], match["data"]["lot"]) == ("pack", LOT)
    assert seconds < 30  # of a busy machine; `scripts/indicators.py` measures it


def test_a_follower_whose_key_is_ended_hears_no_more(here: Exchanging) -> None:
    here.headers(THAI_PHONE)
    indexing.append(here.db, [end_key(THAI_PHONE, here.world.last_block + 1, here.now)])
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content()))
    (ended,) = listen(here, THAI_PHONE)
    assert (ended["event"], ended.get("id")) == ("ended", None)
    assert "ended" in ended["data"]["detail"]


def test_following_does_not_keep_a_session_open(here: Exchanging) -> None:
    listen(here, THAI)
    here.now += 800
    assert listen(here, THAI) == []
    here.now += 800
    (ended,) = listen(here, THAI)
    assert ended["data"]["detail"] == "The session has ended."


def test_silence_is_filled_with_heartbeats(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(routes, "HEARTBEAT_SECONDS", 0.02)
    here.headers(THAI)

    async def beats() -> int:
        stream = follow(here.app.state.installation, here.tokens[THAI.key], Place(), longest=60.0)
        count = 0
        async for chunk in stream:
            count += chunk.count(routes.HEARTBEAT)
            if count > 1:
                break
        await stream.aclose()
        return count

    assert anyio.run(beats) == 2


def test_the_call_names_its_type_and_where_to_go_on(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "__kwdefaults__", {"longest": 0.05})
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content()))
    answer = here.get(THAI, "/v1/intelligence/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    (only,) = entries(answer.content)
    headers = here.headers(THAI) | {"last-event-id": only["id"]}
    assert entries(here.ask.get("/v1/intelligence/events", headers=headers).content) == []
    assert entries(here.get(THAI, "/v1/intelligence/events", after=only["id"]).content) == []


def test_a_stranger_follows_nothing(here: Exchanging) -> None:
    assert_problem(here.ask.get("/v1/intelligence/events"), 401, "not-signed-in")
    answer = here.ask.get("/v1/intelligence/events", headers={"authorization": "Bearer x"})
    assert_problem(answer, 401, "not-signed-in")


@pytest.mark.parametrize("place", ["1", "1-2", "1-2-3-4", "a-b-c", "-1-0-0", "1-0-" + "9" * 60])
def test_a_place_of_another_stream_is_refused(here: Exchanging, place: str) -> None:
    answer = here.get(THAI, "/v1/intelligence/events", after=place)
    assert_problem(answer, 422, "invalid-input", field="Last-Event-ID")


def test_too_many_followers_are_asked_to_come_back(here: Exchanging) -> None:
    installation = here.app.state.installation
    installation.streaming.total_tokens = 1
    headers = here.headers(THAI)

    async def fill() -> httpx.Response:
        async with installation.streaming:
            transport = httpx.ASGITransport(here.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=SERVER) as client:
                return await client.get("/v1/intelligence/events", headers=headers)

    assert_problem(anyio.run(fill), 503, "unavailable")
