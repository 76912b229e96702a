"""`lotproof report`: read and answer, on the server's machine, what people reported. Nobody vouches for any of it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from ledger.cli.keys import Data, settings_for
from ledger.cli.output import AsJson, command, show, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.report import Desk, Publisher, Ranking
    from ledger.store.reports import Report

app = typer.Typer(help="Read and answer reports from people, on the server's machine.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="The report's number, as `lotproof report list` shows it.")]
MOST: Final = 1_000  # listed at once
BEGINNING: Final = 60  # characters of a report's words in the list


class _Parts(NamedTuple):
    """What works on reports here."""

    desk: Desk
    ranking: Ranking
    publisher: Publisher


@command
def list_(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that were answered too.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List the newest reports, those that were not answered yet."""
    with _parts(data) as parts:
        found = parts.desk.newest(MOST, answered=everything)
    answer = {"reports": [_json(each) for each in found]}
    show(answer, "\n".join(map(_line, found)) or "There are no reports to answer.", as_json=as_json)


@command
def triage(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that were answered too.")] = False,
    after: Annotated[str, typer.Option(help="Go on after this place: `next` of the page before.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Rank every incident that waits for an answer, and list the most urgent with the reasons, 50 at once."""
    from ledger.store.incidents import KEEPER

    now = int(time.time())
    with _parts(data) as parts:
        while parts.ranking.renew(now):
            pass
        found = parts.desk.queue(KEEPER, now, answered=everything, after=after)
    lines = [_incident_lines(each) for each in found["incidents"]]
    if found["next"]:
        lines.append(f"More: --after {found['next']}")
    show(found, "\n".join(lines) or "There are no incidents to answer.", as_json=as_json)


@command
def show_(number: Number, data: Data = None, as_json: AsJson = False) -> None:
    """Show the incident that a report tells of, with all its reports; their senders can see that they were read."""
    from ledger.store.incidents import KEEPER

    with _parts(data) as parts:
        answer = parts.desk.show(KEEPER, number, int(time.time()))
        for each in answer["reports"]:
            path = parts.desk.photo_path(parts.desk.report(KEEPER, each["number"])) if each["photo"] else None
            each["photo"] = None if path is None else str(path)
    show(answer, _words(answer), as_json=as_json)


@command
def answer(
    number: Number,
    words: Annotated[str, typer.Argument(help="What the holders of the receipts will read.")],
    *,
    only: Annotated[bool, typer.Option("--only", help="This report alone, not all of its incident.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Answer all reports of an incident; an earlier answer gives way."""
    from ledger.store.incidents import KEEPER

    with _parts(data) as parts:
        found = parts.desk.answer(KEEPER, number, words, int(time.time()), only=only)
    whom = f"Report {number} is" if only else f"All reports of incident {found['incident']['number']} are"
    show(found, f"{whom} answered. Whoever holds a receipt can read that now.", as_json=as_json)


@command
def join(
    number: Number,
    into: Annotated[int, typer.Argument(metavar="TO", help="A report of the other incident.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Join the incident of a report to another one, because both tell of the same."""
    from ledger.store.incidents import KEEPER

    with _parts(data) as parts:
        found = parts.desk.join(KEEPER, number, into, int(time.time()))
    about = found["incident"]
    show(found, f"Incident {about['number']} has {about['reports']} reports now.", as_json=as_json)


@command
def part(number: Number, data: Data = None, as_json: AsJson = False) -> None:
    """Part a report from the incident that it was joined to."""
    from ledger.store.incidents import KEEPER

    with _parts(data) as parts:
        found = parts.desk.part(KEEPER, number, int(time.time()))
    show(found, f"Report {number} is an incident of its own now.", as_json=as_json)


@command
def counts(data: Data = None, as_json: AsJson = False) -> None:
    """Show what is published: how many incidents were reported in each month that is over."""
    with _parts(data) as parts:
        found = parts.publisher.counts(int(time.time()))
    fewer = f"fewer than {found['least_total']}"
    lines = [
        f"{each['month']}  {fewer if each['incidents'] is None else each['incidents']}" for each in found["months"]
    ]
    show(found, "\n".join(lines), as_json=as_json)


app.command("list")(list_)
app.command("triage")(triage)
app.command("show")(show_)
app.command("answer")(answer)
app.command("join")(join)
app.command("part")(part)
app.command("counts")(counts)


@contextmanager
def _parts(data: Any) -> Iterator[_Parts]:  # noqa: ANN401 - as `settings_for`
    from ledger.report import Desk, Publisher, Ranking
    from ledger.store.database import open_database
    from ledger.store.read_model import ReadModel
    from ledger.verify import Verifier

    settings = settings_for(data)
    database = open_database(settings.database_url)
    try:
        ranking = Ranking(database, Verifier(ReadModel(database), settings))
        yield _Parts(Desk(database, settings, ranking), ranking, Publisher(database))
    finally:
        database.close()


def _state(found: Report) -> str:
    return "answered" if found.answered_at else "read" if found.read_at else "new"


def _json(found: Report) -> dict[str, Any]:
    from ledger.core.wording import moment

    return {
        "number": found.number,
        "incident": found.incident,
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
    same = f", as {found.incident}" if found.joined else ""
    return f"{found.number}  {moment(found.received_at)}  {_state(found)}  {about}{photo}{same}  {words[:BEGINNING]}"


def _incident_lines(told: dict[str, Any]) -> str:
    about = f"{told['gtin']} lot {visible(told['lot'] or '-')}" if told["gtin"] else "no readable code"
    where = f" at {told['place']}" if told["place"] else ""
    head = f"{told['urgency']:3}  {told['number']}  {about}{where}  {told['waiting']} of {told['reports']} to answer"
    return "\n".join([head, *(f"     - {visible(each['words'])}" for each in told["reasons"])])


def _words(told: dict[str, Any]) -> str:
    """An incident for a person; nothing that a stranger wrote reaches the terminal as it is."""
    about = told["incident"]
    urgency = f"urgency {about['urgency']} of 100 ({about['level'].replace('_', ' ')})"
    lines = [f"Incident {about['number']}: {about['reports']} reports, {urgency}; unverified"]
    lines += [f"- {visible(each['words'])}" for each in about["reasons"]]
    lines += [f"- Indicator {each['digest']} of {visible(each['issuer']['name'])}" for each in about["indicators"]]
    for each in told["reports"]:
        lines += ["", *_report_lines(each)]
    return "\n".join(lines)


def _report_lines(told: dict[str, Any]) -> list[str]:
    goods = f"{told['gtin']} lot {told['lot']} serial number {told['serial'] or '-'}" if told["gtin"] else ""
    said = {
        "Report": f"{told['number']}, received {told['received_at']}, {told['state']}",
        "Joined": told["joined_words"] or "",
        "Code": told["code"],
        "Goods": goods,
        "Place": told["place"] or "",
        "Words": told["words"],
        "Photo": told["photo"] or "",
        "Answer": told["answer"] or "",
    }
    return [f"{name}: {visible(text)}".replace("\n", "\n    ") for name, text in said.items() if text]
