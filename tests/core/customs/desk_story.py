"""A line of a declaration that agrees with a small ledger, to be changed by tests; and that ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ledger.core.customs.case import Evidence
from ledger.core.customs.declaration import DeclarationLine
from ledger.core.customs.journey import named_goods
from ledger.core.customs.score import Score, score
from ledger.core.facts import Organisation
from tests.core.batch_story import CARRIER, GTIN, LOT, MAKER, NOON, PHARMACY, STRANGER, BatchStory, settled

HOUR, DAY = 3_600, 86_400
CARTON = "054138680000000016"
OTHER_CARTON = "054138680000000030"
GLNS = {MAKER: "5413868000009", CARRIER: "5400000000003", PHARMACY: "8888888800002", STRANGER: "9555555500006"}
FOREIGN_GLN = "4012345000009"
GOOD = DeclarationLine(
    declaration_id="D1",
    version_id=1,
    acceptance_date_time=NOON + 3 * DAY,
    declaration_office_id="SGSIN",
    sequence_numeric=1,
    classification_id="300241",
    description="Vaccine",
    origin_country_code="BE",
    export_country_id="BE",
    loading_location_id="BEBRU",
    itinerary_id=(),
    unloading_location_id="SGSIN",
    mode_code="4",
    arrival_date_time=NOON + 3 * DAY,
    gross_mass_measure=120.0,
    net_net_weight_measure=100.0,
    customs_value_amount=5_000.0,
    currency_id="EUR",
    importer_id="SG-IMPORTER",
    consignee_id=GLNS[PHARMACY],
    exporter_id="BE-EXPORTER",
    carrier_id="",
    gtin=GTIN,
    lot=LOT,
    sscc=CARTON,
    tariff_quantity=400,
)


def ledger() -> BatchStory:
    """The organisations, each with its GLN."""
    story = settled()
    for number, gln in GLNS.items():
        known = story.organisations[number]
        story.organisations[number] = replace(known, changes=(replace(known.changes[0], gln=gln),))
    return story


def shipped(to: int = PHARMACY, **given: Any) -> tuple[BatchStory, bytes]:
    """A batch of 1,000 of which a carton of 400 is on its way from Brussels."""
    story = ledger()
    batch = story.register()
    (carton, _other) = story.split(batch, MAKER, [(CARTON, 400), (OTHER_CARTON, 100)])
    story.ship(carton, MAKER, to, 400, **given)
    return story, carton


def arrived() -> tuple[BatchStory, bytes]:
    """The same, received in Singapore two days later."""
    story, carton = shipped()
    story.time += 2 * DAY
    story.receive(carton, PHARMACY, MAKER, 400, place="SGSIN")
    return story, carton


def organisation(story: BatchStory, number: int) -> Organisation:
    return story.organisations[number]


def told(story: BatchStory, named: bytes = b"", *, line: DeclarationLine = GOOD, **given: Any) -> Score:
    """Score a line with what a story tells; `named` is what its SSCC names, if it is known."""
    dossier = story.dossier() if story.registration else None
    consignee = next(
        (each for each in story.organisations.values() if each.changes[-1].gln == line.consignee != ""), None
    )
    found: dict[str, Any] = {
        "carried": (named_goods(dossier, named),) if dossier and named else (),
        "batch": dossier if (line.gtin, line.lot) == (GTIN, LOT) else None,
        "consignee": consignee,
    }
    return score(line, Evidence(**(found | given)))


def signals(found: Score) -> list[str]:
    return [hit.signal for hit in found.hits]


def reason(found: Score, signal: str) -> str:
    return next(hit.reason for hit in found.hits if hit.signal == signal)
