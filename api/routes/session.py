"""`/v1/session`: sign in with a key of an organisation, and sign out; `/v1/looks`: who looked at what of it."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query
from starlette.requests import Request

from api import bounds, described
from api.installation import Installation, installed
from api.members import member_of, token_of
from ledger.core.errors import InvalidInputError
from ledger.core.fields import read_bytes, read_signer
from ledger.core.wording import moment

router = APIRouter(tags=["session"])
MOST_BYTES = 4_096
DEPTH = 4


@router.post("/v1/session/challenge", **described.CHALLENGE_POST)
async def challenge(request: Request) -> dict[str, Any]:
    """A text to sign once, in the form of EIP-4361. Nothing is kept of it."""
    installation = installed(request)
    payload = await _object(request, ("signer",))
    signer = read_signer(payload["signer"], "signer")
    made = await to_thread.run_sync(installation.doorkeeper.challenge, signer, _host(request), installation.now())
    return {"message": made.text(), "expires_at": moment(made.expires_at)}


@router.post("/v1/session", **described.SESSION_POST)
async def sign_in(request: Request) -> dict[str, Any]:
    """Open a session for the key that signed the challenge. The token is shown this once."""
    installation = installed(request)
    installation.sign_ins.take()
    payload = await _object(request, ("message", "signature"))
    if not isinstance(payload["message"], str):
        raise InvalidInputError("`message` must be a text.", advice="Send the challenge as it was.", field="message")
    signature = read_bytes(payload["signature"], "signature")
    return await to_thread.run_sync(_sign_in, installation, payload["message"], signature, _host(request))


@router.get("/v1/session", **described.SESSION_GET)
def whoami(request: Request) -> dict[str, Any]:
    """Who is signed in, and until when."""
    return installed(request).doorkeeper.to_json(member_of(request))


@router.delete("/v1/session", **described.SESSION_DELETE)
def sign_out(request: Request) -> dict[str, Any]:
    """End the session."""
    member_of(request)
    installed(request).doorkeeper.sign_out(token_of(request))
    return {"signed_out": True}


@router.get("/v1/looks", **described.LOOKS)
def looks(
    request: Request, after: Annotated[int, Query(ge=0, le=2**62, description="The last number that is known.")] = 0
) -> dict[str, Any]:
    """Who looked at what of your organisation, in order, at most 500; looks of one key within an hour are one."""
    return {"looks": installed(request).doorkeeper.looks(member_of(request), after)}


def _sign_in(installation: Installation, text: str, signature: bytes, host: str) -> dict[str, Any]:
    token, member = installation.doorkeeper.sign_in(text, signature, host, installation.now())
    return installation.doorkeeper.to_json(member) | {"token": token}


def _host(request: Request) -> str:
    return request.headers.get("host", "")[:300]


async def _object(request: Request, names: tuple[str, ...]) -> dict[str, Any]:
    payload = await bounds.json_body(request, MOST_BYTES, DEPTH)
    if not isinstance(payload, dict) or set(payload) != set(names):
        expected = " and ".join(f"`{name}`" for name in names)
        raise InvalidInputError(f"The body must be an object of {expected}.", field="body")
    return payload
