"""`lotproof key accept`: an administrator lets in the key of a phone, by the enrolment code that the phone shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.batches import DEFAULT_SERVER, Server, Wait
from ledger.cli.client import Client
from ledger.cli.custody import settle
from ledger.cli.enrolment import AdminKey, For, purposes_of
from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command
from ledger.core.errors import InvalidInputError
from ledger.core.vocabulary import Purpose

if TYPE_CHECKING:
    from ledger.core.enrolment import Enrolment

OPEN: Final = "open"


@command
def accept(
    code: Annotated[
        str, typer.Argument(metavar="CODE|IMAGE", help="The code's text, or a PNG or JPEG of the phone's screen.")
    ],
    key: AdminKey,
    purposes: Annotated[
        list[For], typer.Option("--for", help="What it may ask to sign; events if not given. Repeat it for more.")
    ] = [For.EVENTS],  # noqa: B006 - typer reads the default and never changes it
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; what the code says is known to be right.")] = False,
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Enrol the key of a phone by the code that it shows, after showing what the code asks for."""
    from ledger.cli.desk import Desk
    from ledger.core.enrolment import read_enrolment

    allowed = purposes_of(purposes)
    text = _text(code)
    signer = unlock(settings_for(data), key)
    with Client(server) as client:
        desk = Desk(client, signer)
        asked = read_enrolment(text, desk.domain)
        _require(asked, desk.number, allowed)
        typer.echo(_words(asked, str(client.get(f"/v1/organisations/{desk.number}")["name"])), err=True)
        if not yes:
            typer.confirm(
                "Does the phone show the same fingerprint, and is it your organisation's?", abort=True, err=True
            )
        digest = desk.send("KeyAddition", asked.statement, cosignature=asked.cosignature)
        settle(client, digest, wait, as_json=as_json)


def _text(code: str) -> str:
    """What the code says: as it was typed, or as it is read from a picture."""
    from ledger.core.enrolment import is_enrolment

    if is_enrolment(code):
        return code
    try:
        image = Path(code).read_bytes()
    except (OSError, ValueError) as error:
        advice = "Give the text of the code in quotes, or the name of a PNG or JPEG file."
        detail = f"{code[:80]!r} is neither an enrolment code nor a file that can be read."
        raise InvalidInputError(detail, advice=advice, field="code") from error
    from ledger.scan import read_codes

    found = next((each.text for each in read_codes(image) if is_enrolment(each.text)), None)
    if found is None:
        advice = "Photograph the code that the phone shows under Settings, so that it fills the picture."
        raise InvalidInputError("No enrolment code is in the picture.", advice=advice, field="code")
    return found


def _require(asked: Enrolment, organisation: int, allowed: Purpose) -> None:
    statement = asked.statement
    if statement.organisation != organisation:
        raise InvalidInputError(
            f"The phone asks to sign for organisation {statement.organisation}; your key is of {organisation}.",
            advice="Set the organisation on the phone, and let it make a new code.",
            field="code",
        )
    more = Purpose(statement.purposes) & ~allowed
    if more:
        wanted = " ".join(f"--for {each.name.lower()}" for each in Purpose(statement.purposes) if each.name)
        raise InvalidInputError(
            f"The phone asks for more than {_names(allowed)}: {_names(more)}.",
            advice=f"If that is meant, accept it with {wanted}.",
            field="for",
        )


def _words(asked: Enrolment, organisation: str) -> str:
    from ledger.core.enrolment import fingerprint
    from ledger.core.parts import key_id
    from ledger.core.wording import moment

    statement = asked.statement
    begin = moment(statement.valid_from) if statement.valid_from else "now"
    until = moment(statement.valid_until) if statement.valid_until else OPEN
    return (
        f"Device:       {asked.name or '(no name)'}\n"
        f"Fingerprint:  {fingerprint(key_id(statement.signer))}\n"
        f"Organisation: {statement.organisation} {organisation}\n"
        f"May sign:     {_names(Purpose(statement.purposes))}\n"
        f"Valid:        from {begin} until {until}"
    )


def _names(purposes: Purpose) -> str:
    return ", ".join(each.name.lower() for each in purposes if each.name)
