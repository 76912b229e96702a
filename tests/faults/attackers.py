"""Clients that wish a server ill, in a process of their own: they hold connections open, and speak and listen slowly.

Run as `python -m tests.faults.attackers PORT ATTACK…` with attacks as JSON (see `Attack`). It prints one line of JSON a
second: how many connections of each kind are open now, and how many were made in all. It goes on until it is killed.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import os
import socket
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Final

SLICES: Final = 10  # the connections that drip are spread over so many parts of a second
AGAIN_SECONDS: Final = 1.0  # after which one that was cut off comes again
SMALL_WINDOW: Final = 4_096  # bytes that a slow reader takes in before it must read
HEADERS: Final = b"Host: lotproof.example\r\nContent-Type: application/json\r\n"
# What is sent at once, and then byte by byte without end.
BEGINNINGS: Final = {
    "idle": b"GET /healthz HTTP/1.1\r\n" + HEADERS + b"\r\n",
    "slow-headers": b"GET /v1/verify?code=1 HTTP/1.1\r\n" + HEADERS + b"X-Slow: ",
    "slow-bodies": b"POST /v1/verify HTTP/1.1\r\n" + HEADERS + b"Content-Length: 9000\r\n\r\n",
    "slow-uploads": b"POST /v1/verify/many HTTP/1.1\r\n" + HEADERS + b"Content-Length: 90000\r\n\r\n" + b" " * 40_000,
    "slow-readers": b"GET /openapi.json HTTP/1.1\r\n" + HEADERS + b"\r\n",
}


@dataclass(frozen=True)
class Attack:
    """What a number of connections do.

    Attributes:
        kind: One of `BEGINNINGS`.
        most: How many are tried to be held open.
        rate: How many are opened a second until then.
        network: The first two bytes of the addresses that they come from, as `127.1`.
        addresses: How many addresses they come from.
    """

    kind: str
    most: int
    rate: int
    network: str
    addresses: int

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    def address(self, number: int) -> str:
        """The address of the `number`th connection."""
        high, low = divmod(number % self.addresses, 250)
        return f"{self.network}.{high}.{low + 1}"


class Connection(asyncio.Protocol):
    """One connection that does what its attack says until the server cuts it off."""

    def __init__(self, attack: Attack, swarm: Swarm) -> None:
        self.attack = attack
        self.swarm = swarm
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.swarm.came(self)
        if self.attack.kind == "slow-readers":
            transport.pause_reading()
        transport.write(BEGINNINGS[self.attack.kind])

    def data_received(self, data: bytes) -> None:
        del data
        if self.attack.kind == "slow-readers" and self.transport is not None:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.swarm.went(self)

    def drip(self) -> None:
        """Say one byte, or listen once."""
        if self.transport is None or self.transport.is_closing() or self.attack.kind == "idle":
            return
        if self.attack.kind == "slow-readers":
            self.transport.resume_reading()
        else:
            self.transport.write(b"1")


class Swarm:
    """All connections, and what became of them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.slices: list[set[Connection]] = [set() for _ in range(SLICES)]
        self.turn = itertools.cycle(range(SLICES))
        self.homes: dict[Connection, int] = {}
        self.open: Counter[str] = Counter()
        self.made: Counter[str] = Counter()

    def came(self, connection: Connection) -> None:
        self.homes[connection] = home = next(self.turn)
        self.slices[home].add(connection)
        self.open[connection.attack.kind] += 1
        self.made[connection.attack.kind] += 1

    def went(self, connection: Connection) -> None:
        self.slices[self.homes.pop(connection)].discard(connection)
        self.open[connection.attack.kind] -= 1

    async def drip(self) -> None:
        """Once a second, each connection."""
        for part in itertools.cycle(self.slices):
            for connection in tuple(part):
                connection.drip()
            await asyncio.sleep(1 / SLICES)

    async def report(self) -> None:
        """Once a second, a line."""
        while True:
            sys.stdout.write(json.dumps({"open": self.open, "made": self.made}) + "\n")
            sys.stdout.flush()
            await asyncio.sleep(1)

    async def press(self, attack: Attack) -> None:
        """Keep up an attack: open connections at its rate while there are fewer than it wants."""
        tasks: set[asyncio.Task[None]] = set()
        waiting = 0

        async def one(number: int) -> None:
            nonlocal waiting
            waiting += 1
            try:
                await self._connect(attack, attack.address(number))
            except OSError:
                await asyncio.sleep(AGAIN_SECONDS)
            finally:
                waiting -= 1

        numbers, due = itertools.count(), 0.0
        while True:
            due = min(due + attack.rate / SLICES, attack.most - self.open[attack.kind] - waiting)
            while due >= 1:
                task = asyncio.create_task(one(next(numbers)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                due -= 1
            await asyncio.sleep(1 / SLICES)

    async def _connect(self, attack: Attack, address: str) -> None:
        loop = asyncio.get_running_loop()
        connecting = socket.socket()
        try:
            connecting.settimeout(0)
            if attack.kind == "slow-readers":
                connecting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
            connecting.bind((address, 0))
            await loop.sock_connect(connecting, ("127.0.0.1", self.port))
        except BaseException:
            connecting.close()
            raise
        await loop.create_connection(lambda: Connection(attack, self), sock=connecting)


async def main(port: int, attacks: list[Attack]) -> None:
    """Attack until killed. Real attackers have machines of their own; here the others have the processor first."""
    os.nice(5)
    swarm = Swarm(port)
    await asyncio.gather(swarm.drip(), swarm.report(), *(swarm.press(attack) for attack in attacks))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), [Attack(**json.loads(text)) for text in sys.argv[2:]]))
