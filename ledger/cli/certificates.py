"""`lotproof certificate`: conformity bodies, what they may certify, and their certificates of protective equipment."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.cli.batches import DEFAULT_SERVER, Server, SigningKey, read
from ledger.cli.keys import Data
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from ledger.core.attestation.statements import BodyDesignation, ConformityCertificate

app = typer.Typer(help="Designate conformity bodies, and issue their certificates.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="JSON; docs/certificates.md shows it.")]
MAX_DEPTH: Final = 8


@app.command("designate")
@command
def designate(
    file: File, key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False
) -> None:
    """Designate the conformity body that FILE names, with its key and what it may certify."""
    from ledger.cli.attest_desk import attest_desk, attestation_line
    from ledger.core.attestation.scope import read_designation

    given = _given(file, ("body", "signer", "valid_until", "name", "scopes"))
    content = read_designation({"salt": _salt(), "name": given["name"], "scopes": given["scopes"]})
    with attest_desk(key, server, data) as desk:
        told = desk.send(_designation(given, desk.organisation(), content.hash()), content)
    show(told, attestation_line(told), as_json=as_json)


@app.command("issue")
@command
def issue(
    file: File, key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False
) -> None:
    """Issue the certificate in FILE with the key of a designated body."""
    from ledger.cli.attest_desk import attest_desk, attestation_line
    from ledger.core.attestation.scope import read_certificate

    about = ("category", "standard", "module", "voluntary", "models")
    given = _given(file, ("body", "number", "holder", "valid_from", "valid_until", *about))
    content = read_certificate({"salt": _salt()} | {name: given[name] for name in about})
    with attest_desk(key, server, data) as desk:
        told = desk.send(_certificate(given, content.hash()), content)
    show(told, attestation_line(told), as_json=as_json)


@app.command("revoke")
@command
def revoke(
    digest: Annotated[str, typer.Argument(help="The attestation's digest, 0x and 64 digits.")],
    key: SigningKey,
    since: Annotated[
        str, typer.Option(help="From when on it does not count: ISO 8601 with a zone; now if absent.")
    ] = "",
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take a certificate or a designation back: its body, or the administration that designated it."""
    from ledger.cli.attest_desk import attest_desk, attestation_line
    from ledger.cli.consignments import moment

    begins = moment(since, "since") if since else 0
    with attest_desk(key, server, data) as desk:
        told = desk.revoke(digest, begins)
    show(told, attestation_line(told), as_json=as_json)


@app.command("list")
@command
def list_(server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List conformity bodies and certificates, each with whether it counts now. Everybody may read them."""
    from ledger.cli.attest_desk import attestation_line, listed
    from ledger.cli.client import Client

    with Client(server) as client:
        found = list(listed(client, "body_designation", "certificate"))
    words = "\n".join(map(attestation_line, found)) or "There are no certificates yet."
    show({"attestations": found}, words, as_json=as_json)


def _given(file: Path, names: tuple[str, ...]) -> dict[str, Any]:
    import json

    from ledger.core.fields import read_object
    from ledger.core.nesting import is_nested_deeper

    try:
        text = read(file).decode("utf-8")
        value = None if is_nested_deeper(text, MAX_DEPTH) else json.loads(text)
    except ValueError as error:
        raise InvalidInputError(f"{file} is no JSON in UTF-8: {error}.", field="file") from error
    return read_object(value, names, "file")


def _designation(given: dict[str, Any], issuer: int, content: bytes) -> BodyDesignation:
    from ledger.cli.attest_desk import day_of
    from ledger.core.attestation.statements import BodyDesignation
    from ledger.core.fields import read_signer

    until = day_of(str(given["valid_until"]), "valid_until")
    signer = read_signer(given["signer"], "signer")
    return BodyDesignation(issuer, str(given["body"]), signer, int(time.time()), until, content)


def _certificate(given: dict[str, Any], content: bytes) -> ConformityCertificate:
    from ledger.cli.attest_desk import DAY_SECONDS, day_of
    from ledger.core.attestation.statements import ConformityCertificate
    from ledger.core.fields import read_number

    begins = day_of(str(given["valid_from"]), "valid_from") - DAY_SECONDS
    until = day_of(str(given["valid_until"]), "valid_until")
    holder = read_number(given["holder"], "holder")
    named = (str(given["body"]), str(given["number"]))
    return ConformityCertificate(*named, holder, int(time.time()), begins, until, content)


def _salt() -> str:
    return "0x" + secrets.token_hex(32)
