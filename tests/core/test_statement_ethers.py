"""The shared typed-data vectors in JavaScript: what a browser's wallet signs is what the ledger checks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
PROGRAM = Path(__file__).with_name("ethers_digests.mjs")


def unavailable(reason: str) -> None:
    """The set-up brings Node and ethers, so that a check without them has not run."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def results(checkout: Path, vectors: Path) -> list[dict[str, Any]]:
    node = shutil.which("node", path=f"{checkout / '.venv/bin'}{os.pathsep}{os.environ['PATH']}")
    if node is None:
        unavailable("Node is missing; scripts/setup brings it")
    if not (checkout / "node_modules/ethers").is_dir():
        unavailable("ethers is missing; scripts/setup brings it")
    ran = subprocess.run([str(node), PROGRAM], input=vectors.read_bytes(), capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    found: list[dict[str, Any]] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize(("name", "least"), [("typed_data", 40), ("unit_events", 8)])
def test_ethers_computes_every_hash_and_digest_and_recovers_every_signer(checkout: Path, name: str, least: int) -> None:
    vectors = FOLDER / f"{name}.json"
    cases = json.loads(vectors.read_text(encoding="utf-8"))["cases"]
    expected = [
        {key: case[key] for key in ("name", "domain_separator", "struct_hash", "digest")}
        | {"signer": case["signatures"][0]["signer"]}
        for case in cases
    ]
    found = results(checkout, vectors)
    assert len(found) >= least
    assert found == expected
