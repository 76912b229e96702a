"""The reference linters' own unit tests (GS1 Barcode Syntax Dictionary): error, and the characters at fault."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.core.gs1.dictionary import AIS
from ledger.core.gs1.dictionary_data import ROWS
from ledger.core.gs1.lint import LINTERS

CHECKOUT = Path(__file__).parents[3]

if TYPE_CHECKING:
    from tests.core.gs1.conftest import Tally, Vectors

REGISTER = "needs GS1's register of company prefixes, which the vector simulates"
SPELLING = {"COUPON_INVALID_EXIPIRATION_DATE": "COUPON_INVALID_EXPIRATION_DATE"}  # spelt so in the reference


def needs_the_register(case: dict[str, str]) -> bool:
    """Every vector of these errors simulates an answer of the register; the data itself is well formed."""
    return case.get("error") == "GCP_DATASOURCE_OFFLINE" or (
        case.get("error") == "INVALID_GCP_PREFIX" and case["linter"] in {"couponcode", "gcppos1", "gcppos2"}
    )


def test_every_published_linter_vector_agrees_in_error_and_position(vectors: Vectors, tally: Tally) -> None:
    linters = vectors("dictionary_linter_vectors.json")["linters"]
    for name, cases in linters.items():
        for case in cases:
            data, fault = case["input"], LINTERS[name](case["input"])
            error = fault.rule.upper() if fault else None
            wanted = SPELLING.get(case.get("error"), case.get("error"))
            shown = None
            if fault:
                end = fault.start + fault.length
                shown = f"{data[: fault.start]}*{data[fault.start : end]}*{data[end:]}"
            agrees = (error, shown) == (wanted, case.get("highlight"))
            tally.count(agrees, case, REGISTER if needs_the_register(case) else None)
    tally.check(5659, {REGISTER: 12})


def test_every_linter_that_the_dictionary_names_exists_and_has_vectors(vectors: Vectors) -> None:
    named = {linter for row in ROWS for part in row[4] for linter in part[4]}
    assert named <= set(LINTERS)
    assert set(LINTERS) == set(vectors("dictionary_linter_vectors.json")["linters"])


def test_no_application_identifier_is_the_beginning_of_another() -> None:
    assert not [(a, b) for a in AIS for b in AIS if a != b and b.startswith(a)]


def test_the_dictionary_has_all_identifiers_of_the_release() -> None:
    assert len(AIS) == sum(int(row[1]) - int(row[0]) + 1 for row in ROWS)
    assert len(ROWS) == 224


def test_the_generated_table_is_what_the_script_makes_of_the_release(gs1_folder: Path) -> None:
    script = runpy.run_path(str(CHECKOUT / "scripts" / "gs1_dictionary.py"))
    assert script["module"](gs1_folder) == script["TARGET"].read_text(encoding="utf-8")
