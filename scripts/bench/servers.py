"""The servers that are measured, each a program: `python -m bench.servers KIND ARGUMENT`; it prints its port first.

All run as `lotproof serve` runs its own: uvicorn, one worker, the same settings.

    node FOLDER      JSON-RPC that replays a trade (`replay.py`)
    growing FOLDER#N#G  the same, which begins with N blocks and gains one each second if G is 1
    lotproof FOLDER  the product on the database in FOLDER
    constant FILE    a bare Starlette endpoint that answers with the bytes of FILE
    naive URL        an endpoint that asks the chain by `eth_call` for each scan; URL#ADDRESS
"""

from __future__ import annotations

import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from bench.replay import Recording
from ledger.cli.stack import spare_collector

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

JSON: Final = "application/json"
MOST_LOGS: Final = 10_000  # in one answer, as the large providers have it
NOT_FINAL: Final = 3  # of a growing chain's newest blocks
_TOO_MANY: Final = {"code": -32005, "message": f"query returned more than {MOST_LOGS} results"}


class Node:
    """Replays what `replay.write` wrote over JSON-RPC; answering costs next to nothing.

    Args:
        folder: Where it was written.
        length: How many blocks there are at first; None = all.
        grows: Whether one of the others comes each second, and the last are not final yet.
    """

    def __init__(self, folder: Path, length: int | None = None, *, grows: bool = False) -> None:
        self._told = Recording(folder)
        self._length = length or len(self._told.blocks)
        self._grows = grows
        self._begun = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, of one call or many."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        asked = orjson.loads(body)
        answer = b"[%b]" % b",".join(map(self._answer, asked)) if isinstance(asked, list) else self._answer(asked)
        headers = [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, call: dict[str, Any]) -> bytes:
        name = orjson.dumps(call["id"])
        try:
            result = self._methods[call["method"]](self, *call["params"])
        except OverflowError:
            return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (name, orjson.dumps(_TOO_MANY))
        return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (name, result)

    def _newest(self) -> int:
        came = int(time.monotonic() - self._begun) if self._grows else 0
        return min(self._length + came, len(self._told.blocks)) - 1

    def _block(self, number: str, _whole: bool) -> bytes:  # noqa: FBT001 - a parameter of JSON-RPC
        newest = self._newest()
        final = newest - NOT_FINAL if self._grows else newest
        at = {"latest": newest, "finalized": final}.get(number)
        at = int(number, 16) if at is None else at
        return self._told.blocks[at] if at <= newest else b"null"

    def _get_logs(self, query: dict[str, Any]) -> bytes:
        if "blockHash" in query:
            first = last = self._told.numbers[query["blockHash"]]
        else:
            first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        topic = (query.get("topics") or [None])[0]
        found = None if topic is None else self._told.logs_of(first, last, topic)
        if (self._told.count(first, last) if found is None else len(found)) > MOST_LOGS:
            raise OverflowError
        return self._told.logs(first, last) if found is None else b"[%b]" % b",".join(found)

    def _chain_id(self) -> bytes:
        return b'"0x7a69"'

    _methods: Final[dict[str, Callable[..., bytes]]] = {
        "eth_getBlockByNumber": _block,
        "eth_getLogs": _get_logs,
        "eth_chainId": _chain_id,
    }


def growing(where: str) -> Node:
    """Make a node with so many blocks of a recording at first, that gains one each second or none: FOLDER#BLOCKS#1."""
    folder, length, grows = where.rsplit("#", 2)
    return Node(Path(folder), int(length), grows=grows == "1")


def lotproof(folder: str) -> ASGIApp:
    """Make the product."""
    from api.app import Identity, create_app  # noqa: PLC0415 - the other servers need none of it
    from ledger.config import load_settings  # noqa: PLC0415 - only this part needs it, and the environment is set by now
    from ledger.store.database import open_database  # noqa: PLC0415 - only this part needs it, and the environment is set by now

    settings = load_settings({}, data_dir=Path(folder))
    database = open_database(settings.database_url)
    return create_app(settings, database, Identity(31337, bytes(20), None))


def constant(file: str) -> ASGIApp:
    """Make an endpoint that always answers the same bytes."""
    body = Path(file).read_bytes()

    async def answer(_request: Request) -> Response:
        return Response(body, media_type=JSON)

    return Starlette(routes=[Route("/v1/verify", answer)])


def naive(where: str) -> ASGIApp:
    """Make the verifier that one would write first: web3's contract, one call for each scan, nothing kept."""
    from web3 import HTTPProvider, Web3  # noqa: PLC0415 - only this part needs it, and the environment is set by now

    from ledger.chain.artifact import abi_of  # noqa: PLC0415 - only this part needs it, and the environment is set by now
    from ledger.core.gs1 import parse_code  # noqa: PLC0415 - only this part needs it, and the environment is set by now
    from ledger.core.parts import batch_id  # noqa: PLC0415 - only this part needs it, and the environment is set by now

    url, _, address = where.partition("#")
    contract = Web3(HTTPProvider(url)).eth.contract(Web3.to_checksum_address(address), abi=abi_of("function"))

    def answer(request: Request) -> Response:
        code = parse_code(request.query_params["code"], today=datetime.now(UTC).date())
        state = contract.functions.consignment(batch_id(int(code.gtin or "0"), code.lot or "")).call()
        return Response(orjson.dumps(tuple(state), default=bytes.hex), media_type=JSON)

    return Starlette(routes=[Route("/v1/verify", answer)])


KINDS: Final[dict[str, Callable[[str], ASGIApp]]] = {
    "node": lambda folder: Node(Path(folder)),
    "growing": growing,
    "lotproof": lotproof,
    "constant": constant,
    "naive": naive,
}


def main() -> None:
    """Serve on a free loopback port until the process is ended."""
    app = KINDS[sys.argv[1]](sys.argv[2])
    # The protocol is named, because asyncio sets TCP_NODELAY only where it is; without, each answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    print(listening.getsockname()[1], flush=True)
    spare_collector()
    config = uvicorn.Config(app, access_log=False, server_header=False, log_level="warning", lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
