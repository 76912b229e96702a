"""Read declaration lines out of a file's rows: a good row becomes a line, a bad one a fault that names its column."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ledger.core.customs.declaration import FOR_RISK_ONLY, OPTIONAL, REQUIRED, DeclarationLine
from ledger.core.errors import InvalidCodeError, InvalidInputError
from ledger.core.gs1 import element_string, gtin14, sscc18
from ledger.core.locode import read_locode
from ledger.core.places_data import COUNTRIES
from ledger.core.table import require_known, split_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.core.table import Row

KEPT: Final = "The other lines were kept. Correct this one and import it again; what is there already stays as it is."
MAX_BYTES: Final = 20_000_000  # 10,000 lines as JSON, with every field, have about 9 MB
MAX_ID: Final = 35  # characters: the longest identifier of the WCO Data Model (an..35)
MAX_DESCRIPTION: Final = 512  # characters: an..512
MAX_ITINERARY: Final = 99  # places: the most that UN/EDIFACT repeats
MAX_NUMBER: Final = 99_999  # of a line, or of a version: n..5
MAX_QUANTITY: Final = 2**32 - 1  # units: uint32 on chain
MAX_AMOUNT: Final = 10**15  # of money or kilograms: n..16 with decimals
LOTS_KEPT: Final = 4_096
MODES: Final = tuple("0123456789")  # UN/ECE Recommendation 19, codes for modes of transport
_ALLOWED: Final = (*REQUIRED, *OPTIONAL, *FOR_RISK_ONLY)
_OFFICE: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{0,15}", re.ASCII)
_CLASSIFICATION: Final = re.compile(r"[0-9]{6,12}", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_AMOUNT: Final = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,6})?", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SHORT_HS: Final = 5  # digits of a subheading whose leading zero a spreadsheet dropped


def read_lines(text: bytes, *, as_json: bool) -> Iterator[DeclarationLine | InvalidInputError]:
    """Read a declaration file row by row.

    Args:
        text: CSV with a header row, or a JSON list of objects; UTF-8, at most 20 MB and 10,000 rows. Columns: `FIELDS`;
            those of `FOR_RISK_ONLY` are passed over.
        as_json: Whether it is JSON.

    Returns:
        For each row in order the line, or what is wrong with it: `field` is the column, `position` the row from 1.

    Raises:
        InvalidInputError: The file as a whole is malformed.
    """
    rows = split_rows(text, REQUIRED, OPTIONAL, as_json=as_json, advice=KEPT, most_bytes=MAX_BYTES)
    return (_line_or_fault(row) for row in rows)


def _line_or_fault(row: Row) -> DeclarationLine | InvalidInputError:
    try:
        return read_line(row)
    except InvalidInputError as error:
        return error.with_traceback(None)  # a traceback would keep the frames of every bad row


def read_line(row: Row) -> DeclarationLine:
    """Read one row.

    Args:
        row: The row.

    Raises:
        InvalidInputError: A column is missing, unknown or malformed.
    """
    require_known(row, _ALLOWED)
    gtin, lot = _batch(row)
    sscc = _sscc(row)
    return DeclarationLine(
        declaration_id=_identifier(row, "declaration_id"),
        version_id=_number(row, "version_id") if row.optional("version_id") else 1,
        acceptance_date_time=_time(row, "acceptance_date_time", day_is_enough=True),
        declaration_office_id=_office(row),
        sequence_numeric=_number(row, "sequence_numeric"),
        classification_id=_classification(row),
        description=_text(row, "description", MAX_DESCRIPTION),
        origin_country_code=_country(row, "origin_country_code"),
        export_country_id=_country(row, "export_country_id") if row.optional("export_country_id") else "",
        loading_location_id=_place(row, "loading_location_id", row.text("loading_location_id")),
        itinerary_id=_itinerary(row),
        unloading_location_id=_place(row, "unloading_location_id", row.text("unloading_location_id")),
        mode_code=_mode(row),
        arrival_date_time=_time(row, "arrival_date_time") if row.optional("arrival_date_time") else 0,
        gross_mass_measure=_amount(row, "gross_mass_measure"),
        net_net_weight_measure=_net_mass(row),
        customs_value_amount=_amount(row, "customs_value_amount"),
        currency_id=_currency(row),
        importer_id=_identifier(row, "importer_id"),
        consignee_id=_text(row, "consignee_id", MAX_ID),
        exporter_id=_identifier(row, "exporter_id"),
        carrier_id=_text(row, "carrier_id", MAX_ID),
        gtin=gtin,
        lot=lot,
        sscc=sscc,
        tariff_quantity=_quantity(row, needed=bool(gtin or sscc)),
    )


def _text(row: Row, column: str, most: int) -> str:
    text = row.optional(column)
    if len(text) > most or not text.isprintable():
        raise row.fault(column, f"must be at most {most} printable characters")
    return text


def _identifier(row: Row, column: str) -> str:
    row.text(column)
    return _text(row, column, MAX_ID)


def _number(row: Row, column: str) -> int:
    return row.whole(column, MAX_NUMBER)


def _quantity(row: Row, *, needed: bool) -> int:
    column = "tariff_quantity"
    if row.optional(column):
        return row.whole(column, MAX_QUANTITY)
    if needed:
        raise row.fault(column, "is missing; a line that names goods of the ledger says how many units they are")
    return 0


def _time(row: Row, column: str, *, day_is_enough: bool = False) -> int:
    text = row.text(column)
    form = "a date such as 2027-03-31, or a time" if day_is_enough else "a time"
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None and day_is_enough and _DAY.fullmatch(text):
            moment = moment.replace(tzinfo=UTC)
        seconds = int(moment.timestamp()) if moment.tzinfo else -1
    except (ValueError, OverflowError):
        seconds = -1
    if seconds < 0:
        raise row.fault(column, f"{text[:MAX_ID]!r} is not {form} with its zone such as 2027-03-31T08:00:00+07:00")
    return seconds


def _office(row: Row) -> str:
    office = row.text("declaration_office_id").upper()
    if not _OFFICE.fullmatch(office) or office[:2] not in COUNTRIES:
        raise row.fault(
            "declaration_office_id",
            f"{office[:MAX_ID]!r} does not begin with a country's two letters, or is no office's code",
        )
    return office


def _classification(row: Row) -> str:
    digits = row.text("classification_id").replace(".", "")
    if not _CLASSIFICATION.fullmatch(digits):
        lost = " (a spreadsheet may have dropped a leading zero)" if len(digits) == _SHORT_HS else ""
        raise row.fault("classification_id", f"{digits[:MAX_ID]!r} has not 6 to 12 digits{lost}")
    return digits


def _country(row: Row, column: str) -> str:
    country = row.text(column).upper()
    if country not in COUNTRIES:
        raise row.fault(column, f"{country[:MAX_ID]!r} is not the two-letter code of a country")
    return country


def _place(row: Row, column: str, text: str) -> str:
    place = read_locode(text)
    if place[:2] not in COUNTRIES:
        raise row.fault(column, f"{text[:MAX_ID]!r} is not a UN/LOCODE such as SGSIN")
    return place


def _itinerary(row: Row) -> tuple[str, ...]:
    column = "itinerary_id"
    listed = row.values.get(column)
    places = listed if isinstance(listed, list) else row.optional(column).split()
    if len(places) > MAX_ITINERARY:
        raise row.fault(column, f"has more than {MAX_ITINERARY} places")
    return tuple(_place(row, column, str(place)) for place in places)


def _mode(row: Row) -> str:
    mode = row.optional("mode_code")
    if mode and mode not in MODES:
        raise row.fault("mode_code", f"{mode[:MAX_ID]!r} is none of {', '.join(MODES)} (UN/ECE Recommendation 19)")
    return mode


def _amount(row: Row, column: str) -> float:
    text = row.values.get(column)
    text = repr(text) if isinstance(text, float) else row.text(column)
    if not _AMOUNT.fullmatch(text) or not 0 < float(text) <= MAX_AMOUNT:
        raise row.fault(column, f"{text[:MAX_ID]!r} is not a number above 0 such as 1234.5")
    return float(text)


def _net_mass(row: Row) -> float:
    net = _amount(row, "net_net_weight_measure")
    if net > _amount(row, "gross_mass_measure"):
        raise row.fault("net_net_weight_measure", "is more than the gross mass")
    return net


def _currency(row: Row) -> str:
    currency = row.text("currency_id").upper()
    if not _CURRENCY.fullmatch(currency):
        raise row.fault("currency_id", f"{currency[:MAX_ID]!r} is not three letters such as EUR (ISO 4217)")
    return currency


def _batch(row: Row) -> tuple[str, str]:
    """GTIN and lot, both or neither."""
    named, lot = row.optional("gtin"), row.optional("lot")
    if not named and not lot:
        return "", ""
    try:
        gtin = _gtin(row.text("gtin"))
    except InvalidCodeError as error:
        raise row.fault("gtin", f"{named[:MAX_ID]!r}: {error.detail}") from error
    try:
        _require_lot(gtin, row.text("lot"))
    except InvalidCodeError as error:
        raise row.fault("lot", f"{lot[:MAX_ID]!r}: {error.detail}") from error
    return gtin, lot


@lru_cache(maxsize=LOTS_KEPT)  # many lines of a file name the same goods
def _gtin(text: str) -> str:
    return gtin14(text)


@lru_cache(maxsize=LOTS_KEPT)
def _require_lot(gtin: str, lot: str) -> None:
    element_string([("01", gtin), ("10", lot)])


def _sscc(row: Row) -> str:
    text = row.optional("sscc")
    if not text:
        return ""
    try:
        return sscc18(text)
    except InvalidCodeError as error:
        raise row.fault("sscc", f"{text[:MAX_ID]!r}: {error.detail}") from error
