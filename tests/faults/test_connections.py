"""The front door under siege, in the form that every test run does; each mistake in it is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import connections
from tests.front_door import require_haproxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("door")


@pytest.fixture(scope="module")
def ports(folder: Path) -> Iterator[list[int]]:
    require_haproxy()
    with connections.servers(folder, 1) as ports:
        yield ports


def test_honest_scans_are_answered_through_a_besieged_door(folder: Path, ports: list[int]) -> None:
    outcome = connections.besiege(connections.QUICK, folder, ports)
    assert outcome.broken == ()
    assert outcome.figures["honest scans"] > 30


@pytest.mark.parametrize("plant", connections.PLANTS)
def test_a_door_with_a_mistake_is_noticed(folder: Path, ports: list[int], plant: str) -> None:
    outcome = connections.besiege(connections.QUICK, folder, ports, plant)
    assert any("honest scans got no verdict" in sentence for sentence in outcome.broken), outcome
