"""`/v1/lane`: whether release of goods is recommended, for the desk of the country that clears them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api import bounds
from api import described_lane as described
from api.installation import installed
from api.members import desk_of
from ledger.core.court import SSCC_DIGITS, has_check_digit
from ledger.core.errors import InvalidInputError
from ledger.examine import Viewer

if TYPE_CHECKING:
    from ledger.store.declarations import Kept

router = APIRouter(tags=["lane"])
MOST_LINES: Final = 100  # of a page
MAX_NUMBER: Final = 2**62


@router.get("/v1/lane/lines", **described.LANE_LINES)
def lines(
    request: Request,
    after: Annotated[int, Query(ge=0, le=MAX_NUMBER, description="`next` of the page before.")] = 0,
    most: Annotated[int, Query(ge=1, le=MOST_LINES, description="Lines of a page.")] = 50,
) -> Response:
    """Your country's lines for which release is recommended. It blocks nothing, and a person decides."""
    installation, viewer = installed(request), _viewer(request)
    now = installation.now()
    found, following = installation.lane.recommended(viewer.country, after, most, now)
    installation.examiner.note(viewer, [kept for kept, _ in found], now)
    return _json({"lines": [_line(kept) | {"lane": lane} for kept, lane in found], "next": following})


@router.get("/v1/lane/lines/{number}", **described.LANE_GET)
def line(request: Request, number: Annotated[int, Path(ge=1, le=MAX_NUMBER)]) -> Response:
    """Whether release is recommended for a declaration line of your country, and why, or each reason why not."""
    installation, viewer = installed(request), _viewer(request)
    now, kept = installation.now(), installation.examiner.line(viewer, number)
    installation.examiner.note(viewer, [kept], now)
    return _json(installation.lane.of_line(kept, now))


@router.get("/v1/lane/goods/{sscc}", **described.LANE_GET)
def goods(request: Request, sscc: str) -> Response:
    """The same of a consignment or pallet, whoever declares it, for your country."""
    installation, viewer = installed(request), _viewer(request)
    if not (len(sscc) == SSCC_DIGITS and sscc.isascii() and sscc.isdecimal() and has_check_digit(sscc)):
        raise InvalidInputError("An SSCC has 18 digits, the last of which checks the others.", field="sscc")
    return _json(installation.lane.of_goods(sscc, viewer.country, installation.now()))


def _viewer(request: Request) -> Viewer:
    member = desk_of(request)
    return Viewer(member.organisation, member.key, member.country)


def _line(kept: Kept) -> dict[str, Any]:
    line = kept.line
    return {
        "number": kept.number,
        "office": line.declaration_office_id,
        "declaration_id": line.declaration_id,
        "line": line.sequence_numeric,
        "gtin": line.gtin or None,
        "lot": line.lot or None,
        "sscc": line.sscc or None,
    }


def _json(value: dict[str, Any]) -> Response:
    return Response(orjson.dumps(value), media_type=bounds.JSON)
