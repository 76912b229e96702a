"""`/v1/snapshot`: who takes part and what must not be used, for phones to judge by without a line."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import described
from api.installation import installed
from api.negotiation import JSON, accepted

router = APIRouter(tags=["ledger"])


@router.get("/v1/snapshot", **described.SNAPSHOT)
def snapshot(request: Request) -> Response:
    """The compact signed snapshot; 304 to `If-None-Match` while it says the same and is less than an hour old."""
    made = installed(request).snapshots.current()
    headers = {"etag": f'W/"{made.tag}"', "cache-control": "no-cache", "vary": "accept-encoding"}
    if made.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if accepted(request.headers.get("accept-encoding", ""), ["gzip"]):
        return Response(made.gzipped, headers=headers | {"content-encoding": "gzip"}, media_type=JSON)
    return Response(made.json, headers=headers, media_type=JSON)
