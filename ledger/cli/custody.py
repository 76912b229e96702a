"""`lotproof custody`: one command for each kind of custody event."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.batches import DEFAULT_SERVER, SETTLED, Server, SigningKey, Wait, read
from ledger.cli.client import Client
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
Other = Annotated[int, typer.Option("--to", help="The other organisation's number.")]
Quantity = Annotated[int | None, typer.Option(min=0, help="Units; all of the consignment if not given.")]
Children = Annotated[list[str], typer.Option("--child", help="A part: QUANTITY or SSCC=QUANTITY. Repeat it.")]
Document = Annotated[Path | None, typer.Option("--document", help="JSON kept off chain; its salted hash is signed.")]
MAX_DOCUMENT_BYTES: Final = 100_000


def find(client: Client, goods: str) -> Json:
    """The consignment that a person or a scanner named.

    Raises:
        InvalidInputError: The text names no consignment, or several.
        NotFoundError: The ledger has none such.
    """
    if goods.startswith("0x") or (goods.isascii() and goods.isdigit() and len(goods) == len("000000000000000000")):
        return client.get(f"/v1/consignments/{goods}")
    gtin, lot = _batch_of(client, goods)
    consignments = client.get(f"/v1/batches/{gtin}/{lot}")["consignments"]
    live = [consignment for consignment in consignments if consignment["rest"]]
    if len(live) != 1:
        raise InvalidInputError(
            f"Batch {gtin} {lot} stands in {len(live)} consignments that still hold goods.",
            advice="Name the one you mean by the SSCC on its carton or pallet.",
            field="goods",
        )
    return dict(live[0])


def _batch_of(client: Client, goods: str) -> tuple[str, str]:
    from urllib.parse import quote

    left, slash, right = goods.partition("/")
    if slash and left.isascii() and left.isdigit():
        return left.zfill(14), quote(right, safe="")
    code = client.get("/v1/verify", code=goods)["code"]
    if code["sscc"] or not (code["gtin"] and code["lot"]):
        raise InvalidInputError(f"{goods!r} names no batch.", advice="Give GTIN/LOT or an SSCC.", field="goods")
    return str(code["gtin"]), quote(str(code["lot"]), safe="")


def moment(text: str) -> int:
    """Unix seconds of an ISO 8601 time with a zone; now for an empty text."""
    if not text:
        return int(time.time())
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise InvalidInputError(
            f"{text!r} is not an ISO 8601 time with a zone.",
            advice="For example 2026-11-23T14:05:00Z.",
            field="occurred_at",
        )
    return int(when.timestamp())


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
    state: Json = client.wait([digest], SETTLED, wait)[digest] if wait else {"digest": digest, "state": "pending"}
    reason: Json = state.get("reason") or {}
    words = f"{state['state']}: {digest}" + (f"\n{reason.get('detail')} {reason.get('advice') or ''}" if reason else "")
    show({"digest": digest, **state}, words.rstrip(), as_json=as_json)
    if state["state"] == "refused":
        raise typer.Exit(1)


def _record(
    act: Callable[[Client, Desk], str], *, key: str, server: str, wait: int, data: Path | None, as_json: bool
) -> None:
    from ledger.cli.desk import Desk

    signer = unlock(settings_for(data), key)
    with Client(server) as client:
        settle(client, act(client, Desk(client, signer)), wait, as_json=as_json)


def _simple(kind: Kind, help_text: str, *, other: bool = False, quantity: bool = False) -> None:
    """Add the command of a kind that concerns one consignment and has no parts."""

    @command
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

        _check_options(kind, place, to if other else None, amount if quantity else None, unused=(to, amount))
        event = Event(kind, place, moment(when), to, amount, document=_document(document))

        def act(client: Client, desk: Desk) -> str:
            consignment = find(client, goods)
            if kind in (Kind.RECEIVE, Kind.RETURN) and not to:
                return desk.custody(_answered(event, consignment, desk.number), consignment)
            return desk.custody(event, _first_of_batch(client, consignment) if kind is Kind.RECALL else consignment)

        _record(act, key=key, server=server, wait=wait, data=data, as_json=as_json)

    run.__doc__ = help_text
    app.command(kind.name.lower(), help=help_text)(run)


def _check_options(
    kind: Kind, place: str, to: int | None, amount: int | None, *, unused: tuple[int, int | None]
) -> None:
    if kind is not Kind.RECALL and not place:
        raise InvalidInputError(f"{kind.name} needs --place.", advice="Give a UN/LOCODE such as SGSIN.", field="place")
    if kind in (Kind.SHIP, Kind.HANDOVER) and not to:
        raise InvalidInputError(f"{kind.name} needs --to.", advice="Give the receiver's number.", field="to")
    if to is None and unused[0]:
        raise InvalidInputError(f"{kind.name} has no other party.", advice="Leave out --to.", field="to")
    if amount is None and unused[1] is not None and kind not in (Kind.RECEIVE, Kind.DISPENSE, Kind.DESTROY):
        raise InvalidInputError(f"{kind.name} concerns all of it.", advice="Leave out --amount.", field="amount")


def _answered(event: Event, consignment: Json, actor: int) -> Event:
    """A RECEIVE names the sender; a RETURN the other party of the shipment that it undoes."""
    from dataclasses import replace

    holder = consignment["holder"]["number"]
    named = (consignment.get("counterparty") or {}).get("number", 0)
    return replace(event, to=named if event.kind is Kind.RETURN and actor == holder else holder)


def _first_of_batch(client: Client, consignment: Json) -> Json:
    return client.get(f"/v1/consignments/{consignment['batch']['id']}")


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

    event = Event(Kind.HANDOVER, place, moment(when), to)
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
    child: Children,
    when: When = "",
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Divide a consignment into parts with their own codes."""
    from ledger.cli.desk import Event

    event = Event(Kind.SPLIT, place, moment(when), children=tuple(_child(text, n) for n, text in enumerate(child)))
    _record(
        lambda client, desk: desk.custody(event, find(client, goods)),
        key=key,
        server=server,
        wait=wait,
        data=data,
        as_json=as_json,
    )


def _child(text: str, position: int) -> tuple[str | None, int]:
    from ledger.core.gs1 import sscc18

    left, equals, right = text.rpartition("=")
    if not (right.isascii() and right.isdigit() and int(right)):
        raise InvalidInputError(f"{text!r} is not QUANTITY or SSCC=QUANTITY.", field="child", position=position)
    return (sscc18(left) if equals else None), int(right)


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

    event = Event(Kind.PACK, place, moment(when), sscc=sscc18(sscc) if sscc else None)
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

    event = Event(Kind.UNPACK, place, moment(when))

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
