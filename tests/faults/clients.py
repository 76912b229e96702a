"""Clients of an installation: they hand statements in, ask how far those came, and scan codes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.structs import Domain
    from ledger.core.submission import Submission

FRESH: Final = 12  # place of check 13 among the checks
_ACCEPTED: Final = 202


class Clients:
    """Everybody who uses one server.

    Args:
        url: Its address.
        domain: What statements are for.
    """

    def __init__(self, url: str, domain: Domain) -> None:
        self.slowest = 0.0  # seconds, of any answer
        self.acknowledged: list[bytes] = []
        self.refusals: list[str] = []  # what was said instead of 202
        self._domain = domain
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def hand_in(self, submissions: Sequence[Submission]) -> None:
        """Hand statements in, one after the other; what is not accepted is noted."""
        for submission in submissions:
            answer = self._asked("POST", "/v1/statements", json=submission.payload())
            if answer.status_code == _ACCEPTED:
                self.acknowledged.append(submission.digest(self._domain))
            else:
                self.refusals.append(f"{answer.status_code} {answer.text[:300]}")

    def states(self) -> list[str]:
        """How far all that was acknowledged has come; of what was refused, why."""
        answers = [self._statement(digest) for digest in self.acknowledged]
        return sorted({f"{one.get('state')} {one.get('reason') or ''}".strip() for one in answers})

    def state(self, digest: bytes) -> str:
        found: str = self._statement(digest).get("state", "unknown")
        return found

    def verdict(self, code: str, **question: str) -> dict[str, Any]:
        """Scan a code."""
        answer: dict[str, Any] = self._asked("GET", "/v1/verify", params={"code": code, **question}).json()
        return answer

    def await_states(self, wanted: set[str], patience: float) -> bool:
        """Wait until all that was acknowledged has come so far; tells whether it has."""
        until = time.monotonic() + patience
        for digest in self.acknowledged:
            while (found := self.state(digest)) not in wanted:
                if time.monotonic() > until or found == "refused":
                    return False
                time.sleep(0.3)
        return True

    def _statement(self, digest: bytes) -> dict[str, Any]:
        found: dict[str, Any] = self._asked("GET", f"/v1/statements/0x{digest.hex()}").json()
        return found

    def _asked(self, method: str, path: str, **question: Any) -> httpx.Response:
        began = time.monotonic()
        answer = self._http.request(method, path, **question)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return answer


def code(submission: Submission) -> str:
    """What is printed on goods of a registration."""
    statement: Any = submission.statement
    return f"(01){statement.gtin:014d}(10){statement.lot}"
