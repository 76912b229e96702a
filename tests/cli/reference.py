"""docs/cli.md as the command line itself tells it. Run `python -m tests.cli.reference` to write it anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer.main
from typer.core import TyperGroup

from ledger.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs/cli.md"
INTRODUCTION: Final = """# Commands

`lotproof` stands for `.venv/bin/lotproof` of the checkout; `source .venv/bin/activate` makes the short form work.

- **Exit codes**: 0 done; 1 refused by the ledger, not verified, or no answer; 2 wrong usage or malformed input.
- **`--json`** prints one JSON value for programs on standard output, errors included (`error`, `detail`, `advice`,
  `field`, `position`, `evidence`). Without it, errors are words on standard error.
- **Goods** are named by an SSCC, a consignment's id (`0x…`), `GTIN/LOT` while the batch is in one piece, or a scanned
  code.
- **Passwords** are never options: see [settings.md](settings.md#secrets).
- An option on the command line wins over a setting ([settings.md](settings.md)).
- What must be given is marked **needed**.

Every option is listed where it applies, in the words of `--help`; a test compares.
"""


def document() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_commands(typer.main.get_command(app), "lotproof")]).rstrip() + "\n"


def _commands(command: Any, path: str) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for name, each in command.commands.items():
            yield from _commands(each, f"{path} {name}")
        return
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and each.name != "help"]
    yield f"## {path}\n"
    yield f"`{' '.join([path, *(_argument(each) for each in arguments), '[OPTIONS]'])}`\n"
    yield f"{_cell(command.help)}\n"
    yield "| | | Default |\n|---|---|---|"
    for each in (*arguments, *options):
        name = _argument(each) if each in arguments else ", ".join(each.opts)
        yield f"| `{name}` | {_cell(each.help)} | {_default(each)} |"
    yield ""


def _argument(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    shown = str(name).strip("{}[]").rstrip(".") + ("..." if argument.nargs < 0 else "")
    return shown if argument.required else f"[{shown}]"


def _default(parameter: Any) -> str:
    value = parameter.default
    if parameter.required:
        return "**needed**"
    return f"`{value}`" if value not in (None, "", False, 0, [], ()) else ""


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
