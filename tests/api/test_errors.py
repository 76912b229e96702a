"""Every error has one shape, whichever part found it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException

from api import errors
from ledger.core import errors as core
from tests.api.conftest import Asker
from tests.api.problems import assert_problem


def subclasses(kind: type[core.LotproofError]) -> set[type[core.LotproofError]]:
    return {kind}.union(*(subclasses(each) for each in kind.__subclasses__()))


def test_every_error_class_of_the_core_has_its_status() -> None:
    named = {value for value in vars(core).values() if isinstance(value, type)}
    mapped = {kind: errors.problem_of(kind("It happened.")).kind for kind in subclasses(core.LotproofError) & named}
    assert mapped[core.TooManyResultsError].status == 503
    assert mapped[core.InvalidCodeError].slug == "invalid-code"
    assert {kind.status for kind in mapped.values()} == {401, 403, 404, 409, 422, 500, 503}


def test_slugs_are_unique() -> None:
    slugs = [kind.slug for kind in errors.KINDS.values()]
    assert len(slugs) == len(set(slugs))


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "slug"),
    [
        ("GET", "/nowhere", {}, 404, "not-found"),
        ("GET", "/v1/nothing/05413868000016/AB12", {}, 404, "not-found"),
        ("GET", "/static/nothing.css", {}, 404, "not-found"),
        ("DELETE", "/v1/verify", {}, 405, "method-not-allowed"),
        ("PUT", "/v1/statements", {}, 405, "method-not-allowed"),
        ("GET", "/v1/verify", {}, 422, "invalid-input"),
        ("POST", "/v1/verify", {"content": b"{"}, 400, "unreadable-body"),
        ("POST", "/v1/verify", {"content": b"x", "headers": {"content-type": "text/plain"}}, 415, "unsupported-media"),
        ("POST", "/v1/verify", {"content": b" " * 2_000_000}, 413, "too-large"),
        ("POST", "/v1/verify", {"content": b"[]"}, 422, "invalid-input"),
        ("POST", "/v1/verify/image", {"content": b"GIF89a"}, 422, "invalid-input"),
        ("POST", "/v1/verify/image", {"json": {}}, 415, "unsupported-media"),
        ("POST", "/v1/verify/many", {"json": []}, 422, "invalid-input"),
        ("POST", "/v1/statements", {"json": {"type": "Bundle"}}, 422, "invalid-statement"),
        ("GET", "/v1/statements/0x12", {}, 422, "invalid-input"),
        ("GET", f"/v1/statements/0x{'ab' * 32}", {}, 404, "not-found"),
        ("GET", "/v1/batches/05413868000017/AB12", {}, 422, "invalid-code"),
        ("GET", "/v1/batches/05413868000016/ABSENT", {}, 404, "not-found"),
        ("GET", "/v1/consignments/0x12", {}, 422, "invalid-input"),
        ("GET", "/v1/consignments/12", {}, 422, "invalid-code"),
        ("GET", f"/v1/consignments/0x{'ab' * 32}", {}, 404, "not-found"),
        ("GET", "/v1/organisations/99", {}, 404, "not-found"),
        ("GET", "/v1/organisations/0", {}, 422, "invalid-input"),
        ("GET", "/v1/organisations/seven", {}, 422, "invalid-input"),
        ("GET", "/v1/events?after=yesterday", {}, 422, "invalid-input"),
        ("GET", "/v1/labels/05413868000016/ABSENT.png", {}, 404, "not-found"),
        ("GET", "/v1/labels/05413868000016/AB12.gif", {}, 404, "not-found"),
        ("GET", "/01/05413868000017", {}, 400, "malformed-link"),
        ("GET", "/00/12", {}, 400, "malformed-link"),
    ],
)
def test_problems_have_one_shape(
    ask: Asker, method: str, path: str, options: dict[str, Any], status: int, slug: str
) -> None:
    assert_problem(ask(method, path, **options), status, slug)


def test_a_wrong_method_names_the_right_one(ask: Asker) -> None:
    answer = ask("PATCH", "/v1/batches/05413868000016/AB12")
    assert_problem(answer, 405, "method-not-allowed", advice="Use GET.")
    assert answer.headers["allow"] == "GET"


def test_what_is_missing_is_named(ask: Asker) -> None:
    assert_problem(ask.get("/v1/verify"), 422, "invalid-input", field="code")
    assert_problem(ask.get("/v1/organisations/seven"), 422, "invalid-input", field="number")


def test_a_parameter_given_twice_is_refused(ask: Asker) -> None:
    assert_problem(ask.get("/v1/verify?code=a&code=b"), 422, "invalid-input", field="query")


def test_people_who_browse_get_a_page(ask: Asker) -> None:
    answer = ask.get("/nowhere/<b>", headers={"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is nothing at /nowhere/&lt;b&gt;." in answer.text


def test_the_interface_for_programs_answers_browsers_in_json_too(ask: Asker) -> None:
    assert_problem(ask.get("/v1/nowhere", headers={"accept": "text/html"}), 404, "not-found")


def test_what_breaks_inside_is_not_told(app: FastAPI) -> None:
    def broken() -> None:
        raise RuntimeError("secret-of-the-house")

    app.add_api_route("/broken", broken)
    answer = Asker(app).get("/broken")
    assert_problem(answer, 500, "error")
    assert "secret-of-the-house" not in answer.text


def test_an_unavailable_part_says_when_to_come_back(app: FastAPI) -> None:
    def away() -> None:
        raise core.UnavailableError("The chain does not answer.")

    app.add_api_route("/away", away)
    answer = Asker(app).get("/away")
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "5"


def test_the_frameworks_own_errors_have_the_same_shape(app: FastAPI) -> None:
    def teapot() -> None:
        raise HTTPException(418, "Short and stout")

    app.add_api_route("/teapot", teapot)
    assert_problem(Asker(app).get("/teapot"), 418, "http", detail="Short and stout.")


def test_evidence_is_told_as_json() -> None:
    error = core.NotFoundError(
        "It is not here.", digest=b"\x01\x02", names={"b"}, table={1: b"\x03"}, kind=KeyError, day=date(2026, 5, 1)
    )
    told = errors.problem_of(error).to_json()
    assert (told["digest"], told["names"], told["table"]) == ("0x0102", ["b"], {"1": "0x03"})
    assert told["day"] == "2026-05-01"
    assert told["kind"] == "<class 'KeyError'>"
