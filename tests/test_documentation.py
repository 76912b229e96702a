"""The documents tell the truth: their links lead somewhere, and their commands are ones that exist."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
import typer.main
from typer._click import Context
from typer._click.core import Command
from typer._click.exceptions import UsageError
from typer.core import TyperGroup

from ledger.cli.main import app
from ledger.core.gs1 import sscc18

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
BLOCK = re.compile(r"```(?:sh|console|bash)\n(.*?)```", re.DOTALL)


def commands() -> list[tuple[str, str]]:
    found = []
    for document in DOCUMENTS:
        for block in BLOCK.findall(document.read_text(encoding="utf-8")):
            for line in re.sub(r"\\\s*\n\s*", " ", re.sub(r"^ {3}", "", block, flags=re.MULTILINE)).splitlines():
                text = line.strip().removeprefix("$ ")
                if re.match(r"(\.venv/bin/)?lotproof\b|\./scripts/|scripts/", text):
                    found.append((document.relative_to(ROOT).as_posix(), text))
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(document: Path) -> None:
    broken = [
        link for link in LINK.findall(document.read_text(encoding="utf-8")) if not (document.parent / link).exists()
    ]
    assert broken == []


@pytest.mark.parametrize(("document", "command"), commands())
def test_every_command_in_a_document_exists_and_takes_its_options(document: str, command: str) -> None:
    words = [word for word in shlex.split(command, comments=True) if not re.match(r"LOTPROOF_\w+=", word)]
    program = words[0].removeprefix(".venv/bin/")
    if program != "lotproof":
        script = ROOT / program
        assert script.is_file(), f"{document}: {program} is not there"
        assert os.access(script, os.X_OK) or script.suffix == ".py", f"{document}: {program} cannot be run"
        return
    parse(typer.main.get_command(app), words[1:])


def parse(command: Command, words: list[str], parent: Context | None = None) -> None:
    """Parse as the command line does, and run nothing."""
    if words in (["--help"], []):
        return
    context = command.make_context(command.name or "lotproof", list(words), parent=parent)
    if isinstance(command, TyperGroup):
        name, subcommand, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert subcommand is not None, name
        parse(subcommand, rest, context)


@pytest.mark.parametrize("wrong", ["custody hold --nonsense 1", "custody misplace", "demo --speed 3", "nonsense"])
def test_a_command_that_does_not_exist_is_noticed(wrong: str) -> None:
    with pytest.raises(UsageError):
        parse(typer.main.get_command(app), wrong.split())


SSCC = re.compile(r"(?<![0-9])0[0-9]{17}(?![0-9])")


def test_every_sscc_in_a_guide_is_a_right_one() -> None:
    found = [
        code
        for guide in ("manufacturer", "authority")
        for code in SSCC.findall((ROOT / f"docs/{guide}.md").read_text())
    ]
    assert found
    assert [sscc18(code) for code in found] == found


def test_documents_with_commands_were_found() -> None:
    assert len(commands()) > 10
