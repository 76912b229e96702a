"""Which of several programs on one database does the work of a part: one leads, the others wait to take over.

A leader holds a lock that ends with it: on PostgreSQL a session's advisory lock, beside SQLite's file a locked file.
A lock can be lost unnoticed (the server restarts, a line is cut), so leaders are numbered too, and every transaction of
a leader first compares the number: what one writes that was superseded is refused, whatever it still believes. So a
part may be started as often as one likes.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import TYPE_CHECKING, Final, Literal

from ledger.core.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.store.database import Database
    from ledger.store.engine import Claim, Connection

    Work = Callable[[Database, threading.Event], None]

Part = Literal["indexer", "relayer"]

POLL_SECONDS: Final = 1.0  # how often one looks whether it leads
_TICK_SECONDS: Final = 0.1  # how soon a leader notices that it shall stop
_BEGIN: Final = """
    INSERT INTO leaders (part, term, holder) VALUES (?, 1, ?)
    ON CONFLICT (part) DO UPDATE SET term = leaders.term + 1, holder = excluded.holder RETURNING term
"""
_LOG: Final = logging.getLogger(__name__)


class Leadership:
    """One program's wish to lead a part.

    Args:
        db: The database that the part writes to.
        part: Its name.
    """

    def __init__(self, db: Database, part: Part) -> None:
        self._db = db
        self._part = part
        self._told = False

    def lead(self, stop: threading.Event, work: Work) -> None:
        """Do `work` whenever this program leads, until told to stop.

        Args:
            stop: Ends it, be it at work or waiting.
            work: Takes the database through which it may write, and what tells it to end; it returns soon after that.

        Raises:
            Exception: What `work` raises; the next one then leads.
        """
        while not stop.is_set():
            try:
                claim = self._db.claim(self._part)
                term = None if claim is None else self._begin(claim)
            except UnavailableError as error:
                _LOG.warning("the %s waits: %s", self._part, error.detail)
                stop.wait(POLL_SECONDS)
                continue
            if claim is None or term is None:
                self._wait(stop)
            else:
                self._serve(claim, term, stop, work)

    def _wait(self, stop: threading.Event) -> None:
        if not self._told:
            _LOG.info("another %s leads (%s): this one waits, and takes over when it ends", self._part, self._holder())
            self._told = True
        stop.wait(POLL_SECONDS)

    def _begin(self, claim: Claim) -> int:
        try:
            with self._db.transaction() as connection:
                holder = f"{socket.gethostname()}:{os.getpid()}"
                return int(connection.execute(_BEGIN, (self._part, holder)).fetchone()[0])
        except UnavailableError:
            claim.release()
            raise

    def _serve(self, claim: Claim, term: int, stop: threading.Event, work: Work) -> None:
        """Work until told to stop, or until the lock is lost."""
        ended = threading.Event()
        if self._told:
            _LOG.info("this %s leads now", self._part, extra={"part": self._part})
            self._told = False

        def fence(connection: Connection) -> None:
            if _term(connection, self._part) != term:
                ended.set()
                detail = f"Another {self._part} leads now: nothing was written."
                raise UnavailableError(detail, advice="This one waits, and takes over when the other ends.")

        watch = threading.Thread(target=self._watch, args=(claim, stop, ended), name=f"{self._part} watch", daemon=True)
        watch.start()
        try:
            work(self._db.fenced(fence), ended)
        finally:
            ended.set()
            watch.join()
            claim.release()

    def _watch(self, claim: Claim, stop: threading.Event, ended: threading.Event) -> None:
        ticks = 0
        while not ended.wait(_TICK_SECONDS):
            ticks += 1
            looked = ticks % round(POLL_SECONDS / _TICK_SECONDS) == 0
            if stop.is_set():
                ended.set()
            elif looked and not claim.held():
                _LOG.warning("the %s has lost its lock: it stops, and waits to lead again", self._part)
                ended.set()

    def _holder(self) -> str:
        with self._db.snapshot() as connection:
            row = connection.execute("SELECT holder FROM leaders WHERE part = ?", (self._part,)).fetchone()
        return "not known yet" if row is None else str(row[0])


def _term(connection: Connection, part: str) -> int:
    row = connection.execute("SELECT term FROM leaders WHERE part = ?", (part,)).fetchone()
    return 0 if row is None else int(row[0])
