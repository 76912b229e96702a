"""The pages: ask for a code, see its verdict. They work without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import bounds
from api.errors import Problem, problem_of
from api.installation import Installation, installed
from api.routes.verify import read_image, scanned
from api.web.render import page
from ledger.core.errors import InvalidInputError
from ledger.core.organisation import state_at

if TYPE_CHECKING:
    from ledger.core.verdict import Verdict

router = APIRouter(include_in_schema=False)
MOST_NAMED: Final = 300  # organisations offered by name beside the field
NOTHING_TO_CHECK: Final = "Type, paste or photograph a code first."


@router.get("/")
def home(request: Request) -> Response:
    """The page that asks for a code."""
    return _home(installed(request), {})


@router.get("/check")
def check(
    request: Request,
    code: Annotated[str, Query()] = "",
    place: Annotated[str, Query()] = "",
    organisation: Annotated[str, Query()] = "",
) -> Response:
    """The verdict on one code."""
    installation = installed(request)
    said = {"code": code, "place": place, "organisation": organisation}
    try:
        _need(code.strip(), "code")
        verdict = installation.verifier.verify(
            code, place.strip() or None, None, organisation.strip() or None, now=installation.now()
        )
    except InvalidInputError as error:
        return _home(installation, said, problem_of(error))
    return _result(installation, said, verdict)


@router.post("/check")
async def check_photo(request: Request) -> Response:
    """The verdict on every code in an uploaded photo."""
    installation = installed(request)
    form = await bounds.form_of(request, installation.settings.max_image_bytes)
    said = {name: value for name in ("place", "organisation") if isinstance(value := form.get(name), str)}
    photo = form.get("photo")
    try:
        image = photo if isinstance(photo, bytes) else b""
        _need(image, "image")
        now = installation.now()
        place, organisation = (said.get(name, "").strip() or None for name in ("place", "organisation"))
        scanner = installation.verifier.scanner(place, None, organisation, now=now)
        found = await read_image(installation, image)
        verdicts = installation.verifier.verify_many([code.text for code in found], scanner, now=now)
    except InvalidInputError as error:
        return _home(installation, said, problem_of(error))
    if len(found) == 1:
        return _result(installation, said | {"code": found[0].text}, verdicts[0])
    rows = [scanned(code) | {"verdict": verdict.to_json()} for code, verdict in zip(found, verdicts, strict=True)]
    return page("photo.html", **_frame(installation), said=said, rows=rows)


@router.get("/favicon.ico")
def icon() -> Response:
    """Where browsers look that do not read the page's own link."""
    return RedirectResponse("/static/icon.svg", 308)


def _need(given: str | bytes, field: str) -> None:
    if not given:
        raise InvalidInputError(NOTHING_TO_CHECK, field=field)


def _home(installation: Installation, said: dict[str, str], problem: Problem | None = None) -> Response:
    status = 200 if problem is None else problem.kind.status
    return page(
        "home.html", status=status, **_frame(installation), said=said, problem=problem, names=_names(installation)
    )


def _result(installation: Installation, said: dict[str, str], verdict: Verdict) -> Response:
    return page("result.html", **_frame(installation), said=said, v=verdict.to_json(), names=_names(installation))


def _frame(installation: Installation) -> dict[str, Any]:
    as_of = installation.read_model.as_of()
    return {
        "as_of": as_of,
        "silence": installation.now() - as_of.heard_at if as_of.heard_at else None,
        "ledger": "0x" + installation.identity.ledger.hex(),
    }


def _names(installation: Installation) -> list[tuple[int, str]]:
    everyone = installation.read_model.organisations()[:MOST_NAMED]
    return [(each.number, state.name) for each in everyone if (state := state_at(each)) is not None]
