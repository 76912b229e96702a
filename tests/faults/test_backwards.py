"""A chain that goes backwards gets back what it lost; and the harness notices when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import backwards
from tests.real_world import RealWorld, a_real_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWorld]:
    """One real node for all tests of this file: it takes seconds to start."""
    with a_real_world(tmp_path_factory.mktemp("node"), 1, backwards.CHAIN_ID) as made:
        yield made


def test_what_a_chain_loses_by_going_backwards_returns(world: RealWorld, tmp_path: Path) -> None:
    outcome = backwards.play(world, "quick", tmp_path)
    assert outcome.broken == ()
    assert outcome.figures["acknowledged"]


@pytest.mark.parametrize("plant", backwards.PLANTS)
def test_the_harness_catches(world: RealWorld, tmp_path: Path, plant: str) -> None:
    assert backwards.play(world, "quick", tmp_path, plant).broken
