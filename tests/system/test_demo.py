"""The demonstration, as a newcomer runs it: every case through HTTP, the command line and its label's image."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from typer.testing import CliRunner

from ledger.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.system
CASES = 14  # at least
PATIENCE = 240.0  # seconds


class Demo:
    """A running demonstration: its address and its cases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LOTPROOF_")}
        command = [sys.executable, "-m", "ledger.cli", "demo", "--data", str(folder), "--port", "0", "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the demonstration ended with {self.process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        self.url: str = answer["url"]
        self.cases: list[dict[str, Any]] = answer["cases"]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(60)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0


def scanner(case: dict[str, Any]) -> dict[str, Any]:
    return {name: case[name] for name in ("organisation", "place") if case[name]}


def options(case: dict[str, Any]) -> list[str]:
    return [word for name, value in scanner(case).items() for word in (f"--{name}", str(value))]


def cli(*words: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["verify", *words, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_the_file_of_codes_is_the_printed_one_and_has_every_case(demo: Demo) -> None:
    codes = json.loads((demo.folder / "demo" / "codes.json").read_text(encoding="utf-8"))
    assert codes == demo.cases
    assert len(codes) >= CASES
    assert {"label", "code", "image", "expect", "why"} <= set(codes[0])


def test_every_case_gets_its_verdict_by_http(demo: Demo) -> None:
    with httpx.Client(base_url=demo.url, trust_env=False) as http:
        for case in demo.cases:
            got = http.get("/v1/verify", params={"code": case["code"], **scanner(case)}).json()
            posted = http.post("/v1/verify", json={"code": case["code"], **scanner(case)}).json()
            assert (got["verdict"], got["reason"]) == (case["expect"], case["reason"]), case["label"]
            assert (posted["verdict"], posted["reason"]) == (case["expect"], case["reason"]), case["label"]
            assert [check["id"] for check in got["checks"]] == list(range(1, 14))


def test_every_case_gets_its_verdict_from_its_label_image(demo: Demo) -> None:
    for case in demo.cases:
        code, answer = cli(case["image"], "--server", demo.url, *options(case))
        assert [verdict["verdict"] for verdict in answer["verdicts"]] == [case["expect"]], case["label"]
        assert code == (0 if case["expect"] == "verified" else 1)


def test_every_case_gets_its_verdict_on_the_command_line(demo: Demo) -> None:
    for case in demo.cases:
        code, answer = cli(case["code"], "--server", demo.url, *options(case))
        assert answer["verdicts"][0]["verdict"] == case["expect"], case["label"]
        assert code == (0 if case["expect"] == "verified" else 1)


def test_every_case_gets_its_verdict_from_the_local_ledger_without_a_server(demo: Demo) -> None:
    for case in demo.cases:
        for scanned in (case["code"], case["image"]):
            _, answer = cli(scanned, "--data", str(demo.folder), *options(case))
            assert answer["verdicts"][0]["verdict"] == case["expect"], case["label"]


def test_stopped_and_started_again_it_goes_on_where_it_was(demo: Demo) -> None:
    codes = demo.cases
    assert demo.stop() == 0
    started = Demo(demo.folder)
    try:
        assert started.cases == codes
        with httpx.Client(base_url=started.url, trust_env=False) as http:
            until = time.monotonic() + PATIENCE
            while http.get("/v1/verify", params={"code": codes[0]["code"]}).json()["verdict"] != "verified":
                assert time.monotonic() < until
    finally:
        assert started.stop() == 0


def test_killed_while_it_plays_it_goes_on_and_every_case_is_right(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ledger.cli", "demo", "--data", str(tmp_path), "--port", "0", "--once"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOTPROOF_")}
    for line, seconds in (
        ("Accrediting organisations\n", 1.0),
        ("Registering batches\n", 0.1),
        ("Moving goods\n", 0.3),
    ):
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert running.stdout is not None
        assert line in iter(running.stdout.readline, "")
        time.sleep(seconds)
        running.kill()  # the node that it started lives on and is taken over
        running.stdout.close()
        assert running.wait() == -signal.SIGKILL
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert "scanned cases got the expected verdict" in ended.stdout
    assert "\x1d" not in ended.stdout


def test_a_planted_difference_makes_it_fail_loudly(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    path = demo.folder / "demo" / "codes.json"
    codes = json.loads(path.read_text(encoding="utf-8"))
    wrong = [codes[0] | {"expect": "do_not_use"}, *codes[1:]]
    path.write_text(json.dumps(wrong), encoding="utf-8")
    monkeypatch.delenv("LOTPROOF_RPC_URL", raising=False)
    command = [sys.executable, "-m", "ledger.cli", "demo", "--data", str(demo.folder), "--port", "0", "--once"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 1
    assert "own check failed" in ended.stderr
    assert codes[0]["label"] in ended.stderr
