"""Every verdict vector gives the verdict that is due, and stands in its file as its story tells it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ledger.core.check import FAILED, NUMBERS
from ledger.core.gs1 import Code
from ledger.core.wording import REASONS
from tests.core.batch_story import LOT, MAKER
from tests.core.verdict_cases import CASES, Case, content
from tests.core.verdict_vectors import FOLDER, read_code, vector_of


def _read(name: str) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return raw


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_vector_gives_the_verdict_that_is_due(path: Any) -> None:
    vector = vector_of(_read(path.stem))
    verdict = vector.judged()
    failed = [check.name for check in verdict.checks if check.result == FAILED]
    assert (verdict.verdict, verdict.reason, failed) == (
        vector.expected["verdict"],
        vector.expected["reason"],
        vector.expected["failed"],
    )
    protective = verdict.batch is not None and verdict.batch["product_class"] == "PPE"
    assert [check.name for check in verdict.checks] == list(NUMBERS)[: 14 if protective else 13]
    assert [check.id for check in verdict.checks] == list(range(1, 15 if protective else 14))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_vector_file_is_what_its_story_tells(case: Case) -> None:
    assert _read(case.name) == content(case)


def test_no_vector_file_is_left_without_a_story() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {case.name for case in CASES}


def test_every_reason_has_a_vector() -> None:
    assert set(REASONS) <= {case.reason for case in CASES}


# A genuine pack is never called fake for a misread

SIGNED = "verified_by_a_signed_label"
SMALL_ALPHABET = "()127Q"


@pytest.mark.parametrize("at", range(len(_read(SIGNED)["question"]["code"])))
def test_no_other_character_of_a_typed_signed_label_makes_a_genuine_pack_suspect(at: int) -> None:
    signed = vector_of(_read(SIGNED))
    for other in SMALL_ALPHABET.replace(signed.code[at], ""):
        read = f"{signed.code[:at]}{other}{signed.code[at + 1 :]}"
        code = read_code(read, signed.now)
        if isinstance(code, Code) and code.lot != LOT:  # then the ledger does not know the lot
            verdict = replace(signed, code=read, batches=(), consignments=(), licensee=MAKER).judged()
        else:
            verdict = replace(signed, code=read).judged()
        assert verdict.verdict == "unreadable", (read, verdict.reason)
