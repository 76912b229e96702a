"""`lotproof proof` and `lotproof witness`, and how `lotproof verify --bundle` reads what they write."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ledger.cli.client import Client
from ledger.cli.keys import Data, settings_for, unlock
from ledger.cli.output import AsJson, command, show
from ledger.core.errors import ConfigurationError, InvalidInputError
from ledger.durable import writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.chain.contracts import Ledger
    from ledger.cli.client import Json
    from ledger.config import Settings
    from ledger.core.proof import Trusted
    from ledger.core.structs import Domain
    from ledger.store.database import Database

FINALIZED: Final = "finalized"
MAX_FILE_BYTES: Final = 32 << 20  # more than any bundle; each reader has its own, smaller bound
_HASH: Final = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


@command
def proof(
    gtin: Annotated[str, typer.Argument(help="The batch's GTIN.")],
    lot: Annotated[str, typer.Argument(help="The batch's lot.")],
    serial: Annotated[str, typer.Option(help="The serial number of one pack; the whole batch if not given.")] = "",
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to write the bundle.")] = Path("bundle.json"),
    block: Annotated[
        str, typer.Option(help="As of this block: a number, or `finalized`; the last known if not given.")
    ] = "",
    server: Annotated[str, typer.Option("--server", help="Ask this server; the local ledger if not given.")] = "",
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write the proof bundle of a batch or a pack: what the ledger holds of it, checkable without a network."""
    from ledger.core.header import read_header
    from ledger.core.proof_bundle import read_bundle

    content = asked(server, gtin, lot, serial, block) if server else _made(data, gtin, lot, serial, block)
    header = read_header(read_bundle(content).header)
    with writing(output) as file:
        file.write(content)
    answer = {"file": str(output), "block": header.number, "hash": "0x" + header.hash.hex(), "bytes": len(content)}
    words = f"{output}: the proof as of block {header.number} ({answer['hash']}), {len(content):,} bytes."
    show(answer, words, as_json=as_json)


@command
def witness(
    signer: Annotated[str, typer.Option("--as", help="The name of the key to sign with; see `lotproof key list`.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to write it.")] = Path("checkpoint.json"),
    block: Annotated[int | None, typer.Option(min=0, help="Which final block; the last if not given.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Sign a checkpoint: the hash of a block that is final on this machine's own node."""
    import json

    from ledger.chain.devstate import durable_block
    from ledger.chain.source import LedgerSource
    from ledger.core.checkpoint import checkpoint_json
    from ledger.deploy import chain_folder
    from ledger.witness import witness as sign

    settings = settings_for(data)
    with _ledger(settings) as (ledger, domain, _database):
        ceiling = (lambda: durable_block(chain_folder(settings))) if settings.embedded_chain else None
        source = LedgerSource(ledger.chain, ledger.address, finality=settings.finality, ceiling=ceiling)
        witnessed = sign(ledger, domain, source.finalized, unlock(settings, signer), block)
    answer = checkpoint_json(witnessed)
    with writing(output) as file:
        file.write(json.dumps(answer, indent=2).encode() + b"\n")
    show(answer, f"{output}: block {answer['number']} is {answer['hash']}.", as_json=as_json)


def asked(server: str, gtin: str, lot: str, serial: str, block: str) -> bytes:
    """The proof bundle that a server gives of a batch, or of a pack if `serial` is not empty."""
    import json
    from urllib.parse import quote

    path = "/v1/proof/" + "/".join(quote(part, safe="") for part in (gtin, lot, serial) if part)
    with Client(server) as client:
        answer = client.get(path, **({"block": block} if block else {}))
    return json.dumps(answer, sort_keys=True, separators=(",", ":")).encode()


def _made(data: Path | None, gtin: str, lot: str, serial: str, block: str) -> bytes:
    from ledger.prove import Prover
    from ledger.store.outbox import Outbox
    from ledger.store.read_model import ReadModel
    from ledger.store.unit_lists import UnitLists

    with _ledger(settings_for(data)) as (ledger, domain, database):
        if database is None:
            raise _no_ledger()
        lists = UnitLists(settings_for(data).units_dir)
        prover = Prover(ReadModel(database), Outbox(database), ledger, domain, lists.find)
        return prover.prove(gtin, lot, serial or None, block=int(block) if block.isdecimal() else block or None)


@contextmanager
def _ledger(settings: Settings) -> Iterator[tuple[Ledger, Domain, Database | None]]:
    """The contract on the node of the settings, and the database here if there is one."""
    from ledger.chain.contracts import Ledger
    from ledger.core.structs import Domain
    from ledger.deploy import open_chain
    from ledger.store.database import open_database

    with ExitStack() as closing:
        database = None
        if settings.database_path is None or settings.database_path.exists():
            database = open_database(settings.database_url)
            closing.callback(database.close)
        installation = database.installation() if database else None
        address = settings.ledger or (installation.ledger if installation else None)
        if address is None:
            raise _no_ledger()
        chain = open_chain(settings)
        closing.callback(chain.close)
        yield Ledger(chain, address), Domain(chain.chain_id(), address), database


def _no_ledger() -> ConfigurationError:
    return ConfigurationError(
        "There is no ledger in the data directory, and none is named.",
        advice="Name the data directory with --data, a server with --server, or set LOTPROOF_LEDGER_ADDRESS.",
        field="ledger_address",
    )


def read_file(path: Path, field: str) -> bytes:
    """Read a file of a bounded size."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InvalidInputError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes.", field=field)
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", field=field) from error


# lotproof verify --bundle


def verify_offline(codes: Sequence[str], bundle: Path, trust: TrustOptions, settings: Settings) -> list[Json]:
    """The verdicts on codes by a bundle alone: no server, no node, no database."""
    import time
    from datetime import UTC, datetime

    from ledger.chain.artifact import code_template
    from ledger.core.gs1 import parse_code
    from ledger.core.proof import check_proof
    from ledger.core.proof_bundle import read_bundle
    from ledger.core.proof_verdict import judge_proof

    read = read_bundle(read_file(bundle, "bundle"))
    trusted = trust.trusted(settings, read.chain_id)
    proven = check_proof(read, trusted, code_template())
    now = int(time.time())
    today = datetime.fromtimestamp(now, UTC).date()
    parsed = [parse_code(code, today=today, hosts=settings.public_hosts) for code in codes]
    return [judge_proof(proven, trusted, code, now).to_json() for code in parsed]


class TrustOptions:
    """What the command line says is trusted: a header's hash, or checkpoints with their witnesses.

    Args:
        header: The hash of a block; empty if checkpoints are given.
        ledger: The contract's address; empty for that of the settings. A checkpoint names it itself.
        checkpoints: Files.
        witnesses: File with the witnesses' signers.
        threshold: How many must have signed; 0 = all.
    """

    def __init__(
        self, header: str, ledger: str, checkpoints: Sequence[Path], witnesses: Path | None, threshold: int
    ) -> None:
        self._header = header
        self._ledger = ledger
        self._checkpoints = checkpoints
        self._witnesses = witnesses
        self._threshold = threshold
        if bool(header) == bool(checkpoints) or bool(checkpoints) != (witnesses is not None):
            raise InvalidInputError(
                "A bundle is checked against a block that is trusted, and none is named.",
                advice="Give --header HASH, or --checkpoint FILE with --witnesses FILE.",
                field="header",
            )

    def trusted(self, settings: Settings, chain_id: int) -> Trusted:
        """The block and the ledger that are trusted.

        Args:
            settings: For the ledger's address, where none is given.
            chain_id: Of the bundle: with a hash, it is bound by every digest below it.

        Raises:
            InvalidInputError: Something given is malformed.
            InvalidProofError: Too few witnesses signed.
        """
        from ledger.core.checkpoint import agreed, read_checkpoint, read_witnesses
        from ledger.core.proof import Trusted

        ledger = _octets(self._ledger, _ADDRESS, "ledger") if self._ledger else settings.ledger
        if self._witnesses is None:
            if ledger is None:
                raise InvalidInputError(
                    "Whose ledger the bundle must be of is not said.",
                    advice="Give --ledger ADDRESS, or set LOTPROOF_LEDGER_ADDRESS.",
                    field="ledger",
                )
            return Trusted(chain_id, ledger, _octets(self._header, _HASH, "header"), "its hash was given")
        witnesses = read_witnesses(read_file(self._witnesses, "witnesses"))
        files = [read_checkpoint(read_file(path, "checkpoint")) for path in self._checkpoints]
        found = agreed(files, witnesses, self._threshold or len(witnesses))
        if ledger not in (None, found.domain.ledger):
            raise InvalidInputError("The checkpoint is of another ledger than the one named.", field="ledger")
        words = f"{len(found.signatures)} of {len(witnesses)} witnesses signed that it was final on their nodes"
        return Trusted(found.domain.chain_id, found.domain.ledger, found.checkpoint.hash, words)


def _octets(text: str, form: re.Pattern[str], field: str) -> bytes:
    if not form.fullmatch(text):
        raise InvalidInputError(f"{text[:80]!r} is not 0x and hexadecimal digits of the right number.", field=field)
    return bytes.fromhex(text[2:])


def proof_words(verdict: Json, symbol: str) -> str:
    """A verdict by a bundle as a person reads it at a terminal."""
    as_of, batch = verdict["as_of"], verdict["batch"]
    lines = [
        f"{symbol} {verdict['verdict'].replace('_', ' ').upper()}: {verdict['headline']}",
        verdict["advice"],
        f"GTIN {verdict['code']['gtin']}, lot {verdict['code']['lot']}, by organisation {batch['manufacturer']}",
        *(f"  {each['id']:>2} {each['name']:<18} {each['result']:<8} {each['detail']}" for each in verdict["checks"]),
        f"As of block {as_of['block']}, {as_of['time']}, of the ledger {as_of['ledger']} on chain {as_of['chain_id']}.",
        "What this proof cannot say:",
        *(f"  - {limit}" for limit in verdict["limits"]),
    ]
    return "\n".join(lines)
