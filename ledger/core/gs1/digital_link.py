"""GS1 Digital Link URIs, read. GS1 Digital Link Standard: URI Syntax, release 1.6, section 4.

A link's host is never opened or trusted here; only the code inside the link is read.
"""

from __future__ import annotations

import re
from string import ascii_letters, digits
from typing import TYPE_CHECKING, NamedTuple

from ledger.core.gs1.characters import named
from ledger.core.gs1.dictionary import AIS, Ai
from ledger.core.gs1.faults import refusal
from ledger.core.gs1.lint.charsets import DIGITS
from ledger.core.gs1.percent import decoded
from ledger.core.gs1.values import Element, check_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.core.errors import InvalidCodeError
    from ledger.core.gs1.traced import Traced

SCHEMES = ("https://", "http://", "HTTPS://", "HTTP://")
HOST_CHARACTERS = frozenset(ascii_letters + digits + "-.:[]")
URI_CHARACTERS = frozenset(ascii_letters + digits + "-._~:/?#[]@!$&'()*+,;=%")  # RFC 3986, section 2
SLASH = re.compile("/")
BETWEEN_PARAMETERS = re.compile("[&;]")
ASK_THE_MAKER = "Type the GTIN and the lot as printed, and ask the maker for a current code."
# The short names of release 1.0 and 1.1, withdrawn since: named in the refusal, so that a person knows what to ask for.
SHORT_NAMES = {
    "gtin": "01", "itip": "8006", "gmn": "8013", "cpid": "8010", "shipTo": "410", "billTo": "411",
    "purchasedFrom": "412", "shipFor": "413", "gln": "414", "payTo": "415", "glnProd": "416",
    "gsrnp": "8017", "gsrn": "8018", "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402",
    "grai": "8003", "giai": "8004",
}  # fmt: skip


class Link(NamedTuple):
    """A Digital Link taken apart: its host in lower case, the elements in order, and what was odd about it."""

    host: str
    elements: list[Element]
    notes: tuple[str, ...]


def _split(text: Traced, separator: re.Pattern[str]) -> Iterator[Traced]:
    begin = 0
    for found in separator.finditer(text.text):
        yield text.cut(begin, found.start())
        begin = found.end()
    yield text.cut(begin)


def _check_characters(text: Traced) -> None:
    if URI_CHARACTERS.issuperset(text.text):
        return
    index = next(index for index, character in enumerate(text.text) if character not in URI_CHARACTERS)
    detail = f"A link cannot contain {named(text.text[index])}."
    raise refusal("invalid_uri_character", detail, text.at(index))


def _host(text: Traced) -> tuple[Traced, Traced]:
    """Separate the host from the path that follows it, which begins after the slash."""
    start = text.text.index("://") + len("://")
    stop = text.text.find("/", start)
    if stop < 0:
        detail = "The link has no GS1 code after its host."
        raise refusal("no_key", detail, text.at(len(text)))
    host = text.cut(start, stop)
    alien = next((i for i, character in enumerate(host.text) if character not in HOST_CHARACTERS), None)
    if alien is not None or not host.text:
        raise refusal("invalid_host", "The link has no valid host name after ://.", host.at(alien or 0))
    return host, text.cut(stop + 1)


def _no_key(path: Traced, segments: Sequence[Traced]) -> InvalidCodeError:
    short = next((segment for segment in segments if segment.text in SHORT_NAMES), None)
    if short:
        ai = SHORT_NAMES[short.text]
        detail = f"The link says {short.text!r}, a short name that GS1 has withdrawn; today it must say {ai}."
        return refusal("short_name", detail, short.at(0), advice=ASK_THE_MAKER)
    detail = "The link has no GS1 key, such as /01/ and a GTIN, at the end of its path."
    return refusal("no_key", detail, path.at(0))


def _key_and_qualifiers(path: Traced) -> list[tuple[Ai, Traced, int]]:
    """Find the rightmost primary key among the pairs that the path ends with, and what qualifies it."""
    segments = list(_split(path, SLASH))
    found: list[tuple[Ai, Traced, int]] = []
    for index in range(len(segments) - 2, -1, -2):
        ai = AIS.get(segments[index].text)
        if ai is None:
            break
        found.insert(0, (ai, segments[index + 1], segments[index].at(0)))
        if ai.qualifiers is not None:
            return found
    raise _no_key(path, segments)


def fits(key: Ai, qualifiers: Sequence[str]) -> bool:
    """Tell whether qualifiers follow a key in an order that the dictionary allows."""
    for allowed in key.qualifiers or ():
        rest = iter(allowed)
        if all(any(qualifier == one for one in rest) for qualifier in qualifiers):
            return True
    return False


def can_be_attribute(ai: Ai, key: Ai, qualifiers: Sequence[str]) -> bool:
    """Tell whether an identifier may stand in the query: not if it could stand in the path of this very link."""
    if not ai.attribute or not any(ai.code in allowed for allowed in key.qualifiers or ()):
        return ai.attribute
    places = range(len(qualifiers) + 1)
    return not any(fits(key, [*qualifiers[:i], ai.code, *qualifiers[i:]]) for i in places)


def _path_elements(path: Traced) -> list[Element]:
    pairs = _key_and_qualifiers(path)
    key, *qualifiers = [ai for ai, _, _ in pairs]
    if not fits(key, [ai.code for ai in qualifiers]):
        shown = ", ".join(ai.code for ai in qualifiers)
        detail = f"After /{key.code}/ the link has {shown}, which do not belong there or not in this order."
        raise refusal("qualifier_order", detail, pairs[1][2], ai=key.code)
    elements = []
    for ai, value, position in pairs:
        plain = decoded(value, query=False)
        check_value(ai, plain)
        elements.append(Element(ai, plain, position))
    return elements


def _attribute(name: Traced, value: Traced, path: Sequence[Element]) -> Element:
    ai = AIS.get(name.text)
    if ai is None:
        raise refusal("unknown_ai", f"There is no GS1 application identifier {name.text!r}.", name.at(0))
    if not can_be_attribute(ai, path[0].ai, [element.ai.code for element in path[1:]]):
        detail = f"({ai.code}) {ai.title} must not stand after the ? of this link."
        raise refusal("not_an_attribute", detail, name.at(0), ai=ai.code)
    plain = decoded(value, query=True)
    check_value(ai, plain)
    return Element(ai, plain, name.at(0))


def _query_elements(query: Traced, path: Sequence[Element]) -> tuple[list[Element], tuple[str, ...]]:
    elements: list[Element] = []
    unknown = []
    for parameter in _split(query, BETWEEN_PARAMETERS):
        size = len(parameter.text.partition("=")[0])
        name = decoded(parameter.cut(0, size), query=True)
        if not set(name.text) <= DIGITS or not name.text:
            unknown += [name.text] if name.text else []
            continue
        element = _attribute(name, parameter.cut(size + 1), path)
        if any(element.ai is other.ai for other in (*path, *elements)):
            detail = f"({element.ai.code}) {element.ai.title} stands twice in the link."
            raise refusal("repeated_ai", detail, element.position, ai=element.ai.code)
        elements.append(element)
    return elements, tuple(f"The link's parameter {name!r} is no GS1 data and was ignored" for name in unknown)


def read_digital_link(text: Traced) -> Link:
    """Take a Digital Link apart and check each value on its own.

    Args:
        text: The link, beginning with one of `SCHEMES`.

    Returns:
        Its host in lower case (with the port, if it names one), its elements and notes.

    Raises:
        InvalidCodeError: Rules `invalid_uri_character`, `invalid_host`, `no_key`, `short_name`, `qualifier_order`,
            `not_an_attribute`, `unknown_ai`, `repeated_ai` and those of `check_value`.
    """
    _check_characters(text)
    host, rest = _host(text)
    link = rest.cut(0, len(rest.text.partition("#")[0]))
    path = link.cut(0, len(link.text.partition("?")[0]))
    elements = _path_elements(path)
    attributes, notes = _query_elements(link.cut(len(path) + 1), elements)
    return Link(host.text.lower(), elements + attributes, notes)
