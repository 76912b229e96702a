"""`lotproof lane`: who is trusted, and for which goods release is recommended. It recommends, a person decides."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.batches import DEFAULT_SERVER, Server, SigningKey
from ledger.cli.keys import Data
from ledger.cli.officer import signed_in
from ledger.cli.output import AsJson, command, show, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.cli.client import Client, Json

app = typer.Typer(help="Trust operators, and see for which goods release is recommended.", no_args_is_help=True)
Until = Annotated[str, typer.Option("--until", help="The last day on which it counts, YYYY-MM-DD; at most five years.")]
Digest = Annotated[str, typer.Argument(help="The attestation's digest, 0x and 64 digits.")]


@app.command("trust")
@command
def trust(
    operator: Annotated[int, typer.Argument(help="The operator's number, of your own country.")],
    until: Until,
    key: SigningKey,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Give an operator a trusted status (authorised economic operator)."""
    from ledger.cli.attest_desk import attest_desk, attestation_line, day_of
    from ledger.core.attestation.statements import TrustedStatus

    with attest_desk(key, server, data) as desk:
        statement = TrustedStatus(desk.organisation(), operator, int(time.time()), day_of(until, "until"))
        told = desk.send(statement)
    show(told, attestation_line(told), as_json=as_json)


@app.command("recognise")
@command
def recognise(
    country: Annotated[str, typer.Argument(help="Whose trusted statuses count in your country too (ISO 3166-1).")],
    until: Until,
    key: SigningKey,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Recognise the trusted statuses that another country gives."""
    from ledger.cli.attest_desk import attest_desk, attestation_line, day_of
    from ledger.core.attestation.statements import MutualRecognition

    with attest_desk(key, server, data) as desk:
        ends, letters = day_of(until, "until"), country.upper().encode()
        told = desk.send(MutualRecognition(desk.organisation(), letters, int(time.time()), ends))
    show(told, attestation_line(told), as_json=as_json)


@app.command("revoke")
@command
def revoke(
    digest: Digest, key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False
) -> None:
    """Take a trusted status or a recognition of your administration back, from now on."""
    from ledger.cli.attest_desk import attest_desk, attestation_line

    with attest_desk(key, server, data) as desk:
        told = desk.revoke(digest, 0)
    show(told, attestation_line(told), as_json=as_json)


@app.command("trusted")
@command
def trusted(server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List every trusted status and recognition, with whether it counts now. Everybody may read them."""
    from ledger.cli.attest_desk import attestation_line, listed
    from ledger.cli.client import Client

    with Client(server) as client:
        found = list(listed(client, "trusted_status", "mutual_recognition"))
    words = "\n".join(map(attestation_line, found)) or "Nobody is trusted yet."
    show({"attestations": found}, words, as_json=as_json)


@app.command("list")
@command
def list_(key: SigningKey, server: Server = DEFAULT_SERVER, data: Data = None, as_json: AsJson = False) -> None:
    """List the declaration lines of your country for which release is recommended."""
    with signed_in(key, server, data) as client:
        found = list(_lines(client))
    words = [
        f"{each['number']:>7}  {each['office']} {each['declaration_id']}/{each['line']}  "
        f"{each['sscc'] or each['gtin'] + ' lot ' + each['lot']}"
        for each in found
    ]
    show({"lines": found}, "\n".join(words) or "Release is recommended for no line.", as_json=as_json)


@app.command("line")
@command
def line(
    number: Annotated[int, typer.Argument(help="The line's number, as the queue shows it.")],
    key: SigningKey,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show whether release of a declaration line is recommended, and why, or each reason why not."""
    with signed_in(key, server, data) as client:
        told = client.get(f"/v1/lane/lines/{number}")
    show(told, _words(told), as_json=as_json)


@app.command("goods")
@command
def goods(
    sscc: Annotated[str, typer.Argument(help="The carton's or pallet's SSCC, 18 digits.")],
    key: SigningKey,
    server: Server = DEFAULT_SERVER,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show the same of goods without any declaration, for your country."""
    with signed_in(key, server, data) as client:
        told = client.get(f"/v1/lane/goods/{sscc}")
    show(told, _words(told), as_json=as_json)


def _lines(client: Client) -> Iterator[Json]:
    after: int | None = 0
    while after is not None:
        page = client.get("/v1/lane/lines", after=after, most=100)
        yield from page["lines"]
        after = page["next"]


def _words(told: Json) -> str:
    lines = [told["headline"], *(f"  {each['reason']}: {visible(each['detail'])}" for each in told["reasons"])]
    return "\n".join([*lines, f"As of block {told['as_of']['block']:,}. A person decides."])
