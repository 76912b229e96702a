"""The Traffic Light Protocol: how far what is told may go, and what that asks of whoever carries it.

Source: FIRST, Traffic Light Protocol 2.0 (2022), sections 2 to 4. The identifiers of the markings are those of the
STIX 2.1 extension for TLP 2.0 (OASIS, cti-stix-common-objects).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

_SEPARATOR: Final = "+"
EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"


class Marking(IntEnum):
    """How far a message may go, from the widest to the narrowest. The numbers are signed."""

    CLEAR = 0  # the world
    GREEN = 1  # the community: here every administration on the ledger
    AMBER = 2  # the recipients' organisations and their clients, who need to know
    AMBER_STRICT = 3  # the recipients' organisations
    RED = 4  # the individual recipients

    @property
    def label(self) -> str:
        """How it is written, e.g. `TLP:AMBER+STRICT`."""
        return f"TLP:{self.name.replace('_', _SEPARATOR)}"

    @property
    def sealed(self) -> bool:
        """Whether only its recipients may be able to read it, so that it must be encrypted to their keys."""
        return self >= Marking.AMBER

    @property
    def personal(self) -> bool:
        """Whether it is for single people: here for single keys, not for whoever signs in for an organisation."""
        return self is Marking.RED


STIX_IDS: Final = {
    Marking.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Marking.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Marking.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Marking.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Marking.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_OF_LABEL: Final = {marking.label: marking for marking in Marking}
_OF_STIX: Final = {identifier: marking for marking, identifier in STIX_IDS.items()}


def marking_of(text: str) -> Marking | None:
    """Read a marking.

    Args:
        text: A label with or without `TLP:`, in either case, or the identifier of its STIX marking definition.

    Returns:
        None if it is none; `TLP:WHITE` of version 1 is none either.
    """
    if text in _OF_STIX:
        return _OF_STIX[text]
    label = text.strip().upper()
    return _OF_LABEL.get(label if label.startswith("TLP:") else f"TLP:{label}")


def definition(marking: Marking) -> dict[str, object]:
    """Give the STIX 2.1 marking definition.

    Args:
        marking: Which.
    """
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": STIX_IDS[marking],
        "created": "2022-10-01T00:00:00.000Z",
        "name": marking.label,
        "extensions": {
            EXTENSION: {
                "extension_type": "property-extension",
                "tlp_2_0": marking.label.removeprefix("TLP:").lower(),
            }
        },
    }
