"""Who may sign a statement, and the surroundings in which its conditions are put to the ledger's present state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core.custody import NO_ID, Parts
from ledger.core.facts import CustodyEvent, Recorded
from ledger.core.keccak import keccak256
from ledger.core.organisation import covers_gtin, covers_sscc, is_authority, roles_at, state_at, suspended_since
from ledger.core.parts import WORD, child_id, key_id
from ledger.core.refusals import refused
from ledger.core.signature import ADDRESS_BYTES, P256_BYTES, verify
from ledger.core.structs import CustodyStatement
from ledger.core.vocabulary import Kind, Purpose, Role

if TYPE_CHECKING:
    from ledger.core.facts import Key, OrganisationChange
    from ledger.core.ledger_view import LedgerView
    from ledger.core.structs import Domain

SSCC_DIGITS: Final = 18
_SSCC_BYTES: Final = 8
_CHILD_BYTES: Final = 12
_MEMBER_BYTES: Final = 2 * WORD
_EVENT_BYTES: Final = 320
_LONGEST_SIGNER: Final = 64
_NOWHERE: Final = 1 << 62  # a block after all others
_NAME_OF_CONSIGNMENT: Final = b"consignment".ljust(WORD, b"\0")


class Court:
    """The ledger's present state as the conditions ask for it, for one statement.

    Args:
        view: The state.
        domain: The chain and contract that statements are for.
        now: The time of the block that would record the statement, Unix seconds.
        attachment: What travels beside a custody event.
    """

    def __init__(self, view: LedgerView, domain: Domain, now: int, attachment: bytes = b"") -> None:
        self.view = view
        self.domain = domain
        self.now = now
        self.attachment = attachment
        self.consignment = view.consignment
        self.recorded = view.recorded
        self.corrected = view.corrected
        self.recalled = view.recalled

    # Signers

    def authorise(self, number: int, purpose: Purpose, digest: bytes, signer: bytes, signature: bytes) -> None:
        """Require that a live key of an active organisation, with the purpose, signed.

        Args:
            number: The organisation for which the statement speaks.
            purpose: What the key must be for.
            digest: The statement's digest.
            signer: The key.
            signature: Its signature.

        Raises:
            StatementRefusedError: The first of these that does not hold.
        """
        name = key_id(signer)
        key = self.view.key(name)
        if key is None or not self._live(key):
            raise refused("KeyNotLive", name, self.now)
        if key.addition.organisation != number:
            raise refused("KeyOfAnother", name, number, key.addition.organisation)
        self.require_active(number)
        self.require_signature(signer, digest, signature)
        if not key.addition.purposes & purpose:
            raise refused("PurposeMissing", name, int(purpose))

    def _live(self, key: Key) -> bool:
        added = key.addition
        in_window = added.valid_from <= self.now and (added.valid_until == 0 or self.now < added.valid_until)
        return in_window and not key.endings

    def require_signature(self, signer: bytes, digest: bytes, signature: bytes) -> None:
        """Require that a signature is the signer's, be it an address, a wallet contract or a P-256 key."""
        if len(signer) not in (ADDRESS_BYTES, P256_BYTES):
            raise refused("InvalidSigner", signer)
        if verify(signer, digest, signature):
            return
        if len(signer) == P256_BYTES or not self.view.is_wallet_signature(signer, digest, signature):
            raise refused("InvalidSignature", digest, signer)

    # Organisations

    def require_active(self, number: int) -> OrganisationChange:
        """Require an organisation that is accredited and not suspended."""
        organisation = self.view.organisation(number)
        state = state_at(organisation) if organisation else None
        if organisation is None or state is None:
            raise refused("UnknownOrganisation", number)
        suspension = suspended_since(organisation)
        if suspension is not None:
            raise refused("OrganisationNotActive", number, suspension.recorded.time)
        return state

    def require_role(self, organisation: int, roles: Role) -> str:
        """Require an active organisation with one of these roles; give its country."""
        state = self.require_active(organisation)
        if not state.roles & roles:
            raise refused("RoleMissing", organisation, int(roles))
        return state.country

    def require_authority(self, number: int) -> None:
        """Require an authority that the council admitted."""
        organisation = self.view.organisation(number)
        if organisation is None or not is_authority(organisation):
            raise refused("NotAuthority", number)

    def is_regulator(self, organisation: int) -> bool:
        """Tell whether an organisation has the role REGULATOR."""
        known = self.view.organisation(organisation)
        return known is not None and bool(roles_at(known) & Role.REGULATOR)

    def same_country(self, one: int, other: int) -> bool:
        """Tell whether two organisations are of one country."""
        return self._country(one) == self._country(other)

    def _country(self, number: int) -> str:
        organisation = self.view.organisation(number)
        state = state_at(organisation) if organisation else None
        return state.country if state else ""

    # Numbers

    def require_gtin_licence(self, organisation: int, gtin: int) -> None:
        """Require that a GTIN lies within the organisation's prefixes."""
        prefixes = self._prefixes(organisation)
        if not covers_gtin(prefixes, f"{gtin:014d}"):
            raise refused("PrefixNotLicensed", organisation, gtin)

    def require_sscc(self, organisation: int, sscc: str | None) -> None:
        """Require a valid SSCC within the organisation's prefixes, or none."""
        if sscc is None:
            return
        if len(sscc) != SSCC_DIGITS or not has_check_digit(sscc):
            raise refused("InvalidSscc", int(sscc))
        if not covers_sscc(self._prefixes(organisation), sscc):
            raise refused("PrefixNotLicensed", organisation, int(sscc))

    def _prefixes(self, number: int) -> tuple[str, ...]:
        organisation = self.view.organisation(number)
        state = state_at(organisation) if organisation else None
        if state is None or not state.prefixes:
            raise refused("NoPrefixes", number)
        return state.prefixes

    # Custody

    def pallet_number(self, pallet: bytes) -> int:
        """Give the number of a pallet, by its id."""
        state = self.view.consignment(pallet)
        return state.number if state else 0

    def require_countersignature(self, event: CustodyEvent) -> None:
        """Require that the counterparty signed a HANDOVER too."""
        signer, signature = _countersignature(self.attachment)
        self.authorise(event.counterparty, Purpose.EVENTS, event.digest, signer, signature)

    def require_correctable(self, event: CustodyEvent) -> None:
        """Require that a CORRECT is given the event that it names, of the same actor and consignment."""
        if len(self.attachment) != _EVENT_BYTES:
            raise refused("InvalidParts", 0)
        # The attachment is the earlier event's ten words, which is also what EIP-712 hashes after the type's hash.
        struct_hash = keccak256(CustodyStatement.TYPE_HASH + self.attachment)
        earlier = keccak256(b"\x19\x01" + self.domain.separator + struct_hash)
        if earlier != event.previous:
            raise refused("PartsMismatch", event.previous, earlier)
        if self.attachment[:WORD] != event.consignment:
            raise refused("UnexpectedField", _NAME_OF_CONSIGNMENT)
        actor = int.from_bytes(self.attachment[2 * WORD : 3 * WORD], "big") % (1 << 32)
        if actor != event.actor:
            raise refused("NotActor", actor, event.actor)

    def event_of(self, statement: CustodyStatement, digest: bytes, key: bytes) -> CustodyEvent:
        """Give a statement as the log that would record it now.

        Args:
            statement: Of a known kind and with a valid place.
            digest: Its digest.
            key: The key that signed it.
        """
        return CustodyEvent(
            digest=digest,
            consignment=statement.consignment,
            previous=statement.previous,
            actor=statement.actor,
            kind=Kind(statement.kind),
            occurred_at=statement.occurred_at,
            counterparty=statement.counterparty,
            quantity=statement.quantity,
            place=statement.place.rstrip(b"\0").decode(),
            parts=statement.parts,
            details=statement.details,
            key=key,
            recorded=Recorded(_NOWHERE, 0, self.now, NO_ID),
        )


def has_check_digit(digits: str) -> bool:
    """Tell whether the last digit makes the weighted sum a multiple of ten (GS1 General Specifications, section 7.9.1).

    Args:
        digits: Decimal digits.
    """
    return sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(reversed(digits))) % 10 == 0


def parts_of(kind: Kind, attachment: bytes, digest: bytes, number: int) -> Parts:
    """Read what travels beside an event, as far as it can be read; the conditions judge it in their order.

    Args:
        kind: The event's kind.
        attachment: The bytes beside it.
        digest: The event's digest.
        number: What a pallet made now would be numbered.
    """
    if kind is Kind.SPLIT:
        return _children(attachment, digest)
    if kind is Kind.PACK:
        return _pallet(attachment, number)
    if kind is Kind.UNPACK:
        ids = [attachment[at : at + WORD] for at in range(0, len(attachment), WORD)]
        return _whole(attachment, WORD, 0) or Parts(members=tuple(ids))
    return Parts()


def _whole(attachment: bytes, size: int, before: int) -> Parts | None:
    """Give the parts that cannot be read: there must be one of them at least, and no rest."""
    count, rest = divmod(len(attachment) - before, size)
    return Parts(malformed=len(attachment) // size) if count < 1 or rest else None


def _children(attachment: bytes, digest: bytes) -> Parts:
    children = []
    for index, at in enumerate(range(0, len(attachment), _CHILD_BYTES)):
        sscc, quantity = attachment[at : at + _SSCC_BYTES], attachment[at + _SSCC_BYTES : at + _CHILD_BYTES]
        children.append((child_id(digest, index), _sscc(sscc), int.from_bytes(quantity, "big")))
    return _whole(attachment, _CHILD_BYTES, 0) or Parts(children=tuple(children))


def _pallet(attachment: bytes, number: int) -> Parts:
    words = [attachment[at : at + WORD] for at in range(_SSCC_BYTES, len(attachment), WORD)]
    return _whole(attachment, _MEMBER_BYTES, _SSCC_BYTES) or Parts(
        members=tuple(words[::2]), heads=tuple(words[1::2]), sscc=_sscc(attachment[:_SSCC_BYTES]), number=number
    )


def _sscc(packed: bytes) -> str | None:
    number = int.from_bytes(packed, "big")
    return f"{number:0{SSCC_DIGITS}d}" if number else None


def _countersignature(attachment: bytes) -> tuple[bytes, bytes]:
    """Read `abi.encode(bytes signer, bytes signature)` as the contract reads it."""
    if len(attachment) < 5 * WORD or int.from_bytes(attachment[:WORD], "big") != 2 * WORD:
        raise refused("InvalidParts", 0)
    second = int.from_bytes(attachment[WORD : 2 * WORD], "big")
    length = int.from_bytes(attachment[2 * WORD : 3 * WORD], "big")
    if length > _LONGEST_SIGNER or second != 3 * WORD + _padded(length):
        raise refused("InvalidParts", 0)
    if len(attachment) < second + WORD:
        raise refused("InvalidParts", 1)
    signer = attachment[3 * WORD : 3 * WORD + length]
    length = int.from_bytes(attachment[second : second + WORD], "big")
    if len(attachment) != second + WORD + _padded(length):
        raise refused("InvalidParts", 1)
    return signer, attachment[second + WORD : second + WORD + length]


def _padded(length: int) -> int:
    return -(-length // WORD) * WORD
