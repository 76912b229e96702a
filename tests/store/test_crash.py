"""Each write fails once before it happens and once after it happened unseen; nothing is lost, doubled or halved.

The form of the table is Sunlight's (`TestSequenceErrors`): every SQL statement of every operation, each in both ways.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ledger.core.errors import UnavailableError
from ledger.core.unit import UnitKind
from ledger.index import Indexer
from ledger.store import indexing
from ledger.store.journal import Journal
from ledger.store.outbox import Outbox
from ledger.store.schema import metadata
from ledger.store.unit_log import UnitLog
from tests.core.batch_story import DOMAIN as BATCH_DOMAIN
from tests.core.unit_story import UnitStory, signed
from tests.simulated_chain import SimulatedChain
from tests.simulated_ledger import DOMAIN
from tests.store_check import catch_up, check_equals_chain, check_whole, rebuilt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.store.database import Database
    from ledger.store.engine import Connection

DIGEST, SENDER, HASH = b"d" * 32, b"s" * 20, b"h" * 32
FEES: dict[str, Any] = {"max_fee": 2, "priority_fee": 1, "gas": 9, "created_at": 1}


@dataclass
class Fault:
    """One statement that fails: before it reaches the database, or after."""

    error: type[Exception]
    at: int
    persisted: bool
    count: int = 0

    def run(self, statement: Callable[[], Any], undo: Callable[[Any], None] = lambda _: None) -> Any:
        self.count += 1
        if self.count != self.at:
            return statement()
        if self.persisted:
            undo(statement())
        message = "disk I/O error"
        raise self.error(message)


class Faulty:
    """A connection with such a statement."""

    def __init__(self, connection: Connection, fault: Fault) -> None:
        self.connection, self.fault = connection, fault

    def execute(self, *arguments: Any) -> Any:
        return self.fault.run(partial(self.connection.execute, *arguments))

    def executemany(self, *arguments: Any) -> Any:
        return self.fault.run(partial(self.connection.executemany, *arguments))

    def insert(self, *arguments: Any) -> Any:
        return self.fault.run(partial(self.connection.insert, *arguments))

    def commit(self) -> None:
        self.fault.run(self.connection.commit)


@contextmanager
def failing(db: Database, at: int, *, persisted: bool) -> Iterator[None]:
    """Let the statement number `at` of this database fail, its beginnings and commits counted."""
    fault = Fault(db.engine.unavailable[0], at, persisted)
    begun, give_back = db.engine.begun, db.engine.give_back

    def faulty(*, writing: bool) -> Any:
        return Faulty(fault.run(partial(begun, writing=writing), give_back), fault)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db.engine, "begun", faulty)
        patch.setattr(db.engine, "give_back", lambda faulty: give_back(faulty.connection))
        yield


def contents(db: Database) -> dict[str, list[Any]]:
    with db.snapshot() as connection:
        return {name: sorted(connection.execute(f'SELECT * FROM "{name}"')) for name in metadata.tables}  # noqa: S608 - names of our own tables


def chain_of(length: int) -> SimulatedChain:
    chain = SimulatedChain(seed=11)
    chain.grow(length)
    return chain


def add(db: Database) -> None:
    Outbox(db).add(DIGEST, "Bundle", b"{}", expects=(b"1" * 32, b"2" * 32), document=b"{}", arrived_at=1)


def journal(db: Database) -> None:
    Journal(db).append(SENDER, 0, b"raw", HASH, kind="statements", digests=(DIGEST,), **FEES)


def log_event(db: Database, serial: str = "S3") -> None:
    statement = UnitStory(1).statement(UnitKind.SCAN, 4, serial=serial)
    log = UnitLog(db)
    if log.find(statement.digest(BATCH_DOMAIN)) is None:  # as `ledger.log` does: a digest stands in a log once
        log.append(signed(statement), BATCH_DOMAIN, 1)


OPERATIONS: dict[str, tuple[list[Callable[[Database], Any]], Callable[[Database], Any]]] = {
    "bind": ([], lambda db: db.bind(1, b"l" * 20, b"c" * 32)),
    "outbox.add": ([], add),
    "outbox.refuse": ([add], lambda db: Outbox(db).refuse(DIGEST, b"e", "words")),
    "outbox.reopen": ([add, lambda db: Outbox(db).refuse(DIGEST, b"e", "w")], lambda db: Outbox(db).reopen(DIGEST)),
    "outbox.settle": ([add], lambda db: Outbox(db).settle()),
    "journal.append": ([], journal),
    "journal.replace": ([journal], lambda db: Journal(db).replace(SENDER, 0, b"raw2", b"2" * 32, **FEES)),
    "journal.finish": ([journal], lambda db: Journal(db).finish(SENDER, 0, HASH)),
    "unit_log.append": ([partial(log_event, serial=each) for each in ("S0", "S1", "S2")], log_event),
    "rollback": ([lambda db: indexing.append(db, chain_of(20).blocks)], lambda db: indexing.rollback(db, 10)),
    "set_status": ([], lambda db: indexing.set_status(db, head_block=3, finalized_block=2, heard_at=1)),
    "wipe": ([lambda db: indexing.append(db, chain_of(20).blocks)], indexing.wipe),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_write_that_fails_is_undone_and_can_be_done_again(name: str, new_database: Callable[[], Database]) -> None:
    before, operation = OPERATIONS[name]
    target = new_database()
    for step in before:
        step(target)
    start = contents(target)
    operation(target)
    goal = contents(target)
    for persisted in (False, True):
        at = 0
        while True:
            at += 1
            db = new_database()
            for step in before:
                step(db)
            try:
                with failing(db, at, persisted=persisted):
                    operation(db)
            except UnavailableError:
                assert contents(db) in (start, goal), f"{name} was half-written by statement {at}"
                assert persisted or contents(db) == start
                operation(db)
                assert _without_counters(contents(db)) == _without_counters(goal), f"{name} again after statement {at}"
            else:
                break
        assert at > 3, "nothing was made to fail"


def _without_counters(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The same, where counters may differ when a change is made twice.

    `generation` says only that something changed, and PostgreSQL leaves out the number of a row that was taken back.
    """
    numbered = {
        name: _renumbered(found[name]) for name in ("statements", "expectations", "transactions", "unit_events")
    }
    return found | numbered | {"chain_status": [row[:-1] for row in found["chain_status"]]}


def _renumbered(rows: list[Any]) -> list[Any]:
    ranks = {number: rank for rank, number in enumerate(sorted({row[0] for row in rows}))}
    return [(ranks[row[0]], *row[1:]) for row in rows]


@pytest.mark.parametrize("persisted", [False, True])
def test_an_indexer_whose_writes_fail_comes_to_the_same(
    persisted: bool,
    new_database: Callable[[], Database],
) -> None:
    """Each statement of the indexing of a chain with a reorganisation fails once."""
    chain = SimulatedChain(seed=12)
    chain.grow(20)
    db = new_database()
    failed = 0
    indexer = Indexer(db, chain, DOMAIN)
    for at in range(2, 40):
        try:
            with failing(db, at, persisted=persisted):
                catch_up(indexer)
        except UnavailableError:
            failed += 1
        check_whole(db)
        chain.reorganise(1 + at % 8)
        chain.grow(at % 3)
    assert failed > 20
    catch_up(indexer)
    check_equals_chain(db, chain)
    assert indexing.dump(db) == rebuilt(new_database(), chain)


def test_the_table_catches_a_write_in_two_transactions(
    new_database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted bug: the journal commits the slot before its transaction."""

    def careless(db: Database) -> None:
        with db.transaction() as connection:
            connection.execute("INSERT INTO slots VALUES (?, 0, 'statements', 0, ?)", (SENDER, b""))
        with db.transaction() as connection:
            connection.execute("INSERT INTO covered_digests VALUES (?, 0, 0, ?)", (SENDER, DIGEST))

    monkeypatch.setitem(OPERATIONS, "careless", ([], careless))
    with pytest.raises((AssertionError, new_database().conflict)):
        test_a_write_that_fails_is_undone_and_can_be_done_again("careless", new_database)
