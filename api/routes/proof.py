"""`/v1/proof`: the bundle that proves what the ledger holds of a batch or a pack, to whoever has no line."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import unquote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api import bounds, described
from api.installation import installed
from ledger.core.errors import InvalidInputError, UnavailableError

router = APIRouter(tags=["ledger"])
AT: Final = len("/v1/proof/")
PARTS: Final = (2, 3)  # GTIN and lot, with or without a serial number
Block = Annotated[str | None, Query(description="As of this block: a number, or `finalized`; the last one known.")]


@router.get("/v1/proof/{gtin}/{lot}", **described.PROOF)
@router.get("/v1/proof/{gtin}/{lot}/{serial:path}", include_in_schema=False)
def proof(request: Request, gtin: str, lot: str, block: Block = None) -> Response:  # noqa: ARG001 - read raw
    """The proof bundle of a batch, or with a serial number of one pack. A `/` in either is written `%2F`."""
    prover = installed(request).prover
    if prover is None:
        raise UnavailableError("The chain is not at hand, so nothing can be proved now.", advice="Try again later.")
    names = [unquote(part) for part in request.scope["raw_path"].decode("ascii", "replace")[AT:].split("/")]
    if len(names) not in PARTS:
        raise InvalidInputError(
            "The address names more than GTIN, lot and serial number.",
            advice="Write a / inside a lot or serial number as %2F.",
            field="serial",
        )
    number = int(block) if block is not None and block.isascii() and block.isdigit() and len(block) < AT else block
    return Response(prover.prove(*names, block=number), media_type=bounds.JSON)
