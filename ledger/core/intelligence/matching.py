"""What of everything held and scanned matches an indicator: each thing tells its keys, and shares one or does not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.core.intelligence.pattern import (
    PatternKind,
    company_keys,
    gtin_key,
    lot_key,
    route_key,
    serials_key,
    written_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.core.facts import Organisation
    from ledger.core.intelligence.pattern import Pattern

MOST_WRITTEN: Final = 500  # texts of one document that are compared
LONGEST_WRITTEN: Final = 120  # characters


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is held here or was scanned."""

    what: str  # batch, movement, pack, report or organisation
    identifier: str  # of it among its kind
    gtin: str = ""
    lot: str = ""
    serial: str = ""
    place: str = ""  # UN/LOCODE
    organisation: int = 0  # whose it is; 0 = nobody's, or everybody may see it
    at: int = 0  # Unix seconds


def goods_keys(gtin: str, lot: str) -> tuple[str, ...]:
    """Give the keys of goods.

    Args:
        gtin: 14 digits, "" if it is not known.
        lot: "" if it is not known.
    """
    keys = (gtin_key(gtin),) if gtin else ()
    return (*keys, lot_key(gtin, lot), lot_key("", lot)) if lot else keys


def pack_keys(gtin: str, lot: str) -> tuple[str, ...]:
    """Give the keys of a single pack; whether its serial number lies in a range is told by `matches`.

    Args:
        gtin: 14 digits.
        lot: As registered.
    """
    return (*goods_keys(gtin, lot), serials_key(gtin))


def organisation_keys(organisation: Organisation | None) -> tuple[str, ...]:
    """Give the keys of an organisation: of every name and GLN that it ever had.

    Args:
        organisation: Everything said of it; None if nothing is known.
    """
    if organisation is None:
        return ()
    keys = [key for change in organisation.changes for key in company_keys(change.name, change.gln)]
    return tuple(dict.fromkeys(keys))


def route_keys(before: str, place: str) -> tuple[str, ...]:
    """Give the key of goods that moved.

    Args:
        before: Where they were before, a UN/LOCODE or "".
        place: Where they are, a UN/LOCODE or "".
    """
    return (route_key(before, place),) if before and place and before != place else ()


def document_keys(document: bytes) -> tuple[str, ...]:
    """Give the keys of what a document says: each of its texts.

    Args:
        document: JSON.
    """
    texts: dict[str, None] = {}
    for text in _texts(json.loads(document)):
        if len(text) <= LONGEST_WRITTEN:
            texts[text] = None
        if len(texts) == MOST_WRITTEN:
            break
    return tuple(map(written_key, texts))


def matches(pattern: Pattern, serial: str) -> bool:
    """Tell whether a thing that shares a key with an indicator matches it.

    Args:
        pattern: What the indicator looks for.
        serial: Of the thing, "" if it is no single pack.
    """
    return pattern.kind is not PatternKind.SERIALS or pattern.covers(serial)


def written_in(document: bytes, value: str) -> bool:
    """Tell quickly whether a document may have a text; `document_keys` tells for certain.

    Args:
        document: JSON in canonical form (RFC 8785).
        value: The text.
    """
    return json.dumps(value, ensure_ascii=False).encode() in document


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    parts: Iterable[object] = ()
    if isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, list):
        parts = value
    for part in parts:
        yield from _texts(part)
