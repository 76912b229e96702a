"""Administrations at their terminals, against a real application in process, and a server that lies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.routes import events
from api.routes import intelligence as routes
from ledger.chain import keys
from ledger.cli import sharing_desk
from ledger.cli.client import Client
from ledger.cli.main import app
from ledger.core.errors import UnavailableError
from ledger.core.intelligence.marking import STIX_IDS, Marking
from ledger.core.unit import UnitKind
from tests.core.batch_story import GTIN, LOT
from tests.exchange import BELGIUM, CHEMIST, INDONESIAN, SINGAPORE, SINGAPORE_PHONE, THAI, THAI_PHONE, Exchanging
from tests.share_world import THAILAND, content

OFFICERS = {
    "singapore": SINGAPORE,
    "singapore-phone": SINGAPORE_PHONE,
    "thai": THAI,
    "thai-phone": THAI_PHONE,
    "belgium": BELGIUM,
    "indonesia": INDONESIAN,
    "chemist": CHEMIST,
}
LOT_MESSAGE = {"title": "Fake cold chain label", "words": "Blue cap.", "pattern": {"kind": "lot", "lot": LOT}}


class Terminals:
    """Terminals whose commands reach one server, which may lie."""

    def __init__(self, here: Exchanging, folder: Path) -> None:
        self.here = here
        self.folder = folder
        self.lie: Callable[[str, Any], Any] = lambda _path, answer: answer
        self.asked: list[str] = []

    def client(self, server: str) -> Client:
        client = Client(server)
        client._http = httpx.Client(transport=httpx.MockTransport(self.handle), base_url=server)
        return client

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
        names = {"authorization", "content-type", "host", "last-event-id"}
        kept = {name: value for name, value in request.headers.items() if name in names}
        answer = self.here.ask(request.method, request.url.raw_path.decode(), content=request.content, headers=kept)
        if answer.headers["content-type"].startswith("text/event-stream"):
            return httpx.Response(
                answer.status_code, content=answer.content, headers={"content-type": "text/event-stream"}
            )
        return httpx.Response(answer.status_code, json=self.lie(request.url.path, answer.json()))

    def run(self, who: str, *words: str, code: int = 0) -> Any:
        command = [*words, "--as", who, "--json", "--data", str(self.folder)]
        result: Result = CliRunner().invoke(app, command)
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        assert result.exit_code == code, result.output
        return json.loads(result.output)

    def words(self, who: str, *words: str) -> str:
        result: Result = CliRunner().invoke(app, [*words, "--as", who, "--data", str(self.folder)])
        assert result.exit_code == 0, result.output
        return result.output

    def send(self, who: str, told: Any, *words: str, code: int = 0) -> Any:
        file = self.folder / "message.json"
        file.write_text(json.dumps(told), encoding="utf-8")
        answer = self.run(who, "intelligence", "send", str(file), *words, code=code)
        return answer["sent"] if code == 0 else answer


@pytest.fixture
def desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminals]:
    here = Exchanging.new(tmp_path)
    made = Terminals(here, tmp_path)
    monkeypatch.setattr("ledger.cli.intelligence.Client", made.client)
    monkeypatch.setattr("ledger.cli.unit.Client", made.client)
    monkeypatch.setattr(keys, "load", lambda _folder, name, _password: OFFICERS[name].signer)
    monkeypatch.setattr(keys, "encryption_key", lambda _folder, name, _password: OFFICERS[name].private)
    monkeypatch.setenv("LOTPROOF_KEY_PASSWORD", "a password for tests")
    monkeypatch.setattr(sharing_desk.time, "time", lambda: here.now)
    monkeypatch.setattr(events.follow, "__kwdefaults__", {"longest": 0.05})
    monkeypatch.setattr(routes.follow, "__kwdefaults__", {"longest": 0.05})
    monkeypatch.setattr(events, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(routes, "POLL_SECONDS", 0.01)
    yield made
    here.db.close()


def test_a_session_is_opened_for_another_program(desks: Terminals) -> None:
    told = desks.run("thai", "sign-in")
    assert told["organisation"]["number"] == THAILAND
    answer = desks.here.ask.get("/v1/session", headers={"authorization": f"Bearer {told['token']}"})
    assert answer.status_code == 200
    assert "Signed in for Customs of Thailand (7)" in desks.words("thai", "sign-in")


def test_a_challenge_for_another_server_is_not_signed(desks: Terminals) -> None:
    def lie(path: str, answer: Any) -> Any:
        if path.endswith("challenge"):
            answer["message"] = answer["message"].replace("127.0.0.1:8000", "bank.example").replace("http:", "https:")
        return answer

    desks.lie = lie
    told = desks.run("thai", "sign-in", code=1)
    assert "bank.example" in told["detail"]
    assert not [each for each in desks.asked if each == "POST /v1/session"]


def test_a_challenge_for_another_key_is_not_signed(desks: Terminals) -> None:
    def lie(path: str, answer: Any) -> Any:
        if path.endswith("challenge"):
            door = desks.here.app.state.installation.doorkeeper
            answer["message"] = door.challenge(SINGAPORE.signer.signer, "127.0.0.1:8000", desks.here.now).text()
        return answer

    desks.lie = lie
    assert "another key" in desks.run("thai", "intelligence", "list", code=1)["detail"]


def test_an_open_message_is_sent_read_matched_answered_and_withdrawn(desks: Terminals) -> None:
    desks.here.say(UnitKind.SCAN, 4)
    (sent,) = desks.send("singapore", LOT_MESSAGE, "--marking", "green")
    (heard,) = desks.run("thai", "intelligence", "list")["messages"]
    assert (heard["content"]["title"], heard["fault"], heard["digest"]) == (
        "Fake cold chain label",
        None,
        sent["digest"],
    )
    assert "Fake cold chain label" in desks.words("thai", "intelligence", "list")
    found = desks.run("thai", "intelligence", "matches")["matches"]
    assert {each["what"] for each in found} == {"batch", "movement", "pack"}
    desks.run("thai", "intelligence", "answer", sent["digest"], "hit", "--words", "Two cartons")
    assert "Customs of Thailand: hit" in desks.words("singapore", "intelligence", "answers")
    looked = desks.run("singapore", "looks")["looks"]
    assert {each["kind"] for each in looked} == {"intelligence"}
    assert "times" in desks.words("singapore", "looks")
    assert "Customs of Thailand" in desks.words("belgium", "intelligence", "members")
    desks.run("singapore", "intelligence", "withdraw", sent["digest"])
    first, second = desks.run("thai", "intelligence", "list")["messages"]
    assert (first["withdrawn_at"] is not None, second["form"]) == (True, "withdrawal")
    assert "(withdrawn)" in desks.words("thai", "intelligence", "list")


def test_a_sealed_message_reaches_its_recipients_and_nothing_of_it_the_server(desks: Terminals) -> None:
    for who in ("thai", "thai-phone"):
        desks.run(who, "intelligence", "key")
    assert "Back up" in desks.words("thai", "intelligence", "key")
    (sent,) = desks.send("singapore", LOT_MESSAGE, "--marking", "TLP:AMBER", "--to", str(THAILAND))
    assert sent["content"] is None
    for who in ("thai", "thai-phone"):
        (heard,) = desks.run(who, "intelligence", "list")["messages"]
        assert heard["content"]["words"] == "Blue cap."
    assert desks.run("belgium", "intelligence", "list")["messages"] == []
    desks.asked.clear()
    told = desks.run("thai", "intelligence", "matches")
    assert {each["what"] for each in told["compared_here"]} == {"batch", "movement"}
    assert not [path for path in desks.asked if LOT in path or GTIN in path]
    (issuer,) = desks.run("singapore", "intelligence", "list")["messages"]
    assert "cannot be opened" in issuer["fault"]


def test_a_red_message_is_for_one_key(desks: Terminals) -> None:
    for who in ("thai", "thai-phone"):
        desks.run(who, "intelligence", "key")
    desks.send("singapore", LOT_MESSAGE, "--marking", "red", "--to", "0x" + THAI_PHONE.key.hex())
    assert len(desks.run("thai-phone", "intelligence", "list")["messages"]) == 1
    assert desks.run("thai", "intelligence", "list")["messages"] == []


@pytest.mark.parametrize(
    ("marking", "to", "says"),
    [
        ("amber", [], "names its recipients"),
        ("amber", ["8"], "published no encryption key"),
        ("amber", ["eight"], "no organisation's number"),
        ("red", ["0x" + "ab" * 32], "belongs to no organisation"),
        ("purple", [], "No marking"),
        ("", [], "No marking"),
    ],
)
def test_a_message_that_cannot_be_sent_says_why(desks: Terminals, marking: str, to: list[str], says: str) -> None:
    named = [word for each in to for word in ("--to", each)]
    chosen = ["--marking", marking] if marking else []
    code = 1 if "published" in says or "belongs" in says else 2
    told = desks.send("singapore", LOT_MESSAGE, *chosen, *named, code=code)
    assert says in told["detail"]


@pytest.mark.parametrize(
    ("told", "position"),
    [
        ([LOT_MESSAGE, {"title": ""}], 1),
        ([LOT_MESSAGE, 5], 1),
        ([{"title": "x", "valid_until": "tomorrow"}], 0),
        ([{"title": "x", "pattern": {"kind": "lot"}}], 0),
    ],
)
def test_a_malformed_file_is_refused_whole(desks: Terminals, told: Any, position: int) -> None:
    answer = desks.send("singapore", told, "--marking", "green", code=2)
    assert answer["position"] == position
    assert not [asked for asked in desks.asked if asked.startswith("POST")]


def test_too_many_messages_and_what_is_no_json_are_refused(desks: Terminals) -> None:
    assert "more than" in desks.send("singapore", [LOT_MESSAGE] * 1_001, "--marking", "green", code=2)["detail"]
    file = desks.folder / "message.json"
    file.write_text("{", encoding="utf-8")
    assert "no JSON" in desks.run("singapore", "intelligence", "send", str(file), code=2)["detail"]


def test_stix_goes_out_and_comes_in_again(desks: Terminals) -> None:
    desks.send("singapore", [LOT_MESSAGE, {"title": "Seen at night"}], "--marking", "green")
    file = desks.folder / "bundle.json"
    desks.run("thai", "intelligence", "list", "--stix", str(file))
    bundle = json.loads(file.read_text())
    kinds = [each["type"] for each in bundle["objects"]]
    assert kinds == ["marking-definition", "identity", "indicator", "report"]
    assert bundle["objects"][2]["object_marking_refs"] == [STIX_IDS[Marking.GREEN]]
    desks.here.now += 1
    told = desks.run("thai", "intelligence", "send", str(file), "--marking", "clear", code=2)
    assert "may not go as far" in told["detail"]
    sent = desks.run("thai", "intelligence", "send", str(file))["sent"]
    assert [each["marking"] for each in sent] == ["TLP:GREEN"] * 2
    titles = [each["content"]["title"] for each in desks.run("belgium", "intelligence", "list")["messages"]]
    assert titles == ["Fake cold chain label", "Seen at night"] * 2


def test_what_the_server_altered_is_not_believed(desks: Terminals) -> None:
    desks.send("singapore", LOT_MESSAGE, "--marking", "green")

    def lie(path: str, answer: Any) -> Any:
        for each in answer.get("messages", ()) if path == "/v1/intelligence" else ():
            each["message"]["issuedAt"] -= 1
        return answer

    desks.lie = lie
    (heard,) = desks.run("thai", "intelligence", "list")["messages"]
    assert "believe nothing" in heard["fault"]
    assert heard["content"] is None


def test_nothing_is_sealed_to_a_key_that_its_organisation_did_not_sign(desks: Terminals) -> None:
    desks.run("thai", "intelligence", "key")

    def lie(path: str, answer: Any) -> Any:
        for each in answer.get("keys", ()) if "/keys/" in path else ():
            each.update(CHEMIST.enrolment(desks.here.now, organisation=THAILAND).to_json())
        return answer

    desks.lie = lie
    told = desks.send("singapore", LOT_MESSAGE, "--marking", "amber", "--to", str(THAILAND), code=1)
    assert "no key of it signed" in told["detail"]


def test_whose_a_key_is_the_chain_says_where_a_node_is_named(desks: Terminals, monkeypatch: pytest.MonkeyPatch) -> None:
    desks.run("thai", "intelligence", "key")

    class Contract:
        def __init__(self, *_: object) -> None: ...

        def view(self, name: str, key: bytes) -> tuple[tuple[int, ...], ...]:
            assert (name, key) == ("key", THAI.key)
            return ((99, 1, 0, 0, 0, 0),)

    monkeypatch.setattr("ledger.chain.contracts.Ledger", Contract)
    monkeypatch.setattr("ledger.deploy.open_chain", lambda _settings: None)
    monkeypatch.setenv("LOTPROOF_RPC_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("LOTPROOF_LEDGER_ADDRESS", "0x" + "11" * 20)
    told = desks.send("singapore", LOT_MESSAGE, "--marking", "amber", "--to", str(THAILAND), code=1)
    assert "no key of it signed" in told["detail"]


def test_the_stream_is_followed_from_where_it_was(desks: Terminals, monkeypatch: pytest.MonkeyPatch) -> None:
    desks.send("singapore", LOT_MESSAGE, "--marking", "green")
    stream, told = Client.follow, []

    def until_twice(client: Client, path: str, last: str, **options: Any) -> Iterator[Any]:
        told.append(last)
        if len(told) > 2:
            raise UnavailableError("The test has seen enough.")
        yield from stream(client, path, last, **options)
        yield "ended", "", {"detail": "The session has ended."}

    monkeypatch.setattr(Client, "follow", until_twice)
    result = CliRunner().invoke(app, ["intelligence", "watch", "--as", "thai", "--data", str(desks.folder)])
    assert result.exit_code == 1
    assert "Fake cold chain label" in result.output
    assert "match: batch" in result.output
    assert told[0] == ""
    assert told[1] == told[2] != ""
    told.clear()
    command = ["intelligence", "watch", "--as", "thai", "--json", "--data", str(desks.folder)]
    lines = CliRunner().invoke(app, command).output.splitlines()
    assert json.loads(lines[0])["event"] == "message"


def test_an_answer_is_followed_by_the_issuer(desks: Terminals) -> None:
    (sent,) = desks.send("singapore", LOT_MESSAGE, "--marking", "green")
    desks.run("thai", "intelligence", "answer", sent["digest"], "false")
    with desks.client("http://127.0.0.1:8000") as client:
        client.bear(desks.run("singapore", "sign-in")["token"])
        kinds = [kind for kind, _, _ in client.follow("/v1/intelligence/events", "")]
    assert kinds[0] == "message"
    assert kinds[-1] == "feedback"


def test_a_message_that_the_server_drops_is_missed_before_the_log_is_anchored(desks: Terminals) -> None:
    desks.send("singapore", [LOT_MESSAGE, LOT_MESSAGE], "--marking", "green")
    with desks.here.db.transaction() as connection:
        connection.execute("UPDATE log_nodes SET hash = ? WHERE level = 0 AND position = 1", (b"x" * 32,))
    told = desks.run("singapore", "unit", "anchor", code=1)
    assert "is not in the log" in told["detail"]


def test_a_message_that_is_taken_for_another_is_noticed(desks: Terminals) -> None:
    def lie(path: str, answer: Any) -> Any:
        return answer | {"digest": "0x" + "11" * 32} if path == "/v1/intelligence" else answer

    desks.lie = lie
    assert "for another" in desks.send("singapore", LOT_MESSAGE, "--marking", "green", code=1)["detail"]


def test_a_contents_salt_is_new_each_time(desks: Terminals) -> None:
    one, two = desks.send("singapore", [LOT_MESSAGE, LOT_MESSAGE], "--marking", "green")
    assert one["message"]["content"] != two["message"]["content"]
    assert content().salt not in json.dumps(one)
