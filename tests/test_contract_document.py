"""docs/contract.md against the compiled contract: storage, errors and their words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from ledger.core.refusals import REFUSALS

if TYPE_CHECKING:
    from pathlib import Path

OPENZEPPELIN = {"InvalidShortString", "StringTooLong"}  # of its EIP712, at deployment only


@pytest.fixture(scope="module")
def artifact(checkout: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((checkout / "ledger/chain/abi/CustodyLedger.json").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs/contract.md").read_text(encoding="utf-8")


def test_every_variable_stands_at_its_slot(page: str, artifact: dict[str, Any]) -> None:
    rows = dict(re.findall(r"^\| (\d+) \| (.+?) \|", page, flags=re.MULTILINE))
    for variable in artifact["storage_layout"]["storage"]:
        if not variable["label"].endswith("Fallback"):
            assert f"`{variable['label']}" in rows[variable["slot"]]


def test_every_field_stands_at_its_byte(page: str, artifact: dict[str, Any]) -> None:
    fields = 0
    for kind in artifact["storage_layout"]["types"].values():
        for field in kind.get("members", []):
            fields += 1
            if field["slot"] == "0" and field["label"] in ("head", "accumulator"):
                assert f"first slot `{field['label']}`" in page
            elif field["label"] == "count":
                assert "second `count`" in page
            else:
                assert f"`{field['label']}` {field['offset']}" in page
    assert fields > 20


def test_every_error_is_told_in_the_words_that_people_get(page: str, artifact: dict[str, Any]) -> None:
    errors = {entry["name"] for entry in artifact["abi"] if entry["type"] == "error"} - OPENZEPPELIN
    assert errors == set(REFUSALS)
    for name, words in REFUSALS.items():
        assert f"| `{name}({words.parameters})` | {words.detail} | {words.advice} |" in page
