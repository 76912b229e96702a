"""`/app/`: the scanner, an app that the browser installs and that works without a line; `/desk`: the officers' desk.

Both are built from one tree. The desk stands outside the folder that the scanner's service worker keeps: it works with
a line only, and nothing of it stays on the device.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web import built
from ledger.core.errors import NotFoundError, UnavailableError

router = APIRouter(include_in_schema=False)


@router.get("/app")
def entrance() -> Response:
    """The app's addresses are relative to its folder, so it is asked for with a slash."""
    return RedirectResponse("/app/", 308)


@router.get("/desk")
def desk(request: Request) -> Response:
    """The page of the desk; its files lie in the app's folder."""
    return _file(request, built.DESK)


@router.get("/app/{name:path}")
def file(request: Request, name: str) -> Response:
    """A file of the app; its first page for the folder itself."""
    return _file(request, name)


def _file(request: Request, name: str) -> Response:
    found = built.find(name, request.headers.get("accept-encoding", ""), built.FOLDER)
    if found is None:
        raise _missing(name)
    if found.headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={key: found.headers[key] for key in ("etag", "cache-control", "vary")})
    return Response(found.content, headers=found.headers)


def _missing(name: str) -> NotFoundError | UnavailableError:
    if (built.FOLDER / built.INDEX).is_file():
        return NotFoundError(f"The scanner has no file {name[:80]!r}.", advice="Open it at /app/.")
    return UnavailableError(
        "The scanner is not built on this server.",
        advice="The operator runs ./scripts/setup in the checkout, which builds it. Until then, check codes at /.",
    )
