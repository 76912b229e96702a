"""Attestations are taken for their signature, kept once, shown to everybody with whether they count, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import attest
from ledger.core.attestation.statements import Attestation
from ledger.core.log_tree import leaf_hash
from ledger.store import indexing
from ledger.store.attestations import Attestations
from ledger.store.database import Database
from tests.attest_world import (
    BODY_KEY,
    DAY,
    OTHER_KEY,
    YEAR,
    attestation,
    certificate,
    designation,
    recognition,
    revocation,
    status,
)
from tests.core.batch_story import CARRIER, CUSTOMS, DOMAIN, MAKER, PHARMACY, REGULATOR, STRANGER
from tests.exchange import BELGIUM, CHEMIST, SINGAPORE, THAI, Exchanging
from tests.postgres import ENGINES
from tests.share_world import end_key, officer, suspend

RUN_ON = ENGINES
Told = dict[str, Any]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Exchanging]:
    made = Exchanging.new(tmp_path)
    yield made
    made.db.close()


@pytest.fixture
def both(db: Database, tmp_path: Path) -> Exchanging:
    """One on each database in turn."""
    return Exchanging(db, tmp_path)


def hand_in(here: Exchanging, one: Attestation, expected: int = 201) -> Told:
    answer = here.ask.post("/v1/attestations", json=one.to_json())
    assert answer.status_code == expected, answer.text
    told: Told = answer.json()
    return told


def listed(here: Exchanging, **params: Any) -> list[Told]:
    answer = here.ask.get("/v1/attestations", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["attestations"])


def test_every_kind_is_taken_kept_and_shown_to_everybody(both: Exchanging) -> None:
    here, now = both, both.now
    sent = [
        status(BELGIUM, MAKER, now),
        recognition(SINGAPORE, "BE", now),
        designation(BELGIUM, now),
        certificate(now),
    ]
    sent.append(revocation(BELGIUM.signer, sent[0].statement.digest(DOMAIN), now))
    told = [hand_in(here, one) for one in sent]
    shown = listed(here)
    assert [each["kind"] for each in shown] == [one.kind for one in sent]
    assert [each["digest"] for each in shown] == ["0x" + one.statement.digest(DOMAIN).hex() for one in sent]
    assert [each["issuer"]["number"] for each in shown] == [REGULATOR, CUSTOMS, REGULATOR, REGULATOR, REGULATOR]
    assert [each["subject"] for each in shown[:4]] == [
        "Maker & Co",
        "trusted statuses of BE",
        "conformity body 2797",
        "certificate C-17 of body 2797 for Maker & Co",
    ]
    assert [each["stands"] for each in shown] == [False, True, True, True, True]
    assert "taken back" in shown[0]["fault"]
    assert shown[3]["content"]["standard"] == "EN 149:2001+A1:2009"
    assert here.ask.get(f"/v1/attestations/{told[3]['digest']}").json() == shown[3]
    assert [each["number"] for each in listed(here, kind="certificate")] == [4]
    assert [each["number"] for each in listed(here, after=3)] == [4, 5]


def test_a_certificate_that_begins_later_does_not_count_yet(here: Exchanging) -> None:
    hand_in(here, designation(BELGIUM, here.now))
    told = hand_in(here, certificate(here.now, valid_from=here.now + DAY))
    assert (told["stands"], told["fault"][:14]) == (False, "it begins on 2")


def test_the_same_again_is_kept_once(here: Exchanging) -> None:
    one = status(BELGIUM, MAKER, here.now)
    assert hand_in(here, one) == hand_in(here, one)
    assert len(listed(here)) == 1


def test_an_administrations_word_stands_in_its_log_and_a_bodys_in_none(here: Exchanging) -> None:
    given = designation(BELGIUM, here.now)
    told = hand_in(here, given)
    digest = given.statement.digest(DOMAIN)
    leaf = leaf_hash(digest + BELGIUM.key + given.signature)
    assert (told["log"]["index"], told["log"]["leaf"]) == (0, "0x" + leaf.hex())
    assert told["log"]["anchor"] is None
    assert hand_in(here, certificate(here.now))["log"] is None
    here.anchor(1, REGULATOR)
    anchored = here.ask.get(f"/v1/attestations/{told['digest']}").json()["log"]["anchor"]
    assert (anchored["count"], anchored["root"]) == (1, "0x" + here.log.root(REGULATOR, 1).hex())


REFUSED = {
    "another's operator": (lambda now: status(SINGAPORE, MAKER, now), "OutsideJurisdiction"),
    "an administration is no operator": (lambda now: status(BELGIUM, REGULATOR, now), "UnknownOperator"),
    "nobody": (lambda now: status(BELGIUM, 99, now), "UnknownOperator"),
    "no administration": (lambda now: status(CHEMIST, STRANGER, now), "NoAdministration"),
    "for ever": (lambda now: status(BELGIUM, MAKER, now, valid_until=now + 6 * YEAR), "InvalidValidity"),
    "over": (lambda now: status(BELGIUM, MAKER, now, valid_until=now), "InvalidValidity"),
    "old": (lambda now: status(BELGIUM, MAKER, now - 2 * DAY), "IssuedAtOutOfRange"),
    "another's name": (lambda now: status(replace(SINGAPORE, organisation=REGULATOR), MAKER, now), "KeyOfAnother"),
    "an unknown key": (
        lambda now: attestation(status(BELGIUM, MAKER, now).statement, OTHER_KEY),
        "KeyNotLive",
    ),
    "one's own country": (lambda now: recognition(SINGAPORE, "SG", now), "OwnCountry"),
    "customs designate no body": (lambda now: designation(SINGAPORE, now), "NoAdministration"),
    "a body without a number": (lambda now: designation(BELGIUM, now, body="27970"), "InvalidBody"),
    "a body nobody designated": (lambda now: certificate(now, key=OTHER_KEY), "BodyNotDesignated"),
    "for nobody": (lambda now: certificate(now, holder=99), "UnknownHolder"),
    "for no manufacturer": (lambda now: certificate(now, holder=PHARMACY), "UnknownHolder"),
    "longer than five years": (
        lambda now: certificate(now, valid_from=now - 3 * YEAR, valid_until=now + 3 * YEAR),
        "InvalidValidity",
    ),
    "a number beyond ASCII": (lambda now: certificate(now, number="C-17\u00fc"), "InvalidNumber"),
    "nothing to take back": (lambda now: revocation(BELGIUM.signer, b"\1" * 32, now), "NothingToRevoke"),
}


def test_whoever_may_not_attest_something_is_told_which_rule_is_broken(here: Exchanging) -> None:
    hand_in(here, designation(BELGIUM, here.now))
    for case, (make, error) in REFUSED.items():
        told = hand_in(here, make(here.now), 409)
        assert (told["error"], bool(told["advice"])) == (error, True), case
    assert len(listed(here)) == 1


def test_a_signature_that_does_not_hold_is_refused(here: Exchanging) -> None:
    hand_in(here, designation(BELGIUM, here.now))
    for one in (status(officer(REGULATOR, person=1), MAKER, here.now), certificate(here.now)):
        forged = replace(one, signature=bytes([one.signature[0] ^ 1]) + one.signature[1:])
        assert hand_in(here, forged, 409)["error"] == "InvalidSignature"


def test_a_body_takes_its_certificate_back_and_so_may_who_designated_it(here: Exchanging) -> None:
    hand_in(here, designation(BELGIUM, here.now))
    first, second = certificate(here.now), certificate(here.now, number="C-18")
    digests = [one.statement.digest(DOMAIN) for one in (first, second)]
    hand_in(here, first)
    hand_in(here, second)
    hand_in(here, revocation(BODY_KEY, digests[0], here.now, since=here.now))
    hand_in(here, revocation(BELGIUM.signer, digests[1], here.now))
    assert [each["stands"] for each in listed(here, kind="certificate")] == [False, False]


def test_a_stranger_takes_nothing_back(here: Exchanging) -> None:
    hand_in(here, designation(BELGIUM, here.now))
    hand_in(here, designation(BELGIUM, here.now, key=OTHER_KEY, body="1234"))
    one = certificate(here.now)
    hand_in(here, one)
    digest = one.statement.digest(DOMAIN)
    assert hand_in(here, revocation(OTHER_KEY, digest, here.now), 409)["error"] == "KeyNotLive"
    assert hand_in(here, revocation(SINGAPORE.signer, digest, here.now), 409)["error"] == "KeyOfAnother"
    assert listed(here, kind="certificate")[0]["stands"]


def test_nothing_is_taken_back_twice_before_it_was_made_or_if_it_takes_back_itself(here: Exchanging) -> None:
    one = status(BELGIUM, MAKER, here.now)
    digest = one.statement.digest(DOMAIN)
    hand_in(here, one)
    for since in (here.now - 1, here.now + DAY):
        assert hand_in(here, revocation(BELGIUM.signer, digest, here.now, since), 409)["error"] == "InvalidSince"
    taken = revocation(BELGIUM.signer, digest, here.now)
    hand_in(here, taken)
    again = revocation(BELGIUM.signer, digest, here.now, since=here.now + 1)
    assert hand_in(here, again, 409)["error"] == "NothingToRevoke"
    of_it = revocation(BELGIUM.signer, taken.statement.digest(DOMAIN), here.now)
    assert hand_in(here, of_it, 409)["error"] == "NothingToRevoke"


def test_what_a_suspended_administration_said_does_not_count(here: Exchanging) -> None:
    hand_in(here, status(BELGIUM, MAKER, here.now))
    hand_in(here, designation(BELGIUM, here.now))
    hand_in(here, certificate(here.now))
    indexing.append(here.db, [suspend(REGULATOR, here.world.last_block + 1, here.now)])
    assert [each["stands"] for each in listed(here)] == [False, False, False]


def test_a_key_in_doubt_takes_along_what_it_signed(here: Exchanging) -> None:
    hand_in(here, status(THAI, MAKER, here.now), 409)
    hand_in(here, recognition(THAI, "BE", here.now))
    block = end_key(THAI, here.world.last_block + 1, here.now)
    (ending,) = block.facts
    indexing.append(here.db, [replace(block, facts=(replace(ending, doubt_since=here.now - 1),))])
    assert "may have been stolen" in listed(here)[0]["fault"]


def test_a_flood_by_the_right_of_one_administration_ends(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attest, "MOST_A_DAY", 1)
    hand_in(here, status(BELGIUM, MAKER, here.now))
    assert hand_in(here, status(BELGIUM, CARRIER, here.now), 503)["type"] == "/problems/unavailable"
    hand_in(here, status(SINGAPORE, PHARMACY, here.now))


def test_a_wallet_contract_cannot_be_asked_without_the_chain(here: Exchanging) -> None:
    wallet = b"\x77" * 20
    hand_in(here, attestation_of_wallet(here, wallet))
    forged = replace(certificate(here.now), signer=wallet)
    assert hand_in(here, forged, 503)["type"] == "/problems/unavailable"


def attestation_of_wallet(here: Exchanging, wallet: bytes) -> Attestation:
    """A designation of a body that signs by a contract."""
    return designation(BELGIUM, here.now, signer=wallet)


def test_what_is_malformed_is_refused_with_its_place(here: Exchanging) -> None:
    good = status(BELGIUM, MAKER, here.now).to_json()
    for changes, field in (
        ({"type": "Trust"}, "type"),
        ({"type": 3}, "type"),
        ({"content": {}}, "content"),
        ({"message": {}}, "message.issuer"),
        ({"signer": "0x00"}, "signer"),
        ({"more": 1}, "more"),
    ):
        told = here.ask.post("/v1/attestations", json=good | changes)
        assert (told.status_code, told.json()["field"]) == (422, field), changes


def test_content_other_than_what_was_signed_is_refused(here: Exchanging) -> None:
    payload = designation(BELGIUM, here.now).to_json()
    payload["content"]["name"] = "Another"
    told = here.ask.post("/v1/attestations", json=payload)
    assert (told.status_code, told.json()["field"]) == (422, "content")


def test_content_may_be_left_out_where_there_is_none(here: Exchanging) -> None:
    payload = status(BELGIUM, MAKER, here.now).to_json()
    del payload["content"]
    assert here.ask.post("/v1/attestations", json=payload).status_code == 201
    assert here.ask.post("/v1/attestations", json=[]).json()["field"] == "body"


def test_what_is_not_there_is_said(here: Exchanging) -> None:
    assert here.ask.get(f"/v1/attestations/0x{'00' * 32}").status_code == 404
    assert here.ask.get("/v1/attestations/0x00").json()["field"] == "digest"
    assert here.ask.get("/v1/attestations", params={"kind": "trust"}).json()["field"] == "kind"


def test_two_that_hand_in_the_same_keep_it_once(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    registry, one = here.app.state.installation.registry, status(BELGIUM, MAKER, here.now)
    find, asked = Attestations.find, []

    def late(self: Attestations, digest: bytes) -> Any:
        asked.append(digest)
        if len(asked) == 1:
            attest.Registry(here.db).take(one, here.now)
            return None
        return find(self, digest)

    monkeypatch.setattr(Attestations, "find", late)
    assert registry.take(one, here.now)["number"] == 1
    monkeypatch.undo()
    assert len(listed(here)) == 1
