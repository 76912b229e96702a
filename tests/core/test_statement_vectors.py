"""The shared typed-data vectors, which eth-account and cryptography made: ours must agree with every case."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ledger.core.signature import SignatureFault, fault, verify
from ledger.core.statement import STATEMENTS, TYPES, Domain, Statement, Submission, parse_submission, typed_data

VECTORS = Path(__file__).resolve().parents[1] / "vectors/typed_data.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
FALSE_DIGEST = bytes(32)

each_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def value(kind: str, given: Any) -> Any:
    if kind.startswith("uint"):
        return int(given)
    return unhex(given) if kind.startswith("bytes") else given


def statement_of(case: dict[str, Any]) -> Statement:
    made = STATEMENTS[case["type"]]
    return made(**{m.attribute: value(m.kind, case["message"][m.name]) for m in made.MEMBERS})


def domain_of(case: dict[str, Any]) -> Domain:
    return Domain(int(case["domain"]["chainId"]), unhex(case["domain"]["verifyingContract"]))


def test_the_file_is_what_its_script_writes(checkout: Path, tmp_path: Path) -> None:
    written = tmp_path / "typed_data.json"
    subprocess.run([sys.executable, checkout / "scripts/vectors.py", written], check=True, capture_output=True)
    assert written.read_bytes() == VECTORS.read_bytes()


def test_every_type_has_cases_in_every_domain() -> None:
    cases = Counter((case["type"], case["domain"]["chainId"]) for case in CASES)
    assert set(cases) == {(name, chain) for name in STATEMENTS for chain in ("31337", "1", str(2**53 + 1))}
    assert len(CASES) >= 40
    assert len({case["digest"] for case in CASES}) == len(CASES)


def test_the_types_are_those_that_we_publish() -> None:
    types = json.loads(VECTORS.read_text(encoding="utf-8"))["types"]
    published = {name: {m["name"]: m["type"] for m in members} for name, members in TYPES.items()}
    assert {name: {m["name"]: m["type"] for m in members} for name, members in types.items()} == {
        name: members for name, members in published.items() if name != "EIP712Domain"
    }


@each_case
def test_hashes_and_digest_agree(case: dict[str, Any]) -> None:
    statement, domain = statement_of(case), domain_of(case)
    assert unhex(case["type_hash"]) == statement.TYPE_HASH
    assert domain.separator == unhex(case["domain_separator"])
    assert statement.struct_hash() == unhex(case["struct_hash"])
    assert statement.digest(domain) == unhex(case["digest"])


@each_case
def test_both_signatures_hold_for_their_digest_and_no_other(case: dict[str, Any]) -> None:
    assert {len(unhex(made["signer"])) for made in case["signatures"]} == {20, 64}
    for made in case["signatures"]:
        signer, signature = unhex(made["signer"]), unhex(made["signature"])
        assert verify(signer, unhex(case["digest"]), signature)
        assert fault(signer, FALSE_DIGEST, signature) is SignatureFault.MISMATCH


@each_case
def test_a_wallet_is_shown_what_was_signed(case: dict[str, Any]) -> None:
    shown = typed_data(statement_of(case), domain_of(case))
    assert shown["primaryType"] == case["type"]
    assert {key: str(given) for key, given in shown["domain"].items()} == case["domain"]
    as_text = {key: str(given) if type(given) is int else given for key, given in shown["message"].items()}
    assert as_text == case["message"]


@pytest.mark.parametrize("name", ["BatchRegistration", "CustodyEvent", "Anchor", "Suspension", "KeyEnding"])
def test_an_ordinary_case_handed_in_as_it_stands_keeps_its_digest(name: str) -> None:
    case = next(case for case in CASES if case["type"] == name)
    payload = {"type": name, "message": case["message"], **case["signatures"][0]}
    submitted: Submission = parse_submission(payload)
    assert submitted.statement.digest(domain_of(case)) == unhex(case["digest"])
