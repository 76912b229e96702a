"""`/v1/reports`: tell that something is wrong, without a name; and ask what became of it."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request

from api import bounds, described
from api.installation import Installation, installed
from ledger.core.errors import InvalidInputError
from ledger.report import Told

router = APIRouter(tags=["reports"])


@router.post("/v1/reports", **described.REPORTS_POST)
async def take(request: Request) -> dict[str, Any]:
    """Keep a report for whoever runs this server. The same `id` again gets the same receipt."""
    installation = installed(request)
    installation.reports_taken.take()
    told = _told(await bounds.form_of(request, installation.settings.max_image_bytes))
    return await to_thread.run_sync(_take, installation, told, limiter=installation.decoding)


@router.get("/v1/reports/{receipt}", **described.REPORTS_GET)
def state(request: Request, receipt: str) -> dict[str, Any]:
    """What became of a report, for whoever has its receipt."""
    installation = installed(request)
    installation.reports_asked.take()
    return installation.reports.state(receipt)


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
