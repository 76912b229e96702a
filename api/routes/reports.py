"""`/v1/reports`: tell that something is wrong, without a name; ask what became of it; read and answer what was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from anyio import to_thread
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api import bounds
from api import described_reports as described
from api.installation import Installation, installed
from api.members import member_of
from ledger.core.errors import InvalidInputError
from ledger.report import Told

if TYPE_CHECKING:
    from ledger.store.incidents import Reader

router = APIRouter(tags=["reports"])
MAX_NUMBER: Final = 2**62
MOST_BYTES: Final = 16_384  # of an answer: 2,000 characters in any alphabet, escaped
DEPTH: Final = 4
Number = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="The number of any report of the incident.")]


@router.post("/v1/reports", **described.REPORTS_POST)
async def take(request: Request) -> dict[str, Any]:
    """Keep a report for whoever runs this server. The same `id` again gets the same receipt."""
    installation = installed(request)
    installation.reports_taken.take()
    told = _told(await bounds.form_of(request, installation.settings.max_image_bytes))
    return await to_thread.run_sync(_take, installation, told, limiter=installation.decoding)


@router.get("/v1/reports/counts", **described.COUNTS)
def counts(request: Request) -> dict[str, Any]:
    """How many incidents were reported, by month: no number is small, and none that was published ever changes."""
    installation = installed(request)
    return installation.report_counts.counts(installation.now())


@router.get("/v1/reports/queue", **described.QUEUE)
def queue(
    request: Request,
    after: Annotated[
        str, Query(description="The `next` of the page before; nothing begins with the most urgent.")
    ] = "",
    answered: Annotated[bool, Query(description="Those of which every report was answered too.")] = False,  # noqa: FBT002 - a parameter of the query
) -> dict[str, Any]:
    """The incidents that your administration is to look at, the most urgent first, with reasons; 50 a page."""
    installation, reader = _who(request)
    return installation.report_desk.queue(reader, installation.now(), answered=answered, after=after)


@router.get("/v1/reports/queue/{number}", **described.INCIDENT)
def incident(request: Request, number: Number) -> dict[str, Any]:
    """An incident with all its reports. Their senders can see from then on that they were read."""
    installation, reader = _who(request)
    return installation.report_desk.show(reader, number, installation.now())


@router.get("/v1/reports/queue/{number}/photo", **described.PHOTO)
def photo(request: Request, number: Number) -> Response:
    """The photo of one report: its pixels, and nothing else."""
    installation, reader = _who(request)
    return Response(installation.report_desk.photo(reader, number), media_type="image/jpeg")


@router.post("/v1/reports/queue/{number}/answer", **described.ANSWER)
async def answer(request: Request, number: Number) -> dict[str, Any]:
    """Answer all reports of an incident, or one of them; an earlier answer gives way."""
    installation, reader = await to_thread.run_sync(_who, request)
    payload = await _object(request, {"words"}, {"only"})
    words, only = payload["words"], payload.get("only", False)
    if not isinstance(words, str):
        raise InvalidInputError("`words` must be a text.", advice="Write what the sender should know.", field="words")
    if not isinstance(only, bool):
        raise InvalidInputError("`only` must be true or false.", advice="Leave it out to answer all.", field="only")

    def done() -> dict[str, Any]:
        return installation.report_desk.answer(reader, number, words, installation.now(), only=only)

    return await to_thread.run_sync(done)


@router.post("/v1/reports/queue/{number}/join", **described.JOIN)
async def join(request: Request, number: Number) -> dict[str, Any]:
    """Join an incident to another one that tells of the same, or (`to` is null) part a report that was joined."""
    installation, reader = await to_thread.run_sync(_who, request)
    payload = await _object(request, {"to"}, set())
    into = payload["to"]
    if into is None:
        return await to_thread.run_sync(installation.report_desk.part, reader, number, installation.now())
    if isinstance(into, bool) or not isinstance(into, int) or not 0 < into <= MAX_NUMBER:
        advice = "Give the number of a report of the other incident, or null to part this one."
        raise InvalidInputError("`to` is no number of a report.", advice=advice, field="to")
    return await to_thread.run_sync(installation.report_desk.join, reader, number, into, installation.now())


@router.get("/v1/reports/{receipt}", **described.REPORTS_GET)
def state(request: Request, receipt: str) -> dict[str, Any]:
    """What became of a report, for whoever has its receipt."""
    installation = installed(request)
    installation.reports_asked.take()
    return installation.reports.state(receipt)


def _who(request: Request) -> tuple[Installation, Reader]:
    """The installation, and who is signed in as a reader of its reports."""
    installation, member = installed(request), member_of(request)
    return installation, installation.report_desk.reader(member.organisation, member.key)


async def _object(request: Request, needed: set[str], more: set[str]) -> dict[str, Any]:
    payload = await bounds.json_body(request, MOST_BYTES, DEPTH)
    if not isinstance(payload, dict) or not needed <= set(payload) <= needed | more:
        names = " and ".join(f"`{name}`" for name in sorted(needed))
        perhaps = f" and perhaps {', '.join(f'`{name}`' for name in sorted(more))}" if more else ""
        raise InvalidInputError(f"The body must be an object of {names}{perhaps}.", field="body")
    return payload


def _take(installation: Installation, told: Told) -> dict[str, Any]:
    now = installation.now()
    code = installation.verifier.code(told.code, now=now) if told.code else None
    taken = installation.reports.take(told, code, now)
    installation.metrics.reported()
    return taken


def _told(form: dict[str, str | bytes]) -> Told:
    photo = form.get("photo", b"")
    if isinstance(photo, str):
        if photo:
            raise InvalidInputError("`photo` must be a file.", advice="Attach a PNG or JPEG.", field="photo")
        photo = b""
    texts: dict[str, str] = {}
    for name in ("id", "code", "words", "place"):
        value = form.get(name, "")
        if not isinstance(value, str):
            raise InvalidInputError(f"`{name}` must be a text.", advice="Send it as a field.", field=name)
        texts[name] = value
    return Told(texts["id"], texts["code"], texts["words"], texts["place"].strip().upper().replace(" ", ""), photo)
