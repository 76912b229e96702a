"""`lotproof authority` and `lotproof organisation`: who may take part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.batches import DEFAULT_SERVER, Server, SigningKey, Wait, read
from ledger.cli.client import Client
from ledger.cli.custody import fate, fate_words, settle
from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from ledger.accredit import OrganisationRow
    from ledger.chain.keys import Signer
    from ledger.cli.client import Json
    from ledger.cli.desk import Desk
    from ledger.config import Settings

authority = typer.Typer(help="Admit and suspend authorities; only the council can.", no_args_is_help=True)
organisation = typer.Typer(help="Accredit and suspend organisations; only their authority can.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(min=1, help="The organisation's number.")]


@authority.command("admit")
@command
def admit(
    file: Annotated[Path, typer.Argument(help="CSV or JSON; columns in docs/authority.md.")],
    propose: Annotated[
        bool, typer.Option("--propose", help="Print the calls for a council that is a contract, and send nothing.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Admit the authorities in FILE, signed by the council's key (LOTPROOF_COUNCIL_KEY)."""
    from ledger.accredit import read_organisations
    from ledger.deploy import Council, propose_admissions

    settings = settings_for(data)
    rows = read_organisations(read(file), as_json=file.suffix.lower() == ".json")
    keys = [unlock(settings, _needed_key(row)) for row in rows]  # all of them before the first is admitted
    if propose:
        ledger, calls = propose_admissions(settings, list(zip(rows, keys, strict=True)))
        proposed = [{"to": "0x" + ledger.hex(), "value": "0", "data": "0x" + call.hex()} for call in calls]
        words = "\n".join(
            f"{row.name}\n  to    {call['to']}\n  data  {call['data']}"
            for row, call in zip(rows, proposed, strict=True)
        )
        show({"calls": proposed}, words, as_json=as_json)
        return
    council = Council.open(settings, lambda name: unlock(settings, name))
    admitted = []
    for row, key in zip(rows, keys, strict=True):
        admitted.append({"number": council.admit(row, key), "name": row.name})
        if not as_json:
            typer.echo(f"{admitted[-1]['number']:>4}  {row.name}")
    if as_json:
        show({"authorities": admitted}, "", as_json=True)


@authority.command("suspend")
@command
def suspend_authority(
    number: Number,
    reinstate: Annotated[bool, typer.Option("--reinstate", help="End the suspension instead.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Suspend or reinstate an authority, signed by the council's key."""
    from ledger.deploy import Council

    settings = settings_for(data)
    Council.open(settings, lambda name: unlock(settings, name)).suspend(number, suspended=not reinstate)
    words = f"Authority {number} is {'reinstated' if reinstate else 'suspended'}."
    show({"number": number, "suspended": not reinstate}, words, as_json=as_json)


@organisation.command("accredit")
@command
def accredit(
    file: Annotated[Path, typer.Argument(help="CSV or JSON; columns in docs/authority.md.")],
    key: SigningKey,
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Accredit or amend the organisations in FILE, each with its first key's co-signature."""
    from ledger.accredit import read_organisations
    from ledger.cli.desk import Desk

    settings = settings_for(data)
    rows = read_organisations(read(file), as_json=file.suffix.lower() == ".json")
    if not wait and len(rows) > 1:
        raise InvalidInputError(
            "Each organisation in a file waits for the one before it: --wait 0 takes a file with one row.",
            advice="Leave out --wait.",
            field="wait",
        )
    keys = [_optional_key(settings, row) for row in rows]
    with Client(server) as client:
        desk = Desk(client, unlock(settings, key))
        outcomes = _accredit_all(desk, rows, keys, wait, quiet=as_json)
    if as_json:
        show({"organisations": outcomes}, "", as_json=True)
    if any(outcome["state"] == "refused" for outcome in outcomes):
        raise typer.Exit(1)


def _accredit_all(
    desk: Desk, rows: list[OrganisationRow], keys: list[Signer | None], wait: int, *, quiet: bool
) -> list[Json]:
    """One after the other: each takes the next number and its authority's next sequence. A refusal ends it."""
    outcomes = []
    for row, admin in zip(rows, keys, strict=True):
        number, digest = desk.accredit(row, admin)
        state = fate(desk.client, digest, wait)
        outcomes.append({"number": number, "name": row.name, **state})
        if not quiet:
            typer.echo(f"{number:>4}  {row.name}: {fate_words(state)}")
        if state["state"] == "refused":
            break
    return outcomes


@organisation.command("list")
@command
def list_(server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List the organisations on the ledger with their numbers."""
    with Client(server) as client:
        rows = client.get("/v1/organisations")["organisations"]
    lines = [
        f"{row['number']:>4}  {row['country']}  {row['name']}  ({', '.join(row['roles']).lower()}"
        + (")" if row["active"] else "; suspended)")
        for row in rows
    ]
    show({"organisations": rows}, "\n".join(lines) or "No organisation is on this ledger yet.", as_json=as_json)


@organisation.command("suspend")
@command
def suspend(
    number: Number,
    key: SigningKey,
    reinstate: Annotated[bool, typer.Option("--reinstate", help="End the suspension instead.")] = False,
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Suspend or reinstate an organisation of your country."""
    from ledger.cli.desk import Desk

    with Client(server) as client:
        desk = Desk(client, unlock(settings_for(data), key))
        settle(client, desk.suspend(number, suspended=not reinstate), wait, as_json=as_json)


def _needed_key(row: OrganisationRow) -> str:
    if not row.admin_key:
        raise InvalidInputError(f"{row.name} has no admin_key.", advice="Name its first key.", field="admin_key")
    return row.admin_key


def _optional_key(settings: Settings, row: OrganisationRow) -> Signer | None:
    return unlock(settings, row.admin_key) if row.admin_key else None
