"""Run every Slither detector over the deployed contracts, and fail on a finding, or if Slither analysed nothing.

Started by scripts/test with the Python of .venv-solidity and Foundry's environment. Slither asked in the wrong way
analyses no contract and is content; hence the check that the contracts were seen.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

from slither import Slither
from slither.detectors import all_detectors
from slither.detectors.abstract_detector import AbstractDetector

EXPECTED = {"CustodyLedger", "Accreditation"}
OURS = "contracts/"
FAILING = {"High", "Medium"}


def detectors() -> list[type[AbstractDetector]]:
    """Every detector that Slither ships."""
    found = [each for _, each in inspect.getmembers(all_detectors, inspect.isclass)]
    return [each for each in found if issubclass(each, AbstractDetector)]


def is_ours(finding: dict[str, Any]) -> bool:
    """Tell whether a finding is in the deployed contracts, rather than in what they import."""
    files = [part["source_mapping"]["filename_relative"] for part in finding["elements"]]
    return any(file.startswith(OURS) for file in files[:1])


def main() -> int:
    """Analyse the checkout; return the exit code."""
    analysis = Slither(str(Path.cwd()), compile_force_framework="foundry", foundry_compile_all=False)
    analysed = {contract.name for contract in analysis.contracts}
    if not analysed >= EXPECTED:
        print(f"Slither saw {len(analysed)} contracts, and not {', '.join(sorted(EXPECTED - analysed))}.")
        return 1
    for detector in detectors():
        analysis.register_detector(detector)
    findings = [one for found in analysis.run_detectors() for one in found if is_ours(one)]
    failing = [one for one in findings if one["impact"] in FAILING]
    for one in failing:
        print(f"{one['impact']} · {one['check']}\n{one['description']}")
    counts = f"{len(analysed)} contracts, {len(detectors())} detectors"
    print(f"slither: {counts}: {len(failing)} findings, {len(findings) - len(failing)} remarks")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
