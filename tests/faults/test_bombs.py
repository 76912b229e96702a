"""No small input costs the server much; and the harness notices when a bound is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import bombs

pytestmark = [pytest.mark.system, pytest.mark.slow]


def test_every_bomb_is_refused_before_it_costs_much(tmp_path: Path) -> None:
    outcome = bombs.run("quick", tmp_path)
    assert outcome.broken == ()
    assert int(outcome.figures["bombs"]) > 20


@pytest.mark.parametrize("plant", bombs.PLANTS)
def test_a_bound_taken_out_is_noticed(plant: str, tmp_path: Path) -> None:
    assert bombs.run("quick", tmp_path, plant).broken
