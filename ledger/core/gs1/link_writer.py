"""GS1 Digital Link URIs, written. GS1 Digital Link Standard: URI Syntax, release 1.6, sections 4 and 5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.gs1.digital_link import HOST_CHARACTERS, can_be_attribute
from ledger.core.gs1.element_string import known_elements
from ledger.core.gs1.faults import refusal
from ledger.core.gs1.percent import encoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.core.gs1.values import Element


def _qualifiers(key: Element, elements: Sequence[Element]) -> list[Element]:
    """Take the first sequence of qualifiers of which the elements have any."""
    present = {element.ai.code: element for element in elements}
    for allowed in key.ai.qualifiers or ():
        found = [present[code] for code in allowed if code in present]
        if found:
            return found
    return []


def _stem(host: str) -> str:
    stem = host if "://" in host else f"https://{host}"
    authority = stem.partition("://")[2].partition("/")[0]
    if not authority or not set(authority) <= HOST_CHARACTERS:
        raise refusal("invalid_host", f"{host!r} is no host name.", 0, advice="Give a host such as lotproof.example.")
    return stem.rstrip("/")


def _query(key: Element, path: Sequence[Element], elements: Sequence[Element]) -> str:
    """Write what the path has not, the values of predefined length first (section 5.2.2 of the standard's examples)."""
    rest = [element for element in elements if element not in path]
    for element in rest:
        if not can_be_attribute(element.ai, key.ai, [one.ai.code for one in path[1:]]):
            detail = f"({element.ai.code}) {element.ai.title} has no place in a link with ({key.ai.code})."
            raise refusal("not_an_attribute", detail, 0, ai=element.ai.code)
    rest.sort(key=lambda element: not element.ai.fixed)
    return "&".join(f"{element.ai.code}={encoded(element.value.text, query=True)}" for element in rest)


def digital_link(elements: Iterable[tuple[str, str]], host: str) -> str:
    """Write a Digital Link.

    Args:
        elements: Pairs of application identifier and value; the first that can be a key becomes the key of the link.
        host: A host name, with a port where it needs one, or the beginning of a link: `https://host/stem`.

    Returns:
        The link, percent-coded; qualifiers in the standard's order, all else in the query.

    Raises:
        InvalidCodeError: Rules `invalid_host`, `no_key`, `not_an_attribute`, and those of `parse_code`.
    """
    stem = _stem(host)
    unique = list({element.ai.code: element for element in reversed(known_elements(elements))}.values())[::-1]
    key = next((element for element in unique if element.ai.qualifiers is not None), None)
    if key is None:
        raise refusal("no_key", "A link needs a GS1 key, such as (01) and a GTIN.", 0)
    path = [key, *_qualifiers(key, unique)]
    query = _query(key, path, unique)
    segments = "".join(f"/{element.ai.code}/{encoded(element.value.text, query=False)}" for element in path)
    return stem + segments + (f"?{query}" if query else "")
