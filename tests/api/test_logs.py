"""What is said about single packs comes in as every statement does, and is proved to whoever asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.app import Identity, create_app
from ledger.config import Settings
from ledger.core.log_tree import verify_inclusion
from ledger.core.unit import UnitKind
from ledger.store.database import Database
from tests.api.conftest import Asker
from tests.api.problems import assert_problem
from tests.core.batch_story import DOMAIN, GTIN, LOT, MAKER, PHARMACY, STRANGER
from tests.core.unit_story import SERIAL
from tests.unit_world import Intake

LOG = f"/v1/organisations/{PHARMACY}/log"
PACK = f"(01){GTIN}(10){LOT}(21){SERIAL}"


@pytest.fixture
def intake(db: Database) -> Intake:
    return Intake(db)


@pytest.fixture
def own(intake: Intake, tmp_path: Path) -> Asker:
    identity = Identity(DOMAIN.chain_id, DOMAIN.ledger, None)
    return Asker(create_app(Settings(data_dir=tmp_path), intake.db, identity, clock=lambda: intake.now))


def test_an_event_is_logged_and_later_anchored(own: Asker, intake: Intake) -> None:
    submission = intake.submission(UnitKind.DISPENSE)
    answer = own.post("/v1/statements", json=submission.payload())
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["state"], told["type"], told["recorded"], told["repeated"]) == ("logged", "UnitEvent", None, None)
    assert told["statement"] == submission.payload()
    assert told["log"] | {"received_at": "", "leaf": ""} == {
        "organisation": PHARMACY,
        "index": 0,
        "anchor": None,
        "received_at": "",
        "leaf": "",
    }
    assert own.get(f"/v1/statements/{told['digest']}").json() == told
    assert own.post("/v1/statements", json=submission.payload()).json() == told
    anchor = intake.anchor(1)
    after = own.get(f"/v1/statements/{told['digest']}").json()
    assert (after["state"], after["recorded"]["block"]) == ("anchored", anchor.recorded.block)
    assert after["log"]["anchor"]["digest"] == "0x" + anchor.digest.hex()


def test_a_second_scan_of_the_same_pack_says_which_event_answers_it(own: Asker, intake: Intake) -> None:
    first = own.post("/v1/statements", json=intake.submission(UnitKind.DISPENSE).payload()).json()
    intake.now += 60
    second = intake.submission(UnitKind.DISPENSE)
    told = own.post("/v1/statements", json=second.payload()).json()
    assert (told["digest"], told["repeated"]) == (first["digest"], "0x" + second.statement.digest(DOMAIN).hex())


def test_what_is_refused_or_malformed_is_a_problem_with_its_words(own: Asker, intake: Intake) -> None:
    refused = own.post("/v1/statements", json=intake.submission(UnitKind.DISPENSE, MAKER).payload())
    assert_problem(refused, 409, "refused", error="RoleMissing")
    malformed = intake.submission(UnitKind.DISPENSE).payload()
    malformed["message"]["serial"] = ""
    assert_problem(own.post("/v1/statements", json=malformed), 422, "invalid-statement", field="message.serial")


def test_the_log_gives_its_head_and_its_proofs(own: Asker, intake: Intake) -> None:
    intake.scans(6)
    head = own.get(LOG).json()
    assert (head["size"], head["anchor"]) == (6, None)
    proof = own.get(f"{LOG}/proof?index=2&size=6").json()
    leaf, root, path = _raw(proof["leaf"]), _raw(head["root"]), [_raw(each) for each in proof["proof"]]
    assert verify_inclusion(leaf, 2, 6, path, root)
    consistency = own.get(f"{LOG}/consistency?first=2&second=6").json()
    assert (consistency["second_root"], len(consistency["proof"])) == (head["root"], 2)
    assert own.get(f"{LOG}/leaves").json()["leaves"][2] == proof["leaf"]
    assert len(own.get(f"{LOG}/leaves?first=4&count=1").json()["leaves"]) == 1
    assert_problem(own.get(f"{LOG}/proof?index=6&size=6"), 422, "invalid-input", field="index")
    assert_problem(own.get("/v1/organisations/99/log"), 404, "not-found")


def test_the_log_names_no_pack(own: Asker, intake: Intake) -> None:
    intake.say(UnitKind.SCAN)
    answers = [own.get(LOG + path).text for path in ("", "/proof?index=0&size=1", "/leaves")]
    assert not any(SERIAL in answer or GTIN in answer for answer in answers)


def verdict(own: Asker, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = own.get("/v1/verify", params={"code": PACK, **asked}).json()
    return found


def test_an_answer_about_a_pack_is_never_older_than_its_events(own: Asker, intake: Intake) -> None:
    assert [verdict(own)["verdict"] for _ in range(2)] == ["verified"] * 2
    intake.say(UnitKind.SCAN, STRANGER)
    assert verdict(own)["verdict"] == "verified"
    given = intake.say(UnitKind.DISPENSE)
    told = verdict(own)
    assert (told["verdict"], told["reason"], told["headline"]) == (
        "do_not_use",
        "already_dispensed",
        "Dispensed before, by Pharmacy",
    )
    assert "at SGSIN on 2026-" in told["checks"][10]["detail"]
    intake.say(UnitKind.UNDO, previous=given.event.digest)
    assert verdict(own)["verdict"] == "verified"


def test_who_dispensed_a_pack_a_moment_ago_is_told_how_many_minutes(own: Asker, intake: Intake) -> None:
    intake.say(UnitKind.DISPENSE)
    for minutes, words in ((0, "0 minutes"), (1, "1 minute"), (15, "15 minutes")):
        intake.now = intake.world.now + 60 * minutes
        check = verdict(own, organisation=PHARMACY, place="SGSIN")["checks"][10]
        assert (check["result"], check["detail"]) == ("passed", f"You dispensed this {words} ago.")
    intake.now += 1
    assert verdict(own, organisation=PHARMACY, place="SGSIN")["checks"][10]["result"] == "failed"


def _raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])
