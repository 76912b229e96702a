"""The learned score and the ledger's signals are never mixed: neither knows of the other."""

from __future__ import annotations

from pathlib import Path

from tests.test_layers import imports, modules

NEEDED = ("ledger.core.errors", "ledger.core.table", "ledger.durable", "ledger.risk")


def ours(checkout: Path, package: str) -> set[str]:
    found = {name for file in modules(checkout, package) for name in imports(file.read_text(encoding="utf-8"))}
    return {name for name in found if name.startswith("ledger.")}


def test_nothing_that_makes_a_score_knows_the_ledger(checkout: Path) -> None:
    known = ours(checkout, "ledger/risk")
    assert known
    assert not [name for name in known if not name.startswith(NEEDED)]


def test_nothing_that_judges_by_the_ledger_knows_of_scores(checkout: Path) -> None:
    for package in ("ledger/core", "ledger/store", "api"):
        assert not [name for name in ours(checkout, package) if name.startswith("ledger.risk")]
