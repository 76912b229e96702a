"""Label images: one QR code with its text under it."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import described
from api.installation import installed
from ledger import label, show
from ledger.core.errors import NotFoundError
from ledger.core.gs1 import gtin14

router = APIRouter(tags=["labels"])
FORMATS: Final = {"png": ("image/png", label.png), "svg": ("image/svg+xml", label.svg)}


@router.get("/v1/labels/{sscc}.{form}", **described.LABEL)
def consignment_label(request: Request, sscc: str, form: str) -> Response:
    """The label of a recorded consignment or pallet: its SSCC as a Digital Link."""
    installation = installed(request)
    show.consignment(installation.read_model, installation.verifier, sscc)
    return _image(request, [("00", sscc)], form)


@router.get("/v1/labels/{gtin}/{lot:path}.{form}", **described.LABEL)
def batch_label(request: Request, gtin: str, lot: str, form: str) -> Response:
    """The label of a registered batch: GTIN, lot and the expiry that its maker registered, as a Digital Link."""
    installation = installed(request)
    found = installation.verifier.dossier(gtin14(gtin), lot)
    if found is None:
        raise NotFoundError(f"No batch {lot!r} of {gtin} is registered.", advice=show.NOT_HERE_YET, field="lot")
    return _image(request, label.batch_elements(found.registration.gtin, lot, found.registration.expiry), form)


def _image(request: Request, elements: label.Elements, form: str) -> Response:
    known = FORMATS.get(form)
    if known is None:
        raise NotFoundError(f"Labels come as {' and '.join(FORMATS)}, not as {form!r}.", field="form")
    media, draw = known
    host = installed(request).settings.public_hosts[0]
    return Response(draw(label.link(elements, host), label.human_readable(elements)), media_type=media)
