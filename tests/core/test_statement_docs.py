"""The page for other people's programs is true: every example parses, its signatures hold, its code runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from ledger.core.parts import decode_countersignature
from ledger.core.signature import verify
from ledger.core.statement import (
    STATEMENTS,
    TYPES,
    Accreditation,
    CustodyStatement,
    Domain,
    KeyAddition,
    Submission,
    UnitStatement,
    parse_submission,
)
from ledger.core.submission import MAX_SIGNATURE_BYTES
from ledger.core.unit import UnitKind
from ledger.core.unit_rules import UNDO_SECONDS
from ledger.core.unit_submission import is_unit_submission, parse_unit_submission
from ledger.core.unit_use import REPEAT_SECONDS
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

if TYPE_CHECKING:
    from pathlib import Path

WELL_KNOWN = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")  # Anvil's first account


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs/statements.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def domain(page: str) -> Domain:
    written = json.loads(block(page, "json"))
    domain = Domain(written["chainId"], bytes.fromhex(written["verifyingContract"][2:]))
    assert written == domain.to_json()
    return domain


@pytest.fixture(scope="module")
def examples(page: str) -> list[tuple[dict[str, Any], Submission]]:
    return [(each, parse_submission(each)) for each in payloads(page) if not is_unit_submission(each)]


def payloads(page: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r"curl --json '(.*?)' http", page, re.DOTALL)]


def block(page: str, language: str) -> str:
    return page.partition(f"```{language}\n")[2].partition("```")[0]


def test_every_type_and_every_kind_of_attachment_has_an_example(
    examples: list[tuple[dict[str, Any], Submission]],
) -> None:
    assert {submission.type for _, submission in examples} == set(STATEMENTS)
    kinds = {each.statement.kind for _, each in examples if isinstance(each.statement, CustodyStatement)}
    assert {Kind.SHIP, Kind.SPLIT, Kind.HANDOVER, Kind.CORRECT} <= kinds
    assert {len(submission.signer) for _, submission in examples} == {20, 64}


def test_every_example_is_canonical_and_its_signature_holds(
    examples: list[tuple[dict[str, Any], Submission]], domain: Domain
) -> None:
    for payload, submission in examples:
        submission.check(domain)
        assert submission.payload() == payload
        assert verify(submission.signer, submission.digest(domain), submission.signature), submission.type


def test_the_example_of_an_event_about_a_pack_is_canonical_and_its_signature_holds(page: str, domain: Domain) -> None:
    (payload,) = filter(is_unit_submission, payloads(page))
    submission = parse_unit_submission(payload)
    assert submission.payload() == payload
    assert verify(submission.signer, submission.statement.digest(domain), submission.signature)
    assert f"\n{UnitStatement.TYPE}\n" in page
    assert all(f"{kind.name} {kind.value} " in page for kind in UnitKind)
    assert (UNDO_SECONDS, REPEAT_SECONDS) == (10 * 86400, 15 * 60)  # as the page says


def test_every_second_signature_holds(examples: list[tuple[dict[str, Any], Submission]], domain: Domain) -> None:
    checked = 0
    for _, submission in examples:
        statement = submission.statement
        if isinstance(statement, KeyAddition):
            assert verify(statement.signer, statement.digest(domain), submission.cosignature)
        elif isinstance(statement, Accreditation):
            first = KeyAddition(7, statement.admin_key, Purpose.ADMIN | Purpose.EVENTS, 0, 0)
            assert verify(statement.admin_key, first.digest(domain), submission.cosignature)
        elif isinstance(statement, CustodyStatement) and statement.kind == Kind.HANDOVER:
            signer, signature = decode_countersignature(submission.attachment)
            assert verify(signer, statement.digest(domain), signature)
        else:
            continue
        checked += 1
    assert checked == 3


def test_the_types_and_numbers_are_the_real_ones(page: str) -> None:
    assert block(page, "text").split() == " ".join(each.TYPE for each in STATEMENTS.values()).split()
    for vocabulary in (Kind, Role, ProductClass, Purpose):
        for item in vocabulary:
            assert f"{item.name} {item.value}" in page
    assert f"{MAX_SIGNATURE_BYTES:,} bytes" in page


def test_the_python_code_signs_what_verifies(
    page: str, examples: list[tuple[dict[str, Any], Submission]], domain: Domain
) -> None:
    scope: dict[str, Any] = {}
    exec(block(page, "python"), scope)  # noqa: S102 - the page's own code is what is tested
    address = bytes.fromhex(Account.from_key(WELL_KNOWN).address[2:])
    for payload, submission in examples:
        signature = scope["sign"](WELL_KNOWN, domain.to_json(), TYPES, submission.type, payload["message"])
        assert verify(address, submission.digest(domain), bytes.fromhex(signature[2:])), submission.type


@pytest.mark.skipif(not shutil.which("node"), reason="no node to run the page's code")
def test_the_javascript_code_signs_what_verifies(page: str) -> None:
    program = (
        block(page, "javascript")
        + """
        (async () => {
          const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
          const point = Buffer.from(await crypto.subtle.exportKey("raw", pair.publicKey)).toString("hex");
          const signatures = [];
          for (let i = 0; i < 32; i++) signatures.push(await sign(pair.privateKey, new Uint8Array(32).fill(i)));
          console.log(JSON.stringify({ point, signatures }));
        })();
        """
    )
    made = json.loads(subprocess.run(["node", "-e", program], capture_output=True, check=True).stdout)
    signer = bytes.fromhex(made["point"][2:])
    for index, signature in enumerate(made["signatures"]):
        assert verify(signer, bytes([index] * 32), bytes.fromhex(signature[2:]))
