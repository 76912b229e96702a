"""A server that tells what reached it: what the front door hands on, and what not."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import orjson

STREAM_SECONDS = 0.1  # between two signs of life on an event stream


class Handler(BaseHTTPRequestHandler):
    """Answers with the request as JSON; `/readyz` as the test wishes; `/v1/events` without end."""

    protocol_version = "HTTP/1.1"
    server: Echo

    def do_GET(self) -> None:
        if self.path == "/readyz":
            self.tell({}, 200 if self.server.ready else 503)
        elif self.path.startswith("/v1/events"):
            self.stream()
        else:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            self.server.seen += 1
            if self.server.breaks:
                self.close_connection = True
                return
            time.sleep(self.server.takes)
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.tell({"method": self.command, "path": self.path, "bytes": len(body), "headers": headers})

    do_POST = do_PUT = do_GET  # noqa: N815 - as http.server names them

    def tell(self, value: dict[str, object], status: int = 200) -> None:
        body = orjson.dumps(value)
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        try:
            while not self.server.stopping.wait(STREAM_SECONDS):
                self.wfile.write(b": alive\n\n")
        except OSError:
            pass

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - as in the class it replaces
        """Say nothing."""


class Echo(ThreadingHTTPServer):
    """The server, on a free port; a test sets `ready`, `takes` (seconds for an answer) and `breaks` (it gives none)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ready = True
        self.takes = 0.0
        self.breaks = False
        self.seen = 0
        self.stopping = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A door that goes away in the middle is no fault."""

    @property
    def port(self) -> int:
        return self.server_port

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()

    def __enter__(self) -> Self:
        return self
