"""`lotproof sign-in`, `lotproof looks` and `lotproof intelligence`: what administrations tell each other."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.cli.batches import DEFAULT_SERVER, Server, SigningKey, read
from ledger.cli.client import Client
from ledger.cli.keys import Data, password_for, settings_for
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.cli.client import Json
    from ledger.cli.sharing_desk import Heard, SharingDesk
    from ledger.config import Settings
    from ledger.core.intelligence.marking import Marking
    from ledger.core.intelligence.stix import Draft

app = typer.Typer(help="Share intelligence with other administrations.", no_args_is_help=True)
Digest = Annotated[str, typer.Argument(help="The message's digest, 0x and 64 digits.")]
After = Annotated[int, typer.Option(min=0, help="Only what comes after this number.")]
MOST_DRAFTS: Final = 1_000  # of one file
MAX_DEPTH: Final = 16


@contextmanager
def _desk(key: str, server: str, data: Path | None) -> Iterator[SharingDesk]:
    """The desk of a key, signed in for as long as it is used."""
    from ledger.chain import keys
    from ledger.cli.sharing_desk import SharingDesk

    settings = settings_for(data)
    password = password_for(settings)
    signer = keys.load(settings.keys_dir, key, password)
    private = keys.encryption_key(settings.keys_dir, key, password)
    with Client(server) as client:
        desk = SharingDesk(client, signer, private, settings.data_dir / "receipts", _owner(settings))
        desk.sign_in()
        yield desk
        client.delete("/v1/session")


def _owner(settings: Settings) -> Callable[[bytes], int] | None:
    """Who tells whose a key is: the contract, if a node is named; None leaves it to the server."""
    if settings.embedded_chain or settings.ledger is None:
        return None
    from ledger.chain.contracts import Ledger
    from ledger.deploy import open_chain

    ledger = Ledger(open_chain(settings), settings.ledger)
    return lambda key: int(ledger.view("key", key)[0][0])


@command
def sign_in(key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False) -> None:
    """Sign in at a server with a key of your organisation, and print the session's token for another program."""
    from ledger.cli.keys import unlock
    from ledger.cli.sharing_desk import require_host

    signer = unlock(settings_for(data), key)
    with Client(server) as client:
        asked = client.post("/v1/session/challenge", {"signer": "0x" + signer.signer.hex()})
        challenge = require_host(str(asked["message"]), client.server)
        signature = "0x" + signer.sign_challenge(challenge).hex()
        opened = client.post("/v1/session", {"message": challenge.text(), "signature": signature})
    who = opened["organisation"]
    words = f"Signed in for {who['name']} ({who['number']}) until {opened['ends_at']} unless it is used.\n"
    show(opened, words + opened["token"], as_json=as_json)


@command
def looks(
    key: SigningKey, after: After = 0, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False
) -> None:
    """List who looked at what of your organisation: at most 500 looks after a number."""
    with _desk(key, server, data) as desk:
        found = desk.client.get("/v1/looks", after=after)
    lines = [
        f"{each['number']:>6}  {each['last_at']}  {each['organisation']['name']}  {each['kind']} {each['id']}"
        f"  {each['times']} times"
        for each in found["looks"]
    ]
    show(found, "\n".join(lines) or "Nobody looked.", as_json=as_json)


@app.command("key")
@command
def key_(key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False) -> None:
    """Publish the encryption key of a signing key, made at the first need, so that you can be written to."""
    with _desk(key, server, data) as desk:
        told = desk.publish_key()
    words = f"Published for the key {told['key']}.\nBack up {key}-encryption.json: what is sealed is lost with it."
    show(told, words, as_json=as_json)


@app.command("send")
@command
def send(
    file: Annotated[
        Path, typer.Argument(help="JSON of one message or a list (docs/intelligence.md), or a STIX bundle.")
    ],
    key: SigningKey,
    marking: Annotated[str, typer.Option(help="How far it may go: clear, green, amber, amber+strict or red.")] = "",
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="A recipient: an organisation's number, or a key's id if it is red."),
    ] = None,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Tell other administrations what FILE says, sealed to their keys if its marking asks for that."""
    drafts = [(draft, _marking(marking, draft, place)) for place, draft in enumerate(_drafts(file))]
    with _desk(key, server, data) as desk:
        sent = [desk.send(draft, wanted, tuple(to or ())) for draft, wanted in drafts]
    words = "\n".join(f"{each['number']:>6}  {each['marking']:<16} {each['digest']}" for each in sent)
    show({"sent": sent}, words, as_json=as_json)


@app.command("list")
@command
def list_(
    key: SigningKey,
    after: After = 0,
    stix: Annotated[Path | None, typer.Option("--stix", help="Write what could be read as a STIX bundle here.")] = None,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Read what other administrations tell you; each message is checked and opened on this machine."""
    with _desk(key, server, data) as desk:
        heard = list(desk.heard(after))
        ledger = desk.domain.ledger
    if stix is not None:
        _write_stix(stix, heard, ledger)
    words = "\n".join(map(_line, heard)) or "There is nothing new."
    show({"messages": [_told(each) for each in heard]}, words, as_json=as_json)


@app.command("watch")
@command
def watch(
    key: SigningKey,
    last: Annotated[str, typer.Option(help="Go on after this id of an event.")] = "",
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Follow new messages, matches and answers until you stop it; prints the id to go on from with each."""
    with _desk(key, server, data) as desk:
        while True:
            for kind, place, told in desk.client.follow("/v1/intelligence/events", last):
                if kind == "ended":
                    desk.sign_in()
                    break
                last = place
                heard = desk.read(told) if kind == "message" else None
                event = {"event": kind, "id": place, "data": _told(heard) if heard else told}
                typer.echo(
                    json.dumps(event, ensure_ascii=False) if as_json else f"{place}  {_event(kind, told, heard)}"
                )


@app.command("matches")
@command
def matches(
    key: SigningKey, after: After = 0, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False
) -> None:
    """List what the server found for open indicators, and compare sealed ones with the ledger on this machine."""
    from ledger.cli.sharing_match import COMPARABLE, compare

    with _desk(key, server, data) as desk:
        found = list(_pages(desk, "/v1/intelligence/matches", "matches", after))
        sealed = [
            ("0x" + each.digest.hex(), each.content.pattern)
            for each in desk.heard()
            if each.told["box"] and each.content and each.content.pattern and not each.told["withdrawn_at"]
        ]
        own = compare(desk.client, [each for each in sealed if each[1].kind in COMPARABLE]) if sealed else []
    left = [digest for digest, pattern in sealed if pattern.kind not in COMPARABLE]
    lines = [
        f"{each['what']:<13} {each['gtin'] or ''} {each['lot'] or ''}  for {each['digest']}" for each in found + own
    ]
    if left:
        lines.append(f"{len(left)} sealed indicators look for what no public record holds, and were not compared.")
    answer = {"matches": found, "compared_here": own, "not_compared": left}
    show(answer, "\n".join(lines) or "Nothing matches.", as_json=as_json)


@app.command("answer")
@command
def answer(
    digest: Digest,
    result: Annotated[str, typer.Argument(help="hit, or false for a false alarm.")],
    key: SigningKey,
    words: Annotated[str, typer.Option(help="What was found, for its issuer; not for a sealed message.")] = "",
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Tell the issuer of a message what you found."""
    with _desk(key, server, data) as desk:
        told = desk.answer(digest, result, words)
    show(told, f"Told its issuer: {told['result']}.", as_json=as_json)


@app.command("answers")
@command
def answers(
    key: SigningKey, after: After = 0, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False
) -> None:
    """List what receivers found of your own messages."""
    with _desk(key, server, data) as desk:
        found = list(_pages(desk, "/v1/intelligence/feedback", "feedback", after))
    lines = [
        f"{each['number']:>6}  {each['organisation']['name']}: {each['result']} {each['digest']}  {each['words']}"
        for each in found
    ]
    show({"feedback": found}, "\n".join(lines) or "Nobody answered yet.", as_json=as_json)


@app.command("withdraw")
@command
def withdraw(
    digest: Digest, key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False
) -> None:
    """Withdraw a message of yours: all whom it reached are told, and nothing is compared with it any more."""
    with _desk(key, server, data) as desk:
        told = desk.withdraw(digest)
    show(told, f"Withdrawn by {told['digest']}.", as_json=as_json)


@app.command("members")
@command
def members(key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False) -> None:
    """Show what each administration gives and takes, as far as you may see the messages."""
    with _desk(key, server, data) as desk:
        told = desk.client.get("/v1/intelligence/members")
    lines = [f"{'gave':>6}{'read':>6}{'hits':>6}{'false':>6}"]
    for each in told["members"]:
        given = each["given_indicator"] + each["given_bulletin"]
        counts = (given, each["read"], each["said_hit"], each["said_false"])
        lines.append("".join(f"{count:>6}" for count in counts) + f"  {each['name']}")
    show(told, "\n".join(lines), as_json=as_json)


def _pages(desk: SharingDesk, path: str, name: str, after: int) -> Iterator[Json]:
    while page := desk.client.get(path, after=after)[name]:
        yield from page
        after = int(page[-1]["number"])


def _drafts(file: Path) -> list[Draft]:
    from ledger.core.intelligence import stix
    from ledger.core.nesting import is_nested_deeper

    try:
        text = read(file).decode("utf-8")
        value = None if is_nested_deeper(text, MAX_DEPTH) else json.loads(text)
    except ValueError as error:
        raise InvalidInputError(f"{file} is no JSON in UTF-8: {error}.", field="file") from error
    if isinstance(value, dict) and value.get("type") == "bundle":
        return stix.read_bundle(value)
    rows = value if isinstance(value, list) else [value]
    if len(rows) > MOST_DRAFTS:
        raise InvalidInputError(f"{file} has more than {MOST_DRAFTS:,} messages.", field="file")
    return [_draft(row, position) for position, row in enumerate(rows)]


def _draft(row: Any, position: int) -> Draft:  # noqa: ANN401 - any JSON value
    from ledger.cli.consignments import moment
    from ledger.core.intelligence.content import read_content
    from ledger.core.intelligence.statements import Form
    from ledger.core.intelligence.stix import Draft

    if not isinstance(row, dict):
        raise InvalidInputError("A message must be an object.", field="file", position=position)
    until = row.get("valid_until")
    values = {name: value for name, value in row.items() if name != "valid_until"}
    try:
        content = read_content({**values, "salt": "0x" + "00" * 32}, indicator="pattern" in row)
        ends = moment(str(until), "valid_until") if until else 0
    except InvalidInputError as error:
        error.position = position
        raise
    form = Form.INDICATOR if content.pattern else Form.BULLETIN
    return Draft(form, content.title, content.words, content.pattern, None, ends)


def _marking(text: str, draft: Draft, position: int) -> Marking:
    """The marking of the command line or, where there is none, of the message itself; never a wider one than that."""
    from ledger.core.intelligence.marking import marking_of

    chosen = marking_of(text) if text else draft.marking
    if chosen is None:
        advice = "Give --marking clear, green, amber, amber+strict or red."
        raise InvalidInputError("No marking of TLP 2.0 is given.", advice=advice, field="marking", position=position)
    if draft.marking is not None and chosen < draft.marking:
        detail = f"It bears {draft.marking.label}, and may not go as far as {chosen.label}."
        raise InvalidInputError(detail, advice="Ask its source first.", field="marking", position=position)
    return chosen


def _told(heard: Heard) -> Json:
    told = {name: value for name, value in heard.told.items() if name != "box"}
    content = heard.content.to_json() if heard.content else None
    return told | {"content": content, "fault": heard.fault or None}


def _line(heard: Heard) -> str:
    told = heard.told
    said = heard.content.title if heard.content else heard.fault or told["form"]
    gone = " (withdrawn)" if told["withdrawn_at"] else ""
    return f"{told['number']:>6}  {told['marking']:<16} {told['issuer']['name']}: {said}{gone}  {told['digest']}"


def _event(kind: str, told: Json, heard: Heard | None) -> str:
    if heard is not None:
        return _line(heard)
    if kind == "match":
        return f"match: {told['what']} {told['gtin'] or ''} {told['lot'] or ''} for {told['digest']}"
    return f"{told['organisation']['name']}: {told['result']} {told['digest']}  {told['words']}"


def _write_stix(path: Path, heard: list[Heard], ledger: bytes) -> None:
    """Write what could be read; its markings go with it, and bind whoever gets the file."""
    from ledger.core.intelligence import stix
    from ledger.core.intelligence.marking import Marking
    from ledger.core.keccak import keccak256
    from ledger.durable import OWNER, replacing

    readable = [each for each in heard if each.content]
    objects = [stix.write(each.statement, each.digest, each.content, ledger) for each in readable if each.content]
    issuers = {each.statement.issuer: each.told["issuer"]["name"] for each in readable}
    around = [stix.identity(number, name, ledger) for number, name in sorted(issuers.items())]
    markings = [Marking(each.statement.marking) for each in readable]
    name = keccak256(b"".join(each.digest for each in readable))
    bundle = stix.bundle([*around, *objects], markings, name)
    with replacing(path, OWNER) as written:
        written.write(json.dumps(bundle, ensure_ascii=False, indent=2).encode() + b"\n")
