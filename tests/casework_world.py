"""An installation of four administrations with cases and operations: each has an officer and a supervisor."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from ledger.core import facts
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import Kind, Purpose
from ledger.core.wording import moment
from ledger.store import indexing
from ledger.store.database import open_database
from ledger.store.declarations import Declarations, Scored
from tests.core.batch_story import CUSTOMS, NO_HASH, REGULATOR, BatchStory
from tests.core.customs.desk_story import GOOD
from tests.exchange import Exchanging
from tests.indexed_world import GTIN, LOTS, write
from tests.share_world import INDONESIA, THAILAND, Officer, add_key, officer, share_world

if TYPE_CHECKING:
    import httpx

    from ledger.core.customs.declaration import DeclarationLine
    from ledger.store.database import Database
    from tests.indexed_world import World

THAI, INDONESIAN = officer(THAILAND), officer(INDONESIA)  # keys for events alone
THAI_PHONE = officer(THAILAND, person=1)
SINGAPORE_CHIEF, BELGIAN_CHIEF, THAI_CHIEF, INDONESIAN_CHIEF = (
    officer(number, person=2) for number in (CUSTOMS, REGULATOR, THAILAND, INDONESIA)
)
CHIEFS = (SINGAPORE_CHIEF, BELGIAN_CHIEF, THAI_CHIEF, INDONESIAN_CHIEF)
THAI_LOT = "TH1"
DAY = 86_400
LINE = GOOD._replace(declaration_office_id="THBKK", unloading_location_id="THBKK", sscc="", lot=LOTS["recalled"])


@cache
def decided() -> dict[str, bytes]:
    """The digests of what was decided, by name; see `casework_world`."""
    stories = casework_world().stories
    names = ("inspect", "hold", "release", "wrong hold", "seize")
    own = {name: event.digest for name, event in zip(names, stories["decisions"].events, strict=False)}
    return own | {"hold of Singapore": stories["held"].events[0].digest}


def casework_world() -> World:
    """The world of shared intelligence, with supervisors, and what Thai customs decided about a lot of 1,000.

    It inspected the lot, held and released it, held it once more by mistake, seized it and destroyed 400.
    """
    told = share_world()
    last = list(told.stories.values())[-1]
    story = BatchStory(time=last.time, block=last.block)
    for chief in CHIEFS:
        add_key(story, chief, Purpose.EVENTS | Purpose.ADMIN)
    story.mine()
    batch = story.register(lot=THAI_LOT)
    for kind in (Kind.INSPECT, Kind.HOLD, Kind.RELEASE, Kind.HOLD, Kind.SEIZE):
        story.record(kind, batch, THAILAND, place="THBKK")
    story.record(Kind.DESTROY, batch, THAILAND, 400, place="THBKK", authority=True)
    story.record(Kind.CORRECT, batch, THAILAND, place="", previous=story.events[3].digest, authority=False)
    told.stories["decisions"] = story
    told.now, told.last_block = story.time, story.block - 1
    return told


_world = cache(casework_world)


class Caseworking(Exchanging):
    """The installation; whoever asks signs in the first time that he does."""

    @classmethod
    def new(cls, folder: Path, **settings: Any) -> Caseworking:
        """One on SQLite: the world is written once for all."""
        path = folder / "lotproof.db"
        path.write_bytes(written())
        return cls(open_database(f"sqlite:///{path}"), folder, replace(_world()), **settings)

    @classmethod
    def on(cls, db: Database, folder: Path, **settings: Any) -> Caseworking:
        """One on an empty database."""
        world = casework_world()
        write(db, world)
        return cls(db, folder, world, **settings)

    def later(self, seconds: int) -> None:
        """Let time pass; whoever asks then signs in again."""
        self.now += seconds
        self.tokens.clear()

    def declare(self, *lines: DeclarationLine, risk: int = 80) -> None:
        """Keep declaration lines as if they had been scored."""
        kept = Declarations(self.db)
        kept.add(lines, self.now)
        score = {"match": "batch", "detail": "", "signals": [{"signal": "recalled", "weight": 90, "reason": "It is."}]}
        kept.put_scores([Scored(each.number, risk, score) for each in kept.of(lines)], self.now, 1)

    def done(self, answer: httpx.Response, status: int = 200) -> Any:
        """What was answered, if it was this."""
        assert answer.status_code == status, answer.text
        return orjson.loads(answer.content)

    def opened(self, one: Officer = THAI, **more: Any) -> Any:
        """A case about the lot of which Thai customs decided something."""
        source = {"kind": "scan", "code": f"(01){GTIN}(10){THAI_LOT}"}
        return self.done(self.post(one, "/v1/cases", {"source": source, **more}), 201)

    def act(self, one: Officer, case: Any, act: str, status: int = 200, **fields: Any) -> Any:
        """Do something to a case as it was seen."""
        payload = {"version": case["version"], "act": act, **fields}
        return self.done(self.post(one, f"/v1/cases/{case['number']}", payload), status)

    def operation(self, *invited: int, one: Officer = THAI_CHIEF, **more: Any) -> Any:
        """An operation of Thai customs that runs for a week from now."""
        window = {"begins_at": iso(self.now - 3_600), "ends_at": iso(self.now + 7 * DAY)}
        payload = {"name": "Operation Mercury", **window, "invite": list(invited), **more}
        return self.done(self.post(one, "/v1/operations", payload), 201)

    def does(self, one: Officer, operation: Any, act: str, status: int = 200, **fields: Any) -> Any:
        """Do something to an operation as it is now."""
        path = f"/v1/operations/{operation['reference']}"
        now = self.get(one, path)
        version = now.json()["version"] if now.status_code == 200 else operation["version"]
        return self.done(self.post(one, path, {"version": version, "act": act, **fields}), status)

    def recorded(self, kind: Kind, actor: int, consignment: bytes, sequence: int = 0) -> facts.CustodyEvent:
        """Let the chain have a decision of an administration."""
        story = BatchStory(time=self.now, block=self.world.last_block + 1, heads={consignment: NO_HASH})
        story.sequences[consignment] = sequence
        event = story.record(kind, consignment, actor, place="")
        self.world.last_block = event.recorded.block
        header = facts.IndexedBlock(event.recorded.block, keccak256(b"own%d" % event.recorded.block), NO_HASH, self.now)
        indexing.append(self.db, [replace(header, facts=(event,))])
        return event


def iso(at: int) -> str:
    """A time as it is sent."""
    return moment(at)


@cache
def written() -> bytes:
    """The database of a new installation, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lotproof.db"
        db = open_database(f"sqlite:///{path}")
        write(db, _world())
        db.close()
        return path.read_bytes()
