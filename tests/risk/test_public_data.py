"""The page tells the figures that its command wrote, and the command reads the public data as they are."""

from __future__ import annotations

import csv
import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from ledger.risk import making
from ledger.risk.groups import folds, joined
from ledger.risk.lines import CATEGORIES, NUMBERS, REQUIRED
from ledger.risk.metrics import auc
from tests.risk.conftest import quick

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts/risk"
NUMBER = re.compile(r"(?<![\d.])-?\d*\.\d+(?:±\d\.\d+)?")


class Parts(NamedTuple):
    page: ModuleType
    korean: ModuleType
    evaluation: ModuleType
    attempts: ModuleType
    run: ModuleType


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    names = ("page", "korean", "evaluation", "attempts", "run")
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield Parts(*(importlib.import_module(name) for name in names))
    finally:
        sys.path.remove(str(SCRIPTS))
        for name in (*names, "baselines"):
            sys.modules.pop(name, None)


def test_the_page_has_the_tables_of_the_figures(parts: Parts) -> None:
    figures = json.loads(parts.page.FIGURES.read_text(encoding="utf-8"))
    made = parts.page.tables(figures, parts.page.published())
    assert parts.page.tables_of(parts.page.PAGE.read_text(encoding="utf-8")) == made
    assert set(figures["trials"]["attempts"]["rows"]) == {"LightGBM defaults", *parts.attempts.ATTEMPTS}
    assert set(figures["trials"]["grouped"]["rows"]) == set(parts.evaluation.WAYS)


def test_the_page_names_every_column_that_is_read(parts: Parts) -> None:
    page = parts.page.PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| `([\w/@]+)` \|$", page, re.MULTILINE))
    assert rows == {**CATEGORIES, **NUMBERS}
    assert all(f"`{name}`" in page for name in (*REQUIRED, "version_id", "selected_by"))


def test_on_goods_never_seen_it_is_ahead_of_what_was_measured_before(parts: Parts) -> None:
    figures = json.loads(parts.page.FIGURES.read_text(encoding="utf-8"))
    for trial in ("grouped", "untouched"):
        rows = figures["trials"][trial]["rows"]
        assert min(rows["Lotproof"]["P@5"]) > 0.320, trial
        assert min(rows["Lotproof"]["AUC"]) > 0.598, trial
        assert all(0.49 < value < 0.51 for value in rows["LOOK-UP: exact Item Price"]["AUC"])  # nothing leaks
    assert all(low > 0 for low, _ in figures["ahead"].values())


def test_other_figures_make_another_page_and_a_page_without_a_place_is_refused(parts: Parts) -> None:
    figures = json.loads(parts.page.FIGURES.read_text(encoding="utf-8"))
    figures["trials"]["grouped"]["rows"]["Lotproof"]["AUC"] = [0.9999]
    page = parts.page.PAGE.read_text(encoding="utf-8")
    changed = parts.page.with_tables(page, parts.page.tables(figures, parts.page.published()))
    assert changed != page
    assert changed.partition(parts.page.BEGIN)[0] == page.partition(parts.page.BEGIN)[0]
    with pytest.raises(ValueError, match="no place"):
        parts.page.with_tables("# Nothing", "")


def test_every_published_number_is_told_as_it_was_published(parts: Parts, test_data: Path) -> None:
    source = (test_data / "customs/risk_model_tables.md").read_text(encoding="utf-8")
    told = json.dumps(parts.page.published(), ensure_ascii=False)
    known = {value.lstrip("0").rstrip("0") for value in re.findall(r"\d*\.\d+(?:±\d\.\d+)?", told)}
    cells = [line for line in source.splitlines() if line.startswith("| ") or "@1%" in line or "macro" in line]
    numbers = [number for line in cells for number in NUMBER.findall(line.partition("(fraud")[0])]
    assert len(numbers) > 250
    missing = [number for number in numbers if number.lstrip("0").rstrip("0") not in known]
    assert missing == []


class Data(NamedTuple):
    """All declarations, read once, and which of them a file has."""

    every: Any
    rows: dict[str, range]

    def some(self, parts: Parts, *names: str, step: int = 1) -> Any:
        lines = np.concatenate([np.array(self.rows[name])[::step] for name in names])
        return parts.evaluation.some(self.every, np.isin(np.arange(len(self.every.truth)), lines))


@pytest.fixture(scope="module")
def data(parts: Parts, test_data: Path) -> Data:
    korean = parts.korean
    every = korean.read(test_data / "customs/kcs_synthetic", korean.TRAINING, korean.VALIDATION, korean.TEST)
    rows = {
        korean.TRAINING: range(37_385),
        korean.VALIDATION: range(37_385, 45_519),
        korean.TEST: range(45_519, 54_000),
    }
    return Data(every, rows)


def test_the_products_own_groups_are_the_blocks_of_the_data(data: Data) -> None:
    lines, blocks = data.every.lines, data.every.blocks
    assert len(lines) == 54_000
    goods = zip(lines.commodities, lines.numbers["net_net_weight_measure"], strict=True)
    groups = joined([list(lines.numbers["customs_value_amount"]), list(goods)])
    assert len(set(zip(groups, blocks, strict=True))) == len(set(groups)) == len(set(blocks))


def test_a_look_up_and_a_price_come_to_the_figures_written(parts: Parts, data: Data) -> None:
    evaluation = parts.evaluation
    known, later = data.some(parts, parts.korean.TRAINING), data.some(parts, parts.korean.VALIDATION)
    written = json.loads(parts.page.FIGURES.read_text(encoding="utf-8"))["trials"]["official"]
    assert (written["lines"], written["fraud"]) == (len(later.lines), round(float(later.truth.mean()), 4))
    for name in ("Item Price, descending", "LOOK-UP: exact (HS6, Net Mass)"):
        found = evaluation.told(evaluation.ranking(later.truth, evaluation.WAYS[name](known, later, 0)))
        assert {column: [value] for column, value in found.items()} == written["rows"][name]


def test_a_fold_of_whole_blocks_is_judged_better_than_by_chance_or_memory(parts: Parts, data: Data) -> None:
    """One fold with few trees: what the page says of all is of this kind."""
    evaluation, korean = parts.evaluation, parts.korean
    every = data.some(parts, korean.TRAINING, korean.VALIDATION)
    inside = folds(every.blocks, evaluation.FOLDS) == 0
    known, asked = evaluation.some(every, ~inside), evaluation.some(every, inside)
    first = making.CANDIDATES[0]
    few = first._replace(trees=first.trees._replace(rounds=60, learning_rate=0.1))
    assert auc(asked.truth, evaluation.one(few)(known, asked, 0)) > 0.58
    assert auc(asked.truth, evaluation.WAYS["LOOK-UP: exact (HS6, Net Mass)"](known, asked, 0)) == 0.5


def test_the_last_quarter_is_scored_to_a_file(
    parts: Parts, data: Data, test_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With fewer lines and trees than the command takes."""
    monkeypatch.setenv("LOTPROOF_TEST_DATA", str(test_data))
    monkeypatch.setattr(parts.run, "read", lambda _folder, *names: data.some(parts, *names, step=50))
    monkeypatch.setattr(making, "CANDIDATES", quick())
    assert parts.run.main(["--score", str(tmp_path / "scores.csv")]) == 0
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    asked = data.some(parts, parts.korean.TEST, step=50)
    assert {row["Declaration ID"] for row in rows} == {name.declaration for name in asked.lines.names}
    assert [int(row["rank"]) for row in rows] == list(range(1, len(rows) + 1))
    assert "odds ×" in rows[0]["reasons"]


def test_without_the_data_it_is_said_where_to_put_them(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOTPROOF_TEST_DATA", str(tmp_path))
    with pytest.raises(SystemExit, match="LOTPROOF_TEST_DATA"):
        parts.run.main([])
