"""Load over HTTP/1.1 from kept-alive connections, and the servers it goes to.

The client is a bare protocol, so that it costs far less than what it measures: it sends bytes made before and waits for
`content-length` bytes. Under an even load a latency counts from the moment when the request was due, so that a server
that stalls is charged for all who wait (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS: Final = 16
Ports = int | Sequence[int]
_OK: Final = b"HTTP/1.1 200 "
ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}  # where `bench` is found


@contextmanager
def server(kind: str, argument: str) -> Iterator[int]:
    """Run one of `servers.py` and give its port."""
    with process(kind, argument) as (port, _pid):
        yield port


@contextmanager
def process(kind: str, argument: str) -> Iterator[tuple[int, int]]:
    """Run one of `servers.py` and give its port and process id."""
    command = [sys.executable, "-m", "bench.servers", kind, argument]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as started:
        try:
            line = started.stdout.readline() if started.stdout else ""
            if not line:
                raise RuntimeError(kind, argument)
            yield int(line), started.pid
        finally:
            started.terminate()


def requests(codes: Sequence[str]) -> list[bytes]:
    """Make the bytes of one request for each code."""
    head = "HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n"
    return [f"GET /v1/verify?code={quote(code, safe='')} {head}".encode() for code in codes]


@dataclass
class Result:
    """What a load came to."""

    seconds: float
    latencies: list[float]  # seconds, one for each answer
    failures: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """Give the latency in seconds that this share of the answers keeps."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class _Load:
    """The queue of what is to be sent, and what came of it."""

    todo: deque[tuple[float, bytes]] = field(default_factory=deque)  # when due, request
    idle: deque[_Connection] = field(default_factory=deque)
    latencies: list[float] = field(default_factory=list)
    failures: int = 0
    again: Iterator[bytes] | None = None  # closed loop: whoever is free asks the next
    until: float = 0.0
    lost: BaseException | None = None

    def next(self, connection: _Connection) -> None:
        """Give a free connection its next request."""
        if self.again is not None:
            now = time.perf_counter()
            request = next(self.again, None) if now < self.until else None
            if request is not None:
                connection.send(now, request)
                return
        elif self.todo:
            connection.send(*self.todo.popleft())
            return
        self.idle.append(connection)

    def due(self, at: float, request: bytes) -> None:
        """Send a request now, or as soon as a connection is free."""
        if self.idle:
            self.idle.popleft().send(at, request)  # in turn, as a front door shares them out
        else:
            self.todo.append((at, request))


class _Connection(asyncio.Protocol):
    """One kept-alive connection, one request at a time."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._due = 0.0
        self._buffer = b""
        self._expected = -1  # bytes of the answer, head included; -1: not known yet
        self._ended = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = transport  # type: ignore[assignment]  # asyncio gives TCP connections this kind

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that a connection broke, unless it was we who ended it."""
        if not self._ended:
            self._load.lost = exc or ConnectionResetError("the server closed a connection")

    def send(self, due: float, request: bytes) -> None:
        """Ask."""
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take in a part of the answer."""
        self._buffer = buffer = self._buffer + data if self._buffer else data
        if self._expected < 0:
            self._expected = _length(buffer)
        if 0 <= self._expected <= len(buffer):
            load = self._load
            load.latencies.append(time.perf_counter() - self._due)
            load.failures += not buffer.startswith(_OK)
            self._buffer, self._expected = b"", -1
            load.next(self)

    def close(self) -> None:
        """End it."""
        self._ended = True
        self._transport.close()


def _length(buffer: bytes) -> int:
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return -1
    at = buffer.lower().find(b"content-length:", 0, head)
    end = buffer.find(b"\r\n", at)
    return head + 4 + int(buffer[at + 15 : end])


def saturate(ports: Ports, asked: Iterator[bytes], seconds: float, connections: int = CONNECTIONS) -> Result:
    """Ask as fast as the servers answer, until the time is over or there is nothing left to ask."""
    return asyncio.run(_saturate(_listed(ports), asked, seconds, connections))


def offer(ports: Ports, asked: Iterator[bytes], seconds: float, rate: float, connections: int = CONNECTIONS) -> Result:
    """Ask evenly, `rate` times a second, whether or not the servers keep up.

    Args:
        ports: Where they listen; of several, each gets every so manieth connection.
        asked: The requests.
        seconds: For how long.
        rate: Requests a second.
        connections: How many are kept open.
    """
    return asyncio.run(_offer(_listed(ports), asked, seconds, rate, connections))


def _listed(ports: Ports) -> Sequence[int]:
    return [ports] if isinstance(ports, int) else ports


async def _opened(ports: Sequence[int], load: _Load, count: int) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    return [
        (await loop.create_connection(lambda: _Connection(load), "127.0.0.1", ports[number % len(ports)]))[1]
        for number in range(count)
    ]


async def _saturate(ports: Sequence[int], asked: Iterator[bytes], seconds: float, count: int) -> Result:
    load = _Load(again=asked)
    connections = await _opened(ports, load, count)
    begun = time.perf_counter()
    load.until = begun + seconds
    for connection in connections:
        load.next(connection)
    return await _finished(load, connections, begun)


async def _offer(ports: Sequence[int], asked: Iterator[bytes], seconds: float, rate: float, count: int) -> Result:
    load = _Load()
    connections = await _opened(ports, load, count)
    load.idle.extend(connections)
    begun = time.perf_counter()
    for number in range(int(seconds * rate)):
        due = begun + number / rate
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        elif number % 8 == 0:
            await asyncio.sleep(0)  # answers must be read also while we are late
        load.due(due, next(asked))
    return await _finished(load, connections, begun)


async def _finished(load: _Load, connections: list[_Connection], begun: float) -> Result:
    while len(load.idle) < len(connections):
        if load.lost is not None:
            raise load.lost
        await asyncio.sleep(0.001)
    seconds = time.perf_counter() - begun
    for connection in connections:
        connection.close()
    return Result(seconds, load.latencies, load.failures)
