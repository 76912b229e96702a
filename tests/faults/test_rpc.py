"""With two in five requests to the node broken, nothing is lost and nothing is sent twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import rpc

pytestmark = [pytest.mark.system, pytest.mark.slow]


def test_broken_requests_and_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    found = rpc.run("quick", tmp_path)
    assert found.broken == ()
    assert found.figures["kills"] == rpc.KILLS["quick"]
    assert int(found.figures["percent_of_them_broken"]) > 25


@pytest.mark.parametrize("plant", rpc.PLANTS)
def test_a_planted_bug_is_noticed(tmp_path: Path, plant: str) -> None:
    found = rpc.run("quick", tmp_path, plant)
    assert found.broken
    if plant == rpc.SIGNS_ANEW:
        assert found.figures["lost"] or found.figures["doubled"], found
