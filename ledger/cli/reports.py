"""`lotproof report`: read and answer, on the server's machine, what people reported. Nobody vouches for any of it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.cli.keys import Data, settings_for
from ledger.cli.output import AsJson, command, show, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.report import Desk
    from ledger.store.reports import Report

app = typer.Typer(help="Read and answer reports from people, on the server's machine.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="The report's number, as `lotproof report list` shows it.")]
MOST: Final = 1_000  # listed at once
BEGINNING: Final = 60  # characters of a report's words in the list


@command
def list_(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that were answered too.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List the newest reports, those that were not answered yet."""
    with _desk(data) as desk:
        found = desk.newest(MOST, answered=everything)
    answer = {"reports": [_json(each) for each in found]}
    show(answer, "\n".join(map(_line, found)) or "There are no reports to answer.", as_json=as_json)


@command
def show_(number: Number, data: Data = None, as_json: AsJson = False) -> None:
    """Show a report; its sender can see from then on that it was read."""
    with _desk(data) as desk:
        found = desk.read(number, int(time.time()))
        photo = desk.photo_path(found)
    answer = _json(found) | {"photo": None if photo is None else str(photo)}
    show(answer, _words(found) + (f"\nPhoto: {photo}" if photo else ""), as_json=as_json)


@command
def answer(
    number: Number,
    words: Annotated[str, typer.Argument(help="What the holder of the report's receipt will read.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Answer a report; an earlier answer gives way."""
    with _desk(data) as desk:
        found = desk.answer(number, words, int(time.time()))
    show(_json(found), f"Report {number} is answered. Whoever holds its receipt can read that now.", as_json=as_json)


app.command("list")(list_)
app.command("show")(show_)
app.command("answer")(answer)


@contextmanager
def _desk(data: Any) -> Iterator[Desk]:  # noqa: ANN401 - as `settings_for`
    from ledger.report import Desk
    from ledger.store.database import open_database

    settings = settings_for(data)
    database = open_database(settings.database_url)
    try:
        yield Desk(database, settings)
    finally:
        database.close()


def _state(found: Report) -> str:
    return "answered" if found.answered_at else "read" if found.read_at else "new"


def _json(found: Report) -> dict[str, Any]:
    from ledger.core.wording import moment

    return {
        "number": found.number,
        "state": _state(found),
        "received_at": moment(found.received_at),
        "code": found.code,
        "gtin": found.gtin or None,
        "lot": found.lot or None,
        "serial": found.serial or None,
        "place": found.place or None,
        "words": found.words,
        "photo_bytes": found.photo_bytes,
        "answer": found.answer or None,
    }


def _line(found: Report) -> str:
    from ledger.core.wording import moment

    about = f"{found.gtin} lot {found.lot}" if found.gtin else "no readable code"
    words = visible(found.words).replace("\n", " ")
    photo = ", photo" if found.photo_bytes else ""
    return f"{found.number}  {moment(found.received_at)}  {_state(found)}  {about}{photo}  {words[:BEGINNING]}"


def _words(found: Report) -> str:
    from ledger.core.wording import moment

    said = {
        "Report": f"{found.number}, received {moment(found.received_at)}; unverified",
        "Code": visible(found.code),
        "Goods": f"{found.gtin} lot {found.lot} serial number {found.serial or '-'}" if found.gtin else "",
        "Place": found.place,
        "Words": visible(found.words),
        "Answer": visible(found.answer),
    }
    return "\n".join(f"{name}: {text}" for name, text in said.items() if text)
