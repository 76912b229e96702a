"""`lotproof unit`: what happened to single packs, and anchoring and auditing the logs of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.batches import DEFAULT_SERVER, Server, SigningKey, Wait
from ledger.cli.client import Client
from ledger.cli.consignments import MAX_NUMBER, checked_place, moment
from ledger.cli.custody import Place, When, settle
from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.unit import UnitKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.cli.client import Json
    from ledger.cli.unit_desk import UnitDesk

app = typer.Typer(help="Sign what happened to single packs; anchor and audit the logs of it.", no_args_is_help=True)
Code = Annotated[str, typer.Argument(help="The pack's code as scanned or typed, with GTIN, lot and serial number.")]


def _pack(text: str) -> tuple[str, str, str]:
    """GTIN, lot and serial number of a scanned code."""
    from datetime import UTC, datetime

    from ledger.core.gs1 import parse_code

    code = parse_code(text, today=datetime.now(UTC).date(), hosts=())
    if not (code.gtin and code.lot and code.serial):
        raise InvalidInputError(
            "The code names no single pack.", advice="Scan the code with GTIN, lot and serial number.", field="code"
        )
    return code.gtin, code.lot, code.serial


def _desk(client: Client, key: str, data: Path | None) -> UnitDesk:
    from ledger.cli.desk import Desk
    from ledger.cli.unit_desk import UnitDesk

    settings = settings_for(data)
    return UnitDesk(Desk(client, unlock(settings, key)), settings.data_dir / "receipts")


def _kind(kind: UnitKind, help_text: str) -> None:
    """Add the command of a kind."""

    @command
    def run(
        code: Code,
        key: SigningKey,
        place: Place,
        when: When = "",
        server: Server = DEFAULT_SERVER,
        data: Data = None,
        as_json: AsJson = False,
    ) -> None:
        _say(kind, code, key, checked_place(place), moment(when), server, data, as_json=as_json)

    app.command(kind.name.lower(), help=help_text)(run)


def _say(
    kind: UnitKind, code: str, key: str, place: str, at: int, server: str, data: Path | None, *, as_json: bool
) -> None:
    pack = _pack(code)
    with Client(server) as client:
        desk = _desk(client, key, data)
        answer = desk.say(desk.statement(kind, pack, place, at))
    show(answer, _words(answer), as_json=as_json)


def _words(answer: Json) -> str:
    place = answer["log"]
    where = f"event {place['index']} of organisation {place['organisation']}'s log"
    if answer.get("repeated"):
        return f"You just scanned this: it is {where}, {answer['digest']}."
    return f"{answer['state']} as {where}: {answer['digest']}"


_kind(UnitKind.DISPENSE, "A pharmacy hands a pack out.")
_kind(UnitKind.DESTROY, "A pack is destroyed.")
_kind(UnitKind.SAMPLE, "Its maker or an administration takes a pack as a sample.")
_kind(UnitKind.SCAN, "A pack was seen, and nothing more.")


@app.command("undo")
@command
def undo(
    code: Code,
    key: SigningKey,
    place: Annotated[str, typer.Option(help="Where, a UN/LOCODE; where it was dispensed if not given.")] = "",
    when: When = "",
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take back that this machine dispensed a pack, within 10 days."""
    where = checked_place(place) if place else ""
    _say(UnitKind.UNDO, code, key, where, moment(when), server, data, as_json=as_json)


@app.command("anchor")
@command
def anchor(
    key: SigningKey,
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Check the log that the server keeps for you, then sign its root for the chain."""
    with Client(server) as client:
        digest = _desk(client, key, data).anchor()
        if digest is None:
            show({"digest": None}, "Everything is anchored: nothing is new.", as_json=as_json)
        else:
            settle(client, digest, wait, as_json=as_json)


@app.command("audit")
@command
def audit(
    organisation: Annotated[int, typer.Argument(min=1, max=MAX_NUMBER, help="The number of whose log it is.")],
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Compare a log that a server keeps with the anchors that this machine indexed from the chain."""
    from ledger.core.log_watch import require_anchored
    from ledger.store.database import open_database
    from ledger.store.read_model import ReadModel

    database = open_database(settings_for(data).database_url)
    try:
        anchors = ReadModel(database).anchors(organisation)
    finally:
        database.close()
    if not anchors:
        detail = f"This machine has indexed no anchor of organisation {organisation}: there is nothing to compare."
        raise NotFoundError(detail, advice="Follow the chain with `lotproof index` first.", field="organisation")
    with Client(server) as client:
        covered = require_anchored(_leaves(client, organisation), anchors)
    answer = {"organisation": organisation, "anchors": len(anchors), "events": covered}
    show(answer, f"The log fits all {len(anchors)} anchors, which cover {covered} events.", as_json=as_json)


def _leaves(client: Client, organisation: int) -> Iterator[bytes]:
    first = 0
    while True:
        found = client.get(f"/v1/organisations/{organisation}/log/leaves", first=first)["leaves"]
        if not found:
            return
        yield from (bytes.fromhex(leaf[2:]) for leaf in found)
        first += len(found)
