"""Recognise codes that a keyboard damaged on the way from a hand scanner: a foreign layout, or Caps Lock.

Nothing is repaired: the layout is named, so that a person can mend the scanner's setting and read again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ledger.core.gs1.characters import LOOK_ALIKES
from ledger.core.gs1.layouts import MEANT
from ledger.core.gs1.lint.charsets import DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable

CAPS_LOCK = "Caps Lock"
MANY_DIGITS = 8  # as many as the shortest GTIN has
BEGINNING = re.compile(r"https?://|\](d[12]|Q[13]|C1|e0)|\((00|01)\)", re.IGNORECASE)
UPPER_LINK = re.compile(r"(?:\]..)?(HTTPS?://[^/a-z]*[A-Z][^/a-z]*)(/.*)", re.DOTALL)


def as_meant(text: str, meant: dict[int, str]) -> str | None:
    """Undo a layout; None if the layout cannot have typed this text."""
    if all(ord(character) in meant or character.isspace() or not character.isprintable() for character in text):
        return text.translate(meant)
    return None


def _digits(text: str) -> int:
    return sum(character in DIGITS for character in text)


def _plausible(text: str, original: str) -> bool:
    """Tell whether undoing a layout brought out a code's digits or its beginning, although not all of it is right."""
    if BEGINNING.match(text) and not BEGINNING.match(original):
        return True
    return _digits(text) >= MANY_DIGITS and _digits(original) * 2 < _digits(text)


def _only_look_alikes(text: str) -> bool:
    """Tell whether every foreign letter is the twin of a Latin one: then it was typed so, not damaged."""
    foreign = [character for character in text if not character.isascii()]
    return bool(foreign) and all(character in LOOK_ALIKES for character in foreign)


def layouts_that_explain(text: str, readable: Callable[[str], bool]) -> list[str]:
    """Name the keyboard settings that turn a code into this text.

    Args:
        text: A text that cannot be read as a code.
        readable: Tells whether a text can be read as a code.

    Returns:
        The names of all settings under which it would be a code; failing that, of those that bring out most of one.
    """
    if _only_look_alikes(text):
        return []
    if text.isascii() and readable(text.swapcase()):
        return [CAPS_LOCK]
    undone = {name: as_meant(text, meant) for name, meant in MEANT.items()}
    candidates = {name: fixed for name, fixed in undone.items() if fixed is not None and fixed != text}
    whole = [name for name, fixed in candidates.items() if readable(fixed)]
    likely = {name: _digits(fixed) for name, fixed in candidates.items() if _plausible(fixed, text)}
    return whole or [name for name, digits in likely.items() if digits == max(likely.values())]


def caps_lock_suspected(text: str) -> bool:
    """Tell whether a link may have had its letters swapped: scheme and host in capitals, but small letters after them.

    Capitals in a link are there for the QR code's alphanumeric mode, which has no small letters at all.
    """
    link = UPPER_LINK.match(text.strip())
    return link is not None and any(character.islower() for character in link[2])
