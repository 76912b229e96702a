"""`/demo`: the demonstration's codes on screen, to be scanned from it. There only while a demonstration runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.installation import Installation, installed
from api.web.render import page
from ledger.core.errors import NotFoundError, UnavailableError

router = APIRouter(include_in_schema=False)
CASES = "codes.json"


@router.get("/demo")
def codes(request: Request) -> Response:
    """Every case with its code, what it should come to, and why."""
    return page("demo.html", cases=_cases(installed(request)))


@router.get("/demo/{number}.png")
def label(request: Request, number: int) -> Response:
    """The label image of one case."""
    cases = _cases(installed(request))
    if not 0 < number <= len(cases):
        raise NotFoundError(f"There is no case {number}.", advice="See /demo for those there are.")
    return Response(Path(cases[number - 1]["image"]).read_bytes(), media_type="image/png")


def _cases(installation: Installation) -> list[dict[str, Any]]:
    """The cases of the demonstration, once its story has been played."""
    assert installation.demo is not None  # noqa: S101 - without a demonstration there is no such route
    try:
        cases: list[dict[str, Any]] = json.loads((installation.demo / CASES).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        advice = "Wait until the terminal lists the cases, then load this page again."
        raise UnavailableError("The demonstration's story is still being played.", advice=advice) from error
    return cases
