"""`lotproof key accept`: what the phone asks for is shown, bounded and only then signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from ledger import label
from ledger.cli.main import app
from ledger.core.enrolment import fingerprint
from ledger.core.statement import Domain, KeyAddition, parse_submission
from ledger.core.vocabulary import Purpose
from tests.cli.fake_server import LEDGER, OTHER, OURS, signer_of
from tests.cli.test_commands import DOMAIN, Shell, shell
from tests.core.test_enrolment import link

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["shell"]
PHONE = signer_of(4242)


def code(organisation: int = OURS, purposes: int = Purpose.EVENTS, domain: Domain = DOMAIN, until: int = 0) -> str:
    statement = KeyAddition(organisation, PHONE.signer, purposes, 0, until)
    cosignature = "0x" + PHONE.sign(statement.digest(domain)).hex()
    return link({"v": 1, "message": statement.message(), "cosignature": cosignature, "name": "Counter 2"})


def test_the_key_is_shown_and_enrolled(shell: Shell) -> None:
    result = shell.run("key", "accept", code(until=1_827_619_200), "--as", "ours", "--yes")
    assert (result.exit_code, result.stdout) == (0, f"recorded in block 5: 0x{1:064x}\n")
    for shown in ("Counter 2", fingerprint(PHONE.key_id), f"{OURS} Ours", "events", "until 2027-12-01"):
        assert shown in result.stderr
    submission = parse_submission(shell.server.posted[-1])
    submission.check(DOMAIN)  # both signatures hold
    assert submission.statement == KeyAddition(OURS, PHONE.signer, Purpose.EVENTS, 0, 1_827_619_200)


@pytest.mark.parametrize(("said", "sent"), [("y\n", 1), ("n\n", 0), ("", 0)])
def test_nothing_is_sent_before_it_is_confirmed(shell: Shell, said: str, sent: int) -> None:
    words = ["key", "accept", code(), "--as", "ours", "--data", str(shell.folder), "--json"]
    result = CliRunner().invoke(app, words, input=said)
    assert len(shell.server.posted) == sent
    assert result.exit_code == (0 if sent else 1)
    assert "Does the phone show the same fingerprint" in result.stderr
    if sent:
        assert '"state": "recorded"' in result.stdout


def test_the_code_is_read_from_a_picture(shell: Shell) -> None:
    (shell.folder / "screen.png").write_bytes(label.png(code(), []))
    assert shell.run("key", "accept", str(shell.folder / "screen.png"), "--as", "ours", "--yes").exit_code == 0
    assert shell.server.posted[-1]["type"] == "KeyAddition"


def test_a_key_for_more_than_events_must_be_asked_for(shell: Shell) -> None:
    both = code(purposes=Purpose.EVENTS | Purpose.ADMIN)
    result = shell.run("key", "accept", both, "--as", "ours", "--yes")
    assert result.exit_code == 2
    assert "asks for more than events: admin" in result.stderr
    assert "--for events --for admin" in result.stderr
    assert shell.server.posted == []
    words = ("--for", "events", "--for", "admin")
    assert shell.run("key", "accept", both, "--as", "ours", "--yes", *words).exit_code == 0


@pytest.mark.parametrize("name", ["other organisation", "other ledger", "no code", "no file", "no enrolment", "no end"])
def test_what_does_not_fit_is_refused_before_anything_is_sent(shell: Shell, name: str, tmp_path: Path) -> None:
    (tmp_path / "other.png").write_bytes(label.png("https://lotproof.example/01/09521101000016", []))
    given = {
        "other organisation": code(OTHER),
        "other ledger": code(domain=Domain(1, LEDGER)),
        "no code": "hello",
        "no file": str(tmp_path / "nothing.png"),
        "no enrolment": str(tmp_path / "other.png"),
        "no end": "a" * 5_000,
    }[name]
    result = shell.run("key", "accept", given, "--as", "ours", "--yes")
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("lotproof: ")
    assert shell.server.posted == []
