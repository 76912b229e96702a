"""`lotproof declaration`: what a person and a program read, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger.cli.main import app
from ledger.cli.output import visible
from ledger.store.database import open_database
from tests.core.customs.desk_story import GOOD
from tests.indexed_world import LOTS, world, write

TOLD = world()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    database = open_database(f"sqlite:///{tmp_path / 'lotproof.db'}")
    write(database, TOLD)
    database.close()
    monkeypatch.setattr("time.time", lambda: float(TOLD.now))

    def call(*words: str) -> Any:
        return CliRunner().invoke(app, ["declaration", *words, "--data", str(tmp_path)])

    return call


def row(**changes: Any) -> dict[str, Any]:
    values = GOOD._replace(consignee_id="", sscc="", lot=LOTS["transit"], arrival_date_time=0)._asdict()
    del values["arrival_date_time"]
    return values | {"acceptance_date_time": "2026-06-02"} | changes


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lines.json"
    rows = [row(), row(sequence_numeric=2, lot=LOTS["recalled"]), row(sequence_numeric=3, currency_id="?")]
    rows.append(row(sequence_numeric=4, gtin="", lot="", tariff_quantity=""))
    path.write_text(json.dumps(rows))
    return path


def test_bad_rows_are_named_and_end_with_one(run: Any, file: Path) -> None:
    done = run("import", str(file))
    assert done.exit_code == 1
    assert f"{file}: Row 3, column currency_id: '?' is not three letters" in done.stdout
    assert "3 lines added, 0 there already, 1 bad rows left out" in done.stdout
    again = json.loads(run("import", str(file), "--json").stdout)
    assert (again["added"], again["there"], again["with_signals"]) == (0, 3, 1)
    assert [(fault["field"], fault["position"]) for fault in again["faults"]] == [("currency_id", 3)]


def test_very_many_bad_rows_are_counted(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps([row(currency_id="?")] * 60))
    assert "and 10 more bad rows" in run("import", str(path)).stdout


def test_a_good_file_ends_with_zero_and_another_with_two(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_text("nothing\n")
    assert run("import", str(path)).exit_code == 2
    assert run("import", str(tmp_path / "absent.csv")).exit_code == 2
    good = tmp_path / "good.json"
    good.write_text(json.dumps([row()]))
    assert run("import", str(good)).exit_code == 0


def test_lines_are_listed_by_risk_and_shown_with_reasons(run: Any, file: Path) -> None:
    run("import", str(file))
    listed = run("list").stdout
    assert "recalled" in listed
    assert LOTS["transit"] not in listed
    everything = json.loads(run("list", "--risk", "0", "--json").stdout)["lines"]
    assert [each["risk"] for each in everything] == sorted((each["risk"] for each in everything), reverse=True)
    assert len(everything) == 3
    assert run("list", "--country", "my").stdout.strip() == "There are no such lines."
    shown = run("show", str(everything[0]["number"])).stdout
    assert "recalled (90): Maker & Co recalled 05413868000016 lot RC1" in shown
    assert "Risk: " in shown
    unnamed = next(each for each in everything if not each["line"]["gtin"])
    assert unnamed["score"]["match"] == "no_reference"
    assert "no risk" in run("show", str(unnamed["number"])).stdout


def test_lines_are_scored_again(run: Any, file: Path) -> None:
    run("import", str(file))
    assert run("score").stdout.strip() == "3 lines, 1 of them with a signal"
    assert json.loads(run("score", "--json").stdout) == {"lines": 3, "with_signals": 1}


def test_a_line_that_is_not_there_ends_with_one(run: Any) -> None:
    done = run("show", "7")
    assert done.exit_code == 1
    assert "no declaration line 7" in done.stderr


def test_a_folder_without_a_ledger_is_named_and_none_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    done = CliRunner().invoke(app, ["declaration", "list", "--data", str(folder)])
    assert done.exit_code == 2
    assert f"There is no ledger in {folder}" in done.stderr
    assert not folder.exists()


def test_what_strangers_wrote_moves_no_cursor() -> None:
    assert visible("a\x1b[2Jb\nc") == "a\N{REPLACEMENT CHARACTER}[2Jb\nc"
