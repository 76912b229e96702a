"""Never are two truths called final; and the harness notices when they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import partition
from tests.real_world import RealWorld, a_real_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWorld]:
    """Two real nodes for all tests of this file: they take seconds to start. The last plant ends their agreement."""
    with a_real_world(tmp_path_factory.mktemp("nodes"), 2) as made:
        yield made


def test_nodes_parted_and_joined_never_make_two_truths_final(world: RealWorld, tmp_path: Path) -> None:
    outcome = partition.play(world, "quick", tmp_path)
    assert outcome.broken == ()
    assert outcome.figures["blocks undone"]
    assert outcome.figures["acknowledged"]


@pytest.mark.parametrize("plant", partition.PLANTS)
def test_the_harness_catches(world: RealWorld, tmp_path: Path, plant: str) -> None:
    assert partition.play(world, "quick", tmp_path, plant).broken
