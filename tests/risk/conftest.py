"""One small model for all tests that need one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ledger.risk import making
from ledger.risk.inspected import Inspected, inspected
from ledger.risk.model_files import RiskModel
from ledger.risk.reading import read_lines, read_results
from ledger.risk.training import Origin, train
from tests.risk.declared import rows, write_csv, write_results

ORIGIN = Origin("Customs of Nowhere", "2026-11-26", {"lines.csv": "ab" * 32}, 0, seed=3)


class Trained(NamedTuple):
    folder: Path
    made: list[dict[str, Any]]
    lines: Path
    results: Path
    known: Inspected
    model: RiskModel


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("risk")
    made = rows(1_500)
    lines, results = write_csv(folder / "lines.csv", made), write_results(folder / "results.csv", made)
    known = inspected(read_lines(lines).lines, read_results(results))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "CANDIDATES", quick())
        model = train(known, folder / "model", ORIGIN)
    return Trained(folder / "model", made, lines, results, known, model)


def quick() -> tuple[making.Candidate]:
    """The candidate that looks at all, with few trees: enough to learn from what `rows` makes."""
    full = making.CANDIDATES[-1]
    return (full._replace(trees=full.trees._replace(rounds=40, learning_rate=0.1, min_data_in_leaf=20)),)
