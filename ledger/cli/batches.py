"""`lotproof batch`: register batches from files, with or without the serial numbers of their units."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.client import Client
from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command, error_json, show
from ledger.cli.serials import hand_over, kept_list, send, with_roots
from ledger.core.errors import InvalidInputError, LotproofError, StatementRefusedError
from ledger.durable import OWNER, sync_folder, writing

if TYPE_CHECKING:
    from ledger.cli.desk import Desk
    from ledger.config import Settings
    from ledger.register import BatchRow

app = typer.Typer(help="Register batches.", no_args_is_help=True)
Server = Annotated[str, typer.Option("--server", help="The Lotproof server that relays what you sign.")]
SigningKey = Annotated[str, typer.Option("--as", help="The name of the key to sign with; see `lotproof key list`.")]
Wait = Annotated[int, typer.Option("--wait", min=0, help="Seconds to wait until the chain has it; 0 only queues.")]
DEFAULT_SERVER: Final = "http://127.0.0.1:8000"
RECORDED: Final = frozenset({"recorded", "final"})
NAMED: Final = 50  # rows told one by one to a person
SECRET_BYTES: Final = 32
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
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Send the good rows although others are bad; else nothing is sent.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Sign and send the registrations of all batches in FILES. Run it again after an interruption: it goes on."""
    from ledger.cli.desk import Desk

    settings = settings_for(data)
    with Client(server) as client:
        desk = Desk(client, unlock(settings, key))
        rows, faults = _read_all(files, desk.number, settings, keep_going=keep_going, quiet=as_json)
        sent = _send_all(desk, rows, salt_secret(settings.data_dir), quiet=as_json)
        digests = [answer for answer in sent if isinstance(answer, str)]
        states = client.wait(digests, SETTLED, wait) if wait and digests else {}
        outcomes = [_outcome(row, answer, states) for row, answer in zip(rows, sent, strict=True)]
        for outcome, row in zip(outcomes, rows, strict=True):
            if row.serials and outcome["digest"] is not None:
                outcome["units"] = hand_over(client, settings, row, recorded=outcome["state"] in RECORDED)
    show({"registered": outcomes, "faults": faults}, _summary(outcomes, faults), as_json=as_json)
    if faults or any(outcome["state"] == "refused" for outcome in outcomes):
        raise typer.Exit(1)


def _read_all(
    files: list[Path], manufacturer: int, settings: Settings, *, keep_going: bool, quiet: bool
) -> tuple[list[BatchRow], list[dict[str, object]]]:
    """The good rows of all files, with the roots of their serial numbers, and the faults of the others.

    Raises:
        InvalidInputError: A row is bad, and the others are not to be sent without it; all bad rows are named.
    """
    from ledger.register import check_batches

    checked = [(f, *check_batches(read(f), manufacturer, as_json=f.suffix.lower() == ".json")) for f in files]
    faults = [{"file": str(f), **error_json(fault)} for f, _, bad in checked for fault in bad]
    if faults and not keep_going:
        named = "\n".join(f"{fault['file']}: {fault['detail']}" for fault in faults[:NAMED])
        more = f"\nand {len(faults) - NAMED:,} more" if len(faults) > NAMED else ""
        advice = "Nothing was sent. Correct them, or send the others with --keep-going."
        detail = f"{len(faults):,} bad rows:\n{named}{more}" if len(faults) > 1 else named
        first = faults[0]
        raise InvalidInputError(detail, advice=advice, field=first["field"], position=first["position"], faults=faults)
    return [row for f, rows, _ in checked for row in with_roots(rows, f.parent, settings, quiet=quiet)], faults


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


def salt_secret(folder: Path) -> bytes:
    """The secret of this data directory from which the salts of documents follow, 32 bytes; made at its first use.

    So a file that is sent again, after an interruption or by mistake, makes the same statements again, which the server
    knows already.

    Raises:
        InvalidInputError: It cannot be written.
    """
    from secrets import token_bytes

    path = folder / "document-salts.secret"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with writing(path, OWNER) as file:
            file.write(token_bytes(SECRET_BYTES))
        sync_folder(folder)
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise InvalidInputError(f"{path} is damaged.", advice="Restore it, or move it away.", field="data_dir")
    return secret


def _send_all(desk: Desk, rows: list[BatchRow], secret: bytes, *, quiet: bool) -> list[str | LotproofError]:
    """Send each row; its digest, or why the ledger refuses it. What was sent before counts as sent."""
    from dataclasses import replace

    from rich.console import Console
    from rich.progress import track

    from ledger.core.document import details, with_salt
    from ledger.core.keccak import keccak256
    from ledger.core.parts import batch_id

    answers: list[str | LotproofError] = []
    silent = quiet or len(rows) == 1
    for row in track(rows, "Signing and sending", console=Console(stderr=True), disable=silent, transient=True):
        document, signed = None, row.registration
        if row.product:
            salt = keccak256(secret + batch_id(signed.gtin, signed.lot) + row.product.encode())
            document = with_salt({"product": row.product}, salt)
            signed = replace(signed, details=details(document))
        try:
            answers.append(desk.register(signed, document))
        except StatementRefusedError as error:
            answers.append(error)
    return answers


def _outcome(row: BatchRow, answer: str | LotproofError, states: dict[str, dict[str, object]]) -> dict[str, object]:
    named = {"gtin": f"{row.registration.gtin:014d}", "lot": row.registration.lot}
    if isinstance(answer, LotproofError):
        reason = {"error": answer.evidence.get("error"), "detail": answer.detail, "advice": answer.advice}
        return {**named, "digest": None, "state": "refused", "reason": reason}
    state = states.get(answer, {"state": "pending"})
    return {**named, "digest": answer, "state": state["state"], "reason": state.get("reason")}


def _summary(outcomes: list[dict[str, object]], faults: list[dict[str, object]]) -> str:
    """A line for each batch; of very many, only for those with which something is left to do."""
    counts = Counter(str(outcome["state"]) for outcome in outcomes)
    told = outcomes
    if len(outcomes) > NAMED:
        told = [each for each in outcomes if each["state"] not in RECORDED or not _handed(each)][:NAMED]
    lines = [*map(_words, told), *(f"{fault['file']}: {fault['detail']} It was left out." for fault in faults[:NAMED])]
    if len(outcomes) > NAMED or faults:
        lines.append(", ".join(f"{count:,} {state}" for state, count in sorted(counts.items())))
        lines += [f"{len(faults):,} bad rows left out"] if faults else []
    return "\n".join(lines)


def _handed(outcome: dict[str, object]) -> bool:
    units = outcome.get("units")
    return not isinstance(units, dict) or bool(units["sent"])


def _words(outcome: dict[str, object]) -> str:
    reason = outcome["reason"]
    why = f": {reason['detail']}" if isinstance(reason, dict) else ""
    units = outcome.get("units")
    listed = f"; {units['detail']}" if isinstance(units, dict) else ""
    return f"{outcome['gtin']} {outcome['lot']}: {outcome['state']}{why}{listed}"
