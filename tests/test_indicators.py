"""The measurement of indicators runs in a small form, and finds what is there and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.system
def test_the_measurement_finds_what_is_there(checkout: Path) -> None:
    command = [
        sys.executable,
        "scripts/indicators.py",
        "--units",
        "400",
        "--consignments",
        "200",
        "--lines",
        "300",
        "--repeats",
        "1",
    ]
    ran = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert ran.returncode in {0, 1}, ran.stderr  # 1 = a busy machine took longer than a second
    told = json.loads(ran.stdout)
    found = {name: figure["found"] for name, figure in told["figures"].items()}
    missing = {name for name in found if "not there" in name or "nobody" in name}
    assert {name for name, number in found.items() if not number} == missing
    assert found["lot"] == found["lot of any product"] == 1 + 10 + 15  # the batch, its packs, its movements
    assert found["seal"] == 1
    assert found["lot of a declaration line"] == found["importer of declaration lines"] == 1
    assert found["product of all declaration lines"] == 300
    assert found["declaration line, handed in"] == 1
    assert told["slowest_seconds"] > 0
