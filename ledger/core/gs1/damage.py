"""Tell a code that was damaged in reading from one that is unknown, so that a misread is not taken for a fake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1.dictionary import AIS
from ledger.core.gs1.element_string import read_element_string
from ledger.core.gs1.faults import refusal
from ledger.core.gs1.keyboard import CAPS_LOCK, caps_lock_suspected, layouts_that_explain
from ledger.core.gs1.recognise import MAX_LENGTH, Reading, recognise
from ledger.core.gs1.separators import with_separators
from ledger.core.gs1.traced import traced

if TYPE_CHECKING:
    from ledger.core.gs1.values import Element

SUSPECT_CAPS_LOCK = "The link begins in capitals and goes on in small letters: Caps Lock may have swapped them"
AFTER_A_LOT = frozenset({"10", "17", "21"})  # what labels of medicines have after a value of open length
FOREIGN_RULES = frozenset({"foreign_digit", "look_alike", "foreign_character"})


def readable(text: str) -> bool:
    """Tell whether a text can be read as a code that names something: few texts do so by chance."""
    try:
        reading = recognise(text)
    except InvalidCodeError:
        return False
    return any(element.ai.qualifiers is not None for element in reading.elements)


def layout_refusal(text: str, error: InvalidCodeError) -> InvalidCodeError | None:
    """Build the refusal that names the keyboard's setting, if that is what broke the code.

    Args:
        text: The text that could not be read.
        error: Why not.
    """
    names = layouts_that_explain(text, readable) if len(text) <= MAX_LENGTH else []
    if not names:
        return None
    if names == [CAPS_LOCK]:
        detail = "The letters are swapped between capital and small: Caps Lock was on while scanning."
        advice = "Turn Caps Lock off and scan again."
    else:
        detail = f"The code was typed through a {' or '.join(names)} keyboard layout, which changed its characters."
        advice = "Set the scanner's keyboard language to that of the computer (or both to US English), and scan again."
    return refusal("keyboard_layout", detail, error.position or 0, advice=advice, layouts=names)


def _hidden(value: str, present: set[str]) -> str | None:
    """Find the identifier that a value may have swallowed because the separator before it was lost."""
    for index in range(1, len(value)):
        try:
            rest = read_element_string(traced(value[index:]))
        except InvalidCodeError:
            continue
        codes = {element.ai.code for element in rest}
        if codes <= AFTER_A_LOT - present:
            return rest[0].ai.code
    return None


def _lost_separator(elements: tuple[Element, ...]) -> tuple[str, ...]:
    last = elements[-1]
    if last.ai.code not in AFTER_A_LOT or last.ai.fixed:
        return ()
    hidden = _hidden(last.value.text, {element.ai.code for element in elements})
    if hidden is None:
        return ()
    title = AIS[hidden].title
    return (f"({last.ai.code}) may contain a ({hidden}) {title} whose separator the scanner lost",)


def damage_notes(text: str, reading: Reading) -> tuple[str, ...]:
    """Note what a code that can be read may have suffered."""
    if reading.form == "digital_link":
        return (SUSPECT_CAPS_LOCK,) if caps_lock_suspected(text) else ()
    if reading.form != "element_string" or with_separators(traced(text))[0].text.count("\x1d"):
        return ()
    return _lost_separator(reading.elements)


def looks_like_damage(text: str) -> str | None:
    """Tell what a scanner, a keyboard or a typing hand may have done to a code.

    Use it before calling an unknown code a fake: a code that looks damaged should be read again first.

    Args:
        text: What was scanned, whether or not it can be read.

    Returns:
        What may have happened, in words; None if nothing points to damage in reading.
    """
    try:
        reading = recognise(text)
    except InvalidCodeError as error:
        damaged = layout_refusal(text, error)
        foreign = error.detail if error.evidence["rule"] in FOREIGN_RULES else None
        return damaged.detail if damaged else foreign
    return next(iter(damage_notes(text, reading)), None)
