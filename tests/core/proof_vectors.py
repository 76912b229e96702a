"""Proof vectors: a bundle, what is trusted, a code, a clock and the answer due, as JSON files any program can read.

`tests/vectors/proofs/README.md` tells the form. `python -m tests.proof_cases` writes the files, from a real chain.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.chain.artifact import code_template
from ledger.core.gs1 import parse_code
from ledger.core.proof import ProvenFacts, Trusted, check_proof
from ledger.core.proof_bundle import read_bundle
from ledger.core.proof_verdict import ProofVerdict, judge_proof

FOLDER = Path(__file__).parents[1] / "vectors" / "proofs"


@dataclass(frozen=True)
class ProofVector:
    """One vector, as read."""

    name: str
    description: str
    bundle: bytes
    trusted: Trusted
    code: str
    now: int
    expected: dict[str, str]

    def proved(self, bundle: bytes | None = None) -> ProvenFacts:
        read = read_bundle(self.bundle if bundle is None else bundle)
        return check_proof(read, self.trusted, code_template())

    def judged(self, bundle: bytes | None = None) -> ProofVerdict:
        code = parse_code(self.code, today=datetime.fromtimestamp(self.now, UTC).date(), hosts=())
        return judge_proof(self.proved(bundle), self.trusted, code, self.now)


def vector(name: str) -> ProofVector:
    raw: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    trusted = raw["trusted"]
    return ProofVector(
        name=name,
        description=raw["description"],
        bundle=raw["bundle"].encode(),
        trusted=Trusted(
            trusted["chain_id"],
            bytes.fromhex(trusted["ledger"][2:]),
            bytes.fromhex(trusted["hash"][2:]),
            "the vector says so",
        ),
        code=raw["code"],
        now=raw["now"],
        expected=raw["expected"],
    )


def vectors() -> list[ProofVector]:
    return [vector(path.stem) for path in sorted(FOLDER.glob("*.json"))]


def good() -> list[ProofVector]:
    return [each for each in vectors() if "verdict" in each.expected]
