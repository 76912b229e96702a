"""The API keeps what its description promises, whatever it is asked; and the harness notices when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import fuzz

pytestmark = [pytest.mark.system, pytest.mark.slow]


def test_no_answer_is_undocumented_or_a_servers_error(tmp_path: Path) -> None:
    outcome = fuzz.run("quick", tmp_path)
    assert outcome.broken == ()
    assert {"answers 200", "answers 404", "answers 422"} <= set(outcome.figures)


@pytest.mark.parametrize("plant", fuzz.PLANTS)
def test_a_planted_bug_is_noticed(plant: str, tmp_path: Path) -> None:
    assert fuzz.run("quick", tmp_path, plant).broken
