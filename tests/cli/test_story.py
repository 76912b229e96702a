"""The demonstration's facts: real where they say so, consistent where they are invented."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pytest

from ledger.cli import pack_story, story
from ledger.core.gs1 import gtin14
from ledger.core.unit import UnitKind
from ledger.core.vocabulary import Kind, Role

if TYPE_CHECKING:
    from pathlib import Path

SCANS = (*story.SCANS, *pack_story.SCANS)
PLACES = sorted({each.place for each in (*story.STEPS, *pack_story.STEPS, *SCANS) if each.place})


def prefix_covers(prefix: str, gtin: str) -> bool:
    return gtin[1:].startswith(prefix)


@pytest.mark.parametrize("product", story.PRODUCTS.values(), ids=lambda product: product.gtin)
def test_a_product_has_a_right_gtin_under_its_makers_prefix(product: story.Product) -> None:
    assert gtin14(product.gtin) == product.gtin
    assert any(prefix_covers(prefix, product.gtin) for prefix in story.PARTIES[product.maker].prefixes)


def test_the_gtin_of_a_real_product_is_the_published_or_derived_one(test_data: Path) -> None:
    with (test_data / "reference/us_cdc/ndc_gtin.csv").open(newline="", encoding="utf-8") as file:
        known = {row["gtin14"]: row["gtin_status"] for row in csv.DictReader(file)}
    for product in story.PRODUCTS.values():
        if product.gtin_source == story._PUBLISHED:
            assert known[product.gtin] == "published"
        elif product.gtin_source == story._DERIVED:
            assert known[product.gtin].startswith("derived 003+NDC10+check digit")


def test_invented_products_and_prefixes_stand_under_the_example_prefix() -> None:
    for product in story.PRODUCTS.values():
        assert product.gtin[1:4] == "952" or "fictitious" not in product.gtin_source
    for party in story.PARTIES.values():
        assert (
            party.prefixes == () or party.name.startswith(("Pfizer", "Sanofi")) or party.prefixes[0].startswith("952")
        )


@pytest.mark.parametrize("place", PLACES)
def test_a_place_has_the_form_of_a_un_locode(place: str) -> None:
    assert re.fullmatch(r"[A-Z]{2}[A-Z2-9]{3}", place)


def test_the_places_that_the_published_extract_has_are_real(test_data: Path) -> None:
    with (test_data / "reference/locode/un_locode_from_locode_0.1.1.1.csv").open(newline="", encoding="utf-8") as file:
        listed = {row["locode"] for row in csv.DictReader(file)}
    assert {"BEPUU", "BEBRU", "BEANR", "DEHAM", "FRPAR", "FRLYS", "THBKK", "THLCH"} <= listed & set(PLACES)


def test_administrations_act_in_their_own_country_only() -> None:
    for step in story.STEPS:
        if step.kind in (Kind.HOLD, Kind.INSPECT, Kind.RELEASE, Kind.SEIZE):
            assert step.place[:2] == story.PARTIES[step.actor].country


def test_every_case_that_was_asked_for_is_scanned() -> None:
    asked = {
        "verified at the border",
        "verified at the pharmacy after a split",
        "verified from a GS1 element string",
        "recalled",
        "expired",
        "held by customs",
        "seized",
        "in transit to someone else",
        "expiry altered on the label",
        "unknown lot of a known maker",
        "maker suspended before registration",
        "wrong check digit",
        "an Arabic-digit look-alike",
        "a foreign host in the link",
        "genuine pack at the pharmacy",
        "genuine pack with a GS1 DataMatrix",
        "pack dispensed before",
        "pack dispensed, taken back and on the shelf again",
        "copied pack",
        "pack dispensed by two pharmacies",
        "forged signature on the label",
        "misread character on a signed label",
        "serial number that is not in the batch",
    }
    assert asked <= {scan.label for scan in SCANS}


def test_no_two_cases_have_one_label() -> None:
    assert len({scan.label for scan in SCANS}) == len(SCANS)


def test_only_pharmacies_dispense_packs_and_undo_what_they_dispensed() -> None:
    given = set()
    for step in pack_story.STEPS:
        if step.kind is UnitKind.DISPENSE:
            given.add((step.actor, step.pack))
        if step.kind in (UnitKind.DISPENSE, UnitKind.UNDO):
            assert story.PARTIES[step.actor].roles & Role.PHARMACY
            assert (step.actor, step.pack) in given


def test_a_misread_lot_is_none_that_is_registered() -> None:
    changed = {scan.changes["lot"] for scan in pack_story.SCANS if "lot" in scan.changes}
    assert changed
    assert changed.isdisjoint(batch.lot for batch in story.BATCHES.values())
