"""A program that indexes a simulated chain through a reorganisation and is killed at one SQL statement.

Input: a line for each run, with the URL of the database, the number of the statement to die at (0 = never), how far the
chain has come ("before" or "after" its reorganisation), and a bug to plant ("-" = none). Output: a line for each run,
with how many statements it took, or minus the signal that killed it. Whoever started it looks at what is left.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from ledger.index import Indexer
from ledger.store import indexing
from ledger.store.database import Database, open_database
from tests.simulated_chain import SimulatedChain
from tests.simulated_ledger import DOMAIN
from tests.store_check import catch_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table

    from ledger.core.facts import IndexedBlock
    from ledger.store.engine import Connection

COUNTER = {"executed": 0}


def chain_at(state: str) -> SimulatedChain:
    """The same chain for both programs: before, or after eight of its blocks were replaced."""
    chain = SimulatedChain(seed=21)
    chain.grow(40)
    if state == "after":
        chain.reorganise(8)
        chain.grow(3)
    return chain


class Mortal:
    """A connection with which this very process is killed, as `kill -9` does, before its n-th statement."""

    def __init__(self, connection: Connection, statement: int) -> None:
        self.connection, self.statement = connection, statement

    def __getattr__(self, name: str) -> Any:
        if name in {"begin", "commit", "execute", "executemany"}:
            self.count()
        return getattr(self.connection, name)

    def insert(self, table: Table, rows: Sequence[Any]) -> None:
        """Row by row, so that it can end between any two."""
        for row in rows:
            self.count()
            self.connection.insert(table, [row])

    def count(self) -> None:
        COUNTER["executed"] += 1
        if COUNTER["executed"] == self.statement:
            os.kill(os.getpid(), signal.SIGKILL)


def die_at(db: Database, statement: int) -> None:
    """Let this process die before its n-th statement on `db`."""
    begun, give_back = db.engine.begun, db.engine.give_back

    def mortal(*, writing: bool) -> Any:
        return Mortal(begun(writing=writing), statement)

    db.engine.begun = mortal
    db.engine.give_back = lambda mortal: give_back(mortal.connection)


def append_in_two_parts(db: Database, blocks: Sequence[IndexedBlock]) -> int:
    """A planted bug: the block rows are durable before what was recorded in them."""
    with db.transaction() as connection:
        indexing._insert_blocks(connection, blocks)
        connection.commit()
        connection.begin(writing=True)
        indexing._insert_facts(connection, blocks)
    return 1


def rollback_in_two_parts(db: Database, above_block: int) -> int:
    """A planted bug: what was recorded goes before its block."""
    with db.transaction() as connection:
        connection.execute("DELETE FROM custody_events WHERE block > ?", (above_block,))
        connection.commit()
        connection.begin(writing=True)
        return connection.execute("DELETE FROM blocks WHERE number > ?", (above_block,)).rowcount


def index(url: str, state: str, statement: int, bug: str) -> int:
    """Index what there is, and die on the way; returns how many statements it took if it lived."""
    db = open_database(url)
    plant: dict[str, Any] = {"append": append_in_two_parts, "rollback": rollback_in_two_parts}
    if bug in plant:
        setattr(indexing, bug, plant[bug])
    die_at(db, statement)
    catch_up(Indexer(db, chain_at(state), DOMAIN))
    db.close()
    return COUNTER["executed"]


def main() -> None:
    """For each line of input let a process of its own index; write how it ended."""
    for line in sys.stdin:
        url, statement, state, bug = line.split()
        process = os.fork()  # cheaper than a new interpreter, and as mortal
        if not process:
            sys.stdout.write(f"{index(url, state, int(statement), bug)}\n")
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(process, 0)
        if os.WIFSIGNALED(status):
            sys.stdout.write(f"-{os.WTERMSIG(status)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
