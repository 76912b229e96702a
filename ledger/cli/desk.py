"""One organisation at work: builds statements from what the server shows, signs them here and sends them.

The key never leaves this machine; the server gets signed statements only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.core import document as documents
from ledger.core import parts, statement
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import AUTHORITY_KINDS, Kind, Purpose

if TYPE_CHECKING:
    from ledger.accredit import OrganisationRow
    from ledger.chain.keys import Signer
    from ledger.cli.client import Client, Json

NOTHING: Final = bytes(32)
NO_PLACE: Final = bytes(5)


def domain_of(client: Client) -> statement.Domain:
    """The EIP-712 domain of the ledger that `client`'s server serves."""
    domain = client.get("/v1/chain")["domain"]
    return statement.Domain(int(domain["chainId"]), bytes.fromhex(domain["verifyingContract"][2:]))


def organisation_of(client: Client, signer: Signer) -> int:
    """The number of the organisation that `signer`'s key belongs to.

    Raises:
        NotFoundError: No organisation has this key.
    """
    identity = "0x" + signer.key_id.hex()
    for organisation in client.get("/v1/organisations")["organisations"]:
        if any(key["id"] == identity for key in organisation["keys"]):
            return int(organisation["number"])
    raise NotFoundError(
        f"The key {signer.signer.hex()} belongs to no organisation on this ledger.",
        advice="Ask your authority to accredit your organisation with this key, or your administrator to add it.",
    )


@dataclass(frozen=True, slots=True)
class Event:
    """What a custody command says; `quantity` None means all of it."""

    kind: Kind
    place: str
    occurred_at: int  # Unix seconds
    to: int = 0  # the other organisation's number
    quantity: int | None = None
    children: tuple[tuple[str | None, int], ...] = ()  # of a SPLIT: SSCC, quantity
    sscc: str | None = None  # of a pallet
    document: Json | None = None  # kept off chain, its salted hash signed


class Desk:
    """Signs for one organisation at one server.

    Args:
        client: The server.
        signer: The organisation's key.
        organisation: Its number; looked up by the key if it is None.
    """

    def __init__(self, client: Client, signer: Signer, organisation: int | None = None) -> None:
        self.client = client
        self.signer = signer
        self.domain = domain_of(client)
        self.number = organisation_of(client, signer) if organisation is None else organisation

    def register(self, batch: statement.BatchRegistration, document: Json | None = None) -> str:
        """Send a batch registration; the digest comes back."""
        return self.send("BatchRegistration", batch, document=document)

    def custody(self, event: Event, consignment: Json) -> str:
        """Send `event` about a consignment as `GET /v1/consignments/…` shows it; the digest comes back."""
        signed, attachment = self.custody_statement(event, consignment)
        return self.send("CustodyEvent", signed, attachment=attachment, document=event.document)

    def custody_statement(self, event: Event, consignment: Json) -> tuple[statement.CustodyStatement, bytes]:
        """The statement for `event`, not yet signed, and the parts that go beside it."""
        attachment = _attachment(event, consignment)
        signed = statement.CustodyStatement(
            consignment=_identity(event.kind, consignment),
            previous=_previous(event.kind, consignment, self.number),
            actor=self.number,
            kind=event.kind,
            occurred_at=event.occurred_at,
            counterparty=event.to,
            quantity=_quantity(event, consignment),
            place=event.place.encode("ascii") if event.place else NO_PLACE,
            parts=keccak256(attachment) if attachment else NOTHING,
            details=documents.details(event.document) if event.document else NOTHING,
        )
        return signed, attachment

    def handover(self, event: Event, consignment: Json, receiver: Signer) -> str:
        """Send a HANDOVER that both sides sign here."""
        signed, _ = self.custody_statement(event, consignment)
        attachment = parts.encode_countersignature(receiver.signer, receiver.sign(signed.digest(self.domain)))
        return self.send("CustodyEvent", signed, attachment=attachment, document=event.document)

    def pack(self, event: Event, consignments: list[Json]) -> str:
        """Send a PACK of several consignments under one pallet."""
        loads = [(_raw(item["id"]), _raw(item["head"])) for item in consignments]
        attachment = parts.pack_pallet(event.sscc, loads)
        return self._pallet(event, NOTHING, NOTHING, attachment, len(loads))

    def unpack(self, event: Event, pallet: Json, consignments: list[Json]) -> str:
        """Send an UNPACK of some of a pallet's consignments."""
        attachment = parts.pack_ids([_raw(item["id"]) for item in consignments])
        return self._pallet(event, _raw(pallet["id"]), _raw(pallet["head"]), attachment, len(consignments))

    def correct(self, event: Event, earlier: statement.CustodyStatement) -> str:
        """Send a CORRECT that names `earlier`, a statement of this organisation, as wrong."""
        signed = statement.CustodyStatement(
            consignment=earlier.consignment,
            previous=earlier.digest(self.domain),
            actor=self.number,
            kind=Kind.CORRECT,
            occurred_at=event.occurred_at,
            counterparty=0,
            quantity=0,
            place=NO_PLACE,
            parts=NOTHING,
            details=documents.details(event.document) if event.document else NOTHING,
        )
        return self.send("CustodyEvent", signed, attachment=parts.encode_event(earlier), document=event.document)

    def accredit(self, row: OrganisationRow, admin: Signer | None) -> tuple[int, str]:
        """Send the accreditation (or, with a number, the amendment) of one organisation; its first key co-signs.

        Returns:
            The organisation's number, and the statement's digest as 0x hex.
        """
        organisations = self.client.get("/v1/organisations")["organisations"]
        number = row.number or 1 + max(int(organisation["number"]) for organisation in organisations)
        prefixes = tuple(parts.company_prefix_number(prefix) for prefix in row.prefixes)
        signed = statement.Accreditation(
            authority=self.number,
            organisation=row.number,
            sequence=self._authority_sequence(),
            name=row.name,
            country=row.country.encode("ascii"),
            gln=row.gln,
            roles=row.roles,
            prefixes=parts.prefixes_hash(prefixes),
            admin_key=admin.signer if admin else b"",
        )
        cosignature = b""
        if admin:
            first_key = statement.KeyAddition(number, admin.signer, Purpose.EVENTS | Purpose.ADMIN, 0, 0)
            cosignature = admin.sign(first_key.digest(self.domain))
        return number, self.send("Accreditation", signed, cosignature=cosignature, prefixes=prefixes)

    def suspend(self, number: int, *, suspended: bool) -> str:
        """Send the suspension, or its end, of an organisation that this authority accredited."""
        signed = statement.Suspension(self.number, number, self._authority_sequence(), suspended)
        return self.send("Suspension", signed)

    def add_key(self, new: Signer, purposes: Purpose, valid_from: int = 0, valid_until: int = 0) -> str:
        """Send the addition of a key of this organisation, which co-signs; the digest comes back.

        Args:
            new: The new key.
            purposes: What it may sign.
            valid_from: Unix seconds.
            valid_until: Unix seconds; 0 = open.
        """
        signed = statement.KeyAddition(self.number, new.signer, purposes, valid_from, valid_until)
        return self.send("KeyAddition", signed, cosignature=new.sign(signed.digest(self.domain)))

    def end_key(self, key: bytes, doubt_since: int = 0) -> str:
        """Send the ending of a key of this organisation or of one that it accredited; the digest comes back.

        Args:
            key: The key's id.
            doubt_since: Since when it may have been stolen, Unix seconds; 0 = not in doubt.
        """
        return self.send("KeyEnding", statement.KeyEnding(self.number, key, doubt_since))

    def _authority_sequence(self) -> int:
        return int(self.client.get(f"/v1/organisations/{self.number}")["authority_sequence"])

    def send(
        self,
        kind: str,
        signed: statement.Statement,
        *,
        attachment: bytes = b"",
        cosignature: bytes = b"",
        prefixes: tuple[int, ...] = (),
        document: Json | None = None,
    ) -> str:
        """Sign `signed`, post it, and return its digest as 0x hex.

        Raises:
            StatementRefusedError: The ledger's rules refuse it; nothing has changed.
            InvalidInputError: A field is malformed.
            UnavailableError: The server does not answer.
        """
        submission = statement.Submission(
            type=kind,
            statement=signed,
            signer=self.signer.signer,
            signature=self.signer.sign(signed.digest(self.domain)),
            attachment=attachment,
            cosignature=cosignature,
            prefixes=prefixes,
            document=document,
        )
        return str(self.client.post("/v1/statements", submission.payload())["digest"])

    def _pallet(self, event: Event, pallet: bytes, head: bytes, attachment: bytes, count: int) -> str:
        signed = statement.CustodyStatement(
            consignment=pallet,
            previous=head,
            actor=self.number,
            kind=event.kind,
            occurred_at=event.occurred_at,
            counterparty=0,
            quantity=count,
            place=event.place.encode("ascii"),
            parts=keccak256(attachment),
            details=documents.details(event.document) if event.document else NOTHING,
        )
        return self.send("CustodyEvent", signed, attachment=attachment, document=event.document)


def _raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _identity(kind: Kind, consignment: Json) -> bytes:
    """RECALL names the batch by its first consignment; every other kind the consignment itself."""
    if kind is Kind.RECALL:
        return _raw(consignment["batch"]["id"])
    return _raw(consignment["id"])


def _previous(kind: Kind, consignment: Json, actor: int) -> bytes:
    """An administration names the authority sequence, a holder the head that it saw."""
    holds = consignment.get("held_by") or {}
    as_authority = kind in AUTHORITY_KINDS or (kind is Kind.DESTROY and holds.get("number") == actor)
    return int(consignment["sequence"]).to_bytes(32, "big") if as_authority else _raw(consignment["head"])


def _quantity(event: Event, consignment: Json) -> int:
    if event.kind in AUTHORITY_KINDS:
        return 0
    if event.kind is Kind.SPLIT:
        return sum(quantity for _, quantity in event.children)
    return int(consignment["rest"]) if event.quantity is None else event.quantity


def _attachment(event: Event, consignment: Json) -> bytes:
    if event.kind is not Kind.SPLIT:
        return b""
    if not event.children:
        raise InvalidInputError(
            f"A split of {consignment['id']} needs its parts.",
            advice="Name each part with --child QUANTITY or --child SSCC=QUANTITY.",
            field="children",
        )
    return parts.pack_children(list(event.children))
