"""`/v1/verify`: one code, a photo, a delivery."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import parse_qsl

import orjson
from anyio import to_thread
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api import bounds, described
from api.errors import UnsupportedMediaError
from api.installation import Installation, installed
from api.negotiation import preferred
from ledger.core.errors import InvalidInputError
from ledger.scan import read_codes
from ledger.verify import DELIVERY_COLUMNS, delivery_cells, delivery_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.core.verdict import Verdict
    from ledger.scan import ScannedCode
    from ledger.verify import Scanner

router = APIRouter(tags=["verify"])
FIELDS: Final = frozenset({"code", "place", "at", "organisation"})
MANY_FIELDS: Final = frozenset({"codes", "place", "at", "organisation"})
PICTURES: Final = frozenset({"image/png", "image/jpeg", "application/octet-stream", ""})
Place = Annotated[str | None, Query(description="Where it is scanned: a UN/LOCODE such as SGSIN.")]
At = Annotated[str | None, Query(description="When it was scanned, ISO 8601 with a time zone; now if left out.")]
Organisation = Annotated[str | None, Query(description="The number of the organisation that scans.")]


async def verify_text(request: Request) -> Response:
    """The verdict on one code. A malformed code is a verdict too: `unreadable`.

    A plain route, described by `described.VERIFY_GET`: reading four parameters the framework's way costs more time than
    the rest of the answer.
    """
    installation = installed(request)
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    asked = dict(pairs)
    if len(asked) != len(pairs):
        raise InvalidInputError("A parameter stands twice in the address.", advice="Send each once.", field="query")
    code = asked.get("code")
    if code is None:
        raise InvalidInputError("The address lacks the parameter `code`.", advice="Ask with ?code=…", field="code")
    now = installation.now()
    scanner = installation.verifier.scanner(asked.get("place"), asked.get("at"), asked.get("organisation"), now=now)
    return _json(installation.verifier.answer(code, scanner, now=now))


@router.post("/v1/verify", **described.VERIFY_POST)
async def verify_body(request: Request) -> Response:
    """The same with the fields in a body: `code`, and `place`, `at`, `organisation` where they are known."""
    installation = installed(request)
    settings, now = installation.settings, installation.now()
    question = fields_of(await bounds.json_body(request, settings.max_body_bytes, settings.max_json_depth), FIELDS)
    code = question.get("code")
    if not isinstance(code, str):
        raise InvalidInputError("The body lacks the text `code`.", advice='Send {"code": "…"}.', field="code")
    return _json(installation.verifier.answer(code, _scanner(installation, question, now), now=now))


@router.post("/v1/verify/image", **described.VERIFY_IMAGE)
async def verify_image(
    request: Request, place: Place = None, at: At = None, organisation: Organisation = None
) -> Response:
    """Every GS1 code in a photo with its verdict. Send a PNG or JPEG, or a form with a file `image`."""
    installation = installed(request)
    now = installation.now()
    scanner = installation.verifier.scanner(place, at, organisation, now=now)
    image = await _image(request, installation.settings.max_image_bytes)
    found = await read_image(installation, image)
    verdicts = installation.verifier.verify_many([code.text for code in found], scanner, now=now)
    codes = [scanned(code) | {"verdict": verdict.to_json()} for code, verdict in zip(found, verdicts, strict=True)]
    return _json(orjson.dumps({"codes": codes}))


@router.post("/v1/verify/many", **described.VERIFY_MANY)
async def verify_many(
    request: Request, place: Place = None, at: At = None, organisation: Organisation = None
) -> Response:
    """A delivery at once: a JSON list of codes, or `{"codes": […]}` with who scans, or CSV with a column `code`.

    `Accept: text/csv` gets the verdicts as CSV. What is no code is `unreadable` in its row; the others are judged.
    """
    installation = installed(request)
    now = installation.now()
    said: dict[str, Any] = {"place": place, "at": at, "organisation": organisation}
    codes, question = await _codes(request, installation)
    scanner = _scanner(installation, {**said, **question}, now)
    as_csv = preferred(request.headers.get("accept", ""), (bounds.JSON, bounds.CSV)) == bounds.CSV
    judge = _delivery_csv if as_csv else _delivery
    answer = await to_thread.run_sync(judge, installation, codes, scanner, now, limiter=installation.delivering)
    return Response(answer, media_type=bounds.CSV if as_csv else bounds.JSON)


async def read_image(installation: Installation, image: bytes) -> list[ScannedCode]:
    """Every code in a picture, read in a thread of its own: decoding takes up to seconds.

    Raises:
        InvalidInputError: It is no picture, too large, damaged, or holds no code.
    """
    settings = installation.settings
    return await to_thread.run_sync(
        lambda: read_codes(image, max_bytes=settings.max_image_bytes, max_pixels=settings.max_image_pixels),
        limiter=installation.decoding,
    )


def fields_of(value: object, known: frozenset[str]) -> dict[str, Any]:
    """`value` as an object that has none but the fields `known`.

    Raises:
        InvalidInputError: It is no object, or has another field.
    """
    if not isinstance(value, dict):
        raise InvalidInputError("The body must be a JSON object.", field="body")
    unknown = next((name for name in value if name not in known), None)
    if unknown is not None:
        advice = f"Known are {', '.join(sorted(known))}."
        raise InvalidInputError(f"The field {unknown[:40]!r} is unknown.", advice=advice, field=unknown)
    return value


def scanned(code: ScannedCode) -> dict[str, Any]:
    """What was read from a picture, as JSON."""
    return {"format": code.format, "symbology": code.symbology, "text": code.text, "position": code.position}


def _scanner(installation: Installation, question: dict[str, Any], now: int) -> Scanner:
    for name, kinds in (("place", str), ("at", str), ("organisation", str | int)):
        value = question.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
            raise InvalidInputError(f"The field {name} has the wrong type.", advice="See /openapi.json.", field=name)
    return installation.verifier.scanner(
        question.get("place"), question.get("at"), question.get("organisation"), now=now
    )


async def _image(request: Request, most: int) -> bytes:
    kind = bounds.media_type(request)
    if kind in PICTURES:
        return await bounds.body_of(request, most)
    if kind != bounds.FORM:
        raise UnsupportedMediaError(
            f"This call reads pictures, not {kind}.", advice="Send a PNG or JPEG, or a form with a file named image."
        )
    image = (await bounds.form_of(request, most)).get("image")
    if not isinstance(image, bytes):
        raise InvalidInputError("The form has no file named image.", advice="Attach the photo as image.", field="image")
    return image


async def _codes(request: Request, installation: Installation) -> tuple[list[str], dict[str, Any]]:
    settings = installation.settings
    most, bytes_most = settings.max_codes, settings.max_codes * bounds.BYTES_OF_A_CODE
    if bounds.media_type(request) == bounds.CSV:
        return bounds.codes_of_csv(await bounds.body_of(request, bytes_most), most), {}
    value = await bounds.json_body(request, bytes_most, settings.max_json_depth)
    if isinstance(value, list):
        return bounds.codes_of_json(value, most), {}
    question = fields_of(value, MANY_FIELDS)
    return bounds.codes_of_json(question.get("codes"), most), question


def _delivery(installation: Installation, codes: list[str], scanner: Scanner, now: int) -> bytes:
    counts: Counter[str] = Counter()
    rows, as_of = [], b"null"
    for row, verdict in _rows(installation, codes, scanner, now):
        counts[row["verdict"]] += 1
        rows.append(orjson.dumps(row))
        if len(rows) == 1:
            as_of = orjson.dumps(verdict.to_json()["as_of"])
    return b'{"counts":%b,"as_of":%b,"results":[%b]}' % (orjson.dumps(counts), as_of, b",".join(rows))


def _delivery_csv(installation: Installation, codes: list[str], scanner: Scanner, now: int) -> bytes:
    written = io.StringIO(newline="")
    table = csv.DictWriter(written, DELIVERY_COLUMNS)
    table.writeheader()
    for row, _ in _rows(installation, codes, scanner, now):
        table.writerow(delivery_cells(row))
    return written.getvalue().encode()


def _rows(
    installation: Installation, codes: list[str], scanner: Scanner, now: int
) -> Iterator[tuple[dict[str, Any], Verdict]]:
    for position, verdict in enumerate(installation.verifier.each(codes, scanner, now=now)):
        yield delivery_row(position, codes[position], verdict), verdict


def _json(body: bytes) -> Response:
    return Response(body, media_type=bounds.JSON)
