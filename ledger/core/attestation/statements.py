"""What is attested: EIP-712 structs of the ledger's domain that the contract does not know.

An attestation is the issue of a statement that specified requirements are fulfilled (ISO/IEC 17000:2020, 7.3). Four
kinds say something, the fifth takes one of them back. Each is signed by its issuer's key: an administration's stands on
the ledger, a conformity body's is named by the administration that designates it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ledger.core.attestation.scope import CertificateContent, DesignationContent, read_certificate, read_designation
from ledger.core.errors import InvalidInputError
from ledger.core.fields import read_object, read_signer, read_statement, refuse
from ledger.core.log_tree import leaf_hash
from ledger.core.parts import key_id
from ledger.core.structs import TypedStatement
from ledger.core.submission import read_signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.core.structs import Domain

Content = DesignationContent | CertificateContent


@dataclass(frozen=True, slots=True)
class TrustedStatus(TypedStatement):
    """An administration trusts an operator: an authorised economic operator (WCO SAFE Framework, pillar 2)."""

    TYPE: ClassVar[str] = "TrustedStatus(uint32 issuer,uint32 operator,uint40 issuedAt,uint40 validUntil)"
    issuer: int  # organisation number
    operator: int  # organisation number
    issued_at: int  # Unix seconds
    valid_until: int  # Unix seconds


@dataclass(frozen=True, slots=True)
class MutualRecognition(TypedStatement):
    """An administration lets the trusted statuses of another country count in its own (SAFE Framework, annex IV)."""

    TYPE: ClassVar[str] = "MutualRecognition(uint32 issuer,bytes2 country,uint40 issuedAt,uint40 validUntil)"
    issuer: int
    country: bytes  # whose statuses are recognised, ISO 3166-1 alpha-2
    issued_at: int
    valid_until: int


@dataclass(frozen=True, slots=True)
class BodyDesignation(TypedStatement):
    """An administration designates a conformity body, names its key and what it may certify."""

    TYPE: ClassVar[str] = (
        "BodyDesignation(uint32 issuer,string body,bytes signer,uint40 issuedAt,uint40 validUntil,bytes32 content)"
    )
    issuer: int
    body: str  # its number, four digits as in the list of notified bodies (NANDO)
    signer: bytes  # the key by which it signs, 20 or 64 bytes
    issued_at: int
    valid_until: int
    content: bytes  # salted hash of its name and scopes


@dataclass(frozen=True, slots=True)
class ConformityCertificate(TypedStatement):
    """A conformity body certifies models of a manufacturer."""

    TYPE: ClassVar[str] = (
        "ConformityCertificate(string body,string number,uint32 holder,uint40 issuedAt,uint40 validFrom,"
        "uint40 validUntil,bytes32 content)"
    )
    body: str
    number: str  # of the certificate, as the body writes it
    holder: int  # the manufacturer's organisation number
    issued_at: int  # when this statement was signed; the paper may be older
    valid_from: int
    valid_until: int
    content: bytes  # salted hash of scope and models


@dataclass(frozen=True, slots=True)
class Revocation(TypedStatement):
    """Whoever attested something takes it back."""

    TYPE: ClassVar[str] = "Revocation(bytes32 attestation,uint40 since,uint40 issuedAt)"
    attestation: bytes  # its digest
    since: int  # from when on it does not count, Unix seconds
    issued_at: int


Attested = TrustedStatus | MutualRecognition | BodyDesignation | ConformityCertificate | Revocation
# By `type`: the struct, and its kind as it is shown.
KINDS: Final[dict[str, tuple[type[Attested], str]]] = {
    "TrustedStatus": (TrustedStatus, "trusted_status"),
    "MutualRecognition": (MutualRecognition, "mutual_recognition"),
    "BodyDesignation": (BodyDesignation, "body_designation"),
    "ConformityCertificate": (ConformityCertificate, "certificate"),
    "Revocation": (Revocation, "revocation"),
}
KIND_NAMES: Final = tuple(kind for _, kind in KINDS.values())
_READERS: Final[dict[str, Callable[[object], Content]]] = {
    "BodyDesignation": read_designation,
    "ConformityCertificate": read_certificate,
}
_FIELDS: Final = ("type", "message", "signer", "signature", "content")


@dataclass(frozen=True, slots=True)
class Attestation:
    """An attestation as it is handed in; its signature is not checked yet."""

    statement: Attested
    content: Content | None  # of a designation or certificate
    signer: bytes  # 20 or 64 bytes
    signature: bytes

    @property
    def kind(self) -> str:
        """What it is, one of `KIND_NAMES`."""
        return KINDS[self.statement.NAME][1]

    def leaf(self, domain: Domain) -> bytes:
        """Hash it as its issuer's log does: as every entry there, digest ‖ key id ‖ signature.

        Args:
            domain: The chain and contract it is for.
        """
        return leaf_hash(self.statement.digest(domain) + key_id(self.signer) + self.signature)

    def to_json(self) -> dict[str, Any]:
        """Give it as it is handed in."""
        return {
            "type": self.statement.NAME,
            "message": self.statement.message(),
            "signer": "0x" + self.signer.hex(),
            "signature": "0x" + self.signature.hex(),
            "content": self.content.to_json() if self.content else None,
        }


def parse_attestation(payload: object) -> Attestation:
    """Read an attestation that is handed in.

    Args:
        payload: The decoded JSON: `type`, `message`, `signer`, `signature` and `content`, which is null where the kind
            has none.

    Raises:
        InvalidInputError: It is malformed, or its content is not the one that was signed; `field` says where.
    """
    if isinstance(payload, dict) and "content" not in payload:
        payload = {**payload, "content": None}
    fields = read_object(payload, _FIELDS, "attestation")
    name = fields["type"]
    if not isinstance(name, str) or name not in KINDS:
        raise refuse("type", f"The type is none of {', '.join(KINDS)}.")
    statement: Attested = read_statement(KINDS[name][0], fields["message"])
    content = _content(name, statement, fields["content"])
    signer = read_signer(fields["signer"], "signer")
    return Attestation(statement, content, signer, read_signature(fields["signature"], "signature", signer))


def _content(name: str, statement: Attested, value: object) -> Content | None:
    reader = _READERS.get(name)
    if reader is None:
        if value is not None:
            raise InvalidInputError(f"A {name} has no content.", field="content")
        return None
    content = reader(value)
    if not isinstance(statement, BodyDesignation | ConformityCertificate) or content.hash() != statement.content:
        raise InvalidInputError("The content is not the one that was signed.", field="content")
    return content
