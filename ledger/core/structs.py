"""The eight typed statements, exactly as the contract hashes them, and the domain they are signed for.

A ninth, about one pack, is signed in the same form but kept in logs off the chain.

Every statement is a flat EIP-712 struct. Its `TYPE` is the standard's `encodeType` string; the fields, their JSON names
and their bounds all follow from it, so that there is one place where a struct is written down. A statement that could
not stand on chain (a number too large, bytes of the wrong length) cannot be made.

Source: EIP-712, "Definition of encodeData"; the contract's interface `ICustodyLedger`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from ledger.core.errors import InvalidStatementError
from ledger.core.keccak import keccak256

if TYPE_CHECKING:
    from collections.abc import Callable

DOMAIN_NAME: Final = "Lotproof"
DOMAIN_VERSION: Final = "1"
DOMAIN_TYPE: Final = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
ADDRESS_BYTES: Final = 20
_CHAIN_ID_LIMIT: Final = 1 << 256


class Member(NamedTuple):
    """One field of a typed struct."""

    name: str  # as signed, camelCase
    attribute: str  # in Python, snake_case
    kind: str  # Solidity type
    limit: int  # integers: first number too large; bytesN: N; else 0


@dataclass(frozen=True, slots=True)
class Domain:
    """The EIP-712 domain: which chain and which deployed contract a signature is meant for.

    Args:
        chain_id: EIP-155 chain id.
        ledger: The contract's address, 20 bytes.

    Raises:
        InvalidStatementError: The chain id or the address is out of range.
    """

    chain_id: int
    ledger: bytes
    separator: bytes = field(init=False, repr=False, compare=False)  # hash of the domain, 32 bytes

    def __post_init__(self) -> None:
        """Check the bounds and hash the domain once.

        Raises:
            InvalidStatementError: The chain id or the address is out of range.
        """
        if not 0 <= self.chain_id < _CHAIN_ID_LIMIT:
            raise InvalidStatementError("The chain id is out of range.", field="chainId", given=self.chain_id)
        if len(self.ledger) != ADDRESS_BYTES:
            raise InvalidStatementError("The contract's address must have 20 bytes.", field="verifyingContract")
        words = (
            keccak256(DOMAIN_TYPE.encode()),
            keccak256(DOMAIN_NAME.encode()),
            keccak256(DOMAIN_VERSION.encode()),
            self.chain_id.to_bytes(32, "big"),
            self.ledger.rjust(32, b"\0"),
        )
        object.__setattr__(self, "separator", keccak256(b"".join(words)))

    def to_json(self) -> dict[str, Any]:
        """Give the domain as wallets and `GET /v1/chain` write it."""
        return {
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": self.chain_id,
            "verifyingContract": "0x" + self.ledger.hex(),
        }


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def members_of(type_string: str) -> tuple[Member, ...]:
    """Read a flat struct's fields out of its EIP-712 type string.

    Args:
        type_string: For example `Anchor(uint32 organisation,uint64 count)`.

    Returns:
        The fields in order.
    """
    inner = type_string[type_string.index("(") + 1 : -1]
    members = []
    for declaration in inner.split(","):
        kind, name = declaration.split(" ")
        members.append(Member(name, _snake(name), kind, _limit(kind)))
    return tuple(members)


def _limit(kind: str) -> int:
    if kind.startswith("uint"):
        return 1 << int(kind[4:])
    if kind.startswith("bytes") and kind != "bytes":
        return int(kind[5:])
    return 0


def _word_of_number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _word_of_fixed(value: bytes) -> bytes:
    return value.ljust(32, b"\0")


def _word_of_text(value: str) -> bytes:
    return keccak256(value.encode())


def _is_bool(value: object, _limit: int) -> bool:
    return isinstance(value, bool)


def _is_bytes(value: object, _limit: int) -> bool:
    return isinstance(value, bytes)


def _is_fixed_bytes(value: object, limit: int) -> bool:
    return isinstance(value, bytes) and len(value) == limit


def _is_unsigned(value: object, limit: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < limit


def _is_text(value: object, _limit: int) -> bool:
    return isinstance(value, str) and _is_unicode(value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Rule(NamedTuple):
    """How one Solidity type is checked and encoded."""

    fits: Callable[[Any, int], bool]
    encode: Callable[[Any], bytes]
    words: str  # after "must be"


_RULES: Final = {
    "bool": _Rule(_is_bool, _word_of_number, "true or false"),
    "string": _Rule(_is_text, _word_of_text, "a text"),
    "bytes": _Rule(_is_bytes, keccak256, "bytes"),
    "bytesN": _Rule(_is_fixed_bytes, _word_of_fixed, "{limit} bytes"),
    "uintN": _Rule(_is_unsigned, _word_of_number, "a whole number below {limit}"),
}


def _rule(kind: str) -> _Rule:
    return _RULES[re.sub("[0-9]+", "N", kind)]


class TypedStatement:
    """What the statements share; each subclass states its `TYPE` and nothing else but its fields."""

    __slots__ = ()
    TYPE: ClassVar[str]
    NAME: ClassVar[str]  # of the struct, as in the JSON field `type`
    MEMBERS: ClassVar[tuple[Member, ...]]
    TYPE_HASH: ClassVar[bytes]
    _CHECKS: ClassVar[tuple[tuple[str, Callable[[Any, int], bool], int], ...]]
    _ENCODERS: ClassVar[tuple[tuple[str, Callable[[Any], bytes]], ...]]

    def __init_subclass__(cls) -> None:
        """Derive everything from `TYPE` once per class: checks and encoders are flat tuples because indexing is hot."""
        cls.NAME = cls.TYPE[: cls.TYPE.index("(")]
        cls.MEMBERS = members_of(cls.TYPE)
        cls.TYPE_HASH = keccak256(cls.TYPE.encode())
        cls._CHECKS = tuple((member.attribute, _rule(member.kind).fits, member.limit) for member in cls.MEMBERS)
        cls._ENCODERS = tuple((member.attribute, _rule(member.kind).encode) for member in cls.MEMBERS)

    def __post_init__(self) -> None:
        """Refuse values that the struct cannot hold on chain.

        Raises:
            InvalidStatementError: A value does not fit; `field` is its name as signed.
        """
        for index, (attribute, fits, limit) in enumerate(self._CHECKS):
            if not fits(getattr(self, attribute), limit):
                member = self.MEMBERS[index]
                words = _rule(member.kind).words.format(limit=limit)
                detail = f"{member.name} of {self.NAME} must be {words}."
                raise InvalidStatementError(detail, field=member.name, type=member.kind)

    def struct_hash(self) -> bytes:
        """Hash the statement without its domain.

        Returns:
            hashStruct of EIP-712, 32 bytes.
        """
        words = [self.TYPE_HASH]
        words += [encode(getattr(self, attribute)) for attribute, encode in self._ENCODERS]
        return keccak256(b"".join(words))

    def digest(self, domain: Domain) -> bytes:
        """Compute what is signed, and the statement's identity on the ledger.

        Args:
            domain: The chain and contract that the statement is for.

        Returns:
            keccak256(0x19 0x01 ‖ domain separator ‖ struct hash), 32 bytes.
        """
        return keccak256(b"\x19\x01" + domain.separator + self.struct_hash())

    def message(self) -> dict[str, Any]:
        """Give the statement as JSON, in the form `eth_signTypedData_v4` takes as `message`.

        Returns:
            Field names as signed; numbers as numbers, bytes as `0x` and hexadecimal digits.
        """
        return {member.name: _to_json(member.kind, getattr(self, member.attribute)) for member in self.MEMBERS}


def _to_json(kind: str, value: Any) -> Any:  # noqa: ANN401 - JSON values
    if kind.startswith("bytes"):
        return "0x" + value.hex()
    return int(value) if kind.startswith("uint") else value


@dataclass(frozen=True, slots=True)
class BatchRegistration(TypedStatement):
    """A manufacturer makes a batch and its first consignment."""

    TYPE: ClassVar[str] = (
        "BatchRegistration(uint32 manufacturer,uint64 gtin,string lot,uint8 productClass,uint32 quantity,"
        "uint32 manufactured,uint32 expiry,bytes32 unitRoot,bytes32 details)"
    )
    manufacturer: int  # organisation number
    gtin: int  # the 14 digits as a number
    lot: str  # GS1 AI 10
    product_class: int
    quantity: int  # units
    manufactured: int  # YYYYMMDD, 0 = not stated
    expiry: int  # YYYYMMDD
    unit_root: bytes  # Merkle root of the units, zero if not serialised
    details: bytes  # salted hash of the product document, zero if none


@dataclass(frozen=True, slots=True)
class CustodyStatement(TypedStatement):
    """Something happened to a consignment; typed `CustodyEvent` on chain."""

    TYPE: ClassVar[str] = (
        "CustodyEvent(bytes32 consignment,bytes32 previous,uint32 actor,uint8 kind,uint40 occurredAt,"
        "uint32 counterparty,uint32 quantity,bytes5 place,bytes32 parts,bytes32 details)"
    )
    consignment: bytes  # zero for PACK
    previous: bytes  # head, or authority sequence, or the corrected digest
    actor: int  # organisation number
    kind: int
    occurred_at: int  # Unix seconds
    counterparty: int  # organisation number, 0 where the kind has none
    quantity: int  # units; consignments for PACK and UNPACK
    place: bytes  # UN/LOCODE, five ASCII characters, zero where none
    parts: bytes  # keccak256 of the attachment, zero where the kind has none
    details: bytes  # salted hash of the event's document, zero if none


@dataclass(frozen=True, slots=True)
class Bundle(TypedStatement):
    """One signature over many custody events of one organisation."""

    TYPE: ClassVar[str] = "Bundle(uint32 actor,uint32 count,bytes32 digests)"
    actor: int
    count: int
    digests: bytes  # keccak256 of the packed, strictly ascending digests


@dataclass(frozen=True, slots=True)
class Anchor(TypedStatement):
    """The Merkle root of an organisation's log of unit events, at size `count`."""

    TYPE: ClassVar[str] = "Anchor(uint32 organisation,uint64 count,bytes32 root,bytes32 previous)"
    organisation: int
    count: int  # unit events in its log so far
    root: bytes  # head of the log at that size (RFC 6962, section 2.1)
    previous: bytes  # digest of the organisation's anchor before, zero at first


@dataclass(frozen=True, slots=True)
class Accreditation(TypedStatement):
    """An authority accredits an organisation or amends its accreditation."""

    TYPE: ClassVar[str] = (
        "Accreditation(uint32 authority,uint32 organisation,uint64 sequence,string name,bytes2 country,uint64 gln,"
        "uint8 roles,bytes32 prefixes,bytes adminKey)"
    )
    authority: int
    organisation: int  # 0 = a new one
    sequence: int  # of the authority's statements
    name: str
    country: bytes  # ISO 3166-1 alpha-2, two ASCII characters
    gln: int  # the 13 digits as a number, 0 if none
    roles: int  # bits of Role
    prefixes: bytes  # hash of the GS1 Company Prefixes
    admin_key: bytes  # a signer, or nothing to keep the keys


@dataclass(frozen=True, slots=True)
class Suspension(TypedStatement):
    """An authority suspends or reinstates an organisation that it accredited."""

    TYPE: ClassVar[str] = "Suspension(uint32 authority,uint32 organisation,uint64 sequence,bool suspended)"
    authority: int
    organisation: int
    sequence: int
    suspended: bool


@dataclass(frozen=True, slots=True)
class KeyAddition(TypedStatement):
    """An organisation adds a key; the new key signs the same digest."""

    TYPE: ClassVar[str] = (
        "KeyAddition(uint32 organisation,bytes signer,uint8 purposes,uint40 validFrom,uint40 validUntil)"
    )
    organisation: int
    signer: bytes  # the new key
    purposes: int  # bits of Purpose
    valid_from: int  # Unix seconds
    valid_until: int  # Unix seconds, 0 = open


@dataclass(frozen=True, slots=True)
class KeyEnding(TypedStatement):
    """An organisation, or its accrediting authority, ends a key."""

    TYPE: ClassVar[str] = "KeyEnding(uint32 actor,bytes32 key,uint40 doubtSince)"
    actor: int
    key: bytes  # keccak256 of the signer
    doubt_since: int  # Unix seconds, 0 = not in doubt


Statement = (
    BatchRegistration | CustodyStatement | Bundle | Anchor | Accreditation | Suspension | KeyAddition | KeyEnding
)
STATEMENTS: Final[dict[str, type[Statement]]] = {
    "BatchRegistration": BatchRegistration,
    "CustodyEvent": CustodyStatement,
    "Bundle": Bundle,
    "Anchor": Anchor,
    "Accreditation": Accreditation,
    "Suspension": Suspension,
    "KeyAddition": KeyAddition,
    "KeyEnding": KeyEnding,
}


@dataclass(frozen=True, slots=True)
class UnitStatement(TypedStatement):
    """Something happened to one pack; typed `UnitEvent`. The contract does not know it: its log's root is anchored."""

    TYPE: ClassVar[str] = (
        "UnitEvent(uint32 actor,uint8 kind,uint64 gtin,string lot,string serial,uint40 occurredAt,bytes5 place,"
        "bytes32 previous,bytes32 details)"
    )
    actor: int  # organisation number
    kind: int  # a UnitKind
    gtin: int  # the 14 digits as a number
    lot: str  # GS1 AI 10
    serial: str  # GS1 AI 21
    occurred_at: int  # Unix seconds
    place: bytes  # UN/LOCODE, five ASCII characters
    previous: bytes  # UNDO: the digest of the DISPENSE that it takes back; else zero
    details: bytes  # salted hash of the event's document, zero if none


def _declaration(members: tuple[Member, ...]) -> list[dict[str, str]]:
    return [{"name": member.name, "type": member.kind} for member in members]


TYPES: Final[dict[str, list[dict[str, str]]]] = {
    "EIP712Domain": _declaration(members_of(DOMAIN_TYPE)),
    **{name: _declaration(statement.MEMBERS) for name, statement in STATEMENTS.items()},
}

# Beside `TYPES`, which are the contract's: what is signed for the same domain and kept off the chain.
LOGGED_TYPES: Final[dict[str, list[dict[str, str]]]] = {UnitStatement.NAME: _declaration(UnitStatement.MEMBERS)}


def typed_data(statement: Statement | UnitStatement, domain: Domain) -> dict[str, Any]:
    """Give the whole payload that a wallet takes in `eth_signTypedData_v4`.

    Args:
        statement: What is to be signed.
        domain: The chain and contract it is for.

    Returns:
        `{"types", "primaryType", "domain", "message"}`, JSON-able.
    """
    return {
        "types": {name: (TYPES | LOGGED_TYPES)[name] for name in ("EIP712Domain", statement.NAME)},
        "primaryType": statement.NAME,
        "domain": domain.to_json(),
        "message": statement.message(),
    }
