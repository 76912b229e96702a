"""PostgreSQL that dies or has no room costs time, never a statement that was acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import postgresql

pytestmark = [pytest.mark.system, pytest.mark.slow]


def test_a_killed_server_and_a_full_disk_lose_nothing(tmp_path: Path) -> None:
    found = postgresql.run("quick", tmp_path)
    assert found.broken == ()
    assert found.figures["kills"] == postgresql.KILLS["quick"]
    assert int(found.figures["answers_503"]) > 0


@pytest.mark.parametrize("plant", postgresql.PLANTS)
def test_a_planted_bug_is_noticed(tmp_path: Path, plant: str) -> None:
    found = postgresql.run("quick", tmp_path, plant)
    assert found.figures["lost"], found
    assert found.broken
