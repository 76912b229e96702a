"""An installation at which administrations are signed in and tell each other things."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.app import Identity, create_app
from ledger.config import Settings
from ledger.store.database import open_database
from ledger.store.unit_log import UnitLog
from tests.api.conftest import Asker
from tests.core.batch_story import CUSTOMS, DOMAIN, PHARMACY, REGULATOR
from tests.indexed_world import write
from tests.share_world import INDONESIA, THAILAND, Officer, officer, share_world
from tests.unit_world import Intake

if TYPE_CHECKING:
    import httpx

    from ledger.core.intelligence.statements import Message
    from ledger.store.database import Database
    from tests.indexed_world import World

SINGAPORE, BELGIUM, THAI, INDONESIAN = (officer(number) for number in (CUSTOMS, REGULATOR, THAILAND, INDONESIA))
SINGAPORE_PHONE, THAI_PHONE = officer(CUSTOMS, person=1), officer(THAILAND, person=1)
CHEMIST = officer(PHARMACY)
_world = cache(share_world)
EVERYBODY = (SINGAPORE, SINGAPORE_PHONE, BELGIUM, THAI, THAI_PHONE, INDONESIAN)


class Exchanging(Intake):
    """The installation; whoever asks signs in the first time that he does."""

    def __init__(self, db: Database, folder: Path, world: World | None = None, **settings: Any) -> None:
        self.db, self.folder = db, folder
        self.log = UnitLog(db)
        self.world = world or share_world()
        if world is None:
            write(db, self.world)
        self.now = self.world.now
        identity = Identity(DOMAIN.chain_id, DOMAIN.ledger, None)
        self.app = create_app(Settings(data_dir=folder, **settings), db, identity, clock=lambda: self.now)
        self.ask = Asker(self.app)
        self.tokens: dict[bytes, str] = {}

    @classmethod
    def new(cls, folder: Path, **settings: Any) -> Exchanging:
        """One on SQLite: the world is written once for all."""
        path = folder / "lotproof.db"
        path.write_bytes(_written())
        return cls(open_database(f"sqlite:///{path}"), folder, replace(_world()), **settings)

    def headers(self, one: Officer) -> dict[str, str]:
        if one.key not in self.tokens:
            door = self.app.state.installation.doorkeeper
            challenge = door.challenge(one.signer.signer, "lotproof.example", self.now)
            signature = one.signer.sign_challenge(challenge)
            self.tokens[one.key], _ = door.sign_in(challenge.text(), signature, "lotproof.example", self.now)
        return {"authorization": f"Bearer {self.tokens[one.key]}"}

    def get(self, one: Officer, path: str, **params: Any) -> httpx.Response:
        return self.ask.get(path, headers=self.headers(one), params=params)

    def post(self, one: Officer, path: str, payload: Any) -> httpx.Response:
        return self.ask.post(path, headers=self.headers(one), json=payload)

    def enrol(self, *officers: Officer) -> None:
        for one in officers:
            self.app.state.installation.exchange.put_key(one.enrolment(self.now), one.reader, self.now)

    def tell(self, one: Officer, message: Message) -> dict[str, Any]:
        answer = self.post(one, "/v1/intelligence", message.to_json())
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def heard(self, one: Officer, **params: Any) -> list[dict[str, Any]]:
        answer = self.get(one, "/v1/intelligence", **params)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["messages"])

    def matches(self, one: Officer, **params: Any) -> list[dict[str, Any]]:
        answer = self.get(one, "/v1/intelligence/matches", **params)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["matches"])


@cache
def _written() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lotproof.db"
        db = open_database(f"sqlite:///{path}")
        write(db, _world())
        db.close()
        return path.read_bytes()
