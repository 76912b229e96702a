"""Blocks and their facts are written together, go together, and leave nothing behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ledger.core.errors import ContradictionError
from ledger.store import indexing
from ledger.store.outbox import Outbox
from ledger.store.read_model import ReadModel
from ledger.store.schema import REBUILDABLE
from tests import postgres
from tests.simulated_chain import SimulatedChain
from tests.store_check import check_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.store.database import Database

RUN_ON = (*postgres.ENGINES, postgres.SPREAD)  # spread tables must tell the same


@pytest.fixture
def chain() -> SimulatedChain:
    made = SimulatedChain(seed=9)
    made.grow(30)
    return made


def test_a_rollback_leaves_what_was_there_before(db: Database, chain: SimulatedChain) -> None:
    indexing.append(db, chain.blocks[:20])
    before = indexing.dump(db)
    assert indexing.append(db, chain.blocks[20:]) == sum(len(block.facts) for block in chain.blocks[20:])
    assert indexing.dump(db) != before
    assert indexing.rollback(db, 19) == 11
    assert indexing.dump(db) == before
    check_whole(db)


def test_the_dump_does_not_depend_on_how_blocks_came(
    new_database: Callable[[], Database], chain: SimulatedChain
) -> None:
    one, other = new_database(), new_database()
    indexing.append(one, chain.blocks)
    for block in chain.blocks:
        indexing.append(other, [block])
        indexing.set_status(other, head_block=30, finalized_block=block.number - 3, heard_at=1)
    assert indexing.dump(one) == indexing.dump(other)


def test_the_dump_tells_every_table(db: Database, chain: SimulatedChain) -> None:
    chain.grow(100)
    indexing.append(db, chain.blocks)
    before = indexing.dump(db)
    for table in REBUILDABLE:
        with db.transaction() as connection:
            connection.execute("SAVEPOINT before")
            connection.execute(f"DELETE FROM {table.name} WHERE block = (SELECT max(block) FROM {table.name})")  # noqa: S608 - names of our own tables
            assert indexing.dump(db) != before, table.name
            connection.execute("ROLLBACK TO before")
    assert indexing.dump(db) == before


def test_a_block_that_is_not_newer_is_refused_and_nothing_written(db: Database, chain: SimulatedChain) -> None:
    indexing.append(db, chain.blocks[:10])
    before = indexing.dump(db)
    for blocks in (chain.blocks[9:12], [chain.blocks[12], chain.blocks[11]]):
        with pytest.raises(ContradictionError):
            indexing.append(db, blocks)
    assert indexing.dump(db) == before


def test_what_can_only_be_once_is_refused_and_nothing_written(db: Database, chain: SimulatedChain) -> None:
    bearing = next(block for block in chain.blocks if block.facts)
    again = replace(bearing, number=40, hash=b"?" * 32)
    indexing.append(db, chain.blocks)
    before = indexing.dump(db)
    with pytest.raises(ContradictionError):
        indexing.append(db, [again])
    assert indexing.dump(db) == before


def test_empty_blocks_are_forgotten_once_they_link_nothing(db: Database, chain: SimulatedChain) -> None:
    indexing.append(db, chain.blocks)
    indexing.set_status(db, head_block=30, finalized_block=20, heard_at=1)
    kept = [number for number, _ in indexing.kept_blocks(db, below=1 << 62, limit=100)]
    assert kept == [b.number for b in reversed(chain.blocks) if b.facts or b.number >= 20]
    assert indexing.block_hash(db, 20) == chain.blocks[20].hash


def test_what_was_final_stays_final(db: Database, chain: SimulatedChain) -> None:
    assert indexing.finalized_block(db) == -1
    indexing.append(db, chain.blocks)
    indexing.set_status(db, head_block=30, finalized_block=20, heard_at=1)
    indexing.set_status(db, head_block=30, finalized_block=5, heard_at=2)
    assert indexing.finalized_block(db) == 20
    indexing.lower_finality(db, 7)
    assert indexing.finalized_block(db) == 7


def test_the_last_block_and_hashes_are_known(db: Database, chain: SimulatedChain) -> None:
    assert indexing.last_block(db) is None
    assert indexing.block_hash(db, 3) is None
    indexing.append(db, chain.blocks)
    assert indexing.last_block(db) == replace(chain.blocks[-1], facts=())


def test_wiping_forgets_the_chain_and_keeps_what_only_we_know(db: Database, chain: SimulatedChain) -> None:
    empty = indexing.dump(db)
    indexing.append(db, chain.blocks)
    Outbox(db).add(b"d" * 32, "CustodyEvent", b"{}", arrived_at=1)
    version = ReadModel(db).version()
    indexing.wipe(db)
    assert indexing.dump(db) == empty
    assert indexing.last_block(db) is None
    assert ReadModel(db).version() != version
    assert Outbox(db).entry(b"d" * 32) is not None
