"""The small indexed ledger, with keys for everyone on it, and what an organisation says about packs of its batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from ledger.core import facts, structs
from ledger.core.keccak import keccak256
from ledger.core.submission import parse_submission
from ledger.core.unit import UnitKind
from ledger.log import Logged, record
from ledger.store import indexing
from ledger.store.database import Database
from ledger.store.outbox import Outbox
from ledger.store.read_model import ReadModel
from ledger.store.unit_log import UnitLog
from tests.core.batch_story import CARRIER, CUSTOMS, DOMAIN, MAKER, NO_HASH, PHARMACY, REGULATOR, STRANGER
from tests.core.unit_story import UnitStory, keys_of, signed
from tests.indexed_world import World, world, write

if TYPE_CHECKING:
    from ledger.core.unit_submission import UnitSubmission

EVERYONE = (REGULATOR, MAKER, CARRIER, PHARMACY, CUSTOMS, STRANGER)


def unit_world() -> World:
    """The indexed world in which everyone has a key that signs."""
    told = world()
    opening = told.stories["opening"]
    first = opening.organisations[REGULATOR].changes[0].recorded
    opening.keys |= keys_of(EVERYONE, first)
    return told


class Intake:
    """Where organisations hand in what they say about packs.

    Args:
        db: An empty database.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self.world = unit_world()
        write(db, self.world)
        self.now = self.world.now
        self.log = UnitLog(db)

    def submission(self, kind: UnitKind, actor: int = PHARMACY, **said: object) -> UnitSubmission:
        return signed(UnitStory(self.now).statement(kind, actor, **said))  # type: ignore[arg-type]  # what is said is said by name

    def say(self, kind: UnitKind, actor: int = PHARMACY, **said: object) -> Logged:
        return self.hand_in(self.submission(kind, actor, **said))

    def hand_in(self, submission: UnitSubmission) -> Logged:
        return record(self.db, None, submission, clock=lambda: self.now)

    def scans(self, count: int, actor: int = PHARMACY) -> None:
        start = self.log.size(actor)
        for number in range(start, start + count):
            self.say(UnitKind.SCAN, actor, serial=f"N{number}")

    def mine(self) -> facts.Anchor:
        """Let the chain have the anchor that was handed in last."""
        (entry,) = Outbox(self.db).pending(9)
        statement = parse_submission(orjson.loads(entry.payload)).statement
        assert isinstance(statement, structs.Anchor)
        return self._chain(entry.digest, statement.organisation, statement.count, statement.root, statement.previous)

    def anchor(self, count: int, organisation: int = PHARMACY, root: bytes | None = None) -> facts.Anchor:
        """Let the chain have an anchor of the log at `count`, or of another root."""
        before = ReadModel(self.db).last_anchor(organisation)
        found = root or self.log.root(organisation, count)
        statement = structs.Anchor(organisation, count, found, before.digest if before else NO_HASH)
        return self._chain(statement.digest(DOMAIN), organisation, count, found, statement.previous)

    def _chain(self, digest: bytes, organisation: int, count: int, root: bytes, previous: bytes) -> facts.Anchor:
        block = self.world.last_block + 1
        self.world.last_block = block
        recorded = facts.Recorded(block, 0, self.now, keccak256(b"anchoring%d" % block))
        anchor = facts.Anchor(digest, organisation, count, root, previous, NO_HASH, recorded)
        header = facts.IndexedBlock(block, keccak256(b"block%d" % block), NO_HASH, self.now, (anchor,))
        indexing.append(self.db, [header])
        return anchor
