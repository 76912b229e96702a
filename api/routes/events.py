"""`/v1/events`: everything that is recorded, as server-sent events (HTML Living Standard, section 9.2)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final

import orjson
from anyio import sleep, to_thread
from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from api import described
from api.installation import Installation, installed
from ledger import stream
from ledger.core.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ledger.stream import Entry, Place

router = APIRouter(tags=["ledger"])
POLL_SECONDS: Final = 0.5
HEARTBEAT_SECONDS: Final = 15.0  # proxies close what is silent for 30 to 60 s
LONGEST_SECONDS: Final = 3_600.0  # then the client connects again, where it was
RETRY: Final = b"retry: 3000\n\n"  # milliseconds
HEARTBEAT: Final = b": alive\n\n"


@router.get("/v1/events", **described.EVENTS)
async def events(
    request: Request,
    last_event_id: Annotated[str, Header(description="The last `id` that was received.")] = "",
    after: Annotated[str, Query(description="The same, for clients that cannot send the header.")] = "",
) -> StreamingResponse:
    """Everything recorded, from the beginning or from the last `id` on. Each event's data is one JSON object."""
    installation = installed(request)
    place = stream.parse_place(last_event_id or after)
    if installation.streaming.available_tokens < 1:
        raise UnavailableError("Too many clients follow the events.", advice="Try again later.")
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(follow(installation, place), media_type="text/event-stream", headers=headers)


async def follow(
    installation: Installation, place: Place | None, *, longest: float = LONGEST_SECONDS
) -> AsyncIterator[bytes]:
    """The bytes of the stream after `place`, for at most `longest` seconds."""
    async with installation.streaming:
        installation.metrics.streams.set(installation.streaming.borrowed_tokens)
        yield RETRY
        start = spoken = time.monotonic()
        version: int | None = None
        while time.monotonic() - start < longest:
            current = installation.read_model.version()
            if current != version:
                page = await to_thread.run_sync(stream.after, installation.read_model, place)
                version, place = (None if page.full else current), page.place
                if page.entries:
                    yield b"".join(map(_event, page.entries))
                    spoken = time.monotonic()
                continue
            if time.monotonic() - spoken >= HEARTBEAT_SECONDS:
                yield HEARTBEAT
                spoken = time.monotonic()
            await sleep(POLL_SECONDS)


def _event(entry: Entry) -> bytes:
    return b"event: %b\nid: %b\ndata: %b\n\n" % (entry.name.encode(), entry.place.encode(), orjson.dumps(entry.data))
