"""What is known of the one pack that a code names, beyond its batch: what checks 2, 6, 11 and 12 judge.

A unit is one serialised pack: GTIN + serial (AI 21) of a batch. Events about units are signed like custody events but
never sent to the chain one by one: their organisation anchors the root of its log of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.core.facts import Key, Organisation


class UnitKind(IntEnum):
    """What happened to a pack; `UnitEvent.kind` as signed."""

    SCAN = 1
    DISPENSE = 2
    UNDO = 3  # takes back a DISPENSE of the same organisation
    DESTROY = 4
    SAMPLE = 5


@dataclass(frozen=True, slots=True)
class UnitEvent:
    """A signed statement about one pack, as the log of its organisation holds it."""

    digest: bytes
    actor: int  # organisation number
    kind: UnitKind
    gtin: str  # 14 digits
    lot: str
    serial: str
    place: str  # UN/LOCODE
    occurred_at: int  # Unix seconds, the signer's claim
    previous: bytes  # UNDO: the digest of the DISPENSE; else 32 zeros
    key: bytes  # that signed it
    received_at: int  # Unix seconds, by the server's clock
    index: int  # place in the log of its organisation, from 0


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """All that is known of one pack.

    Args:
        label_keys: Keys on the ledger whose id begins as the label's AI 91 says; where there are none, those of the
            maker that may sign labels.
        listed: Whether its serial number is under the batch's registered root; None if no list is held here.
        events: What organisations signed about it, in order of arrival.
        signers: The organisations that signed these, as far as they are on the ledger.
    """

    label_keys: tuple[Key, ...] = ()
    listed: bool | None = None
    events: tuple[UnitEvent, ...] = ()
    signers: tuple[Organisation, ...] = ()


NOTHING_KNOWN = UnitFacts()
