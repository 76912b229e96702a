"""The frame of the fault harnesses: what is run, what counts as broken, and that the page says what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.faults import report
from tests.faults.__main__ import main, run_harness
from tests.faults.catalogue import about, harnesses
from tests.faults.outcome import Harness, Outcome


def harness(*, catches: bool = True, broken: tuple[str, ...] = ()) -> Harness:
    def run(scale: str, folder: Path, plant: str | None = None) -> Outcome:
        assert list(folder.iterdir()) == []
        (folder / "written").touch()
        if plant is not None:
            return Outcome({}, ("The planted bug shows.",) if catches else ())
        return Outcome({"kills": 100 if scale == "long" else 3}, broken)

    return cast("Harness", SimpleNamespace(NAME="sham", PLANTS=("one", "two"), run=run, __doc__="A sham.\n\nMore."))


def test_a_harness_that_holds_and_catches_its_bugs_is_reported_as_held(tmp_path: Path) -> None:
    made = run_harness(harness(), "long", tmp_path)
    assert made["broken"] == []
    assert made["figures"] == {"kills": 100}
    assert made["plants"] == {"one": "The planted bug shows.", "two": "The planted bug shows."}
    assert (made["about"], made["command"]) == ("A sham.", "scripts/faults sham")


def test_a_harness_that_misses_a_planted_bug_is_broken(tmp_path: Path) -> None:
    assert len(run_harness(harness(catches=False), "quick", tmp_path)["broken"]) == 2


def test_a_broken_promise_is_reported_and_shown(tmp_path: Path) -> None:
    made = run_harness(harness(broken=("Two were lost.",)), "long", tmp_path)
    report.write(made, tmp_path / "figures")
    assert report.reports(tmp_path / "figures") == [json.loads(json.dumps(made))]
    assert "**no**: Two were lost." in report.table([made])


def test_the_table_takes_its_place_and_leaves_the_rest_of_the_page(tmp_path: Path) -> None:
    page = f"# Before\n\n{report.BEGIN}\nold\n{report.END}\n\nAfter\n"
    made = report.table([run_harness(harness(), "long", tmp_path)])
    renewed = report.with_table(page, made)
    assert report.table_of(renewed) == made
    assert renewed == page.replace("old", made)
    with pytest.raises(ValueError, match="no place for the table"):
        report.with_table("# Nothing", made)


def test_wrong_usage_ends_with_what_there_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "something").touch()
    for arguments in (["no-such-harness"], ["all", "--folder", str(tmp_path)]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "there is no harness no-such-harness; there are: " in told
    assert "is not empty" in told


def test_every_harness_says_what_it_does_and_has_bugs_to_put_in_and_tests() -> None:
    for name, found in harnesses().items():
        assert about(found).endswith("."), name
        assert found.PLANTS, name
        module = Path(cast("Any", found).__file__)
        assert (module.parent / f"test_{module.name}").exists(), name


def test_the_page_shows_exactly_the_reports_and_names_every_harness() -> None:
    made = report.reports()
    assert report.table_of(report.PAGE.read_text(encoding="utf-8")) == report.table(made)
    assert all(f"| `{name}`: " in report.PAGE.read_text(encoding="utf-8") for name in harnesses())
    assert {each["name"] for each in made} <= set(harnesses())
    for each in made:
        assert set(each["plants"]) == set(harnesses()[each["name"]].PLANTS), each["name"]
