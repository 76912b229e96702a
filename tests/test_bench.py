"""The benchmark runs as a whole in a small form, and its figures hang together."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.logs import decode_log
from ledger.core import facts
from ledger.core.history import fold

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture(scope="module")
def parts() -> Any:
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield importlib.import_module("bench.trade"), importlib.import_module("bench.figures")
    finally:
        sys.path.remove(str(SCRIPTS))
        for name in [name for name in sys.modules if name == "bench" or name.startswith("bench.")]:
            del sys.modules[name]


@pytest.mark.system
@pytest.mark.slow
def test_the_benchmark_runs_and_its_ratios_are_those_of_its_figures(tmp_path: Path) -> None:
    small = ("--events", "120", "--rounds", "1", "--seconds", "0.2", "--printed", "100", "--units", "500", "--json")
    parts = ("--only", "index", "verify", "rates", "labels", "printing", "lists", "units")
    command = [sys.executable, str(SCRIPTS / "bench.py"), *small, *parts]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode in {0, 1}, done.stderr  # whether goals are met says nothing at this size
    figures = json.loads(done.stdout)["figures"]
    against = {each["against"].partition(",")[0] for each in figures}
    assert {
        "web3 get_logs",
        "bare Starlette",
        "eth_call for each scan",
        "eth-account",
        "1 process",
        "one durable insert of as many bytes",
        "qrcode",
        "OpenZeppelin's library",
    } <= against
    for each in figures:
        assert 0 < each["spread"][0] <= each["value"] <= each["spread"][1], each
        if each["baseline"]:
            assert each["ratio"] == pytest.approx(each["value"] / each["baseline"])
    assert not list(tmp_path.iterdir())  # nothing is left behind


def test_the_trade_has_the_events_asked_for_and_no_broken_history(parts: Any) -> None:
    trade = parts[0].Trade(1_300, 1_790_000_000)
    logs = [log for block in trade.logs for log in block]
    told = [decode_log(log, int(log["blockTimestamp"], 16)) for log in logs]
    events = [fact for fact in told if isinstance(fact, facts.CustodyEvent)]
    registrations = [fact for fact in told if isinstance(fact, facts.Registration)]
    assert len(events) == trade.recorded == 1_302
    assert len(registrations) == len(trade.lots) == len({fact.batch for fact in registrations}) == 217
    for registration in registrations:
        own = tuple(event for event in events if event.consignment == registration.batch)
        children = tuple(fact for fact in told if isinstance(fact, facts.Child) and fact.batch == registration.batch)
        assert not fold(facts.BatchFacts(registration, own, children)).breaks


def test_a_figure_meets_its_goal_only_with_value_and_ratio(parts: Any) -> None:
    figure = parts[1].figure
    good = figure("x", [9.0, 30.0, 20.0], "a second", against="y", baselines=[1.0, 2.0, 3.0], goal=20, goal_ratio=10)
    assert (good.value, good.ratio, good.spread, good.met) == (20.0, 10.0, (9.0, 30.0), True)
    assert figure("x", [20.0], "a second", baselines=[2.1], goal=20, goal_ratio=10).met is False
    assert figure("x", [19.0], "a second", baselines=[1.0], goal=20, goal_ratio=10).met is False
    assert figure("x", [24.0], "ms", goal=25, lower_is_better=True).met is True
    assert figure("x", [25.0], "ms", goal=25, lower_is_better=True).met is False
    assert figure("x", [25.0], "ms").met is None


def test_a_missed_goal_is_shown(parts: Any) -> None:
    shown = parts[1].table([parts[1].figure("slow", [1.0], "a second", against="y", baselines=[4.0], goal_ratio=0.4)])
    assert "y: 4" in shown
    assert "25%" in shown
    assert "MISSED" in shown
