"""Everything that comes in is bounded before it is read, and JSON is read strictly."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable

import anyio
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from api import bounds
from api.errors import UnreadableBodyError
from api.form import MalformedFormError, read_form
from ledger.core.errors import InvalidInputError
from tests.api.conftest import Asker
from tests.api.problems import assert_problem

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**255), 2**255)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_json_comes_back_as_it_was(value: object) -> None:
    assert bounds.strict_json(json.dumps(value).encode(), 40) == value


@pytest.mark.parametrize(
    ("body", "field", "position"),
    [
        (b'{"code": "a", "code": "b"}', "code", None),
        (b'{"a": {"b": 1, "b": 1}}', "b", None),
        (b'{"code": NaN}', "body", None),
        (b"[Infinity]", "body", None),
        (b"[1e999]", "body", None),
        (b"[" + b"9" * 80 + b"]", "body", None),
        (b'{"a" 1}', "body", 5),
        (b"", "body", 0),
        (b'"\xff"', "body", 1),
        (b"[" * 33 + b"]" * 33, "body", None),
        (b"[" * 100_000, "body", None),
        (b'{"a":' * 100_000, "body", None),
    ],
)
def test_ambiguous_or_endless_json_is_refused(body: bytes, field: str, position: int | None) -> None:
    with pytest.raises(UnreadableBodyError) as caught:
        bounds.strict_json(body, 32)
    assert (caught.value.field, caught.value.position) == (field, position)


def test_json_nested_to_the_bound_is_read() -> None:
    assert bounds.strict_json(b"[" * 32 + b"]" * 32, 32)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    try:
        bounds.strict_json(body, 32)
    except UnreadableBodyError:
        return


def test_a_body_is_measured_before_and_while_it_is_read(make_app: Callable[..., FastAPI]) -> None:
    ask = Asker(make_app(max_body_bytes=2_000))
    declared = {"content-length": "999999999999999999999999"}
    assert_problem(ask.post("/v1/verify", content=b"{}", headers=declared), 413, "too-large")
    assert_problem(ask.post("/v1/verify", content=b"{}", headers={"content-length": "-1"}), 413, "too-large")
    assert_problem(ask.post("/v1/statements", content=b" " * 2_001, headers={"content-length": "1"}), 413, "too-large")
    assert_problem(ask.post("/v1/verify", content=b" " * 2_000), 400, "unreadable-body")


async def dripping(pieces: int, size: int, seconds: float) -> AsyncIterator[bytes]:
    for _ in range(pieces):
        yield b" " * size
        await anyio.sleep(seconds)
    yield b"{}"


def test_a_body_that_comes_too_slowly_is_not_waited_for(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BODY_SECONDS", 0.3)
    answer = Asker(app).post("/v1/verify", content=dripping(1_000, 1, 0.05))
    assert_problem(answer, 408, "too-slow")
    assert answer.headers["connection"] == "close"


def test_a_body_that_comes_steadily_may_take_longer(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "BODY_SECONDS", 0.3)
    answer = Asker(app).post("/v1/verify", content=dripping(8, 1_024, 0.1))
    assert_problem(answer, 422, "invalid-input", field="code")


def test_csv_may_have_a_header_or_a_single_column() -> None:
    assert bounds.codes_of_csv('\ufeffCode,count\r\n"a\x1db",1\r\n\r\nc,2\r\n'.encode(), 9) == ["a\x1db", "c"]
    assert bounds.codes_of_csv(b"a\nb\n", 9) == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "field", "position"),
    [
        (b"a,b\nc,d\n", "code", 0),
        (b"", "codes", None),
        (b"code\n" + b"x" * 70_000 + b"\n", "body", None),
        (b"a\n" * 4, "codes", None),
        (b'"a\n', "body", None),
        (b"\xff\n", "body", None),
    ],
)
def test_csv_that_does_not_say_its_codes_is_refused(body: bytes, field: str, position: int | None) -> None:
    with pytest.raises(InvalidInputError) as caught:
        bounds.codes_of_csv(body, 3)
    assert (caught.value.field, caught.value.position) == (field, position)


@pytest.mark.parametrize(
    ("value", "position"), [("a", None), ([], None), (["a", 1], 1), ([None], 0), (["a"] * 4, None)]
)
def test_a_list_of_codes_holds_texts_and_ends(value: object, position: int | None) -> None:
    with pytest.raises(InvalidInputError) as caught:
        bounds.codes_of_json(value, 3)
    assert (caught.value.field, caught.value.position) == ("codes", position)


def part(name: str | None, value: bytes, extra: str = "") -> bytes:
    named = "" if name is None else f'; name="{name}"'
    return f"--x\r\nContent-Disposition: form-data{named}{extra}\r\n\r\n".encode() + value + b"\r\n"


def test_a_form_gives_text_and_files_by_name() -> None:
    body = part("place", b"SGSIN") + part("image", b"\x00\r\n--y\r\n", '; filename="a.png"') + b"--x--\r\n"
    assert read_form("multipart/form-data; boundary=x", body) == {"place": "SGSIN", "image": b"\x00\r\n--y\r\n"}


@pytest.mark.parametrize(
    ("content_type", "body", "words"),
    [
        ("multipart/form-data", b"", "names no boundary"),
        ("multipart/form-data; boundary=x", part("a", b"1"), "cut short"),
        ("multipart/form-data; boundary=x", part(None, b"1") + b"--x--\r\n", "no name"),
        ("multipart/form-data; boundary=x", part("a", b"1") * 11 + b"--x--\r\n", "more than 10 parts"),
        ("multipart/form-data; boundary=x", part("a", bytes(17_000)) + b"--x--\r\n", "more than 16,384 bytes"),
        ("multipart/form-data; boundary=x", b"nothing of the kind", "not well formed"),
        (f"multipart/form-data; boundary={'x' * 300}", b"", "not well formed"),
    ],
)
def test_a_malformed_form_says_what_is_wrong(content_type: str, body: bytes, words: str) -> None:
    with pytest.raises(MalformedFormError, match=words):
        read_form(content_type, body)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_form_reader(body: bytes) -> None:
    for framed in (body, part("a", body), part("a", body) + b"--x--\r\n"):
        with contextlib.suppress(MalformedFormError):
            read_form("multipart/form-data; boundary=x", framed)
