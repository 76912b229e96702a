"""Handing in lists of serial numbers: only what the ledger vouches for is taken, from anybody, however often."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from ledger.core.serials import write_list
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.indexed_world import GTIN, LOTS, SERIALS, UNIT_SECRET, UNIT_TREE, link

LOT = LOTS["serialised"]
PATH = f"/v1/batches/{GTIN}/{quote(LOT, safe='')}/units"
LIST = write_list(UNIT_SECRET, SERIALS)
UNIT = link(LOT, serial=SERIALS[3].decode())
TEXT = {"content-type": "text/plain; charset=us-ascii"}


def put(app: FastAPI, content: bytes = LIST, path: str = PATH, headers: dict[str, str] = TEXT) -> httpx.Response:
    return Asker(app)("PUT", path, content=content, headers=headers)


def left(folder: Path) -> list[str]:
    return sorted(path.suffix for path in (folder / "units").glob("*"))


def test_the_registered_list_is_taken_and_scans_are_judged_by_it(app: FastAPI, tmp_path: Path) -> None:
    ask = Asker(app)
    assert ask.get("/v1/verify", params={"code": UNIT}).json()["checks"][5]["result"] == "skipped"
    answer = put(app)
    assert (answer.status_code, answer.json()) == (
        200,
        {"gtin": GTIN, "lot": LOT, "units": 40, "unit_root": "0x" + UNIT_TREE[:32].hex()},
    )
    assert ask.get("/v1/verify", params={"code": UNIT}).json()["checks"][5]["result"] == "passed"
    fake = ask.get("/v1/verify", params={"code": link(LOT, serial="MADEUP1")}).json()
    assert (fake["verdict"], fake["reason"]) == ("suspect", "serial_not_in_batch")
    assert left(tmp_path) == [".units"]


def test_the_same_again_is_the_same_answer(app: FastAPI) -> None:
    assert put(app).json() == put(app).json()
    assert put(app, path=f"/v1/batches/{GTIN.lstrip('0')}/{LOT}/units").status_code == 200


@pytest.mark.parametrize(
    ("content", "field", "position"),
    [
        (write_list(bytes(32), SERIALS), "serials", None),
        (write_list(UNIT_SECRET, [*SERIALS[:39], b"MADEUP1"]), "serials", None),
        (write_list(UNIT_SECRET, SERIALS[:39]), "serials", None),
        (write_list(UNIT_SECRET, [*SERIALS[:39], SERIALS[0]]), "serials", 41),
        (write_list(UNIT_SECRET, [*SERIALS[:39], b"A B"]), "serials", 41),
        (b"\n".join(SERIALS), "secret", 1),
        (b"", "secret", 1),
    ],
)
def test_any_other_list_is_refused_and_nothing_is_left(
    app: FastAPI, tmp_path: Path, content: bytes, field: str, position: int | None
) -> None:
    problem = assert_problem(put(app, content), 422, "invalid-input", field=field, position=position)
    assert problem["advice"]
    assert left(tmp_path) == []


def test_a_batch_that_is_not_registered_takes_no_list(app: FastAPI) -> None:
    problem = assert_problem(put(app, path=f"/v1/batches/{GTIN}/ABSENT/units"), 404, "not-found", field="lot")
    assert "ask again in a moment" in problem["advice"]


def test_a_batch_without_serial_numbers_takes_no_list(app: FastAPI) -> None:
    problem = assert_problem(put(app, path=f"/v1/batches/{GTIN}/AB12/units"), 422, "invalid-input", field="lot")
    assert "register the next batch" in problem["advice"]


def test_a_body_beyond_the_bound_is_refused_while_it_comes(make_app: Callable[..., FastAPI], tmp_path: Path) -> None:
    app = make_app(max_units=30)
    assert_problem(put(app, LIST + b"x" * 500), 413, "too-large")

    async def endless() -> object:
        for _ in range(1000):
            yield b"A1\n" * 1000

    assert_problem(Asker(app)("PUT", PATH, content=endless(), headers=TEXT), 413, "too-large")
    assert left(tmp_path) == []


def test_a_body_of_another_type_is_refused(app: FastAPI) -> None:
    assert_problem(put(app, headers={"content-type": "application/json"}), 415, "unsupported-media")
    assert put(app, headers={}).status_code == 200


def test_a_malformed_gtin_is_named(app: FastAPI) -> None:
    assert_problem(put(app, path=f"/v1/batches/{GTIN[:-1]}7/AB12/units"), 422, "invalid-code")
