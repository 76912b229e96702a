"""`lotproof operation`: joint operations of administrations, from the invitation to the counted results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.batches import DEFAULT_SERVER, Server, SigningKey
from ledger.cli.keys import Data
from ledger.cli.officer import Gtin, Lot, Seen, Sscc, Words, change, goods_words, signed_in
from ledger.cli.output import AsJson, command, show, visible

if TYPE_CHECKING:
    from ledger.cli.client import Json

app = typer.Typer(help="Work on joint operations with other administrations.", no_args_is_help=True)
Reference = Annotated[str, typer.Argument(help="The operation's reference, eight hexadecimal digits.")]
Sentence = Annotated[str, typer.Argument(help="What there is to say.")]
Organisation = Annotated[int, typer.Argument(min=1, help="The administration's number.")]
Begins = Annotated[str, typer.Option("--begins", help="ISO 8601 with a zone.")]
Ends = Annotated[str, typer.Option("--ends", help="ISO 8601 with a zone.")]


@app.command("open")
@command
def open_(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    key: SigningKey,
    begins: Begins,
    ends: Ends,
    invite: Annotated[list[int] | None, typer.Option(help="An administration's number. Repeat it.")] = None,
    words: Words = "",
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Open an operation that your administration leads, and invite others (a supervisor)."""
    told = {"name": name, "begins_at": begins, "ends_at": ends, "invite": invite or []}
    with signed_in(key, server, data) as client:
        made = client.post("/v1/operations", told | ({"words": words} if words else {}))
    show(made, _words(made), as_json=as_json)


@app.command("list")
@command
def list_(key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False) -> None:
    """List the operations that your administration takes part in or is invited to."""
    with signed_in(key, server, data) as client:
        told = client.get("/v1/operations")
    lines = [
        f"{each['reference']}  {each['phase']:<8} {each['status']:<9} from {each['begins_at'][:10]}"
        f" to {each['ends_at'][:10]}  {visible(each['name'])} ({visible(each['lead']['name'])})"
        for each in told["operations"]
    ]
    show(told, "\n".join(lines) or "There are no operations for you.", as_json=as_json)


@app.command("show")
@command
def show_(
    reference: Reference, key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False
) -> None:
    """Show an operation with its board. That you looked is noted for whose data is on it."""
    with signed_in(key, server, data) as client:
        told = client.get(f"/v1/operations/{reference}")
    show(told, _words(told), as_json=as_json)


@app.command("invite")
@command
def invite(
    reference: Reference,
    organisation: Organisation,
    key: SigningKey,
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Invite another administration (a supervisor of the one that leads)."""
    _do(reference, "invite", key, seen, server, data, as_json=as_json, organisation=organisation)


@app.command("remove")
@command
def remove(
    reference: Reference,
    organisation: Organisation,
    key: SigningKey,
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take an administration out of the group (a supervisor of the one that leads)."""
    _do(reference, "remove", key, seen, server, data, as_json=as_json, organisation=organisation, words=words)


@app.command("accept")
@command
def accept(
    reference: Reference,
    key: SigningKey,
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Accept an invitation (a supervisor)."""
    _do(reference, "accept", key, seen, server, data, as_json=as_json)


@app.command("decline")
@command
def decline(
    reference: Reference,
    key: SigningKey,
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Decline an invitation (a supervisor)."""
    _do(reference, "decline", key, seen, server, data, as_json=as_json, words=words)


@app.command("leave")
@command
def leave(
    reference: Reference,
    key: SigningKey,
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Leave an operation: your cases go off its board, what was said and aimed at stays (a supervisor)."""
    _do(reference, "leave", key, seen, server, data, as_json=as_json, words=words)


@app.command("window")
@command
def window(
    reference: Reference,
    key: SigningKey,
    begins: Begins,
    ends: Ends,
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Give an operation another time (a supervisor of the one that leads)."""
    told = {"begins_at": begins, "ends_at": ends, "words": words}
    _do(reference, "window", key, seen, server, data, as_json=as_json, **told)


@app.command("post")
@command
def post(
    reference: Reference,
    words: Sentence,
    key: SigningKey,
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Say something on the board."""
    _do(reference, "post", key, seen, server, data, as_json=as_json, words=words)


@app.command("target")
@command
def target(
    reference: Reference,
    key: SigningKey,
    line: Annotated[int, typer.Option(min=0, help="A declaration line of your country.")] = 0,
    alert: Annotated[int, typer.Option(min=0, help="A match; see `intelligence matches`.")] = 0,
    gtin: Gtin = "",
    lot: Lot = "",
    sscc: Sscc = "",
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Put goods to look for on the board: of a declaration line, of an alert, or by their code."""
    told: dict[str, str | int] = {"line": line, "match": alert, "gtin": gtin, "lot": lot, "sscc": sscc, "words": words}
    _do(reference, "target", key, seen, server, data, as_json=as_json, **told)


@app.command("draw")
@command
def draw(
    reference: Reference,
    key: SigningKey,
    risk: Annotated[int, typer.Option("--risk", min=1, max=100, help="Of at least this risk.")] = 50,
    most: Annotated[int, typer.Option("--most", min=1, max=100, help="How many.")] = 20,
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Put the riskiest declaration lines of your country on the board that are not on it yet."""
    _do(reference, "draw", key, seen, server, data, as_json=as_json, least_risk=risk, most=most)


@app.command("drop")
@command
def drop(
    reference: Reference,
    target: Annotated[int, typer.Argument(min=1, help="The target's number.")],
    key: SigningKey,
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take a target of your own off the board; that it was there stays on record."""
    _do(reference, "drop", key, seen, server, data, as_json=as_json, target=target, words=words)


@app.command("close")
@command
def close(
    reference: Reference,
    key: SigningKey,
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Close an operation: its results stay as they are counted now (a supervisor of the one that leads)."""
    _do(reference, "close", key, seen, server, data, as_json=as_json, words=words)


@app.command("results")
@command
def results(
    reference: Reference,
    key: SigningKey,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write them here: .csv or .pdf.")] = None,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show the results, or write them to a file."""
    from ledger.durable import OWNER, writing

    path = f"/v1/operations/{reference}/results"
    with signed_in(key, server, data) as client:
        told = client.get(path)
        if output is not None:
            form = "pdf" if output.suffix.lower() == ".pdf" else "csv"
            with writing(output, OWNER) as file:
                file.write(client.get_bytes(f"{path}.{form}"))
    show(told, _results(told), as_json=as_json)


def _do(
    reference: str,
    act: str,
    key: str,
    seen: int,
    server: str,
    data: Path | None,
    *,
    as_json: bool,
    **fields: str | int,
) -> None:
    with signed_in(key, server, data) as client:
        told = change(client, f"/v1/operations/{reference}", seen, act, **fields)
    show(told, _words(told) if "name" in told else f"{told['reference']}: {told['status']}", as_json=as_json)


def _words(told: Json) -> str:
    when = f"{told['phase']}, {told['begins_at']} to {told['ends_at']}"
    lines = [
        f"{told['reference']}: {visible(told['name'])}, {when} (version {told['version']})",
        *([visible(told["words"])] if told["words"] else []),
        *(f"  {each['status']:<9} {visible(each['name'])} ({each['number']})" for each in told["members"]),
    ]
    lines += [f"Target {_target(each)}" for each in told.get("targets", ())]
    lines += [
        f"Case {each['number']} of {visible(each['organisation']['name'])}: {each['state']}"
        f" {', '.join(one['kind'] for one in each['outcomes'])}".rstrip()
        for each in told.get("cases", ())
    ]
    lines += [
        f"  {each['at']}  {visible(each['organisation']['name'])}: {each['act']}"
        f" {visible(str(each['details'].get('words', '')))}".rstrip()
        for each in told.get("board", ())
    ]
    return "\n".join([*lines, *([_results(told["results"])] if "results" in told else [])])


def _target(target: Json) -> str:
    risk = f", risk {target['risk']}" if target["risk"] is not None else ""
    gone = " (dropped)" if target["dropped_at"] else ""
    said = f": {visible(target['words'])}" if target["words"] else ""
    named = visible(goods_words(target["goods"])) or "no goods named"
    return f"{target['number']}{gone}, {visible(target['organisation']['name'])}, {named}{risk}{said}"


def _results(told: Json) -> str:
    head = f"{'cases':>7}{'closed':>8}{'holds':>7}{'seized':>8}{'units':>10}{'seized*':>9}{'units*':>10}"
    names = ("cases", "closed", "holds", "seizures", "units", "stated_seizures", "stated_units")
    widths = (7, 8, 7, 8, 10, 9, 10)
    rows = [*((each, each["organisation"]["name"]) for each in told["by_member"]), (told, "all")]
    lines = [
        "".join(f"{each[name]:>{width},}" for name, width in zip(names, widths, strict=True)) + f"  {visible(who)}"
        for each, who in rows
    ]
    frozen = "as closed" if told["frozen"] else "as counted"
    return "\n".join([f"Results {frozen} {told['counted_at']}", head, *lines, "*: stated, of goods not on the ledger"])
