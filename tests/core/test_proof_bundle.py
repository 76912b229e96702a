"""The file of a bundle: one spelling, bounded, with the fields that docs/proofs.md tells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import proof_bundle
from ledger.core.errors import InvalidProofError
from ledger.core.proof_bundle import read_bundle, write_bundle
from tests.core.proof_vectors import good, vector

GOOD = vector("unit").bundle
ROW = re.compile(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", re.MULTILINE)


def with_field(**fields: Any) -> bytes:
    return json.dumps(json.loads(GOOD) | fields, sort_keys=True, separators=(",", ":")).encode()


def field_of(data: bytes) -> str:
    with pytest.raises(InvalidProofError) as caught:
        read_bundle(data)
    assert caught.value.evidence["rule"] == "form"
    return str(caught.value.field)


def test_every_good_bundle_is_written_as_it_was_read() -> None:
    for each in good():
        assert write_bundle(read_bundle(each.bundle)) == each.bundle


def test_the_manual_names_every_field(checkout: Path) -> None:
    page = (
        (checkout / "docs/proofs.md")
        .read_text(encoding="utf-8")
        .partition("## The file")[2]
        .partition("## Checking")[0]
    )
    told = {name for row in ROW.findall(page) for name in re.findall("`([a-z_]+)`", row)}
    assert told == set(json.loads(GOOD))


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "bundle"),
        (b"\xff", "bundle"),
        (b"[]", "bundle"),
        (b"{}", "bundle"),
        (b"[" * 99, "bundle"),
        (GOOD + b"\n", "bundle"),
        (GOOD.replace(b'"0x', b'"0X', 1), "header"),
        (GOOD[:-1] + b',"x":1}', "bundle"),
        (GOOD.replace(b'"unit"', b'"unit":1,"unit"'), "bundle"),
        (with_field(chain_id=31337.0), "chain_id"),
        (with_field(chain_id=True), "chain_id"),
        (with_field(chain_id=-1), "chain_id"),
        (GOOD.replace(b'"chain_id":31337', b'"chain_id":' + b"9" * 101), "bundle"),
        (with_field(format="lotproof-proof-2"), "format"),
        (with_field(ledger="0x11"), "ledger"),
        (with_field(header="x"), "header"),
        (with_field(header=None), "header"),
        (with_field(events={}), "events"),
        (with_field(state={}), "state"),
        (with_field(state=["0x1"]), "state[0]"),
        (with_field(code={"gtin": 1, "lot": "", "serial": None}), "code.gtin"),
        (with_field(code={"gtin": "1", "lot": "é", "serial": None}), "code.lot"),
        (with_field(code={"gtin": "1"}), "code"),
        (with_field(unit={"salt": "0x", "path": []}), "unit.salt"),
        (with_field(unit={"salt": "0x" + "11" * 32, "path": ["0x"] * 65}), "unit.path"),
        (with_field(registration=None), "registration"),
    ],
)
def test_what_is_no_bundle_is_refused_with_its_place(data: bytes, field: str) -> None:
    assert field_of(data) == field


def test_a_message_is_read_in_its_one_form() -> None:
    document = json.loads(GOOD)
    for name, value in (("manufacturer", "2"), ("gtin", -1), ("lot", 1), ("unitRoot", "0x11"), ("details", None)):
        registration = json.loads(GOOD)["registration"]
        registration["message"][name] = value
        told = field_of(with_field(registration=registration))
        assert told == f"registration.message.{name}"
    del document["registration"]["message"]["lot"]
    assert field_of(with_field(registration=document["registration"])) == "registration.message"


def test_a_file_beyond_its_bound_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_bundle, "MAX_BYTES", len(GOOD) - 1)
    assert field_of(GOOD) == "bundle"


@given(st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(InvalidProofError):
        read_bundle(data)
