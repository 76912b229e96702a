"""Which application identifiers need or exclude each other. GS1 General Specifications, section 4.13 and 4.14."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.gs1.dictionary import matches
from ledger.core.gs1.faults import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.core.gs1.values import Element

ALSO_SCAN = "Scan the symbol that carries all of the code, or type all of it."
# A digital signature (8030) signs one thing: these keys count only with their serial part, after so many characters.
KEY_WITHOUT_SERIAL = {"253": 13, "255": 13, "8003": 14}


def check_repeats(elements: Sequence[Element]) -> None:
    """Refuse one identifier with two values.

    Raises:
        InvalidCodeError: Rule `repeated_ai`.
    """
    first: dict[str, str] = {}
    for element in elements:
        known = first.setdefault(element.ai.code, element.value.text)
        if known != element.value.text:
            detail = f"({element.ai.code}) {element.ai.title} stands twice: {known} and {element.value.text}."
            raise refusal("repeated_ai", detail, element.position, ai=element.ai.code)


def _present(patterns: Iterable[str], codes: Iterable[str]) -> bool:
    return all(any(matches(code, pattern) for code in codes) for pattern in patterns)


def _check_excludes(elements: Sequence[Element], codes: Sequence[str]) -> None:
    for element in elements:
        own = element.ai.code
        for pattern in element.ai.excludes:
            other = next((code for code in codes if code != own and matches(code, pattern)), None)
            if other:
                detail = f"({own}) {element.ai.title} must not stand in one code with ({other})."
                raise refusal("excluded_ai", detail, element.position, ai=own, other=other)


def _check_requires(elements: Sequence[Element], codes: Sequence[str]) -> None:
    for element in elements:
        for group in element.ai.requires:
            if not any(_present(alternative, codes) for alternative in group):
                wanted = " or ".join("+".join(f"({code})" for code in alternative) for alternative in group)
                detail = f"({element.ai.code}) {element.ai.title} needs {wanted} in the same code."
                raise refusal("required_ai_missing", detail, element.position, advice=ALSO_SCAN, ai=element.ai.code)


def _check_signature(elements: Sequence[Element], codes: Sequence[str]) -> None:
    for element in elements:
        if "8030" in codes and len(element.value) == KEY_WITHOUT_SERIAL.get(element.ai.code):
            detail = f"({element.ai.code}) {element.ai.title} needs its serial part, because (8030) signs one thing."
            raise refusal("signed_key_without_serial", detail, element.position, ai=element.ai.code)


def check_associations(elements: Sequence[Element]) -> None:
    """Refuse identifiers that contradict or lack each other.

    Raises:
        InvalidCodeError: Rules `repeated_ai`, `excluded_ai`, `required_ai_missing`, `signed_key_without_serial`.
    """
    check_repeats(elements)
    codes = [element.ai.code for element in elements]
    _check_excludes(elements, codes)
    _check_requires(elements, codes)
    _check_signature(elements, codes)
