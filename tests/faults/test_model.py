"""The API does what the model of it does, in any order of events; and the harness notices when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import model

pytestmark = [pytest.mark.system, pytest.mark.slow]


def test_the_api_does_what_its_model_does(tmp_path: Path) -> None:
    outcome = model.run("quick", tmp_path)
    assert outcome.broken == ()
    assert all(outcome.figures.get(name) for name in ("accepted", "reorganisations", "settled", "verdicts"))


@pytest.mark.parametrize("plant", model.PLANTS)
def test_a_planted_bug_is_noticed(plant: str, tmp_path: Path) -> None:
    assert model.run("quick", tmp_path, plant).broken
