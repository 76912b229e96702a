"""The customs signals keep their bounds in the simulated trade, which notices when they do not."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.core.customs import route_rules, score
from ledger.core.customs.signals import SIGNALS

SCRIPTS = Path(__file__).parents[1] / "scripts"
PAGE = (SCRIPTS.parent / "docs" / "customs-signals.md").read_text(encoding="utf-8")
SEED = 7
# Signals that are common enough to be met in a small form.
COMMON = (
    "lot_misspelt",
    "quantity_over",
    "destination_differs",
    "not_shipped_yet",
    "consignee_unknown",
    "key_in_doubt",
)


@pytest.fixture(scope="module")
def simulator() -> Any:
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield importlib.import_module("customs_sim")
    finally:
        while str(SCRIPTS) in sys.path:
            sys.path.remove(str(SCRIPTS))
        for name in [name for name in sys.modules if name in {"customs_sim", "sim"} or name.startswith("sim.")]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def figures(simulator: Any) -> Any:
    return simulator.measure(1_600, SEED)


def test_the_bounds_are_met(figures: Any) -> None:
    assert figures["lines"] >= figures["shipments"] == 1_600
    assert figures["found"] >= 0.45
    assert figures["found_later"] >= 0.75
    assert figures["false"] <= 0.01
    assert figures["met"]


def test_every_fraud_and_every_noise_is_there(figures: Any) -> None:
    assert all(figures["kinds"][kind]["lines"] > 5 for kind in figures["kinds"])
    assert len(figures["kinds"]) == 6
    assert {
        "GLN of another site",
        "an affiliate as consignee",
        "cleared in parts",
        "clock wrong by over an hour",
        "declared from the hub only",
        "lot mistyped",
        "never recorded",
        "quantity mistyped",
        "received short",
        "recorded over a day late",
        "transshipped",
        "went on to another country",
    } == set(figures["noise"])


def test_the_common_signals_point_at_something(figures: Any) -> None:
    assert all(sum(figures["signals"][signal].values()) for signal in COMMON)
    assert sum(figures["signals_later"]["never_shipped"].values())


def test_the_ledger_ranks_better_than_the_declaration_alone(figures: Any) -> None:
    at = figures["precision"]["0.02"]
    assert at["later"] > at["ledger"] > at["alone"] > at["chance"]


def test_late_records_that_are_held_against_a_line_at_once_miss_the_bound(
    simulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIGNALS, "not_shipped_yet", SIGNALS["never_shipped"])
    found = simulator.measure(800, SEED)
    assert found["false"] > 0.01
    assert not found["met"]


def test_times_that_are_believed_as_they_are_claimed_raise_alarms(
    simulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route_rules, "travel_seconds", lambda _one, _other: 10 * 86_400)
    found = simulator.measure(400, SEED)
    assert found["signals"]["impossible_custody"]["honest"] > 10


def test_rules_that_find_nothing_are_noticed(simulator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "RULES", ())
    found = simulator.measure(400, SEED)
    assert found["found"] == found["found_later"] == 0
    assert not found["met"]


def test_the_page_is_one_that_the_command_wrote(simulator: Any, figures: Any) -> None:
    """Its figures come from a run of 200,000 shipments; its words are those of the command."""
    made, told = simulator.page(figures), PAGE
    assert "moves 200,000 shipments" in told
    heads = [line for line in made.splitlines() if line.startswith(("#", "**", "- **"))]
    assert [line for line in told.splitlines() if line.startswith(("#", "**", "- **"))] == heads


@pytest.mark.system
@pytest.mark.slow
def test_the_program_gives_the_same_figures_on_two_processes(simulator: Any, figures: Any, tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "customs_sim.py"), "--shipments", "1600", "--seed", str(SEED), "--json"]
    page = tmp_path / "page.md"
    done = subprocess.run(
        [*command, "--processes", "2", "--write", str(page)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == json.dumps(figures, indent=1) + "\n"
    assert page.read_text(encoding="utf-8") == simulator.page(figures)
