"""`/v1/intelligence`: what administrations tell each other, what matches it and what they found."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import orjson
from anyio import sleep, to_thread
from fastapi import APIRouter, Header, Path, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api import bounds, described
from api.installation import Installation, installed
from api.members import member_of, reader_of, token_of
from ledger.core.errors import InvalidInputError, NotSignedInError, UnavailableError
from ledger.core.intelligence.statements import parse_enrolment, parse_message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

router = APIRouter(tags=["intelligence"])
POLL_SECONDS: Final = 0.4  # a match is to be told within a second
HEARTBEAT_SECONDS: Final = 15.0  # proxies close what is silent for 30 to 60 s
LONGEST_SECONDS: Final = 3_600.0  # then the client connects again, where it was
RETRY: Final = b"retry: 3000\n\n"  # milliseconds
HEARTBEAT: Final = b": alive\n\n"
MAX_NUMBER: Final = 2**62
_DIGEST: Final = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
_PLACE: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})", re.ASCII)
After = Annotated[int, Query(ge=0, le=MAX_NUMBER, description="The last number that is known; 0 begins at the start.")]


class Place(NamedTuple):
    """The last message, match and answer that a follower was told of."""

    message: int = 0
    match: int = 0
    feedback: int = 0

    def __str__(self) -> str:
        return f"{self.message}-{self.match}-{self.feedback}"


@router.post("/v1/intelligence", **described.INTELLIGENCE_POST)
async def hand_in(request: Request) -> Response:
    """Take a signed message in, and find at once what is held that matches it. The same again, the same answer."""
    installation = installed(request)
    member = await to_thread.run_sync(member_of, request)
    settings = installation.settings
    payload = await bounds.json_body(request, settings.max_body_bytes, settings.max_json_depth)
    message = parse_message(payload)
    taken = await to_thread.run_sync(installation.exchange.take, message, reader_of(member), installation.now())
    return _json(taken, 201)


@router.get("/v1/intelligence", **described.INTELLIGENCE_LIST)
def messages(request: Request, after: After = 0) -> Response:
    """The messages that you may read, in order, at most 100 at once. That you saw them is noted for their issuers."""
    installation, reader = installed(request), reader_of(member_of(request))
    return _json({"messages": installation.exchange.messages(reader, after, installation.now())})


@router.get("/v1/intelligence/matches", **described.MATCHES)
def matches(
    request: Request,
    after: After = 0,
    before: Annotated[int, Query(ge=0, le=MAX_NUMBER, description="Only lower numbers, the newest first.")] = 0,
) -> Response:
    """What is held here, was scanned or reported and matches an indicator that you may read; in order, at most 100."""
    installation, reader = installed(request), reader_of(member_of(request))
    return _json({"matches": installation.exchange.matches(reader, after, installation.now(), before)})


@router.get("/v1/intelligence/feedback", **described.FEEDBACK_LIST)
def feedback(request: Request, after: After = 0) -> Response:
    """What receivers found of your own messages, in order, at most 100 at once."""
    installation, reader = installed(request), reader_of(member_of(request))
    return _json({"feedback": installation.exchange.feedback(reader, after)})


@router.get("/v1/intelligence/members", **described.MEMBERS)
def members(request: Request) -> Response:
    """What each administration gives and takes, counted over the messages that you may read."""
    installation, reader = installed(request), reader_of(member_of(request))
    return _json({"members": installation.exchange.members(reader)})


@router.post("/v1/intelligence/keys", **described.ENCRYPTION_KEY_POST)
async def put_key(request: Request) -> Response:
    """Publish the key to which messages for your key are sealed."""
    installation = installed(request)
    member = await to_thread.run_sync(member_of, request)
    enrolment = parse_enrolment(await bounds.json_body(request, 4_096, 4))
    kept = await to_thread.run_sync(installation.exchange.put_key, enrolment, reader_of(member), installation.now())
    return _json(kept, 201)


@router.get("/v1/intelligence/keys/{organisation}", **described.ENCRYPTION_KEYS)
def keys(request: Request, organisation: Annotated[int, Path(ge=1, le=2**32 - 1)]) -> Response:
    """The encryption keys of an administration, each with the signature that makes it one."""
    installation, reader = installed(request), reader_of(member_of(request))
    return _json({"keys": installation.exchange.keys(organisation, reader, installation.now())})


@router.get("/v1/intelligence/events", **described.INTELLIGENCE_EVENTS)
def events(
    request: Request,
    last_event_id: Annotated[str, Header(description="The last `id` that was received.")] = "",
    after: Annotated[str, Query(description="The same, for clients that cannot send the header.")] = "",
) -> StreamingResponse:
    """New messages, matches and answers for you, from the beginning or the last `id` on, until the session ends."""
    installation, token = installed(request), token_of(request)
    member_of(request)
    place = parse_place(last_event_id or after)
    if installation.streaming.available_tokens < 1:
        raise UnavailableError("Too many clients follow the events.", advice="Try again later.")
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(follow(installation, token, place), media_type="text/event-stream", headers=headers)


@router.get("/v1/intelligence/{digest}", **described.INTELLIGENCE_GET)
def message(request: Request, digest: str) -> Response:
    """One message, if you may read it; that you saw it is noted for its issuer."""
    installation, reader = installed(request), reader_of(member_of(request))
    return _json(installation.exchange.message(_digest(digest), reader, installation.now()))


@router.post("/v1/intelligence/{digest}/feedback", **described.FEEDBACK_POST)
async def say(request: Request, digest: str) -> Response:
    """Tell a message's issuer what you found: a hit, or a false alarm."""
    installation = installed(request)
    member = await to_thread.run_sync(member_of, request)
    payload = await bounds.json_body(request, 8_192, 4)
    if not isinstance(payload, dict) or not {"result"} <= set(payload) <= {"result", "words"}:
        raise InvalidInputError("The body must be an object of `result` and perhaps `words`.", field="body")
    texts = (payload["result"], payload.get("words", ""))
    if not all(isinstance(text, str) for text in texts):
        raise InvalidInputError("`result` and `words` must be texts.", field="body")
    asked, now = (_digest(digest), reader_of(member), *texts), installation.now()
    return _json(await to_thread.run_sync(installation.exchange.say, *asked, now), 201)


def parse_place(text: str) -> Place:
    """The place that `text` names; an empty one is the beginning.

    Raises:
        InvalidInputError: It is no place of this stream.
    """
    if not text:
        return Place()
    found = _PLACE.fullmatch(text[:60])
    if found is None:
        raise InvalidInputError(
            "The place to go on from is not one of this stream.",
            advice="Send the last `id` that you got as it was, or nothing to begin at the beginning.",
            field="Last-Event-ID",
        )
    return Place(*map(int, found.groups()))


async def follow(
    installation: Installation, token: str, place: Place, *, longest: float = LONGEST_SECONDS
) -> AsyncIterator[bytes]:
    """The bytes of the stream after `place`, for at most `longest` seconds and as long as the session lasts."""
    async with installation.streaming:
        installation.metrics.streams.set(installation.streaming.borrowed_tokens)
        yield RETRY
        start = spoken = time.monotonic()
        while time.monotonic() - start < longest:
            try:
                told, place = await to_thread.run_sync(_poll, installation, token, place)
            except NotSignedInError as error:
                yield b"event: ended\ndata: %b\n\n" % orjson.dumps({"detail": error.detail, "advice": error.advice})
                return
            if told:
                yield told
                spoken = time.monotonic()
                continue
            if time.monotonic() - spoken >= HEARTBEAT_SECONDS:
                yield HEARTBEAT
                spoken = time.monotonic()
            await sleep(POLL_SECONDS)


def _poll(installation: Installation, token: str, place: Place) -> tuple[bytes, Place]:
    """What is new after a place; who follows is looked at each time, which does not count as using the session."""
    now = installation.now()
    reader = reader_of(installation.doorkeeper.member(token, now, used=False))
    told = []
    for kind, number, data in installation.exchange.stream_page(reader, place, now):
        place = place._replace(**{kind: number})
        told.append(b"event: %b\nid: %b\ndata: %b\n\n" % (kind.encode(), str(place).encode(), orjson.dumps(data)))
    return b"".join(told), place


def _digest(text: str) -> bytes:
    if not _DIGEST.fullmatch(text):
        raise InvalidInputError("A digest is 0x and 64 hexadecimal digits.", advice="Copy it whole.", field="digest")
    return bytes.fromhex(text[2:])


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type=bounds.JSON)
