"""The demonstration in a process of its own, as `lotproof demo` starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from pathlib import Path


class Demo:
    """A running demonstration: its address and its cases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LOTPROOF_")}
        command = [sys.executable, "-m", "ledger.cli", "demo", "--data", str(folder), "--port", "0", "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith('{"'):
            raise AssertionError(f"the demonstration did not start: {line}{self.process.stdout.read()}")
        answer: dict[str, Any] = json.loads(line)
        self.url: str = answer["url"]
        self.cases: list[dict[str, Any]] = answer["cases"]
        self.labels: str = answer["labels"]
        self.scanner: str = answer["scanner"]
        self.screen: str = answer["screen"]

    def case(self, label: str) -> dict[str, Any]:
        return next(case for case in self.cases if case["label"] == label)

    def ask(self, label: str) -> dict[str, Any]:
        case = self.case(label)
        return self.get("/v1/verify", code=case["code"], **scanner(case))

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        with httpx.Client(base_url=self.url, trust_env=False) as http:
            answer: dict[str, Any] = http.get(path, params=query).json()
            return answer

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(60)


def scanner(case: dict[str, Any]) -> dict[str, Any]:
    """Who scans a case where, as the server is told."""
    return {name: case[name] for name in ("organisation", "place") if case[name]}
