"""Hundreds of batches registered by a command that is killed on the way and run again: each is there once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system.test_up import GTIN, HEADER, founded
from tests.system.up_process import PASSWORD, Terminal, Up

pytestmark = [pytest.mark.system, pytest.mark.slow]
BATCHES = 300
KILLED_AT = 60  # statements, or later


def counted(terminal: Terminal) -> int:
    with_metrics = subprocess.run(
        ["curl", "-s", f"{terminal.server}/metrics"], capture_output=True, text=True, check=True
    ).stdout
    lines = [line for line in with_metrics.splitlines() if line.startswith("lotproof_statements")]
    return int(sum(float(line.rpartition(" ")[2]) for line in lines))


def test_a_killed_registration_goes_on_and_registers_each_batch_once(tmp_path: Path) -> None:
    running = Up(tmp_path)
    try:
        terminal = founded(Terminal(tmp_path, running.url))
        before = counted(terminal)
        file = tmp_path / "many.csv"
        file.write_text(HEADER + "".join(f"{GTIN},K{n},PPE,5,2031-05-31,Mask {n}\n" for n in range(BATCHES)))
        words = ["batch", "register", str(file), "--as", "maker", "--server", running.url, "--data", str(tmp_path)]
        command = [sys.executable, "-m", "ledger.cli", *words, "--wait", "120", "--json"]
        environment = os.environ | {"LOTPROOF_KEY_PASSWORD": PASSWORD}
        first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while counted(terminal) < before + KILLED_AT:
            assert time.monotonic() < until
            assert first.poll() is None, "it ended before it could be killed"
        first.kill()
        first.wait()
        assert counted(terminal) < before + BATCHES, "it was killed too late to show anything"
        again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        told = json.loads(again.stdout)["registered"]
        assert again.returncode == 0, again.stderr
        assert {batch["state"] for batch in told} <= {"recorded", "final"}
        assert len({batch["digest"] for batch in told}) == BATCHES
        assert counted(terminal) == before + BATCHES, "a batch was signed for twice"
    finally:
        running.stop()
