"""Signed statements are taken once, told where they are, and refused in words."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from ledger.core.facts import IndexedBlock, Recorded, Refusal
from ledger.core.keccak import keccak256
from ledger.store import indexing
from ledger.store.database import Database
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.indexed_world import World, registration_payload


@pytest.fixture
def own(app: FastAPI) -> Asker:
    return Asker(app)


def test_a_statement_is_accepted_and_told_of(own: Asker) -> None:
    payload = registration_payload()
    answer = own.post("/v1/statements", json=payload)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["state"], told["type"], told["reason"], told["recorded"]) == (
        "pending",
        "BatchRegistration",
        None,
        None,
    )
    assert told["statement"]["message"] == payload["message"]
    assert own.get(f"/v1/statements/{told['digest']}").json() == told


def test_the_same_again_gets_the_same_answer(own: Asker) -> None:
    first, second = (own.post("/v1/statements", json=registration_payload()) for _ in range(2))
    assert (second.status_code, second.json()) == (202, first.json())


def test_what_the_ledgers_rules_refuse_changes_nothing(own: Asker) -> None:
    foreign = registration_payload(gtin="09506000134352")
    problem = assert_problem(own.post("/v1/statements", json=foreign), 409, "refused", error="PrefixNotLicensed")
    assert problem["advice"]
    assert own.app.state.installation.outbox.count() == {}


def test_a_forged_signature_is_refused(own: Asker) -> None:
    payload = registration_payload()
    payload["signature"] = payload["signature"][:10] + "00" + payload["signature"][12:]
    assert_problem(own.post("/v1/statements", json=payload), 409, "refused", error="InvalidSignature")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "Rumour"}, "type"),
        ({"signer": "0x12"}, "signer"),
        ({"signature": "0x"}, "signature"),
        ({"message": {}}, "message.manufacturer"),
        ({"surplus": 1}, "surplus"),
    ],
)
def test_a_malformed_statement_names_its_field(own: Asker, change: dict[str, object], field: str) -> None:
    problem = assert_problem(own.post("/v1/statements", json=registration_payload() | change), 422, "invalid-statement")
    assert problem["field"] == field


def test_a_refusal_on_the_chain_is_told_in_words(own: Asker, database: Database, told: World) -> None:
    digest = own.post("/v1/statements", json=registration_payload()).json()["digest"]
    batch = keccak256(b"some batch")
    data = keccak256(b"BatchAlreadyRegistered(bytes32)")[:4] + batch
    block = told.last_block + 1
    refused = Refusal(bytes.fromhex(digest[2:]), data, Recorded(block, 0, told.now, b"\x01" * 32))
    indexing.append(database, [IndexedBlock(block, b"\x02" * 32, b"\x03" * 32, told.now, (refused,))])
    state = own.get(f"/v1/statements/{digest}").json()
    assert (state["state"], state["reason"]["error"]) == ("refused", "BatchAlreadyRegistered")
    assert state["reason"]["detail"]
    assert state["recorded"]["block"] == block


def test_a_refusal_off_the_chain_is_told_in_its_words(own: Asker) -> None:
    digest = own.post("/v1/statements", json=registration_payload()).json()["digest"]
    own.app.state.installation.outbox.refuse(bytes.fromhex(digest[2:]), b"", "It came too late.")
    reason = own.get(f"/v1/statements/{digest}").json()["reason"]
    assert reason == {"error": None, "detail": "It came too late.", "advice": ""}


def test_what_others_sent_to_the_chain_is_known_too(own: Asker) -> None:
    registered = own.get("/v1/batches/05413868000016/AB12").json()["custody"][0]
    told = own.get(f"/v1/statements/{registered['digest']}").json()
    assert (told["state"], told["type"], told["statement"]) == ("final", None, None)
    assert told["recorded"] == registered["recorded"]
