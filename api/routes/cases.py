"""`/v1/cases`: the cases of the administration that is signed in. Nobody else learns that they are there."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final
from urllib.parse import quote

import orjson
from anyio import to_thread
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api import bounds, described_cases
from api.installation import installed
from api.members import officer_of
from ledger.core.casework.reading import MAX_NUMBER
from ledger.core.errors import InvalidInputError
from ledger.store.casework import Wanted

router = APIRouter(tags=["cases"])
MOST_BYTES: Final = 64 << 10  # of a JSON body: an act has 2,000 characters of words at most
DEPTH: Final = 6
Number = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="The case's number, its administration's own.")]
_DIGITS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)


@router.get("/v1/cases", **described_cases.CASES)
def listed(  # noqa: PLR0913 - the filters of a list
    request: Request,
    state: Annotated[str, Query(description="One of the states, or `open` for all but closed.")] = "",
    *,
    mine: Annotated[bool, Query(description="Only those of the key that is signed in.")] = False,
    overdue: Annotated[bool, Query(description="Only those whose state should have been left.")] = False,
    operation: Annotated[str, Query(pattern=r"^([0-9a-f]{8})?$", description="Only those of this operation.")] = "",
    before: Annotated[int, Query(ge=0, le=MAX_NUMBER, description="Only lower numbers: the next page.")] = 0,
) -> Response:
    """The cases of your administration, the newest first, at most 100, and how many are in each state."""
    installation, officer = installed(request), officer_of(request)
    wanted = Wanted(state, officer.key if mine else b"", int(overdue), operation, before)
    return _json(installation.cases.listed(officer, wanted, installation.now()))


@router.post("/v1/cases", **described_cases.CASES_POST)
async def opened(request: Request) -> Response:
    """Open a case from a scan, an alert, a report or a declaration line."""
    installation = installed(request)
    officer = await to_thread.run_sync(officer_of, request)
    payload = await bounds.json_body(request, MOST_BYTES, DEPTH)
    return _json(await to_thread.run_sync(installation.cases.open, payload, officer, installation.now()), 201)


@router.get("/v1/cases/{number}", **described_cases.CASE_GET)
def shown(request: Request, number: Number) -> Response:
    """One case, with everything that was ever done to it, and what you may do now."""
    installation, officer = installed(request), officer_of(request)
    return _json(installation.cases.shown(number, officer, installation.now()))


@router.post("/v1/cases/{number}", **described_cases.CASE_POST)
async def changed(request: Request, number: Number) -> Response:
    """Do something to a case, as you have seen it: with an older `version` than it has now it is refused."""
    installation = installed(request)
    officer = await to_thread.run_sync(officer_of, request)
    payload = await bounds.json_body(request, MOST_BYTES, DEPTH)
    return _json(await to_thread.run_sync(installation.cases.act, number, payload, officer, installation.now()))


@router.post("/v1/cases/{number}/evidence", **described_cases.EVIDENCE_POST)
async def add_evidence(request: Request, number: Number) -> Response:
    """Add a file of evidence; who holds what it shows is kept from then on."""
    installation = installed(request)
    officer = await to_thread.run_sync(officer_of, request)
    form = await bounds.form_of(request, installation.settings.max_evidence_bytes)
    content, version, told = _evidence(form)
    asked = (number, version, told, content, officer, installation.now())
    return _json(await to_thread.run_sync(installation.cases.add_evidence, *asked), 201)


@router.get("/v1/cases/{number}/evidence/{item}", **described_cases.EVIDENCE_GET)
def evidence(
    request: Request, number: Number, item: Annotated[int, Path(ge=1, le=MAX_NUMBER, description="Its number.")]
) -> Response:
    """The file of a piece of evidence, as it was handed in. It is to be kept, and not shown by this server."""
    found, content = installed(request).cases.evidence(number, item, officer_of(request))
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"}
    return Response(content, 200, headers, "application/octet-stream")


def _evidence(form: dict[str, str | bytes]) -> tuple[bytes, int, dict[str, Any]]:
    """The file of a form, the version of the case, and the fields that tell of the file."""
    content = form.pop("file", b"")
    if isinstance(content, str):
        raise InvalidInputError("`file` must be a file.", advice="Attach the file itself.", field="file")
    version = form.pop("version", "")
    if not isinstance(version, str) or not _DIGITS.fullmatch(version):
        advice = "Send the `version` of the case as you have seen it."
        raise InvalidInputError("`version` must be a whole number.", advice=advice, field="version")
    return content, int(version), dict(form)


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type=bounds.JSON)
