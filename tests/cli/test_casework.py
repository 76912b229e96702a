"""Officers at their terminals: a case from a scan to its decision, and an operation from its invitation to its file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer.main
from typer.testing import CliRunner

from ledger.chain import keys
from ledger.cli.client import Client
from ledger.cli.main import app
from tests.casework_world import (
    INDONESIAN,
    INDONESIAN_CHIEF,
    LINE,
    THAI,
    THAI_CHIEF,
    THAI_LOT,
    THAI_PHONE,
    Caseworking,
    decided,
    iso,
)
from tests.indexed_world import GTIN

OFFICERS = {
    "thai": THAI,
    "thai-phone": THAI_PHONE,
    "thai-chief": THAI_CHIEF,
    "indonesia": INDONESIAN,
    "indonesia-chief": INDONESIAN_CHIEF,
}
COMMAND = typer.main.get_command(app)
CODE = f"(01){GTIN}(10){THAI_LOT}"


class Terminals:
    """Terminals whose commands reach one server."""

    def __init__(self, here: Caseworking, folder: Path) -> None:
        self.here = here
        self.folder = folder
        self.altered = b""  # what the server gives in place of a file
        self.foreign = False  # whether its challenges are for another chain
        self.asked: list[str] = []

    def client(self, server: str) -> Client:
        client = Client(server)
        client._http = httpx.Client(transport=httpx.MockTransport(self.handle), base_url=server)
        return client

    def handle(self, request: httpx.Request) -> httpx.Response:
        names = {"authorization", "content-type", "host"}
        kept = {name: value for name, value in request.headers.items() if name in names}
        self.asked.append(f"{request.method} {request.url.path}")
        answer = self.here.ask(request.method, str(request.url), content=request.read(), headers=kept)
        content = self.altered if self.altered and "/evidence/" in request.url.path else answer.content
        if self.foreign and request.url.path.endswith("challenge"):
            content = re.sub(rb"Chain ID: [0-9]+", b"Chain ID: 1", content)
        return httpx.Response(
            answer.status_code, content=content, headers={"content-type": answer.headers["content-type"]}
        )

    def run(self, who: str, *words: str, code: int = 0) -> Any:
        result = CliRunner().invoke(app, [*words, "--as", who, "--json", "--data", str(self.folder)])
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        assert result.exit_code == code, result.output
        return json.loads(result.output)

    def words(self, who: str, *words: str) -> str:
        result = CliRunner().invoke(app, [*words, "--as", who, "--data", str(self.folder)])
        assert result.exit_code == 0, result.output
        return result.output


@pytest.fixture
def desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminals]:
    here = Caseworking.new(tmp_path)
    made = Terminals(here, tmp_path)
    monkeypatch.setattr("ledger.cli.officer.Client", made.client)
    monkeypatch.setattr("typer.testing._get_command", lambda _app: COMMAND)  # made once, not for each of forty calls
    monkeypatch.setattr(keys, "load", lambda _folder, name, _password: OFFICERS[name].signer)
    monkeypatch.setenv("LOTPROOF_KEY_PASSWORD", "a password for tests")
    yield made
    here.db.close()


def test_a_challenge_for_another_chain_is_not_signed(desks: Terminals) -> None:
    desks.foreign = True
    assert "another key or chain" in desks.run("thai", "case", "list", code=1)["detail"]
    assert "POST /v1/session" not in desks.asked


def test_a_session_ends_with_its_command_whatever_comes_of_it(desks: Terminals) -> None:
    desks.run("thai", "case", "show", "99", code=1)
    assert desks.asked[-1] == "DELETE /v1/session"


def test_a_case_is_worked_on_at_a_terminal(desks: Terminals) -> None:
    opened = desks.run("thai", "case", "open", "--code", CODE, "--title", "Two pallets\a", code=2)
    assert opened["field"] == "title"
    opened = desks.run("thai", "case", "open", "--code", CODE, "--words", "Look.")
    assert (opened["number"], opened["state"]) == (1, "opened")
    desks.run("thai", "case", "note", "1", "The seal is whole.")
    desks.run("thai", "case", "move", "1", "examining")
    desks.run("thai-chief", "case", "assign", "1", "0x" + THAI_PHONE.key.hex())
    desks.run("thai-chief", "case", "due", "1", iso(desks.here.now + 9_000), "The laboratory is closed.")
    desks.run("thai", "case", "task", "1", "Ask the laboratory", "--due", iso(desks.here.now + 60))
    assert desks.run("thai", "case", "done", "1", "1")["tasks"][0]["done_at"]
    desks.run("thai", "case", "goods", "1", "--sscc", "054138680000000016")
    desks.run("thai", "case", "outcome", "1", "0x" + decided()["seize"].hex())
    desks.run("thai", "case", "seizure", "1", "PPE", "40", "No code at all.")
    shown = desks.words("thai", "case", "show", "1")
    assert "SEIZE of 1,000 units" in shown
    assert "Seized besides: 40 PPE" in shown
    assert "Task 1: Ask the laboratory (done" in shown
    assert "note       The seal is whole." in shown
    closed = desks.run("thai-chief", "case", "close", "1", "--words", "Done.")
    assert closed["state"] == "closed"
    assert "State: closed" in desks.words("thai", "case", "show", "1")
    assert desks.run("thai-chief", "case", "reopen", "1", "It was not.")["state"] == "examining"
    assert "examining" in desks.words("thai", "case", "list", "--state", "open")
    assert desks.words("thai-phone", "case", "list", "--mine", "--overdue") == "There are no such cases.\n"


def test_what_was_changed_since_it_was_seen_is_told(desks: Terminals) -> None:
    desks.run("thai", "case", "open", "--code", CODE)
    desks.run("thai", "case", "note", "1", "First.", "--seen", "1")
    told = desks.run("thai-phone", "case", "note", "1", "Second.", "--seen", "1", code=1)
    assert "Somebody else changed this" in told["detail"]


def test_a_case_is_opened_from_one_thing(desks: Terminals) -> None:
    desks.here.declare(LINE)
    assert desks.run("thai", "case", "open", code=2)["field"] == "source"
    assert desks.run("thai", "case", "open", "--line", "1", "--alert", "2", code=2)["field"] == "source"
    assert desks.run("thai", "case", "open", "--line", "1")["source"]["risk"] == 80


def test_evidence_is_checked_when_it_is_taken_out(desks: Terminals, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8 a pallet")
    desks.run("thai", "case", "open", "--code", CODE)
    added = desks.run("thai", "case", "evidence", "1", str(photo), "--holder", "Ramp")
    assert added["evidence"][0]["sha256"] == "0x" + sha256(photo.read_bytes()).hexdigest()
    desks.run("thai", "case", "hand-over", "1", "1", "Laboratory")
    assert "Evidence 1: photo.jpg, 11 bytes, held by Laboratory" in desks.words("thai", "case", "show", "1")
    out = tmp_path / "out.jpg"
    told = desks.words("thai", "case", "fetch", "1", "1", "-o", str(out))
    assert "held by Ramp → Laboratory" in told
    assert out.read_bytes() == photo.read_bytes()
    out.unlink()
    desks.altered = b"another file"
    assert desks.run("thai", "case", "fetch", "1", "1", "-o", str(out), code=2)["field"] == "sha256"
    assert not out.exists()
    desks.altered = b""
    assert desks.run("thai", "case", "fetch", "1", "2", "-o", str(out), code=1)["field"] == "item"


def test_an_operation_is_led_at_a_terminal(desks: Terminals, tmp_path: Path) -> None:
    here = desks.here
    here.declare(LINE, LINE._replace(sequence_numeric=2))
    window = ("--begins", iso(here.now - 60), "--ends", iso(here.now + 86_400))
    opened = desks.run("thai-chief", "operation", "open", "Mercury", *window, "--invite", "8", "--words", "By air.")
    reference = opened["reference"]
    assert "invited" in desks.words("indonesia", "operation", "list")
    assert "By air." in desks.words("indonesia", "operation", "show", reference)
    desks.run("indonesia-chief", "operation", "accept", reference)
    desks.run("thai", "operation", "post", reference, "Look at cold chain labels.")
    desks.run("thai", "operation", "target", reference, "--line", "1", "--words", "First")
    desks.run("thai", "operation", "draw", reference, "--most", "5")
    desks.run("indonesia", "operation", "target", reference, "--gtin", GTIN, "--lot", "X1")
    desks.run("indonesia", "operation", "drop", reference, "3")
    desks.run("thai", "case", "open", "--code", CODE)
    desks.run("thai", "case", "join", "1", reference)
    desks.run("thai", "case", "outcome", "1", "0x" + decided()["seize"].hex())
    shown = desks.words("indonesia", "operation", "show", reference)
    assert "Target 1, Customs of Thailand, GTIN 05413868000016 lot RC1, risk 80: First" in shown
    assert "Target 3 (dropped), Customs of Indonesia" in shown
    assert "Case 1 of Customs of Thailand: opened SEIZE" in shown
    assert "Customs of Thailand: post Look at cold chain labels." in shown
    for ending, begins in (("csv", b"\xef\xbb\xbfoperation"), ("pdf", b"%PDF-")):
        out = tmp_path / f"results.{ending}"
        told = desks.words("indonesia", "operation", "results", reference, "-o", str(out))
        assert "1,000" in told
        assert out.read_bytes().startswith(begins)
    desks.run("thai", "case", "join", "1")
    assert desks.run("thai", "operation", "results", reference)["cases"] == 0


def test_the_group_changes_at_a_terminal(desks: Terminals) -> None:
    here = desks.here
    window = ("--begins", iso(here.now - 60), "--ends", iso(here.now + 86_400))
    reference = desks.run("thai-chief", "operation", "open", "Mercury", *window, "--invite", "8")["reference"]
    assert desks.words("indonesia-chief", "operation", "decline", reference) == f"{reference}: declined\n"
    desks.run("thai-chief", "operation", "invite", reference, "8")
    desks.run("indonesia-chief", "operation", "accept", reference)
    assert desks.run("indonesia-chief", "operation", "leave", reference)["status"] == "left"
    desks.run("thai-chief", "operation", "invite", reference, "8")
    desks.run("thai-chief", "operation", "remove", reference, "8", "--words", "By mistake.")
    assert desks.words("indonesia", "operation", "list") == "There are no operations for you.\n"
    desks.run("thai-chief", "operation", "window", reference, *window, "--words", "As before.")
    assert desks.run("thai-chief", "operation", "close", reference)["phase"] == "closed"
    assert "Results as closed" in desks.words("thai", "operation", "results", reference)
