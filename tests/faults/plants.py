"""Bugs in taking statements in, which several harnesses put into the server."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from ledger import submit
from ledger.core.errors import UnavailableError
from ledger.store.outbox import StatementState

ACKNOWLEDGES_EARLY: Final = "acknowledges-early"  # the server answers 202 before the statement is durable
SWALLOWS_ERRORS: Final = "swallows-errors"  # the server answers 202 although the database refused
LATE_SECONDS: Final = 0.3


def acknowledge_early() -> None:
    """Answer first, write later; what others depend on is taken in as ever, or clients would notice."""
    queue = submit._queue

    def later(*arguments: Any) -> None:
        time.sleep(LATE_SECONDS)
        queue(*arguments)

    def answer_first(*arguments: Any) -> StatementState:
        if arguments[1].type != "CustodyEvent":
            return queue(*arguments)
        threading.Thread(target=later, args=arguments, daemon=True).start()
        return StatementState(arguments[3], "pending")

    submit._queue = answer_first


def swallow_errors() -> None:
    """Say that a statement is queued although the transaction failed."""
    queue = submit._queue

    def hope(*arguments: Any) -> StatementState:
        try:
            return queue(*arguments)
        except UnavailableError:
            return StatementState(arguments[3], "pending")

    submit._queue = hope
