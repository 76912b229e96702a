"""`lotproof batch`: register batches from files, with or without the serial numbers of their units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.client import Client
from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command, show
from ledger.cli.serials import hand_over, kept_list, send, with_roots
from ledger.core.errors import InvalidInputError
from ledger.durable import OWNER, writing

if TYPE_CHECKING:
    from ledger.cli.desk import Desk
    from ledger.register import BatchRow

app = typer.Typer(help="Register batches.", no_args_is_help=True)
Server = Annotated[str, typer.Option("--server", help="The Lotproof server that relays what you sign.")]
SigningKey = Annotated[str, typer.Option("--as", help="The name of the key to sign with; see `lotproof key list`.")]
Wait = Annotated[int, typer.Option("--wait", min=0, help="Seconds to wait until the chain has it; 0 only queues.")]
DEFAULT_SERVER: Final = "http://127.0.0.1:8000"
RECORDED: Final = frozenset({"recorded", "final"})
SETTLED: Final = RECORDED | {"refused"}


def read(path: Path) -> bytes:
    """The bytes of a file given on the command line."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", field="file") from error


@app.command("register")
@command
def register(
    files: Annotated[list[Path], typer.Argument(help="CSV or JSON files; columns in docs/manufacturer.md.")],
    key: SigningKey,
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Sign and send the registrations of all batches in FILES."""
    from ledger.cli.desk import Desk
    from ledger.register import read_batches

    settings = settings_for(data)
    with Client(server) as client:
        desk = Desk(client, unlock(settings, key))
        read_in = [(f, read_batches(read(f), desk.number, as_json=f.suffix.lower() == ".json")) for f in files]
        rows = [row for f, listed in read_in for row in with_roots(listed, f.parent, settings, quiet=as_json)]
        digests = _send_all(desk, rows, quiet=as_json)
        states = client.wait(digests, SETTLED, wait) if wait else {}
        answer = {"registered": [_outcome(row, digest, states) for row, digest in zip(rows, digests, strict=True)]}
        for outcome, row in zip(answer["registered"], rows, strict=True):
            if row.serials:
                outcome["units"] = hand_over(client, settings, row, recorded=outcome["state"] in RECORDED)
    show(answer, "\n".join(_words(outcome) for outcome in answer["registered"]), as_json=as_json)
    if any(outcome["state"] == "refused" for outcome in answer["registered"]):
        raise typer.Exit(1)


@app.command("units")
@command
def units(
    gtin: Annotated[str, typer.Argument(help="The batch's GTIN.")],
    lot: Annotated[str, typer.Argument(help="The batch's lot.")],
    server: Annotated[str, typer.Option("--server", help="Send the list to this Lotproof server.")] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the list, with its secret, to this file.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Hand on a batch's list of serial numbers: to a server (the usual one if nothing is said), or to a file."""
    listed = kept_list(settings_for(data), gtin, lot)
    if output is not None:
        with writing(output, OWNER) as file:  # a list holds its secret
            file.write(listed.written())
    sent_to = server or ("" if output else DEFAULT_SERVER)
    if sent_to:
        with Client(sent_to) as client:
            send(client, gtin, lot, listed.written())
    answer = {
        "gtin": gtin,
        "lot": lot,
        "units": len(listed),
        "unit_root": "0x" + listed.root.hex(),
        "file": str(output) if output else None,
        "server": sent_to or None,
    }
    places = " and ".join(str(place) for place in (output, sent_to) if place)
    show(answer, f"{gtin} {lot}: {len(listed):,} serial numbers to {places}", as_json=as_json)


def _send_all(desk: Desk, rows: list[BatchRow], *, quiet: bool) -> list[str]:
    from dataclasses import replace
    from secrets import token_bytes

    from rich.progress import track

    from ledger.core.document import details, with_salt

    digests = []
    for row in track(rows, "Signing and sending", disable=quiet or len(rows) == 1, transient=True):
        document = with_salt({"product": row.product}, token_bytes(32)) if row.product else None
        signed = replace(row.registration, details=details(document)) if document else row.registration
        digests.append(desk.register(signed, document))
    return digests


def _outcome(row: BatchRow, digest: str, states: dict[str, dict[str, object]]) -> dict[str, object]:
    state = states.get(digest, {"state": "pending"})
    return {
        "gtin": f"{row.registration.gtin:014d}",
        "lot": row.registration.lot,
        "digest": digest,
        "state": state["state"],
        "reason": state.get("reason"),
    }


def _words(outcome: dict[str, object]) -> str:
    reason = outcome["reason"]
    why = f": {reason['detail']}" if isinstance(reason, dict) else ""
    units = outcome.get("units")
    listed = f"; {units['detail']}" if isinstance(units, dict) else ""
    return f"{outcome['gtin']} {outcome['lot']}: {outcome['state']}{why}{listed}"
