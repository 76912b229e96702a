"""Signing in: a challenge is answered once, by a live key, and the session ends when that key or its time does."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import Identity, create_app
from ledger.config import Settings
from ledger.core.errors import UnavailableError
from ledger.core.sign_in import CHALLENGE_SECONDS
from ledger.core.vocabulary import Purpose
from ledger.session import MOST_SESSIONS
from ledger.store import indexing
from ledger.store.database import Database
from ledger.store.sessions import Looks
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.core.batch_story import CUSTOMS, DOMAIN, PHARMACY
from tests.indexed_world import write
from tests.share_world import THAILAND, Officer, add_key, answer_of, end_key, officer, share_world, suspend


class Door:
    """An installation that somebody signs in at."""

    def __init__(self, db: Database, folder: Path, **settings: Any) -> None:
        self.db = db
        self.world = share_world()
        self.labels = officer(CUSTOMS, person=5)
        story = self.world.stories["administrations"]
        add_key(story, self.labels, Purpose.LABELS)
        story.mine()
        self.world.last_block = story.block - 1
        write(db, self.world)
        self.now = self.world.now
        identity = Identity(DOMAIN.chain_id, DOMAIN.ledger, None)
        app = create_app(Settings(data_dir=folder, **settings), db, identity, clock=lambda: self.now)
        self.app = app
        self.ask = Asker(app)

    def challenge(self, one: Officer, **headers: str) -> httpx.Response:
        return self.ask.post("/v1/session/challenge", json={"signer": "0x" + one.signer.signer.hex()}, headers=headers)

    def text(self, one: Officer) -> str:
        return str(self.challenge(one).json()["message"])

    def answer(self, text: str, one: Officer, **headers: str) -> httpx.Response:
        return self.ask.post("/v1/session", json=answer_of(text, one), headers=headers)

    def token(self, one: Officer) -> str:
        answer = self.answer(self.text(one), one)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    def who(self, token: str, scheme: str = "Bearer") -> httpx.Response:
        return self.ask.get("/v1/session", headers={"authorization": f"{scheme} {token}"})

    def chain(self, block: Any) -> None:
        indexing.append(self.db, [block])
        self.world.last_block += 1


@pytest.fixture
def door(db: Database, tmp_path: Path) -> Door:
    return Door(db, tmp_path)


@pytest.mark.parametrize("person", [0, 1], ids=["address", "p256"])
def test_a_key_of_either_kind_signs_in(door: Door, person: int) -> None:
    one = officer(CUSTOMS, person=person)
    answer = door.answer(door.text(one), one)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["organisation"] == {"number": CUSTOMS, "name": "Customs"}
    assert told["administration"] is True
    assert told["key"] == "0x" + one.key.hex()
    assert door.who(told["token"]).json() == {name: value for name, value in told.items() if name != "token"}


def test_the_token_is_kept_as_a_hash_only(door: Door) -> None:
    token = door.token(officer(CUSTOMS))
    with door.db.snapshot() as connection:
        rows = connection.execute("SELECT token FROM sessions").fetchall()
    assert [bytes(row[0]) for row in rows] == [hashlib.sha256(token.encode()).digest()]


def test_basic_takes_the_token_as_password(door: Door) -> None:
    token = door.token(officer(CUSTOMS))
    assert door.who(base64.b64encode(f"token:{token}".encode()).decode(), "Basic").status_code == 200
    for wrong in ("", "!!!", base64.b64encode(b"\xff\xfe").decode(), base64.b64encode(b"nothing").decode()):
        assert_problem(door.who(wrong, "Basic"), 401, "not-signed-in")


def test_nobody_is_told_how_to_sign_in(door: Door) -> None:
    answer = door.ask.get("/v1/session")
    assert_problem(answer, 401, "not-signed-in")
    assert answer.headers["www-authenticate"] == 'Bearer realm="lotproof"'
    assert_problem(door.who("A" * 43), 401, "not-signed-in", detail="Nobody is signed in with this token.")


def test_a_challenge_is_answered_once(door: Door) -> None:
    one = officer(CUSTOMS, person=1)
    text = door.text(one)
    assert door.answer(text, one).status_code == 201
    assert_problem(door.answer(text, one), 401, "not-signed-in", detail="This challenge was answered before.")


def test_a_challenge_stays_answered_when_its_session_is_over(door: Door) -> None:
    one = officer(CUSTOMS)
    text = door.text(one)
    token = door.answer(text, one).json()["token"]
    assert door.ask("DELETE", "/v1/session", headers={"authorization": f"Bearer {token}"}).json() == {
        "signed_out": True
    }
    assert_problem(door.who(token), 401, "not-signed-in")
    assert_problem(door.answer(text, one), 401, "not-signed-in")


def test_a_challenge_expires(door: Door) -> None:
    one = officer(CUSTOMS)
    text = door.text(one)
    door.now += CHALLENGE_SECONDS
    assert_problem(door.answer(text, one), 401, "not-signed-in", detail="The challenge has expired.")


def test_a_challenge_of_another_installation_is_refused(door: Door) -> None:
    one = officer(CUSTOMS)
    text = door.text(one)
    with door.db.transaction() as connection:
        connection.execute("UPDATE secrets SET value = ?", (b"x" * 32,))
    assert_problem(door.answer(text, one), 401, "not-signed-in", detail="This server gave no such challenge.")


@pytest.mark.parametrize(
    "alter",
    [
        lambda text: text.replace("Chain ID: 31337", "Chain ID: 1"),
        lambda text: text.replace("lotproof.example", "localhost").replace("https", "http"),
        lambda text: text.replace("Nonce: ", "Nonce: 0")[:-1],
        lambda text: text + "\nResources:",
        lambda text: text.replace("Sign in to Lotproof", "Sign away everything"),
    ],
)
def test_an_altered_challenge_is_refused(door: Door, alter: Any) -> None:
    one = officer(CUSTOMS, person=1)
    text = alter(door.text(one))
    signature = "0x" + one.signer._signature(text.encode()).hex()  # type: ignore[union-attr]  # a P-256 key's
    answer = door.ask.post("/v1/session", json={"message": text, "signature": signature})
    assert answer.status_code in {401, 422}
    assert "token" not in answer.text.replace("token`", "")


def test_another_keys_signature_is_refused(door: Door) -> None:
    text = door.text(officer(CUSTOMS, person=1))
    forged = answer_of(text, officer(THAILAND, person=1))
    assert_problem(door.ask.post("/v1/session", json=forged), 401, "not-signed-in", error="InvalidSignature")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("lotproof.example", 200),
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("evil.example", 422),
        ("lotproof.example.evil.example", 422),
    ],
)
def test_a_challenge_names_a_host_that_is_ours(door: Door, host: str, status: int) -> None:
    answer = door.challenge(officer(CUSTOMS), host=host)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["message"].startswith(f"{host} wants you to sign in with your Ethereum account:\n0x")


def test_a_challenge_is_answered_where_it_was_given(door: Door) -> None:
    one = officer(CUSTOMS)
    answer = door.answer(door.text(one), one, host="localhost")
    assert_problem(answer, 401, "not-signed-in", detail="The challenge is for another server.")


def test_a_key_that_the_ledger_does_not_know_gets_no_session(door: Door) -> None:
    stranger = officer(CUSTOMS, person=9)
    assert_problem(door.answer(door.text(stranger), stranger), 401, "not-signed-in", error="KeyNotLive")


def test_a_key_for_labels_gets_no_session(door: Door) -> None:
    assert_problem(door.answer(door.text(door.labels), door.labels), 401, "not-signed-in", error="PurposeMissing")


def test_an_organisation_that_is_no_administration_may_sign_in(door: Door) -> None:
    told = door.who(door.token(officer(PHARMACY))).json()
    assert told["administration"] is False


def test_a_session_that_nobody_uses_ends(door: Door) -> None:
    token = door.token(officer(CUSTOMS))
    for _ in range(5):
        door.now += 800
        assert door.who(token).status_code == 200
    door.now += 900
    assert_problem(door.who(token), 401, "not-signed-in", detail="The session has ended.")


def test_a_session_ends_though_it_is_used(db: Database, tmp_path: Path) -> None:
    door = Door(db, tmp_path, session_seconds=1_800)
    token = door.token(officer(CUSTOMS))
    door.now += 899
    assert door.who(token).status_code == 200
    door.now += 898
    assert door.who(token).status_code == 200
    door.now += 3
    assert_problem(door.who(token), 401, "not-signed-in")


def test_a_session_ends_with_its_key(door: Door) -> None:
    one, other = officer(CUSTOMS, person=1), officer(CUSTOMS)
    token, spared = door.token(one), door.token(other)
    door.chain(end_key(one, door.world.last_block + 1, door.now))
    assert_problem(door.who(token), 401, "not-signed-in")
    assert door.who(spared).status_code == 200


def test_a_session_ends_with_its_organisations_suspension(door: Door) -> None:
    token = door.token(officer(CUSTOMS))
    door.chain(suspend(CUSTOMS, door.world.last_block + 1, door.now))
    assert_problem(door.who(token), 401, "not-signed-in", detail="The organisation is suspended.")


def test_of_many_sessions_of_a_key_the_oldest_ends(door: Door) -> None:
    one = officer(CUSTOMS)
    tokens = []
    for _ in range(MOST_SESSIONS + 1):
        tokens.append(door.token(one))
        door.now += 1
    assert [door.who(token).status_code for token in tokens] == [401] + [200] * MOST_SESSIONS


def test_attempts_to_sign_in_are_bounded(door: Door) -> None:
    def none() -> None:
        raise UnavailableError("The server gets too many of these at once.", retry_after=7)

    door.app.state.installation.sign_ins.take = none
    answer = door.ask.post("/v1/session", json={"message": "", "signature": "0x"})
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    "body",
    [{}, [], {"signer": 5}, {"signer": "0x" + "00" * 64}, {"signer": "0x", "more": 1}, {"signer": "0x" + "ff" * 2_500}],
)
def test_a_malformed_wish_is_refused(door: Door, body: Any) -> None:
    assert door.ask.post("/v1/session/challenge", json=body).status_code in {413, 422}


@pytest.mark.parametrize("body", [{}, {"message": 5, "signature": "0x"}, {"message": "x" * 3000, "signature": "0x"}])
def test_a_malformed_answer_is_refused(door: Door, body: Any) -> None:
    assert door.ask.post("/v1/session", json=body).status_code == 422


def test_a_look_is_told_to_whose_it_is(door: Door) -> None:
    looks, one = Looks(door.db), officer(THAILAND)
    for _ in range(3):
        looks.note(THAILAND, one.key, "scan", [(CUSTOMS, "0x01"), (0, "0x02"), (THAILAND, "0x03")], door.now)
        door.now += 60
    looks.note(THAILAND, one.key, "scan", [(CUSTOMS, "0x01")], door.now + 3_600)
    headers = {"authorization": f"Bearer {door.token(officer(CUSTOMS))}"}
    first, second = door.ask.get("/v1/looks", headers=headers).json()["looks"]
    assert (first["organisation"]["name"], first["kind"], first["id"]) == ("Customs of Thailand", "scan", "0x01")
    assert (first["times"], first["key"]) == (3, "0x" + one.key.hex())
    assert first["first_at"] < first["last_at"] < second["first_at"]
    assert door.ask.get("/v1/looks", params={"after": first["number"]}, headers=headers).json()["looks"] == [second]
    theirs = {"authorization": f"Bearer {door.token(one)}"}
    assert door.ask.get("/v1/looks", headers=theirs).json() == {"looks": []}
    assert_problem(door.ask.get("/v1/looks"), 401, "not-signed-in")


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No log line ever holds a token or a signature: nothing is logged here at all."""
    yield
    assert not [record for record in caplog.records if record.name.startswith(("ledger", "api"))]
