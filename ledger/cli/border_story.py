"""The demonstration's border: what three customs administrations are declared, warn each other of, and find together.

Forty cartons of one batch go from a distributor in Singapore to Thailand and Indonesia with nothing missing: these are
for the green lane. Two cartons of another batch are on their way to Manila by the ledger, and turn up in Thailand and
Indonesia: Singapore warns, leads an operation, and both are seized. Actors and events are invented, as in `story`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.cli.story import Batch, Step
from ledger.core.vocabulary import Kind

LEAD: Final = "sgcustoms"
PORTS: Final = {"thcustoms": "THLCH", "idcustoms": "IDJKT"}  # where each of the others clears, by sea
OFFICES: Final = {"thcustoms": "TH1190", "idcustoms": "ID040300"}
IMPORTERS: Final = {"thcustoms": "siam", "idcustoms": "nusantara"}
OPERATION: Final = "Clear Crossing (demo)"
OPERATION_WORDS: Final = "Two weeks against vaccine cartons that leave their recorded way between our ports."
ALERT: Final = "Cartons of a consignment for Manila on offer elsewhere (demo)"
ALERT_WORDS: Final = (
    "A distributor in Singapore was offered cartons of this lot that the ledger shows on their way to Manila. "
    "Compare the SSCC with the recorded consignee before release."
)
ANSWER: Final = "One carton was declared here, held and seized."
EVIDENCE: Final = "As it was found on the carton; the SSCC is the one on record."
CARTONS: Final = 40
CARTON_UNITS: Final = 600
CARTON_KG: Final = 18.0
CARTON_VALUE: Final = 52_000.0

# Batches beside those of `story`, and how they travel.
BATCHES: Final[dict[str, Batch]] = {
    "lane": Batch("abrysvo", "AB26L410", CARTONS * CARTON_UNITS),
    "diverted": Batch("comirnaty", "PB26D330", 6_000),
}
DIVERTED: Final = {"thcustoms": ("diverted-th", 900), "idcustoms": ("diverted-id", 1_200)}


def lane_cartons() -> dict[str, str]:
    """The cartons for the green lane, by name, with the customs administration that each is declared to."""
    administrations = tuple(PORTS)
    return {f"lane-{number:02d}": administrations[number % 2] for number in range(1, CARTONS + 1)}


def steps() -> tuple[Step, ...]:
    """How the goods got to the border; days from now."""
    cartons = lane_cartons()
    return (
        Step(-24, "pfizer", Kind.SHIP, "lane", "BEPUU", to="straits"),
        Step(-23, "pfizer", Kind.SHIP, "diverted", "BEPUU", to="straits"),
        Step(-21, "straits", Kind.RECEIVE, "lane", "SGSIN", to="pfizer"),
        Step(-20, "straits", Kind.RECEIVE, "diverted", "SGSIN", to="pfizer"),
        Step(-16, "straits", Kind.SPLIT, "lane", "SGSIN", makes=tuple((name, CARTON_UNITS) for name in cartons)),
        Step(-15, "straits", Kind.SPLIT, "diverted", "SGSIN", makes=tuple(DIVERTED.values())),
        *(
            Step(-8, "straits", Kind.SHIP, name, "SGSIN", to=IMPORTERS[administration])
            for name, administration in cartons.items()
        ),
        *(Step(-7, "straits", Kind.SHIP, name, "SGSIN", to="luzon") for name, _ in DIVERTED.values()),
    )


def releases() -> tuple[Step, ...]:
    """What customs sign of the cartons that the green lane lets by: looked at on paper, nothing found."""
    return tuple(
        Step(-0.1, administration, Kind.INSPECT, name, PORTS[administration])
        for name, administration in lane_cartons().items()
    )


@dataclass(frozen=True, slots=True)
class Trust:
    """One trusted status: `issuer` trusts `operator`."""

    issuer: str
    operator: str


TRUST: Final = (
    Trust("famhp", "pfizer"),
    Trust("hsa", "straits"),
    Trust("thfda", "siam"),
    Trust("bpom", "nusantara"),
)
RECOGNISED: Final = ("BE", "SG")  # whose statuses the other two count as their own
