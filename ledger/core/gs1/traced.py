"""Text that remembers where each of its characters stood in what the scanner sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Traced:
    """A piece of the scanned text after decoding.

    Attributes:
        text: The decoded characters.
        origins: For each character, and for the end, its zero-based index in the text as scanned.
    """

    text: str
    origins: Sequence[int]

    def __len__(self) -> int:
        """Give the number of decoded characters."""
        return len(self.text)

    def cut(self, start: int, stop: int | None = None) -> Traced:
        """Take the characters from start to stop, with where they stood."""
        end = len(self.text) if stop is None else min(stop, len(self.text))
        begin = min(start, end)
        return Traced(self.text[begin:end], self.origins[begin : end + 1])

    def at(self, index: int) -> int:
        """Tell where the character at this index stood in the scanned text."""
        return self.origins[min(index, len(self.text))]


def traced(text: str, offset: int = 0) -> Traced:
    """Trace text that is unchanged from the scanned one but begins at `offset` in it."""
    return Traced(text, range(offset, offset + len(text) + 1))
