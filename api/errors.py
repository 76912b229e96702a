"""The one table from error class to HTTP status, and the one shape of every error: problem details (RFC 9457)."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.negotiation import wants_page
from api.request_id import CURRENT
from api.web.render import page
from ledger.core.errors import (
    ConfigurationError,
    ConflictError,
    ContradictionError,
    InvalidCodeError,
    InvalidInputError,
    InvalidStatementError,
    LotproofError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    StatementRefusedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA_TYPE: Final = "application/problem+json"
BEARER: Final = 'Bearer realm="lotproof"'  # RFC 9110, section 11.6.1
# Only where TAXII clients ask: a browser that hears of Basic asks whoever sits there for a password.
BASIC: Final = f'{BEARER}, Basic realm="lotproof", charset="UTF-8"'
BASIC_AT: Final = "/taxii2/"
RETRY_SECONDS: Final = 5  # when a busy or cut off part is worth asking again, if the error does not say
UNREAD: Final = frozenset({408, 413})  # part of the body has not been read, so nothing more can come on this connection
UNMATCHED: Final = "(none)"  # the route of an address that does not exist
_LOG: Final = logging.getLogger(__name__)


class UnreadableBodyError(InvalidInputError):
    """The body is not what its media type says."""


class TooLargeError(InvalidInputError):
    """The body is larger than this call takes."""


class SlowBodyError(InvalidInputError):
    """The body comes so slowly that somebody may only want to keep a place taken."""


class UnsupportedMediaError(InvalidInputError):
    """The body's media type is none that this call reads."""


class NotAcceptableError(InvalidInputError):
    """The client reads no form that this is answered in."""


class MalformedLinkError(InvalidInputError):
    """A Digital Link that names nothing; the GS1-Conformant Resolver standard asks for 400."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a sort of problem is called."""

    slug: str
    status: int
    title: str


# Looked up along the class's ancestors: the nearest line counts.
KINDS: Final[dict[type[LotproofError], Kind]] = {
    UnreadableBodyError: Kind("unreadable-body", 400, "The body cannot be read"),
    MalformedLinkError: Kind("malformed-link", 400, "Malformed Digital Link"),
    NotSignedInError: Kind("not-signed-in", 401, "Not signed in"),
    NotAllowedError: Kind("not-allowed", 403, "Not allowed"),
    NotAcceptableError: Kind("not-acceptable", 406, "Not acceptable"),
    SlowBodyError: Kind("too-slow", 408, "Too slow"),
    TooLargeError: Kind("too-large", 413, "Too large"),
    UnsupportedMediaError: Kind("unsupported-media", 415, "Unsupported media type"),
    InvalidCodeError: Kind("invalid-code", 422, "Not a GS1 code"),
    InvalidStatementError: Kind("invalid-statement", 422, "Malformed statement"),
    InvalidInputError: Kind("invalid-input", 422, "Invalid input"),
    StatementRefusedError: Kind("refused", 409, "Refused by the ledger's rules"),
    ConflictError: Kind("conflict", 409, "It is in another state"),
    NotFoundError: Kind("not-found", 404, "Not found"),
    UnavailableError: Kind("unavailable", 503, "Not available now"),
    ContradictionError: Kind("contradiction", 500, "The chain contradicts itself"),
    ConfigurationError: Kind("misconfigured", 500, "This server is set up wrongly"),
    LotproofError: Kind("error", 500, "Something went wrong here"),
}
OF_HTTP: Final[dict[int, Kind]] = {
    404: KINDS[NotFoundError],
    405: Kind("method-not-allowed", 405, "Method not allowed"),
    413: KINDS[TooLargeError],
    415: KINDS[UnsupportedMediaError],
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, ready for JSON or for a page."""

    kind: Kind
    detail: str
    advice: str = ""
    field: str | None = None
    position: int | None = None
    evidence: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The members of RFC 9457, then ours; what is empty is left out."""
        kind = self.kind
        members: dict[str, Any] = {name: plain(value) for name, value in self.evidence.items()}
        members |= {
            "type": f"/problems/{kind.slug}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            "advice": self.advice or None,
            "field": self.field,
            "position": self.position,
            "request_id": CURRENT.get() or None,
        }
        return {name: value for name, value in members.items() if value is not None}


def problem_of(error: LotproofError) -> Problem:
    """The problem that `error` is told as."""
    kind = next(KINDS[ancestor] for ancestor in type(error).__mro__ if ancestor in KINDS)
    headers = {"connection": "close"} if kind.status in UNREAD else {}
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = str(error.evidence.get("retry_after", RETRY_SECONDS))
    if kind.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = BEARER
    return Problem(kind, error.detail, error.advice, error.field, error.position, error.evidence, headers)


def plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """`value` as JSON holds it: bytes as 0x hex, dates as ISO 8601, what is unknown as text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    return str(value)


# What broke inside is nobody else's business; the log tells it under the request's name.
_UNFORESEEN: Final = Problem(
    KINDS[LotproofError],
    "The server failed at this.",
    "Try again; if it happens again, tell the operator of this server the request's name (`request_id`).",
)


def respond(request: Request, problem: Problem) -> Response:
    """`problem` as a page for people who browse, as JSON for everybody else."""
    status, headers = problem.kind.status, dict(problem.headers)
    if wants_page(request):
        return page("problem.html", status=status, headers=headers, problem=problem, request_id=CURRENT.get())
    body = orjson.dumps(problem.to_json())
    return Response(body, status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let `app` tell every error in this shape; before any other middleware is added, which see all answers then."""
    app.add_exception_handler(LotproofError, _ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_middleware(TellFailures)


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, LotproofError)  # noqa: S101 - registered for nothing else
    problem = problem_of(error)
    if problem.kind.status == HTTPStatus.UNAUTHORIZED and request.url.path.startswith(BASIC_AT):
        problem = dataclasses.replace(problem, headers={**problem.headers, "www-authenticate": BASIC})
    if problem.kind.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        about = {"problem": problem.kind.slug, "route": route_of(request.scope), "status": problem.kind.status}
        _LOG.error("a request failed", exc_info=error, extra=about)
    return respond(request, problem)


def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    first = error.errors()[0]
    name = str(first["loc"][-1])
    detail = f"The {first['loc'][0]} parameter {name!r}: {str(first['msg']).lower()}."
    advice = "See /openapi.json for what this call takes."
    return respond(request, Problem(KINDS[InvalidInputError], detail, advice, name))


def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    kind = OF_HTTP.get(error.status_code) or Kind("http", error.status_code, HTTPStatus(error.status_code).phrase)
    headers = error.headers or {}
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"There is nothing at {request.url.path}."
        return respond(request, Problem(kind, detail, "See /openapi.json for the calls."))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = headers.get("Allow", "")
        detail = f"{request.method} is not possible at {request.url.path}."
        return respond(request, Problem(kind, detail, f"Use {allowed}." if allowed else "", headers=headers))
    return respond(request, Problem(kind, f"{error.detail}.", headers=headers))


class TellFailures:
    """ASGI middleware: answers what nobody foresaw, and logs it under the request's name.

    Innermost, so that these answers are counted and carry the headers of all others; the framework's own place for
    them is outside of every middleware.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; if that fails before an answer began, send one."""
        begun = False

        async def watching(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watching)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise  # the server ends the connection, and logs why
            about = {"problem": KINDS[LotproofError].slug, "route": route_of(scope), "status": 500}
            _LOG.exception("a request failed", exc_info=error, extra=about)
            await respond(Request(scope), _UNFORESEEN)(scope, receive, send)


def route_of(scope: Scope) -> str:
    """The template of the route that a request came to: never the address, which may hold what somebody scanned."""
    return str(getattr(scope.get("route"), "path", UNMATCHED))
