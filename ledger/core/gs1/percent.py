"""Percent-coding of values in a Digital Link. RFC 3986, section 2.1; GS1 Digital Link: URI Syntax, section 4."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

from ledger.core.gs1.traced import Traced

HEX = frozenset("0123456789abcdefABCDEF")
ESCAPE = 3  # characters of %XX


def decoded(text: Traced, *, query: bool) -> Traced:
    """Undo percent-coding. A `%` without two hexadecimal digits stays, as GS1's own syntax engine leaves it.

    Args:
        text: A path segment, or a name or value of the query.
        query: Whether it stands in the query, where `+` means a space.
    """
    if "%" not in text.text and not (query and "+" in text.text):
        return text
    characters: list[str] = []
    origins: list[int] = []
    index = 0
    while index < len(text):
        pair = text.text[index + 1 : index + ESCAPE]
        escaped = text.text[index] == "%" and len(pair) == ESCAPE - 1 and set(pair) <= HEX
        plain = " " if query and text.text[index] == "+" else text.text[index]
        characters.append(chr(int(pair, 16)) if escaped else plain)
        origins.append(text.at(index))
        index += ESCAPE if escaped else 1
    return Traced("".join(characters), (*origins, text.at(len(text))))


def encoded(value: str, *, query: bool) -> str:
    """Percent-code everything but unreserved characters; a space in the query becomes `+`."""
    return quote_plus(value, safe="") if query else quote(value, safe="")
