"""`/v1/operations`: joint operations of administrations. Outside of its group nobody learns that one is there."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from anyio import to_thread
from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api import bounds, described_cases
from api.installation import installed
from api.members import officer_of
from api.routes.cases import DEPTH, MOST_BYTES

router = APIRouter(tags=["operations"])
Reference = Annotated[str, Path(pattern=r"^[0-9a-f]{8}$", description="The operation's reference.")]


@router.get("/v1/operations", **described_cases.OPERATIONS)
def listed(request: Request) -> Response:
    """The operations that your administration takes part in or is invited to, at most 100; those changed last first."""
    installation, officer = installed(request), officer_of(request)
    return _json(installation.operations.listed(officer, installation.now()))


@router.post("/v1/operations", **described_cases.OPERATIONS_POST)
async def opened(request: Request) -> Response:
    """Open an operation, which your administration leads, and invite others. Only a supervisor may."""
    installation = installed(request)
    officer = await to_thread.run_sync(officer_of, request)
    payload = await bounds.json_body(request, MOST_BYTES, DEPTH)
    return _json(await to_thread.run_sync(installation.operations.open, payload, officer, installation.now()), 201)


@router.get("/v1/operations/{reference}", **described_cases.OPERATION_GET)
def shown(request: Request, reference: Reference) -> Response:
    """One operation; that you looked is noted for whose data is on its board."""
    installation, officer = installed(request), officer_of(request)
    return _json(installation.operations.shown(reference, officer, installation.now()))


@router.post("/v1/operations/{reference}", **described_cases.OPERATION_POST)
async def changed(request: Request, reference: Reference) -> Response:
    """Do something to an operation, as you have seen it: with an older `version` than it has now it is refused."""
    installation = installed(request)
    officer = await to_thread.run_sync(officer_of, request)
    payload = await bounds.json_body(request, MOST_BYTES, DEPTH)
    asked = (reference, payload, officer, installation.now())
    return _json(await to_thread.run_sync(installation.operations.act, *asked))


@router.get("/v1/operations/{reference}/results", **described_cases.RESULTS_GET)
def results(request: Request, reference: Reference) -> Response:
    """The results as they are counted now; of a closed operation as they were then."""
    installation, officer = installed(request), officer_of(request)
    return _json(installation.operations.results(reference, officer, installation.now()))


@router.get("/v1/operations/{reference}/results.csv", **described_cases.RESULTS_CSV)
def results_csv(request: Request, reference: Reference) -> Response:
    """The results as CSV in UTF-8, which no spreadsheet runs."""
    return _file(request, reference, "csv", "text/csv; charset=utf-8")


@router.get("/v1/operations/{reference}/results.pdf", **described_cases.RESULTS_PDF)
def results_pdf(request: Request, reference: Reference) -> Response:
    """The results as a PDF."""
    return _file(request, reference, "pdf", "application/pdf")


def _file(request: Request, reference: str, form: str, media: str) -> Response:
    installation, officer = installed(request), officer_of(request)
    content = installation.operations.export(reference, form, officer, installation.now())
    headers = {"content-disposition": f'attachment; filename="operation-{reference}.{form}"'}
    return Response(content, 200, headers, media)


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type=bounds.JSON)
