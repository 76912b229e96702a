"""Who may attest what: the rules that an attestation must keep to be taken in. The first that it breaks is named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ledger.core.attestation.statements import (
    BodyDesignation,
    ConformityCertificate,
    MutualRecognition,
    Revocation,
    TrustedStatus,
)
from ledger.core.errors import StatementRefusedError
from ledger.core.intelligence.rules import AHEAD_SECONDS, require_now
from ledger.core.organisation import active_at, administers, is_authority, roles_at, state_at
from ledger.core.vocabulary import CUSTODY_ROLES, Purpose, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.core.attestation.standing import Granted, Held
    from ledger.core.attestation.statements import Attestation
    from ledger.core.court import Court
    from ledger.core.facts import Organisation

# Regulation (EU) 2016/425, annex V, 6.1: a type-examination certificate is valid for five years at most. What else is
# attested is looked at again as often.
LONGEST_SECONDS: Final = (5 * 365 + 2) * 86_400
_BODY: Final = re.compile(r"[0-9]{4}", re.ASCII)  # as in NANDO
_NUMBER: Final = re.compile(r"[ -~]{1,60}", re.ASCII)
_FORM: Final = "docs/certificates.md and docs/green-lane.md say who may attest what."


def require_administrations(attestation: Attestation, digest: bytes, court: Court) -> int:
    """Require that an administration may attest something, and signed it.

    Args:
        attestation: A trusted status, a recognition or a designation.
        digest: Of its statement.
        court: The ledger's present state.

    Returns:
        The administration's number.

    Raises:
        StatementRefusedError: The first rule that is broken.
    """
    statement = attestation.statement
    assert isinstance(statement, TrustedStatus | MutualRecognition | BodyDesignation)  # noqa: S101 - the callers' choice
    court.authorise(statement.issuer, Purpose.EVENTS, digest, attestation.signer, attestation.signature)
    issuer = court.view.organisation(statement.issuer)
    assert issuer is not None  # noqa: S101 - authorised above
    _require_times(statement.issued_at, statement.issued_at, statement.valid_until, court.now)
    if not administers(issuer):
        raise _refused("NoAdministration", "Only customs, regulators and authorities attest this.")
    if isinstance(statement, TrustedStatus):
        _require_operator(issuer, court.view.organisation(statement.operator))
    elif isinstance(statement, MutualRecognition):
        _require_foreign(issuer, statement.country.decode())
    else:
        _require_designator(issuer, statement)
    return statement.issuer


def require_certificate(attestation: Attestation, digest: bytes, designations: Iterable[Granted], court: Court) -> int:
    """Require that a designated body may certify, and signed it; whether it lies in its scope is told later.

    Args:
        attestation: The certificate.
        digest: Of its statement.
        designations: Of the body's number, with whatever key.
        court: The ledger's present state.

    Returns:
        The number of the administration whose designation the body has.

    Raises:
        StatementRefusedError: The first rule that is broken.
    """
    statement = attestation.statement
    assert isinstance(statement, ConformityCertificate)  # noqa: S101 - the callers' choice
    court.require_signature(attestation.signer, digest, attestation.signature)
    issuer = _designator(designations, attestation.signer, court.now)
    if issuer is None:
        detail = f"No designation of the body {statement.body[:8]!r} stands that names this key."
        raise _refused("BodyNotDesignated", detail)
    _require_times(statement.issued_at, statement.valid_from, statement.valid_until, court.now)
    if not _NUMBER.fullmatch(statement.number):
        raise _refused("InvalidNumber", "A certificate's number has 1 to 60 characters of ASCII.")
    holder = court.view.organisation(statement.holder)
    if holder is None or not roles_at(holder) & Role.MANUFACTURER:
        raise _refused("UnknownHolder", f"Organisation {statement.holder} is no manufacturer on this ledger.")
    return issuer


def require_revocable(
    attestation: Attestation, digest: bytes, earlier: Held | None, designations: Iterable[Granted], court: Court
) -> int:
    """Require that a revocation names an attestation that stands, and is by whoever made it.

    A certificate is taken back by a key of its body, or by the administration that designated it.

    Args:
        attestation: The revocation.
        digest: Of its statement.
        earlier: What it names; None if there is no such attestation.
        designations: Where it names a certificate, those of its body's number.
        court: The ledger's present state.

    Returns:
        The issuer's number, as that of what it names.

    Raises:
        StatementRefusedError: The first rule that is broken.
    """
    statement = attestation.statement
    assert isinstance(statement, Revocation)  # noqa: S101 - the callers' choice
    if earlier is None or earlier.revoked_since or isinstance(earlier.attestation.statement, Revocation):
        raise _refused("NothingToRevoke", "No attestation that stands has this digest.")
    require_now(statement.issued_at, court.now)
    if not earlier.attestation.statement.issued_at <= statement.since <= court.now + AHEAD_SECONDS:
        detail = "An attestation is taken back from a time between its own and now on."
        raise _refused("InvalidSince", detail)
    by_body = isinstance(earlier.attestation.statement, ConformityCertificate) and (
        _designator(
            [each for each in designations if each.held.issuer == earlier.issuer], attestation.signer, court.now
        )
        is not None
    )
    if by_body:
        court.require_signature(attestation.signer, digest, attestation.signature)
    else:
        court.authorise(earlier.issuer, Purpose.EVENTS, digest, attestation.signer, attestation.signature)
    return earlier.issuer


def _designator(designations: Iterable[Granted], signer: bytes, at: int) -> int | None:
    """Whose designation of a body names this key and stands; of several the first that came."""
    for each in designations:
        statement = each.held.attestation.statement
        if isinstance(statement, BodyDesignation) and statement.signer == signer and not each.fault(at):
            return each.held.issuer
    return None


def _require_operator(issuer: Organisation, operator: Organisation | None) -> None:
    if operator is None or not active_at(operator) or not roles_at(operator) & CUSTODY_ROLES:
        raise _refused("UnknownOperator", "The operator is none on this ledger, or is suspended.")
    own, its = state_at(issuer), state_at(operator)
    if own is None or its is None or own.country != its.country:
        detail = "An administration gives a trusted status to operators of its own country."
        raise _refused("OutsideJurisdiction", detail)


def _require_foreign(issuer: Organisation, country: str) -> None:
    own = state_at(issuer)
    if own is None or own.country == country:
        raise _refused("OwnCountry", "Statuses of the own country count without a recognition.")


def _require_designator(issuer: Organisation, statement: BodyDesignation) -> None:
    if not is_authority(issuer) and not roles_at(issuer) & Role.REGULATOR:
        raise _refused("NoAdministration", "Only regulators and authorities designate conformity bodies.")
    if not _BODY.fullmatch(statement.body):
        raise _refused("InvalidBody", "A body's number has four digits, as in the list of notified bodies (NANDO).")


def _require_times(issued_at: int, begins_at: int, until: int, now: int) -> None:
    require_now(issued_at, now)
    if not max(begins_at, now) < until <= begins_at + LONGEST_SECONDS:
        detail = "It must end in the future, and within five years of its beginning."
        raise _refused("InvalidValidity", detail)


def _refused(error: str, detail: str) -> StatementRefusedError:
    return StatementRefusedError(detail, advice=_FORM, error=error, arguments={})
