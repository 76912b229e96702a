"""Whether this process lives, whether it can answer, and its figures."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from api import described
from api.installation import installed
from ledger.core.errors import UnavailableError

router = APIRouter(tags=["operation"])


@router.get("/healthz", **described.HEALTH)
async def alive() -> dict[str, str]:
    """Whether the process answers at all."""
    return {"status": "alive"}


@router.get("/readyz", **described.READY)
async def ready(request: Request) -> dict[str, Any]:
    """Whether codes can be judged: something of the chain is indexed."""
    as_of = installed(request).read_model.as_of()
    if as_of.block < 0:
        raise UnavailableError(
            "Nothing of the chain is indexed yet, so no code can be judged.",
            advice="Wait for the indexer (`lotproof index` or `lotproof up`), or see why it does not run.",
        )
    return {"status": "ready", "block": as_of.block, "lag_blocks": max(as_of.head_block - as_of.block, 0)}


@router.get("/metrics", **described.METRICS)
async def figures(request: Request) -> Response:
    """Figures for Prometheus."""
    return Response(generate_latest(installed(request).metrics.registry), media_type=CONTENT_TYPE_LATEST)
