"""What a desk signs, against a server of fixed answers: statements that hold, about what the server showed."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.accredit import OrganisationRow
from ledger.cli.desk import Desk, Event, organisation_of
from ledger.core import parts
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.keccak import keccak256
from ledger.core.statement import CustodyStatement, Domain, parse_submission
from ledger.core.submission import Submission
from ledger.core.vocabulary import Kind, Role
from tests.cli.fake_server import LEDGER, OTHER, OURS, Server, consignment, signer_of

DOMAIN = Domain(31337, LEDGER)
NOW = 1_795_442_700
SSCC = "095211010000000016"


@pytest.fixture
def server() -> Server:
    return Server(signer_of(5))


@pytest.fixture
def desk(server: Server) -> Desk:
    return Desk(server.client(), signer_of(5))


def posted(server: Server) -> Submission:
    """The last statement posted; its parts belong together and its signature holds."""
    submission = parse_submission(server.posted[-1])
    submission.check(DOMAIN)
    return submission


def custody(server: Server) -> CustodyStatement:
    statement = posted(server).statement
    assert isinstance(statement, CustodyStatement)
    return statement


def test_a_desk_knows_its_organisation_by_its_key(server: Server, desk: Desk) -> None:
    assert desk.number == OURS
    with pytest.raises(NotFoundError, match="belongs to no organisation"):
        organisation_of(server.client(), signer_of(6))


def test_a_holder_names_the_head_that_it_saw_and_ships_all_of_it(server: Server, desk: Desk) -> None:
    desk.custody(Event(Kind.SHIP, "BEBRU", NOW, OTHER), consignment(1))
    event = custody(server)
    assert (event.actor, event.counterparty, event.quantity, event.place) == (OURS, OTHER, 100, b"BEBRU")
    assert event.previous == (2).to_bytes(32, "big")
    assert event.parts == event.details == bytes(32)


@pytest.mark.parametrize("kind", [Kind.INSPECT, Kind.HOLD, Kind.RELEASE, Kind.SEIZE])
def test_an_administration_names_the_authority_sequence(server: Server, desk: Desk, kind: Kind) -> None:
    desk.custody(Event(kind, "BEBRU", NOW), consignment(1))
    event = custody(server)
    assert (event.previous, event.quantity) == ((2).to_bytes(32, "big"), 0)


def test_a_recall_names_the_batch_and_no_place(server: Server, desk: Desk) -> None:
    desk.custody(Event(Kind.RECALL, "", NOW), consignment(1))
    assert custody(server).consignment == (900).to_bytes(32, "big")
    assert custody(server).place == bytes(5)


@pytest.mark.parametrize(("held_by", "previous"), [(None, 2), ({"number": OTHER}, 2), ({"number": OURS}, 9)])
def test_only_the_administration_that_holds_destroys_by_the_sequence(
    server: Server, desk: Desk, held_by: dict[str, Any] | None, previous: int
) -> None:
    goods = consignment(1, sequence=9, held_by=held_by)
    desk.custody(Event(Kind.DESTROY, "BEBRU", NOW, quantity=40), goods)
    assert custody(server).previous == previous.to_bytes(32, "big")
    assert custody(server).quantity == 40


def test_a_split_signs_its_parts_and_their_sum(server: Server, desk: Desk) -> None:
    children = ((SSCC, 60), (None, 30))
    desk.custody(Event(Kind.SPLIT, "BEBRU", NOW, children=children), consignment(1))
    submission = posted(server)
    assert parts.unpack_children(submission.attachment) == list(children)
    assert custody(server).parts == keccak256(submission.attachment)
    assert custody(server).quantity == 90


def test_a_split_without_parts_is_refused_before_it_is_signed(server: Server, desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="needs its parts"):
        desk.custody(Event(Kind.SPLIT, "BEBRU", NOW), consignment(1))
    assert server.posted == []


def test_a_pallet_is_packed_and_unpacked_whole_or_in_part(server: Server, desk: Desk) -> None:
    loads = [consignment(10), consignment(20)]
    desk.pack(Event(Kind.PACK, "BEBRU", NOW, sscc=SSCC), loads)
    packed = custody(server)
    assert (packed.consignment, packed.previous, packed.quantity) == (bytes(32), bytes(32), 2)
    assert parts.unpack_pallet(posted(server).attachment) == (
        SSCC,
        [(number.to_bytes(32, "big"), (number + 1).to_bytes(32, "big")) for number in (10, 20)],
    )
    desk.unpack(Event(Kind.UNPACK, "BEBRU", NOW), consignment(30), loads[:1])
    unpacked = custody(server)
    assert (unpacked.consignment, unpacked.previous, unpacked.quantity) == (
        (30).to_bytes(32, "big"),
        (31).to_bytes(32, "big"),
        1,
    )
    assert parts.unpack_ids(posted(server).attachment) == [(10).to_bytes(32, "big")]


def test_a_handover_is_signed_by_both_sides(server: Server, desk: Desk) -> None:
    other = signer_of(6)
    desk.handover(Event(Kind.HANDOVER, "BEBRU", NOW, OTHER), consignment(1), other)
    signer, _ = parts.decode_countersignature(posted(server).attachment)
    assert signer == other.signer


def test_a_correction_names_the_earlier_event(server: Server, desk: Desk) -> None:
    desk.custody(Event(Kind.SHIP, "BEBRU", NOW, OTHER), consignment(1))
    earlier = custody(server)
    desk.correct(Event(Kind.CORRECT, "", NOW, document={"why": "wrong receiver", "salt": "0x" + "11" * 32}), earlier)
    event = custody(server)
    assert (event.kind, event.previous, event.consignment) == (
        Kind.CORRECT,
        earlier.digest(DOMAIN),
        earlier.consignment,
    )
    assert event.details != bytes(32)
    assert posted(server).attachment == parts.encode_event(earlier)


def test_a_new_organisation_gets_the_next_number_and_its_key_signs_too(server: Server, desk: Desk) -> None:
    row = OrganisationRow("New", "BE", Role.MANUFACTURER, 0, ("9521101",), "new", 0)
    number, digest = desk.accredit(row, signer_of(6))
    assert (number, digest) == (OURS + 1, f"0x{1:064x}")
    submission = posted(server)
    assert submission.cosignature
    assert submission.statement.sequence == 3  # type: ignore[attr-defined]  # an Accreditation has one
    assert submission.prefixes == (19_521_101,)


def test_an_amendment_keeps_number_and_keys(server: Server, desk: Desk) -> None:
    number, _ = desk.accredit(OrganisationRow("Old", "BE", Role.CARRIER, 0, (), "", OTHER), None)
    assert number == OTHER
    assert posted(server).cosignature == b""
    assert posted(server).statement.admin_key == b""  # type: ignore[attr-defined]  # an Accreditation has one


def test_a_suspension_takes_the_authoritys_next_sequence(server: Server, desk: Desk) -> None:
    desk.suspend(OTHER, suspended=True)
    statement: Any = posted(server).statement
    assert (statement.authority, statement.organisation, statement.sequence, statement.suspended) == (
        OURS,
        OTHER,
        3,
        True,
    )
