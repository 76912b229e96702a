"""`lotproof authority` and `lotproof organisation`: who may take part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.batches import DEFAULT_SERVER, Server, SigningKey, Wait, read
from ledger.cli.client import Client
from ledger.cli.custody import settle
from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from ledger.accredit import OrganisationRow
    from ledger.chain.keys import Signer
    from ledger.config import Settings

authority = typer.Typer(help="Admit and suspend authorities; only the council can.", no_args_is_help=True)
organisation = typer.Typer(help="Accredit and suspend organisations; only their authority can.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(min=1, help="The organisation's number.")]


@authority.command("admit")
@command
def admit(
    file: Annotated[Path, typer.Argument(help="CSV or JSON; columns in docs/authority.md.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Admit the authorities in FILE, signed by the council's key (LOTPROOF_COUNCIL_KEY)."""
    from ledger.accredit import read_organisations
    from ledger.deploy import Council

    settings = settings_for(data)
    rows = read_organisations(read(file), as_json=file.suffix.lower() == ".json")
    council = Council.open(settings, lambda name: unlock(settings, name))
    numbers = [council.admit(row, unlock(settings, _needed_key(row))) for row in rows]
    answer = {"authorities": [{"number": number, "name": row.name} for number, row in zip(numbers, rows, strict=True)]}
    show(answer, "\n".join(f"{row['number']:>4}  {row['name']}" for row in answer["authorities"]), as_json=as_json)


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
    show({"number": number, "suspended": not reinstate}, f"Authority {number}: done.", as_json=as_json)


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
    signer = unlock(settings, key)
    with Client(server) as client:
        desk = Desk(client, signer)
        for row in rows:  # one after the other: each takes the next number and the next sequence of its authority
            settle(client, desk.accredit(row, _optional_key(settings, row)), wait, as_json=as_json)


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
