"""A scanned or typed code, as the rest of Lotproof sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1.damage import damage_notes, layout_refusal
from ledger.core.gs1.dates import gs1_date
from ledger.core.gs1.dictionary import AIS
from ledger.core.gs1.element_string import joined
from ledger.core.gs1.faults import refusal
from ledger.core.gs1.recognise import Form, Reading, recognise
from ledger.core.gs1.traced import traced
from ledger.core.gs1.values import Element

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

SIGNED = ("01", "10", "17", "21")  # what a label's signature (AI 92) covers, in this order


@dataclass(frozen=True, slots=True)
class Code:
    """A code that is well formed; whether it is known is for the ledger to say.

    Attributes:
        gtin: Fourteen digits (AI 01), if it names a product.
        lot: Batch or lot (AI 10); None means that the lot must still be asked for.
        serial: Serial number of one pack (AI 21).
        expiry: Last day of use (AI 17).
        sscc: Eighteen digits (AI 00), if it names a consignment.
        label_key: Identifier of the key that signed the label (AI 91).
        label_signature: Signature of the label, base64url (AI 92).
        elements: All application identifiers with their values, in the order read.
        form: How the code was written.
        host: Host of a Digital Link in lower case, with its port if it names one.
        host_known: Whether that host is one of ours. A foreign host is neither opened nor trusted.
        notes: What was odd about the code although it is well formed, in words.
        canonical: The element string of AI 01, 10, 17 and 21, as present: what AI 92 signs.
    """

    gtin: str | None
    lot: str | None
    serial: str | None
    expiry: date | None
    sscc: str | None
    label_key: str | None
    label_signature: str | None
    elements: tuple[tuple[str, str], ...]
    form: Form
    host: str | None
    host_known: bool
    notes: tuple[str, ...]
    canonical: str


def canonical(elements: Iterable[tuple[str, str]]) -> str:
    r"""Write the element string that a label's signature (AI 92) covers.

    Args:
        elements: Pairs of application identifier and value, already checked.

    Returns:
        AI 01, 10, 17 and 21, as present, in that order, with GS (`\x1d`) after a value of open length that is not the
        last; in UTF-8 these are the bytes to sign.
    """
    values = dict(elements)
    return joined(Element(AIS[ai], traced(values[ai]), 0) for ai in SIGNED if ai in values)


def _expiry(reading: Reading, today: date) -> date | None:
    element = next((element for element in reading.elements if element.ai.code == "17"), None)
    if element is None:
        return None
    try:
        return gs1_date(element.value.text, today)
    except InvalidCodeError as error:
        position = element.value.at(error.position or 0)
        raise refusal(str(error.evidence["rule"]), error.detail, position, ai="17") from error


def _read(text: str) -> Reading:
    try:
        return recognise(text)
    except InvalidCodeError as error:
        damaged = layout_refusal(text, error)
        if damaged:
            raise damaged from error
        raise


def parse_code(text: str, *, today: date, hosts: Collection[str] = ()) -> Code:
    """Read a scanned or typed code.

    Accepted are GS1 Digital Link URIs, GS1 element strings with or without a symbology identifier, bracketed text, and
    GTINs or SSCCs on their own; docs/gs1.md lists all rules. Nothing is guessed: what is damaged is refused by name.

    Args:
        text: What the scanner or a person typed, at most 2,048 characters.
        today: The day from which a two-digit year's century is counted.
        hosts: The Digital Link hosts that are ours, with the port where they have one.

    Returns:
        The code.

    Raises:
        InvalidCodeError: The text is no well-formed code. `position` is a zero-based index into `text`, `rule` in the
            evidence names the rule.
    """
    reading = _read(text)
    pairs = tuple((element.ai.code, element.value.text) for element in reading.elements)
    values = dict(pairs)
    return Code(
        gtin=values.get("01"),
        lot=values.get("10"),
        serial=values.get("21"),
        expiry=_expiry(reading, today),
        sscc=values.get("00"),
        label_key=values.get("91"),
        label_signature=values.get("92"),
        elements=pairs,
        form=reading.form,
        host=reading.host,
        host_known=reading.host in {host.lower() for host in hosts},
        notes=reading.notes + damage_notes(text, reading),
        canonical=canonical(pairs),
    )
