"""What the command line says, and the exit codes that scripts rely on."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from ledger.cli.output import AsJson, command, show
from ledger.core.errors import (
    ConfigurationError,
    InvalidCodeError,
    LotproofError,
    NotFoundError,
    StatementRefusedError,
    UnavailableError,
)

runner = CliRunner()


def app_raising(error: LotproofError) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    @command
    def run(as_json: AsJson = False) -> None:  # noqa: FBT002 - a flag of the command line
        del as_json
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidCodeError("no"), 2),
        (ConfigurationError("no"), 2),
        (StatementRefusedError("no"), 1),
        (NotFoundError("no"), 1),
        (UnavailableError("no"), 1),
    ],
)
def test_the_exit_code_tells_wrong_usage_from_refusal(error: LotproofError, code: int) -> None:
    assert runner.invoke(app_raising(error)).exit_code == code


def test_an_error_says_what_where_and_what_next() -> None:
    error = InvalidCodeError("Check digit is 7.", advice="Read it again.", field="code", position=13)
    result = runner.invoke(app_raising(error))
    assert result.stderr == "lotproof: Check digit is 7. [code, position 13]\nRead it again.\n"
    assert result.stdout == ""


def test_an_error_as_json_holds_its_evidence() -> None:
    error = StatementRefusedError("Stale.", error="StaleHead", expected=b"\x01", known={1})
    result = runner.invoke(app_raising(error), ["--json"])
    answer = json.loads(result.stdout)
    assert answer["error"] == "StatementRefused"
    assert answer["evidence"] == {"error": "StaleHead", "expected": "0x01", "known": "{1}"}


def test_an_answer_is_words_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    show({"a": "ü"}, "words", as_json=False)
    show({"a": "ü"}, "words", as_json=True)
    assert capsys.readouterr().out == 'words\n{\n  "a": "ü"\n}\n'
