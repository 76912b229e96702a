"""Check one value against the components of its application identifier, pointing at the character at fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.core.gs1.faults import SCAN_AGAIN, refusal

if TYPE_CHECKING:
    from ledger.core.errors import InvalidCodeError
    from ledger.core.gs1.dictionary import Ai
    from ledger.core.gs1.faults import Fault
    from ledger.core.gs1.traced import Traced


class Element(NamedTuple):
    """An application identifier with its value, and where they stood in the scanned text."""

    ai: Ai
    value: Traced
    position: int


def _length_refusal(ai: Ai, value: Traced, advice: str) -> InvalidCodeError:
    size = len(value)
    wanted = f"exactly {ai.longest}" if ai.shortest == ai.longest else f"{ai.shortest} to {ai.longest}"
    rule, index = ("value_too_long", ai.longest) if size > ai.longest else ("value_too_short", size)
    detail = f"({ai.code}) {ai.title} takes {wanted} characters, but has {size}."
    return refusal(rule, detail, value.at(index), advice=advice, ai=ai.code, length=size)


def _fault_refusal(ai: Ai, fault: Fault, value: Traced, start: int) -> InvalidCodeError:
    detail = f"({ai.code}) {ai.title} {fault.words}."
    return refusal(fault.rule, detail, value.at(start + fault.start), ai=ai.code, length=fault.length)


def check_value(ai: Ai, value: Traced, *, advice: str = SCAN_AGAIN) -> None:
    """Refuse a value that breaks a rule of its application identifier.

    Args:
        ai: The identifier.
        value: Its value.
        advice: What to do if the length is wrong.

    Raises:
        InvalidCodeError: The first rule broken; its slug is the reference linter's error name in lower case, or
            `value_too_short`, `value_too_long`.
    """
    if not ai.shortest <= len(value) <= ai.longest:
        raise _length_refusal(ai, value, advice)
    start = 0
    for component in ai.components:
        piece = value.text[start : start + component.longest]
        if not piece and component.optional:
            break
        if len(piece) < component.shortest:
            raise _length_refusal(ai, value, advice)
        for linter in component.linters:
            fault = linter(piece)
            if fault:
                raise _fault_refusal(ai, fault, value, start)
        start += len(piece)
