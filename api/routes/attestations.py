"""`/v1/attestations`: trusted statuses, recognitions, designations and certificates, signed; for everybody to read."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import orjson
from anyio import to_thread
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api import bounds
from api import described_lane as described
from api.installation import installed
from ledger.core.attestation.statements import parse_attestation
from ledger.core.errors import InvalidInputError

router = APIRouter(tags=["attestations"])
MAX_NUMBER: Final = 2**62
_DIGEST: Final = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)


@router.post("/v1/attestations", **described.ATTESTATIONS_POST)
async def hand_in(request: Request) -> Response:
    """Take a signed attestation in. The same again, the same answer."""
    installation = installed(request)
    settings = installation.settings
    payload = await bounds.json_body(request, settings.max_body_bytes, settings.max_json_depth)
    attestation = parse_attestation(payload)
    return _json(await to_thread.run_sync(installation.registry.take, attestation, installation.now()), 201)


@router.get("/v1/attestations", **described.ATTESTATIONS_LIST)
def listed(
    request: Request,
    kind: Annotated[str, Query(max_length=40, description="Only this kind.")] = "",
    after: Annotated[int, Query(ge=0, le=MAX_NUMBER, description="The last number that is known.")] = 0,
) -> Response:
    """What was attested, in order, at most 100 at once, each with whether it counts now."""
    installation = installed(request)
    return _json({"attestations": installation.registry.listed(kind, after, installation.now())})


@router.get("/v1/attestations/{digest}", **described.ATTESTATIONS_GET)
def one(request: Request, digest: str) -> Response:
    """One attestation, with whether it counts now."""
    if not _DIGEST.fullmatch(digest):
        raise InvalidInputError("A digest is 0x and 64 hexadecimal digits.", advice="Copy it whole.", field="digest")
    installation = installed(request)
    return _json(installation.registry.one(bytes.fromhex(digest[2:]), installation.now()))


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type=bounds.JSON)
