"""Which consignment a person or a scanner named, and the checks of what else a custody command is told."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from ledger.cli.client import Client, Json

MAX_NUMBER: Final = 2**32 - 1  # uint32 on chain: quantities, organisations
_LOCODE: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}")  # UNECE Recommendation 16
_ID: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_SHOWN: Final = 10  # consignments listed in a message


def find(client: Client, goods: str) -> Json:
    """The consignment that a person or a scanner named.

    Args:
        client: The server that knows it.
        goods: An SSCC, a consignment's id (0x…), `GTIN/LOT`, or a scanned code.

    Raises:
        InvalidInputError: The text names no consignment, or several.
        NotFoundError: The ledger has none such.
    """
    name = _name_of(goods)
    if isinstance(name, str):
        return client.get(f"/v1/consignments/{name}")
    gtin, lot = name
    consignments = client.get(f"/v1/batches/{gtin}/{quote(lot, safe='')}")["consignments"]
    live = [consignment for consignment in consignments if consignment["rest"]]
    if len(live) == 1:
        return dict(live[0])
    raise InvalidInputError(
        f"Batch {gtin} {lot} has {len(live)} consignments that still hold goods.",
        advice="Name the one you mean: " + ", ".join(_label(item) for item in live[:_SHOWN]) + "." if live else "",
        field="goods",
    )


def find_batch(client: Client, goods: str) -> Json:
    """The first consignment of the batch that a person or a scanner named, wherever its goods are by now.

    Raises:
        InvalidInputError: The text names no batch.
        NotFoundError: The ledger has none such.
    """
    name = _name_of(goods)
    if isinstance(name, str):
        batch = client.get(f"/v1/consignments/{name}")["batch"]
        if batch is None:
            raise InvalidInputError(
                f"{goods} is a pallet, which may carry several batches.",
                advice="Name the batch by GTIN/LOT.",
                field="goods",
            )
    else:
        batch = client.get(f"/v1/batches/{name[0]}/{quote(name[1], safe='')}")["batch"]
    return client.get(f"/v1/consignments/{batch['id']}")


def _name_of(goods: str) -> str | tuple[str, str]:
    """An SSCC or a consignment's id, or the GTIN and lot."""
    from ledger.core.gs1 import gtin14, parse_code

    if goods.startswith("0x"):
        if not _ID.fullmatch(goods):
            raise InvalidInputError(
                f"{goods!r} is no consignment id.", advice="An id is 0x and 64 hexadecimal digits.", field="goods"
            )
        return goods
    left, slash, right = goods.partition("/")
    if slash and left.isascii() and left.isdigit():
        return gtin14(left), right
    code = parse_code(goods, today=datetime.now(UTC).date())
    if code.sscc:
        return code.sscc
    if not (code.gtin and code.lot):
        raise InvalidInputError(f"{goods!r} names no batch.", advice="Give GTIN/LOT or an SSCC.", field="goods")
    return code.gtin, code.lot


def _label(consignment: Json) -> str:
    return f"{consignment['sscc'] or consignment['id']} ({consignment['rest']:,} units)"


def moment(text: str, field: str = "occurred_at") -> int:
    """Unix seconds of an ISO 8601 time with a zone, given in the option `field`; now for an empty text.

    Raises:
        InvalidInputError: It is no such time, or before 1970.
    """
    if not text:
        return int(time.time())
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None or when.timestamp() < 0:
        raise InvalidInputError(
            f"{text!r} is not an ISO 8601 time with a zone.",
            advice="For example 2026-11-23T14:05:00Z.",
            field=field,
        )
    return int(when.timestamp())


def checked_place(place: str) -> str:
    """The UN/LOCODE, if it has the form of one.

    Raises:
        InvalidInputError: It has not.
    """
    if not _LOCODE.fullmatch(place):
        raise InvalidInputError(
            f"{place!r} is not a UN/LOCODE." if place else "A place is needed.",
            advice="Give --place five capital letters or digits, the country first, such as SGSIN.",
            field="place",
        )
    return place


def child(text: str, position: int) -> tuple[str | None, int]:
    """A part of a split: its SSCC if it has one, and its quantity.

    Args:
        text: `QUANTITY` or `SSCC=QUANTITY`.
        position: Which `--child` it is, counted from 0, for the message.

    Raises:
        InvalidInputError: It is neither.
    """
    from ledger.core.gs1 import sscc18

    left, equals, right = text.rpartition("=")
    if not (right.isascii() and right.isdigit() and len(right) <= len(str(MAX_NUMBER)) and int(right)):
        raise InvalidInputError(
            f"{text!r} is not QUANTITY or SSCC=QUANTITY.",
            advice="For example --child 600 or --child 095211010000000016=600.",
            field="child",
            position=position,
        )
    return (sscc18(left) if equals else None), int(right)
