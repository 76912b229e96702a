"""What a statement may change and what it depends on: never less than it does."""

from __future__ import annotations

import pytest

from ledger.core import parts
from ledger.core.structs import (
    Accreditation,
    Anchor,
    BatchRegistration,
    Bundle,
    CustodyStatement,
    Domain,
    KeyAddition,
    KeyEnding,
    Statement,
    Suspension,
)
from ledger.core.subjects import NEW_ORGANISATION, changed, needed
from ledger.core.submission import BundledEvent, Submission
from ledger.core.vocabulary import Kind

DOMAIN = Domain(31337, b"\x11" * 20)
SIGNER = b"\x22" * 20
NEW_KEY = b"\x33" * 20
ONE, OTHER = b"\x5a" * 32, b"\x5b" * 32
NONE = bytes(32)


def event(kind: Kind, consignment: bytes = ONE, attachment: bytes = b"") -> tuple[CustodyStatement, bytes]:
    return CustodyStatement(consignment, OTHER, 7, kind, 1_800_000_000, 9, 100, b"SGSIN", NONE, NONE), attachment


def submission(statement: Statement, attachment: bytes = b"", events: tuple[BundledEvent, ...] = ()) -> Submission:
    return Submission(statement.NAME, statement, SIGNER, b"\1" * 65, attachment, events=events)


@pytest.mark.parametrize(
    ("statement", "subjects"),
    [
        (
            BatchRegistration(7, 95060001343520, "L", 1, 9, 0, 20280531, NONE, NONE),
            {("consignment", parts.batch_id(95060001343520, "L"))},
        ),
        (Anchor(7, 3, ONE, NONE), {("anchor", 7)}),
        (Accreditation(1, 7, 0, "Maker", b"BE", 0, 1, NONE, b""), {("organisation", 1), ("organisation", 7)}),
        (
            Accreditation(1, 0, 0, "Maker", b"BE", 0, 1, NONE, NEW_KEY),
            {("organisation", 1), NEW_ORGANISATION, ("key", parts.key_id(NEW_KEY))},
        ),
        (Suspension(1, 7, 0, suspended=True), {("organisation", 1), ("organisation", 7)}),
        (KeyAddition(7, NEW_KEY, 1, 0, 0), {("key", parts.key_id(NEW_KEY))}),
        (KeyEnding(7, ONE, 0), {("key", ONE)}),
    ],
)
def test_a_statement_changes_what_it_is_about(statement: Statement, subjects: set[tuple[str, bytes | int]]) -> None:
    assert changed(submission(statement), DOMAIN) == subjects


def test_an_event_changes_its_consignment_and_all_its_parts() -> None:
    split, attachment = event(Kind.SPLIT, attachment=parts.pack_children([(None, 40), (None, 60)]))
    children = {("consignment", parts.child_id(split.digest(DOMAIN), index)) for index in (0, 1)}
    assert children <= changed(submission(split, attachment), DOMAIN)
    pack, attachment = event(Kind.PACK, NONE, parts.pack_pallet(None, [(ONE, OTHER)]))
    assert {("consignment", ONE), ("consignment", pack.digest(DOMAIN))} <= changed(submission(pack, attachment), DOMAIN)
    unpack, attachment = event(Kind.UNPACK, OTHER, parts.pack_ids([ONE]))
    assert {("consignment", ONE), ("consignment", OTHER)} <= changed(submission(unpack, attachment), DOMAIN)
    assert ("consignment", OTHER) in changed(submission(event(Kind.CORRECT)[0]), DOMAIN)


def test_a_bundle_changes_what_its_events_change_and_needs_who_they_name() -> None:
    events = tuple(BundledEvent(event(Kind.SHIP, one)[0]) for one in (ONE, OTHER))
    bundle = submission(Bundle(7, 2, NONE), events=events)
    assert {("consignment", ONE), ("consignment", OTHER)} <= changed(bundle, DOMAIN)
    wanted = {("key", parts.key_id(SIGNER)), ("organisation", 7), ("organisation", 9), NEW_ORGANISATION}
    assert wanted | changed(bundle, DOMAIN) == needed(bundle, DOMAIN)
