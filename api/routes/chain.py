"""`/v1/chain`: which ledger this is, and everything a client needs to sign statements for it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from api import described
from api.installation import installed
from ledger.core.statement import LOGGED_TYPES, TYPES
from ledger.core.wording import moment

router = APIRouter(tags=["ledger"])


@router.get("/v1/chain", **described.CHAIN)
async def chain(request: Request) -> dict[str, Any]:
    """Chain, contract, EIP-712 domain and types, and how far this server has come."""
    installation = installed(request)
    identity, as_of = installation.identity, installation.read_model.as_of()
    address = "0x" + identity.ledger.hex()
    return {
        "chain_id": identity.chain_id,
        "ledger": address,
        "council": None if identity.council is None else "0x" + identity.council.hex(),
        "relayer": None if identity.relayer is None else "0x" + identity.relayer.hex(),
        "snapshot_signer": "0x" + installation.snapshots.key.signer.hex(),
        "domain": {"name": "Lotproof", "version": "1", "chainId": identity.chain_id, "verifyingContract": address},
        "types": TYPES | LOGGED_TYPES,
        "head": {"block": as_of.head_block, "heard_at": moment(as_of.heard_at)},
        "indexed": {"block": as_of.block, "time": moment(as_of.time)},
        "finalized": {"block": as_of.finalized_block},
        "nodes": [
            {"name": node.name, "state": node.state, "head": node.head, "reason": node.reason}
            for node in installation.standings()
        ],
    }
