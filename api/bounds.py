"""Everything that comes in is bounded before it is read, and JSON is read strictly."""

from __future__ import annotations

import csv
import json
import math
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final

from anyio import move_on_after
from starlette.requests import Request

from api.errors import SlowBodyError, TooLargeError, UnreadableBodyError, UnsupportedMediaError
from api.form import MalformedFormError, read_form
from ledger.core.errors import InvalidInputError
from ledger.core.nesting import has_more_values, is_nested_deeper
from ledger.core.table import csv_records

BYTES_OF_A_CODE: Final = 512  # in a list of codes; a Digital Link with its signature has about 200
BYTES_BESIDE_A_PHOTO: Final = 64 * 1024  # in a form: the other fields and the boundaries
# So long has a body, and longer for what has come of it: a photo of 1 MiB may take a quarter of an hour on a slow line.
BODY_SECONDS: Final = 20.0
BODY_BYTES_A_SECOND: Final = 1024
MAX_VALUES: Final = 100_000  # in a JSON body; ten for each code of a delivery
MAX_DIGITS: Final = 78  # of a number: as many as 2**256 has
JSON: Final = "application/json"
CSV: Final = "text/csv"
TEXT: Final = "text/plain"
FORM: Final = "multipart/form-data"


def media_type(request: Request) -> str:
    """The body's media type without parameters, "" if the client does not say."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def body_of(request: Request, most: int) -> bytes:
    """The body, read only as far as `most` bytes.

    Raises:
        TooLargeError: It is larger.
        SlowBodyError: It comes slower than `BODY_BYTES_A_SECOND`.
    """
    return b"".join([chunk async for chunk in chunks_of(request, most)])


async def chunks_of(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body piece by piece, read only as far as `most` bytes.

    Raises:
        TooLargeError: It is larger.
        SlowBodyError: It comes slower than `BODY_BYTES_A_SECOND`.
    """
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > most:
        raise _too_large(most)
    size, began, stream = 0, time.monotonic(), request.stream()
    while (chunk := await _next(stream, began + BODY_SECONDS + size / BODY_BYTES_A_SECOND)) is not None:
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        yield chunk


async def _next(stream: AsyncGenerator[bytes, None], until: float) -> bytes | None:
    with move_on_after(until - time.monotonic()):
        return await anext(stream, None)
    raise SlowBodyError("The body comes too slowly.", advice="Send it again, over a better line if there is one.")


async def json_body(request: Request, most: int, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    """The body as JSON, of at most `most` bytes and nested at most `depth` deep.

    Raises:
        TooLargeError: It is larger.
        UnsupportedMediaError: The client says that it is something else.
        UnreadableBodyError: It is no JSON, or ambiguous.
    """
    kind = media_type(request)
    if kind not in {"", JSON} and not kind.endswith("+json"):
        raise UnsupportedMediaError(f"This call reads {JSON}, not {kind}.", advice=f"Send content-type: {JSON}.")
    return strict_json(await body_of(request, most), depth)


def strict_json(body: bytes, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    """`body` as JSON: no key twice, no NaN, no endless numbers, nested at most `depth` deep.

    Raises:
        UnreadableBodyError: It is anything else; `position` is the character where it stops being JSON.
    """
    try:
        text = body.decode("utf-8")
        if is_nested_deeper(text, depth):
            raise UnreadableBodyError(f"The JSON is nested deeper than {depth} levels.", field="body")
        if has_more_values(text, MAX_VALUES):
            raise UnreadableBodyError(f"The JSON holds more than {MAX_VALUES:,} values.", field="body")
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole, parse_float=_real
        )
    except UnicodeDecodeError as error:
        raise UnreadableBodyError("The body is not UTF-8.", field="body", position=error.start) from error
    except json.JSONDecodeError as error:
        raise UnreadableBodyError(f"The body is not JSON: {error.msg}.", field="body", position=error.pos) from error


async def form_of(request: Request, max_image_bytes: int) -> dict[str, str | bytes]:
    """The fields and files of a form, of at most a photo and some text.

    Raises:
        TooLargeError: It is larger.
        UnsupportedMediaError: It is no form of this kind.
        UnreadableBodyError: It is malformed.
    """
    if media_type(request) != FORM:
        raise UnsupportedMediaError(f"This call reads {FORM}.", advice="Send the photo from the form of the page.")
    body = await body_of(request, max_image_bytes + BYTES_BESIDE_A_PHOTO)
    try:
        return read_form(request.headers["content-type"], body)
    except MalformedFormError as error:
        raise UnreadableBodyError(f"The form cannot be read: {error}.", field="body") from error


def codes_of_csv(body: bytes, most: int) -> list[str]:
    """The codes of a CSV file, at most `most`: its column `code`, or its only column if there is no header.

    Raises:
        UnreadableBodyError: It is no CSV.
        InvalidInputError: There are too many rows, or several columns without names.
    """
    try:
        rows = list(csv_records(body.decode("utf-8-sig"), most + 2))  # the header, and one too many
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableBodyError(f"The body is not CSV in UTF-8. {error}.", field="body") from error
    header = [name.strip().lower() for name in rows[0]] if rows else []
    column = header.index("code") if "code" in header else 0
    if "code" in header:
        rows = rows[1:]
    elif any(len(row) > 1 for row in rows):
        detail = "The CSV has several columns and none is named code."
        raise InvalidInputError(detail, advice="Give it a header row with a column code.", field="code", position=0)
    return _codes([row[column] if column < len(row) else "" for row in rows], most)


def codes_of_json(value: object, most: int) -> list[str]:
    """The codes of a JSON list of at most `most` texts.

    Raises:
        InvalidInputError: It is no list, too long, or an item is no text; `position` is that item's.
    """
    if not isinstance(value, list):
        raise InvalidInputError("`codes` must be a list of texts.", field="codes")
    return _codes(value, most)


def _codes(values: list[Any], most: int) -> list[str]:
    if not 0 < len(values) <= most:
        detail = f"{len(values):,} codes were sent; 1 to {most:,} are answered at once."
        raise InvalidInputError(detail, advice="Send the delivery in parts.", field="codes")
    for position, value in enumerate(values):
        if not isinstance(value, str):
            raise InvalidInputError("A code must be a text.", field="codes", position=position)
    return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise UnreadableBodyError(f"The key {twice!r} stands twice in one object.", field=twice)
    return value


def _no_constant(name: str) -> Any:  # noqa: ANN401 - never returns
    raise UnreadableBodyError(f"{name} is not a number in JSON.", field="body")


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS + 1:
        raise UnreadableBodyError(f"A number has more than {MAX_DIGITS} digits.", field="body")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise UnreadableBodyError(f"The number {digits[:MAX_DIGITS]} is too large.", field="body")
    return number


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"The body is larger than {most:,} bytes, which is all this call reads.", field="body")
