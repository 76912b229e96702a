"""`/demo`: the demonstration's codes on screen, to be scanned from it, and its desks. There only while one runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.installation import Installation, installed
from api.web.render import page
from ledger.chain.keys import load
from ledger.core.errors import NotFoundError, UnavailableError

router = APIRouter(include_in_schema=False)
CASES = "codes.json"
DESKS = "desks.json"
PASSWORD = "key-password.txt"  # noqa: S105 - the name of a file


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


@router.get("/demo/desks")
def desks(request: Request) -> dict[str, Any]:
    """The administrations of the story, whose desks anybody may enter."""
    return {"desks": [{"number": each["number"], "name": each["name"]} for each in _desks(installed(request))]}


@router.post("/demo/desks/{number}")
def enter(request: Request, number: int) -> dict[str, Any]:
    """Sign in as one of them, with the key that the demonstration made: it is worth nothing anywhere else."""
    installation = installed(request)
    party = next((each for each in _desks(installation) if each["number"] == number), None)
    if party is None:
        raise NotFoundError(f"The demonstration has no desk {number}.", advice="See /desk for those there are.")
    assert installation.demo is not None  # noqa: S101 - without a demonstration there is no such route
    password = (installation.demo / PASSWORD).read_text(encoding="ascii")
    signer = load(installation.settings.keys_dir, party["key"], password)
    host, now, doorkeeper = request.headers.get("host", ""), installation.now(), installation.doorkeeper
    challenge = doorkeeper.challenge(signer.signer, host, now)
    token, member = doorkeeper.sign_in(challenge.text(), signer.sign_challenge(challenge), host, now)
    return doorkeeper.to_json(member) | {"token": token}


def _desks(installation: Installation) -> list[dict[str, Any]]:
    return _kept(installation, DESKS)


def _cases(installation: Installation) -> list[dict[str, Any]]:
    """The cases of the demonstration, once its story has been played."""
    return _kept(installation, CASES)


def _kept(installation: Installation, name: str) -> list[dict[str, Any]]:
    assert installation.demo is not None  # noqa: S101 - without a demonstration there is no such route
    try:
        kept: list[dict[str, Any]] = json.loads((installation.demo / name).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        advice = "Wait until the terminal lists the cases, then load this page again."
        raise UnavailableError("The demonstration's story is still being played.", advice=advice) from error
    return kept
