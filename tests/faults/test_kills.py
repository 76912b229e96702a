"""Killed under load on a chain that reorganises, the installation loses and doubles nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import kills

pytestmark = [pytest.mark.system, pytest.mark.slow]


def test_server_and_relayer_killed_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    found = kills.run("quick", tmp_path)
    assert found.broken == ()
    assert found.figures["kills"] == kills.QUICK_KILLS
    assert found.figures["reorganisations"]


@pytest.mark.parametrize("plant", kills.PLANTS)
def test_a_planted_bug_is_noticed(tmp_path: Path, plant: str) -> None:
    found = kills.run("quick", tmp_path, plant)
    assert found.figures["lost"] or found.figures["doubled"], found
    assert found.broken
