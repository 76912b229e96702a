"""The one shape of every error, asserted in one place."""

from __future__ import annotations

from typing import Any

import httpx


def assert_problem(answer: httpx.Response, status: int, slug: str, **members: Any) -> dict[str, Any]:
    """`answer` is a problem (RFC 9457) of this status and sort, with these members; it says what to do or why."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == f"/problems/{slug}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"].endswith((".", "…"))
    assert "Traceback" not in answer.text
    assert {name: problem.get(name) for name in members} == members
    return problem
