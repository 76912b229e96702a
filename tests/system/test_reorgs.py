"""Fifty reorganisations of a real node, one to eight blocks deep: the index equals a rebuild, nothing is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ledger.chain.artifact import is_our_code
from ledger.chain.source import LedgerSource
from ledger.index import Indexer
from ledger.store import indexing
from ledger.store.database import open_database
from tests.installation import Installation
from tests.world import a_world

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
REORGANISATIONS = 50
DEEPEST = 8
BLOCKS_A_NODE = 250  # Anvil has been seen to lose contract code, silently, after about 350 blocks or 80 reorganisations


def test_fifty_reorganisations_leave_index_and_rebuild_equal_and_every_statement_final(tmp_path: Path) -> None:
    chance = random.Random(50)
    # epochs long enough that no reorganisation reaches below what is final
    with a_world(tmp_path, slots=DEEPEST) as world:
        db = open_database(f"sqlite:///{tmp_path}/lotproof.db")
        here = Installation(world, db, development=False)
        world.anvil.mine(2 * DEEPEST)
        here.index()
        world.anvil.automine(on=False)  # or everything that is sent again makes a block of its own
        digests = []
        for number in range(REORGANISATIONS):
            registration = world.registration(f"R{number}")
            digests += here.accept(registration, world.shipment(registration))
            here.round()
            world.anvil.mine(chance.randint(1, 2))
            here.index()
            world.anvil.rpc("anvil_reorg", chance.randint(1, DEEPEST), [])
            assert is_our_code(world.chain.code(world.ledger.address))
            if chance.random() < 0.5:
                here.index()
        assert world.chain.head().number <= BLOCKS_A_NODE
        for _ in range(60):
            here.round()
            world.anvil.mine()
            if not here.outbox.unsettled():
                break
        assert set(here.states(digests)) == {"final"}
        assert here.refusals() == []
        fresh = open_database(f"sqlite:///{tmp_path}/rebuilt.db")
        indexer = Indexer(fresh, LedgerSource(world.chain, world.ledger.address), world.domain)
        while not indexer.step().caught_up:
            pass
        here.index()
        assert indexing.dump(db) == indexing.dump(fresh)
        fresh.close()
        db.close()
