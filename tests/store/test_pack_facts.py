"""What is looked up about a pack, and what is not: beyond what the verifier's tests ask for in tests/test_verify.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger.core.facts import Registration
from ledger.core.gs1 import parse_code
from ledger.store.database import open_database
from ledger.store.pack_facts import PackFacts
from ledger.store.parties import Parties
from ledger.store.read_model import ReadModel
from ledger.store.unit_lists import UnitLists
from tests.indexed_world import GTIN, LOTS, SERIALS, UNIT_SECRET, UNIT_TREE, link, world, write

TODAY = date(2026, 5, 28)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadModel]:
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('facts')}/lotproof.db")
    write(opened, world())
    yield ReadModel(opened)
    opened.close()


@pytest.fixture
def lists(tmp_path: Path) -> UnitLists:
    return UnitLists(tmp_path)


def listed(facts: ReadModel, lists: UnitLists, serial: str, *batches: Registration) -> bool | None:
    code = parse_code(link(LOTS["serialised"], serial=serial), today=TODAY)
    return PackFacts(facts, lists).of(code, batches, None, Parties(facts)).listed


def test_a_serial_number_beside_an_sscc_of_several_batches_is_compared_with_none(
    facts: ReadModel, lists: UnitLists
) -> None:
    serialised, other = (
        next(each for each in facts.registered(GTIN) if (each.lot == LOTS["serialised"]) is wanted)
        for wanted in (True, False)
    )
    lists.write(serialised.batch, UNIT_SECRET, SERIALS, UNIT_TREE)
    genuine = SERIALS[3].decode()
    assert listed(facts, lists, genuine, serialised) is True
    assert listed(facts, lists, genuine, serialised, serialised) is True  # two consignments of one batch
    assert listed(facts, lists, genuine, serialised, other) is None
    assert listed(facts, lists, genuine) is None
