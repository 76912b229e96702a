"""Names for characters that look right to a person and are not: other scripts' digits and letters, invisible signs."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from ledger.core.gs1.faults import refusal

if TYPE_CHECKING:
    from ledger.core.gs1.traced import Traced

# Letters of other alphabets that are printed like Latin ones (a subset of Unicode UTS #39, confusables.txt).
LOOK_ALIKES = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХаеоісрѕухјԁԛԝһΑΒΕΖΗΙΚΜΝΟΡΤΥΧοıⅠΙ",
        "ABESIJKMHOPCTYXaeoicpsyxjdqwhABEZHIKMNOPTYXoiII",
        strict=True,
    )
)


def unicode_name(character: str) -> str:
    """Give the Unicode name of a character, or its number where it has none."""
    return unicodedata.name(character, f"character U+{ord(character):04X}")


def latin(character: str) -> str | None:
    """Give the digit, letter or sign of ASCII that a character outside ASCII is mistaken for, if any."""
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", character)
    return LOOK_ALIKES.get(character) or (plain if len(plain) == 1 and plain.isascii() and plain.strip() else None)


def named(character: str) -> str:
    """Name a character for a person; one that is not ASCII gets its Unicode name and what it looks like."""
    if character.isascii():
        visible = character.isprintable() and character != " "
        return repr(character) if visible else f"the invisible {control(character)}"
    twin = latin(character)
    name = unicode_name(character)
    return f"{name}, which looks like {twin}" if twin else name


def control(character: str) -> str:
    """Name a space or a control character."""
    known = {" ": "SPACE", "\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN", "\x1d": "GS (FNC1 separator)"}
    return known.get(character, f"control character U+{ord(character):04X}")


def foreign_rule(character: str) -> str:
    """Give the slug for a character outside ASCII."""
    if unicodedata.digit(character, None) is not None:
        return "foreign_digit"
    return "look_alike" if latin(character) else "foreign_character"


def require_ascii(text: Traced) -> None:
    """Refuse any character outside ASCII, with its name.

    Raises:
        InvalidCodeError: Rules `foreign_digit`, `look_alike`, `foreign_character`.
    """
    if text.text.isascii():
        return
    index, character = next((i, c) for i, c in enumerate(text.text) if not c.isascii())
    position = text.at(index)
    twin, name = latin(character), unicode_name(character)
    what = f"looks like {twin} but is {name}" if twin else f"is {name}"
    advice = "Scan the code, or type it with plain Latin letters and the digits 0 to 9."
    evidence = {"character": f"U+{ord(character):04X}", "looks_like": twin}
    raise refusal(foreign_rule(character), f"Character {position + 1} {what}.", position, advice=advice, **evidence)


def require_digits(text: Traced) -> None:
    """Refuse anything but the digits 0 to 9.

    Raises:
        InvalidCodeError: Rules `non_digit_character`, or those of `require_ascii`.
    """
    require_ascii(text)
    for index, character in enumerate(text.text):
        if not "0" <= character <= "9":
            detail = f"Only the digits 0 to 9 belong here, not {named(character)}."
            raise refusal("non_digit_character", detail, text.at(index))
