"""`lotproof lane` and `lotproof certificate` against a real application in process, and a server that lies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger.chain import keys
from ledger.cli.main import app
from ledger.core.log_watch import Receipt
from ledger.store.receipts import open_receipts
from tests.attest_world import BODY, BODY_KEY, SCOPES
from tests.cli.test_intelligence import OFFICERS, Terminals
from tests.core.batch_story import CUSTOMS, DOMAIN, GTIN, MAKER, PHARMACY, REGULATOR
from tests.exchange import SINGAPORE, Exchanging
from tests.indexed_world import CARTON
from tests.test_declare import LINE, file_of

SIGNERS = {name: one.signer for name, one in OFFICERS.items()} | {"body": BODY_KEY}
DESIGNATION = {
    "body": BODY,
    "signer": "0x" + BODY_KEY.signer.hex(),
    "valid_until": "2027-05-01",
    "name": "Prüfhaus",
    "scopes": SCOPES,
}
CERTIFICATE = {
    "body": BODY,
    "number": "C-17",
    "holder": MAKER,
    "valid_from": "2025-05-01",
    "valid_until": "2028-05-01",
    "category": "respiratory",
    "standard": "EN 149:2001+A1:2009",
    "module": "B",
    "voluntary": False,
    "models": [{"gtin": GTIN}],
}


@pytest.fixture
def desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminals]:
    here = Exchanging.new(tmp_path)
    made = Terminals(here, tmp_path)
    for module in ("attest_desk", "client", "officer"):
        monkeypatch.setattr(f"ledger.cli.{module}.Client", made.client)
    monkeypatch.setattr(keys, "load", lambda _folder, name, _password: SIGNERS[name])
    monkeypatch.setenv("LOTPROOF_KEY_PASSWORD", "a password for tests")
    monkeypatch.setattr("time.time", lambda: float(here.now))
    yield made
    here.db.close()


def file(desks: Terminals, told: Any) -> str:
    path = desks.folder / "given.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told), encoding="utf-8")
    return str(path)


def public(*words: str) -> tuple[Any, str]:
    """What a command says that needs no key, to a program and to a person."""
    told = CliRunner().invoke(app, [*words, "--json"])
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout), CliRunner().invoke(app, list(words)).stdout


def test_operators_are_trusted_and_a_line_goes_the_green_lane(desks: Terminals) -> None:
    desks.run("belgium", "lane", "trust", str(MAKER), "--until", "2027-05-01")
    given = desks.run("singapore", "lane", "trust", str(PHARMACY), "--until", "2027-05-01")
    assert given["valid_until"] == "2027-05-02T00:00:00Z"
    recognised = desks.words("singapore", "lane", "recognise", "be", "--until", "2027-05-01")
    assert "Customs: trusted statuses of BE until 2027-05-02" in recognised
    headers = desks.here.headers(SINGAPORE) | {"content-type": "text/csv"}
    desks.here.ask.post("/v1/declarations", headers=headers, content=file_of(LINE))
    assert "Release recommended" in desks.words("singapore", "lane", "line", "1")
    assert f"{GTIN} lot {LINE.lot}" in desks.words("singapore", "lane", "list")
    assert [each["number"] for each in desks.run("singapore", "lane", "list")["lines"]] == [1]
    desks.run("singapore", "lane", "revoke", given["digest"])
    why = desks.words("singapore", "lane", "line", "1")
    assert "No recommendation" in why
    assert "operator_not_trusted: Pharmacy: its trusted status does not count: it was taken back" in why
    assert "for no line" in desks.words("singapore", "lane", "list")
    told, words = public("lane", "trusted")
    assert [each["stands"] for each in told["attestations"]] == [True, False, True]
    assert "does not count" in words


def test_goods_are_asked_for_without_a_declaration(desks: Terminals) -> None:
    told = desks.run("belgium", "lane", "goods", CARTON)
    assert not told["recommended"]
    assert "A person decides." in desks.words("belgium", "lane", "goods", CARTON)


def test_a_body_is_designated_certifies_and_takes_back(desks: Terminals) -> None:
    designated = desks.run("belgium", "certificate", "designate", file(desks, DESIGNATION))
    assert designated["content"]["name"] == "Prüfhaus"
    issued = desks.run("body", "certificate", "issue", file(desks, CERTIFICATE))
    assert issued["message"]["validFrom"] == 1_746_057_600  # the beginning of 2025-05-01
    assert issued["log"] is None
    told, words = public("certificate", "list")
    assert [each["stands"] for each in told["attestations"]] == [True, True]
    assert "certificate C-17 of body 2797 for Maker & Co until 2028-05-02" in words
    since = "2026-05-28T20:33:40Z"
    assert "0x" in desks.words("body", "certificate", "revoke", issued["digest"])
    desks.run("belgium", "certificate", "revoke", designated["digest"], "--since", since, code=1)
    told, _ = public("certificate", "list")
    assert [each["stands"] for each in told["attestations"]] == [True, False]


def test_the_machine_remembers_what_its_log_must_hold(desks: Terminals) -> None:
    told = desks.run("singapore", "lane", "recognise", "BE", "--until", "2027-05-01")
    remembered = open_receipts(desks.folder / "receipts", DOMAIN, CUSTOMS).open
    leaf = bytes.fromhex(told["log"]["leaf"][2:])
    assert remembered == [Receipt(bytes.fromhex(told["digest"][2:]), 0, leaf)]


def test_a_server_that_takes_it_for_another_is_not_believed(desks: Terminals) -> None:
    desks.lie = lambda path, told: told | {"digest": "0x" + "00" * 32} if path == "/v1/attestations" else told
    told = desks.run("singapore", "lane", "recognise", "BE", "--until", "2027-05-01", code=1)
    assert "took the attestation for another" in told["detail"]
    assert open_receipts(desks.folder / "receipts", DOMAIN, CUSTOMS).open == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ("{", "file"),
        ("[" * 60, "body"),
        ({**CERTIFICATE, "holder": "x"}, "holder"),
        ({**CERTIFICATE, "valid_from": "soon"}, "valid_from"),
        ({**CERTIFICATE, "more": 1}, "more"),
        ({**CERTIFICATE, "module": None}, "content.module"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(desks: Terminals, given: Any, field: str) -> None:
    assert desks.run("body", "certificate", "issue", file(desks, given), code=2)["field"] == field


def test_what_is_mistyped_is_refused_with_its_place(desks: Terminals) -> None:
    told = desks.run("belgium", "lane", "trust", str(MAKER), "--until", "30 June", code=2)
    assert told["field"] == "until"
    assert desks.run("belgium", "lane", "revoke", "0x1234", code=2)["field"] == "digest"
    assert desks.run("belgium", "lane", "trust", str(REGULATOR), "--until", "2027-05-01", code=1)["detail"]


def test_nobody_is_trusted_at_first(desks: Terminals) -> None:
    assert desks.asked == []
    assert "Nobody is trusted yet." in public("lane", "trusted")[1]
    assert "no certificates yet" in public("certificate", "list")[1]
