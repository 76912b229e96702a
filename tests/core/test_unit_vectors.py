"""The shared vectors of events about single packs: ours must agree with eth-account, cryptography and plain SHA-256."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.core.signature import verify
from ledger.core.statement import LOGGED_TYPES, UnitStatement
from ledger.core.unit_submission import UnitSubmission
from tests.core.test_statement_vectors import domain_of, unhex, value

VECTORS = Path(__file__).resolve().parents[1] / "vectors/unit_events.json"
FILE: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))


def test_the_file_is_what_its_script_writes(checkout: Path, tmp_path: Path) -> None:
    written = tmp_path / "unit_events.json"
    command = [sys.executable, checkout / "scripts/vectors.py", tmp_path / "typed_data.json", written]
    subprocess.run(command, check=True, capture_output=True)
    assert written.read_bytes() == VECTORS.read_bytes()


def test_the_type_is_the_one_that_we_publish() -> None:
    published = {each["name"]: each["type"] for each in LOGGED_TYPES["UnitEvent"]}
    assert {each["name"]: each["type"] for each in FILE["types"]["UnitEvent"]} == published


@pytest.mark.parametrize("case", FILE["cases"], ids=[case["name"] for case in FILE["cases"]])
def test_hashes_signatures_and_leaves_agree(case: dict[str, Any]) -> None:
    domain = domain_of(case)
    statement = UnitStatement(**{m.attribute: value(m.kind, case["message"][m.name]) for m in UnitStatement.MEMBERS})
    assert statement.struct_hash() == unhex(case["struct_hash"])
    assert statement.digest(domain) == unhex(case["digest"])
    for signed in case["signatures"]:
        submission = UnitSubmission(statement, unhex(signed["signer"]), unhex(signed["signature"]))
        assert verify(submission.signer, statement.digest(domain), submission.signature)
        assert submission.leaf(domain) == unhex(signed["leaf"])
