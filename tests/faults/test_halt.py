"""A chain that halts loses and doubles nothing, and stops no verdict; and the harness notices when it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import halt

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real_world import RealWorld

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(600)]


def test_what_is_queued_while_the_chain_halts_is_recorded_once(world: RealWorld, tmp_path: Path) -> None:
    outcome = halt.play(world, "quick", tmp_path)
    assert outcome.broken == ()
    assert outcome.figures["acknowledged"]


@pytest.mark.parametrize("plant", halt.PLANTS)
def test_the_harness_catches(world: RealWorld, tmp_path: Path, plant: str) -> None:
    assert halt.play(world, "quick", tmp_path, plant).broken
