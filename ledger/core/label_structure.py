"""What a label may have said before a character of an identifier, bracket or separator was misread or lost.

Then the signature covers something else than was read. A field that it covers is missing: it stands under a similar
identifier, or inside another value. Or there is too much: what it does not cover stands under the identifier of such a
field, or inside its value.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.gs1.code import SIGNED
from ledger.core.label_signature import KEY_AI, SIGNATURE_AI

if TYPE_CHECKING:
    from collections.abc import Iterator

    Elements = tuple[tuple[str, str], ...]

MOST_READINGS: Final = 32  # of one label, a verification each; one character misread leaves fewer than ten
BEGINS, ENDS = "begins", "ends"
_GTIN: Final = SIGNED[0]
_COVERED: Final = SIGNED[1:]  # besides the GTIN: a code in which that identifier was misread names no product
_WHOLE: Final = {_GTIN, KEY_AI, SIGNATURE_AI}  # of one length, so nothing was added to them
_EXPIRY: Final = "17"
_EXPIRY_DIGITS: Final = 6
_AI_DIGITS: Final = 2  # of each identifier that a signature covers
_LONGEST_AI: Final = 4
_BRACKET: Final = re.compile(r"[0-9]{2}\)")  # the end of an identifier


class OtherReading(NamedTuple):
    """A way the label may be read.

    Args:
        elements: Pairs of application identifier and value.
        field: The application identifier of the field next to what was misread.
        where: Whether that stands where the field `BEGINS` or `ENDS`.
    """

    elements: Elements
    field: str
    where: str


def other_readings(elements: Elements) -> Iterator[OtherReading]:
    """Give the other readings of a label whose signature does not hold, at most `MOST_READINGS`.

    Args:
        elements: Pairs of application identifier and value, as read.
    """
    return islice(_all_readings(elements), MOST_READINGS)


def _all_readings(elements: Elements) -> Iterator[OtherReading]:
    present = {ai for ai, _ in elements}
    missing = [field for field in _COVERED if field not in present]
    for index, (ai, value) in enumerate(elements):
        if ai in _WHOLE:
            continue
        meant = [OtherReading(parts, field, BEGINS) for field in missing for parts in _parts(field, ai, value)]
        if ai in _COVERED:
            meant.append(OtherReading((), ai, BEGINS))
            meant += [OtherReading(parts, ai, ENDS) for parts in _shortened(ai, value)]
        for parts, field, where in meant:
            yield OtherReading((*elements[:index], *parts, *elements[index + 1 :]), field, where)


def _parts(field: str, ai: str, value: str) -> Iterator[Elements]:
    """Find a missing field in one element: under a similar identifier, or inside its value."""
    spelt = ai + value  # without brackets, (21)7K read as 717K is (717)K
    if _similar(spelt[:_AI_DIGITS], field):
        yield _without_separator(field, spelt[_AI_DIGITS:])
    at = value.find(field, 1)
    while at > 0:
        after = value[at + len(field) :].removeprefix(")")
        for before in _before(value, at):
            yield ((ai, before), *_without_separator(field, after))
        at = value.find(field, at + 1)


def _shortened(ai: str, value: str) -> Iterator[Elements]:
    """Take out of a value what the signature does not cover and has a bracket: `A1Q240)X` was `A1(240)X`."""
    for bracket in _BRACKET.finditer(value):
        close = bracket.end() - 1
        for end in range(max(1, close - _LONGEST_AI - 1), close - _AI_DIGITS + 1):
            yield ((ai, value[:end]),)


def _before(value: str, at: int) -> list[str]:
    """Give what a value was before the identifier at a place; the bracket or separator is lost, or one character."""
    return [value[:end] for end in (at - 1, at) if end > 0]


def _without_separator(field: str, value: str) -> Elements:
    """Read what follows an expiry, which no separator ends, as one more element."""
    if field != _EXPIRY or len(value) <= _EXPIRY_DIGITS:
        return ((field, value),)
    date, after = value[:_EXPIRY_DIGITS], value[_EXPIRY_DIGITS:]
    return (field, date), (after[:_AI_DIGITS], after[_AI_DIGITS:])


def _similar(one: str, other: str) -> bool:
    """Tell whether two identifiers differ in one digit."""
    return sum(a != b for a, b in zip(one, other, strict=True)) == 1
