"""Every alert fires when it should and stays quiet when it should not, and names what a server really tells."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import Asker

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/dashboards/lotproof.json"
RUNBOOK = ROOT / "docs/runbook.md"
NAMES = re.compile(r"\b(?:lotproof_[a-z_]+|up)\b(?=\{|\[|\)| |$)")
GROUP_WORDS = re.compile(r"(?:by|on) \([^)]*\)")
GIB = 1 << 30
S1, S2 = '{job="lotproof",instance="serve1:8000"}', '{job="lotproof",instance="serve2:8000"}'


def still(value: float | str, minutes: int = 60) -> str:
    """The same in every sample, one each 15 seconds (promtool: from+step×samples)."""
    return f"{value}+0x{minutes * 4}" if value != "NaN" else " ".join(["NaN"] * (minutes * 4 + 1))


def grows(step: float, minutes: int = 90, start: float = 0) -> str:
    """By `step` each 15 seconds."""
    return f"{start}+{step}x{minutes * 4}"


# alert: (when, the series that make it fire, those that do not)
Case = tuple[str, dict[str, str], dict[str, str]]
CASES: dict[str, Case] = {
    "ServerDown": ("5m", {f"up{S1}": still(0)}, {f"up{S1}": still(1)}),
    "DatabaseDown": ("5m", {"lotproof_database_up": still(0)}, {"lotproof_database_up": still(1)}),
    "IndexLags": ("20m", {"lotproof_index_lag_seconds": still(400)}, {"lotproof_index_lag_seconds": still(200)}),
    "ChainSilent": (
        "10m",
        {"lotproof_chain_silence_seconds": still(130)},
        {"lotproof_chain_silence_seconds": still(30)},
    ),
    "ChainHalted": (
        "20m",
        {"lotproof_block_age_seconds": still(700), "lotproof_index_lag_blocks": still(0)},
        {"lotproof_block_age_seconds": still(700), "lotproof_index_lag_blocks": still(9)},
    ),
    "FinalityStalled": (
        "30m",
        {"lotproof_finality_lag_blocks": still(400)},
        {"lotproof_finality_lag_blocks": still(96)},
    ),
    "ReorgsFrequent": ("65m", {"lotproof_reorgs_total": grows(0.05)}, {"lotproof_reorgs_total": grows(0.01)}),
    "EndpointDistrusted": (
        "5m",
        {'lotproof_rpc_endpoint{endpoint="https://node",state="lying"}': still(1)},
        {'lotproof_rpc_endpoint{endpoint="https://node",state="stale"}': still(1)},
    ),
    "QueueOld": (
        "20m",
        {'lotproof_oldest_statement_seconds{state="pending"}': still(1_000)},
        {'lotproof_oldest_statement_seconds{state="recorded"}': still(1_000)},
    ),
    "TransactionStuck": (
        "20m",
        {"lotproof_oldest_transaction_seconds": still(4_000)},
        {"lotproof_oldest_transaction_seconds": still(1_200)},
    ),
    "StatementsRefused": (
        "65m",
        {'lotproof_statements{state="refused"}': grows(0.1)},
        {'lotproof_statements{state="refused"}': grows(0.02)},
    ),
    "StatementsTurnedAway": (
        "70m",
        {
            'lotproof_rejections_total{reason="KeyNotLive"}': grows(1),
            'lotproof_submissions_total{type="Anchor"}': grows(0.5),
        },
        {
            'lotproof_rejections_total{reason="KeyNotLive"}': grows(1),
            'lotproof_submissions_total{type="Anchor"}': grows(5),
        },
    ),
    "RelayerLowOnMoney": (
        "20m",
        {"lotproof_relayer_transactions_left": still(100)},
        {"lotproof_relayer_transactions_left": still("NaN")},
    ),
    "RelayerOutOfMoney": (
        "5m",
        {"lotproof_relayer_transactions_left": still(3)},
        {"lotproof_relayer_transactions_left": still(100)},
    ),
    "NoLeader": (
        "10m",
        {f'lotproof_part_silence_seconds{{part="relayer",{S1[1:]}': still(300)},
        {
            f'lotproof_part_silence_seconds{{part="relayer",{S1[1:]}': still(300),
            f'lotproof_part_silence_seconds{{part="relayer",{S2[1:]}': still(10),
        },
    ),
    "ServerErrors": (
        "20m",
        {'lotproof_requests_total{status="200"}': grows(10), 'lotproof_requests_total{status="500"}': grows(1)},
        {'lotproof_requests_total{status="200"}': grows(1_000), 'lotproof_requests_total{status="503"}': grows(1)},
    ),
    "SlowAnswers": (
        "30m",
        {
            'lotproof_answer_seconds_bucket{route="/v1/verify",le="0.3"}': grows(90),
            'lotproof_answer_seconds_bucket{route="/v1/verify",le="0.5"}': grows(100),
            'lotproof_answer_seconds_bucket{route="/v1/verify",le="+Inf"}': grows(100),
        },
        {
            'lotproof_answer_seconds_bucket{route="/v1/verify",le="0.3"}': grows(96),
            'lotproof_answer_seconds_bucket{route="/v1/verify",le="0.5"}': grows(100),
            'lotproof_answer_seconds_bucket{route="/v1/verify",le="+Inf"}': grows(100),
        },
    ),
    "DiskLow": (
        "20m",
        {"lotproof_disk_free_bytes": still(4 * GIB)},
        {"lotproof_disk_free_bytes": still(6 * GIB)},
    ),
    "BackupTooOld": (
        "20m",
        {"lotproof_backup_age_seconds": still(200_000)},
        {"lotproof_backup_age_seconds": still(90_000)},
    ),
    "BackupMissing": (
        "26h",
        {"lotproof_backup_age_seconds": still("NaN", 1_600), 'lotproof_statements{state="final"}': still(5, 1_600)},
        {"lotproof_backup_age_seconds": still("NaN", 1_600), 'lotproof_statements{state="final"}': still(0, 1_600)},
    ),
    "ReportsUnread": (
        "26h",
        {"lotproof_reports_unread": still(2, 1_600)},
        {"lotproof_reports_unread": f"{still(2, 600)} {still(0, 1_000)}"},
    ),
}


@pytest.fixture(scope="module")
def rules() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


@pytest.fixture(scope="session")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        reason = "promtool is not installed (Debian: apt-get install prometheus)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def firing(promtool: str, folder: Path, cases: list[tuple[str, dict[str, str], bool, str]]) -> str:
    """What promtool says of `cases`: when, series, whether it is to fire, and which alert."""
    tests = [
        {
            "interval": "15s",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [
                {
                    "expr": f'count by (alertname) (ALERTS{{alertname="{alert}",alertstate="firing"}})',
                    "eval_time": when,
                    "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if fires else [],
                }
            ],
        }
        for when, series, fires, alert in cases
    ]
    file = folder / "test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    ran = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def test_every_alert_has_a_case(rules: dict[str, dict[str, Any]]) -> None:
    assert list(CASES) == list(rules)


@pytest.mark.parametrize("alert", CASES)
def test_it_fires_when_it_should_and_is_quiet_when_not(promtool: str, tmp_path: Path, alert: str) -> None:
    when, fires, quiet = CASES[alert]
    assert firing(promtool, tmp_path, [(when, fires, True, alert), (when, quiet, False, alert)]) == ""


def test_a_case_that_is_wrong_is_noticed(promtool: str, tmp_path: Path) -> None:
    when, fires, quiet = CASES["DiskLow"]
    assert "FAILED" in firing(promtool, tmp_path, [(when, fires, False, "DiskLow")])
    assert "FAILED" in firing(promtool, tmp_path, [(when, quiet, True, "DiskLow")])


@pytest.mark.parametrize(("what", "file"), [("config", "prometheus.yml"), ("rules", "alerts.yml")])
def test_prometheus_takes_the_files(promtool: str, what: str, file: str) -> None:
    command = [promtool, "check", what, f"deploy/prometheus/{file}"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_says_what_happened_and_where_to_read_on(rules: dict[str, dict[str, Any]]) -> None:
    headings = {
        line.removeprefix("### ").lower() for line in RUNBOOK.read_text().splitlines() if line.startswith("### ")
    }
    for name, rule in rules.items():
        said = rule["annotations"]
        assert said["summary"], name
        assert said["description"].endswith("."), name
        assert said["runbook_url"] == f"docs/runbook.md#{name.lower()}"
        assert name.lower() in headings, f"docs/runbook.md lacks a section on {name}"
        assert rule["labels"]["severity"] in {"warning", "critical"}


def told_by(app: FastAPI) -> set[str]:
    """Every series that a server tells, by the names that Prometheus knows it by."""
    families = text_string_to_metric_families(Asker(app).get("/metrics").text)
    names: set[str] = set()
    for family in families:
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        names |= {family.name + end for end in ends}
    return names


def expressions() -> Iterator[tuple[str, str]]:
    for rule in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]:
        yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def test_alerts_and_dashboard_name_only_what_a_server_tells(app: FastAPI) -> None:
    known = told_by(app) | {"up"}
    used: set[str] = set()
    for where, expression in expressions():
        names = set(NAMES.findall(GROUP_WORDS.sub("", expression)))
        assert names, (where, expression)
        assert names <= known, (where, names - known)
        used |= names
    assert len(used) > 25


def test_the_dashboard_shows_everything_that_is_told(app: FastAPI) -> None:
    shown = {name for _, expression in expressions() for name in NAMES.findall(GROUP_WORDS.sub("", expression))}
    base = {re.sub(r"_(?:bucket|count|sum)$", "", name) for name in told_by(app)}
    assert base - {re.sub(r"_(?:bucket|count|sum)$", "", name) for name in shown} == set()


def test_the_dashboards_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_figure_is_in_the_runbooks_table_and_nothing_else(app: FastAPI) -> None:
    documented = set(re.findall(r"^\| `(lotproof_[a-z_]+)`", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == {re.sub(r"_(?:bucket|count|sum)$", "", name) for name in told_by(app)}
