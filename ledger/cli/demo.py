"""`lotproof demo`: everything on one machine, a story played through it, and every answer checked."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.cli.cases import SHEET, keep
from ledger.cli.client import Client
from ledger.cli.output import AsJson, command
from ledger.cli.run import Port, open_stack
from ledger.core.errors import ConfigurationError, LotproofError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.chain.signers import Signer
    from ledger.cli.client import Json
    from ledger.cli.play import Play
    from ledger.cli.stack import Stack
    from ledger.config import Settings

POLL_SECONDS: Final = 0.1  # a demonstration's chain is on this machine
PATIENCE: Final = 120.0  # seconds until what an earlier run left is final
WORK_FACTOR: Final = 1 << 12  # of scrypt: the password is 192 random bits already, and the keys are worth nothing
OURS: Final = (
    "chain",
    "demo",
    "keys",
    "lotproof.db",
    "lotproof.db-shm",
    "lotproof.db-wal",
    "reports",
    "snapshot.key",
    "units",
)
ACCOUNTS: Final = frozenset({"pfizer", "straits", "hsa"})  # sign with Ethereum keys, all others with P-256
MONTH: Final = 25 * 86_400  # seconds; an older story's events could not be recorded any more
FNC1: Final = "\x1d"
CASES: Final = "codes.json"
DESKS: Final = "desks.json"
START: Final = "start.txt"
PASSWORD: Final = "key-password.txt"  # noqa: S105 - the name of a file


@command
def demo(
    port: Port = None,
    data: Annotated[Path, typer.Option("--data", help="Where to keep it.")] = Path("lotproof-data"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew: delete what an earlier one left.")] = False,
    once: Annotated[bool, typer.Option("--once", help="End after the check instead of serving on.")] = False,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the scanner in the browser.")] = True,
    as_json: AsJson = False,
) -> None:
    """Start everything, play a month of trade, check every scanned case, and serve. Codes: DATA/demo/codes.json."""
    settings = _settings(data, port)
    if fresh:
        _clear(data)
    started = time.monotonic()
    with open_stack(settings) as stack:
        stack.start_chain()
        deployment = stack.deploy()
        stack.index(deployment)
        stack.relay(deployment)
        url = stack.serve(deployment, data / "demo")
        with Client(url) as client:
            cases = _cases(stack, client, data / "demo", quiet=as_json)
            _check(client, cases, settings)
        _tell(url, cases, time.monotonic() - started, data / "demo", as_json=as_json)
        if not once:
            if show and not as_json and has_screen(sys.platform, os.environ, typed=sys.stdout.isatty()):
                webbrowser.open(f"{url}/app/")
            stack.wait()


def has_screen(platform: str, environ: Mapping[str, str], *, typed: bool) -> bool:
    """Tell whether a browser can be opened for whoever started this; on a server one would take the terminal over.

    Args:
        platform: As `sys.platform` names it.
        environ: The environment.
        typed: Whether a person at a terminal started it.
    """
    graphic = platform in {"darwin", "win32"} or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
    return typed and graphic and "SSH_CONNECTION" not in environ


def _settings(data: Path, port: int | None) -> Settings:
    from ledger.config import load_settings

    given: dict[str, Any] = {"data_dir": data, "poll_seconds": POLL_SECONDS, "rpc_url": "", "ledger_address": ""}
    if port is not None:
        given["port"] = port
    if "LOTPROOF_LOG_LEVEL" not in os.environ:
        given["log_level"] = "error"
    return load_settings(**given)


def _clear(data: Path) -> None:
    """Delete what a demonstration made, and nothing else that may lie in the folder."""
    from ledger.chain.devchain import endpoint

    if endpoint(data / "chain") is not None:
        raise ConfigurationError(
            f"A demonstration still runs in {data}.", advice="Stop it first, or use another folder with --data."
        )
    for name in OURS:
        path = data / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _cases(stack: Stack, client: Client, folder: Path, *, quiet: bool) -> list[Json]:
    """The scanned cases: those of a story played before, or those of one played now."""
    from ledger.cli.cases import cases_of, print_sheet, prove, write_labels
    from ledger.cli.play import Play
    from ledger.deploy import Council

    if (folder / CASES).exists():
        return _played(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / START).exists():
        _settle(stack)
    signers = _signers(stack.settings)
    play = Play(
        client,
        signers,
        lambda row, key: Council.open(stack.settings, lambda name: signers[name]).admit(row, key),
        _start(folder),
        folder,
        (lambda _: None) if quiet else typer.echo,
    )
    play.run()
    _border(stack, play, folder)
    cases = cases_of(play)
    print_sheet(play, folder)
    prove(client, cases, folder, stack.block_hash)
    write_labels(cases, folder)
    return cases


def _border(stack: Stack, play: Play, folder: Path) -> None:
    """What customs administrations make of it: kept for the desk, and told once."""
    from ledger.chain import keys
    from ledger.cli import border_story, story
    from ledger.cli.border_play import BorderPlay

    password = (folder / PASSWORD).read_text(encoding="ascii")
    secret = keys.encryption_key(stack.settings.keys_dir, border_story.LEAD, password, work_factor=WORK_FACTOR)
    administrations = (border_story.LEAD, *border_story.PORTS)
    desks = [{"key": each, "number": play.numbers[each], "name": story.PARTIES[each].name} for each in administrations]
    keep(folder / DESKS, json.dumps(desks, indent=2) + "\n")
    came = BorderPlay(play, secret, stack.settings.data_dir / "receipts", folder / "border").run()
    play.tell(
        f"{came['released']} cartons were released in the green lane, {came['seizures']} seized "
        f"({came['units']:,} packs) in the operation {border_story.OPERATION}"
    )


def _played(folder: Path) -> list[Json]:
    cases = list(json.loads((folder / CASES).read_text(encoding="utf-8")))
    if any("bundle" not in case for case in cases):
        raise ConfigurationError(
            "The demonstration in this folder was made by an earlier version, which had no single packs.",
            advice="Begin anew with --fresh, or use another folder with --data.",
            field="data",
        )
    return cases


def _settle(stack: Stack) -> None:
    """Wait until all that an earlier run signed is final, so that nothing of it is done twice."""
    from ledger.store.journal import Journal
    from ledger.store.outbox import Outbox

    outbox, journal = Outbox(stack.database), Journal(stack.database)
    until = time.monotonic() + PATIENCE
    while outbox.pending(1) or journal.unfinished():
        if stack.stopped.wait(POLL_SECONDS) or time.monotonic() > until:
            raise UnavailableError(
                "What an earlier run of the demonstration began does not become final.",
                advice="Begin anew with --fresh.",
            )


def _start(folder: Path) -> int:
    """When the story begins, Unix seconds: kept, so that one cut short is taken up with the same statements."""
    kept = folder / START
    if kept.exists():
        start = int(kept.read_text(encoding="ascii"))
        if start + 30 * 86_400 - MONTH > time.time():
            return start
        raise ConfigurationError(
            "A demonstration was begun here days ago and cut short.", advice="Begin anew with --fresh.", field="data"
        )
    start = int(time.time())
    keep(kept, str(start))
    return start


def _signers(settings: Settings) -> Mapping[str, Signer]:
    """A key for each party of the story and one for labels, encrypted under a password made for this demonstration."""
    from secrets import token_urlsafe

    from ledger.chain import keys
    from ledger.cli import pack_story, story

    secret = settings.data_dir / "demo" / PASSWORD
    if not secret.exists():
        keep(secret, token_urlsafe(24))
    password = secret.read_text(encoding="ascii")
    present = {key.name for key in keys.list_keys(settings.keys_dir)}
    return {
        name: keys.load(settings.keys_dir, name, password)
        if name in present
        else keys.create(
            settings.keys_dir, name, "secp256k1" if name in ACCOUNTS else "p256", password, work_factor=WORK_FACTOR
        )
        for name in (*story.PARTIES, pack_story.LABEL_KEY)
    }


def _check(client: Client, cases: list[Json], settings: Settings) -> None:
    from ledger.cli.cases import differences

    found = differences(client, cases, settings)
    if found:
        raise LotproofError(
            "The demonstration's own check failed:\n" + "\n".join(found),
            advice="This is a defect, not your doing: please report it with these lines.",
        )


def _tell(url: str, cases: list[Json], seconds: float, folder: Path, *, as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "url": url,
                    "scanner": f"{url}/app/",
                    "desk": f"{url}/desk",
                    "screen": f"{url}/demo",
                    "codes": str((folder / CASES).resolve()),
                    "labels": str((folder / SHEET).resolve()),
                    "cases": cases,
                },
                ensure_ascii=False,
            )
        )
        return
    lines = [f"  {case['expect']:<13} {case['label']}{_scanner(case)}\n{'':16}{typed(case['code'])}" for case in cases]
    typer.echo(
        f"\nAll {len(cases)} scanned cases got the expected verdict by GET, by POST, from their label images and by "
        f"their proofs ({seconds:.0f} s).\n\n" + "\n".join(lines)
    )
    typer.echo(
        f"\nScanner: {url}/app/\nThe customs desk: {url}/desk (enter as one of three administrations)\n"
        f"Codes on screen, to be scanned with it: {url}/demo\n"
        f"Let a phone sign for a party of the story (straits, bahru, sgcustoms, …), by the code that it shows:\n"
        f"  LOTPROOF_KEY_PASSWORD_FILE={folder / PASSWORD} \\\n"
        f"    {_program()} key accept 'CODE' --as straits --data {folder.parent} --server {url}\n"
        f"\nOpen {url} and paste a code, or upload a label from {folder / 'labels'}.\n"
        f"Or ask from another terminal:\n  {_program()} verify '{cases[0]['code']}' --server {url}\n"
        f"All codes, exactly as a scanner sends them: {folder / CASES}\n"
        f"The maker's signed labels, to print: {folder / SHEET}\n"
        + _proofs([case for case in cases if case["bundle"]])
        + "Stop with Ctrl-C; started again, it goes on where it was."
    )


def _proofs(cases: list[Json]) -> str:
    """How to check a proof bundle: the pack's, which names the most."""
    case, bundle = cases[-1], cases[-1]["bundle"]
    return (
        "Proof bundles, which need neither server nor network: "
        + ", ".join(each["bundle"]["file"] for each in cases)
        + "\n"
        f"  {_program()} verify '{case['code']}' --bundle {bundle['file']} \\\n"
        f"    --header {bundle['hash']} --ledger {bundle['ledger']}\n"
    )


def typed(code: str) -> str:
    """A code as a person can read and type it: the separator FNC1 has no shape, so one of its stand-ins is shown."""
    return code.replace(FNC1, "{GS}")


def _scanner(case: Json) -> str:
    """Who scans it and where, as options of `lotproof verify`: the answer may depend on it."""
    said = [f"--{name} {case[name]}" for name in ("organisation", "place") if case[name]]
    return f"  ({' '.join(said)})" if said else ""


def _program() -> str:
    """This program as it was called, so that the line printed can be copied without activating an environment."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "lotproof" else "lotproof"
