r"""Bracketed text, as printed for people: `(01)09520123456788(10)ABC`. GS1 General Specifications, section 4.14.

A `(` inside a value is written `\(`, as GS1's own syntax engine does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.gs1.dictionary import AIS
from ledger.core.gs1.element_string import known_elements
from ledger.core.gs1.faults import refusal
from ledger.core.gs1.traced import Traced
from ledger.core.gs1.values import Element, check_value

if TYPE_CHECKING:
    from collections.abc import Iterable


def _read_value(text: Traced, start: int) -> tuple[Traced, int]:
    characters: list[str] = []
    origins: list[int] = []
    index = start
    while index < len(text) and text.text[index] != "(":
        origins.append(text.at(index))
        index += 1 if text.text.startswith("\\(", index) else 0
        characters.append(text.text[index])
        index += 1
    return Traced("".join(characters), (*origins, text.at(index))), index


def read_bracketed(text: Traced) -> list[Element]:
    """Take bracketed text apart and check each value on its own.

    Raises:
        InvalidCodeError: Rules `bracket_missing`, `unknown_ai` and those of `check_value`.
    """
    elements = []
    index = 0
    while index < len(text):
        close = text.text.find(")", index)
        if text.text[index] != "(" or close < 0:
            detail = "An application identifier should stand in brackets here, such as (01)."
            raise refusal("bracket_missing", detail, text.at(index))
        code = text.text[index + 1 : close]
        ai = AIS.get(code)
        if ai is None:
            detail = f"There is no GS1 application identifier ({code})."
            raise refusal("unknown_ai", detail, text.at(index + 1))
        value, stop = _read_value(text, close + 1)
        check_value(ai, value)
        elements.append(Element(ai, value, text.at(index)))
        index = stop
    return elements


def bracketed(elements: Iterable[tuple[str, str]]) -> str:
    r"""Write elements for people to read.

    Args:
        elements: Pairs of application identifier and value, in the order wanted.

    Returns:
        Bracketed text; `(` inside a value is written `\(`.

    Raises:
        InvalidCodeError: As `parse_code` would raise it for the same elements.
    """
    known = known_elements(elements)
    return "".join(f"({element.ai.code})" + element.value.text.replace("(", "\\(") for element in known)
