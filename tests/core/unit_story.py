"""What organisations sign about one pack, as their logs would hold it. Checks nothing: a test may tell anything."""

from __future__ import annotations

from typing import Final

from coincurve import PrivateKey

from ledger.core.structs import UnitStatement
from ledger.core.unit import UnitEvent, UnitKind
from ledger.core.unit_submission import UnitSubmission
from tests.core.batch_story import DOMAIN, GTIN, LOT, NO_HASH

SERIAL: Final = "S7K2M9"
SECRET: Final = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")  # Anvil's first key
SIGNER: Final = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")


def signed(statement: UnitStatement) -> UnitSubmission:
    """Sign with Anvil's published first key."""
    raw = PrivateKey(SECRET).sign_recoverable(statement.digest(DOMAIN), hasher=None)
    return UnitSubmission(statement, SIGNER, raw[:64] + bytes([raw[64] + 27]))


class UnitStory:
    """One pack, and what is said of it; `now` is when the story is told, Unix seconds."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.events: tuple[UnitEvent, ...] = ()

    def statement(  # noqa: PLR0913 - the fields of a statement, by name
        self,
        kind: UnitKind,
        actor: int,
        *,
        ago: int = 0,
        place: str = "SGSIN",
        previous: bytes = NO_HASH,
        serial: str = SERIAL,
        gtin: str = GTIN,
        lot: str = LOT,
    ) -> UnitStatement:
        """Make a statement about the pack, of `ago` seconds ago."""
        return UnitStatement(actor, kind, int(gtin), lot, serial, self.now - ago, place.encode(), previous, NO_HASH)

    def tell(
        self, kind: UnitKind, actor: int, *, ago: int = 0, place: str = "SGSIN", previous: bytes = NO_HASH
    ) -> UnitEvent:
        """Say something of the pack."""
        statement = self.statement(kind, actor, ago=ago, place=place, previous=previous)
        index = sum(event.actor == actor for event in self.events)
        event = signed(statement).event(DOMAIN, self.now - ago, index)
        self.events = (*self.events, event)
        return event
