"""The demonstration's world: who takes part, what is made, where it travels and what is scanned.

Products are real and carry their published GTIN, or the one derived from their US National Drug Code (003, NDC-10,
check digit); protective equipment is fictitious and stands under GS1 prefix 952, kept for examples. Companies and
administrations are played by actors marked "(demo)"; what happens to them here is invented. Places are UN/LOCODEs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ledger.core.vocabulary import Kind, ProductClass, Role

HOST: Final = "lotproof.example"  # RFC 2606 keeps .example for documentation
FOREIGN_HOST: Final = "verify-vaccine.example.net"
DAY: Final = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Party:
    """One organisation; `authority` names the party that accredits it, "" if the council admits it."""

    name: str
    country: str
    roles: Role
    authority: str = ""
    prefixes: tuple[str, ...] = ()


PARTIES: Final[dict[str, Party]] = {
    "famhp": Party("Medicines agency of Belgium (demo)", "BE", Role.REGULATOR),
    "ansm": Party("Medicines agency of France (demo)", "FR", Role.REGULATOR),
    "zls": Party("Market surveillance of Germany (demo)", "DE", Role.REGULATOR),
    "hsa": Party("Health Sciences Authority of Singapore (demo)", "SG", Role.REGULATOR),
    "bpom": Party("Food and drug agency of Indonesia (demo)", "ID", Role.REGULATOR),
    "thfda": Party("Food and drug administration of Thailand (demo)", "TH", Role.REGULATOR),
    "phfda": Party("Food and drug administration of the Philippines (demo)", "PH", Role.REGULATOR),
    "npra": Party("Pharmaceutical agency of Malaysia (demo)", "MY", Role.REGULATOR),
    "pfizer": Party("Pfizer, Puurs plant (demo)", "BE", Role.MANUFACTURER, "famhp", ("0359267", "0300690")),
    "sanofi": Party("Sanofi Pasteur (demo)", "FR", Role.MANUFACTURER, "ansm", ("0349281",)),
    "nordmaske": Party("Nordmaske GmbH (fictitious)", "DE", Role.MANUFACTURER, "zls", ("9521101",)),
    "schnellvax": Party("Schnellvax GmbH (fictitious)", "DE", Role.MANUFACTURER, "zls", ("9521177",)),
    "aircargo": Party("Brussels Air Cargo (demo)", "BE", Role.CARRIER, "famhp", ("9521201",)),
    "straits": Party("Straits Medical Distribution (demo)", "SG", Role.WHOLESALER, "hsa", ("9521301",)),
    "nusantara": Party("Nusantara Farma Distribusi (demo)", "ID", Role.WHOLESALER, "bpom", ("9521302",)),
    "siam": Party("Siam Cold Chain (demo)", "TH", Role.WHOLESALER, "thfda", ("9521303",)),
    "luzon": Party("Luzon Medical Supply (demo)", "PH", Role.WHOLESALER, "phfda", ("9521304",)),
    "sgcustoms": Party("Singapore Customs (demo)", "SG", Role.CUSTOMS, "hsa"),
    "idcustoms": Party("Customs of Indonesia (demo)", "ID", Role.CUSTOMS, "bpom"),
    "thcustoms": Party("Customs of Thailand (demo)", "TH", Role.CUSTOMS, "thfda"),
    "phcustoms": Party("Customs of the Philippines (demo)", "PH", Role.CUSTOMS, "phfda"),
    "bahru": Party("Tiong Bahru Pharmacy (demo)", "SG", Role.PHARMACY, "hsa"),
    "kemang": Party("Apotek Kemang (demo)", "ID", Role.PHARMACY, "bpom"),
    "sukhumvit": Party("Sukhumvit Pharmacy (demo)", "TH", Role.PHARMACY, "thfda"),
}


@dataclass(frozen=True, slots=True)
class Product:
    """A trade item; `gtin_source` says how its GTIN is known."""

    name: str
    gtin: str
    product_class: ProductClass
    maker: str
    hs6: str
    gtin_source: str


_PUBLISHED: Final = "published in the CDC vaccine code set release notes of 2024-10-23"
_DERIVED: Final = "derived from the NDC: 003 + NDC-10 + check digit"
_EXAMPLE: Final = "fictitious, under GS1's example prefix 952"
_VACCINE: Final = ProductClass.VACCINE

PRODUCTS: Final[dict[str, Product]] = {
    "comirnaty": Product(
        "Pfizer-BioNTech COVID-19 vaccine, tris (12+)", "00359267102522", _VACCINE, "pfizer", "300241", _DERIVED
    ),
    "abrysvo": Product("Abrysvo RSV vaccine", "00300690344102", _VACCINE, "pfizer", "300241", _PUBLISHED),
    "beyfortus": Product(
        "Beyfortus RSV antibody", "00349281575150", ProductClass.MEDICINE, "sanofi", "300215", _PUBLISHED
    ),
    "vidprevtyn": Product("Sanofi COVID-19 vaccine", "00349281618208", _VACCINE, "sanofi", "300241", _DERIVED),
    "ffp2": Product(
        "Nordmaske FFP2 NR respirator", "09521101000016", ProductClass.PPE, "nordmaske", "630790", _EXAMPLE
    ),
    "gloves": Product(
        "Nordmaske nitrile examination gloves", "09521101000023", ProductClass.PPE, "nordmaske", "401512", _EXAMPLE
    ),
    "schnell": Product("Schnellvax influenza vaccine", "09521177000019", _VACCINE, "schnellvax", "300241", _EXAMPLE),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch; `expires` and `made` are days from today. Of a serialised one the maker registers each pack's number."""

    product: str
    lot: str
    quantity: int
    expires: int = 540
    made: int = -60
    serialised: bool = False


BATCHES: Final[dict[str, Batch]] = {
    "border": Batch("comirnaty", "PB26K017", 48_000),
    "split": Batch("abrysvo", "AB26H203", 12_000),
    "element": Batch("beyfortus", "BY26F118", 9_600),
    "recalled": Batch("vidprevtyn", "SV26C044", 30_000),
    "expired": Batch("comirnaty", "PB24M902", 6_000, expires=-20, made=-700),
    "held": Batch("abrysvo", "AB26J310", 4_800),
    "seized": Batch("comirnaty", "PB26L555", 2_400),
    "transit": Batch("beyfortus", "BY26G121", 3_600),
    "altered": Batch("vidprevtyn", "SV26D051", 18_000, expires=120),
    "ppe": Batch("ffp2", "FFP2-26-0711", 250_000, expires=1_400),
    "pallet": Batch("gloves", "NG26-88/A", 90_000, expires=1_000),
    "over": Batch("ffp2", "FFP2-26-0712", 40_000, expires=1_400),
    "packs": Batch("comirnaty", "PB26S205", 2_000, serialised=True),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One custody event: at `days` from now (negative) `actor` does `kind` to the consignment named `goods`.

    `goods` is a batch's name for its first consignment, or a name given by an earlier step in `makes`.
    `makes` lists (name, quantity) of a split's children; a pallet's single name with quantity 0 and its `loads`.
    """

    days: float
    actor: str
    kind: Kind
    goods: str
    place: str
    to: str = ""
    quantity: int | None = None  # None: all of it
    makes: tuple[tuple[str, int], ...] = ()
    loads: tuple[str, ...] = ()


def _leg(goods: str, start: float, sender: str, receiver: str, origin: str, destination: str) -> tuple[Step, Step]:
    """A shipment from `origin` and its receipt three days later at `destination`."""
    return (
        Step(start, sender, Kind.SHIP, goods, origin, to=receiver),
        Step(start + 3, receiver, Kind.RECEIVE, goods, destination, to=sender),
    )


STEPS: Final[tuple[Step, ...]] = (
    # A whole batch by air to Jakarta: with the carrier, then on the way to the wholesaler through the border.
    *_leg("border", -12, "pfizer", "aircargo", "BEPUU", "BEBRU"),
    Step(-8, "aircargo", Kind.SHIP, "border", "BEBRU", to="nusantara"),
    Step(-2, "idcustoms", Kind.INSPECT, "border", "IDCGK"),
    # A batch split in Singapore; one carton reaches a pharmacy, which has dispensed a part of it.
    *_leg("split", -25, "pfizer", "straits", "BEPUU", "SGSIN"),
    Step(-20, "straits", Kind.SPLIT, "split", "SGSIN", makes=(("carton-sg", 600), ("carton-my", 900))),
    *_leg("carton-sg", -19, "straits", "bahru", "SGSIN", "SGSIN"),
    Step(-1, "bahru", Kind.DISPENSE, "carton-sg", "SGSIN", quantity=35),
    # A batch to Bangkok, read later from the GS1 text of its carton.
    *_leg("element", -24, "sanofi", "siam", "FRLYS", "THBKK"),
    *_leg("recalled", -26, "sanofi", "luzon", "FRLYS", "PHMNL"),
    Step(-3, "sanofi", Kind.RECALL, "recalled", ""),
    *_leg("expired", -27, "pfizer", "straits", "BEPUU", "SGSIN"),
    Step(-9, "pfizer", Kind.SHIP, "held", "BEPUU", to="luzon"),
    Step(-2, "phcustoms", Kind.HOLD, "held", "PHMNL"),
    Step(-14, "pfizer", Kind.SHIP, "seized", "BEANR", to="siam"),
    Step(-6, "thcustoms", Kind.HOLD, "seized", "THLCH"),
    Step(-4, "thcustoms", Kind.SEIZE, "seized", "THLCH"),
    *_leg("transit", -16, "sanofi", "straits", "FRPAR", "SGSIN"),
    Step(-2, "straits", Kind.SHIP, "transit", "SGSIN", to="kemang"),
    *_leg("altered", -21, "sanofi", "nusantara", "FRLYS", "IDCGK"),
    # Masks by sea, handed over on the quay with both signatures.
    *_leg("ppe", -28, "nordmaske", "straits", "DEHAM", "SGSIN"),
    Step(-5, "straits", Kind.HANDOVER, "ppe", "SGSIN", to="bahru"),
    # Gloves: two cartons under one pallet, moved by its SSCC; a second pallet is opened again.
    Step(-18, "nordmaske", Kind.SPLIT, "pallet", "DEHAM", makes=(("gloves-1", 20_000), ("gloves-2", 25_000))),
    Step(-17, "nordmaske", Kind.PACK, "pallet-1", "DEHAM", makes=(("pallet-1", 0),), loads=("gloves-1", "gloves-2")),
    *_leg("pallet-1", -16, "nordmaske", "siam", "DEHAM", "THLCH"),
    Step(-11, "siam", Kind.UNPACK, "pallet-1", "THBKK", loads=("gloves-1",)),
    *_leg("gloves-1", -10, "siam", "sukhumvit", "THBKK", "THBKK"),
    # More masks counted in than were sent.
    Step(-13, "nordmaske", Kind.SHIP, "over", "DEHAM", to="luzon"),
    Step(-4, "luzon", Kind.RECEIVE, "over", "PHMNL", to="nordmaske", quantity=41_500),
    # A batch with serial numbers, of which two pharmacies in two countries hold a carton each.
    *_leg("packs", -22, "pfizer", "aircargo", "BEPUU", "BEBRU"),
    *_leg("packs", -18, "aircargo", "straits", "BEBRU", "SGSIN"),
    Step(-14, "straits", Kind.SPLIT, "packs", "SGSIN", makes=(("packs-sg", 600), ("packs-th", 800))),
    *_leg("packs-sg", -13, "straits", "bahru", "SGSIN", "SGSIN"),
    *_leg("packs-th", -12, "straits", "sukhumvit", "SGSIN", "THBKK"),
)


@dataclass(frozen=True, slots=True)
class Scan:
    """One scanned case. `code` is a template: {batch} label fields are filled in by the demonstration."""

    label: str
    goods: str  # a batch or a consignment of the story; "" for a code of its own
    form: str  # one of `ledger.cli.cases.FORMS`
    expect: str
    reason: str
    why: str
    organisation: str = ""  # who scans
    place: str = ""
    changes: dict[str, str] = field(default_factory=dict)  # what the label says instead
    pack: str = ""  # a pack of `ledger.cli.pack_story`, whose label is signed before it is changed
    bundle: str = ""  # the file of its proof bundle, if it gets one


SCANS: Final[tuple[Scan, ...]] = (
    Scan(
        "verified at the border",
        "border",
        "digital_link",
        "verified",
        "verified",
        "Customs of Indonesia scan a batch that its maker registered and that is on its recorded way to Jakarta.",
        organisation="idcustoms",
        place="IDCGK",
    ),
    Scan(
        "verified at the pharmacy after a split",
        "carton-sg",
        "sscc",
        "verified",
        "verified",
        "A Singapore pharmacy scans the carton it received after the batch was split.",
        organisation="bahru",
        place="SGSIN",
    ),
    Scan(
        "verified from a GS1 element string",
        "element",
        "element_string",
        "verified",
        "verified",
        "The text of a GS1 QR code with its FNC1 separators, as a hand scanner sends it.",
        organisation="siam",
        place="THBKK",
    ),
    Scan(
        "protective equipment after a handover",
        "ppe",
        "digital_link",
        "verified",
        "verified",
        "Masks handed over with both signatures, scanned by the pharmacy that holds them.",
        organisation="bahru",
        place="SGSIN",
    ),
    Scan(
        "verified by the SSCC of a pallet",
        "pallet-1",
        "sscc",
        "verified",
        "verified",
        "The pallet's own code answers for the carton still on it.",
        organisation="siam",
        place="THBKK",
    ),
    Scan(
        "recalled",
        "recalled",
        "digital_link",
        "do_not_use",
        "recalled",
        "The maker recalled the whole batch.",
        bundle="bundle-recalled.json",
    ),
    Scan("expired", "expired", "digital_link", "do_not_use", "expired", "The batch expired twenty days ago."),
    Scan("held by customs", "held", "digital_link", "do_not_use", "held", "Customs of the Philippines hold it."),
    Scan("seized", "seized", "digital_link", "do_not_use", "seized", "Customs of Thailand seized it."),
    Scan(
        "in transit to someone else",
        "transit",
        "digital_link",
        "undetermined",
        "custody_elsewhere",
        "A Thai pharmacy scans goods that are recorded as on the way to an Indonesian one.",
        organisation="sukhumvit",
        place="THBKK",
    ),
    Scan(
        "expiry altered on the label",
        "altered",
        "digital_link",
        "suspect",
        "expiry_differs",
        "The label promises two more years than the maker registered.",
        changes={"expiry_days": "850"},
    ),
    Scan(
        "unknown lot of a known maker",
        "border",
        "digital_link",
        "suspect",
        "unknown_lot",
        "The maker is on the ledger and never registered this lot.",
        changes={"lot": "PB26K999"},
    ),
    Scan(
        "maker suspended before registration",
        "",
        "digital_link",
        "suspect",
        "maker_suspended",
        "The maker's accreditation was suspended before this lot could be registered.",
        changes={"gtin": "09521177000019", "lot": "SX26A001", "expiry_days": "300"},
    ),
    Scan(
        "wrong check digit",
        "border",
        "wrong_check_digit",
        "unreadable",
        "incorrect_check_digit",
        "One digit was misread: nothing is said about the goods, read the code again.",
    ),
    Scan(
        "an Arabic-digit look-alike",
        "border",
        "arabic_digits",
        "unreadable",
        "foreign_digit",
        "Two digits are Arabic-Indic signs that look at home on a label and mean another string.",
    ),
    Scan(
        "a foreign host in the link",
        "element",
        "foreign_host",
        "verified",
        "verified",
        "The link points to a host that is not ours: it is not opened, the code inside is judged all the same.",
        organisation="siam",
        place="THBKK",
    ),
    Scan(
        "more received than was sent",
        "over",
        "digital_link",
        "suspect",
        "quantity_over",
        "1,500 masks more came in than were shipped, and nobody has explained them.",
    ),
    Scan(
        "a bare GTIN",
        "border",
        "gtin",
        "undetermined",
        "lot_needed",
        "A product code alone names no batch.",
    ),
)
