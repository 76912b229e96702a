"""A chain that goes backwards gets back what it lost; and the harness notices when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import backwards

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real_world import RealWorld

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(600)]


def test_what_a_chain_loses_by_going_backwards_returns(world: RealWorld, tmp_path: Path) -> None:
    outcome = backwards.play(world, "quick", tmp_path)
    assert outcome.broken == ()
    assert outcome.figures["acknowledged"]


@pytest.mark.parametrize("plant", backwards.PLANTS)
def test_the_harness_catches(world: RealWorld, tmp_path: Path, plant: str) -> None:
    assert backwards.play(world, "quick", tmp_path, plant).broken
