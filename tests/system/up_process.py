"""`lotproof up` as a process of its own, and the command line beside it as a newcomer types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ledger.chain import keys
from ledger.cli.main import app
from ledger.core.gs1 import check_digit

PASSWORD = "a password for tests"
CHEAP = 1 << 8  # scrypt's N: these keys are worth nothing
PATIENCE = 60.0  # seconds


class Up:
    """A running installation in `folder`; what it logs goes into the file `log` if one is named."""

    def __init__(self, folder: Path, *, command: str = "up", log: Path | None = None, **settings: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LOTPROOF_")}
        told = {f"LOTPROOF_{name}": value for name, value in settings.items()}
        environment = clean | {"LOTPROOF_POLL_SECONDS": "0.1", "LOTPROOF_LOG_LEVEL": "error"} | told
        program = [sys.executable, "-m", "ledger.cli", command, "--data", str(folder), "--port", "0", "--json"]
        self.folder = folder
        with (log or Path(os.devnull)).open("wb") as file:
            errors = None if log is None else file
            self.process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if line == "}\n":
                break
        assert said, f"it ended with {self.process.wait()}"
        self.url: str = json.loads(said)["url"]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(PATIENCE)


class Terminal:
    """Types commands; each option that all share is typed for it."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self.server = server

    def run(self, words: str, *more: str) -> tuple[int, str, str]:
        """Exit code, what is printed, and what is printed as an error."""
        said = [*words.split(), *more]
        if said[0] not in ("key", "authority", "deploy", "up", "labels", "report"):
            said += ["--server", self.server]
        if said[:2] != ["organisation", "list"]:
            said += ["--data", str(self.folder)]
        result = CliRunner().invoke(app, said, env={"LOTPROOF_KEY_PASSWORD": PASSWORD})
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
        return result.exit_code, result.stdout, result.stderr

    def done(self, words: str, *more: str) -> dict[str, Any]:
        """The JSON answer of a command that must succeed."""
        code, out, err = self.run(words, *more, "--json")
        assert code == 0, f"{words}: {out}{err}"
        answer: dict[str, Any] = json.loads(out)
        return answer

    def verdict(self, code: str, *more: str) -> dict[str, Any]:
        """The verdict on a code, whatever it is."""
        _, out, err = self.run("verify", code, *more, "--json")
        assert out, err
        found: dict[str, Any] = json.loads(out)["verdicts"][0]
        return found

    def key(self, name: str, kind: str = "p256") -> None:
        """A key that costs little to unlock."""
        keys.create(self.folder / "keys", name, kind, PASSWORD, work_factor=CHEAP)

    def await_organisations(self, number: int) -> None:
        """Wait until so many are on the ledger."""
        until = time.monotonic() + PATIENCE
        while len(self.done("organisation list")["organisations"]) < number:
            assert time.monotonic() < until
            time.sleep(0.05)


def sscc(prefix: str, serial: int) -> str:
    """An SSCC under a company prefix."""
    body = f"0{prefix}{serial:0{16 - len(prefix)}d}"
    return body + str(check_digit(body))
