"""Batch files: CSV or JSON rows to batch registrations. Every bad row is named; callers say whether the rest counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.core.errors import InvalidCodeError, InvalidInputError
from ledger.core.gs1 import element_string, gtin14
from ledger.core.statement import BatchRegistration
from ledger.core.table import read_rows
from ledger.core.vocabulary import ProductClass

if TYPE_CHECKING:
    from ledger.core.table import Row

MAX_QUANTITY: Final = 2**32 - 1  # uint32 on chain
REQUIRED: Final = ("gtin", "lot", "product_class", "quantity", "expiry")
OPTIONAL: Final = ("manufactured", "product", "serials")


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One row of a batch file: what is registered, the product's name for people, and whence its serial numbers."""

    registration: BatchRegistration
    product: str
    serials: str = ""  # a file, as the row names it, or `generate`; empty if the batch is not serialised


def read_batches(text: bytes, manufacturer: int, *, as_json: bool) -> list[BatchRow]:
    """The registrations that a batch file asks for.

    Args:
        text: The file. Columns: `gtin`, `lot`, `product_class`, `quantity` (units), `expiry` (YYYY-MM-DD), and may have
            `manufactured` (YYYY-MM-DD), `product` (a name for people) and `serials` (a file, or `generate`). The root
            of the serial numbers is left zero: whoever calls has the files.
        manufacturer: The number of the organisation that registers.
        as_json: Whether the file is JSON.

    Raises:
        InvalidInputError: The file, a row or a column is malformed; `position` is the row, counted from 1.
    """
    batches, faults = check_batches(text, manufacturer, as_json=as_json)
    if faults:
        raise faults[0]
    return batches


def check_batches(text: bytes, manufacturer: int, *, as_json: bool) -> tuple[list[BatchRow], list[InvalidInputError]]:
    """The registrations that the good rows of a batch file ask for, and what is wrong with the others.

    Args:
        text: As for `read_batches`.
        manufacturer: The same.
        as_json: The same.

    Raises:
        InvalidInputError: The file as a whole is malformed.
    """
    batches: list[BatchRow] = []
    faults: list[InvalidInputError] = []
    seen: dict[tuple[int, str], int] = {}
    for row in read_rows(text, REQUIRED, OPTIONAL, as_json=as_json):
        try:
            batch = _batch(row, manufacturer)
            first = seen.setdefault((batch.registration.gtin, batch.registration.lot), row.number)
            if first != row.number:
                raise row.fault("lot", f"repeats row {first}: a GTIN and lot are registered once")
        except InvalidInputError as error:
            faults.append(error)
        else:
            batches.append(batch)
    return batches, faults


def _batch(row: Row, manufacturer: int) -> BatchRow:
    registration = BatchRegistration(
        manufacturer=manufacturer,
        gtin=_gtin(row),
        lot=_lot(row),
        product_class=_product_class(row),
        quantity=row.whole("quantity", MAX_QUANTITY),
        manufactured=row.day("manufactured", needed=False),
        expiry=row.day("expiry"),
        unit_root=bytes(32),
        details=bytes(32),
    )
    if registration.expiry <= registration.manufactured:
        raise row.fault("expiry", "is not after the manufacturing date")
    return BatchRow(registration, row.optional("product"), row.optional("serials"))


def _gtin(row: Row) -> int:
    text = row.text("gtin")
    try:
        return int(gtin14(text))
    except InvalidCodeError as error:
        raise row.fault("gtin", f"{text!r}: {error.detail}") from error


def _lot(row: Row) -> str:
    lot = row.text("lot")
    try:
        element_string([("01", gtin14(row.text("gtin"))), ("10", lot)])
    except InvalidCodeError as error:
        raise row.fault("lot", f"{lot!r}: {error.detail}") from error
    return lot


def _product_class(row: Row) -> int:
    text = row.text("product_class").upper()
    if text not in ProductClass.__members__:
        raise row.fault("product_class", f"{text!r} is none of {', '.join(ProductClass.__members__)}")
    return ProductClass[text]
