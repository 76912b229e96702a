"""The demonstration's single packs: what organisations sign about them, and what is scanned of them.

All are of one batch whose maker registered every serial number and signs every label. The serial numbers are made when
the story is played; here a pack has a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.cli.story import Scan
from ledger.core.unit import UnitKind

BATCH: Final = "packs"  # of `story.BATCHES`
LABEL_KEY: Final = "pfizer-labels"
PACKS: Final = ("genuine", "matrix", "dispensed", "returned", "copied", "twice", "forged", "misread")


@dataclass(frozen=True, slots=True)
class PackStep:
    """One statement: at `days` from now (negative) `actor` does `kind` to `pack`; 0 is the moment of signing.

    An UNDO takes back what the same actor did to the same pack before.
    """

    days: float
    actor: str
    kind: UnitKind
    pack: str
    place: str


STEPS: Final[tuple[PackStep, ...]] = (
    PackStep(0, "bahru", UnitKind.SCAN, "genuine", "SGSIN"),
    PackStep(-1, "bahru", UnitKind.DISPENSE, "dispensed", "SGSIN"),
    PackStep(-2, "bahru", UnitKind.DISPENSE, "returned", "SGSIN"),
    PackStep(-1.9, "bahru", UnitKind.UNDO, "returned", "SGSIN"),
    # The same number at two ends of the earth. A time counts only if it is heard of at once, so this is signed now.
    PackStep(0, "aircargo", UnitKind.SCAN, "copied", "BEBRU"),
    PackStep(0, "bahru", UnitKind.SCAN, "copied", "SGSIN"),
    PackStep(-1, "bahru", UnitKind.DISPENSE, "twice", "SGSIN"),
    PackStep(-0.8, "sukhumvit", UnitKind.DISPENSE, "twice", "THBKK"),
)

SCANS: Final[tuple[Scan, ...]] = (
    Scan(
        "genuine pack at the pharmacy",
        BATCH,
        "digital_link",
        "verified",
        "verified",
        "Its label is signed by the maker, its serial number is one of the batch, and nobody has used it.",
        organisation="bahru",
        place="SGSIN",
        pack="genuine",
        bundle="bundle-pack.json",
    ),
    Scan(
        "genuine pack with a GS1 DataMatrix",
        BATCH,
        "datamatrix",
        "verified",
        "verified",
        "A Thai pharmacy scans the smaller symbol that medicine scanners expect; it says the same.",
        organisation="sukhumvit",
        place="THBKK",
        pack="matrix",
    ),
    Scan(
        "pack dispensed before",
        BATCH,
        "digital_link",
        "do_not_use",
        "already_dispensed",
        "The pharmacy handed this pack out yesterday, and here it is again.",
        organisation="bahru",
        place="SGSIN",
        pack="dispensed",
    ),
    Scan(
        "pack dispensed, taken back and on the shelf again",
        BATCH,
        "digital_link",
        "verified",
        "verified",
        "The pharmacy undid its dispensing: the pack never left the counter.",
        organisation="bahru",
        place="SGSIN",
        pack="returned",
    ),
    Scan(
        "copied pack",
        BATCH,
        "digital_link",
        "suspect",
        "copied",
        "Signed for in Belgium and in Singapore within the same hour: one pack cannot have been in both places.",
        organisation="bahru",
        place="SGSIN",
        pack="copied",
    ),
    Scan(
        "pack dispensed by two pharmacies",
        BATCH,
        "digital_link",
        "suspect",
        "second_dispense",
        "A Singapore pharmacy handed it out, then a Thai one: there are two packs with this number.",
        organisation="sukhumvit",
        place="THBKK",
        pack="twice",
    ),
    Scan(
        "forged signature on the label",
        BATCH,
        "digital_link",
        "suspect",
        "label_forged",
        "Under the serial number of one pack stands the signature copied from another's label.",
        organisation="bahru",
        place="SGSIN",
        pack="forged",
        changes={"serial_of": "genuine"},
    ),
    Scan(
        "misread character on a signed label",
        BATCH,
        "digital_link",
        "unreadable",
        "label_misread",
        "An S of the lot was read as 5. By the signature it is a misread, and not the unknown lot that it looks like.",
        organisation="bahru",
        place="SGSIN",
        pack="misread",
        changes={"lot": "PB265205"},
    ),
    Scan(
        "serial number that is not in the batch",
        BATCH,
        "unsigned",
        "suspect",
        "serial_not_in_batch",
        "GTIN, lot and expiry are copied from a genuine pack, the serial number is made up, and nothing is signed.",
        organisation="bahru",
        place="SGSIN",
        pack="genuine",
        changes={"serial": "S7K2M9"},
    ),
)
