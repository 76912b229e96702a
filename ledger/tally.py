"""Sums for the log: of what happens often, a line at intervals instead of one each time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

SECONDS: Final = 60.0


class Tally:
    """Counts, and logs its sums at info: the first at once, what follows at most every minute. Safe between threads.

    Args:
        log: Where to.
        words: What happened, as the message says it.
        seconds: Between two lines.
        clock: Tells seconds that never go back.
    """

    def __init__(
        self,
        log: logging.Logger,
        words: str,
        *,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._words = words
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._sums: Counter[str] = Counter()
        self._next = clock()

    def add(self, *, standing: dict[str, int] | None = None, **counts: int) -> None:
        """Add to the sums; nothing is logged while all of them are 0.

        Args:
            standing: Told beside the sums as it is now, such as a block's number.
            **counts: What to add, by the name of the field that tells it.
        """
        with self._lock:
            self._sums.update(counts)
            if self._clock() < self._next or not any(self._sums.values()):
                return
            told = {name: count for name, count in self._sums.items() if count} | (standing or {})
            self._sums.clear()
            self._next = self._clock() + self._seconds
        self._log.info(self._words, extra=told)
