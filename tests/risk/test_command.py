"""`lotproof risk` from a file of declarations to a selection, as an administration would use it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger.cli.main import app
from ledger.risk import making
from tests.risk.conftest import Trained, quick
from tests.risk.declared import rows, write_csv, write_results


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["risk", *map(str, words)])
    assert result.exit_code == code, result.output
    return result.stdout


def run_json(*words: object, code: int = 0) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run(*words, "--json", code=code))
    return answer


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_model_is_trained_with_its_card_and_scores_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "CANDIDATES", quick())
    made = rows(700)
    for number, row in enumerate(made):
        row |= {"marking": "BEG"[number % 3], "packages": number % 9, "remarks": "none"}
    columns = (*made[0].keys(),)
    lines, results = write_csv(tmp_path / "lines.csv", made, columns), write_results(tmp_path / "results.csv", made)
    words = run(
        "train", lines, results, "-o", tmp_path / "model", "--administration", "Customs of Nowhere",
        "--category", "marking", "--number", "packages", "--group", "classification_id+net_net_weight_measure",
        "--group", "importer_id+customs_value_amount",
    )  # fmt: skip
    assert "AUC" in words
    assert "Columns that no model reads: non_compliant, remarks." in words
    page = (tmp_path / "model/card.md").read_text(encoding="utf-8")
    assert "joined by classification_id+net_net_weight_measure; importer_id+customs_value_amount" in page
    assert "`marking`" in page
    scored = run_json("score", tmp_path / "model", lines, "-o", tmp_path / "scores.csv", "--most", 2)
    assert len(scored["lines"]) == len(rows_of(tmp_path / "scores.csv")) == 700
    assert scored["lines"][0]["reasons"][0]["words"]
    del columns
    refused = run_json("score", tmp_path / "model", write_csv(tmp_path / "bare.csv", made), code=2)
    assert refused["field"] == "marking"


def test_the_first_lines_are_shown_with_their_reasons(trained: Trained) -> None:
    words = run("score", trained.folder, trained.lines, "--most", 2)
    assert words.startswith("1. D")
    assert "\n2. D" in words
    assert "odds ×" in words


def test_what_is_written_for_a_spreadsheet_is_no_formula(trained: Trained, tmp_path: Path) -> None:
    made = [row | {"declaration_id": f"={number}+1"} for number, row in enumerate(trained.made[:3])]
    run("score", trained.folder, write_csv(tmp_path / "lines.csv", made), "-o", tmp_path / "scores.csv")
    assert {each["declaration_id"] for each in rows_of(tmp_path / "scores.csv")} == {"'=0+1", "'=1+1", "'=2+1"}


def test_a_selection_marks_what_was_drawn_and_can_be_repeated(trained: Trained, tmp_path: Path) -> None:
    secret = tmp_path / "draw.secret"
    asked = ("select", trained.folder, trained.lines, "--budget", 60, "--secret-file", secret, "--random-share", 0.25)
    words = run(*asked, "-o", tmp_path / "one.csv")
    assert words.startswith("60 lines: 15 drawn at random from all 1,500")
    assert secret.stat().st_mode & 0o777 == 0o600
    run(*asked, "-o", tmp_path / "two.csv")
    assert rows_of(tmp_path / "one.csv") == rows_of(tmp_path / "two.csv")
    chosen = rows_of(tmp_path / "one.csv")
    assert [each["selected_by"] for each in chosen] == ["random"] * 15 + ["score"] * 45
    assert len(run_json(*asked)["selected"]) == 60
    secret.write_text("short")
    assert run_json(*asked, code=2)["field"] == "secret"
    secret.unlink()
    secret.mkdir()
    assert run_json(*asked, code=2)["field"] == "secret_file"


def test_profiles_show_intervals(trained: Trained) -> None:
    words = run("profile", trained.lines, trained.results, "--of", "importer_id", "--most", 3)
    assert len(words.splitlines()) == 5
    assert "(95 %:" in words
    found = run_json("profile", trained.lines, trained.results, "--of", "route")
    assert {"low", "high"} == set(found["profiles"][0]["interval"])


def test_drift_is_told_with_what_to_do_and_ends_with_1(trained: Trained, tmp_path: Path) -> None:
    later = write_csv(tmp_path / "later.csv", rows(3_000)[1_500:])  # of the same traders
    assert "Nothing to do." in run("drift", trained.folder, later)
    moved = [row | {"customs_value_amount": row["customs_value_amount"] * 9} for row in trained.made]
    words = run("drift", trained.folder, write_csv(tmp_path / "moved.csv", moved), code=1)
    assert "customs_value_amount: moved" in words
    assert "Train again" in words
    turned = write_results(tmp_path / "turned.csv", [row | {"non_compliant": True} for row in trained.made])
    answer = run_json("drift", trained.folder, trained.lines, "--results", turned, code=1)
    assert answer["since"]["fits"] is False
    assert "no longer hold" in run("drift", trained.folder, trained.lines, "--results", turned, code=1)


def test_the_card_takes_up_later_results(trained: Trained, tmp_path: Path) -> None:
    assert "None was given" in run("card", trained.folder)
    later = ("--lines", trained.lines, "--results", trained.results)
    assert "is in" in run("card", trained.folder, *later, "-o", tmp_path / "card.md")
    assert "scores miss" in (tmp_path / "card.md").read_text(encoding="utf-8")
    assert run_json("card", trained.folder, "--lines", trained.lines, code=2)["field"] == "lines"


def test_rows_left_out_are_named_on_standard_error(trained: Trained, tmp_path: Path) -> None:
    wrong = [row | {"classification_id": "30"} if number < 12 else row for number, row in enumerate(trained.made)]
    result = CliRunner().invoke(app, ["risk", "score", str(trained.folder), str(write_csv(tmp_path / "a.csv", wrong))])
    assert result.exit_code == 0
    assert "Left out: Row 1, column classification_id" in result.stderr
    assert "Left out: 2 more rows." in result.stderr


def test_what_is_no_model_is_refused(tmp_path: Path, trained: Trained) -> None:
    assert run_json("score", tmp_path, trained.lines, code=1)["error"] == "NotFound"
