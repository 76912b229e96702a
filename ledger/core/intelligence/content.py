"""What a message says: its words and, for an indicator, what it looks for. JSON under a salt, as documents are.

A statement signs the salted hash of it, so that whoever gets the content knows that it is the issuer's, and whoever
has only the statement cannot guess it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ledger.core import document
from ledger.core.errors import InvalidInputError
from ledger.core.intelligence.pattern import Pattern, read_pattern

MAX_TITLE: Final = 200  # characters
MAX_WORDS: Final = 8_000  # characters
_NAMES: Final = frozenset({"salt", "title", "words", "pattern"})


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says."""

    title: str
    words: str
    pattern: Pattern | None  # None for a bulletin
    salt: str  # 0x and 64 hexadecimal digits

    def to_json(self) -> dict[str, Any]:
        """Give it as it is hashed."""
        told: dict[str, Any] = {"salt": self.salt, "title": self.title, "words": self.words}
        return told | ({"pattern": self.pattern.to_json()} if self.pattern else {})

    def canonical(self) -> bytes:
        """Write it as it is kept and encrypted (RFC 8785)."""
        return document.canonical(self.to_json())

    def hash(self) -> bytes:
        """Hash it as the statement does, 32 bytes."""
        return document.details(self.to_json())


def read_content(value: object, *, indicator: bool) -> Content:
    """Read what a message says.

    Args:
        value: `{"salt", "title", "words", "pattern"}`; `words` may be left out, and a bulletin has no pattern.
        indicator: Whether it is an indicator's.

    Raises:
        InvalidInputError: It is malformed; `field` says where.
    """
    if not isinstance(value, dict):
        raise InvalidInputError("The content must be an object.", field="content")
    if unknown := [name for name in value if name not in _NAMES]:
        raise InvalidInputError(f"The content has no field {str(unknown[0])[:40]!r}.", field="content")
    if indicator == ("pattern" not in value):
        words = "An indicator says in `pattern` what it looks for." if indicator else "A bulletin has no `pattern`."
        raise InvalidInputError(words, field="content.pattern")
    title = _text(value.get("title"), "content.title", 1, MAX_TITLE)
    words = _text(value.get("words", ""), "content.words", 0, MAX_WORDS)
    pattern = read_pattern(value["pattern"], "content.pattern") if indicator else None
    made = Content(title, words, pattern, str(value.get("salt")))
    made.hash()  # refuses a salt that is none
    return made


def _text(value: object, field: str, least: int, most: int) -> str:
    if not (isinstance(value, str) and least <= len(value.strip()) and len(value) <= most and "\0" not in value):
        raise InvalidInputError(f"{least} to {most:,} characters are expected.", field=field)
    return value
