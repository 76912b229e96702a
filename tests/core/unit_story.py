"""What organisations sign about one pack, as their logs would hold it. Checks nothing: a test may tell anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from coincurve import PrivateKey

from ledger.core import facts
from ledger.core.parts import key_id
from ledger.core.signature import address_of
from ledger.core.structs import UnitStatement
from ledger.core.unit import UnitEvent, UnitKind
from ledger.core.unit_submission import UnitSubmission
from ledger.core.vocabulary import Purpose
from tests.core.batch_story import DOMAIN, GTIN, LOT, NO_HASH

if TYPE_CHECKING:
    from collections.abc import Iterable

SERIAL: Final = "S7K2M9"


def secret_of(number: int) -> PrivateKey:
    """Give an organisation's key: a test key that anyone can guess."""
    return PrivateKey(bytes([0x40 + number]) * 32)


def signer_of(number: int) -> bytes:
    """Give its address."""
    return address_of(secret_of(number).public_key.format(compressed=False)[1:])


def signed(statement: UnitStatement, by: int | None = None) -> UnitSubmission:
    """Sign with the key of the statement's own organisation, or of another."""
    by = statement.actor if by is None else by
    raw = secret_of(by).sign_recoverable(statement.digest(DOMAIN), hasher=None)
    return UnitSubmission(statement, signer_of(by), raw[:64] + bytes([raw[64] + 27]))


FIRST_BLOCK: Final = facts.Recorded(0, 0, 0, NO_HASH)


def keys_of(numbers: Iterable[int], recorded: facts.Recorded = FIRST_BLOCK) -> dict[bytes, facts.Key]:
    """Give the keys as the ledger knows them."""
    made = {}
    for number in numbers:
        signer = signer_of(number)
        addition = facts.KeyAddition(key_id(signer), number, signer, Purpose.EVENTS, 0, 0, NO_HASH, recorded)
        made[key_id(signer)] = facts.Key(addition)
    return made


class UnitStory:
    """One pack, and what is said of it; `now` is when the story is told, Unix seconds."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.events: tuple[UnitEvent, ...] = ()

    def statement(
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
