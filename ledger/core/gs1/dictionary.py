"""The application identifiers, read from the generated table of the official dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.core.gs1.dictionary_data import RELEASE, ROWS, Part
from ledger.core.gs1.lint import LINTERS

if TYPE_CHECKING:
    from ledger.core.gs1.lint.charsets import Linter

__all__ = ["AIS", "RELEASE", "Ai", "Component", "matches"]

CHARACTER_SETS = {"N": "csetnumeric", "X": "cset82", "Y": "cset39", "Z": "cset64"}


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a value: how many characters, and the rules they meet, the character set first."""

    shortest: int
    longest: int
    optional: bool
    linters: tuple[Linter, ...]


@dataclass(frozen=True, slots=True)
class Ai:
    """One application identifier.

    Attributes:
        code: Its two to four digits.
        title: The data title, such as `BATCH/LOT`.
        fixed: Its length is predefined, so no FNC1 follows it (General Specifications, figure 7.8.5-2).
        attribute: It may stand in the query of a Digital Link.
        components: The parts of its value, in order.
        requires: Each group needs one of its alternatives; all identifiers of an alternative must be present.
        excludes: Identifiers or patterns (`394n`) that it must not stand with.
        qualifiers: For a primary key of a Digital Link, the sequences of qualifiers that may follow; otherwise None.
    """

    code: str
    title: str
    fixed: bool
    attribute: bool
    components: tuple[Component, ...]
    requires: tuple[tuple[tuple[str, ...], ...], ...]
    excludes: tuple[str, ...]
    qualifiers: tuple[tuple[str, ...], ...] | None

    @property
    def longest(self) -> int:
        """The most characters its value can have; for a predefined length, exactly how many."""
        return sum(component.longest for component in self.components)

    @property
    def shortest(self) -> int:
        """The fewest characters its value can have."""
        return sum(component.shortest for component in self.components if not component.optional)


def _component(part: Part) -> Component:
    kind, shortest, longest, optional, linters = part
    return Component(shortest, longest, optional, tuple(LINTERS[name] for name in (CHARACTER_SETS[kind], *linters)))


def _table() -> dict[str, Ai]:
    table = {}
    for first, last, fixed, attribute, parts, requires, excludes, qualifiers, title in ROWS:
        components = tuple(_component(part) for part in parts)
        for number in range(int(first), int(last) + 1):
            code = f"{number:0{len(first)}}"
            table[code] = Ai(code, title, fixed, attribute, components, requires, excludes, qualifiers)
    return table


AIS: dict[str, Ai] = _table()


def matches(code: str, pattern: str) -> bool:
    """Tell whether an identifier meets a pattern of the dictionary, where `n` stands for any digit."""
    if "n" not in pattern or len(code) != len(pattern):
        return code == pattern
    return all(wanted in {"n", given} for given, wanted in zip(code, pattern, strict=True))
