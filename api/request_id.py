"""A name for every request, by which whoever got a problem and whoever reads the log talk of the same one.

A proxy in front may give the name (`X-Request-Id`), so that its log tells it too; anything but a short clean one is
replaced, since it is written into logs.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CURRENT: Final[ContextVar[str]] = ContextVar("request_id", default="")  # "" outside of a request
HEADER: Final = b"x-request-id"
_CLEAN: Final = re.compile(rb"[A-Za-z0-9_-]{8,64}")
_BYTES: Final = 8  # of a name made here: no two of the same week are alike


class NameRequests:
    """ASGI middleware: names each request for as long as it is worked on, and tells the name in the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its name."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = name_of(scope["headers"])
        CURRENT.set(name)  # never set back: what fails on the way out is logged under it too
        own = (HEADER, name.encode())

        async def naming(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append(own)
            await send(message)

        await self._app(scope, receive, naming)


def name_of(headers: list[tuple[bytes, bytes]]) -> str:
    """The request's name as its headers give it, or a new one."""
    given = next((value for name, value in headers if name == HEADER), b"")
    return given.decode() if _CLEAN.fullmatch(given) else secrets.token_hex(_BYTES)
