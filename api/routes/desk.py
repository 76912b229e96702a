"""`/v1/declarations`: a country's declaration lines for its own desk: handed in, ranked by risk, beside the ledger."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from anyio import to_thread
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api import bounds
from api import described_desk as described
from api.errors import UnsupportedMediaError
from api.installation import Installation, installed
from api.members import desk_of
from ledger.core.customs.reading import MAX_BYTES
from ledger.core.errors import InvalidInputError
from ledger.examine import LONGEST_DAYS, Viewer
from ledger.store.queue import Place, Wanted

if TYPE_CHECKING:
    from ledger.declare import Imported

router = APIRouter(tags=["desk"])
MOST_FAULTS: Final = 1_000  # bad rows that are told one by one
MOST_LINES: Final = 100  # of a page
MAX_NUMBER: Final = 2**62
_PLACE: Final = re.compile(r"([0-9]{1,3})-([0-9]{1,18})", re.ASCII)
Number = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="The line's number in this installation.")]


@router.post("/v1/declarations", **described.DECLARATIONS_POST)
async def take(request: Request) -> Response:
    """Keep and score the lines of a file. Bad rows are named and left out; sent again, nothing is kept twice."""
    installation = installed(request)
    viewer = await to_thread.run_sync(_viewer, request)
    kind = bounds.media_type(request)
    if kind not in {bounds.CSV, bounds.JSON}:
        raise UnsupportedMediaError(
            f"A declaration file is {bounds.CSV} or {bounds.JSON}, not {kind or 'unnamed'}.",
            advice=f"Send content-type: {bounds.CSV}.",
        )
    body = await bounds.body_of(request, MAX_BYTES)
    asked = (installation, viewer, body, kind == bounds.JSON)
    return _json(await to_thread.run_sync(_take, *asked, limiter=installation.declaring), 201)


@router.get("/v1/declarations", **described.DECLARATIONS_LIST)
def queue(  # noqa: PLR0913 - what a queue is filtered by
    request: Request,
    *,
    risk: Annotated[int, Query(ge=0, le=100, description="Only lines of at least this risk.")] = 0,
    signal: Annotated[str, Query(max_length=80, description="Only lines with this signal.")] = "",
    match: Annotated[str, Query(max_length=80, description="Only lines that the ledger knows so.")] = "",
    office: Annotated[str, Query(max_length=80, description="Only lines of this office.")] = "",
    find: Annotated[str, Query(max_length=80, description="A declaration's number, a lot, a GTIN or an SSCC.")] = "",
    after: Annotated[str, Query(max_length=80, description="`next` of the page before.")] = "",
    most: Annotated[int, Query(ge=1, le=MOST_LINES, description="Lines of a page.")] = 50,
) -> Response:
    """Your country's lines, the riskiest first. The order is a help: a person decides."""
    installation, viewer = installed(request), _viewer(request)
    wanted = Wanted(risk, signal, match, office.strip().upper(), find.strip())
    return _json(installation.examiner.queue(viewer, wanted, _place(after), most, installation.now()))


@router.get("/v1/declarations/overview", **described.DECLARATIONS_OVERVIEW)
def overview(
    request: Request, days: Annotated[int, Query(ge=1, le=LONGEST_DAYS, description="Today and the days before.")] = 30
) -> Response:
    """Your country's lines of the last days, counted by risk, signal, day and route."""
    installation, viewer = installed(request), _viewer(request)
    return _json(installation.examiner.overview(viewer, days, installation.now()))


@router.get("/v1/declarations/{number}", **described.DECLARATIONS_GET)
def line(request: Request, number: Number) -> Response:
    """One line: what was declared, every signal with its reason, and the custody of the goods beside it."""
    return _json(_shown(installed(request), _viewer(request), number))


@router.put("/v1/declarations/{number}/score", **described.DECLARATIONS_SCORE)
def score(request: Request, number: Number) -> Response:
    """Score a line again with what the ledger says now."""
    installation, viewer = installed(request), _viewer(request)
    installation.examiner.line(viewer, number)
    installation.customs.score_one(number, installation.now())
    return _json(_shown(installation, viewer, number))


def _viewer(request: Request) -> Viewer:
    member = desk_of(request)
    return Viewer(member.organisation, member.key, member.country)


def _take(installation: Installation, viewer: Viewer, body: bytes, as_json: bool) -> dict[str, Any]:
    now = installation.now()
    return _imported(installation.customs.take(body, as_json=as_json, now=now, country=viewer.country))


def _imported(done: Imported) -> dict[str, Any]:
    told = [
        {"row": each.position, "column": each.field, "detail": each.detail, "advice": each.advice}
        for each in done.faults[:MOST_FAULTS]
    ]
    return {
        "added": done.added,
        "there": done.there,
        "with_signals": done.risky,
        "faults": told,
        "more_faults": len(done.faults) - len(told),
    }


def _shown(installation: Installation, viewer: Viewer, number: int) -> dict[str, Any]:
    kept, now = installation.examiner.line(viewer, number), installation.now()
    return installation.examiner.shown(viewer, installation.customs.case(kept, now), kept, now)


def _place(text: str) -> Place | None:
    if not text:
        return None
    found = _PLACE.fullmatch(text)
    if found is None:
        raise InvalidInputError(
            "The place to go on from is none of this queue.",
            advice="Send `next` of the page before as it was, or nothing to begin at the beginning.",
            field="after",
        )
    return Place(*map(int, found.groups()))


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type=bounds.JSON)
