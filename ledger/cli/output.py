"""How the command line speaks: plain words or JSON, and an exit code that scripts can rely on.

Exit codes: 0 done, 1 refused or not verified, 2 wrong usage or malformed input (design section 7).
"""

from __future__ import annotations

import functools
import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final, ParamSpec

import typer

from ledger.core.errors import ConfigurationError, InvalidInputError, LotproofError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.cli.client import Json

Parameters = ParamSpec("Parameters")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of words.")]
WRONG_USAGE: Final = 2
REFUSED: Final = 1


def show(answer: Json, words: str, *, as_json: bool) -> None:
    """Print `answer` as JSON, or `words` for a person."""
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2) if as_json else words)


def exit_code(error: LotproofError) -> int:
    """2 for what the caller must correct, 1 for what the ledger or the world refuses."""
    return WRONG_USAGE if isinstance(error, InvalidInputError | ConfigurationError) else REFUSED


def error_words(error: LotproofError) -> str:
    """The error for a person: what happened, where, and what to do next."""
    where = ""
    if error.field is not None:
        where = f" [{error.field}" + (f", position {error.position}" if error.position is not None else "") + "]"
    return f"{error.detail}{where}" + (f"\n{error.advice}" if error.advice else "")


def error_json(error: LotproofError) -> Json:
    """The error for a program."""
    return {
        "error": type(error).__name__.removesuffix("Error"),
        "detail": error.detail,
        "advice": error.advice,
        "field": error.field,
        "position": error.position,
        "evidence": {name: _plain(value) for name, value in error.evidence.items()},
    }


def command(run: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Wrap a command so that the project's errors become words (or JSON, with `--json`) and an exit code."""

    @functools.wraps(run)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            run(*args, **kwargs)
        except LotproofError as error:
            if kwargs.get("as_json"):
                typer.echo(json.dumps(error_json(error), ensure_ascii=False, indent=2))
            else:
                typer.echo(f"lotproof: {error_words(error)}", err=True)
            sys.exit(exit_code(error))

    return wrapped


def visible(text: str) -> str:
    """Text of a stranger without what a terminal would obey."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _plain(value: Any) -> Any:  # noqa: ANN401 - evidence may be anything
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)
