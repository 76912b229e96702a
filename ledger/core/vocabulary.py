"""The closed vocabularies of the ledger, with the numbers that stand on chain.

Numbers never change: they are part of signed statements. Business steps: CBV 2.0, section 7.1.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final


class Kind(IntEnum):
    """What a custody event states."""

    SHIP = 1
    RECEIVE = 2
    HANDOVER = 3
    RETURN = 4
    SPLIT = 5
    PACK = 6
    UNPACK = 7
    INSPECT = 8
    HOLD = 9
    RELEASE = 10
    SEIZE = 11
    RECALL = 12
    DISPENSE = 13
    DESTROY = 14
    CORRECT = 15


class Role(IntFlag):
    """What an organisation is accredited to do."""

    MANUFACTURER = 1
    CARRIER = 2
    WHOLESALER = 4
    CUSTOMS = 8
    PHARMACY = 16
    REGULATOR = 32


class ProductClass(IntEnum):
    """What sort of product a batch is."""

    VACCINE = 1
    MEDICINE = 2
    PPE = 3
    DEVICE = 4


class Purpose(IntFlag):
    """What a key may sign."""

    EVENTS = 1
    LABELS = 2
    ADMIN = 4


class Status(IntFlag):
    """Flags of a consignment's state on chain."""

    SEIZED = 1
    PALLET = 2


CUSTODY_ROLES: Final = Role.MANUFACTURER | Role.CARRIER | Role.WHOLESALER | Role.PHARMACY
ADMINISTRATION_ROLES: Final = Role.CUSTOMS | Role.REGULATOR
AUTHORITY_KINDS: Final = frozenset({Kind.INSPECT, Kind.HOLD, Kind.RELEASE, Kind.SEIZE, Kind.RECALL})
CBV_BIZ_STEP: Final = {
    Kind.SHIP: "shipping",
    Kind.RECEIVE: "receiving",
    Kind.HANDOVER: "shipping",
    Kind.RETURN: "returning",
    Kind.SPLIT: "unpacking",
    Kind.PACK: "packing",
    Kind.UNPACK: "unpacking",
    Kind.INSPECT: "inspecting",
    Kind.HOLD: "holding",
    Kind.RELEASE: "releasing",
    Kind.SEIZE: "holding",
    Kind.RECALL: "recalling",
    Kind.DISPENSE: "dispensing",
    Kind.DESTROY: "destroying",
    Kind.CORRECT: "errorDeclaration",
}
