"""Attestations as administrations and a conformity body sign them, about the small indexed ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from ledger.chain.signers import AddressSigner, P256Signer
from ledger.core import facts
from ledger.core.attestation.scope import read_certificate, read_designation
from ledger.core.attestation.standing import Granted, Held
from ledger.core.attestation.statements import (
    Attestation,
    Attested,
    BodyDesignation,
    ConformityCertificate,
    Content,
    MutualRecognition,
    Revocation,
    TrustedStatus,
)
from ledger.core.facts import Key, Organisation
from ledger.core.vocabulary import Purpose, Role
from tests.core.batch_story import DOMAIN, GTIN, MAKER, NO_HASH, REGULATOR
from tests.exchange import BELGIUM

if TYPE_CHECKING:
    from tests.share_world import Officer

DAY, YEAR = 86_400, 365 * 86_400
BODY = "2797"
BODY_KEY = P256Signer("body", derive_private_key(0xB0D1, SECP256R1()))
OTHER_KEY = P256Signer("other", derive_private_key(0xB0D2, SECP256R1()))
SALT = "0x" + "6b" * 32
SCOPES = [
    {"category": "respiratory", "standard": "EN 149", "modules": ["B", "C2", "D"]},
    {"category": "hands_and_arms", "standard": "EN ISO 374", "modules": ["B"]},
]


def attestation(statement: Attested, signer: AddressSigner | P256Signer, content: Content | None = None) -> Attestation:
    return Attestation(statement, content, signer.signer, signer.sign(statement.digest(DOMAIN)))


def status(one: Officer, operator: int, now: int, **changes: Any) -> Attestation:
    """An administration trusts an operator for a year."""
    return attestation(replace(TrustedStatus(one.organisation, operator, now, now + YEAR), **changes), one.signer)


def recognition(one: Officer, country: str, now: int, **changes: Any) -> Attestation:
    statement = MutualRecognition(one.organisation, country.encode(), now, now + YEAR)
    return attestation(replace(statement, **changes), one.signer)


def designation(
    one: Officer, now: int, scopes: Any = SCOPES, key: P256Signer = BODY_KEY, **changes: Any
) -> Attestation:
    content = read_designation({"salt": SALT, "name": "Prüfhaus", "scopes": scopes})
    statement = BodyDesignation(one.organisation, BODY, key.signer, now, now + YEAR, content.hash())
    return attestation(replace(statement, **changes), one.signer, content)


def paper(**changes: Any) -> dict[str, Any]:
    """What a certificate covers, as it is written."""
    told = {
        "salt": SALT,
        "category": "respiratory",
        "standard": "EN 149:2001+A1:2009",
        "module": "B",
        "voluntary": False,
        "models": [{"gtin": GTIN, "name": "Mask 95"}],
    }
    return told | changes


def certificate(
    now: int, about: dict[str, Any] | None = None, key: P256Signer = BODY_KEY, **changes: Any
) -> Attestation:
    """The body certifies the maker's masks for two years, of which one is over."""
    content = read_certificate(about or paper())
    statement = ConformityCertificate(BODY, "C-17", MAKER, now, now - YEAR, now + YEAR, content.hash())
    return attestation(replace(statement, **changes), key, content)


def revocation(signer: AddressSigner | P256Signer, digest: bytes, now: int, since: int = 0) -> Attestation:
    return attestation(Revocation(digest, since or now, now), signer)


# As they are kept: for rules that are asked without a database


def held(one: Attestation, issuer: int = REGULATOR, received_at: int = 0, revoked_since: int = 0) -> Held:
    return Held(1, one.statement.digest(DOMAIN), one, issuer, received_at, -1, revoked_since)


def regulator(roles: Role = Role.REGULATOR, **changes: Any) -> Organisation:
    change = facts.OrganisationChange(
        REGULATOR, REGULATOR, "Regulator", "BE", "", roles, (), NO_HASH, facts.Recorded(1, 0, 1, NO_HASH)
    )
    return Organisation(REGULATOR, (replace(change, **changes),))


def live_key(doubt_since: int = 0) -> Key:
    place = facts.Recorded(1, 0, 1, NO_HASH)
    addition = facts.KeyAddition(BELGIUM.key, REGULATOR, BELGIUM.signer.signer, Purpose.EVENTS, 0, 0, NO_HASH, place)
    ending = facts.KeyEnding(BELGIUM.key, REGULATOR, doubt_since, NO_HASH, place)
    return Key(addition, (ending,) if doubt_since else ())


def granted(one: Attestation, **kept: int) -> Granted:
    return Granted(held(one, **kept), regulator(), live_key())
