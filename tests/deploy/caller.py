"""Requests from an address of one's choice."""

from __future__ import annotations

import http.client
import socket
from typing import Any

from tests.front_door import problem

SECONDS = 10.0


class Answer:
    """Status, headers and body of an answer."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.body = answer.read()

    def problem(self) -> dict[str, Any]:
        """The problem that it is, in the shape of docs/api.md."""
        assert self.headers["content-type"] == "application/problem+json"
        found = problem(self.body)
        assert found["status"] == self.status
        assert str(found["type"]).startswith("/problems/")
        assert found["title"]
        assert found["detail"]
        return found


def ask(port: int, path: str, *, method: str = "GET", address: str = "127.0.0.1", **options: Any) -> Answer:
    """Ask the program at `port` from `address`, by a connection of its own."""
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS, source_address=(address, 0))
    try:
        asking.request(method, path, **options)
        return Answer(asking.getresponse())
    finally:
        asking.close()


def ask_as(port: int, path: str, claimed: str, *, method: str = "GET") -> Answer:
    """Ask a door that believes the PROXY protocol, as if from `claimed`."""
    version = "TCP6" if ":" in claimed else "TCP4"
    mine = "2001:db8::1" if version == "TCP6" else "192.0.2.9"
    with socket.create_connection(("127.0.0.1", port), SECONDS) as line:
        line.sendall(f"PROXY {version} {claimed} {mine} 40000 80\r\n".encode())
        line.sendall(f"{method} {path} HTTP/1.1\r\nHost: door\r\nContent-Length: 0\r\n\r\n".encode())
        answer = http.client.HTTPResponse(line)
        answer.begin()
        return Answer(answer)
