"""Answers kept for the next time that somebody asks: at most so many, the one put in first goes first."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """The values put in last. Single calls are safe between threads.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, missing: V | None = None) -> V | None:
        """Give what is kept.

        Args:
            key: Under what it was put in.
            missing: What to give if nothing is.
        """
        return self._values.get(key, missing)

    def put(self, key: K, value: V) -> V:
        """Keep a value, and give it back.

        Args:
            key: What it will be asked for by.
            value: The value.
        """
        self._values[key] = value
        while len(self._values) > self._most:
            self._values.popitem(last=False)
        return value
