"""Ten thousand open connections and three thousand slow ones at the front door, while honest clients scan.

Promises: every honest scan is answered 200 with its verdict, 95 of 100 in time; the door takes no more connections from
one address than it says; and the attack was as large as it should be, or nothing was shown.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import mean
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tests.faults.attackers import Attack
from tests.faults.outcome import Figure, Outcome, Scale
from tests.front_door import Door, Server, index, require_haproxy
from tests.indexed_world import LOTS, link

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Told = Callable[[], dict[str, dict[str, int]]]  # what the attackers said last: "open" and "made", by kind
NAME: Final = "connections"
NO_HEADER_TIMEOUT: Final = "no-header-timeout"
NO_ADDRESS_LIMIT: Final = "no-address-limit"
UNBUFFERED: Final = "unbuffered"
ONE_PLACE: Final = "one-place"
# Each takes one thing out of the configuration.
CHANGES: Final[dict[str, Callable[[str], str]]] = {
    NO_HEADER_TIMEOUT: lambda text: re.sub(r"timeout http-request .*", "timeout http-request 1h", text),
    NO_ADDRESS_LIMIT: lambda text: re.sub(r"\n *tcp-request connection reject .*", "", text),
    UNBUFFERED: lambda text: text.replace("option http-buffer-request", "no option http-buffer-request"),
    ONE_PLACE: lambda text: re.sub(r"\n *use_backend large .*", "", text),
}
PLANTS: Final = tuple(CHANGES)
GATHERING: Final = 60.0  # seconds for attackers who find the machine busy, beyond those that they should need
PLANTED_SECONDS: Final = 20.0  # for a mistake to show; most do in two
ENOUGH: Final = 3  # honest scans without a verdict, and a mistake has shown
PACE: Final = 0.1  # seconds between two scans of one honest client
CLIENTS: Final = 6


@dataclass(frozen=True)
class Siege:
    """One attack and what the door is set to.

    Attributes:
        name: Where the attackers are.
        attacks: What they do.
        gather: Seconds for the attackers to come.
        seconds: For how long honest clients then scan.
        least: Connections that must be open on the average, or the attack was none.
        least_slow: Slow ones of these.
        patience: Seconds after which an honest client gives up.
        bound: Milliseconds within which 95 of 100 honest scans are answered.
        settings: Of the door.
    """

    name: str
    attacks: tuple[Attack, ...]
    gather: float
    seconds: float
    least: int
    least_slow: int
    patience: float
    bound: int
    settings: dict[str, int] = field(default_factory=dict)


# Small enough for every test run: the door is set so that 1,000 connections fill it and a header has one second.
QUICK: Final = Siege(
    "everywhere",
    (
        Attack("idle", 1500, 2000, "127.1", 4),
        Attack("slow-headers", 4000, 300, "127.2", 200),
        Attack("slow-bodies", 140, 400, "127.3", 100),
        Attack("slow-uploads", 140, 400, "127.4", 100),
        Attack("slow-readers", 20, 100, "127.5", 10),
    ),
    gather=1.5,
    seconds=2.0,
    least=300,
    least_slow=100,
    patience=1.5,
    bound=1_000,
    settings={"CONNECTIONS": 1000, "EACH_CONNECTIONS": 30, "HEADER_SECONDS": 1},
)
# As committed, but for the connections: as many as fit into the files that this machine gives a process.
LONG: Final = (
    Siege(
        "many addresses",
        (
            Attack("idle", 10_500, 1000, "127.1", 500),
            Attack("slow-headers", 1_800, 400, "127.2", 500),
            Attack("slow-bodies", 900, 200, "127.3", 500),
            Attack("slow-uploads", 900, 200, "127.4", 500),
            Attack("slow-readers", 300, 100, "127.5", 300),
        ),
        gather=30.0,
        seconds=60.0,
        least=10_000,
        least_slow=3_000,
        patience=10.0,
        bound=300,
        settings={"CONNECTIONS": 18_000},
    ),
    Siege(
        "few addresses",
        (
            Attack("idle", 12_000, 1000, "127.1", 20),
            Attack("slow-headers", 1_500, 300, "127.2", 4),
            Attack("slow-bodies", 750, 150, "127.3", 4),
            Attack("slow-uploads", 750, 150, "127.4", 4),
            Attack("slow-readers", 300, 100, "127.5", 4),
        ),
        gather=20.0,
        seconds=60.0,
        least=6_000,
        least_slow=500,
        patience=10.0,
        bound=300,
        settings={"CONNECTIONS": 18_000},
    ),
)


@dataclass
class Scans:
    """What honest clients got: milliseconds of each, and what was not an answer.

    They scan until a time (of `time.monotonic`), or until so many scans failed.
    """

    until: float
    most_faults: float
    times: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    def done(self) -> bool:
        """Whether they have scanned enough."""
        return time.monotonic() >= self.until or self.faults.total() >= self.most_faults

    def p95(self) -> float:
        ordered = sorted(self.times)
        return ordered[math.ceil(len(ordered) * 0.95) - 1] if ordered else math.inf


@dataclass(frozen=True)
class Held:
    """How many connections are open at one moment: at the door, and slow ones as the attackers see it."""

    in_all: int
    slow: int


def run(scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
    """Besiege a front door with its servers behind it."""
    sieges = (QUICK,) if scale == "quick" else LONG
    with servers(folder, 1 if scale == "quick" else 2) as ports:
        outcomes = [besiege(siege, folder, ports, plant) for siege in sieges]
    figures = {f"{siege.name}: {name}": figure for siege, told in zip(sieges, outcomes, strict=True)
               for name, figure in told.figures.items()}  # fmt: skip
    return Outcome(figures, tuple(sentence for told in outcomes for sentence in told.broken))


@contextmanager
def servers(folder: Path, count: int) -> Iterator[list[int]]:
    """So many servers on one database; their ports."""
    require_haproxy()
    index(folder)
    with ExitStack() as running:
        started = [running.enter_context(Server(folder)) for _ in range(count)]
        for server in started:
            server.await_ready()
        yield [server.port for server in started]


def besiege(siege: Siege, folder: Path, ports: Sequence[int], plant: str | None = None) -> Outcome:
    """One siege of a door before the servers at `ports`, with a mistake in its configuration if there is a `plant`."""
    change = CHANGES[plant] if plant else None
    with Door(folder, ports, change=change, **siege.settings) as door:
        door.await_ready()
        with attackers(door.port, siege.attacks, folder) as told:
            if not plant:
                gather(siege, door)
            held: list[Held] = []
            scans = asyncio.run(scan(door, siege, told, held, planted=bool(plant)))
            made = slow(told()["made"])
        return outcome(siege, scans, held, made, door.memory())


def gather(siege: Siege, door: Door) -> None:
    """Wait until the attackers are there."""
    time.sleep(siege.gather)
    until = time.monotonic() + GATHERING
    while door.connections() < siege.least and time.monotonic() < until:
        time.sleep(0.5)


@contextmanager
def attackers(port: int, attacks: Sequence[Attack], folder: Path) -> Iterator[Told]:
    """Attackers at work; what they said last."""
    log = folder / "attackers.log"
    command = [sys.executable, "-m", "tests.faults.attackers", str(port), *(attack.to_json() for attack in attacks)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        yield lambda: last_line(log)
    finally:
        process.kill()
        process.wait()


def last_line(log: Path) -> dict[str, dict[str, int]]:
    """What the attackers said last; nothing yet at first."""
    lines = log.read_bytes().rpartition(b"\n")[0].splitlines()
    told: dict[str, dict[str, int]] = json.loads(lines[-1]) if lines else {"open": {}, "made": {}}
    return told


async def scan(door: Door, siege: Siege, told: Told, held: list[Held], *, planted: bool) -> Scans:
    """Honest clients during a siege; `held` gets how many connections are open, twice a second.

    Where a mistake is planted they go on until it shows.
    """
    scans = Scans(time.monotonic() + (PLANTED_SECONDS if planted else siege.seconds), ENOUGH if planted else math.inf)

    async def watch() -> None:
        while not scans.done():
            held.append(Held(await asyncio.to_thread(door.connections), slow(told()["open"])))
            await asyncio.sleep(0.5)

    clients = (honest(door.port, f"127.9.0.{n + 1}", siege.patience, scans) for n in range(CLIENTS))
    await asyncio.gather(watch(), *clients)
    return scans


async def honest(port: int, address: str, patience: float, scans: Scans) -> None:
    """One client that scans a recalled batch again and again: by new connections and old ones, by GET and POST."""
    line: Line | None = None
    for number in itertools.count():
        if scans.done():
            break
        began = time.monotonic()
        try:
            async with asyncio.timeout(patience):
                line = line or await Line.open(port, address)
                status, body = await line.ask(question(post=number % 3 == 2))
            fault = "" if status == 200 and b'"reason":"recalled"' in body else f"status {status}"
        except (OSError, EOFError, TimeoutError) as error:
            fault = type(error).__name__
        scans.times.append((time.monotonic() - began) * 1_000)
        if fault:
            scans.faults[fault] += 1
        if line is not None and (fault or number % 2):
            line.close()
            line = None
        await asyncio.sleep(max(0.0, PACE - (time.monotonic() - began)))
    if line is not None:
        line.close()


def question(*, post: bool) -> bytes:
    """A scan, as the bytes of a request."""
    code = link(LOTS["recalled"])
    if not post:
        return f"GET /v1/verify?code={quote(code)} HTTP/1.1\r\nHost: lotproof.example\r\n\r\n".encode()
    body = json.dumps({"code": code}).encode()
    head = "POST /v1/verify HTTP/1.1\r\nHost: lotproof.example\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Line:
    """One connection of an honest client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, address: str) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0), family=socket.AF_INET))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: ([0-9]+)", head)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        return int(head.split(maxsplit=2)[1]), body

    def close(self) -> None:
        self._writer.close()


def slow(counts: dict[str, int]) -> int:
    """How many of the attackers' connections are slow ones."""
    return sum(count for kind, count in counts.items() if kind != "idle")


def outcome(siege: Siege, scans: Scans, held: Sequence[Held], made: int, memory: int) -> Outcome:
    """What was reached, and what was promised and not kept."""
    open_now = round(mean(one.in_all for one in held))
    slow_now = round(mean(one.slow for one in held))
    p95 = scans.p95()
    broken = []
    if scans.faults:
        kinds = ", ".join(f"{count} × {kind}" for kind, count in scans.faults.most_common())
        broken.append(f"{scans.faults.total()} of {len(scans.times)} honest scans got no verdict: {kinds}.")
    if p95 >= siege.bound:
        broken.append(f"95 of 100 honest scans were answered within {p95:.0f} ms only, not {siege.bound}.")
    if open_now < siege.least:
        broken.append(f"Only {open_now} connections were held open, not {siege.least}: nothing is shown.")
    if slow_now < siege.least_slow:
        broken.append(f"Only {slow_now} slow connections were open, not {siege.least_slow}: nothing is shown.")
    figures: dict[str, Figure] = {
        "honest scans": len(scans.times),
        "not answered 200": scans.faults.total(),
        "p95 ms": round(p95, 1),
        "connections open (mean)": open_now,
        "slow ones of these (mean)": slow_now,
        "slow connections made": made,
        "door's memory MiB": round(memory / 2**20),
    }
    return Outcome(figures, tuple(broken))
