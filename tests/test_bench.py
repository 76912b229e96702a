"""The benchmark runs as a whole in a small form, and its figures hang together."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.logs import decode_log
from ledger.core import facts
from ledger.core.gs1 import parse_code
from ledger.core.history import fold
from ledger.core.label_signature import Label, verify_label
from tests.postgres import programs

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture(scope="module")
def parts() -> Any:
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield tuple(importlib.import_module(f"bench.{name}") for name in ("trade", "figures", "goods"))
    finally:
        sys.path.remove(str(SCRIPTS))
        for name in [name for name in sys.modules if name == "bench" or name.startswith("bench.")]:
            del sys.modules[name]


@pytest.mark.system
@pytest.mark.slow
def test_the_benchmark_runs_and_its_ratios_are_those_of_its_figures(tmp_path: Path) -> None:
    small = ("--events", "120", "--rounds", "1", "--seconds", "0.2", "--printed", "100", "--units", "500", "--json")
    parts = ("--only", "index", "verify", "declarations", "rates", "labels", "printing", "lists", "units")
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


@pytest.mark.system
@pytest.mark.slow
def test_a_ledger_is_made_indexed_and_verified_while_it_grows_and_is_drawn(tmp_path: Path) -> None:
    picture, kept = tmp_path / "scale.svg", tmp_path / "kept"
    small = ("--only", "scale", "--events", "2000", "--seconds", "1", "--json")
    command = [sys.executable, str(SCRIPTS / "bench.py"), *small, "--keep", str(kept), "--plot", str(picture)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode in {0, 1}, done.stderr  # whether goals are met says nothing at this size
    figures = {each["name"]: each["value"] for each in json.loads(done.stdout)["figures"]}
    named = [name for name in figures if "from zero" in name]
    assert len(named) == 1 + (programs() is not None)
    assert all(value > 0 for value in figures.values())
    drawn = picture.read_text()
    assert "custody events in the database" in drawn
    assert str(tmp_path) not in drawn
    assert len(list(next(kept.iterdir()).glob("data/units/*.units"))) >= 200


def test_the_trade_has_the_events_asked_for_and_no_broken_history(parts: Any) -> None:
    trade = parts[0].Trade(1_296, 1_790_000_000, units=3, later=4)
    chain = list(trade.blocks())
    assert len(chain) == trade.length + trade.later
    logs = [log for _, found in chain for log in found]
    told = [decode_log(log, int(log["blockTimestamp"], 16)) for log in logs]
    registrations = [fact for fact in told if isinstance(fact, facts.Registration)]
    events = [fact for fact in told if isinstance(fact, facts.CustodyEvent)]
    before = [event for event in events if event.recorded.block < trade.length]
    assert len(before) == trade.recorded == 1_300
    assert len({fact.batch for fact in registrations}) == 130 + 2 * trade.later
    for registration in registrations:
        children = tuple(fact for fact in told if isinstance(fact, facts.Child) and fact.batch == registration.batch)
        ids = {registration.batch, *(child.consignment for child in children)}
        own = tuple(event for event in events if event.consignment in ids)
        history = fold(facts.BatchFacts(registration, own, children))
        assert not history.breaks
        index = int(registration.lot[2:])
        recalled = trade.lot(index).verdict == "do_not_use" and index < trade.batches
        assert (history.recall is not None) == (recalled or index in trade.recalled_later)


def test_what_is_on_a_pack_of_the_trade_holds(parts: Any) -> None:
    lot = parts[0].Trade(100, 1_790_000_000, units=5).lot(7)
    serial = lot.serials()[2].decode()
    code = parse_code(lot.signed_link(serial), today=date(2026, 11, 1), hosts=("lotproof.example",))
    assert (code.gtin, code.lot, code.serial) == (lot.gtin, "LT000007", serial)
    label = Label(tuple((ai, value) for ai, value in code.elements), code.label_key or "", code.label_signature or "")
    assert verify_label(parts[2].label_signer(lot.maker).signer, label)
    assert parse_code(lot.sscc(1), today=date(2026, 11, 1)).sscc == lot.sscc(1)


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
