"""A Lotproof server as the command line sees it: JSON in, JSON out, problems raised as the project's errors."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

from ledger.core.errors import (
    ConfigurationError,
    InvalidInputError,
    LotproofError,
    NotAllowedError,
    NotFoundError,
    NotSignedInError,
    StatementRefusedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

Json = dict[str, Any]
ERROR_OF_STATUS: Final[dict[int, type[LotproofError]]] = {
    401: NotSignedInError,
    403: NotAllowedError,
    404: NotFoundError,
    409: StatementRefusedError,
    429: UnavailableError,
    503: UnavailableError,
}
PATIENCE_SECONDS: Final = 600.0  # with a front door that says "too many, come back later"
POLL_SECONDS: Final = 0.2
STREAM_SECONDS: Final = 60.0  # a stream says something every 15 s
ASKED_AHEAD: Final = 20  # statements that are waited for and asked after in one round


class Client:
    """Calls of design section 7 on one server.

    Args:
        server: Base URL, for example `http://127.0.0.1:8000`.
        timeout: Seconds a single call may take.
    """

    def __init__(self, server: str, timeout: float = 30.0) -> None:
        self.server = server.rstrip("/")
        self._http = httpx.Client(base_url=self.server, timeout=timeout, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def bear(self, token: str) -> None:
        """Send a session's token with every call from now on."""
        self._http.headers["authorization"] = f"Bearer {token}"

    def follow(self, path: str, last: str, *, quiet_seconds: float = 0.0) -> Iterator[tuple[str, str, Json]]:
        """The server-sent events at `path` after the one named `last`, as name, id and data.

        Args:
            path: Of the stream.
            last: The id of the last that is known, "" for none.
            quiet_seconds: End when nothing came for so long; 0: follow until the server ends it.

        Raises:
            UnavailableError: The connection was lost, or the server says nothing any more.
        """
        patience = quiet_seconds or STREAM_SECONDS
        headers = {"last-event-id": last, "accept": "text/event-stream"}
        fields: dict[str, str] = {}
        try:
            with self._http.stream("GET", path, headers=headers, timeout=patience) as answer:
                if not answer.is_success:
                    answer.read()
                    raise _error_of(answer.status_code, _json_of(answer, self.server))
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    if line:
                        fields[name] = value
                    elif "data" in fields:
                        yield fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"])
                        fields = {}
        except httpx.HTTPError as error:
            if quiet_seconds and isinstance(error, httpx.ReadTimeout):
                return
            detail = f"The stream of {self.server} broke off: {error}."
            raise UnavailableError(detail, advice="Follow it again: it goes on where it was.") from error

    def get(self, path: str, **params: str | int) -> Json:
        """The JSON at `path`; raises the error that the server's problem stands for."""
        return self._call("GET", path, params=params)

    def post(self, path: str, payload: Json) -> Json:
        """The JSON answer to `payload`; raises the error that the server's problem stands for."""
        return self._call("POST", path, json=payload)

    def delete(self, path: str) -> Json:
        """The JSON answer to deleting what is at `path`."""
        return self._call("DELETE", path)

    def put_text(self, path: str, text: bytes, seconds: float) -> Json:
        """The JSON answer to a text put at `path`, for which the server may take so many seconds."""
        return self._call("PUT", path, content=text, headers={"content-type": "text/plain"}, timeout=seconds)

    def post_text(self, path: str, text: bytes, media_type: str) -> Json:
        """The JSON answer to a file of text."""
        return self._call("POST", path, content=text, headers={"content-type": media_type})

    def post_image(self, image: bytes, **params: str | int) -> Json:
        """Every code in a PNG or JPEG with its verdict."""
        return self._call(
            "POST",
            "/v1/verify/image",
            content=image,
            params=params,
            headers={"content-type": "application/octet-stream"},
        )

    def get_bytes(self, path: str) -> bytes:
        """The file at `path`; raises the error that the server's problem stands for."""
        answer = self._answer("GET", path, {})
        if answer.is_success:
            return answer.content
        raise _error_of(answer.status_code, _json_of(answer, self.server))

    def post_form(self, path: str, file: bytes, seconds: float, **fields: str) -> Json:
        """The JSON answer to a form with a file and some fields, for which the server may take so many seconds."""
        parts: dict[str, Any] = {"file": ("file", file), **{name: (None, text) for name, text in fields.items()}}
        return self._call("POST", path, files=parts, timeout=seconds)

    def wait(
        self, digests: list[str], until: frozenset[str], seconds: float, *, poll_seconds: float = POLL_SECONDS
    ) -> dict[str, Json]:
        """The states of statements once each is in one of the states `until`.

        Raises:
            UnavailableError: Not all of them got there within `seconds`; they stay queued at the server.
        """
        deadline = time.monotonic() + seconds
        states: dict[str, Json] = {}
        waiting = list(dict.fromkeys(digests))
        while waiting:
            waiting = self._still_waiting(waiting, until, states)
            if waiting and time.monotonic() > deadline:
                raise UnavailableError(
                    f"{len(waiting)} statements are accepted but not yet on the chain after {seconds:.0f} s.",
                    advice="They stay queued and are sent as soon as the chain answers. "
                    f"Look later: {self.server}/v1/statements/{waiting[0]}",
                )
            if waiting:
                time.sleep(poll_seconds)
        return states

    def _still_waiting(self, digests: list[str], until: frozenset[str], states: dict[str, Json]) -> list[str]:
        """Ask for each in turn, but no further than to the first few that are not there: they go in order."""
        waiting: list[str] = []
        for at, digest in enumerate(digests):
            if len(waiting) == ASKED_AHEAD:
                return waiting + digests[at:]
            states[digest] = self.get(f"/v1/statements/{digest}")
            if states[digest]["state"] not in until:
                waiting.append(digest)
        return waiting

    def _call(self, method: str, path: str, **options: Any) -> Json:  # noqa: ANN401 - handed through to httpx
        answer = self._answer(method, path, options)
        until = time.monotonic() + PATIENCE_SECONDS
        while answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            told = answer.headers.get("retry-after", "")
            wait = int(told) if told.isdecimal() else 1
            if time.monotonic() + wait > until:
                break
            time.sleep(wait)
            answer = self._answer(method, path, options)
        body = _json_of(answer, self.server)
        if answer.is_success:
            return body
        raise _error_of(answer.status_code, body)

    def _answer(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"No answer from {self.server}: {error}.",
                advice="Start a server with `lotproof up`, or name another with --server.",
            ) from error


def _json_of(answer: httpx.Response, server: str) -> Json:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        return body
    raise ConfigurationError(
        f"{server} answered {answer.status_code} with something that is not Lotproof's JSON.",
        advice="Check the address given with --server.",
    )


def _error_of(status: int, problem: Json) -> LotproofError:
    kind = ERROR_OF_STATUS.get(
        status, UnavailableError if status >= httpx.codes.INTERNAL_SERVER_ERROR else InvalidInputError
    )
    known = {"type", "title", "status", "detail", "advice", "field", "position", "instance"}
    evidence = {name: value for name, value in problem.items() if name not in known and name.isidentifier()}
    return kind(
        str(problem.get("detail") or problem.get("title") or f"The server answered {status}."),
        advice=str(problem.get("advice") or ""),
        field=problem.get("field"),
        position=problem.get("position"),
        **evidence,
    )
