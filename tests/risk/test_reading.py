"""Files of administrations are as they are: faults are named, and all else is read."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from ledger.core.customs.declaration import FIELDS, FOR_RISK_ONLY, DeclarationLine
from ledger.core.customs.reading import read_lines as declaration_lines
from ledger.core.errors import InvalidInputError
from ledger.risk import reading
from ledger.risk.inspected import inspected
from ledger.risk.lines import CATEGORIES, NUMBERS
from ledger.risk.reading import digest, read_lines, read_results
from tests.risk.declared import COLUMNS, lines_of, rows, write_csv, write_results

HEAD = "declaration_id,sequence_numeric,acceptance_date_time,classification_id"
GOOD = "A1,1,2026-03-01,300241"


def written(folder: Path, text: str, name: str = "lines.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    made = rows(30)
    expected, _ = lines_of(made)
    as_json = written(tmp_path, json.dumps([{name: row[name] for name in COLUMNS} for row in made]), "lines.json")
    for path in (write_csv(tmp_path / "a.csv", made), as_json):
        read = read_lines(path)
        assert read.faults == []
        assert read.lines.names.tolist() == expected.names.tolist()
        assert read.lines.days.tolist() == expected.days.tolist()
        assert {name: list(column) for name, column in read.lines.categories.items()} == {
            name: list(column) for name, column in expected.categories.items()
        }
        for name, column in expected.numbers.items():
            np.testing.assert_array_equal(read.lines.numbers[name], column)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",1,2026-03-01,300241,5,x", "declaration_id"),
        ("A2,one,2026-03-01,300241,5,x", "sequence_numeric"),
        ("A2,-1,2026-03-01,300241,5,x", "sequence_numeric"),
        ("A2,1,03/01/2026,300241,5,x", "acceptance_date_time"),
        ("A2,1,2026-02-30,300241,5,x", "acceptance_date_time"),
        ("A2,1,2026-03-01,3002,5,x", "classification_id"),
        ("A2,1,2026-03-01,30O241,5,x", "classification_id"),
        ("A2,1,2026-03-01,300241,-5,x", "customs_value_amount"),
        ("A2,1,2026-03-01,300241,nan,x", "customs_value_amount"),
        ("A2,1,2026-03-01,300241,1_0,x", "customs_value_amount"),
        ("A2,1,2026-03-01,300241,many,x", "customs_value_amount"),
        (f"A2,1,2026-03-01,300241,5,{'x' * 201}", "importer_id"),
        ("A1,1,2026-03-02,300241,5,x", "declaration_id"),
    ],
)
def test_a_faulty_row_is_named_and_the_rest_kept(tmp_path: Path, row: str, column: str) -> None:
    text = f"{HEAD},customs_value_amount,importer_id\n{GOOD},5,x\n{row}\nA3,1,2026-03-01,300241,,\n"
    read = read_lines(written(tmp_path, text))
    assert read.lines.names.tolist() == [("", "A1", 1), ("", "A3", 1)]
    (fault,) = read.faults
    assert (fault.row, fault.column) == (2, column)
    assert str(fault).startswith(f"Row 2, column {column}: ")
    assert math.isnan(read.lines.numbers["customs_value_amount"][1])


def test_of_a_lines_versions_the_highest_counts_wherever_it_stands(tmp_path: Path) -> None:
    text = f"{HEAD},version_id\nA1,1,2026-03-01,300241,2\nA1,1,2026-03-05,300249,3\nA1,1,2026-03-01,300200,\n"
    text += "A2,1,2026-03-01,300241,x\n"
    read = read_lines(written(tmp_path, text))
    assert read.lines.commodities.tolist() == ["300249"]
    assert str(read.lines.days[0]) == "2026-03-05"
    assert [fault.column for fault in read.faults] == ["version_id"]


def test_columns_of_ones_own_are_read_if_named_and_else_told(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEAD},marking,packages,notes\n{GOOD},E,3,hello\n")
    assert read_lines(path).unused == ("marking", "packages", "notes")
    read = read_lines(path, ["marking"], ["packages"])
    assert read.unused == ("notes",)
    assert (read.lines.category("marking")[0], read.lines.number("packages")[0]) == ("E", 3.0)


@pytest.mark.parametrize("own", ["mark ing", "importer_id", "", "a.b"])
def test_a_column_of_ones_own_has_a_name_of_its_own(tmp_path: Path, own: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be a column of your own"):
        read_lines(written(tmp_path, f"{HEAD}\n{GOOD}\n"), [own])


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("", "a.csv", "no rows"),
        (f"{HEAD}\n", "a.csv", "no rows"),
        ("declaration_id,sequence_numeric\nA,1\n", "a.csv", "no acceptance_date_time"),
        (f"{HEAD}\nA1,1,2026-03-01\n", "a.csv", "has 3 values"),
        (f"{HEAD},{HEAD}\n", "a.csv", "twice"),
        (f'{HEAD}\n"A1,1\n', "a.csv", "not CSV"),
        (f"{HEAD}\nA1,x,2026-03-01,300241\n", "a.csv", "Row 1, column sequence_numeric"),
        ("{}", "a.json", "list of objects"),
        ("[[1]]", "a.json", "list of objects"),
        ("[", "a.json", "not JSON"),
    ],
)
def test_a_file_that_holds_no_lines_is_refused(tmp_path: Path, text: str, name: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        read_lines(written(tmp_path, text, name))


def test_a_column_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no column marking"):
        read_lines(written(tmp_path, f"{HEAD}\n{GOOD}\n"), ["marking"])


def test_what_is_too_large_or_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, f"{HEAD}\n{GOOD}\nA2,1,2026-03-01,300241\n")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_lines(tmp_path / "none.csv")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        digest(tmp_path / "none.csv")
    monkeypatch.setattr(reading, "MAX_LINES", 1)
    with pytest.raises(InvalidInputError, match="more than 1 rows"):
        read_lines(path)
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    with pytest.raises(InvalidInputError, match="at most 10 are read"):
        read_lines(path)


def test_json_may_leave_out_what_is_not_known_and_list_places(tmp_path: Path) -> None:
    line = {"declaration_id": "A", "sequence_numeric": 1, "acceptance_date_time": "2026-03-01T10:00:00+07:00"}
    text = json.dumps([line | {"classification_id": "3002410000", "loading_location_id": None, "marking": ["a", "b"]}])
    read = read_lines(written(tmp_path, text, "a.json"), ["marking"])
    assert str(read.lines.days[0]) == "2026-03-01"
    assert (read.lines.category("loading_location_id")[0], read.lines.category("marking")[0]) == ("", "a b")


def test_results_find_their_lines(tmp_path: Path) -> None:
    made = rows(20)
    lines = read_lines(write_csv(tmp_path / "lines.csv", made[:15])).lines
    known = inspected(lines, read_results(write_results(tmp_path / "results.csv", made[5:], "score")))
    assert known.lines.names.tolist() == lines.names[5:].tolist()
    assert known.truth.tolist() == [row["non_compliant"] for row in made[5:15]]
    assert (set(known.selected_by), known.strays) == ({"score"}, 5)
    with pytest.raises(InvalidInputError, match="None of the results"):
        inspected(lines, {})


def test_what_a_terminal_would_obey_is_not_kept(tmp_path: Path) -> None:
    text = f'{HEAD},importer_id\n{GOOD},"A\x1b[2J\tB"\n'
    assert read_lines(written(tmp_path, text)).lines.category("importer_id")[0] == "A [2J B"


def test_two_offices_may_give_the_same_number(tmp_path: Path) -> None:
    lines = read_lines(written(tmp_path, f"{HEAD},declaration_office_id\n{GOOD},TH01\n{GOOD},TH02\n")).lines
    assert list(map(str, lines.names)) == ["TH01 A1 line 1", "TH02 A1 line 1"]
    assert len(set(lines.shipments)) == 2
    head = "declaration_office_id,declaration_id,sequence_numeric,result"
    known = inspected(lines, read_results(written(tmp_path, f"{head}\nTH02,A1,1,non_compliant\n", "r.csv")))
    assert known.lines.names[0].office == "TH02"
    without = read_results(written(tmp_path, "declaration_id,sequence_numeric,result\nA1,1,compliant\n", "r.csv"))
    with pytest.raises(InvalidInputError) as refused:
        inspected(lines, without)
    assert "declaration_office_id" in refused.value.advice


@pytest.mark.parametrize(
    ("row", "column"),
    [("A1,1,fine", "result"), ("A1,x,compliant", "sequence_numeric"), ("A0,1,compliant", "declaration_id")],
)
def test_no_result_is_left_out_silently(tmp_path: Path, row: str, column: str) -> None:
    text = f"declaration_id,sequence_numeric,result\nA0,1,non_compliant\n{row}\n"
    with pytest.raises(InvalidInputError) as refused:
        read_results(written(tmp_path, text))
    assert (refused.value.field, refused.value.position) == (column, 2)


def test_a_file_for_the_ledger_and_one_for_a_model_are_the_same_file(tmp_path: Path) -> None:
    columns = [field.name for field in FIELDS] + [*FOR_RISK_ONLY]
    values = dict.fromkeys(columns, "") | {
        "declaration_id": "TH26-1",
        "acceptance_date_time": "2026-11-02",
        "declaration_office_id": "THLCH",
        "sequence_numeric": "1",
        "classification_id": "300241",
        "origin_country_code": "BE",
        "loading_location_id": "BEANR",
        "unloading_location_id": "THLCH",
        "gross_mass_measure": "120.5",
        "net_net_weight_measure": "100",
        "customs_value_amount": "5000",
        "currency_id": "EUR",
        "importer_id": "8888888800002",
        "exporter_id": "E1",
        "tax_rate_numeric": "7",
    }
    path = written(tmp_path, f"{','.join(columns)}\n{','.join(values.values())}\n")
    read = read_lines(path)
    assert (len(read.lines), read.faults) == (1, [])
    assert {*CATEGORIES, *NUMBERS} <= set(columns)
    [line] = declaration_lines(path.read_bytes(), as_json=False)
    assert isinstance(line, DeclarationLine)
    assert line.declaration_id == "TH26-1"
