"""A full disk and failing writes cost time, never a statement that was acknowledged; the harness would notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import sqlite_disk

pytestmark = [pytest.mark.system, pytest.mark.slow]


def test_a_full_disk_and_failing_writes_lose_nothing(tmp_path: Path) -> None:
    found = sqlite_disk.run("quick", tmp_path)
    assert found.broken == ()
    assert int(found.figures["answers_503"]) > 0


@pytest.mark.parametrize("plant", sqlite_disk.PLANTS)
def test_a_planted_bug_is_noticed(tmp_path: Path, plant: str) -> None:
    found = sqlite_disk.run("quick", tmp_path, plant)
    assert found.figures["lost"], found
    assert found.broken
