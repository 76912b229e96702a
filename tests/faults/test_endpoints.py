"""Whatever one of three nodes does, the index comes to the truth; and the harness notices when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import endpoints

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(300)]


def test_one_node_of_three_that_goes_wrong_changes_nothing(tmp_path: Path) -> None:
    outcome = endpoints.run("quick", tmp_path)
    assert outcome.broken == ()
    assert outcome.figures["faults"] == len(endpoints.FAULTS)
    assert outcome.figures["reorganisations"]


@pytest.mark.parametrize("plant", endpoints.PLANTS)
def test_the_harness_catches(tmp_path: Path, plant: str) -> None:
    assert endpoints.run("quick", tmp_path, plant).broken
