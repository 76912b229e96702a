"""A proxy between an installation and its node that breaks a share of the requests, each in one of several ways.

`reset` before the node hears of the request, or after it has answered (what was sent then counts, and nobody is told);
`502`, as a gateway answers for a node that is down; `cut`, half of the JSON; `delay`; `stale`, an answer as of an older
block, as a pool of nodes gives when one of them lags.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import threading
from collections import Counter
from contextlib import suppress
from typing import Any, Final, Self

FAULTS: Final = ("reset before", "reset after", "502", "cut", "delay", "stale")
LONGEST_DELAY_SECONDS: Final = 0.5
DEEPEST_STALE: Final = 5  # blocks
EACH_THIRD_SENDING: Final = 3
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST, not FIN


class FaultyProxy:
    """Listens on a port of its own until the end of the context.

    Args:
        port: Of the node, on the loopback interface.
        share: Of the requests that are broken, 0 to 1.
        seed: The same seed, the same faults for the same requests.
    """

    def __init__(self, port: int, share: float, seed: int) -> None:
        self.share = share
        self.done: Counter[str] = Counter()  # requests by what was done to them
        self._upstream = port
        self._sendings = 0
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._on_loop(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._on_loop(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def faulty(self) -> float:
        """The share of the requests so far that were broken."""
        whole = sum(self.done.values())
        return 1 - self.done["passed on"] / whole if whole else 0.0

    def _on_loop(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _end(self) -> None:
        self._server.close()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client: its requests one after the other."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._one(reader, writer):
                pass
        self._connections.discard(task)
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request in whatever way; tells whether the connection goes on."""
        body = (await _message(reader))[1]
        fault = self._fault(body)
        self.done[fault] += 1
        if fault == "reset before":
            return _reset(writer)
        if fault == "502":
            writer.write(
                b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 12\r\n\r\n<html></html"
            )
            await writer.drain()
            return True
        if fault == "delay":
            await asyncio.sleep(self._chance.uniform(0.05, LONGEST_DELAY_SECONDS))
        if fault == "stale":
            body = await self._older(body)
        answer = await self._ask(body)
        if fault == "reset after":
            return _reset(writer)
        if fault == "cut":
            answer = answer[: len(answer) // 2]
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer))
        writer.write(answer)
        await writer.drain()
        return True

    def _fault(self, body: bytes) -> str:
        if self.share and b"eth_sendRawTransaction" in body:
            self._sendings += 1
            if self._sendings % EACH_THIRD_SENDING == 0:
                return "reset after"
        return self._chance.choice(FAULTS) if self._chance.random() < self.share else "passed on"

    async def _ask(self, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            head = "POST / HTTP/1.1\r\nhost: node\r\ncontent-type: application/json\r\nconnection: close\r\n"
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()
            return (await _message(reader))[1]
        finally:
            writer.close()

    async def _older(self, body: bytes) -> bytes:
        """The same question about an older block wherever it is about the newest one."""
        number = json.loads(await self._ask(b'{"jsonrpc":"2.0","id":0,"method":"eth_blockNumber","params":[]}'))
        older = max(1, int(number["result"], 16) - self._chance.randint(1, DEEPEST_STALE))
        return body.replace(b'"latest"', b'"0x%x"' % older)


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of a request or an answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head, await reader.readexactly(int(line.partition(b":")[2]))
    return head, await reader.read()


def _reset(writer: asyncio.StreamWriter) -> bool:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()
    return False
