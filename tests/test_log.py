"""What is said about packs stands in its organisation's log for good, once, with proofs that need no trust."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from ledger import log
from ledger.core.errors import (
    ConfigurationError,
    InvalidInputError,
    NotFoundError,
    StatementRefusedError,
    UnavailableError,
)
from ledger.core.log_tree import EMPTY_ROOT, roots_of, verify_consistency, verify_inclusion
from ledger.core.unit import UnitKind
from ledger.core.unit_use import dispenses
from ledger.log import record
from ledger.store import indexing
from ledger.store.database import Database
from ledger.store.read_model import ReadModel
from tests.core.batch_story import DOMAIN, GTIN, MAKER, PHARMACY, STRANGER
from tests.core.unit_story import SERIAL, UnitStory, signed
from tests.unit_world import Intake

MINUTE, DAY = 60, 24 * 3600

RUN_ON = ("sqlite", "postgresql")


@pytest.fixture
def intake(db: Database) -> Intake:
    return Intake(db)


def raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])


# Taking in


def test_a_statement_stands_in_its_log_and_the_same_again_gives_the_same_answer(intake: Intake) -> None:
    submission = intake.submission(UnitKind.DISPENSE)
    first = intake.hand_in(submission)
    assert (first.event.index, first.event.received_at, first.anchor, first.repeated) == (0, intake.now, None, None)
    assert first.submission == submission
    assert first.leaf == submission.leaf(DOMAIN)
    intake.now += 40 * DAY  # long after the statement itself would be too old
    assert intake.hand_in(submission) == first == log.find(intake.db, first.event.digest)
    assert intake.log.size(PHARMACY) == 1


def test_each_organisation_has_a_log_of_its_own(intake: Intake) -> None:
    for actor in (PHARMACY, STRANGER, PHARMACY):
        intake.say(UnitKind.SCAN, actor, ago=intake.log.size(actor))
    assert (intake.log.size(PHARMACY), intake.log.size(STRANGER), intake.log.size(MAKER)) == (2, 1, 0)
    found = ReadModel(intake.db).unit_events(GTIN, SERIAL)
    assert [(event.actor, event.index) for event in found] == [(PHARMACY, 0), (STRANGER, 0), (PHARMACY, 1)]


def test_what_the_rules_refuse_leaves_nothing(intake: Intake) -> None:
    for submission in (
        intake.submission(UnitKind.DISPENSE, MAKER),
        intake.submission(UnitKind.SCAN, lot="NONE"),
        replace(intake.submission(UnitKind.SCAN), signature=b"\1" * 65),
    ):
        with pytest.raises((StatementRefusedError, UnavailableError)):
            intake.hand_in(submission)
        assert log.find(intake.db, submission.statement.digest(DOMAIN)) is None
    assert ReadModel(intake.db).unit_events(GTIN, SERIAL) == ()


def test_a_serial_number_off_the_list_is_refused(intake: Intake) -> None:
    submission = intake.submission(UnitKind.SCAN)
    asked: list[Any] = []

    def listed(batch: bytes, root: bytes, serial: str) -> bool:
        asked.append((batch, root, serial))
        return False

    with pytest.raises(StatementRefusedError) as caught:
        record(intake.db, None, submission, listed=listed, clock=lambda: intake.now)
    assert caught.value.evidence["error"] == "SerialNotInBatch"
    registration = ReadModel(intake.db).registered(GTIN)[0]
    assert asked == [(registration.batch, registration.unit_root, SERIAL)]


def test_an_installation_without_a_ledger_takes_nothing(db: Database) -> None:
    submission = signed(UnitStory(1).statement(UnitKind.SCAN, PHARMACY))
    with pytest.raises(ConfigurationError, match="No ledger"):
        record(db, None, submission)


class Wallets:
    """A chain on which contracts sign whatever is asked, or that is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away

    def is_wallet_signature(self, _wallet: bytes, _digest: bytes, _signature: bytes) -> bool:
        if self.away:
            raise UnavailableError("away")
        return True


def test_a_contracts_signature_is_asked_of_the_chain_and_never_taken_unseen(intake: Intake) -> None:
    submission = replace(intake.submission(UnitKind.SCAN), signature=b"of a contract")
    for chain in (None, Wallets(away=True)):
        with pytest.raises(UnavailableError):
            record(intake.db, chain, submission, clock=lambda: intake.now)
    assert record(intake.db, Wallets(), submission, clock=lambda: intake.now).event.index == 0


# Dispensed again


def test_a_second_scan_by_the_same_place_within_minutes_is_answered_with_the_first(intake: Intake) -> None:
    first = intake.say(UnitKind.DISPENSE)
    intake.now += 14 * MINUTE
    again = intake.submission(UnitKind.DISPENSE)
    for _ in range(2):
        answer = intake.hand_in(again)
        assert (answer.event, answer.repeated) == (first.event, again.statement.digest(DOMAIN))
    assert intake.log.size(PHARMACY) == 1


def test_another_lot_with_the_same_serial_number_is_no_repeat(intake: Intake) -> None:
    intake.say(UnitKind.DISPENSE)
    with pytest.raises(StatementRefusedError) as caught:
        intake.say(UnitKind.DISPENSE, lot="ZZ9")
    assert caught.value.evidence["error"] == "BatchNotRegistered"


def test_a_repeat_that_comes_late_does_not_dispense_again_what_was_undone(intake: Intake) -> None:
    first = intake.say(UnitKind.DISPENSE)
    late = intake.submission(UnitKind.DISPENSE, ago=-MINUTE)
    intake.now += 5 * MINUTE
    intake.say(UnitKind.UNDO, previous=first.event.digest)
    assert intake.hand_in(late).repeated is not None
    assert dispenses(ReadModel(intake.db).unit_events(GTIN, SERIAL)) == ()


def test_a_pack_is_dispensed_undone_and_dispensed_again(intake: Intake) -> None:
    first = intake.say(UnitKind.DISPENSE)
    intake.now += MINUTE
    intake.say(UnitKind.UNDO, previous=first.event.digest)
    intake.now += MINUTE
    second = intake.say(UnitKind.DISPENSE)
    assert second.repeated is None
    assert dispenses(ReadModel(intake.db).unit_events(GTIN, SERIAL)) == (second.event,)


@pytest.mark.parametrize(
    ("actor", "place", "after"), [(STRANGER, "SGSIN", MINUTE), (PHARMACY, "SGKEP", MINUTE), (PHARMACY, "SGSIN", DAY)]
)
def test_a_second_dispense_elsewhere_or_later_is_recorded_as_evidence(
    intake: Intake, actor: int, place: str, after: int
) -> None:
    intake.say(UnitKind.DISPENSE)
    intake.now += after
    assert intake.say(UnitKind.DISPENSE, actor, place=place).repeated is None
    assert len(dispenses(ReadModel(intake.db).unit_events(GTIN, SERIAL))) == 2


# Many at once


def test_statements_that_come_in_at_once_get_places_without_a_gap(intake: Intake) -> None:
    submissions = [intake.submission(UnitKind.SCAN, serial=f"N{number}") for number in range(24)]
    with ThreadPoolExecutor(4) as pool:  # each is sent twice, as a client does that hears no answer
        answers = list(pool.map(intake.hand_in, submissions + submissions))
    assert {answer.event.index for answer in answers} == set(range(24))
    assert answers[:24] == answers[24:]
    leaves = intake.log.leaves(PHARMACY, 0, 100)
    assert intake.log.root(PHARMACY, 24) == roots_of(leaves, [24])[24]
    assert leaves == [answer.leaf for answer in sorted(answers[:24], key=lambda answer: answer.event.index)]


# Anchors


def test_an_event_is_anchored_once_the_chain_has_the_root_of_its_log(intake: Intake) -> None:
    intake.scans(5)
    digests = [event.digest for number in range(5) for event in ReadModel(intake.db).unit_events(GTIN, f"N{number}")]
    first = intake.anchor(3)
    second = intake.anchor(4)
    found = [log.find(intake.db, digest) for digest in digests]
    assert [each.anchor if each else None for each in found] == [first, first, first, second, None]


def test_an_anchor_of_another_log_anchors_nothing(intake: Intake) -> None:
    logged = intake.say(UnitKind.SCAN)
    intake.anchor(1, root=b"\7" * 32)
    again = log.find(intake.db, logged.event.digest)
    assert again is not None
    assert again.anchor is None
    assert log.head(intake.db, PHARMACY)["anchor"]["holds"] is False


def test_an_anchor_that_counts_more_than_the_log_has_anchors_nothing(intake: Intake) -> None:
    intake.say(UnitKind.SCAN)
    intake.anchor(2, root=b"\7" * 32)
    assert log.head(intake.db, PHARMACY)["anchor"]["holds"] is False


def test_a_reorganisation_takes_the_anchor_back_and_nothing_else(intake: Intake) -> None:
    logged = intake.say(UnitKind.SCAN)
    anchor = intake.anchor(1)
    assert log.find(intake.db, logged.event.digest) == replace(logged, anchor=anchor)
    indexing.rollback(intake.db, anchor.recorded.block - 1)
    assert log.find(intake.db, logged.event.digest) == logged


def test_a_rebuild_of_the_read_model_keeps_the_logs(intake: Intake) -> None:
    intake.scans(3)
    before = log.head(intake.db, PHARMACY)
    indexing.wipe(intake.db)
    assert intake.log.size(PHARMACY) == 3
    assert "0x" + intake.log.root(PHARMACY, 3).hex() == before["root"]


# Proofs


def test_the_head_says_size_root_and_last_anchor(intake: Intake) -> None:
    empty = log.head(intake.db, PHARMACY)
    assert empty == {"organisation": PHARMACY, "size": 0, "root": "0x" + EMPTY_ROOT.hex(), "anchor": None}
    intake.scans(3)
    anchor = intake.anchor(2)
    intake.scans(1)
    head = log.head(intake.db, PHARMACY)
    assert (head["size"], raw(head["root"])) == (4, roots_of(intake.log.leaves(PHARMACY, 0, 9), [4])[4])
    assert (head["anchor"]["count"], raw(head["anchor"]["root"]), head["anchor"]["holds"]) == (2, anchor.root, True)


def test_whoever_has_a_statement_checks_that_it_is_in_the_log(intake: Intake) -> None:
    intake.scans(11)
    logged = intake.say(UnitKind.DISPENSE)
    intake.scans(6)
    head = log.head(intake.db, PHARMACY)
    told = log.inclusion(intake.db, PHARMACY, logged.event.index, head["size"])
    leaf = logged.submission.leaf(DOMAIN)
    assert raw(told["leaf"]) == leaf
    proof = [raw(each) for each in told["proof"]]
    assert verify_inclusion(leaf, 11, head["size"], proof, raw(head["root"]))


def test_sizes_are_proved_to_be_of_one_log(intake: Intake) -> None:
    intake.scans(20)
    told = log.consistency(intake.db, PHARMACY, 7, 20)
    proof = [raw(each) for each in told["proof"]]
    assert verify_consistency(7, 20, proof, intake.log.root(PHARMACY, 7), intake.log.root(PHARMACY, 20))
    assert raw(told["first_root"]) == intake.log.root(PHARMACY, 7)
    assert raw(told["second_root"]) == intake.log.root(PHARMACY, 20)


def test_an_auditor_gets_all_hashes_in_parts(intake: Intake) -> None:
    intake.scans(7)
    parts = [log.leaves(intake.db, PHARMACY, first, 3)["leaves"] for first in (0, 3, 6, 7)]
    assert [len(part) for part in parts] == [3, 3, 1, 0]
    together = (raw(leaf) for part in parts for leaf in part)
    assert roots_of(together, [7])[7] == intake.log.root(PHARMACY, 7)


@pytest.mark.parametrize(
    ("ask", "field"),
    [
        (lambda db: log.inclusion(db, PHARMACY, 0, 3), "size"),
        (lambda db: log.inclusion(db, PHARMACY, 0, 10**30), "size"),
        (lambda db: log.inclusion(db, PHARMACY, 2, 2), "index"),
        (lambda db: log.inclusion(db, PHARMACY, -1, 2), "index"),
        (lambda db: log.inclusion(db, PHARMACY, 0, 0), "index"),
        (lambda db: log.consistency(db, PHARMACY, 1, 3), "second"),
        (lambda db: log.consistency(db, PHARMACY, 0, 2), "first"),
        (lambda db: log.consistency(db, PHARMACY, 2, 1), "first"),
        (lambda db: log.leaves(db, PHARMACY, 3, 1), "first"),
        (lambda db: log.leaves(db, PHARMACY, -1, 1), "first"),
        (lambda db: log.leaves(db, PHARMACY, 0, 0), "count"),
        (lambda db: log.leaves(db, PHARMACY, 0, 10_001), "count"),
    ],
)
def test_sizes_that_the_log_never_had_are_refused_with_the_field(intake: Intake, ask: Any, field: str) -> None:
    intake.scans(2)
    with pytest.raises(InvalidInputError) as caught:
        ask(intake.db)
    assert caught.value.field == field


@pytest.mark.parametrize("number", [0, 99, 2**32, 10**30])
def test_an_organisation_that_there_is_not_has_no_log(intake: Intake, number: int) -> None:
    with pytest.raises(NotFoundError):
        log.head(intake.db, number)
