"""The servers and the front door before them, as processes of their own, from the files that are committed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from ledger.store.database import open_database
from tests.indexed_world import world, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONFIGURATION = Path(__file__).resolve().parent.parent / "deploy/haproxy/haproxy.cfg"
PATIENCE = 60.0  # seconds


def require_haproxy() -> None:
    """Skip the test on a machine without HAProxy, but not where it must be there."""
    if shutil.which("haproxy") is None:
        assert not os.environ.get("CI"), "HAProxy is not installed here: apt-get install haproxy"
        pytest.skip("HAProxy is not installed: apt-get install haproxy")


def free_port() -> int:
    """A port that nothing listens on, below those that the system gives to outgoing connections of other programs."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as listening, contextlib.suppress(OSError):
            listening.bind(("127.0.0.1", port))
            return port


def index(folder: Path) -> None:
    """A database with a small ledger, as an indexer left it."""
    folder.mkdir(parents=True, exist_ok=True)
    database = open_database(f"sqlite:///{folder.absolute()}/lotproof.db")
    write(database, world())
    database.close()


class Process:
    """A program that is ended by its process id."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=file, env=environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def memory(self) -> int:
        """Resident memory in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024


class Server(Process):
    """`lotproof serve` on the database in a folder; its chain is out of reach, so only what is known is served."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = free_port()
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LOTPROOF_")}
        told = {f"LOTPROOF_{name}": value for name, value in settings.items()}
        chain = {"LOTPROOF_LOG_LEVEL": "error"}
        command = [sys.executable, "-m", "ledger.cli", "serve", "--data", str(folder), "--port", str(self.port)]
        super().__init__(command, clean | chain | told, folder / f"serve-{self.port}.log")

    def await_ready(self) -> None:
        await_answer(f"http://127.0.0.1:{self.port}/readyz", self)


class Door(Process):
    """HAProxy with the committed configuration before `ports`.

    Args:
        folder: Where its socket, log and, if it is changed, its configuration are.
        ports: Of one or two servers.
        change: What is done to the configuration first, to plant a mistake.
        settings: DOOR_… settings, without their prefix.
    """

    def __init__(
        self, folder: Path, ports: Sequence[int], *, change: Callable[[str], str] | None = None, **settings: str | int
    ) -> None:
        self.port, self.figures, self.socket = free_port(), free_port(), folder / "door.sock"
        # Its path is bounded to about a hundred characters, and HAProxy makes it under another name first.
        servers = {f"SERVER_{number}": f"127.0.0.1:{port}" for number, port in enumerate(ports, 1)}
        given = {
            "HTTP": f"127.0.0.1:{self.port}",
            "FIGURES": f"127.0.0.1:{self.figures}",
            "SOCKET": str(self.socket),
            "CONNECTIONS": 2000,
            "SERVER_2": f"127.0.0.1:{ports[0]}",
        }
        environment = {f"DOOR_{name}": str(value) for name, value in (given | servers | settings).items()}
        files = [CONFIGURATION if change is None else changed(folder, change), *fewer_files(folder, environment)]
        command = ["haproxy", "-db", *(word for file in files for word in ("-f", str(file)))]
        super().__init__(command, {"PATH": os.environ["PATH"]} | environment, folder / "door.log")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def await_ready(self) -> None:
        """Wait until it answers on its socket, which it does once it listens."""
        await_that(lambda: bool(self.told("show info")), self)

    def told(self, command: str) -> str:
        """What the door answers on its own socket."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(PATIENCE)
            asking.connect(str(self.socket))
            asking.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: asking.recv(65_536), b"")).decode()

    def connections(self) -> int:
        """How many connections it holds, its own few too."""
        lines = (line.partition(": ") for line in self.told("show info").splitlines())
        return next(int(value) for name, _, value in lines if name == "CurrConns")


def changed(folder: Path, change: Callable[[str], str]) -> Path:
    """The configuration with a mistake in it."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    wrong = change(text)
    assert wrong != text, "nothing was planted"
    path = folder / "planted.cfg"
    path.write_text(wrong, encoding="utf-8")
    return path


def fewer_files(folder: Path, environment: dict[str, str]) -> list[Path]:
    """Leave to start where the machine allows fewer files than two for each connection.

    HAProxy counts a connection to a server for each client's; ours has a few hundred at most.
    """
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if 2 * int(environment["DOOR_CONNECTIONS"]) + 100 <= allowed:
        return []
    path = folder / "files.cfg"
    path.write_text("global\n    no strict-limits\n", encoding="utf-8")
    return [path]


def await_answer(url: str, program: Process) -> None:
    """Wait until `url` answers 200; raises as `await_that`."""

    def answers() -> bool:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - an address on this machine
            return True

    await_that(answers, program)


def await_that(holds: Callable[[], bool], program: Process) -> None:
    """Wait until something holds; an OSError says that it does not yet.

    Raises:
        AssertionError: The program ended, or took too long; with the end of its log.
    """
    until = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError):
            if holds():
                return
        said = program.log.read_text(encoding="utf-8")[-2_000:]
        assert program.process.poll() is None, said
        assert time.monotonic() < until, said
        time.sleep(0.05)


def problem(body: bytes) -> dict[str, object]:
    """A problem of RFC 9457 in JSON."""
    found = json.loads(body)
    assert isinstance(found, dict)
    return found
