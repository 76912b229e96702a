"""docs/cli.md says what `--help` says."""

from __future__ import annotations

from tests.cli.reference import DOCUMENT, document


def test_the_page_of_commands_is_what_the_command_line_says() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "write it anew: python -m tests.cli.reference"


def test_every_command_can_answer_as_json() -> None:
    sections = document().split("\n## ")[1:]
    assert len(sections) > 30
    assert [section.splitlines()[0] for section in sections if "`--json`" not in section] == []
