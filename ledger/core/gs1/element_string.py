"""GS1 element strings: identifiers and values one after another, with FNC1 after values of open length.

GS1 General Specifications, section 7.8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.gs1.associations import check_associations
from ledger.core.gs1.characters import named
from ledger.core.gs1.dictionary import AIS, Ai
from ledger.core.gs1.faults import refusal
from ledger.core.gs1.separators import FNC1
from ledger.core.gs1.traced import traced
from ledger.core.gs1.values import Element, check_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.core.gs1.traced import Traced

AI_LENGTHS = (2, 3, 4)  # digits; no identifier is the beginning of another
NO_SEPARATOR = (
    "If the scanner drops the separator between the parts, let it type {GS} in its place; "
    "or type the code with brackets, as printed."
)


def ai_at(text: Traced, index: int) -> Ai:
    """Find the identifier that begins at an index.

    Raises:
        InvalidCodeError: Rule `unknown_ai`.
    """
    for length in AI_LENGTHS:
        ai = AIS.get(text.text[index : index + length])
        if ai:
            return ai
    shown = text.text[index : index + AI_LENGTHS[-1]]
    what = f"has {shown!r}" if shown.isprintable() else f"has {named(shown[0])}"
    detail = f"The code {what} where a GS1 application identifier should begin."
    raise refusal("unknown_ai", detail, text.at(index), advice=NO_SEPARATOR)


def _end_of_value(text: Traced, ai: Ai, start: int) -> int:
    stop = text.text.find(FNC1, start)
    stop = len(text) if stop < 0 else stop
    return min(stop, start + ai.longest) if ai.fixed else stop


def read_element_string(text: Traced) -> list[Element]:
    """Take an element string apart and check each value on its own.

    Args:
        text: The element string with GS as its separator; a leading one is the symbol's own FNC1.

    Returns:
        The elements in order; which of them belong together is not yet checked.

    Raises:
        InvalidCodeError: Rules `empty`, `unknown_ai` and those of `check_value`.
    """
    index = 1 if text.text.startswith(FNC1) else 0
    if index == len(text):
        raise refusal("empty", "The code is empty.", text.at(index))
    elements = []
    while index < len(text):
        ai = ai_at(text, index)
        start = index + len(ai.code)
        stop = _end_of_value(text, ai, start)
        check_value(ai, text.cut(start, stop), advice=NO_SEPARATOR)
        elements.append(Element(ai, text.cut(start, stop), text.at(index)))
        index = stop + 1 if text.text.startswith(FNC1, stop) else stop
    return elements


def known_elements(pairs: Iterable[tuple[str, str]]) -> list[Element]:
    """Check pairs of identifier and value that do not come from a scan.

    Raises:
        InvalidCodeError: Rules `empty`, `unknown_ai`, and those of `check_value` and `check_associations`; the position
            counts inside the value.
    """
    elements = []
    for code, value in pairs:
        ai = AIS.get(code)
        if ai is None:
            raise refusal("unknown_ai", f"There is no GS1 application identifier {code!r}.", 0)
        check_value(ai, traced(value))
        elements.append(Element(ai, traced(value), 0))
    if not elements:
        raise refusal("empty", "There is nothing to encode.", 0)
    check_associations(elements)
    return elements


def joined(elements: Iterable[Element]) -> str:
    """Write elements one after another, with GS after each value of open length but the last."""
    out, separator = "", ""
    for element in elements:
        out += separator + element.ai.code + element.value.text
        separator = "" if element.ai.fixed else FNC1
    return out


def element_string(elements: Iterable[tuple[str, str]]) -> str:
    r"""Write an element string.

    Args:
        elements: Pairs of application identifier and value, in the order wanted.

    Returns:
        The element string with GS (`\x1d`) for FNC1, without a symbology identifier and without the leading FNC1.

    Raises:
        InvalidCodeError: As `parse_code` would raise it for the same elements.
    """
    return joined(known_elements(elements))
