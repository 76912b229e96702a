"""What a body may certify and what a certificate covers, as JSON: read, hashed, and refused where it is malformed."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.core.attestation.scope import (
    Category,
    Module,
    Scope,
    model_keys,
    read_certificate,
    read_designation,
    standard_family,
)
from ledger.core.errors import InvalidInputError
from tests.attest_world import SALT, SCOPES, paper
from tests.core.batch_story import GTIN


@pytest.mark.parametrize(
    ("written", "family"),
    [
        ("EN 149:2001+A1:2009", "EN 149"),
        ("en  149", "EN 149"),
        ("EN ISO 374-1:2016", "EN ISO 374-1"),
        ("EN 149+A1", "EN 149"),
    ],
)
def test_year_and_amendments_do_not_part_a_standard(written: str, family: str) -> None:
    assert standard_family(written) == family


@pytest.mark.parametrize(
    ("category", "standard", "module", "allowed"),
    [
        (Category.HANDS_AND_ARMS, "EN ISO 374:2016", Module.B, True),
        (Category.HANDS_AND_ARMS, "EN ISO 374-1:2016", Module.B, True),
        (Category.HANDS_AND_ARMS, "EN ISO 3744", Module.B, False),
        (Category.HANDS_AND_ARMS, "EN ISO 374-1", Module.D, False),
        (Category.HANDS_AND_ARMS, "EN ISO 374-1", None, False),
        (Category.RESPIRATORY, "EN ISO 374-1", Module.B, False),
    ],
)
def test_a_scope_covers_the_parts_of_its_standard(
    category: Category, standard: str, module: Module | None, *, allowed: bool
) -> None:
    scope = Scope(Category.HANDS_AND_ARMS, "EN ISO 374", frozenset({Module.B}))
    assert scope.allows(category, standard, module) is allowed


def test_models_are_found_by_gtin_and_by_name_however_it_is_written() -> None:
    content = read_certificate(paper(models=[{"gtin": GTIN.lstrip("0")}, {"name": " MASK  95 "}]))
    assert content.keys() == (f"gtin:{GTIN}", "name:mask 95")
    assert model_keys("", "Mask 95") == ("name:mask 95",)


def test_what_is_read_is_hashed_as_it_was_written() -> None:
    certificate, designation = paper(), {"salt": SALT, "name": "Prüfhaus", "scopes": SCOPES}
    assert read_certificate(certificate).to_json() == certificate
    assert read_designation(designation).to_json() == designation
    voluntary = paper(module=None, voluntary=True)
    assert read_certificate(voluntary).to_json() == voluntary
    assert len({read_certificate(certificate).hash(), read_certificate(voluntary).hash()}) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"voluntary": True}, "content.module"),
        ({"module": None}, "content.module"),
        ({"module": "A"}, "content.module"),
        ({"category": "mask"}, "content.category"),
        ({"category": 3}, "content.category"),
        ({"standard": " "}, "content.standard"),
        ({"standard": "EN\n149"}, "content.standard"),
        ({"models": []}, "content.models"),
        ({"models": [{}]}, "content.models[0]"),
        ({"models": [{"gtin": GTIN}, {"brand": "X"}]}, "content.models[1]"),
        ({"models": [{"gtin": "05413868000017"}]}, "content.models[0].gtin"),
        ({"models": [{"gtin": 5}]}, "content.models[0].gtin"),
        ({"salt": "none"}, "document.salt"),
        ({"more": 1}, "content"),
    ],
)
def test_a_malformed_certificate_is_refused_with_its_place(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_certificate(paper(**changes))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("scopes", "field"),
    [
        ([], "content.scopes"),
        ([{"category": "respiratory"}], "content.scopes[0]"),
        ([SCOPES[0], {**SCOPES[0], "modules": ["E"]}], "content.scopes[1].modules"),
        ([{**SCOPES[0], "standard": ""}], "content.scopes[0].standard"),
    ],
)
def test_a_malformed_designation_is_refused_with_its_place(scopes: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_designation({"salt": SALT, "name": "Prüfhaus", "scopes": scopes})
    assert caught.value.field == field
