"""The Digital Link resolver: `/01/{gtin}…` and `/00/{sscc}` (GS1-Conformant Resolver standard 1.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import described, negotiation
from api.errors import MalformedLinkError
from api.installation import installed
from api.negotiation import HTML, JSON, LINKSET
from ledger import resolve
from ledger.core.errors import InvalidCodeError

if TYPE_CHECKING:
    from api.installation import Installation
    from ledger.resolve import Resolution

router = APIRouter(tags=["resolver"])
# Read by programs of any origin: the standard asks for CORS, and nothing here depends on who asks.
OPEN: Final = {"access-control-allow-origin": "*", "access-control-expose-headers": "link, location", "vary": "accept"}
_HOST: Final = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)
NOT_OF_THE_CODE: Final = frozenset({"linkType", "context"})  # parameters for the resolver itself


@router.get("/01/{rest:path}", **described.RESOLVE)
@router.get("/00/{rest:path}", **described.RESOLVE)
@router.head("/01/{rest:path}", include_in_schema=False)
@router.head("/00/{rest:path}", include_in_schema=False)
async def resolve_link(request: Request, rest: str) -> Response:  # noqa: ARG001 - read raw from the scope
    """Browsers are sent to the page, programs to the verdict's data or to the link set, as they ask."""
    installation = installed(request)
    resolution = _resolution(request, installation)
    wanted = request.query_params.get("linkType", "")
    media = negotiation.preferred(request.headers.get("accept", ""), (HTML, JSON, LINKSET))
    headers = {**OPEN, "link": resolution.header()}
    if wanted in {resolve.LINKSET, resolve.ALL} or (media == LINKSET and not wanted):
        return Response(orjson.dumps(resolution.linkset()), headers=headers, media_type=LINKSET)
    return RedirectResponse(resolution.link(wanted, media).href, 307, headers)


@router.options("/01/{rest:path}", include_in_schema=False)
@router.options("/00/{rest:path}", include_in_schema=False)
async def allow(rest: str) -> Response:  # noqa: ARG001 - the same for all
    """What a browser asks before a program of another origin may read."""
    allowed = {"access-control-allow-methods": "GET, HEAD, OPTIONS", "access-control-allow-headers": "accept"}
    return Response(status_code=204, headers={**OPEN, **allowed})


@router.get("/.well-known/gs1resolver", **described.RESOLVER)
async def describe(request: Request) -> dict[str, Any]:
    """What this resolver is and which keys it knows."""
    installation = installed(request)
    return resolve.description(installation.settings.public_hosts, base_of(request, installation))


def base_of(request: Request, installation: Installation) -> str:
    """Where the client reaches this server: the host that it asked for if that is ours, else the first that is."""
    host = request.headers.get("host", "").lower()
    settings = installation.settings
    name = host.rpartition(":")[0] or host
    if host in settings.public_hosts or (name in {settings.host, "localhost"} and _HOST.fullmatch(host)):
        return f"{request.url.scheme}://{host}"
    return f"https://{settings.public_hosts[0]}"


def _resolution(request: Request, installation: Installation) -> Resolution:
    host = installation.settings.public_hosts[0]
    path = request.scope["raw_path"].decode("ascii", "replace")
    query = "&".join(
        item for item in request.url.query.split("&") if item and item.partition("=")[0] not in NOT_OF_THE_CODE
    )
    text = f"https://{host}{path}{'?' if query else ''}{query}"
    code = installation.verifier.code(text, now=installation.now())
    if isinstance(code, InvalidCodeError):
        advice = "See where the link came from: it is damaged."
        raise MalformedLinkError(code.detail, advice=advice, field="code", rule=code.evidence.get("rule"))
    return resolve.resolve(code, host, base_of(request, installation))
