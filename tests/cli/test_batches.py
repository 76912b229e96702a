"""Batch files at the command line: bad rows, refusals, and what is sent when a command is run again."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from ledger.core.table import MAX_ROWS
from tests.cli.test_commands import GTIN, Shell, shell

__all__ = ["shell"]

HEADER = "gtin,lot,product_class,quantity,expiry,product\n"
BAD = f"{HEADER}{GTIN},L1,PPE,5,2031-05-31,Mask\n{GTIN},L2,TOY,5,2031-05-31,\n{GTIN},L1,PPE,5,2031-05-31,\n"


def register(shell: Shell, text: str, *more: str) -> Any:
    return shell.run("batch", "register", shell.file("b.csv", text), "--as", "ours", *more)


def test_every_bad_row_is_named_and_nothing_is_sent(shell: Shell) -> None:
    result = register(shell, BAD)
    assert result.exit_code == 2
    assert "Row 2, column product_class" in result.stderr
    assert "Row 3, column lot: repeats row 1" in result.stderr
    assert "--keep-going" in result.stderr
    assert shell.server.posted == []
    told = json.loads(register(shell, BAD, "--json").stdout)
    assert [fault["position"] for fault in told["evidence"]["faults"]] == [2, 3]


def test_the_good_rows_are_sent_if_that_is_wanted(shell: Shell) -> None:
    result = register(shell, BAD, "--keep-going", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert [batch["lot"] for batch in told["registered"]] == ["L1"]
    assert [(fault["position"], fault["field"]) for fault in told["faults"]] == [(2, "product_class"), (3, "lot")]
    assert len(shell.server.posted) == 1
    assert "2 bad rows left out" in register(shell, BAD, "--keep-going").stdout


def test_a_refusal_is_told_and_the_others_are_sent(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = shell.server.handle

    def refusing(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and json.loads(request.content)["message"]["lot"] == "L1":
            return httpx.Response(409, json={"detail": "It is registered.", "error": "BatchExists"})
        return handle(request)

    monkeypatch.setattr(shell.server, "handle", refusing)
    rows = f"{HEADER}{GTIN},L1,PPE,5,2031-05-31,\n{GTIN},L2,PPE,5,2031-05-31,\n"
    result = register(shell, rows)
    assert result.exit_code == 1
    assert f"{GTIN} L1: refused: It is registered." in result.stdout
    assert f"{GTIN} L2: recorded" in result.stdout


def test_the_same_file_again_makes_the_same_statements(shell: Shell) -> None:
    rows = f"{HEADER}{GTIN},L1,PPE,5,2031-05-31,Mask\n{GTIN},L2,PPE,5,2031-05-31,Mask\n"
    register(shell, rows)
    register(shell, rows)
    first, second = shell.server.posted[:2], shell.server.posted[2:]
    assert [each["message"] for each in first] == [each["message"] for each in second]
    salts = {each["document"]["salt"] for each in first}
    assert len(salts) == 2, "one salt would tell who knows one product the other"
    assert (shell.folder / "document-salts.secret").stat().st_mode & 0o077 == 0


def test_ten_thousand_rows_are_read_and_told_in_few_lines(shell: Shell) -> None:
    rows = "".join(f"{GTIN},L{number},PPE,5,2031-05-31,\n" for number in range(MAX_ROWS))
    bad = register(shell, HEADER + rows.replace("PPE", "TOY"))
    assert "and 9,950 more" in bad.stderr
    assert len(bad.stderr.splitlines()) < 60
    done = register(shell, HEADER + "".join(rows.splitlines(keepends=True)[:200]))
    assert done.stdout == "200 recorded\n"
