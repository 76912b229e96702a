"""A node that hands on what a true one says, unless it is told to lie, to lag behind, to be slow or to be gone.

Several of them before one Anvil are several nodes of one chain.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from ledger.chain.rpc import Rpc
from ledger.core.errors import NodeError
from tests.scripted_node import NodeAnswersError, ScriptedNode, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Lie = Callable[[list[Any], Any], Any]  # parameters and true answer → what is said

GONE = (502, b"<html>Bad Gateway</html>")
TAGS = ("latest", "finalized", "safe")


class LyingNode(ScriptedNode):
    """Hands on questions to the node at `upstream`; `lies` change answers by method."""

    def __init__(self, upstream: str) -> None:
        super().__init__()
        self.upstream = Rpc(upstream)
        self.lies: dict[str, Lie] = {}
        self.frozen_at: int | None = None  # the newest block it knows of
        self.seconds = 0.0  # how long it takes to answer
        self.asked: list[str] = []

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        time.sleep(self.seconds)
        method, params = call["method"], list(call["params"])
        self.asked.append(method)
        try:
            true = self._true(method, params)
            said = self.lies[method](params, true) if method in self.lies else true
        except NodeAnswersError as error:
            return {"jsonrpc": "2.0", "id": call["id"], "error": error.error}
        except NodeError as error:
            told = {name: error.evidence[name] for name in ("code", "message")}
            return {"jsonrpc": "2.0", "id": call["id"], "error": told}
        return {"jsonrpc": "2.0", "id": call["id"], "result": said}

    def honest(self) -> None:
        """Do as a good node does, from now on."""
        self.lies, self.frozen_at, self.seconds, self.raw = {}, None, 0.0, None

    def _true(self, method: str, params: list[Any]) -> Any:
        if self.frozen_at is not None and method == "eth_getBlockByNumber":
            name = params[0]
            if name in TAGS:
                params = [hex(self.frozen_at - (2 if name == "finalized" else 0)), *params[1:]]
            elif int(name, 16) > self.frozen_at:
                return None
        return self.upstream.request(method, *params)


@contextmanager
def lying_nodes(upstream: str, count: int) -> Iterator[list[LyingNode]]:
    """So many nodes before one; each has a port of its own."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(running(LyingNode(upstream))) for _ in range(count)]
        yield nodes
        for node in nodes:
            node.upstream.close()


def refuses(code: int = -32601, message: str = "the method does not exist") -> Lie:
    """Answer a method with an error."""

    def lie(_params: list[Any], _true: Any) -> None:
        raise NodeAnswersError(code, message)

    return lie


def another_hash(height: int, hash_: str = "0x" + "ee" * 32) -> Lie:
    """Give another hash for a block, by whatever name it is asked for."""

    def lie(_params: list[Any], true: Any) -> Any:
        return true | {"hash": hash_} if true and int(true["number"], 16) == height else true

    return lie


def omits(number: int) -> Lie:
    """Leave out the logs of a block."""
    return lambda _params, true: [log for log in true if int(log["blockNumber"], 16) != number]


def empty_receipts(number: int) -> Lie:
    """Give the receipts of a block without logs."""

    def lie(params: list[Any], true: Any) -> Any:
        return [receipt | {"logs": []} for receipt in true] if int(params[0], 16) == number else true

    return lie
