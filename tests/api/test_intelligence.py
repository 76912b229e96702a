"""Messages reach whom their marking names and nobody else; what they look for is found; answers go back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger.core.errors import InvalidProofError
from ledger.core.intelligence.marking import Marking
from ledger.core.log_tree import verify_inclusion
from ledger.core.unit import UnitKind
from ledger.share import exchange
from ledger.store import indexing
from tests.api.problems import assert_problem
from tests.core.batch_story import CUSTOMS, DOMAIN, GTIN, LOT, PHARMACY
from tests.exchange import (
    BELGIUM,
    CHEMIST,
    EVERYBODY,
    INDONESIAN,
    SINGAPORE,
    SINGAPORE_PHONE,
    THAI,
    THAI_PHONE,
    Exchanging,
)
from tests.share_world import THAILAND, Officer, content, end_key

PATTERN = {"kind": "lot", "gtin": GTIN, "lot": LOT}
SEALED = [Marking.AMBER, Marking.AMBER_STRICT, Marking.RED]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Exchanging]:
    made = Exchanging.new(tmp_path)
    yield made
    made.db.close()


def numbers(told: list[dict[str, Any]]) -> list[str]:
    return [each["digest"] for each in told]


def test_a_green_message_reaches_every_administration_and_nobody_else(here: Exchanging) -> None:
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    assert (told["form"], told["marking"], told["issuer"]["number"]) == ("indicator", "TLP:GREEN", CUSTOMS)
    for one in EVERYBODY:
        (heard,) = here.heard(one)
        assert heard["content"]["pattern"] == PATTERN
        assert here.get(one, f"/v1/intelligence/{told['digest']}").json() == heard
    assert here.heard(CHEMIST) == []
    assert_problem(here.get(CHEMIST, f"/v1/intelligence/{told['digest']}"), 404, "not-found")


def test_a_clear_message_reaches_everybody_who_is_signed_in(here: Exchanging) -> None:
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content(), Marking.CLEAR))
    assert [each["form"] for each in here.heard(CHEMIST)] == ["bulletin"]
    assert_problem(here.ask.get("/v1/intelligence"), 401, "not-signed-in")


@pytest.mark.parametrize("marking", SEALED)
def test_a_sealed_message_is_read_by_its_recipients_alone(here: Exchanging, marking: Marking) -> None:
    here.enrol(SINGAPORE, SINGAPORE_PHONE, THAI, THAI_PHONE, BELGIUM)
    to = (THAI,) if marking is Marking.RED else (THAI, THAI_PHONE, SINGAPORE)
    message = SINGAPORE.message(here.now, content(PATTERN, title="A secret"), marking, to)
    if marking is not Marking.RED:  # AMBER names organisations; the issuer's own key is one of its own
        message = SINGAPORE.message(here.now, content(PATTERN, title="A secret"), marking, (THAI, THAI_PHONE))
    here.tell(SINGAPORE, message)
    (heard,) = here.heard(THAI)
    assert heard["content"] is None
    assert list(heard["box"]["keys"]) == ["0x" + THAI.key.hex()]
    assert THAI.opened(heard).title == "A secret"
    colleague = here.heard(THAI_PHONE)
    assert len(colleague) == (0 if marking is Marking.RED else 1)
    for one in (BELGIUM, INDONESIAN, CHEMIST):
        assert here.heard(one) == []
        assert_problem(here.get(one, f"/v1/intelligence/{heard['digest']}"), 404, "not-found")
        feedback = here.post(one, f"/v1/intelligence/{heard['digest']}/feedback", {"result": "hit"})
        assert feedback.status_code in {403, 404}
    assert numbers(here.heard(SINGAPORE)) == [heard["digest"]]
    assert len(here.heard(SINGAPORE_PHONE)) == (0 if marking is Marking.RED else 1)


def test_what_is_sealed_to_another_opens_with_no_other_key(here: Exchanging) -> None:
    here.enrol(THAI)
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN), Marking.RED, (THAI,)))
    (heard,) = here.heard(THAI)
    with pytest.raises(InvalidProofError, match="cannot be opened"):
        replace(THAI, private=THAI_PHONE.private).opened(heard)
    heard["message"]["issuedAt"] += 1
    heard["digest"] = "0x" + "11" * 32
    with pytest.raises(InvalidProofError, match="cannot be opened"):
        THAI.opened(heard)


def test_the_same_message_again_is_the_same(here: Exchanging) -> None:
    message = SINGAPORE.message(here.now, content(PATTERN))
    assert here.tell(SINGAPORE, message) == here.tell(SINGAPORE, message)
    assert len(here.heard(THAI)) == 1


def test_a_messages_digest_stands_in_its_issuers_log_and_is_anchored(here: Exchanging) -> None:
    here.say(UnitKind.SCAN, CUSTOMS)
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content()))
    here.say(UnitKind.SCAN, CUSTOMS, serial="S2")
    place = told["log"]
    assert (place["organisation"], place["index"], place["anchor"]) == (CUSTOMS, 1, None)
    anchor = here.anchor(3, CUSTOMS)
    after = here.get(SINGAPORE, f"/v1/intelligence/{told['digest']}").json()["log"]
    assert after["anchor"]["digest"] == "0x" + anchor.digest.hex()
    proof = here.ask.get(f"/v1/organisations/{CUSTOMS}/log/proof", params={"index": 1, "size": 3}).json()
    hashes = [bytes.fromhex(each[2:]) for each in proof["proof"]]
    assert verify_inclusion(bytes.fromhex(after["leaf"][2:]), 1, 3, hashes, anchor.root)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"issued_at": 1}, "IssuedAtOutOfRange"),
        ({"valid_until": 5}, "InvalidValidity"),
        ({"valid_until": 2**40 - 1}, "InvalidValidity"),
        ({"previous": b"\x01" * 32}, "WrongParts"),
    ],
)
def test_a_message_that_makes_no_sense_is_refused(here: Exchanging, changes: dict[str, Any], error: str) -> None:
    message = SINGAPORE.message(here.now, content(), **changes)
    answer = here.post(SINGAPORE, "/v1/intelligence", message.to_json())
    assert_problem(answer, 409, "refused", error=error)
    assert here.heard(THAI) == []


def test_a_sealed_marking_takes_nothing_open(here: Exchanging) -> None:
    here.enrol(THAI)
    message = SINGAPORE.message(here.now, content(), Marking.AMBER, (THAI,))
    wrong = replace(message, box=None, content=content())
    answer = here.post(SINGAPORE, "/v1/intelligence", wrong.to_json())
    assert_problem(answer, 409, "refused", error="WrongSealing")


@pytest.mark.parametrize("marking", SEALED)
def test_a_sealed_marking_asks_for_recipients(here: Exchanging, marking: Marking) -> None:
    here.enrol(THAI)
    sealed = SINGAPORE.message(here.now, content(), marking, (THAI,))
    bare = SINGAPORE.message(here.now, content(), marking, ())
    wrong = replace(bare, box=sealed.box)
    answer = here.post(SINGAPORE, "/v1/intelligence", wrong.to_json())
    assert_problem(answer, 409, "refused", error="RecipientsMissing")


def test_an_open_marking_takes_no_recipients(here: Exchanging) -> None:
    message = SINGAPORE.message(here.now, content(), Marking.GREEN, (THAI,))
    answer = here.post(SINGAPORE, "/v1/intelligence", message.to_json())
    assert_problem(answer, 409, "refused", error="RecipientsUnexpected")


def test_red_names_keys_and_amber_organisations(here: Exchanging) -> None:
    here.enrol(THAI)
    amber = SINGAPORE.message(here.now, content(), Marking.AMBER, (THAI,))
    wrong = SINGAPORE.message(here.now, content(), Marking.RED, (THAI,), recipients=amber.statement.recipients)
    answer = here.post(SINGAPORE, "/v1/intelligence", replace(wrong, recipients=amber.recipients).to_json())
    assert_problem(answer, 409, "refused", error="WrongRecipients")


def test_a_recipient_without_a_key_is_named(here: Exchanging) -> None:
    here.enrol(THAI)
    both = SINGAPORE.message(here.now, content(), Marking.AMBER, (THAI, BELGIUM))
    answer = here.post(SINGAPORE, "/v1/intelligence", both.to_json())
    assert_problem(answer, 409, "refused", error="KeyOfNobody")
    one = SINGAPORE.message(here.now, content(), Marking.AMBER, (THAI,))
    statement = SINGAPORE.message(here.now, content(), Marking.AMBER, (THAI, BELGIUM))
    answer = here.post(SINGAPORE, "/v1/intelligence", replace(statement, box=one.box).to_json())
    assert_problem(answer, 409, "refused", error="RecipientUnreached")


def test_nothing_is_sealed_to_a_key_that_was_ended(here: Exchanging) -> None:
    here.enrol(THAI_PHONE)
    assert len(here.get(SINGAPORE, f"/v1/intelligence/keys/{THAILAND}").json()["keys"]) == 1
    indexing.append(here.db, [end_key(THAI_PHONE, here.world.last_block + 1, here.now)])
    assert here.get(SINGAPORE, f"/v1/intelligence/keys/{THAILAND}").json() == {"keys": []}
    message = SINGAPORE.message(here.now, content(), Marking.RED, (THAI_PHONE,))
    answer = here.post(SINGAPORE, "/v1/intelligence", message.to_json())
    assert_problem(answer, 409, "refused", error="NoAdministration")


def test_an_organisation_that_is_no_administration_is_sent_nothing(here: Exchanging) -> None:
    message = SINGAPORE.message(here.now, content(), Marking.AMBER, (CHEMIST,))
    answer = here.post(SINGAPORE, "/v1/intelligence", message.to_json())
    assert_problem(answer, 409, "refused", error="NoAdministration")


def test_only_its_issuer_hands_a_message_in(here: Exchanging) -> None:
    message = SINGAPORE.message(here.now, content())
    assert_problem(here.post(THAI, "/v1/intelligence", message.to_json()), 403, "not-allowed")
    assert_problem(here.post(CHEMIST, "/v1/intelligence", message.to_json()), 403, "not-allowed")
    forged = replace(message, signature=THAI.signer.sign(message.statement.digest(DOMAIN)))
    answer = here.post(SINGAPORE, "/v1/intelligence", forged.to_json())
    assert answer.status_code in {409, 503}  # an address may be a contract, which only the chain could ask
    phone = SINGAPORE_PHONE.message(here.now, content())
    forged = replace(phone, signature=THAI_PHONE.signer.sign(phone.statement.digest(DOMAIN)))
    answer = here.post(SINGAPORE, "/v1/intelligence", forged.to_json())
    assert_problem(answer, 409, "refused", error="InvalidSignature")


@pytest.mark.parametrize(
    ("alter", "field"),
    [
        (lambda told: told.pop("box"), "box"),
        (lambda told: told.update(more=1), "more"),
        (lambda told: told.update(recipients=[7]), "recipients"),
        (lambda told: told.update(recipients=[-1]), "recipients"),
        (lambda told: told.update(recipients=["0x" + "00" * 32]), "recipients"),
        (lambda told: told.update(recipients=[8, 7]), "recipients"),
        (lambda told: told.update(recipients=list(range(1, 102))), "recipients"),
        (lambda told: told["message"].update(form=9), "message.form"),
        (lambda told: told["message"].update(marking=9), "message.marking"),
        (lambda told: told["content"].update(title=""), "content.title"),
        (lambda told: told["content"].update(words="x" * 8_001), "content.words"),
        (lambda told: told["content"].update(title="another"), "content"),
        (lambda told: told["content"].update(more=1), "content"),
        (lambda told: told["content"].update(salt="0x"), "document.salt"),
        (lambda told: told["content"].pop("pattern"), "content.pattern"),
        (lambda told: told.update(content=[]), "content"),
        (lambda told: told.update(box={"content": "", "keys": {}}), "box.content"),
        (lambda told: told.update(box={"content": "AA==", "keys": {"x": "AA=="}}), "box.keys"),
        (lambda told: told.update(box={"content": "AA==", "keys": {"0x" + "ab" * 32: "AA=="}}), "box.keys"),
        (lambda told: told.update(box={"content": "é", "keys": {"0x" + "ab" * 32: "A" * 152}}), "box.keys"),
        (lambda told: told.update(signer="0x"), "signer"),
    ],
)
def test_a_malformed_message_is_refused_by_field(here: Exchanging, alter: Any, field: str) -> None:
    told = SINGAPORE.message(here.now, content(PATTERN)).to_json()
    alter(told)
    problem = assert_problem(
        here.post(SINGAPORE, "/v1/intelligence", told),
        422,
        "invalid-statement"
        if field not in {"content.title", "content.words", "content", "content.pattern"} or "another" in str(told)
        else "invalid-input",
    )
    assert problem["field"] == field


def test_a_withdrawn_message_is_withdrawn_for_all_who_read_it(here: Exchanging) -> None:
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    digest = bytes.fromhex(told["digest"][2:])
    foreign = THAI.message(here.now, None, previous=digest)
    assert_problem(here.post(THAI, "/v1/intelligence", foreign.to_json()), 409, "refused", error="NothingToWithdraw")
    narrower = SINGAPORE.message(here.now, None, Marking.CLEAR, previous=digest)
    answer = here.post(SINGAPORE, "/v1/intelligence", narrower.to_json())
    assert_problem(answer, 409, "refused", error="WrongCircle")
    here.tell(SINGAPORE, SINGAPORE.message(here.now, None, previous=digest))
    first, second = here.heard(THAI)
    assert (first["withdrawn_at"], second["form"]) == (second["received_at"], "withdrawal")
    again = SINGAPORE.message(here.now + 1, None, previous=digest)
    answer = here.post(SINGAPORE, "/v1/intelligence", again.to_json())
    assert_problem(answer, 409, "refused", error="NothingToWithdraw")
    before = len(here.matches(THAI))
    here.say(UnitKind.SCAN)
    assert len(here.matches(THAI)) == before


def test_what_was_sent_to_a_key_that_is_ended_can_still_be_withdrawn(here: Exchanging) -> None:
    here.enrol(THAI_PHONE)
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content(), Marking.RED, (THAI_PHONE,)))
    indexing.append(here.db, [end_key(THAI_PHONE, here.world.last_block + 1, here.now)])
    previous = bytes.fromhex(told["digest"][2:])
    assert here.tell(SINGAPORE, SINGAPORE.message(here.now, None, Marking.RED, (THAI_PHONE,), previous=previous))
    assert [each["form"] for each in here.heard(SINGAPORE)] == ["bulletin", "withdrawal"]


@pytest.mark.parametrize("changes", [{"recipients": b"\x01" * 32}, {"valid_until": 2**33}])
def test_a_withdrawal_says_nothing_more(here: Exchanging, changes: dict[str, Any]) -> None:
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    message = SINGAPORE.message(here.now, None, previous=bytes.fromhex(told["digest"][2:]), **changes)
    assert here.post(SINGAPORE, "/v1/intelligence", message.to_json()).status_code in {409, 422}


def test_an_answer_goes_to_the_issuer_alone(here: Exchanging) -> None:
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    path = f"/v1/intelligence/{told['digest']}/feedback"
    assert here.post(THAI, path, {"result": "hit", "words": "Two cartons."}).status_code == 201
    assert here.post(BELGIUM, path, {"result": "false"}).status_code == 201
    first, second = here.get(SINGAPORE, "/v1/intelligence/feedback").json()["feedback"]
    assert (first["organisation"]["number"], first["result"], first["words"]) == (THAILAND, "hit", "Two cartons.")
    assert (second["result"], second["words"]) == ("false", "")
    assert here.get(SINGAPORE, "/v1/intelligence/feedback", after=first["number"]).json()["feedback"] == [second]
    assert here.get(INDONESIAN, "/v1/intelligence/feedback").json() == {"feedback": []}
    assert_problem(here.get(CHEMIST, "/v1/intelligence/feedback"), 403, "not-allowed")
    for wrong in ({}, [], {"result": "maybe"}, {"result": 5}, {"result": "hit", "words": "x" * 501}):
        assert here.post(THAI, path, wrong).status_code == 422
    assert_problem(here.post(THAI, "/v1/intelligence/0x12/feedback", {"result": "hit"}), 422, "invalid-input")


def test_answers_are_bounded(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MOST_FEEDBACK", 1)
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    path = f"/v1/intelligence/{told['digest']}/feedback"
    assert here.post(THAI, path, {"result": "hit"}).status_code == 201
    assert_problem(here.post(THAI, path, {"result": "hit"}), 503, "unavailable")


def test_an_answer_to_a_sealed_message_has_no_open_words(here: Exchanging) -> None:
    here.enrol(THAI)
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content(), Marking.RED, (THAI,)))
    path = f"/v1/intelligence/{told['digest']}/feedback"
    assert_problem(here.post(THAI, path, {"result": "hit", "words": "at the gate"}), 422, "invalid-input")
    assert here.post(THAI, path, {"result": "hit"}).status_code == 201
    assert len(here.get(SINGAPORE, "/v1/intelligence/feedback").json()["feedback"]) == 1
    assert here.get(SINGAPORE_PHONE, "/v1/intelligence/feedback").json() == {"feedback": []}


def test_members_see_what_each_gives_and_takes(here: Exchanging) -> None:
    here.enrol(THAI)
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content(), Marking.RED, (THAI,)))
    here.heard(THAI)
    here.heard(THAI_PHONE)
    here.post(THAI, f"/v1/intelligence/{told['digest']}/feedback", {"result": "hit"})

    def counted(one: Officer) -> dict[int, dict[str, Any]]:
        return {each["number"]: each for each in here.get(one, "/v1/intelligence/members").json()["members"]}

    seen = counted(BELGIUM)
    assert sorted(seen) == [1, CUSTOMS, THAILAND, 8]
    assert (seen[CUSTOMS]["given_indicator"], seen[CUSTOMS]["given_bulletin"], seen[CUSTOMS]["heard_hit"]) == (1, 0, 1)
    assert (seen[THAILAND]["read"], seen[THAILAND]["said_hit"], seen[THAILAND]["country"]) == (1, 1, "TH")
    told_to = counted(THAI)
    assert (told_to[CUSTOMS]["given_bulletin"], told_to[THAILAND]["read"]) == (1, 2)
    assert_problem(here.get(CHEMIST, "/v1/intelligence/members"), 403, "not-allowed")


def test_who_read_a_message_is_told_to_its_issuer(here: Exchanging) -> None:
    told = here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    here.heard(THAI)
    here.get(THAI, f"/v1/intelligence/{told['digest']}")
    here.heard(SINGAPORE)
    (look,) = here.get(SINGAPORE, "/v1/looks").json()["looks"]
    assert (look["organisation"]["number"], look["kind"], look["id"], look["times"]) == (
        THAILAND,
        "intelligence",
        told["digest"],
        2,
    )


def test_whose_scan_matched_is_told_who_saw_it(here: Exchanging) -> None:
    here.tell(SINGAPORE, SINGAPORE.message(here.now, content(PATTERN)))
    here.say(UnitKind.SCAN, PHARMACY)
    assert "pack" in [each["what"] for each in here.matches(THAI)]
    looks = here.get(CHEMIST, "/v1/looks").json()["looks"]
    assert [(look["organisation"]["number"], look["kind"]) for look in looks] == [(THAILAND, "scan")]


def test_an_encryption_key_is_its_owners(here: Exchanging) -> None:
    enrolment = THAI.enrolment(here.now)
    assert_problem(here.post(SINGAPORE, "/v1/intelligence/keys", enrolment.to_json()), 403, "not-allowed")
    assert_problem(here.post(CHEMIST, "/v1/intelligence/keys", enrolment.to_json()), 403, "not-allowed")
    late = THAI.enrolment(here.now - 100_000)
    assert_problem(here.post(THAI, "/v1/intelligence/keys", late.to_json()), 409, "refused")
    wrong = replace(THAI_PHONE.enrolment(here.now), signature=SINGAPORE_PHONE.enrolment(here.now).signature)
    assert_problem(here.post(THAI, "/v1/intelligence/keys", wrong.to_json()), 409, "refused", error="InvalidSignature")
    off = THAI.enrolment(here.now, public_key=b"\x01" * 64)
    assert_problem(here.post(THAI, "/v1/intelligence/keys", off.to_json()), 422, "invalid-statement")
    here.enrol(THAI)
    (key,) = here.get(BELGIUM, f"/v1/intelligence/keys/{THAILAND}").json()["keys"]
    assert key == {"key": "0x" + THAI.key.hex(), **enrolment.to_json()}
    newer = replace(THAI, private=INDONESIAN.private)
    assert here.post(THAI, "/v1/intelligence/keys", newer.enrolment(here.now + 1).to_json()).status_code == 201
    here.enrol(THAI)
    (key,) = here.get(BELGIUM, f"/v1/intelligence/keys/{THAILAND}").json()["keys"]
    assert key["message"]["publicKey"] == "0x" + INDONESIAN.public.hex()
    assert_problem(here.get(CHEMIST, f"/v1/intelligence/keys/{THAILAND}"), 403, "not-allowed")


def test_pages_follow_each_other(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PAGE", 2)
    for number in range(5):
        here.tell(SINGAPORE, SINGAPORE.message(here.now + number, content(title=str(number))))
    found: list[dict[str, Any]] = []
    while page := here.heard(THAI, after=found[-1]["number"] if found else 0):
        assert len(page) <= 2
        found += page
    assert [each["content"]["title"] for each in found] == list("01234")


def test_an_issuer_that_floods_is_stopped(here: Exchanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MOST_A_DAY", 2)
    for number in range(2):
        here.tell(SINGAPORE, SINGAPORE.message(here.now + number, content()))
    answer = here.post(SINGAPORE, "/v1/intelligence", SINGAPORE.message(here.now + 2, content()).to_json())
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "3600"
    here.tell(THAI, THAI.message(here.now, content()))
