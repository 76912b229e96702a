"""A delivery judged into a result file: what it says, and how it goes on after an interruption."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger.cli import delivery
from ledger.cli.main import app
from ledger.store.database import open_database
from tests.indexed_world import LOTS, link, world, write

CODES = [link(), "=1+1", link(LOTS["recalled"]), link("NONE"), link(), ""]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(delivery, "AT_ONCE", 2)
    told = world()
    monkeypatch.setattr("time.time", lambda: float(told.now))
    db = open_database(f"sqlite:///{tmp_path}/lotproof.db")
    write(db, told)
    db.close()
    rows = [["n", "code"], *([str(number), code] for number, code in enumerate(CODES))]
    with (tmp_path / "codes.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path


def run(folder: Path, *more: str, codes: str = "codes.csv") -> tuple[int, dict[str, Any]]:
    said = ["delivery", str(folder / codes), "-o", str(folder / "out.csv"), "--data", str(folder), "--json", *more]
    result = CliRunner().invoke(app, said)
    return result.exit_code, json.loads(result.stdout)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "out.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_is_judged_and_a_bad_one_stops_nothing(folder: Path) -> None:
    code, told = run(folder)
    assert code == 1
    assert [row["verdict"] for row in rows(folder)][:3] == ["verified", "unreadable", "do_not_use"]
    assert [row["code"] for row in rows(folder)] == [CODES[0], "'=1+1", *CODES[2:]]
    assert [row["position"] for row in rows(folder)] == [str(number) for number in range(6)]
    assert told["codes"] == sum(told["counts"].values()) == 6
    assert told["counts"]["unreadable"] == 2


@pytest.mark.parametrize("length", [0, 1, 40, 61, 300, 400])
def test_a_run_that_was_cut_short_goes_on(folder: Path, length: int) -> None:
    run(folder)
    whole = (folder / "out.csv").read_bytes()
    (folder / "out.csv").write_bytes(whole[:length] if length >= 61 else b"")
    _, told = run(folder)
    assert (folder / "out.csv").read_bytes() == whole
    assert told["counts"]["unreadable"] == 2
    assert run(folder)[1]["continued_at"] == 6


def test_the_result_of_other_codes_is_left_alone(folder: Path) -> None:
    run(folder)
    before = (folder / "out.csv").read_bytes()
    (folder / "other.txt").write_text(f"{link('X')}\n{link()}\n")
    code, told = run(folder, codes="other.txt")
    assert (code, told["field"]) == (2, "output")
    assert (folder / "out.csv").read_bytes() == before


def test_all_verified_leaves_with_0(folder: Path) -> None:
    (folder / "good.txt").write_text(f"{link()}\n{link()}\n")
    assert run(folder, codes="good.txt")[0] == 0


@pytest.mark.parametrize(("name", "text"), [("x.csv", "a,b\n1,2\n"), ("x.txt", ""), ("x.csv", 'code\n"a\n')])
def test_a_file_without_codes_is_refused(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    assert run(folder, codes=name)[0] == 2
