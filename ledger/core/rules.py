"""Everything the contract will check of a statement, checked before it is relayed: same order, same errors, in words.

What is accepted here can still be refused on chain, if another statement comes first. Source: the contract's
`Accreditation`, `CustodyLedger` and `CustodyRules`; tests/system compares the two, statement by statement.
"""

from __future__ import annotations

from calendar import monthrange
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from ledger.core.conditions import check
from ledger.core.court import Court, has_check_digit, parts_of
from ledger.core.errors import StatementRefusedError
from ledger.core.keccak import keccak256
from ledger.core.parts import PREFIX_DIGITS, batch_id, bundle_digests, key_id, prefixes_hash
from ledger.core.projection import Projection
from ledger.core.refusals import refused
from ledger.core.structs import (
    Accreditation,
    Anchor,
    BatchRegistration,
    Bundle,
    CustodyStatement,
    KeyAddition,
    KeyEnding,
    Suspension,
)
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

if TYPE_CHECKING:
    from ledger.core.facts import CustodyEvent
    from ledger.core.ledger_view import LedgerView
    from ledger.core.structs import Domain
    from ledger.core.submission import Submission

FIRST_KEY: Final = Purpose.ADMIN | Purpose.EVENTS
_ALL_ROLES: Final = sum(Role)
_ALL_PURPOSES: Final = sum(Purpose)
_KINDS: Final = frozenset(Kind)
_PRODUCT_CLASSES: Final = frozenset(ProductClass)
_LOT_CHARACTERS: Final = frozenset(
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)  # GS1 AI encodable character set 82 (GS1 General Specifications, figure 7.11-1)
_LONGEST_LOT: Final = 20
_GTIN_END: Final = 10**14
_GLN_END: Final = 10**13
_YEARS: Final = range(2000, 2100)
_MONTHS: Final = range(1, 13)
_NOTHING: Final = bytes(32)
_NAMES_COUNTERPARTY: Final = frozenset({Kind.SHIP, Kind.RECEIVE, Kind.HANDOVER, Kind.RETURN})
_HAS_PARTS: Final = frozenset({Kind.SPLIT, Kind.PACK, Kind.UNPACK})
_HAS_ATTACHMENT: Final = _HAS_PARTS | {Kind.HANDOVER, Kind.CORRECT}
_PLACE_OPTIONAL: Final = frozenset({Kind.RECALL, Kind.CORRECT})


def refusal(submission: Submission, view: LedgerView, *, domain: Domain, now: int) -> StatementRefusedError | None:
    """Tell whether the contract would refuse a statement, and why.

    Of a bundle only what would refuse it as a whole is told: for its events see `bundle_refusals`.

    Args:
        submission: The statement with its signatures and what travels beside it.
        view: The ledger's state before it.
        domain: The chain and contract it is for.
        now: The time of the block that would record it, Unix seconds.

    Returns:
        The first thing that is wrong; its evidence holds the contract's `error` and `arguments`. None if nothing is.
    """
    court = Court(view, domain, now, submission.attachment)
    try:
        if now < view.paused_until():
            raise refused("Paused", view.paused_until())
        _require(submission, court)
    except StatementRefusedError as error:
        return error
    return None


def bundle_refusals(
    submission: Submission, view: LedgerView, *, domain: Domain, now: int
) -> dict[bytes, StatementRefusedError]:
    """Tell which events of a bundle the contract would refuse while it takes the others, one after another.

    Args:
        submission: A bundle that is not refused as a whole.
        view: The ledger's state before it.
        domain: The chain and contract it is for.
        now: The time of the block that would record it, Unix seconds.

    Returns:
        Refusals by the event's digest.
    """
    refusals = {}
    projection = Projection(view)
    key = key_id(submission.signer)
    events = {event.statement.digest(domain): event for event in submission.events}
    for digest, event in sorted(events.items(), key=itemgetter(0)):
        court = Court(projection, domain, now, event.attachment)
        try:
            projection.enter(_require_custody(event.statement, digest, key, court), event.attachment)
        except StatementRefusedError as error:
            refusals[digest] = error
    return refusals


def _require(submission: Submission, court: Court) -> None:
    statement, digest = submission.statement, submission.digest(court.domain)
    match statement:
        case BatchRegistration():
            court.authorise(statement.manufacturer, Purpose.EVENTS, digest, submission.signer, submission.signature)
            _require_registration(statement, digest, court)
        case CustodyStatement():
            court.authorise(statement.actor, Purpose.EVENTS, digest, submission.signer, submission.signature)
            _require_custody(statement, digest, key_id(submission.signer), court)
        case Bundle():
            _require_bundle(statement, submission, court)
            court.authorise(statement.actor, Purpose.EVENTS, digest, submission.signer, submission.signature)
        case Anchor():
            court.authorise(statement.organisation, Purpose.EVENTS, digest, submission.signer, submission.signature)
            _require_anchor(statement, digest, court)
        case Accreditation():
            _require_turn(statement, submission, court)
            _require_accreditation(statement, submission, court)
        case Suspension():
            _require_turn(statement, submission, court)
            _require_accredited_by(statement.organisation, statement.authority, court)
        case KeyAddition():
            _require_key_addition(statement, submission, court)
        case _:  # what is left is a KeyEnding
            court.authorise(statement.actor, Purpose.ADMIN, digest, submission.signer, submission.signature)
            _require_key_ending(statement, digest, court)


# Registrations


def _require_registration(statement: BatchRegistration, digest: bytes, court: Court) -> None:
    court.require_role(statement.manufacturer, Role.MANUFACTURER)
    if not 0 < statement.gtin < _GTIN_END or not has_check_digit(str(statement.gtin)):
        raise refused("InvalidGtin", statement.gtin)
    court.require_gtin_licence(statement.manufacturer, statement.gtin)
    if not 0 < len(statement.lot) <= _LONGEST_LOT or not _LOT_CHARACTERS.issuperset(statement.lot):
        raise refused("InvalidLot", statement.lot)
    if statement.product_class not in _PRODUCT_CLASSES:
        raise refused("InvalidProductClass", statement.product_class)
    if not statement.quantity:
        raise refused("NoQuantity")
    if statement.manufactured and not _is_date(statement.manufactured):
        raise refused("InvalidDate", statement.manufactured)
    if not _is_date(statement.expiry) or statement.expiry <= statement.manufactured:
        raise refused("InvalidDate", statement.expiry)
    batch = batch_id(statement.gtin, statement.lot)
    first = court.consignment(batch)
    if first is not None:
        raise refused("AlreadyRecorded", digest) if first.head == digest else refused("BatchAlreadyRegistered", batch)


def _is_date(number: int) -> bool:
    """Tell whether it reads YYYYMMDD and is a day of the calendar from 2000 to 2099.

    Stricter than a check of the digits alone: no reader could turn 20270231 into a date.
    """
    year, month, day = number // 10_000, number // 100 % 100, number % 100
    return year in _YEARS and month in _MONTHS and 0 < day <= monthrange(year, month)[1]


# Custody


def _require_custody(statement: CustodyStatement, digest: bytes, key: bytes, court: Court) -> CustodyEvent:
    """Require what the contract requires of an event whose signature holds; give it as its log would."""
    _require_form(statement, court)
    event = court.event_of(statement, digest, key)
    parts = parts_of(event.kind, court.attachment, digest, court.view.pallet_count() + 1)
    check(event, parts, court)
    return event


def _require_form(statement: CustodyStatement, court: Court) -> None:
    if statement.kind not in _KINDS:
        raise refused("InvalidKind", statement.kind)
    kind = Kind(statement.kind)
    if statement.counterparty and kind not in _NAMES_COUNTERPARTY:
        raise refused("UnexpectedField", b"counterparty".ljust(32, b"\0"))
    if court.attachment and kind not in _HAS_ATTACHMENT:
        raise refused("UnexpectedField", b"attachment".ljust(32, b"\0"))
    if kind not in _HAS_PARTS:
        if statement.parts != _NOTHING:
            raise refused("UnexpectedField", b"parts".ljust(32, b"\0"))
    elif keccak256(court.attachment) != statement.parts:
        raise refused("PartsMismatch", statement.parts, keccak256(court.attachment))
    if not is_place(statement.place) and (any(statement.place) or kind not in _PLACE_OPTIONAL):
        raise refused("InvalidPlace", statement.place)


def is_place(place: bytes) -> bool:
    """Tell whether it has the form of a UN/LOCODE (UNECE Recommendation 16).

    Args:
        place: Five bytes.
    """
    return place.isalnum() and place == place.upper() and place[:2].isalpha()


def _require_bundle(statement: Bundle, submission: Submission, court: Court) -> None:
    if len(submission.events) != statement.count:
        raise refused("QuantityMismatch", statement.count, len(submission.events))
    for event in submission.events:
        if event.statement.actor != statement.actor:
            raise refused("NotActor", statement.actor, event.statement.actor)
    digests = sorted(event.statement.digest(court.domain) for event in submission.events)
    for index in range(1, len(digests)):
        if digests[index] == digests[index - 1]:
            raise refused("BundleNotAscending", index)
    given = bundle_digests(digests)
    if given != statement.digests:
        raise refused("BundleMismatch", statement.digests, given)


def _require_anchor(statement: Anchor, digest: bytes, court: Court) -> None:
    accumulator, count = court.view.anchor(statement.organisation)
    if accumulator == digest:
        raise refused("AlreadyRecorded", digest)
    if accumulator != statement.previous:
        raise refused("AccumulatorMismatch", accumulator, statement.previous)
    if statement.count <= count:
        raise refused("CountNotGrowing", count, statement.count)


# Organisations


def _require_turn(statement: Accreditation | Suspension, submission: Submission, court: Court) -> None:
    """Require that an authority signed, and that it is this statement's turn among its own."""
    digest = submission.digest(court.domain)
    court.authorise(statement.authority, Purpose.ADMIN, digest, submission.signer, submission.signature)
    court.require_authority(statement.authority)
    expected = court.view.authority_sequence(statement.authority)
    if statement.sequence != expected:
        raise refused("StaleSequence", expected, statement.sequence)


def _require_accredited_by(number: int, authority: int, court: Court) -> None:
    organisation = court.view.organisation(number)
    own = organisation is not None and bool(organisation.changes) and organisation.changes[-1].authority == authority
    if number == authority or not own:
        raise refused("NotAccreditedBy", number, authority)


def _require_accreditation(statement: Accreditation, submission: Submission, court: Court) -> None:
    country = court.require_active(statement.authority).country.encode()
    if statement.country != country:
        raise refused("WrongCountry", country, statement.country)
    given = prefixes_hash(submission.prefixes)
    if given != statement.prefixes:
        raise refused("PartsMismatch", statement.prefixes, given)
    number = statement.organisation
    if number:
        _require_accredited_by(number, statement.authority, court)
    if not 0 < statement.roles <= _ALL_ROLES:
        raise refused("InvalidRoles", statement.roles)
    if statement.gln >= _GLN_END or not has_check_digit(str(statement.gln)):
        raise refused("InvalidGln", statement.gln)
    for prefix in submission.prefixes:
        if len(str(prefix)) - 1 not in PREFIX_DIGITS or str(prefix)[0] != "1":
            raise refused("InvalidPrefix", prefix)
    if not number or statement.admin_key:
        first = KeyAddition(number or court.view.organisation_count() + 1, statement.admin_key, int(FIRST_KEY), 0, 0)
        _require_new_key(first, submission.cosignature, court)


# Keys


def _require_key_addition(statement: KeyAddition, submission: Submission, court: Court) -> None:
    if not 0 < statement.purposes <= _ALL_PURPOSES:
        raise refused("InvalidPurposes", statement.purposes)
    if statement.valid_until and statement.valid_until <= statement.valid_from:
        raise refused("InvalidWindow", statement.valid_from, statement.valid_until)
    digest = statement.digest(court.domain)
    court.authorise(statement.organisation, Purpose.ADMIN, digest, submission.signer, submission.signature)
    _require_new_key(statement, submission.cosignature, court)


def _require_new_key(statement: KeyAddition, signature: bytes, court: Court) -> None:
    digest, name = statement.digest(court.domain), key_id(statement.signer)
    known = court.view.key(name)
    if known is not None:
        added = known.addition
        present = (added.organisation, int(added.purposes), added.valid_from, added.valid_until)
        if present == (statement.organisation, statement.purposes, statement.valid_from, statement.valid_until):
            raise refused("AlreadyRecorded", digest)
        raise refused("KeyTaken", name, added.organisation)
    court.require_signature(statement.signer, digest, signature)


def _require_key_ending(statement: KeyEnding, digest: bytes, court: Court) -> None:
    key = court.view.key(statement.key)
    if key is None:
        raise refused("KeyNotLive", statement.key, court.now)
    owner = key.addition.organisation
    organisation = court.view.organisation(owner)
    accreditor = organisation.changes[-1].authority if organisation else 0
    if statement.actor not in (owner, accreditor):
        raise refused("KeyOfAnother", statement.key, statement.actor, owner)
    if statement.doubt_since > court.now:
        raise refused("OccurredAtOutOfRange", statement.doubt_since, 0, court.now)
    if key.endings:
        doubt = key.endings[-1].doubt_since
        if doubt == statement.doubt_since:
            raise refused("AlreadyRecorded", digest)
        # Only ever earlier: a thief who ends the stolen key itself must not be able to clear the doubt.
        if not statement.doubt_since or (doubt and statement.doubt_since > doubt):
            raise refused("KeyNotLive", statement.key, key.endings[0].recorded.time)
