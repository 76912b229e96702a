"""The organisations on the ledger and their keys, each loaded once while nothing is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core.errors import InvalidCodeError
from ledger.core.kept import Kept
from ledger.core.label_signature import key_prefix
from ledger.core.vocabulary import Purpose

if TYPE_CHECKING:
    from ledger.core.facts import Key, Organisation
    from ledger.store.read_model import ReadModel

MOST_KEPT: Final = 10_000  # of each


class Parties:
    """Organisations and keys. Make a new one when the ledger says something of any. Safe between threads.

    Args:
        read_model: Where they are loaded from.
    """

    def __init__(self, read_model: ReadModel) -> None:
        self._read_model = read_model
        self._organisations: Kept[int, Organisation] = Kept(MOST_KEPT)
        self._keys: Kept[bytes, Key] = Kept(MOST_KEPT)
        self._licensees: Kept[str, tuple[Organisation | None]] = Kept(MOST_KEPT)
        self._label_keys: Kept[tuple[str, tuple[int, ...]], tuple[Key, ...]] = Kept(MOST_KEPT)

    def organisation(self, number: int) -> Organisation | None:
        """Everything said of an organisation, None if none has the number."""
        known = self._organisations.get(number)
        if known is None and (found := self._read_model.organisation(number)) is not None:
            known = self._organisations.put(number, found)
        return known

    def key(self, identifier: bytes) -> Key | None:
        """Everything said of a key, None if the ledger has none with this id."""
        known = self._keys.get(identifier)
        if known is None and (found := self._read_model.key(identifier)) is not None:
            known = self._keys.put(identifier, found)
        return known

    def licensee(self, gtin: str) -> Organisation | None:
        """Whose GS1 Company Prefix `gtin` (14 digits) carries now."""
        known = self._licensees.get(gtin)
        if known is None:
            known = self._licensees.put(gtin, (self._read_model.licensee(gtin),))
        return known[0]

    def label_keys(self, text: str, makers: tuple[int, ...]) -> tuple[Key, ...]:
        """The keys that the AI 91 of a label names; where there are none, the makers' label keys: it may mean one."""
        known = self._label_keys.get((text, makers))
        if known is not None:
            return known
        named = self._read_model.label_keys(prefix) if (prefix := _prefix(text)) else []
        keys = named or [
            key
            for maker in makers
            for key in self._read_model.keys_of(maker)
            if Purpose.LABELS in key.addition.purposes
        ]
        return self._label_keys.put((text, makers), tuple(keys))


def _prefix(text: str) -> bytes:
    """What AI 91 says of a key's id, nothing if it is malformed."""
    try:
        return key_prefix(text)
    except InvalidCodeError:
        return b""
