"""The client: the server's problems come back as the project's errors."""

from __future__ import annotations

import httpx
import pytest

from ledger.cli.client import Client
from ledger.core.errors import (
    ConfigurationError,
    InvalidInputError,
    LotproofError,
    NotFoundError,
    StatementRefusedError,
    UnavailableError,
)


def client_of(handler: object) -> Client:
    client = Client("http://127.0.0.1:1")
    client._http = httpx.Client(transport=httpx.MockTransport(handler), base_url=client.server)  # type: ignore[arg-type]  # the handler returns what httpx wants
    return client


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidInputError),
        (422, InvalidInputError),
        (404, NotFoundError),
        (409, StatementRefusedError),
        (503, UnavailableError),
        (500, UnavailableError),
    ],
)
def test_a_problem_becomes_the_error_it_stands_for(status: int, kind: type[LotproofError]) -> None:
    problem = {"detail": "No.", "advice": "Try.", "field": "lot", "position": 3, "error": "StaleHead", "bad-name": 1}
    with client_of(lambda _: httpx.Response(status, json=problem)) as client, pytest.raises(kind) as caught:
        client.get("/v1/chain")
    error = caught.value
    assert (error.detail, error.advice, error.field, error.position) == ("No.", "Try.", "lot", 3)
    assert error.evidence == {"error": "StaleHead"}


def test_a_front_door_that_asks_for_patience_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("ledger.cli.client.time.sleep", waits.append)
    too_many = httpx.Response(429, json={"detail": "Too many."}, headers={"retry-after": "10"})
    answers = [too_many, httpx.Response(429, json={}), httpx.Response(200, json={"digest": "0xa"})]
    with client_of(lambda _: answers.pop(0)) as client:
        assert client.post("/v1/statements", {}) == {"digest": "0xa"}
    assert waits == [10, 1]


def test_patience_with_a_front_door_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.cli.client.time.sleep", lambda _: pytest.fail("it waits"))
    answer = httpx.Response(429, json={"detail": "Too many."}, headers={"retry-after": "601"})
    with client_of(lambda _: answer) as client, pytest.raises(UnavailableError, match="Too many"):
        client.get("/v1/chain")


def test_what_is_not_our_json_names_the_server_option() -> None:
    with client_of(lambda _: httpx.Response(200, text="<html>")) as client, pytest.raises(ConfigurationError) as caught:
        client.get("/")
    assert "--server" in caught.value.advice


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with Client("http://127.0.0.1:9", timeout=2) as client, pytest.raises(UnavailableError, match="No answer"):
        client.get("/v1/chain")


def test_waiting_ends_when_every_statement_is_settled() -> None:
    answers = {"0xa": ["pending", "recorded"], "0xb": ["refused"]}

    def handler(request: httpx.Request) -> httpx.Response:
        digest = request.url.path.rsplit("/", 1)[1]
        states = answers[digest]
        return httpx.Response(200, json={"state": states.pop(0) if len(states) > 1 else states[0]})

    with client_of(handler) as client:
        states = client.wait(["0xa", "0xb"], frozenset({"recorded", "refused"}), 10)
    assert {digest: state["state"] for digest, state in states.items()} == {"0xa": "recorded", "0xb": "refused"}


def test_waiting_in_vain_says_that_nothing_is_lost() -> None:
    with (
        client_of(lambda _: httpx.Response(200, json={"state": "pending"})) as client,
        pytest.raises(UnavailableError, match="accepted but not yet") as caught,
    ):
        client.wait(["0xa"], frozenset({"recorded"}), 0)
    assert "stay queued" in caught.value.advice


def test_an_image_is_sent_as_it_is_with_who_scans_it() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.content == b"\x89PNG"
        assert request.url.params["organisation"] == "7"
        return httpx.Response(200, json={"codes": []})

    with client_of(handler) as client:
        assert client.post_image(b"\x89PNG", organisation=7) == {"codes": []}
