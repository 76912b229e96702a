"""What a statement may change, and what it depends on: whether one that is on its way can make another valid.

Subjects are consignments, organisations, keys and anchors, by name. Both sets may be too large, never too small: a
statement taken in vain is refused on chain in the same words, one refused in vain would have to be signed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core import parts
from ledger.core.structs import (
    Accreditation,
    Anchor,
    BatchRegistration,
    CustodyStatement,
    KeyAddition,
    KeyEnding,
    Suspension,
)
from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from ledger.core.structs import Domain
    from ledger.core.submission import Submission

Subject = tuple[str, bytes | int]
NEW_ORGANISATION: Final[Subject] = ("organisation", 0)  # its number is not known before it is on the ledger


def changed(submission: Submission, domain: Domain) -> frozenset[Subject]:
    """Name what a statement may change.

    Args:
        submission: The statement.
        domain: The chain and contract it is for.
    """
    statement = submission.statement
    match statement:
        case BatchRegistration():
            return frozenset({_consignment(parts.batch_id(statement.gtin, statement.lot))})
        case CustodyStatement():
            return _changed_by(statement, submission.attachment, domain)
        case Accreditation() | Suspension():
            key = getattr(statement, "admin_key", b"")
            organisations = {_organisation(statement.organisation), _organisation(statement.authority)}
            return frozenset(organisations | ({_key(parts.key_id(key))} if key else set()))
        case KeyAddition() | KeyEnding():
            key = statement.key if isinstance(statement, KeyEnding) else parts.key_id(statement.signer)
            return frozenset({_key(key)})
        case Anchor():
            return frozenset({("anchor", statement.organisation)})
    events = (_changed_by(event.statement, event.attachment, domain) for event in submission.events)
    return frozenset().union(*events)


def needed(submission: Submission, domain: Domain) -> frozenset[Subject]:
    """Name what decides whether a statement is accepted: what it changes, who speaks, and with which key.

    Args:
        submission: The statement.
        domain: The chain and contract it is for.
    """
    statements = [submission.statement, *(event.statement for event in submission.events)]
    found: set[Subject] = {_key(parts.key_id(submission.signer)), *changed(submission, domain)}
    for statement in statements:
        for name in ("actor", "manufacturer", "organisation", "authority", "counterparty"):
            if number := getattr(statement, name, 0):
                found |= {_organisation(number), NEW_ORGANISATION}
    return frozenset(found)


def _changed_by(event: CustodyStatement, attachment: bytes, domain: Domain) -> frozenset[Subject]:
    digest = event.digest(domain)
    touched = [event.consignment, digest]
    match event.kind:
        case Kind.SPLIT:
            touched += [parts.child_id(digest, index) for index in range(len(parts.unpack_children(attachment)))]
        case Kind.PACK:
            touched += [consignment for consignment, _ in parts.unpack_pallet(attachment)[1]]
        case Kind.UNPACK:
            touched += parts.unpack_ids(attachment)
        case Kind.CORRECT:
            touched.append(event.previous)
    return frozenset(_consignment(one) for one in touched)


def _consignment(identifier: bytes) -> Subject:
    return ("consignment", identifier)


def _organisation(number: int) -> Subject:
    return ("organisation", number)


def _key(identifier: bytes) -> Subject:
    return ("key", identifier)
