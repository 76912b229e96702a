"""The clock of server, indexer and relayer is wrong, by days and by more than a year, while the chain's is right.

The rows of `TABLE` are asked under each clock, by the real programs with their time faked (`faketime`), and each cell
must be exactly what stands there; docs/operations.md shows the same table. Promised: a wrong clock never makes genuine
goods suspect; one that is behind the chain is noticed and named, and changes nothing but the age; what block time
decides is left to the chain, and what the chain takes, the relayer brings there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx

from ledger import index, log, submit, verify
from ledger.chain.signers import development_signer
from ledger.cli.main import app
from ledger.core import check, checks, structs, verdict, wording
from ledger.core.unit import UnitKind
from ledger.core.unit_submission import UnitSubmission
from ledger.core.vocabulary import Purpose
from ledger.core.wording import moment
from tests.faults.clients import FRESH, code
from tests.faults.outcome import Outcome
from tests.world import CARRIER, KEYS, MAKER, ZERO, World, a_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.core.submission import Submission
    from tests.faults.outcome import Scale

NAME: Final = "clocks"
BELIEVES_CLOCK: Final = "believes-clock"  # everything is judged by the machine's clock alone
UNNOTICED: Final = "unnoticed"  # nobody compares the clock with block times
PLANTS: Final = (BELIEVES_CLOCK, UNNOTICED)
RIGHT, BEHIND, AHEAD = 0, 1, 2  # columns of the table
CLOCKS: Final = {"quick": {"+0d": RIGHT, "-2d": BEHIND, "+400d": AHEAD}}
CLOCKS["long"] = CLOCKS["quick"] | {"-400d": BEHIND, "+390d": AHEAD}
DAY: Final = 24 * 3_600
_PATIENCE: Final = 60.0  # seconds, also on a busy machine
_SPARE: Final = development_signer(7, 31337)  # the maker's key with a window around today


@dataclass(frozen=True)
class Row:
    """One question, and what is answered under a right clock, one behind, and one more than a year ahead."""

    what: str
    ask: Callable[[_Asker], str]
    answers: tuple[str, str, str]


class _Asker:
    """Asks one installation that runs under one clock."""

    def __init__(self, world: World, url: str, clock: str) -> None:
        self.world, self.clock = world, clock
        self.http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self.now = int(time.time())

    def scan(self, lot: str, **question: Any) -> dict[str, Any]:
        scanned = code(self.world.registration(lot))
        answer: dict[str, Any] = self.http.get("/v1/verify", params={"code": scanned, **question}).json()
        return answer

    def word(self, lot: str, **question: Any) -> str:
        said = self.scan(lot, **question)
        if "verdict" not in said:
            return str(said["detail"])
        same = said["verdict"] == said["reason"]
        return str(said["verdict"]) if same else f"{said['verdict']}: {said['reason']}"

    def hand_in(self, submission: Submission | UnitSubmission) -> str:
        """`recorded`, once it is; else why it was refused."""
        answer = self.http.post("/v1/statements", json=submission.payload())
        said = answer.json()
        if answer.status_code >= 400:
            return f"refused: {said['error']}"
        until = time.monotonic() + _PATIENCE
        while said["state"] in {"pending", "sent"} and time.monotonic() < until:
            time.sleep(0.05)
            said = self.http.get(f"/v1/statements/{said['digest']}").json()
        return "recorded" if said["state"] in {"recorded", "final"} else str(said["state"])

    def lot(self, what: str) -> str:
        return f"{what}{self.clock}".replace("+", "P")

    def ship(self, what: str, days: float) -> str:
        """Ship a batch, saying that this was so many days from now."""
        registration = self.world.registration(self.lot(what))
        assert self.hand_in(registration) == "recorded"
        return self.hand_in(self.world.shipment(registration, occurred_at=self.now + int(days * DAY)))

    def windowed(self) -> str:
        """Register with a key that is valid from yesterday on, for 100 days."""
        signed = self.world.registration(self.lot("W"))
        signature = _SPARE.sign(signed.digest(self.world.domain))
        return self.hand_in(type(signed)(signed.type, signed.statement, _SPARE.signer, signature))

    def scanned_pack(self) -> str:
        registration: Any = self.world.registration("GOOD").statement
        said = structs.UnitStatement(
            CARRIER, UnitKind.SCAN, registration.gtin, "GOOD", f"S{self.clock[1:]}", self.now, b"BEBRU", ZERO, ZERO
        )
        key = KEYS[CARRIER]
        return self.hand_in(UnitSubmission(said, key.signer, key.sign(said.digest(self.world.domain))))

    def fresh(self) -> str:
        """Check 13 of a good batch, in short, and what the advice adds."""
        said = self.scan("GOOD")
        check, advice = said["checks"][FRESH], said["advice"]
        named = "the clock is named" if "clock" in check["detail"] or "clock" in advice else "nothing is remarked"
        return f"{check['result']}, {named}"


TABLE: Final = (
    Row("a good batch", lambda a: a.word("GOOD"), ("verified", "verified", "verified")),
    Row(
        "check 13 of it, and what is remarked",
        lambda a: a.fresh(),
        ("passed, nothing is remarked", "failed, the clock is named", "passed, the clock is named"),
    ),
    Row("a batch that expires in 100 days", lambda a: a.word("SOON"), ("verified", "verified", "do_not_use: expired")),
    Row("the same, the scanner tells the time", lambda a: a.word("SOON", at=moment(a.now)), ("verified",) * 3),
    Row("a batch that expired two days ago", lambda a: a.word("PAST"), ("do_not_use: expired",) * 3),
    Row(
        "a lot that was never registered",
        lambda a: a.word("NEVER"),
        ("suspect: unknown_lot", "undetermined: not_yet_known", "suspect: unknown_lot"),
    ),
    Row("an event of now", lambda a: a.ship("N", 0), ("recorded",) * 3),
    Row("an event of tomorrow", lambda a: a.ship("T", 1), ("refused: OccurredAtOutOfRange",) * 3),
    Row("an event of 31 days ago", lambda a: a.ship("O", -31), ("refused: OccurredAtOutOfRange",) * 3),
    Row("a key valid since yesterday, for 100 days", lambda a: a.windowed(), ("recorded",) * 3),
    Row(
        "a scan of a pack, signed now",
        lambda a: a.scanned_pack(),
        ("logged", "logged", "refused: OccurredAtOutOfRange"),
    ),
)


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """See `outcome.Harness`. A bug shows under a clock that is behind."""
    clocks = {"-2d": BEHIND} if plant else CLOCKS[scale]
    with a_world(folder) as world:
        _found(world)
        broken: list[str] = []
        for clock, column in clocks.items():
            world.anvil.mine()  # the newest block is from now
            broken += _ask(world, folder / clock, clock, column, plant)
    cells = len(clocks) * len(TABLE)
    return Outcome({"clocks": len(clocks), "cells": cells, "cells that differ": len(broken)}, tuple(broken))


def _found(world: World) -> None:
    """Register what is asked about, and give the maker a key with a window."""
    today = datetime.now(UTC)
    for lot, days in (("GOOD", 800), ("SOON", 100), ("PAST", -2)):
        expiry = int((today + timedelta(days=days)).strftime("%Y%m%d"))
        world.bring(world.registration(lot, expiry=expiry))
    now, admin = int(today.timestamp()), KEYS[MAKER]
    addition = structs.KeyAddition(MAKER, _SPARE.signer, int(Purpose.EVENTS), now - DAY, now + 100 * DAY)
    cosignature = _SPARE.sign(addition.digest(world.domain))
    assert world.bring(world.signed(addition, admin, cosignature=cosignature)).success


def _ask(world: World, folder: Path, clock: str, column: int, plant: str | None) -> list[str]:
    """Ask every row under one clock; say which cells differ."""
    folder.mkdir()
    process = _start(world, folder, clock, plant)
    try:
        asker = _Asker(world, _address(process), clock)
        _await_index(asker)
        found = [(row, row.ask(asker)) for row in TABLE]
        asker.http.close()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return [
        f"clock {clock}, {row.what}: {said}, not {row.answers[column]}"
        for row, said in found
        if said != row.answers[column]
    ]


def _start(world: World, folder: Path, clock: str, plant: str | None) -> subprocess.Popen[str]:
    program = shutil.which("faketime")
    assert program is not None, "faketime is not installed: apt-get install faketime"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LOTPROOF_")}
    told = {
        "LOTPROOF_RPC_URL": world.anvil.url,
        "LOTPROOF_LEDGER_ADDRESS": "0x" + world.ledger.address.hex(),
        "LOTPROOF_POLL_SECONDS": "0.05",
        "LOTPROOF_LOG_LEVEL": "warning",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # how long something takes is not what is wrong
    }
    module = ["tests.faults.clocks", plant] if plant else ["ledger.cli"]
    command = [program, "-f", clock, sys.executable, "-m", *module]
    command += ["up", "--data", str(folder), "--port", "0", "--json"]
    with (folder / "up.log").open("wb") as log:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=clean | told)


def _address(process: subprocess.Popen[str]) -> str:
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if line == "}\n":
            return str(json.loads(said)["url"])
    raise AssertionError(f"it ended with {process.wait()}")


def _await_index(asker: _Asker) -> None:
    until = time.monotonic() + _PATIENCE
    head = asker.world.chain.head().number
    while asker.http.get("/v1/chain").json()["indexed"]["block"] < head:
        assert time.monotonic() < until, "the index does not come"
        time.sleep(0.05)


# ---- bugs that are put in ----


def install(plant: str) -> None:
    """Put a bug into the program that this process is about to become."""
    if plant == BELIEVES_CLOCK:
        for module in (verdict, submit, log, verify):
            module.time_of = lambda _as_of, clock: clock  # type: ignore[attr-defined]  # putting a bug in means that
    if plant == UNNOTICED:
        for module in (check, checks, wording, index):
            module.is_clock_behind = lambda *_: False  # type: ignore[attr-defined]  # the same


if __name__ == "__main__":
    install(sys.argv.pop(1))
    app()
