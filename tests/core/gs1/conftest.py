"""What the GS1 tests share: the published vectors, and a count of how many agree."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

TODAY = date(2026, 3, 1)
CHECKOUT = Path(__file__).parents[3]

Vectors = Callable[[str], Any]


@dataclass
class Tally:
    """Counts vectors that agree, and those that do not by the reason why."""

    agreed: int = 0
    excepted: Counter[str] = field(default_factory=Counter)
    broken: list[object] = field(default_factory=list)

    def count(self, agrees: object, case: object, reason: str | None = None) -> None:
        """Count one vector; a disagreement without a reason breaks the test."""
        if agrees:
            assert reason is None, f"{case} agrees, so that it needs no exception: {reason}"
            self.agreed += 1
        elif reason is None:
            self.broken.append(case)
        else:
            self.excepted[reason] += 1

    def check(self, agreed: int, excepted: dict[str, int] | None = None) -> None:
        """Fail unless exactly so many agreed, and exactly so many are excepted for each reason."""
        assert not self.broken
        assert (self.agreed, dict(self.excepted)) == (agreed, excepted or {})


@pytest.fixture
def gs1_folder() -> Path:
    """The folder of the published GS1 vectors; skips where they are not at hand."""
    folder = Path(os.environ.get("LOTPROOF_TEST_DATA", CHECKOUT.parent / "shared" / "data")) / "gs1"
    if not folder.is_dir():
        pytest.skip(f"the published GS1 vectors are not at {folder}; set LOTPROOF_TEST_DATA")
    return folder


@pytest.fixture
def vectors(gs1_folder: Path) -> Vectors:
    """Read one file of the published GS1 vectors."""
    return lambda name: json.loads((gs1_folder / name).read_text(encoding="utf-8"))


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Any:
    """Count vectors, and print and record the figures when the test ends."""
    counted = Tally()
    yield counted
    record_property("agreed", counted.agreed)
    record_property("excepted", dict(counted.excepted))
    print(f"{counted.agreed} agreed, {sum(counted.excepted.values())} excepted {dict(counted.excepted)}")  # noqa: T201 - a figure to read


@pytest.fixture
def today() -> date:
    """The day on which the tests' codes are read."""
    return TODAY
