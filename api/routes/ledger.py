"""The read model as JSON: batches, consignments, organisations."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api import described
from api.installation import installed
from ledger import show, worklist

router = APIRouter(tags=["ledger"])


@router.get("/v1/batches/{gtin}/{lot:path}", **described.BATCH)
def batch(request: Request, gtin: str, lot: str) -> dict[str, Any]:
    """A batch with its consignments and custody events. A `/` in the lot may stand as it is or as `%2F`."""
    installation = installed(request)
    return show.batch(installation.read_model, installation.verifier, gtin, lot)


@router.get("/v1/consignments/{name}", **described.CONSIGNMENT)
def consignment(request: Request, name: str) -> dict[str, Any]:
    """A consignment or pallet by its id (0x…) or SSCC, with its custody events."""
    installation = installed(request)
    return show.consignment(installation.read_model, installation.verifier, name)


@router.get("/v1/organisations", **described.ORGANISATIONS)
def organisations(request: Request) -> dict[str, Any]:
    """Every organisation with its roles, prefixes and keys."""
    return show.organisations(installed(request).read_model)


@router.get("/v1/organisations/{number}", **described.ORGANISATION)
def organisation(request: Request, number: int) -> dict[str, Any]:
    """One organisation."""
    return show.organisation(installed(request).read_model, number)


@router.get("/v1/organisations/{number}/consignments", **described.GOODS)
def goods(request: Request, number: int, after: str = "") -> dict[str, Any]:
    """What an organisation holds or is to receive and of which something is left, at most 500 in one answer."""
    installation = installed(request)
    return worklist.consignments(installation.read_model, installation.verifier, number, after)


@router.get("/v1/organisations/{number}/alerts", **described.ALERTS)
def alerts(request: Request, number: int) -> dict[str, Any]:
    """What a maker should look at about its batches, the newest first, at most 500."""
    installation = installed(request)
    return worklist.alerts(installation.read_model, installation.verifier, number, installation.now())
