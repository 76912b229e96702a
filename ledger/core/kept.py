"""Answers kept for the next time that somebody asks: at most so many, the one not asked for longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")
_NOTHING: Final = object()


class Kept(Generic[K, V]):
    """The values asked for last. Single calls are safe between threads.

    Args:
        most: How many are kept; where they are weighed, how much.
        weigh: What one counts for; None = 1 each.
    """

    def __init__(self, most: int, weigh: Callable[[V], int] | None = None) -> None:
        self._most = most
        self._weigh = weigh
        self._weight = 0
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K, missing: V | None = None) -> V | None:
        """Give what is kept.

        Args:
            key: Under what it was put in.
            missing: What to give if nothing is.
        """
        value = self._values.get(key, _NOTHING)
        if value is _NOTHING:
            return missing
        with suppress(KeyError):  # another thread may just have let it go
            self._values.move_to_end(key)
        return cast("V", value)

    def put(self, key: K, value: V) -> V:
        """Keep a value, and give it back.

        Args:
            key: What it will be asked for by.
            value: The value.
        """
        if self._weigh is not None:
            self._drop(key)
            self._weight += self._weigh(value)
        self._values[key] = value
        while self._values and (len(self._values) if self._weigh is None else self._weight) > self._most:
            self._drop(next(iter(self._values)))
        return value

    def items(self) -> list[tuple[K, V]]:
        """Give what is kept, with its keys."""
        return list(self._values.items())

    def without(self, keys: Iterable[K]) -> Kept[K, V]:
        """Give a copy that lacks some.

        Args:
            keys: What was put in under these is left out; it need not be there.
        """
        copy: Kept[K, V] = Kept(self._most, self._weigh)
        copy._values, copy._weight = self._values.copy(), self._weight
        for key in keys:
            copy._drop(key)
        return copy

    def _drop(self, key: K) -> None:
        value = self._values.pop(key, _NOTHING)
        if self._weigh is not None and value is not _NOTHING:
            self._weight -= self._weigh(cast("V", value))
