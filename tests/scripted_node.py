"""A node that says what it is told to say: for answers that a real one gives seldom, or should never give."""

from __future__ import annotations

import sys
import threading
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = Callable[[str, list[Any]], Any]


class NodeAnswersError(Exception):
    """What the node answers with as a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message} | ({"data": data} if data is not None else {})


class ScriptedNode:
    """Answers each method by a function; `raw` answers whole requests with fixed bytes instead."""

    def __init__(self) -> None:
        self.methods: dict[str, Answer] = {}
        self.raw: tuple[int, bytes] | None = None
        self.wait: threading.Event | None = None  # set: answers only then
        self.requests: list[Any] = []
        self.url = ""

    def on(self, method: str, result: Any) -> None:
        """Answer a method with a value, or with what a function of its parameters gives."""
        self.methods[method] = result if callable(result) else lambda *_: result

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"jsonrpc": "2.0", "id": call["id"], "result": self.methods[call["method"]](*call["params"])}
        except NodeAnswersError as error:
            return {"jsonrpc": "2.0", "id": call["id"], "error": error.error}
        except KeyError:
            return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32601, "message": "method not found"}}


class _Server(ThreadingHTTPServer):
    """Says nothing of clients that are killed in the middle of a question."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


Node = TypeVar("Node", bound=ScriptedNode)


def scripted_node() -> AbstractContextManager[ScriptedNode]:
    """Run a scripted node on the loopback interface."""
    return running(ScriptedNode())


@contextmanager
def running(node: Node) -> Iterator[Node]:
    """Run a node on the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
            node.requests.append(body)
            if node.wait is not None:
                node.wait.wait(10)
            status, content = node.raw or (200, b"")
            if node.raw is None:
                many = isinstance(body, list)
                content = orjson.dumps([node.answer(call) for call in reversed(body)] if many else node.answer(body))
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = _Server(("127.0.0.1", 0), Handler)
    node.url = f"http://127.0.0.1:{server.server_address[1]}/v3/secret-key?token=hidden"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield node
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
