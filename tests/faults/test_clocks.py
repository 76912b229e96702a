"""Under a wrong clock every cell of the table is exact; and the harness notices when one is not."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.faults import clocks

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True, scope="module")
def faketime() -> None:
    """The program that fakes the time; without it the tests are skipped, and fail where CI=true."""
    if shutil.which("faketime") is None and os.environ.get("CI") != "true":
        pytest.skip("faketime is not installed: apt-get install faketime")


def test_every_cell_of_the_table_is_exact(tmp_path: Path) -> None:
    assert clocks.run("quick", tmp_path).broken == ()


@pytest.mark.parametrize("plant", clocks.PLANTS)
def test_the_harness_catches(tmp_path: Path, plant: str) -> None:
    assert clocks.run("quick", tmp_path, plant).broken


def test_the_table_is_in_the_documentation(checkout: Path) -> None:
    text = (checkout / "docs/operations.md").read_text(encoding="utf-8")
    for row in clocks.TABLE:
        assert f"| {row.what} | {' | '.join(row.answers)} |" in text
