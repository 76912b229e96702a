"""What must hold of an indexed database after every step, and how to rebuild one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ledger.index import Indexer
from ledger.store import indexing
from ledger.store.read_model import ReadModel
from ledger.store.schema import REBUILDABLE
from ledger.store.sqlite import SqliteEngine
from tests.simulated_ledger import DOMAIN

if TYPE_CHECKING:
    from ledger.store.database import Database
    from tests.simulated_chain import SimulatedChain

EVERYTHING = 1_000_000


def catch_up(indexer: Indexer, limit: int = 1000) -> None:
    """Step until there is nothing left to read."""
    for _ in range(limit):
        if indexer.step().caught_up:
            return
    message = f"not caught up after {limit} steps"
    raise AssertionError(message)


def check_whole(db: Database) -> None:
    """No part of a block is there without the rest, and what may still change is linked."""
    with db.snapshot() as connection:
        if isinstance(db.engine, SqliteEngine):
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        orphans = "SELECT count(*) FROM {} WHERE block NOT IN (SELECT number FROM blocks)"
        for table in REBUILDABLE:
            assert connection.execute(orphans.format(table.name)).fetchone() == (0,), "rows without their block"
        counts: dict[int, int] = {}
        for table in REBUILDABLE:
            if table.name != "company_prefixes":  # part of an accreditation's row
                for (block,) in connection.execute(f"SELECT block FROM {table.name}"):  # noqa: S608 - our own names
                    counts[block] = counts.get(block, 0) + 1
        blocks = connection.execute("SELECT number, hash, parent_hash, facts FROM blocks ORDER BY number").fetchall()
        expected = {number: facts for number, _, _, facts in blocks if facts}
        assert counts == expected, "a block's rows are not all there"
        finalized = indexing.finalized_block(db)
        recent = [row for row in blocks if row[0] >= finalized]
        for (number, hash_, _, _), (above, _, parent, _) in pairwise(recent):
            assert (above, parent) == (number + 1, hash_), "blocks that may change are not linked"


def check_equals_chain(db: Database, chain: SimulatedChain) -> None:
    """The read model tells exactly what the chain says, and so does one that is built from nothing."""
    check_whole(db)
    found = ReadModel(db).recorded_after(None, EVERYTHING)
    assert found == chain.facts, "the read model is not what the chain says"


def rebuilt(db: Database, chain: SimulatedChain) -> bytes:
    """The dump of `db`, an empty one, after indexing the chain at one go."""
    catch_up(Indexer(db, chain, DOMAIN))
    return indexing.dump(db)
