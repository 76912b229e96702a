"""An indexer that is killed at a statement leaves nothing half-done, and goes on to what a rebuild comes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import indexer_kills

pytestmark = [pytest.mark.system, pytest.mark.slow]


def test_a_killed_indexer_leaves_nothing_half_done(tmp_path: Path) -> None:
    found = indexer_kills.run("quick", tmp_path)
    assert found.broken == ()
    assert int(found.figures["kills"]) >= 4 * indexer_kills.KILLS["quick"]


@pytest.mark.parametrize("plant", indexer_kills.PLANTS)
def test_a_write_in_two_transactions_is_noticed(tmp_path: Path, plant: str) -> None:
    found = indexer_kills.run("quick", tmp_path, plant)
    for name in indexer_kills.DATABASES:
        assert any(each.startswith(name) for each in found.broken), found
