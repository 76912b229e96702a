"""JSON-RPC over HTTP, one call or many in one request, with typed errors.

Everything that is asked of a node goes through here, so that an unreachable, overloaded or garbled node looks the
same to every caller. Source: JSON-RPC 2.0, sections 5 and 6.

What fails is tried again a few times, at once: a round of the relayer is a dozen requests, and where two in five fail
hardly one round would come to its end. Nothing of what we ask does harm when it is asked twice, sending least of all:
a signed transaction has one nonce.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import orjson

from ledger.core.errors import ConfigurationError, NodeError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

CALLS_A_REQUEST: Final = 100  # public nodes commonly refuse longer batches
TIMEOUT_SECONDS: Final = 30.0
ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.02  # seconds before the second attempt; each further pause is twice as long
_HTTP_OK: Final = 200
_ADVICE: Final = (
    "Check that the node runs and that LOTPROOF_RPC_URL names it; what was submitted stays queued meanwhile."
)


class Rpc:
    """One node's JSON-RPC endpoint. Safe to share between threads.

    Args:
        url: `http://` or `https://` address. Its path and query may hold an access key and are never shown.
        timeout_seconds: How long one request may take to connect, and to answer.

    Raises:
        ConfigurationError: The address is not one of HTTP.
    """

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(
                "The address of the chain's node must start with http:// or https:// and name a host.",
                advice="Set LOTPROOF_RPC_URL to a JSON-RPC address, or leave it empty for the embedded chain.",
                field="rpc_url",
            )
        self.shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"  # without credentials, path or query
        self._client = httpx.Client(
            timeout=timeout_seconds, headers={"content-type": "application/json"}, trust_env=False
        )
        self._url = url

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close()

    def request(self, method: str, *params: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
        """Make one call.

        Raises:
            NodeError: The node answered with an error.
            UnavailableError: It did not answer, or not with JSON-RPC.
        """
        answer = self._post({"jsonrpc": "2.0", "id": 0, "method": method, "params": params})
        return self._result(answer, method)

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Make many calls, up to `CALLS_A_REQUEST` in each HTTP request, and give their results in order.

        Raises:
            NodeError: The first error that one of the calls was answered with.
            UnavailableError: The node did not answer, or not with JSON-RPC.
        """
        outcomes = self.outcomes(calls)
        for outcome in outcomes:
            if isinstance(outcome, NodeError):
                raise outcome
        return outcomes

    def outcomes(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Like `batch`, but an error of one call stands in its place as a `NodeError`, and the others count."""
        found: list[Any] = []
        for start in range(0, len(calls), CALLS_A_REQUEST):
            found += self._batch(calls[start : start + CALLS_A_REQUEST])
        return found

    def _batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        answers = self._post(body)
        if isinstance(answers, dict):  # one error for the whole batch
            raise self._error(answers.get("error"), calls[0][0])
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)}
        return [self._outcome(by_id.get(number), method) for number, (method, _) in enumerate(calls)]

    def _outcome(self, answer: Any, method: str) -> Any:  # noqa: ANN401 - JSON in, JSON out
        try:
            return self._result(answer, method)
        except NodeError as error:
            return error

    def _post(self, body: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
        content = orjson.dumps(body)
        for attempt in range(1, ATTEMPTS):
            try:
                return self._post_once(content)
            except UnavailableError as error:
                if error.evidence.get("cause") == "timeout":
                    raise  # it has been given its time
                time.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
        return self._post_once(content)

    def _post_once(self, content: bytes) -> Any:  # noqa: ANN401 - JSON out
        try:
            response = self._client.post(self._url, content=content)
        except httpx.TimeoutException as error:
            raise self._unavailable("did not answer in time", cause="timeout") from error
        except httpx.HTTPError as error:
            raise self._unavailable("cannot be reached", cause=type(error).__name__) from error
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            fault = "answered with something cut short or not JSON"
            raise self._unavailable(fault, cause="garbled", status=response.status_code) from error
        if response.status_code != _HTTP_OK and not (
            isinstance(answer, dict) and isinstance(answer.get("error"), dict)
        ):
            raise self._unavailable(f"answered with HTTP status {response.status_code}", status=response.status_code)
        if not isinstance(answer, dict | list):
            raise self._unavailable("answered with something that is not JSON-RPC", cause="garbled")
        return answer

    def _result(self, answer: Any, method: str) -> Any:  # noqa: ANN401 - JSON in, JSON out
        if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
            raise self._unavailable(f"left {method} without an answer", cause="garbled")
        if answer.get("error") is not None:
            raise self._error(answer["error"], method)
        return answer["result"]

    def _error(self, error: Any, method: str) -> NodeError:  # noqa: ANN401 - whatever the node sent
        fields = error if isinstance(error, dict) else {"message": str(error)}
        message = str(fields.get("message", ""))[:500]  # characters; a node's words are evidence, not ours to trust
        return NodeError(
            f"The chain's node at {self.shown} refused {method}: {message}",
            method=method,
            code=fields.get("code"),
            message=message,
            data=fields.get("data"),
        )

    def _unavailable(self, fault: str, **evidence: Any) -> UnavailableError:  # noqa: ANN401 - evidence for the edges
        return UnavailableError(
            f"The chain's node at {self.shown} {fault}.", advice=_ADVICE, node=self.shown, **evidence
        )
