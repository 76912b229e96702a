"""`lotproof key add` and `lotproof key end`: an organisation enrols keys of its own on the ledger, and ends them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.batches import DEFAULT_SERVER, Server, Wait
from ledger.cli.client import Client
from ledger.cli.custody import settle
from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command
from ledger.core.errors import InvalidInputError
from ledger.core.vocabulary import Purpose

if TYPE_CHECKING:
    from ledger.config import Settings

KEY_ID_DIGITS: Final = 64


class For(StrEnum):
    """What a key is for, as typed."""

    EVENTS = "events"
    LABELS = "labels"
    ADMIN = "admin"


Purposes = Annotated[list[For], typer.Option("--for", help="What it may sign; may be given several times.")]
AdminKey = Annotated[str, typer.Option("--as", help="The name of the admin key to sign with; see `lotproof key list`.")]
From = Annotated[str | None, typer.Option("--from", help="When it becomes valid, ISO 8601 with a time zone.")]
Until = Annotated[str | None, typer.Option("--until", help="When it ceases to be valid, likewise; open if left out.")]
Doubt = Annotated[
    str | None,
    typer.Option("--doubt-since", help="Since when it may have been stolen, ISO 8601 with a time zone."),
]


@command
def add(
    name: Annotated[str, typer.Argument(help="The name of the new key on this machine; it signs too.")],
    purposes: Purposes,
    key: AdminKey,
    valid_from: From = None,
    valid_until: Until = None,
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a key of your organisation on the ledger, so that what it signs counts."""
    from ledger.cli.consignments import moment
    from ledger.cli.desk import Desk

    settings, wanted = settings_for(data), purposes_of(purposes)
    begin, until = (
        0 if text is None else moment(text, field) for text, field in ((valid_from, "from"), (valid_until, "until"))
    )
    new = unlock(settings, name)
    if Purpose.LABELS in wanted and new.kind != "p256":
        raise InvalidInputError(
            f"The key {name} is no P-256 key: only such keys sign labels.",
            advice="Make one with `lotproof key new NAME --kind p256`.",
            field="name",
        )
    with Client(server) as client:
        settle(client, Desk(client, unlock(settings, key)).add_key(new, wanted, begin, until), wait, as_json=as_json)


@command
def end(
    name: Annotated[str, typer.Argument(help="The key's name on this machine, or its id on the ledger (0x…).")],
    key: AdminKey,
    doubt_since: Doubt = None,
    server: Server = DEFAULT_SERVER,
    wait: Wait = 60,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """End a key for good, of your organisation or of one that you accredited; say if it may have been stolen."""
    from ledger.cli.consignments import moment
    from ledger.cli.desk import Desk

    settings = settings_for(data)
    since = 0 if doubt_since is None else moment(doubt_since, "doubt_since")
    ended = _key_id(settings, name)
    with Client(server) as client:
        settle(client, Desk(client, unlock(settings, key)).end_key(ended, since), wait, as_json=as_json)


def purposes_of(given: list[For]) -> Purpose:
    """What the options say a key is for.

    Raises:
        InvalidInputError: For labels and something else.
    """
    wanted = Purpose(0)
    for each in given:
        wanted |= Purpose[each.name]
    if Purpose.LABELS in wanted and wanted != Purpose.LABELS:
        raise InvalidInputError(
            "A label key is for labels alone: it lies where labels are printed, and must not be able to sign more.",
            advice="Make a key of its own for labels.",
            field="for",
        )
    return wanted


def _key_id(settings: Settings, name: str) -> bytes:
    from ledger.chain import keys

    if name.startswith("0x"):
        try:
            identifier = bytes.fromhex(name[2:])
        except ValueError:
            identifier = b""
        if len(name) != 2 + KEY_ID_DIGITS or not identifier:
            raise InvalidInputError(f"{name[:80]} is no key's id: 0x and 64 hexadecimal digits.", field="name")
        return identifier
    known = next((entry.key_id for entry in keys.list_keys(settings.keys_dir) if entry.name == name), None)
    if known is None:
        raise InvalidInputError(
            f"There is no key named {name[:80]} on this machine.",
            advice="List them with `lotproof key list`, or give the key's id as GET /v1/organisations shows it.",
            field="name",
        )
    return known
