"""Serial numbers out of EPCIS documents: what the commissioning events of one batch name.

EPCIS 1.2 and 2.0, JSON-LD and XML. A unit comes into being by an ObjectEvent with action ADD and the business step
`commissioning` (CBV 2.0, section 7.1.3), written as its URN, its short form or its Web URI. Its EPC is an SGTIN, as a
URN (EPC Tag Data Standard 2.0, section 6.3.1) or as a GS1 Digital Link. What is no trade item (a pallet's SSCC), what
names a class and no unit, and what was declared an error is passed over; an SGTIN of another GTIN or lot is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from lxml import etree

from ledger.core.errors import InvalidCodeError, InvalidInputError
from ledger.core.gs1 import check_digit, gtin14
from ledger.core.table import strict_json, utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_DEPTH: Final = 32  # elements or JSON values in each other; the deepest official example has 15
BIZ_STEPS: Final = frozenset(
    prefix + "commissioning"
    for prefix in (
        "",
        "urn:epcglobal:cbv:bizstep:",
        "https://ref.gs1.org/cbv/BizStep-",
        "http://ref.gs1.org/cbv/BizStep-",
        "https://gs1.org/voc/BizStep-",
        "cbv:BizStep-",
    )
)
_MASTER_DATA: Final = "urn:epcglobal:cbv:mda"
_LOT_NAMES: Final = ("cbvmda:lotNumber", f"{_MASTER_DATA}#lotNumber", f"{_MASTER_DATA}:lotNumber", "lotNumber")
_URN: Final = re.compile(r"urn:epc:id:sgtin:([0-9]{6,12})\.([0-9]{1,7})\.(.+)", re.ASCII)
_ITEM_DIGITS: Final = 13  # of company prefix and item reference together
_LINK: Final = re.compile(
    r"https?://[^?#]*/01/([0-9]{8,14})(?:/22/[^/?#]+)?(?:/10/([^/?#]+))?(?:/21/([^/?#]+))?", re.ASCII
)
_PIECE: Final = 1 << 16  # bytes
_CORRECT: Final = "Give a document of this batch alone, or correct it; nothing of it was taken."


@dataclass(slots=True)
class _Event:
    """What matters of one ObjectEvent."""

    action: str = ""
    biz_step: str = ""
    identifier: str = ""
    lot: str = ""
    declared_wrong: bool = False
    epcs: list[str] = field(default_factory=list)


def serials_of_json(document: bytes, gtin: str, lot: str) -> list[bytes]:
    """The serial numbers that an EPCIS 2.0 document in JSON or JSON-LD commissions.

    Args:
        document: An EPCISDocument, an EPCISQueryDocument, or one event; UTF-8.
        gtin: The batch's GTIN, 14 digits.
        lot: Its lot.

    Raises:
        InvalidInputError: It is no such document, commissions nothing, or something of another batch; `position` is
            the EPC's in its event, and `event` in the evidence the event's in the document, both from 1.
    """
    return _serials(_events_of_json(strict_json(utf8(document), MAX_DEPTH)), gtin, lot)


def serials_of_xml(document: bytes, gtin: str, lot: str) -> list[bytes]:
    """The serial numbers that an EPCIS 1.2 or 2.0 document in XML commissions.

    Document types and entities are refused, nothing is fetched, and no tree is built.

    Args:
        document: An EPCISDocument or EPCISQueryDocument.
        gtin: The batch's GTIN, 14 digits.
        lot: Its lot.

    Raises:
        InvalidInputError: As `serials_of_json`.
    """
    target = _XmlEvents()
    parser = etree.XMLParser(
        target=target, resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        for at in range(0, len(document), _PIECE):  # libxml2 refuses more than 10 MB at once
            parser.feed(document[at : at + _PIECE])
        parser.close()
    except etree.XMLSyntaxError as error:
        line = error.position[0]
        raise InvalidInputError(f"Line {line} is not XML: {error.msg}.", field="file", position=line) from error
    return _serials(target.events, gtin, lot)


def _serials(events: list[_Event], gtin: str, lot: str) -> list[bytes]:
    wrong = {event.identifier for event in events if event.declared_wrong}
    found: list[bytes] = []
    for number, event in enumerate(events, 1):
        commissions = event.action == "ADD" and event.biz_step in BIZ_STEPS
        if commissions and not event.declared_wrong and (not event.identifier or event.identifier not in wrong):
            found += _serials_of(event, number, gtin, lot)
    if not found:
        detail = f"The document commissions no units of GTIN {gtin} lot {lot}."
        advice = "They stand in ObjectEvents with action ADD and business step commissioning, as SGTINs."
        raise InvalidInputError(detail, advice=advice, field="serials")
    return found


def _serials_of(event: _Event, number: int, gtin: str, lot: str) -> Iterator[bytes]:
    for position, epc in enumerate(event.epcs, 1):
        named = _named_unit(epc)
        if named is None:
            continue
        own_gtin, own_lot, serial = named
        stated = own_lot or event.lot
        if own_gtin != gtin or (stated and stated != lot):
            what = f"GTIN {own_gtin}" if own_gtin != gtin else f"lot {stated}"
            raise InvalidInputError(
                f"Event {number}, EPC {position}: {epc[:120]} is of {what}, not of GTIN {gtin} lot {lot}.",
                advice=_CORRECT,
                field="epcList",
                position=position,
                event=number,
            )
        yield serial


def _named_unit(epc: str) -> tuple[str, str, bytes] | None:
    """GTIN, lot (empty if it is not said) and serial number of an EPC; None if it names no single trade item."""
    urn = _URN.fullmatch(epc)
    if urn:
        prefix, item, serial = urn.groups()
        return _gtin_of_sgtin(prefix, item), "", unquote_to_bytes(serial)
    link = _LINK.match(epc)
    if link is None or link[3] is None:
        return None
    return _gtin_of(link[1]), _text(link[2] or ""), unquote_to_bytes(link[3])


@lru_cache(maxsize=1024)  # a document says the same few again and again
def _gtin_of_sgtin(prefix: str, item: str) -> str:
    """The GTIN of a company prefix and an item reference, which begins with the indicator digit."""
    if len(prefix) + len(item) != _ITEM_DIGITS:
        return f"{prefix}.{item}"
    digits = item[0] + prefix + item[1:]
    return f"{digits}{check_digit(digits)}"


@lru_cache(maxsize=1024)
def _gtin_of(digits: str) -> str:
    try:
        return gtin14(digits)
    except InvalidCodeError:
        return digits


def _text(escaped: str) -> str:
    return unquote_to_bytes(escaped).decode("utf-8", "replace")


def _events_of_json(document: Any) -> list[_Event]:  # noqa: ANN401 - any JSON value
    body = _object(document).get("epcisBody", document)
    results = _object(_object(body).get("queryResults")).get("resultsBody", body)
    events = _object(results).get("eventList", _object(body).get("event", document))
    listed = events if isinstance(events, list) else [events]
    # Events of other kinds keep their number, so that what is refused can be found in the document.
    return [_event_of_json(_object(each), number) for number, each in enumerate(listed, 1)]


def _event_of_json(event: Mapping[str, Any], number: int) -> _Event:
    if event.get("type") != "ObjectEvent":
        return _Event()
    epcs = event.get("epcList", [])
    if not isinstance(epcs, list):
        raise _no_texts(number, 1)
    for position, epc in enumerate(epcs, 1):
        if not isinstance(epc, str):
            raise _no_texts(number, position)
    ilmd = _object(event.get("ilmd"))
    return _Event(
        action=str(event.get("action", "")),
        biz_step=str(event.get("bizStep", "")),
        identifier=str(event.get("eventID", "")),
        lot=next((str(ilmd[name]) for name in _LOT_NAMES if name in ilmd), ""),
        declared_wrong="errorDeclaration" in event,
        epcs=epcs,
    )


def _no_texts(number: int, position: int) -> InvalidInputError:
    detail = f"Event {number}, EPC {position}: the list of EPCs must hold texts."
    return InvalidInputError(detail, advice=_CORRECT, field="epcList", position=position, event=number)


def _object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, dict) else {}


class _XmlEvents:
    """Takes what the XML parser meets, and keeps only what matters of each ObjectEvent."""

    KINDS: Final = frozenset(
        {"ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent"} | {"AssociationEvent"}
    )
    LOT: Final = f"{{{_MASTER_DATA}}}lotNumber"

    def __init__(self) -> None:
        self.events: list[_Event] = []
        self._path: list[str] = []
        self._event_depth = 0  # of the event that is open; 0 if none is
        self._text: list[str] = []

    def start(self, tag: str | bytes, _attributes: object) -> None:
        """An element begins."""
        self._path.append(str(tag))
        self._text.clear()
        if len(self._path) > MAX_DEPTH:
            raise InvalidInputError(f"The XML is nested deeper than {MAX_DEPTH} elements.", field="file")
        if not self._event_depth and tag in self.KINDS:
            self._event_depth = len(self._path)
            self.events.append(_Event())

    def data(self, data: str | bytes) -> None:
        """Text, or a piece of it."""
        self._text.append(str(data))

    def end(self, _tag: str | bytes) -> None:
        """An element ends."""
        if self._event_depth and self._path[self._event_depth - 1] == "ObjectEvent":
            self._take(self._path[self._event_depth :], "".join(self._text).strip())
        if len(self._path) == self._event_depth:
            self._event_depth = 0
        self._path.pop()
        self._text.clear()

    def doctype(self, name: str, _public: str | None, _system: str | None) -> None:
        """A document type is declared: it could bring entities that grow without end, or files of this machine."""
        raise InvalidInputError(f"The XML declares a document type ({name}); it is not read.", field="file")

    def comment(self, text: str | bytes) -> None:
        """A comment, which says nothing; the parser leaves them out."""

    def close(self) -> None:
        """The document ends."""

    def _take(self, path: Iterable[str], text: str) -> None:
        """Keep the text of an element of an ObjectEvent; version 1.2 puts what is newer into extensions."""
        event = self.events[-1]
        match tuple(step for step in path if step not in {"extension", "baseExtension"}):
            case ("epcList", "epc"):
                event.epcs.append(text)
            case ("action",):
                event.action = text
            case ("bizStep",):
                event.biz_step = text
            case ("eventID",):
                event.identifier = text
            case ("ilmd", self.LOT):
                event.lot = text
            case ("errorDeclaration",):
                event.declared_wrong = True
            case _:
                pass
