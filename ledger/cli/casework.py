"""`lotproof case`: open cases from what was found, work on them, and close them with a signed decision."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.batches import DEFAULT_SERVER, Server, SigningKey, read
from ledger.cli.keys import Data
from ledger.cli.officer import UPLOAD_SECONDS, Gtin, Lot, Seen, Sscc, Words, change, goods_words, signed_in
from ledger.cli.output import AsJson, command, show, visible
from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from ledger.cli.client import Json

app = typer.Typer(help="Work on the cases of your administration.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(min=1, help="The case's number.")]
Item = Annotated[int, typer.Argument(min=1, help="The number of the evidence.")]
Sentence = Annotated[str, typer.Argument(help="What there is to say.")]
When = Annotated[str, typer.Option("--due", help="Until when: ISO 8601 with a zone.")]


@app.command("open")
@command
def open_(
    key: SigningKey,
    code: Annotated[str, typer.Option(help="What was scanned.")] = "",
    alert: Annotated[int, typer.Option(min=0, help="The number of a match; see `intelligence matches`.")] = 0,
    report: Annotated[int, typer.Option(min=0, help="The number of a report.")] = 0,
    line: Annotated[int, typer.Option(min=0, help="The number of a declaration line.")] = 0,
    title: Annotated[str, typer.Option(help="What it is about; made from what was found if not given.")] = "",
    words: Words = "",
    operation: Annotated[str, typer.Option(help="The reference of the operation that it belongs to.")] = "",
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Open a case from one of: a scanned code, an alert, a report, a declaration line."""
    kinds = {"scan": ("code", code), "alert": ("match", alert), "report": ("report", report)}
    kinds["declaration"] = ("line", line)
    given = [{"kind": kind, name: value} for kind, (name, value) in kinds.items() if value]
    if len(given) != 1:
        detail = "A case is opened from one thing."
        raise InvalidInputError(detail, advice="Give one of --code, --alert, --report and --line.", field="source")
    more = {name: text for name, text in (("title", title), ("words", words), ("operation", operation)) if text}
    with signed_in(key, server, data) as client:
        told = client.post("/v1/cases", {"source": given[0], **more})
    show(told, _words(told), as_json=as_json)


@app.command("list")
@command
def list_(
    key: SigningKey,
    state: Annotated[str, typer.Option(help="open, closed, opened, examining, waiting or deciding.")] = "",
    *,
    mine: Annotated[bool, typer.Option("--mine", help="Only those of this key.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what should have gone on by now.")] = False,
    operation: Annotated[str, typer.Option(help="Only those of this operation.")] = "",
    before: Annotated[int, typer.Option(min=0, help="Only lower numbers.")] = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List the cases of your administration, the newest first, at most 100."""
    flags = {name: "true" for name, given in (("mine", mine), ("overdue", overdue)) if given}
    with signed_in(key, server, data) as client:
        told = client.get("/v1/cases", state=state, operation=operation, before=before, **flags)
    show(told, "\n".join(map(_line, told["cases"])) or "There are no such cases.", as_json=as_json)


@app.command("show")
@command
def show_(
    number: Number, key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False
) -> None:
    """Show a case with everything that was done."""
    with signed_in(key, server, data) as client:
        told = client.get(f"/v1/cases/{number}")
    show(told, _words(told), as_json=as_json)


@app.command("note")
@command
def note(
    number: Number,
    words: Sentence,
    key: SigningKey,
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a note to a case."""
    _do(number, "note", key, seen, server, data, as_json=as_json, words=words)


@app.command("move")
@command
def move(
    number: Number,
    to: Annotated[str, typer.Argument(help="examining, waiting or deciding.")],
    key: SigningKey,
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Move a case on; its clock begins anew."""
    _do(number, "move", key, seen, server, data, as_json=as_json, to=to, words=words)


@app.command("assign")
@command
def assign(
    number: Number,
    owner: Annotated[str, typer.Argument(help="The id of an officer's key, as `case show` lists them.")],
    key: SigningKey,
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Give a case to an officer (a supervisor)."""
    _do(number, "assign", key, seen, server, data, as_json=as_json, owner=owner)


@app.command("due")
@command
def due(
    number: Number,
    until: Annotated[str, typer.Argument(help="ISO 8601 with a zone.")],
    words: Sentence,
    key: SigningKey,
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Give a case another time, and say why (a supervisor)."""
    _do(number, "due", key, seen, server, data, as_json=as_json, due_at=until, words=words)


@app.command("task")
@command
def task(
    number: Number,
    words: Sentence,
    key: SigningKey,
    until: When = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add something that is to be done."""
    _do(number, "task", key, seen, server, data, as_json=as_json, words=words, due_at=until)


@app.command("done")
@command
def done(
    number: Number,
    task: Annotated[int, typer.Argument(min=1, help="The task's number.")],
    key: SigningKey,
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Say that a task is done."""
    _do(number, "task_done", key, seen, server, data, as_json=as_json, task=task, words=words)


@app.command("goods")
@command
def goods(
    number: Number,
    key: SigningKey,
    gtin: Gtin = "",
    lot: Lot = "",
    sscc: Sscc = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Name more goods that a case is about."""
    _do(number, "goods", key, seen, server, data, as_json=as_json, gtin=gtin, lot=lot, sscc=sscc)


@app.command("outcome")
@command
def outcome(
    number: Number,
    digest: Annotated[str, typer.Argument(help="Of the HOLD, RELEASE or SEIZE, as `lotproof custody` printed it.")],
    key: SigningKey,
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take a signed decision into a case; the server looks it up on the ledger."""
    _do(number, "outcome", key, seen, server, data, as_json=as_json, digest=digest)


@app.command("seizure")
@command
def seizure(
    number: Number,
    product_class: Annotated[str, typer.Argument(help="VACCINE, MEDICINE, PPE, DEVICE or OTHER.")],
    units: Annotated[int, typer.Argument(min=1, help="How many.")],
    words: Sentence,
    key: SigningKey,
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """State that goods were seized which the ledger does not know."""
    stated: dict[str, str | int] = {"product_class": product_class, "units": units, "words": words}
    _do(number, "seizure", key, seen, server, data, as_json=as_json, **stated)


@app.command("join")
@command
def join(
    number: Number,
    key: SigningKey,
    operation: Annotated[str, typer.Argument(help="Its reference; nothing takes the case off its board.")] = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Put a case on the board of an operation, or take it off."""
    path = f"/v1/cases/{number}"
    with signed_in(key, server, data) as client:
        version = seen or client.get(path)["version"]
        told = client.post(path, {"version": version, "act": "operation", "operation": operation})
    show(told, _words(told), as_json=as_json)


@app.command("close")
@command
def close(
    number: Number,
    key: SigningKey,
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Close a case; without a decision it needs a reason (a supervisor)."""
    _do(number, "close", key, seen, server, data, as_json=as_json, words=words)


@app.command("reopen")
@command
def reopen(
    number: Number,
    words: Sentence,
    key: SigningKey,
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Open a closed case again, and say why (a supervisor)."""
    _do(number, "reopen", key, seen, server, data, as_json=as_json, words=words)


@app.command("evidence")
@command
def evidence(
    number: Number,
    file: Annotated[Path, typer.Argument(help="The file.")],
    key: SigningKey,
    holder: Annotated[str, typer.Option(help="Who holds what it shows; this key if not given.")] = "",
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a file of evidence to a case."""
    content = read(file)
    fields = {"name": file.name, "holder": holder, "words": words}
    with signed_in(key, server, data) as client:
        version = seen or client.get(f"/v1/cases/{number}")["version"]
        path = f"/v1/cases/{number}/evidence"
        told = client.post_form(path, content, UPLOAD_SECONDS, version=str(version), **fields)
    show(told, _words(told), as_json=as_json)


@app.command("hand-over")
@command
def hand_over(
    number: Number,
    item: Item,
    holder: Annotated[str, typer.Argument(help="Who holds it from now on.")],
    key: SigningKey,
    words: Words = "",
    seen: Seen = 0,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Say who holds a piece of evidence from now on."""
    _do(number, "hand_over", key, seen, server, data, as_json=as_json, evidence=item, holder=holder, words=words)


@app.command("fetch")
@command
def fetch(
    number: Number,
    item: Item,
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to.")],
    key: SigningKey,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take a file of evidence out, after checking here that it is the one of the record and who held it."""
    from ledger.cli.consignments import moment
    from ledger.core.casework.evidence import require_chain
    from ledger.durable import OWNER, writing

    with signed_in(key, server, data) as client:
        pieces = [each for each in client.get(f"/v1/cases/{number}")["evidence"] if each["number"] == item]
        content = client.get_bytes(f"/v1/cases/{number}/evidence/{item}")
    times = [moment(link["at"], "at") for link in pieces[0]["chain"]]
    require_chain(pieces[0], sha256(content).digest(), times)
    with writing(output, OWNER) as written:
        written.write(content)
    holders = " → ".join(visible(link["holder"]) for link in pieces[0]["chain"])
    words = f"Wrote {len(content):,} bytes to {output}.\nSHA-256 {pieces[0]['sha256']} as on record; held by {holders}."
    show({"output": str(output), **pieces[0]}, words, as_json=as_json)


def _do(
    number: int,
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
        told = change(client, f"/v1/cases/{number}", seen, act, **fields)
    show(told, _words(told), as_json=as_json)


def _line(card: Json) -> str:
    due_ = "OVERDUE" if card["overdue"] else card["due_at"] or ""
    return f"{card['number']:>6}  {card['state']:<10} {due_:<21} {visible(card['title'])}"


def _words(case: Json) -> str:
    said = {
        "Case": f"{case['number']}: {case['title']} (version {case['version']})",
        "State": case["state"] + (", OVERDUE since " if case["overdue"] else ", until ") + str(case["due_at"]),
        "Owner": case["owner"],
        "Goods": "; ".join(map(goods_words, case["goods"])),
        "Operation": case["operation"] or "",
        "Decided": "; ".join(f"{each['kind']} of {each['units']:,} units" for each in case["outcomes"]),
        "Seized besides": "; ".join(f"{each['units']:,} {each['product_class']}" for each in case["seizures"]),
    }
    if case["closed"]:
        said["State"] = f"closed {case['closed']['at']} {case['closed']['words']}".rstrip()
    lines = [f"{name}: {visible(text)}" for name, text in said.items() if text]
    lines += [_task(each) for each in case["tasks"]]
    lines += [
        f"Evidence {each['number']}: {visible(each['name'])}, {each['bytes']:,} bytes, "
        f"held by {visible(each['chain'][-1]['holder'])}"
        for each in case["evidence"]
    ]
    lines += [f"  {each['at']}  {each['act']:<10} {visible(_said(each['details']))}" for each in case["history"]]
    return "\n".join(lines)


def _task(task: Json) -> str:
    state = f"done {task['done_at']}" if task["done_at"] else "OVERDUE" if task["overdue"] else task["due_at"] or "open"
    return f"Task {task['number']}: {visible(task['words'])} ({state})"


def _said(details: Json) -> str:
    told = [str(details[name]) for name in ("to", "owner", "holder", "kind", "words") if details.get(name)]
    return ", ".join(told)
