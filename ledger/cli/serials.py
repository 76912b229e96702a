"""Serial numbers at the command line: read or made for a batch file, kept in the data directory, handed to a server."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ledger.core.errors import InvalidInputError, LotproofError, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress, TaskID

    from ledger.cli.client import Client, Json
    from ledger.config import Settings
    from ledger.register import BatchRow
    from ledger.store.unit_lists import UnitList, UnitLists

GENERATE: Final = "generate"
SEND_SECONDS: Final = 600.0  # a server checks one list of a million in seconds, but takes turns


def with_roots(rows: list[BatchRow], folder: Path, settings: Settings, *, quiet: bool) -> list[BatchRow]:
    """The rows of a batch file with the roots of their serial numbers, whose lists are in the data directory now.

    All serial numbers are read before the first list is made, so that a fault in one leaves nothing behind.

    Args:
        rows: As read.
        folder: Where the files that they name are.
        settings: Say where lists are kept, and how long one may be.
        quiet: Whether to show no progress.

    Raises:
        InvalidInputError: A file cannot be read, is malformed, of another batch, or not as long as the batch is large.
    """
    from secrets import token_bytes

    from rich.console import Console
    from rich.progress import Progress

    from ledger import units
    from ledger.core.parts import batch_id
    from ledger.store.unit_lists import UnitLists

    lists = UnitLists(settings.units_dir)
    if sum(bool(row.serials) for row in rows) > 1:
        for row in rows:  # read twice, as all of them at once could be too many for the memory
            _serials_of(row, folder, lists, settings.max_units)
    done = list(rows)
    silent = quiet or not any(row.serials for row in rows)
    with Progress(console=Console(stderr=True), disable=silent, transient=True) as progress:
        for at, row in enumerate(rows):
            serials = _serials_of(row, folder, lists, settings.max_units)
            if serials:
                task = progress.add_task(f"Serial numbers of {row.registration.lot}", total=1.0)
                batch = batch_id(row.registration.gtin, row.registration.lot)
                report = partial(_report, progress, task)
                root = units.make_list(lists, batch, serials, token_bytes(32), report)
                done[at] = replace(row, registration=replace(row.registration, unit_root=root))
    return done


def _report(progress: Progress, task: TaskID, part: float) -> None:
    progress.update(task, completed=part)


def hand_over(client: Client, settings: Settings, row: BatchRow, *, recorded: bool) -> Json:
    """Send a new batch's list to the server, if the batch is on the ledger; what became of it.

    That the list does not get there now undoes no registration: it is told, with what to do.
    """
    gtin, lot = f"{row.registration.gtin:014d}", row.registration.lot
    root = "0x" + row.registration.unit_root.hex()
    later = f"its list of serial numbers is kept here; send it later: lotproof batch units {gtin} {lot}"
    if not recorded:
        return {"unit_root": root, "sent": False, "detail": later}
    try:
        send(client, gtin, lot, kept_list(settings, gtin, lot).written())
    except LotproofError as error:
        return {"unit_root": root, "sent": False, "detail": f"{error.detail} {later[0].upper()}{later[1:]}"}
    detail = f"the server has its {row.registration.quantity:,} serial numbers"
    return {"unit_root": root, "sent": True, "detail": detail}


def kept_list(settings: Settings, gtin: str, lot: str) -> UnitList:
    """The list of a batch in the data directory.

    Raises:
        NotFoundError: There is none.
        ContradictionError: It is damaged.
    """
    from ledger.core.gs1 import gtin14
    from ledger.core.parts import batch_id
    from ledger.store.unit_lists import UnitLists

    found = UnitLists(settings.units_dir).get(batch_id(int(gtin14(gtin)), lot))
    if found is None:
        raise NotFoundError(
            f"There is no list of serial numbers of GTIN {gtin} lot {lot} in {settings.units_dir}.",
            advice="It is where `lotproof batch register` made it; name that data directory with --data.",
            field="lot",
        )
    return found


def send(client: Client, gtin: str, lot: str, written: bytes) -> None:
    """Hand a list to the server.

    Raises:
        LotproofError: The server does not take it, and says why.
    """
    client.put_text(f"/v1/batches/{gtin}/{quote(lot, safe='')}/units", written, SEND_SECONDS)


def _serials_of(row: BatchRow, folder: Path, lists: UnitLists, most: int) -> list[bytes]:
    """The serial numbers that a row asks for; none if its batch is not serialised."""
    from secrets import token_bytes

    from ledger import units
    from ledger.core.parts import batch_id

    if not row.serials:
        return []
    gtin, lot, quantity = row.registration.gtin, row.registration.lot, row.registration.quantity
    if quantity > most:
        detail = f"Lot {lot} has {quantity:,} units; a list of serial numbers has at most {most:,}."
        advice = "Register it as several lots, or raise LOTPROOF_MAX_UNITS."
        raise InvalidInputError(detail, advice=advice, field="quantity")
    if row.serials == GENERATE:
        return units.generated(lists, batch_id(gtin, lot), quantity, token_bytes(32))
    path = folder / row.serials
    try:
        with path.open("rb") as file:
            content = file.read(units.MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", field="serials") from error
    serials = units.read_serials(content, path.suffix.lower(), f"{gtin:014d}", lot)
    if len(serials) != quantity:
        detail = f"{path} has {len(serials):,} serial numbers, but the quantity of lot {lot} is {quantity:,}."
        raise InvalidInputError(detail, advice="Correct the one or the other; nothing was sent.", field="quantity")
    return serials
