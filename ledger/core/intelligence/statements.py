"""What administrations sign about intelligence: a message, and a key to which messages may be encrypted.

Both are EIP-712 structs of the ledger's domain that the contract does not know. A message's entry goes into the log of
its issuer beside what it signed about packs, so that the anchor of that log puts its digest on the chain.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ledger.core.fields import read_object, read_signer, read_statement, refuse
from ledger.core.intelligence.content import Content, read_content
from ledger.core.intelligence.marking import Marking
from ledger.core.keccak import keccak256
from ledger.core.log_tree import leaf_hash
from ledger.core.parts import key_id
from ledger.core.signature import is_p256_point
from ledger.core.structs import TypedStatement
from ledger.core.submission import read_signature

if TYPE_CHECKING:
    from ledger.core.structs import Domain

WORD: Final = 32
NOTHING: Final = bytes(WORD)
MAX_RECIPIENTS: Final = 100
MAX_WRAPS: Final = 200
MAX_BOX: Final = 96 * 1024  # bytes, sealed
WRAP_BYTES: Final = 65 + 32 + 16  # RFC 9180: encapsulated key of P-256, then the content's key under AES-256-GCM
_ORGANISATIONS: Final = 1 << 32
_KEY: Final = re.compile(r"0x[0-9a-f]{64}")


class Form(IntEnum):
    """What a message is. The numbers are signed."""

    INDICATOR = 1
    BULLETIN = 2
    WITHDRAWAL = 3  # of an earlier message of the same issuer


@dataclass(frozen=True, slots=True)
class Intelligence(TypedStatement):
    """An administration tells something."""

    TYPE: ClassVar[str] = (
        "Intelligence(uint32 issuer,uint8 form,uint8 marking,uint40 issuedAt,uint40 validUntil,bytes32 recipients,"
        "bytes32 content,bytes32 previous)"
    )
    issuer: int  # organisation number
    form: int
    marking: int
    issued_at: int  # Unix seconds
    valid_until: int  # Unix seconds, 0 = open
    recipients: bytes  # keccak256 of the recipients' words, zero if there are none
    content: bytes  # salted hash of what it says, zero for a withdrawal
    previous: bytes  # what a withdrawal withdraws, else zero


@dataclass(frozen=True, slots=True)
class EncryptionKey(TypedStatement):
    """A key of an organisation names the key to which messages for its holder are encrypted."""

    TYPE: ClassVar[str] = "EncryptionKey(uint32 organisation,bytes publicKey,uint40 issuedAt)"
    organisation: int
    public_key: bytes  # of P-256, x‖y
    issued_at: int  # Unix seconds


@dataclass(frozen=True, slots=True)
class Box:
    """A sealed content."""

    content: bytes  # under AES-256-GCM
    wraps: tuple[tuple[bytes, bytes], ...]  # by the id of a recipient's signing key: the content's key, by HPKE

    def to_json(self, only: bytes | None = None) -> dict[str, Any]:
        """Give it as it is handed in; with `only`, with the content's key for that one recipient."""
        wraps = {_hex(key): _base64(wrap) for key, wrap in self.wraps if only in {None, key}}
        return {"content": _base64(self.content), "keys": wraps}


@dataclass(frozen=True, slots=True)
class Message:
    """A signed message as it is handed in; its signature is not checked yet."""

    statement: Intelligence
    recipients: tuple[bytes, ...]  # words of 32 bytes, ascending: organisations' numbers, or keys' ids if it is RED
    content: Content | None  # None if it is sealed, or a withdrawal
    box: Box | None
    signer: bytes
    signature: bytes

    def leaf(self, domain: Domain) -> bytes:
        """Hash it as its issuer's log does: as every entry there, digest ‖ key id ‖ signature.

        Args:
            domain: The chain and contract it is for.
        """
        return leaf_hash(self.statement.digest(domain) + key_id(self.signer) + self.signature)

    def to_json(self) -> dict[str, Any]:
        """Give it as it is handed in."""
        return {
            "message": self.statement.message(),
            "signer": _hex(self.signer),
            "signature": _hex(self.signature),
            "recipients": [recipient_json(word) for word in self.recipients],
            "content": self.content.to_json() if self.content else None,
            "box": self.box.to_json() if self.box else None,
        }


def word_of(number: int) -> bytes:
    """Give an organisation's number as a recipient's word.

    Args:
        number: The organisation's.
    """
    return number.to_bytes(WORD, "big")


def number_of(word: bytes) -> int | None:
    """Give the organisation's number that a recipient's word is; None if it is a key's id.

    Args:
        word: 32 bytes.
    """
    number = int.from_bytes(word, "big")
    return number if number < _ORGANISATIONS else None


def recipient_json(word: bytes) -> int | str:
    """Give a recipient as JSON has it: an organisation's number, or a key's id.

    Args:
        word: 32 bytes.
    """
    number = number_of(word)
    return _hex(word) if number is None else number


def recipients_hash(words: tuple[bytes, ...]) -> bytes:
    """Hash the recipients as the statement does.

    Args:
        words: Ascending.

    Returns:
        32 bytes, zero if there are none.
    """
    return keccak256(b"".join(words)) if words else NOTHING


def parse_message(payload: object) -> Message:
    """Read a message that is handed in.

    Args:
        payload: The decoded JSON: `message`, `signer`, `signature`, `recipients`, `content`, `box`.

    Raises:
        InvalidInputError: It is malformed, or its parts do not belong together; `field` says where.
    """
    fields = read_object(payload, ("message", "signer", "signature", "recipients", "content", "box"), "Intelligence")
    statement = read_statement(Intelligence, fields["message"])
    for name, number, known in (("form", statement.form, Form), ("marking", statement.marking, Marking)):
        if number not in {int(each) for each in known}:
            raise refuse(f"message.{name}", f"There is no {name} {number}.")
    signer = read_signer(fields["signer"], "signer")
    recipients = _recipients(fields["recipients"])
    if recipients_hash(recipients) != statement.recipients:
        raise refuse("recipients", "The recipients are not those that were signed.")
    box = None if fields["box"] is None else _box(fields["box"])
    content = None
    if fields["content"] is not None:
        content = read_content(fields["content"], indicator=statement.form == Form.INDICATOR)
        if content.hash() != statement.content:
            raise refuse("content", "The content is not the one that was signed.")
    signature = read_signature(fields["signature"], "signature", signer)
    return Message(statement, recipients, content, box, signer, signature)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A signed encryption key as it is handed in; its signature is not checked yet."""

    statement: EncryptionKey
    signer: bytes
    signature: bytes

    def to_json(self) -> dict[str, Any]:
        """Give it as it is handed in."""
        return {
            "message": self.statement.message(),
            "signer": _hex(self.signer),
            "signature": _hex(self.signature),
        }


def parse_enrolment(payload: object) -> Enrolment:
    """Read an encryption key that is handed in.

    Args:
        payload: The decoded JSON: `message`, `signer`, `signature`.

    Raises:
        InvalidInputError: It is malformed; `field` says where.
    """
    fields = read_object(payload, ("message", "signer", "signature"), "EncryptionKey")
    statement = read_statement(EncryptionKey, fields["message"])
    if not is_p256_point(statement.public_key):
        raise refuse("message.publicKey", "The key must be a point of P-256 (64 bytes, x‖y).")
    signer = read_signer(fields["signer"], "signer")
    return Enrolment(statement, signer, read_signature(fields["signature"], "signature", signer))


def parse_box(value: object) -> Box:
    """Read a sealed content.

    Args:
        value: `{"content": base64, "keys": {key id: base64}}`.

    Raises:
        InvalidInputError: It is malformed.
    """
    return _box(value)


def _recipients(value: object) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > MAX_RECIPIENTS:
        raise refuse("recipients", f"A list of at most {MAX_RECIPIENTS} is expected.")
    words = []
    for position, item in enumerate(value):
        if isinstance(item, int) and not isinstance(item, bool) and 0 < item < _ORGANISATIONS:
            words.append(word_of(item))
        elif isinstance(item, str) and _KEY.fullmatch(item) and number_of(bytes.fromhex(item[2:])) is None:
            words.append(bytes.fromhex(item[2:]))
        else:
            raise refuse("recipients", "A recipient is an organisation's number or a key's id.", position)
    if any(one >= other for one, other in pairwise(words)):
        raise refuse("recipients", "The recipients stand in ascending order, each once.")
    return tuple(words)


def _box(value: object) -> Box:
    fields = read_object(value, ("content", "keys"), "box")
    keys = fields["keys"]
    if not isinstance(keys, dict) or len(keys) > MAX_WRAPS:
        raise refuse("box.keys", f"The content's key is sealed to at most {MAX_WRAPS} keys.")
    wraps = []
    for name, wrap in sorted(keys.items()):
        if not _KEY.fullmatch(name):
            raise refuse("box.keys", "A key's id is 0x and 64 lower-case hexadecimal digits.")
        wraps.append((bytes.fromhex(name[2:]), _bytes(wrap, "box.keys", WRAP_BYTES)))
        if len(wraps[-1][1]) != WRAP_BYTES:
            raise refuse("box.keys", f"A sealed key has {WRAP_BYTES} bytes.")
    return Box(_bytes(fields["content"], "box.content", MAX_BOX), tuple(wraps))


def _bytes(value: object, field: str, most: int) -> bytes:
    try:
        if isinstance(value, str) and len(value) <= most * 4 // 3 + 4:
            found = base64.b64decode(value, validate=True)
            if 0 < len(found) <= most:
                return found
    except ValueError:  # of which binascii.Error is one
        pass
    raise refuse(field, f"1 to {most:,} bytes in Base64 are expected.")


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
