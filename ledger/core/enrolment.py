"""The enrolment code that a phone shows: a new key asks its organisation's administrator to be let in.

A link with, behind `#/accept?e=`, base64url of JSON `{"v":1,"message":…,"cosignature":…,"name":…}`: the KeyAddition
that the administrator is asked to sign, and the new key's own signature of it. Only what stands behind counts; the host
may be anybody's and is never opened. `docs/authority.md` tells how it is used.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from typing import Any, Final, NamedTuple

from ledger.core.errors import InvalidInputError, InvalidStatementError
from ledger.core.nesting import is_nested_deeper
from ledger.core.signature import P256_BYTES, verify
from ledger.core.structs import Domain, KeyAddition
from ledger.core.vocabulary import Purpose

MOST_CHARACTERS: Final = 2_048  # of the code
MOST_NAME: Final = 60  # characters of a device's name
FINGERPRINT: Final = 16  # hexadecimal digits that people compare: nobody makes a second key with the same 64 bits
_VERSION: Final = 1
_LINK: Final = re.compile(rf"#/accept\?e=([A-Za-z0-9_-]{{1,{MOST_CHARACTERS}}})\Z")
_HEX: Final = re.compile(r"0x(?:[0-9a-f]{2})+")
_FIELDS: Final = frozenset({"v", "message", "cosignature", "name"})
_MESSAGE: Final = frozenset(member.name for member in KeyAddition.MEMBERS)
# Letters that are not seen or turn the reading direction could make one name look like another.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
_ALL: Final = int(Purpose.EVENTS | Purpose.LABELS | Purpose.ADMIN)


class Enrolment(NamedTuple):
    """What an enrolment code says."""

    statement: KeyAddition
    cosignature: bytes  # of the new key, 64 bytes r‖s
    name: str  # what the device is called


def is_enrolment(text: str) -> bool:
    """Tell whether a scanned text is meant as an enrolment code, sound or not."""
    return "#/accept?e=" in text


def read_enrolment(text: str, domain: Domain) -> Enrolment:
    """Read an enrolment code: every field must be there, nothing else may be, and the new key must have signed it.

    Args:
        text: As scanned.
        domain: The ledger that the key is to be enrolled on.

    Raises:
        InvalidInputError: It is none, was changed on the way, or is for another ledger.
    """
    found = _LINK.search(text.strip()) if len(text) <= MOST_CHARACTERS else None
    value = _json(found[1]) if found else None
    if not isinstance(value, dict) or value.keys() != _FIELDS or value["v"] != _VERSION:
        raise _malformed()
    statement, name = _statement(value["message"]), value["name"]
    if not isinstance(name, str) or len(name) > MOST_NAME or any(unicodedata.category(c) in _UNSEEN for c in name):
        raise _malformed()
    cosignature = _octets(value["cosignature"])
    if not verify(statement.signer, statement.digest(domain), cosignature):
        raise InvalidInputError(
            "The new key did not sign this enrolment code for this ledger: it was changed, or is for another ledger.",
            advice="Check which server the phone and you use, and let the phone make a new code.",
            field="code",
        )
    return Enrolment(statement, cosignature, name)


def fingerprint(key: bytes) -> str:
    """Give how two people compare a key, for example `1f2e 3d4c 5b6a 7988`; the phone shows the same.

    Args:
        key: Its id, keccak256 of the signer.
    """
    digits = key.hex()[:FINGERPRINT]
    return " ".join(digits[at : at + 4] for at in range(0, FINGERPRINT, 4))


def _statement(message: Any) -> KeyAddition:  # noqa: ANN401 - any JSON value
    if not isinstance(message, dict) or message.keys() != _MESSAGE:
        raise _malformed()
    signer = _octets(message["signer"])
    if len(signer) != P256_BYTES or message["purposes"] not in range(1, _ALL + 1):
        raise _malformed()
    numbers = (message[name] for name in ("organisation", "purposes", "validFrom", "validUntil"))
    try:
        organisation, purposes, valid_from, valid_until = numbers
        return KeyAddition(organisation, signer, purposes, valid_from, valid_until)
    except InvalidStatementError as error:
        raise _malformed() from error


def _json(letters: str) -> object:
    try:
        text = base64.b64decode(letters + "=" * (-len(letters) % 4), altchars=b"-_", validate=True).decode()
        return None if is_nested_deeper(text, 2) else json.loads(text, object_pairs_hook=_unique)
    except (binascii.Error, ValueError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError(pairs[0][0])
    return value


def _octets(value: object) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise _malformed()
    return bytes.fromhex(value[2:])


def _malformed() -> InvalidInputError:
    advice = "Scan the code that the phone shows once more, whole; or let the phone make a new one."
    return InvalidInputError("This is no enrolment code, or it was cut short.", advice=advice, field="code")
