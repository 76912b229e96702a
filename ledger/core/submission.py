"""A statement as it is handed in: the signed struct with its signer, its signature and what travels beside it.

This is the JSON of `POST /v1/statements`. Reading it checks everything that needs neither the chain nor the domain;
`Submission.check` adds what needs the domain. Whether the ledger accepts the statement is decided by `rules.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ledger.core import document as documents
from ledger.core import parts
from ledger.core.errors import InvalidStatementError
from ledger.core.fields import read_bytes, read_signer, read_statement, read_text, refuse, refuse_unknown
from ledger.core.keccak import keccak256
from ledger.core.signature import P256_BYTES
from ledger.core.structs import (
    STATEMENTS,
    Accreditation,
    BatchRegistration,
    Bundle,
    CustodyStatement,
    KeyAddition,
)
from ledger.core.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.core.structs import Domain, Statement

MAX_ATTACHMENT_BYTES: Final = 128 * 1024  # twice what a transaction at the gas cap of EIP-7825 can use
MAX_SIGNATURE_BYTES: Final = 4096  # a contract signer's (ERC-1271) may hold many signatures
MAX_BUNDLE_EVENTS: Final = 600  # what fits a transaction at the gas cap of EIP-7825
MAX_PREFIXES: Final = 100
_REQUIRED: Final = ("type", "message", "signer", "signature")
_BESIDE: Final = {
    "BatchRegistration": frozenset({"document"}),
    "CustodyEvent": frozenset({"attachment", "document"}),
    "Bundle": frozenset({"events"}),
    "Accreditation": frozenset({"prefixes", "cosignature"}),
    "KeyAddition": frozenset({"cosignature"}),
}
_NO_PARTS: Final = bytes(parts.WORD)


class BundledEvent(NamedTuple):
    """One event of a bundle: it has no signature of its own."""

    statement: CustodyStatement
    attachment: bytes = b""


@dataclass(frozen=True, slots=True)
class Submission:
    """A signed statement and what travels beside it."""

    type: str  # one of STATEMENTS
    statement: Statement
    signer: bytes  # 20 or 64 bytes
    signature: bytes
    attachment: bytes = b""  # CustodyEvent: the parts, countersignature or earlier event
    cosignature: bytes = b""  # KeyAddition, Accreditation: by the new key
    prefixes: tuple[int, ...] = ()  # Accreditation: as `company_prefix_number` gives them
    events: tuple[BundledEvent, ...] = ()  # Bundle
    document: dict[str, Any] | None = None  # what `details` is the hash of

    def digest(self, domain: Domain) -> bytes:
        """Compute the digest that the signer signed.

        Args:
            domain: The chain and contract it is for.

        Returns:
            32 bytes.
        """
        return self.statement.digest(domain)

    def digests(self, domain: Domain) -> tuple[bytes, ...]:
        """Compute the digests under which the chain will record it: its own, or for a bundle those of its events.

        Args:
            domain: The chain and contract it is for.

        Returns:
            32 bytes each, in the order given.
        """
        if self.events:
            return tuple(event.statement.digest(domain) for event in self.events)
        return (self.digest(domain),)

    def check(self, domain: Domain) -> None:
        """Check what needs the domain: that a bundle holds what it signs, that a correction names the event given.

        Args:
            domain: The chain and contract it is for.

        Raises:
            InvalidStatementError: The contents are not what the statement signs.
        """
        if isinstance(self.statement, Bundle):
            _check_bundle(self.statement, self.digests(domain))
        if isinstance(self.statement, CustodyStatement):
            _check_correction(self.statement, self.attachment, domain, "attachment")
        for index, event in enumerate(self.events):
            _check_correction(event.statement, event.attachment, domain, f"events[{index}].attachment")

    def payload(self) -> dict[str, Any]:
        """Give the canonical JSON, from which `parse_submission` makes an equal submission.

        Returns:
            JSON-able values; what is empty is left out.
        """
        beside = {
            "attachment": _hex(self.attachment),
            "cosignature": _hex(self.cosignature),
            "prefixes": [parts.company_prefix_text(prefix) for prefix in self.prefixes],
            "events": [
                {"message": event.statement.message()}
                | ({"attachment": _hex(event.attachment)} if event.attachment else {})
                for event in self.events
            ],
            "document": self.document,
        }
        return {
            "type": self.type,
            "message": self.statement.message(),
            "signer": _hex(self.signer),
            "signature": _hex(self.signature),
        } | {name: value for name, value in beside.items() if value}


def parse_submission(payload: object) -> Submission:
    """Read what was handed in to `POST /v1/statements`.

    Args:
        payload: The decoded JSON.

    Returns:
        The submission; its signature is not checked yet.

    Raises:
        InvalidStatementError: Malformed, or its parts do not match what it signs; `field` names the place.
    """
    if not isinstance(payload, dict):
        raise refuse("statement", "A statement must be an object.")
    name = _read_type(payload)
    _check_names(payload, name)
    statement = read_statement(STATEMENTS[name], payload["message"])
    signer = read_signer(payload["signer"], "signer")
    submission = Submission(
        type=name,
        statement=statement,
        signer=signer,
        signature=read_signature(payload["signature"], "signature", signer),
        attachment=_read_attachment(payload.get("attachment", "0x"), "attachment"),
        cosignature=read_signature(payload["cosignature"], "cosignature") if "cosignature" in payload else b"",
        prefixes=_read_prefixes(payload.get("prefixes", [])),
        events=_read_events(payload.get("events", [])),
        document=_read_document(payload.get("document"), statement),
    )
    _check_beside(submission)
    return submission


def _read_type(payload: dict[Any, Any]) -> str:
    for name in _REQUIRED:
        if name not in payload:
            raise refuse(name, f"The field {name!r} is missing.")
    name = read_text(payload["type"], "type")
    if name not in STATEMENTS:
        raise refuse("type", f"The type is none of {', '.join(STATEMENTS)}.")
    return name


def _check_names(payload: dict[Any, Any], kind: str) -> None:
    allowed = _BESIDE.get(kind, frozenset())
    for name in payload:
        if name not in _REQUIRED and name not in allowed:
            raise refuse_unknown("", name, kind)


def read_signature(value: object, field: str, signer: bytes = b"") -> bytes:
    """Read a signature; whether it holds is not asked here.

    Args:
        value: The JSON value.
        field: Its path, for errors.
        signer: Whose it is, if that is known.

    Returns:
        The bytes.

    Raises:
        InvalidStatementError: It cannot be one, or not one of that signer.
    """
    signature = read_bytes(value, field)
    if len(signer) == P256_BYTES and len(signature) != P256_BYTES:
        raise refuse(field, f"A P-256 signature has 64 bytes, r‖s; {len(signature)} are given.")
    if not 0 < len(signature) <= MAX_SIGNATURE_BYTES:
        raise refuse(field, f"A signature has 1 to {MAX_SIGNATURE_BYTES} bytes; {len(signature)} are given.")
    return signature


def _read_attachment(value: object, field: str) -> bytes:
    attachment = read_bytes(value, field)
    if len(attachment) > MAX_ATTACHMENT_BYTES:
        detail = f"The attachment has {len(attachment)} bytes; at most {MAX_ATTACHMENT_BYTES} are taken."
        raise refuse(field, detail)
    return attachment


def _read_prefixes(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > MAX_PREFIXES:
        raise refuse("prefixes", f"A list of at most {MAX_PREFIXES} company prefixes is expected.")
    prefixes = []
    for index, item in enumerate(value):
        try:
            prefixes.append(parts.company_prefix_number(read_text(item, "prefixes")))
        except InvalidStatementError as error:
            raise refuse("prefixes", error.detail, index) from error
    return tuple(prefixes)


def _read_events(value: object) -> tuple[BundledEvent, ...]:
    if not isinstance(value, list) or len(value) > MAX_BUNDLE_EVENTS:
        raise refuse("events", f"A list of at most {MAX_BUNDLE_EVENTS} events is expected.")
    return tuple(_read_event(item, f"events[{index}]") for index, item in enumerate(value))


def _read_event(value: object, path: str) -> BundledEvent:
    if not isinstance(value, dict) or not value.keys() <= {"message", "attachment"} or "message" not in value:
        raise refuse(path, 'An event of a bundle is {"message": …, "attachment": …}.')
    statement = read_statement(CustodyStatement, value["message"], f"{path}.message")
    return BundledEvent(statement, _read_attachment(value.get("attachment", "0x"), f"{path}.attachment"))


def _read_document(value: object, statement: Statement) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise refuse("document", "A document must be an object.")
    # `_check_names` lets a document through for these two only.
    if documents.details(value) != cast("BatchRegistration | CustodyStatement", statement).details:
        raise refuse("document", "The document's hash is not the statement's details.")
    return value


def _check_beside(submission: Submission) -> None:
    statement = submission.statement
    if isinstance(statement, CustodyStatement):
        _check_attachment(statement, submission.attachment, "")
    elif isinstance(statement, Bundle):
        _check_events(statement, submission.events)
    elif isinstance(statement, Accreditation):
        if parts.prefixes_hash(submission.prefixes) != statement.prefixes:
            raise refuse("prefixes", "The company prefixes' hash is not the one that the accreditation signs.")
        _check_cosignature(submission.cosignature, statement.admin_key)
    elif isinstance(statement, KeyAddition):
        _check_cosignature(submission.cosignature, statement.signer)


def _check_cosignature(cosignature: bytes, key: bytes) -> None:
    if bool(cosignature) != bool(key):
        detail = "The new key must sign too." if key else "There is no new key that could sign too."
        raise refuse("cosignature", detail)
    if len(key) == P256_BYTES and len(cosignature) != P256_BYTES:
        raise refuse("cosignature", f"A P-256 signature has 64 bytes, r‖s; {len(cosignature)} are given.")


def _check_attachment(event: CustodyStatement, attachment: bytes, path: str) -> None:
    """Check that an attachment reads as its kind demands, and that `parts` is its hash where the kind signs one."""
    reader = _ATTACHMENTS.get(event.kind)
    if reader is None and attachment:
        raise refuse(f"{path}attachment", f"A {Kind(event.kind).name} has no attachment.")
    if reader is not None:
        try:
            reader(attachment)
        except InvalidStatementError as error:
            raise refuse(f"{path}attachment", error.detail, error.position) from error
    expected = keccak256(attachment) if event.kind in _SIGNED_PARTS else _NO_PARTS
    if event.parts != expected:
        words = "the hash of the attachment" if event.kind in _SIGNED_PARTS else "zero"
        raise refuse(f"{path}message.parts", f"The parts of a {Kind(event.kind).name} must be {words}.")


_ATTACHMENTS: Final[dict[int, Callable[[bytes], object]]] = {
    Kind.SPLIT: parts.unpack_children,
    Kind.PACK: parts.unpack_pallet,
    Kind.UNPACK: parts.unpack_ids,
    Kind.HANDOVER: parts.decode_countersignature,
    Kind.CORRECT: parts.decode_event,
}
_SIGNED_PARTS: Final = frozenset({Kind.SPLIT, Kind.PACK, Kind.UNPACK})


def _check_events(bundle: Bundle, events: tuple[BundledEvent, ...]) -> None:
    if not events or len(events) != bundle.count:
        raise refuse(
            "events", f"The bundle signs {bundle.count} events; {len(events)} are given; it needs at least one."
        )
    for index, event in enumerate(events):
        if event.statement.actor != bundle.actor:
            raise refuse(f"events[{index}].message.actor", "Every event of a bundle must be by the bundle's actor.")
        _check_attachment(event.statement, event.attachment, f"events[{index}].")


def _check_bundle(bundle: Bundle, digests: tuple[bytes, ...]) -> None:
    for index in range(1, len(digests)):
        if digests[index - 1] >= digests[index]:
            raise refuse("events", "The events of a bundle must stand in ascending order of their digests.", index)
    if keccak256(b"".join(digests)) != bundle.digests:
        raise refuse("message.digests", "The bundle signs other events than those given.")


def _check_correction(event: CustodyStatement, attachment: bytes, domain: Domain, field: str) -> None:
    if event.kind != Kind.CORRECT:
        return
    earlier = parts.decode_event(attachment)
    if earlier.digest(domain) != event.previous:
        raise refuse(field, "The earlier event given is not the one whose digest the correction names as previous.")
    if (earlier.actor, earlier.consignment) != (event.actor, event.consignment):
        raise refuse(
            field, "A correction must be by the same organisation, for the same consignment, as what it corrects."
        )


def _hex(value: bytes) -> str:
    return "0x" + value.hex() if value else ""
