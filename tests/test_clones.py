"""The rules against copied packs keep their bounds in the simulated trade, which notices when they do not."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.core import clones
from ledger.core.clones import RULES
from ledger.core.unit import UnitEvent

SCRIPTS = Path(__file__).parents[1] / "scripts"
MOST_FALSE, LEAST_CAUGHT = 0.0005, 0.95  # the bounds of docs/clones.md
PAGE = (SCRIPTS.parent / "docs" / "clones.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def simulator() -> Any:
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield importlib.import_module("clones")
    finally:
        while str(SCRIPTS) in sys.path:
            sys.path.remove(str(SCRIPTS))
        for name in [name for name in sys.modules if name in {"clones", "sim"} or name.startswith("sim.")]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def figures(simulator: Any) -> Any:
    return simulator.measure(20_000, 25, seed=7)


def test_false_alarms_stay_below_the_bound(figures: Any) -> None:
    genuine = figures["genuine"]
    assert genuine["scans"] >= 20_000
    assert genuine["rate"] == genuine["false_alarms"] / genuine["scans"] <= MOST_FALSE


def test_nearly_every_pack_copied_ten_times_is_caught(figures: Any) -> None:
    ten = [way for way in figures["copied"] if way["copies"] == 10 and way["dispensed"]]
    assert len(ten) == 4
    assert all(way["caught"] / way["packs"] >= LEAST_CAUGHT for way in ten)
    assert figures["met"]


def test_the_noise_is_there_and_every_rule_but_the_last_catches_something(figures: Any) -> None:
    noise = figures["genuine"]["noise"]
    assert set(noise) == {
        "clock wrong by over 15 minutes",
        "heard late",
        "misread as other",
        "misread, refused",
        "misread, repaired",
        "place set wrong",
    }
    assert all(noise.values())
    assert {rule for way in figures["copied"] for rule in way["rules"]} >= set(RULES[:-1])


def test_the_same_seed_gives_the_same_figures(simulator: Any) -> None:
    small = [simulator.measure(1_000, 5, seed=3) for _ in range(2)]
    assert small[0] == small[1]
    assert small[0] != simulator.measure(1_000, 5, seed=4)


def believed(event: UnitEvent) -> tuple[int | None, int]:
    """A planted bug: the signer's clock is right, whatever the server heard when."""
    return event.occurred_at, event.occurred_at


def exact(event: UnitEvent) -> tuple[int | None, int]:
    """Another: what comes in happened when it came in."""
    return event.received_at, event.received_at


@pytest.mark.parametrize("planted", [believed, exact])
def test_without_the_margins_for_clocks_and_late_data_the_bound_is_missed(
    simulator: Any, monkeypatch: pytest.MonkeyPatch, planted: Callable[[UnitEvent], tuple[int | None, int]]
) -> None:
    monkeypatch.setattr(clones, "bounds", planted)
    figures = simulator.measure(10_000, 1, seed=7)
    assert figures["genuine"]["rate"] > MOST_FALSE
    assert not figures["met"]


def test_without_the_time_in_which_records_settle_the_bound_is_missed(
    simulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clones, "SETTLED", 0)
    figures = simulator.measure(10_000, 1, seed=7)
    assert figures["genuine"]["rules"]["outside_custody"] > 0
    assert figures["genuine"]["rate"] > MOST_FALSE


def test_rules_that_find_nothing_are_noticed(simulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clones, "TWO", 10**9)
    figures = simulator.measure(500, 2, seed=7)
    assert figures["genuine"]["false_alarms"] == figures["least_caught_of_ten"] == 0
    assert not figures["met"]
    assert "A BOUND IS MISSED" in simulator.table(figures)


@pytest.mark.system
@pytest.mark.slow
def test_the_program_gives_the_same_figures_on_two_processes(simulator: Any, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "clones.py"), "--genuine", "9000", "--copied", "20", "--seed", "7"]
    done = [
        subprocess.run(
            [*command, "--processes", count, "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        for count in ("1", "2")
    ]
    assert json.loads(done[0].stdout) == json.loads(done[1].stdout)
    assert done[0].stdout == json.dumps(simulator.measure(9_000, 20, seed=7), indent=1) + "\n"


def test_the_page_names_every_rule_and_the_thresholds() -> None:
    assert all(f"`{rule}`" in PAGE for rule in RULES)
    assert f"{clones.HEARD_WITHIN // 60} minutes" in PAGE
    assert f"{clones.GRACE // 3600} hours" in PAGE
    assert f"{clones.SETTLED // 86_400} days" in PAGE
    assert f"more than {clones.MOST_ORGANISATIONS} organisations" in PAGE
    assert f"more than {clones.MOST_A_DAY} within" in PAGE
