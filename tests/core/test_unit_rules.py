"""Who may say what about one pack; each refusal has a case that differs from an accepted one in one thing alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.court import Court
from ledger.core.errors import InvalidStatementError, StatementRefusedError
from ledger.core.signature import verify
from ledger.core.structs import LOGGED_TYPES, STATEMENTS, TYPES, UnitStatement, typed_data
from ledger.core.unit import UnitFacts, UnitKind
from ledger.core.unit_rules import UNDO_SECONDS, require_known, require_signed
from ledger.core.unit_submission import UnitSubmission, is_unit_submission, parse_unit_submission
from ledger.core.vocabulary import Kind, Purpose, Role
from tests.core.batch_story import CARRIER, CUSTOMS, DOMAIN, MAKER, PHARMACY, REGULATOR, STRANGER, settled
from tests.core.unit_story import UnitStory, keys_of, signed
from tests.system.logged_ledger import LoggedLedger

DAY = 24 * 3600
OTHER_MAKER = 9
EVERYONE = (REGULATOR, MAKER, CARRIER, PHARMACY, CUSTOMS, STRANGER, OTHER_MAKER)


class Table:
    """A pack in a story, and what becomes of a statement about it."""

    def __init__(self) -> None:
        self.story = settled()
        self.story.accredit(OTHER_MAKER, "Another maker", "BE", Role.MANUFACTURER, ("7777777",))
        self.story.accredit(STRANGER, "Another pharmacy", "SG", Role.PHARMACY)
        self.story.register()
        self.view = LoggedLedger(lambda _wallet, _digest, _signature: False)
        self.view.organisations, self.view.keys = self.story.organisations, keys_of(EVERYONE)
        self.units = UnitStory(self.story.time)
        self.listed: bool | None = None

    def refusal(self, submission: UnitSubmission) -> str | None:
        """The name of the refusal; None if it is taken."""
        court = Court(self.view, DOMAIN, self.story.time)
        known = UnitFacts(listed=self.listed, events=self.units.events)
        registration = self.story.registration
        assert registration
        named = (f"{submission.statement.gtin:014d}", submission.statement.lot)
        found = registration if named == (registration.gtin, registration.lot) else None
        try:
            require_signed(submission, court)
            require_known(submission.statement, found, known, court)
        except StatementRefusedError as error:
            return str(error.evidence["error"]) if error.detail and error.advice else "without words"
        return None

    def told(self, kind: UnitKind, actor: int, **said: Any) -> str | None:
        return self.refusal(signed(self.units.statement(kind, actor, **said)))


@pytest.fixture
def table() -> Table:
    return Table()


# Who may


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        (UnitKind.SCAN, {REGULATOR, MAKER, CARRIER, PHARMACY, CUSTOMS, STRANGER, OTHER_MAKER}),
        (UnitKind.DISPENSE, {PHARMACY, STRANGER}),
        (UnitKind.DESTROY, {MAKER, CARRIER, PHARMACY, STRANGER, OTHER_MAKER, REGULATOR, CUSTOMS}),
        (UnitKind.SAMPLE, {MAKER, REGULATOR, CUSTOMS}),
    ],
)
def test_each_kind_is_for_those_whose_business_it_is(table: Table, kind: UnitKind, allowed: set[int]) -> None:
    homes = {REGULATOR: "BEBRU", CUSTOMS: "SGSIN"}
    found = {each: table.told(kind, each, place=homes.get(each, "SGSIN")) for each in EVERYONE}
    assert {number for number, error in found.items() if error is None} == allowed
    assert set(found.values()) <= {None, "RoleMissing"}


def test_an_administration_destroys_and_samples_in_its_own_country_only(table: Table) -> None:
    for kind in (UnitKind.DESTROY, UnitKind.SAMPLE):
        assert table.told(kind, CUSTOMS, place="BEBRU") == "OutsideJurisdiction"
        assert table.told(kind, REGULATOR, place="SGSIN") == "OutsideJurisdiction"
    assert table.told(UnitKind.SAMPLE, MAKER, place="SGSIN") is None


def test_an_authority_without_a_role_of_an_administration_may_take_a_sample(table: Table) -> None:
    table.story.accredit(REGULATOR, "Ministry", "BE", Role.WHOLESALER)
    assert table.told(UnitKind.SAMPLE, REGULATOR, place="BEBRU") is None


def test_another_makers_packs_are_no_makers_to_sample(table: Table) -> None:
    assert table.told(UnitKind.SAMPLE, OTHER_MAKER) == "RoleMissing"


def test_a_suspended_organisation_says_nothing(table: Table) -> None:
    table.story.suspend(PHARMACY)
    assert table.told(UnitKind.SCAN, PHARMACY) == "OrganisationNotActive"


def test_a_key_must_be_live_the_organisations_own_and_for_events(table: Table) -> None:
    submission = signed(table.units.statement(UnitKind.SCAN, PHARMACY))
    assert table.refusal(signed(submission.statement, by=STRANGER)) == "KeyOfAnother"
    identifier, key = next((name, key) for name, key in table.view.keys.items() if key.addition.organisation == 4)
    table.view.keys[identifier] = replace(key, addition=replace(key.addition, purposes=Purpose.ADMIN))
    assert table.refusal(submission) == "PurposeMissing"
    table.view.keys[identifier] = replace(key, addition=replace(key.addition, valid_until=table.story.time))
    assert table.refusal(submission) == "KeyNotLive"


def test_a_signature_over_another_pack_is_forged(table: Table) -> None:
    statement = table.units.statement(UnitKind.DISPENSE, PHARMACY)
    forged = replace(signed(statement), statement=replace(statement, serial="OTHER"))
    assert table.refusal(forged) == "InvalidSignature"


# What makes sense


def test_gtin_place_and_previous_must_be_what_they_are_for(table: Table) -> None:
    assert table.told(UnitKind.SCAN, PHARMACY, gtin="05413868000017") == "InvalidGtin"
    assert table.told(UnitKind.SCAN, PHARMACY, place="\0\0\0\0\0") == "InvalidPlace"
    assert table.told(UnitKind.DISPENSE, PHARMACY, previous=b"\1" * 32) == "UnexpectedField"


@pytest.mark.parametrize(("ago", "taken"), [(30 * DAY, True), (30 * DAY + 1, False), (-600, True), (-601, False)])
def test_the_time_is_of_the_last_thirty_days_or_the_next_ten_minutes(table: Table, ago: int, taken: bool) -> None:
    assert table.told(UnitKind.SCAN, PHARMACY, ago=ago) == (None if taken else "OccurredAtOutOfRange")


def test_a_batch_that_is_not_registered_has_no_packs(table: Table) -> None:
    assert table.told(UnitKind.SCAN, PHARMACY, lot="NONE") == "BatchNotRegistered"


def test_a_serial_number_off_the_list_is_refused_and_without_a_list_taken(table: Table) -> None:
    table.listed = False
    assert table.told(UnitKind.SCAN, PHARMACY) == "SerialNotInBatch"
    for table.listed in (None, True):
        assert table.told(UnitKind.SCAN, PHARMACY) is None


def test_a_second_dispense_and_one_after_destruction_are_taken_as_evidence(table: Table) -> None:
    table.units.tell(UnitKind.DISPENSE, PHARMACY, ago=DAY)
    assert table.told(UnitKind.DISPENSE, STRANGER, place="SGSIN") is None
    table.units.tell(UnitKind.DESTROY, PHARMACY, ago=DAY)
    assert table.told(UnitKind.DISPENSE, STRANGER) is None


# Undoing


@pytest.mark.parametrize(
    ("after", "error"),
    [(0, None), (UNDO_SECONDS, None), (UNDO_SECONDS + 1, "UndoTooLate"), (-1, "UndoTooLate")],
)
def test_a_dispense_is_undone_within_ten_days(table: Table, after: int, error: str | None) -> None:
    given = table.units.tell(UnitKind.DISPENSE, PHARMACY, ago=11 * DAY)
    assert table.told(UnitKind.UNDO, PHARMACY, ago=11 * DAY - after, previous=given.digest) == error


def test_only_the_own_dispense_of_the_same_pack_is_undone(table: Table) -> None:
    given = table.units.tell(UnitKind.DISPENSE, PHARMACY, ago=DAY)
    scanned = table.units.tell(UnitKind.SCAN, PHARMACY, ago=DAY)
    assert table.told(UnitKind.UNDO, STRANGER, previous=given.digest) == "NotDispensed"
    assert table.told(UnitKind.UNDO, PHARMACY, previous=scanned.digest) == "NotDispensed"
    assert table.told(UnitKind.UNDO, PHARMACY, previous=b"\1" * 32) == "NotDispensed"
    assert table.told(UnitKind.UNDO, PHARMACY) == "NotDispensed"
    assert table.told(UnitKind.UNDO, MAKER, previous=given.digest) == "RoleMissing"


def test_what_was_undone_is_not_undone_again(table: Table) -> None:
    given = table.units.tell(UnitKind.DISPENSE, PHARMACY, ago=DAY)
    table.units.tell(UnitKind.UNDO, PHARMACY, ago=DAY - 60, previous=given.digest)
    assert table.told(UnitKind.UNDO, PHARMACY, previous=given.digest) == "AlreadyUndone"


# The statement itself


def test_the_contract_is_not_said_to_know_it() -> None:
    assert "UnitEvent" not in STATEMENTS
    assert "UnitEvent" not in TYPES
    assert {member["name"] for member in LOGGED_TYPES["UnitEvent"]} == {each.name for each in UnitStatement.MEMBERS}


def test_a_wallet_is_given_the_type_it_signs() -> None:
    statement = UnitStory(0).statement(UnitKind.SCAN, PHARMACY)
    shown = typed_data(statement, DOMAIN)
    assert shown["types"]["UnitEvent"] == LOGGED_TYPES["UnitEvent"]
    assert shown["primaryType"] == "UnitEvent"


def payload() -> dict[str, Any]:
    return signed(UnitStory(1_790_000_000).statement(UnitKind.DISPENSE, PHARMACY)).payload()


def test_what_is_handed_in_reads_back_as_it_was() -> None:
    submission = parse_unit_submission(payload())
    assert submission.payload() == payload()
    assert verify(submission.signer, submission.statement.digest(DOMAIN), submission.signature)
    event = submission.event(DOMAIN, 5, 6)
    assert (event.gtin, event.place, event.received_at, event.index) == ("05413868000016", "SGSIN", 5, 6)


def test_names_stand_for_the_kinds_of_packs_not_of_consignments() -> None:
    for kind in UnitKind:
        given = payload()
        given["message"]["kind"] = kind.name
        assert parse_unit_submission(given).statement.kind == kind
    for unknown in (6, "SHIP", int(Kind.DISPENSE)):
        given = payload()
        given["message"]["kind"] = unknown
        with pytest.raises(InvalidStatementError) as caught:
            parse_unit_submission(given)
        assert caught.value.field == "message.kind"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"signer": "0x12"}, "signer"),
        ({"signature": "0x"}, "signature"),
        ({"message": []}, "message"),
        ({"attachment": "0x"}, "attachment"),
    ],
)
def test_a_malformed_submission_names_the_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidStatementError) as caught:
        parse_unit_submission(payload() | change)
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["message", "signer", "signature"])
def test_a_missing_part_is_named(name: str) -> None:
    given = payload()
    del given[name]
    with pytest.raises(InvalidStatementError) as caught:
        parse_unit_submission(given)
    assert caught.value.field == name


@pytest.mark.parametrize("serial", ["", "S" * 21, "a b", "ä", 7])
def test_a_serial_number_has_the_characters_of_gs1(serial: object) -> None:
    given = payload()
    given["message"]["serial"] = serial
    with pytest.raises(InvalidStatementError) as caught:
        parse_unit_submission(given)
    assert caught.value.field == "message.serial"


def test_only_an_object_that_says_so_is_about_a_pack() -> None:
    assert is_unit_submission(payload())
    assert not any(map(is_unit_submission, ([], "UnitEvent", None, {"type": "CustodyEvent"}, {})))


@given(st.sampled_from(UnitStatement.MEMBERS))
def test_every_field_is_signed_and_in_the_leaf(member: Any) -> None:
    statement = UnitStory(0).statement(UnitKind.SCAN, PHARMACY)
    value = getattr(statement, member.attribute)
    other = value + 1 if isinstance(value, int) else value[:-1] + (b"!" if isinstance(value, bytes) else "!")
    changed = replace(statement, **{member.attribute: other})
    assert changed.digest(DOMAIN) != statement.digest(DOMAIN)
    assert signed(changed).leaf(DOMAIN) != signed(statement).leaf(DOMAIN)


def test_another_key_or_signature_makes_another_leaf() -> None:
    submission = signed(UnitStory(0).statement(UnitKind.SCAN, PHARMACY))
    leaves = {
        submission.leaf(DOMAIN),
        replace(submission, signer=b"\1" * 20).leaf(DOMAIN),
        replace(submission, signature=b"\1" * 65).leaf(DOMAIN),
    }
    assert len(leaves) == 3
