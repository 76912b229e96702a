"""`PUT /v1/batches/{gtin}/{lot}/units`: take the list of serial numbers whose root a batch's maker registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anyio import open_file, to_process, to_thread
from fastapi import APIRouter
from starlette.requests import Request

from api import bounds, described
from api.errors import UnsupportedMediaError
from api.installation import Installation, installed
from ledger import show, units
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.gs1 import gtin14
from ledger.core.serials import most_bytes
from ledger.store.unit_lists import UnitLists

if TYPE_CHECKING:
    from ledger.core.facts import Registration

router = APIRouter(tags=["units"])


@router.put("/v1/batches/{gtin}/{lot:path}/units", **described.UNITS_PUT)
async def take(request: Request, gtin: str, lot: str) -> dict[str, Any]:
    """Take a batch's list of serial numbers, from anybody: no other than the one with the registered root is taken."""
    installation = installed(request)
    kind = bounds.media_type(request)
    if kind not in {"", bounds.TEXT}:
        raise UnsupportedMediaError(f"This call reads {bounds.TEXT}, not {kind}.", advice="Send the list as text.")
    registration = await to_thread.run_sync(_serialised, installation, gtin, lot)
    directory = installation.settings.units_dir
    # A million serial numbers keep a core busy for seconds: in a process of its own, scans are answered meanwhile.
    with UnitLists(directory).upload() as upload:
        async with await open_file(upload, "xb") as file:
            async for chunk in bounds.chunks_of(request, most_bytes(installation.settings.max_units)):
                await file.write(chunk)
        ledger = (registration.batch, registration.unit_root, registration.quantity)
        await to_process.run_sync(units.take_list, directory, upload, *ledger, limiter=installation.hashing)
    root = "0x" + registration.unit_root.hex()
    return {"gtin": registration.gtin, "lot": registration.lot, "units": registration.quantity, "unit_root": root}


def _serialised(installation: Installation, gtin: str, lot: str) -> Registration:
    """The registration that a list may be of."""
    found = installation.verifier.dossier(gtin14(gtin), lot)
    if found is None:
        detail = f"No batch {lot!r} of {gtin} is registered, so no list of it can be checked."
        raise NotFoundError(detail, advice=show.NOT_HERE_YET, field="lot")
    if not any(found.registration.unit_root):
        raise InvalidInputError(
            f"The batch {lot!r} of {gtin} was registered without serial numbers.",
            advice="Nothing can be added to a registration; register the next batch with its serial numbers.",
            field="lot",
        )
    return found.registration
