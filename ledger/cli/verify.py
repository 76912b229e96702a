"""`lotproof verify`: a typed or scanned code, or a photo, to a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.client import Client
from ledger.cli.keys import Data, settings_for
from ledger.cli.output import AsJson, command, show
from ledger.cli.proof import TrustOptions, proof_words, verify_offline
from ledger.core.errors import ConfigurationError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.cli.client import Json
    from ledger.config import Settings
    from ledger.verify import Verifier

PICTURES: Final = frozenset({".png", ".jpg", ".jpeg"})
SYMBOL: Final = {"verified": "✔", "do_not_use": "✖", "suspect": "!", "unreadable": "?", "undetermined": "…"}


@command
def verify(
    codes: Annotated[list[str], typer.Argument(metavar="CODE|IMAGE...", help="Codes, or PNG and JPEG files.")],
    server: Annotated[str, typer.Option("--server", help="Ask this server; the local ledger if not given.")] = "",
    place: Annotated[str, typer.Option(help="Where you are: a UN/LOCODE such as SGSIN.")] = "",
    organisation: Annotated[int, typer.Option(help="Your organisation's number; 0 if you do not say.")] = 0,
    at: Annotated[str, typer.Option(help="When it was scanned, ISO 8601 with a zone; now if not given.")] = "",
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Check by this proof bundle alone, without a network.")
    ] = None,
    header: Annotated[str, typer.Option(help="The hash of the bundle's block, from a source that you trust.")] = "",
    ledger: Annotated[
        str, typer.Option(help="The contract's address; LOTPROOF_LEDGER_ADDRESS, or a checkpoint's, if not given.")
    ] = "",
    checkpoint: Annotated[
        list[Path], typer.Option("--checkpoint", help="A checkpoint of the bundle's block. Repeat it.")
    ] = [],  # noqa: B006 - typer reads the default and never changes it
    witnesses: Annotated[
        Path | None, typer.Option("--witnesses", help="JSON list of the witnesses' signers that you believe.")
    ] = None,
    threshold: Annotated[int, typer.Option(min=0, help="How many of them must have signed; 0 for all.")] = 0,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Say what the ledger knows of each code. Exit code 0 only if every one is verified."""
    if bundle is not None:
        trust = TrustOptions(header, ledger, checkpoint, witnesses, threshold)
        verdicts = verify_offline(codes, bundle, trust, settings_for(data))
        text = "\n\n".join(proof_words(verdict, SYMBOL[verdict["verdict"]]) for verdict in verdicts)
        _end(verdicts, text, as_json=as_json)
        return
    context = {"place": place or None, "organisation": organisation or None, "at": at or None}
    if server:
        with Client(server) as client:
            verdicts = _all(codes, _ask_server(client, context))
    else:
        verdicts = _all(codes, _ask_here(data, context))
    _end(verdicts, "\n\n".join(words(verdict) for verdict in verdicts), as_json=as_json)


def _end(verdicts: list[Json], text: str, *, as_json: bool) -> None:
    """Print the verdicts, and leave with 1 unless all are verified."""
    show({"verdicts": verdicts}, text, as_json=as_json)
    if any(verdict["verdict"] != "verified" for verdict in verdicts):
        raise typer.Exit(1)


def words(verdict: Json) -> str:
    """A verdict as a person reads it at a terminal."""
    lines = [
        f"{SYMBOL[verdict['verdict']]} {verdict['verdict'].replace('_', ' ').upper()}: {verdict['headline']}",
        verdict["advice"],
    ]
    batch = verdict.get("batch")
    if batch:
        maker = batch["manufacturer"]
        lines.append(f"{batch['product'] or batch['gtin']}, lot {batch['lot']}, by {maker['name']}")
    lines += [
        f"  {check['id']:>2} {check['name']:<18} {check['result']:<8} {check['detail']}" for check in verdict["checks"]
    ]
    as_of = verdict["as_of"]
    if as_of:
        lines.append(f"As of block {as_of['block']}, {as_of['time']}; {as_of['lag_blocks']} blocks behind.")
    return "\n".join(line for line in lines if line)


def _all(codes: list[str], ask: Callable[[str | bytes], list[Json]]) -> list[Json]:
    return [verdict for code in codes for verdict in ask(_picture(code) or code)]


def _picture(code: str) -> bytes | None:
    """The bytes of the picture file that `code` names; None if it is a code."""
    path = Path(code)
    if path.suffix.lower() not in PICTURES or "://" in code:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{code} cannot be read: {error.strerror}.", field="image") from error


def _ask_server(client: Client, context: Json) -> Callable[[str | bytes], list[Json]]:
    said = {name: value for name, value in context.items() if value is not None}

    def ask(code: str | bytes) -> list[Json]:
        if isinstance(code, bytes):
            return [found["verdict"] for found in client.post_image(code, **said)["codes"]]
        return [client.post("/v1/verify", {"code": code, **said})]

    return ask


def _ask_here(data: Path | None, context: Json) -> Callable[[str | bytes], list[Json]]:
    from ledger.scan import read_codes

    verifier = local_verifier(settings_for(data))

    def ask(code: str | bytes) -> list[Json]:
        texts = [symbol.text for symbol in read_codes(code)] if isinstance(code, bytes) else [code]
        return [verifier.verify(text, **context).to_json() for text in texts]

    return ask


def local_verifier(settings: Settings) -> Verifier:
    """What judges codes by the ledger in the data directory.

    Raises:
        ConfigurationError: There is none.
    """
    from ledger.store.attestations import Attestations
    from ledger.store.database import open_database
    from ledger.store.read_model import ReadModel
    from ledger.verify import Verifier

    if settings.database_path is not None and not settings.database_path.exists():
        raise ConfigurationError(
            f"There is no ledger in {settings.data_dir}.",
            advice="Name a server with --server URL, or start one here with `lotproof up`.",
            field="data_dir",
        )
    database = open_database(settings.database_url)
    return Verifier(ReadModel(database), settings, attestations=Attestations(database))
