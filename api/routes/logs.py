"""`/v1/organisations/{number}/log`: what an organisation signed about single packs, and proofs of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api import described
from api.installation import installed
from ledger import log

router = APIRouter(tags=["logs"])


@router.get("/v1/organisations/{number}/log", **described.LOG)
def head(request: Request, number: int) -> dict[str, Any]:
    """How large an organisation's log is, its root, and its last anchor on the chain."""
    return log.head(installed(request).database, number)


@router.get("/v1/organisations/{number}/log/proof", **described.LOG_PROOF)
def inclusion(request: Request, number: int, index: int, size: int) -> dict[str, Any]:
    """The proof that the event at `index` is in the log of `size` events (RFC 6962)."""
    return log.inclusion(installed(request).database, number, index, size)


@router.get("/v1/organisations/{number}/log/consistency", **described.LOG_CONSISTENCY)
def consistency(request: Request, number: int, first: int, second: int) -> dict[str, Any]:
    """The proof that the log of `second` events begins with the one of `first` (RFC 6962)."""
    return log.consistency(installed(request).database, number, first, second)


@router.get("/v1/organisations/{number}/log/leaves", **described.LOG_LEAVES)
def leaves(request: Request, number: int, first: int = 0, count: int = log.MAX_LEAVES) -> dict[str, Any]:
    """The hashes of the events from `first` on, for an auditor to make the anchored roots of."""
    return log.leaves(installed(request).database, number, first, count)
