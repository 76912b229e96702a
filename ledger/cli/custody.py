"""`lotproof custody`: one command for each kind of custody event."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.batches import DEFAULT_SERVER, SETTLED, Server, SigningKey, Wait, read
from ledger.cli.client import Client
from ledger.cli.consignments import MAX_NUMBER, checked_place, child, find, find_batch, moment
from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError
from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.cli.client import Json
    from ledger.cli.desk import Desk, Event
    from ledger.core.statement import CustodyStatement

app = typer.Typer(help="Sign custody events and send them to a server.", no_args_is_help=True)
Goods = Annotated[str, typer.Argument(help="SSCC, consignment id (0x…), GTIN/LOT, or a scanned code.")]
Place = Annotated[str, typer.Option(help="Where: a UN/LOCODE such as SGSIN.")]
When = Annotated[str, typer.Option("--occurred-at", help="When, ISO 8601 with a zone; now if not given.")]
Other = Annotated[int, typer.Option("--to", min=0, max=MAX_NUMBER, help="The other organisation's number.")]
Quantity = Annotated[
    int | None, typer.Option("--amount", min=0, max=MAX_NUMBER, help="Units; all of the consignment if not given.")
]
Children = Annotated[list[str], typer.Option("--child", help="A part: QUANTITY or SSCC=QUANTITY. Repeat it.")]
Document = Annotated[Path | None, typer.Option("--document", help="JSON kept off chain; its salted hash is signed.")]
MAX_DOCUMENT_BYTES: Final = 100_000


def _document(path: Path | None) -> Json | None:
    import json
    from secrets import token_bytes

    from ledger.core.document import with_salt

    if path is None:
        return None
    text = read(path)
    try:
        body = json.loads(text) if len(text) <= MAX_DOCUMENT_BYTES else None
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise InvalidInputError(
            f"{path} is not a JSON object of at most {MAX_DOCUMENT_BYTES:,} bytes.", field="document"
        )
    return with_salt(body, token_bytes(32))


def settle(client: Client, digest: str, wait: int, *, as_json: bool) -> None:
    """Wait for the statement's fate, print it, and leave with 1 if the ledger refused it."""
    state = fate(client, digest, wait)
    show(state, fate_words(state), as_json=as_json)
    if state["state"] == "refused":
        raise typer.Exit(1)


def fate(client: Client, digest: str, wait: int) -> Json:
    """What became of a statement after `wait` seconds at most; without waiting, only that it is queued."""
    state = client.wait([digest], SETTLED, wait)[digest] if wait else {"state": "pending"}
    return {"digest": digest, **state}


def fate_words(state: Json) -> str:
    """The same for a person."""
    reason: Json = state.get("reason") or {}
    why = f"\n{reason.get('detail')} {reason.get('advice') or ''}".rstrip() if reason else ""
    recorded: Json = state.get("recorded") or {}
    where = f" in block {recorded['block']}" if recorded else ""
    return f"{state['state']}{where}: {state['digest']}{why}"


def _record(
    act: Callable[[Client, Desk], str], *, key: str, server: str, wait: int, data: Path | None, as_json: bool
) -> None:
    from ledger.cli.desk import Desk

    signer = unlock(settings_for(data), key)
    with Client(server) as client:
        settle(client, act(client, Desk(client, signer)), wait, as_json=as_json)


def _simple(kind: Kind, help_text: str, *, other: bool = False, quantity: bool = False) -> None:
    """Add the command of a kind that concerns one consignment and has no parts.

    Args:
        kind: The kind.
        help_text: What the command says of itself.
        other: Whether another organisation takes part; `--to` may be left out where the shipment names it.
        quantity: Whether it may concern a part of the consignment.
    """

    def run(
        goods: Goods,
        key: SigningKey,
        place: Place = "",
        to: Other = 0,
        amount: Quantity = None,
        when: When = "",
        document: Document = None,
        server: Server = DEFAULT_SERVER,
        wait: Wait = 60,
        data: Data = None,
        as_json: AsJson = False,
    ) -> None:
        from ledger.cli.desk import Event

        where = checked_place(place) if place or kind is not Kind.RECALL else ""
        event = Event(kind, where, moment(when), to, amount, document=_document(document))

        def act(client: Client, desk: Desk) -> str:
            consignment = (find_batch if kind is Kind.RECALL else find)(client, goods)
            if kind in (Kind.RECEIVE, Kind.RETURN) and not to:
                return desk.custody(_answered(event, consignment, desk.number), consignment)
            return desk.custody(event, consignment)

        _record(act, key=key, server=server, wait=wait, data=data, as_json=as_json)

    offered = command(run)
    offered.__signature__ = _options(run, kind, other=other, quantity=quantity)  # type: ignore[attr-defined]  # functions may carry one, which typer reads
    app.command(kind.name.lower(), help=help_text)(offered)


def _options(run: Callable[..., None], kind: Kind, *, other: bool, quantity: bool) -> inspect.Signature:
    """The options that make sense for `kind`: an option that would be refused is not offered."""
    signature = inspect.signature(run, eval_str=True)
    needed = {"place"} if kind is not Kind.RECALL else set()
    needed |= {"to"} if kind is Kind.SHIP else set()
    left_out = ({"to"} if not other else set()) | ({"amount"} if not quantity else set())
    kept = [option for name, option in signature.parameters.items() if name not in left_out]
    required = inspect.Parameter.empty
    options = [option.replace(default=required) if option.name in needed else option for option in kept]
    return signature.replace(parameters=sorted(options, key=lambda option: option.default is not required))


def _answered(event: Event, consignment: Json, actor: int) -> Event:
    """A RECEIVE names the sender; a RETURN the other party of the shipment that it undoes."""
    from dataclasses import replace

    holder = consignment["holder"]["number"]
    named = (consignment.get("counterparty") or {}).get("number", 0)
    return replace(event, to=named if event.kind is Kind.RETURN and actor == holder else holder)


_simple(Kind.SHIP, "Goods leave for another organisation.", other=True)
_simple(Kind.RECEIVE, "Goods have arrived; a count that differs is recorded.", other=True, quantity=True)
_simple(Kind.RETURN, "Undo a shipment that was not received.", other=True)
_simple(Kind.INSPECT, "An administration looked at the goods.")
_simple(Kind.HOLD, "An administration stops the goods.")
_simple(Kind.RELEASE, "An administration lets held goods go.")
_simple(Kind.SEIZE, "An administration takes the goods for good.")
_simple(Kind.RECALL, "The maker or a regulator recalls the whole batch.")
_simple(Kind.DISPENSE, "A pharmacy gives out some of it.", quantity=True)
_simple(Kind.DESTROY, "Some of it is destroyed.", quantity=True)


@app.command("handover")
@command
def handover(
    goods: Goods,
    key: SigningKey,
    place: Place,
    to: Other,
    receiver: Annotated[str, typer.Option("--with", help="The receiver's key, on this machine too.")],
    when: When = "",
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Goods change hands on the spot; both sides sign."""
    from ledger.cli.desk import Event

    event = Event(Kind.HANDOVER, checked_place(place), moment(when), to)
    other = unlock(settings_for(data), receiver)
    _record(
        lambda client, desk: desk.handover(event, find(client, goods), other),
        key=key,
        server=server,
        wait=wait,
        data=data,
        as_json=as_json,
    )


@app.command("split")
@command
def split(
    goods: Goods,
    key: SigningKey,
    place: Place,
    parts: Children,
    when: When = "",
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Divide a consignment into parts with their own codes."""
    from ledger.cli.desk import Event

    children = tuple(child(text, position) for position, text in enumerate(parts))
    event = Event(Kind.SPLIT, checked_place(place), moment(when), children=children)
    _record(
        lambda client, desk: desk.custody(event, find(client, goods)),
        key=key,
        server=server,
        wait=wait,
        data=data,
        as_json=as_json,
    )


@app.command("pack")
@command
def pack(
    goods: Annotated[list[str], typer.Argument(help="The consignments to load.")],
    key: SigningKey,
    place: Place,
    sscc: Annotated[str, typer.Option(help="The pallet's SSCC, under one of your company prefixes.")] = "",
    when: When = "",
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Load consignments on one pallet, which then moves them."""
    from ledger.cli.desk import Event
    from ledger.core.gs1 import sscc18

    event = Event(Kind.PACK, checked_place(place), moment(when), sscc=sscc18(sscc) if sscc else None)
    _record(
        lambda client, desk: desk.pack(event, [find(client, name) for name in goods]),
        key=key,
        server=server,
        wait=wait,
        data=data,
        as_json=as_json,
    )


@app.command("unpack")
@command
def unpack(
    pallet: Goods,
    key: SigningKey,
    place: Place,
    goods: Annotated[list[str], typer.Option("--take", help="A consignment to take off; all if not given.")] = [],  # noqa: B006 - Typer copies it
    when: When = "",
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take consignments off a pallet."""
    from ledger.cli.desk import Event

    event = Event(Kind.UNPACK, checked_place(place), moment(when))

    def act(client: Client, desk: Desk) -> str:
        found = find(client, pallet)
        loads = [find(client, name) for name in goods] or found["contents"]
        return desk.unpack(event, found, loads)

    _record(act, key=key, server=server, wait=wait, data=data, as_json=as_json)


@app.command("correct")
@command
def correct(
    digest: Annotated[str, typer.Argument(help="The digest (0x…) of your own earlier event that was wrong.")],
    key: SigningKey,
    when: When = "",
    document: Document = None,
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Name an earlier event of yours as wrong; both stay visible."""
    from ledger.cli.desk import Event

    event = Event(Kind.CORRECT, "", moment(when), document=_document(document))
    _record(
        lambda client, desk: desk.correct(event, _earlier(client, digest)),
        key=key,
        server=server,
        wait=wait,
        data=data,
        as_json=as_json,
    )


def _earlier(client: Client, digest: str) -> CustodyStatement:
    from ledger.core.statement import CustodyStatement, parse_submission

    found = client.get(f"/v1/statements/{digest}")
    earlier = parse_submission(found["statement"]).statement if found.get("statement") else None
    if not isinstance(earlier, CustodyStatement):
        raise InvalidInputError(
            f"{digest} is no custody event that this server relayed.",
            advice="Ask the server you sent it to.",
            field="digest",
        )
    return earlier
