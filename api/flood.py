"""A bound on how often the whole server does something that strangers may ask for: a bucket of tokens.

One bucket for everybody: telling senders apart would need their addresses, which are not looked at. So whoever finds it
empty may have sent nothing before: that is a 503, while the front door, which counts by address, answers 429.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from ledger.core.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable


class Bucket:
    """Tokens that come one by one and are taken one by one. Safe to share between threads.

    Args:
        most: How many it holds; it begins full.
        seconds: After how many another comes.
        clock: Tells seconds that never go back.
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = float(most)
        self._at = clock()

    def take(self) -> None:
        """Take a token.

        Raises:
            UnavailableError: There is none now; `retry_after` in the evidence: seconds until there is.
        """
        with self._lock:
            now = self._clock()
            self._tokens = min(self._most, self._tokens + (now - self._at) / self._seconds)
            self._at = now
            if self._tokens < 1:
                wait = math.ceil((1 - self._tokens) * self._seconds)
                advice = f"Send it again in {wait} seconds; nothing is lost."
                raise UnavailableError("The server gets too many of these at once.", advice=advice, retry_after=wait)
            self._tokens -= 1
