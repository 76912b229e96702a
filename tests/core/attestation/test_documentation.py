"""The pages tell every reason, category and module as the code has them."""

from __future__ import annotations

import re
from pathlib import Path

from ledger.core.attestation import coverage, statements
from ledger.core.attestation.scope import Category, Module
from ledger.core.customs import lane

DOCS = Path(__file__).parents[3] / "docs"
CERTIFICATES = (DOCS / "certificates.md").read_text(encoding="utf-8")
GREEN_LANE = (DOCS / "green-lane.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
IN_FAVOUR = ("history_complete", "history_final", "operators_trusted", "no_signal")


def test_every_reason_of_the_lane_is_told_in_its_order() -> None:
    assert (*ROW.findall(GREEN_LANE), *IN_FAVOUR) == tuple(lane.REASONS)
    assert all(f"`{reason}`" in GREEN_LANE for reason in IN_FAVOUR)


def test_every_reason_of_a_certificate_is_told_in_its_order() -> None:
    told = [each for each in ROW.findall(CERTIFICATES) if each.startswith("certificate_")]
    assert told == list(coverage.REASONS)


def test_every_category_and_module_is_told() -> None:
    assert all(f"`{each.value}`" in CERTIFICATES for each in (*Category, *Module))


def test_every_type_is_written_as_it_is_signed() -> None:
    for kind, _ in statements.KINDS.values():
        assert kind.TYPE in CERTIFICATES + GREEN_LANE, kind.NAME
