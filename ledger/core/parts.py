"""What travels beside a statement, in the exact bytes that its hash was taken over.

The contract reads these packed forms straight from call data; the statement signs their keccak256 as `parts`
(or as `prefixes`, or `digests`), so nobody on the way can change them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core.errors import InvalidStatementError
from ledger.core.keccak import keccak256
from ledger.core.structs import CustodyStatement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WORD: Final = 32
SSCC_DIGITS: Final = 18
PREFIX_DIGITS: Final = range(4, 13)  # lengths of a GS1 Company Prefix (GS1 General Specifications, section 1.4.2)
_SSCC_BYTES: Final = 8
_QUANTITY_BYTES: Final = 4
_CHILD_BYTES: Final = _SSCC_BYTES + _QUANTITY_BYTES
_PACKED_BYTES: Final = 2 * WORD
_QUANTITY_LIMIT: Final = 1 << 32


def pack_children(children: Iterable[tuple[str | None, int]]) -> bytes:
    """Pack the children of a SPLIT.

    Args:
        children: For each child its SSCC (18 digits, or None) and its quantity in units.

    Returns:
        12 bytes a child: `uint64` SSCC or 0, `uint32` quantity.

    Raises:
        InvalidStatementError: An SSCC or a quantity is malformed; `position` is the child's index.
    """
    packed = []
    for index, (sscc, quantity) in enumerate(children):
        if not 0 < quantity < _QUANTITY_LIMIT:
            raise InvalidStatementError(
                f"Child {index} of the split has the quantity {quantity}; it must be 1 to {_QUANTITY_LIMIT - 1}.",
                field="attachment",
                position=index,
            )
        packed.append(_pack_sscc(sscc, index) + quantity.to_bytes(_QUANTITY_BYTES, "big"))
    return b"".join(packed)


def unpack_children(packed: bytes) -> list[tuple[str | None, int]]:
    """Read the children of a SPLIT; the inverse of `pack_children`.

    Args:
        packed: The attachment.

    Returns:
        For each child its SSCC (or None) and its quantity in units.

    Raises:
        InvalidStatementError: The length is not a positive multiple of 12, or a child is malformed.
    """
    _require_multiple(packed, _CHILD_BYTES, "SPLIT")
    children = []
    for index, offset in enumerate(range(0, len(packed), _CHILD_BYTES)):
        quantity = int.from_bytes(packed[offset + _SSCC_BYTES : offset + _CHILD_BYTES], "big")
        if not quantity:
            raise InvalidStatementError(f"Child {index} of the split is empty.", field="attachment", position=index)
        children.append((_unpack_sscc(packed[offset : offset + _SSCC_BYTES], index), quantity))
    return children


def pack_pallet(sscc: str | None, consignments: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Pack what a PACK puts on one pallet.

    Args:
        sscc: The pallet's SSCC (18 digits), or None.
        consignments: For each consignment its id and the head the packer saw, 32 bytes each.

    Returns:
        `uint64` SSCC or 0, then 64 bytes a consignment.

    Raises:
        InvalidStatementError: The SSCC, an id or a head is malformed.
    """
    packed = [_pack_sscc(sscc, 0)]
    for index, (consignment, head) in enumerate(consignments):
        packed += [_word(consignment, index), _word(head, index)]
    return b"".join(packed)


def unpack_pallet(packed: bytes) -> tuple[str | None, list[tuple[bytes, bytes]]]:
    """Read what a PACK puts on one pallet; the inverse of `pack_pallet`.

    Args:
        packed: The attachment.

    Returns:
        The pallet's SSCC (or None), and each consignment's id and head.

    Raises:
        InvalidStatementError: The length does not fit at least one consignment, or the SSCC is malformed.
    """
    sscc, rest = packed[:_SSCC_BYTES], packed[_SSCC_BYTES:]
    _require_multiple(rest, _PACKED_BYTES, "PACK")
    words = [rest[offset : offset + WORD] for offset in range(0, len(rest), WORD)]
    return _unpack_sscc(sscc, 0), list(zip(words[::2], words[1::2], strict=True))


def pack_ids(consignments: Iterable[bytes]) -> bytes:
    """Pack the consignments that an UNPACK takes off a pallet.

    Args:
        consignments: Their ids, 32 bytes each.

    Returns:
        The ids one after another.

    Raises:
        InvalidStatementError: An id is malformed; `position` is its index.
    """
    return b"".join(_word(consignment, index) for index, consignment in enumerate(consignments))


def unpack_ids(packed: bytes) -> list[bytes]:
    """Read the consignments that an UNPACK takes off a pallet; the inverse of `pack_ids`.

    Args:
        packed: The attachment.

    Returns:
        The ids.

    Raises:
        InvalidStatementError: The length is not a positive multiple of 32.
    """
    _require_multiple(packed, WORD, "UNPACK")
    return [packed[offset : offset + WORD] for offset in range(0, len(packed), WORD)]


def encode_countersignature(signer: bytes, signature: bytes) -> bytes:
    """Encode the counterparty's signature of a HANDOVER as `abi.encode(bytes signer, bytes signature)`.

    Args:
        signer: The counterparty's key, 20 or 64 bytes.
        signature: Its signature of the same digest.

    Returns:
        The attachment.
    """
    first, second = _dynamic(signer), _dynamic(signature)
    return _number(2 * WORD) + _number(2 * WORD + len(first)) + first + second


def decode_countersignature(attachment: bytes) -> tuple[bytes, bytes]:
    """Read a HANDOVER's attachment; the inverse of `encode_countersignature`.

    Only the canonical encoding is taken, so that one statement has one form.

    Args:
        attachment: The encoded pair.

    Returns:
        Signer and signature.

    Raises:
        InvalidStatementError: It is not the canonical encoding of two byte strings.
    """
    second_at = int.from_bytes(attachment[WORD : 2 * WORD], "big")
    signer = _read_dynamic(attachment, 2 * WORD)
    signature = _read_dynamic(attachment, second_at)
    if encode_countersignature(signer, signature) != attachment:
        raise InvalidStatementError(
            "The attachment of a HANDOVER must be abi.encode(bytes signer, bytes signature).", field="attachment"
        )
    return signer, signature


def encode_event(event: CustodyStatement) -> bytes:
    """Encode a custody event as `abi.encode(CustodyEvent)`: the attachment of a CORRECT that names it.

    Args:
        event: The earlier event.

    Returns:
        320 bytes.
    """
    words = (
        event.consignment,
        event.previous,
        _number(event.actor),
        _number(event.kind),
        _number(event.occurred_at),
        _number(event.counterparty),
        _number(event.quantity),
        event.place.ljust(WORD, b"\0"),
        event.parts,
        event.details,
    )
    return b"".join(words)


def decode_event(attachment: bytes) -> CustodyStatement:
    """Read the attachment of a CORRECT; the inverse of `encode_event`.

    Args:
        attachment: 320 bytes.

    Returns:
        The earlier event.

    Raises:
        InvalidStatementError: It is not the encoding of a custody event.
    """
    words = [attachment[offset : offset + WORD] for offset in range(0, len(attachment), WORD)]
    if len(attachment) != len(CustodyStatement.MEMBERS) * WORD or any(words[7][5:]):
        raise InvalidStatementError("The attachment of a CORRECT must be abi.encode(CustodyEvent).", field="attachment")
    actor, kind, occurred_at, counterparty, quantity = (int.from_bytes(word, "big") for word in words[2:7])
    try:
        return CustodyStatement(
            consignment=words[0],
            previous=words[1],
            actor=actor,
            kind=kind,
            occurred_at=occurred_at,
            counterparty=counterparty,
            quantity=quantity,
            place=words[7][:5],
            parts=words[8],
            details=words[9],
        )
    except InvalidStatementError as error:
        detail = f"The attachment of this CORRECT is not a custody event: {error.detail}"
        raise InvalidStatementError(detail, field="attachment") from error


def company_prefix_number(prefix: str) -> int:
    """Write a GS1 Company Prefix as the contract keeps it: a 1 before its digits, so that leading zeros stay.

    Args:
        prefix: 4 to 12 digits, for example `"5413868"`.

    Returns:
        10**L + value, for example 15413868.

    Raises:
        InvalidStatementError: It is not 4 to 12 ASCII digits.
    """
    if not (prefix.isascii() and prefix.isdigit() and len(prefix) in PREFIX_DIGITS):
        raise InvalidStatementError("A GS1 Company Prefix has 4 to 12 digits.", field="prefixes", given=prefix)
    return int("1" + prefix)


def company_prefix_text(number: int) -> str:
    """Read a GS1 Company Prefix back; the inverse of `company_prefix_number`.

    Args:
        number: 10**L + value.

    Returns:
        Its digits.

    Raises:
        InvalidStatementError: The number is not of that form.
    """
    digits = str(number)
    if digits[0] != "1" or len(digits) - 1 not in PREFIX_DIGITS:
        raise InvalidStatementError("The number is not 1 followed by 4 to 12 digits.", field="prefixes", given=number)
    return digits[1:]


def encode_prefixes(prefixes: Sequence[int]) -> bytes:
    """Encode `abi.encodePacked(uint64[])`; array items are padded to words even there (Solidity ABI, packed mode).

    Args:
        prefixes: As `company_prefix_number` gives them.

    Returns:
        32 bytes a prefix.
    """
    return b"".join(_number(prefix) for prefix in prefixes)


def prefixes_hash(prefixes: Sequence[int]) -> bytes:
    """Hash the company prefixes as an `Accreditation` signs them.

    Args:
        prefixes: As `company_prefix_number` gives them.

    Returns:
        32 bytes.
    """
    return keccak256(encode_prefixes(prefixes))


def bundle_digests(digests: Iterable[bytes]) -> bytes:
    """Hash the digests of a bundle's events, in the strictly ascending order that the contract demands.

    Args:
        digests: The events' digests, in any order.

    Returns:
        keccak256 of the packed digests, 32 bytes.

    Raises:
        InvalidStatementError: One digest stands twice.
    """
    ordered = sorted(digests)
    if len(set(ordered)) != len(ordered):
        raise InvalidStatementError("The bundle holds the same event twice.", field="events")
    return keccak256(b"".join(ordered))


def batch_id(gtin: int, lot: str) -> bytes:
    """Compute a batch's id, which is also its first consignment's: keccak256(abi.encode(uint64 gtin, string lot)).

    Args:
        gtin: The 14 digits as a number.
        lot: GS1 AI 10.

    Returns:
        32 bytes.
    """
    return keccak256(_number(gtin) + _number(2 * WORD) + _dynamic(lot.encode()))


def child_id(digest: bytes, index: int) -> bytes:
    """Compute the id of a consignment that a SPLIT made: keccak256(abi.encode(digest, uint256 index)).

    Args:
        digest: Of the SPLIT.
        index: The child's place in its attachment, from 0.

    Returns:
        32 bytes.
    """
    return keccak256(digest + _number(index))


def key_id(signer: bytes) -> bytes:
    """Compute a key's id: keccak256 of the signer.

    Args:
        signer: 20 bytes (an address) or 64 (a P-256 public key).

    Returns:
        32 bytes.
    """
    return keccak256(signer)


def next_head(head: bytes, digest: bytes) -> bytes:
    """Compute a consignment's head after an event: keccak256(abi.encode(head, digest)).

    Args:
        head: The head before it, 32 bytes.
        digest: Of the event, 32 bytes.

    Returns:
        32 bytes.
    """
    return keccak256(head + digest)


def _pack_sscc(sscc: str | None, index: int) -> bytes:
    if sscc is None:
        return bytes(_SSCC_BYTES)
    # Zero stands for "none" on chain, so an SSCC of zeros cannot be told from no SSCC.
    if not (sscc.isascii() and sscc.isdigit() and len(sscc) == SSCC_DIGITS and int(sscc)):
        raise InvalidStatementError("An SSCC has 18 digits.", field="attachment", position=index, given=sscc)
    return int(sscc).to_bytes(_SSCC_BYTES, "big")


def _unpack_sscc(packed: bytes, index: int) -> str | None:
    number = int.from_bytes(packed, "big")
    if number >= 10**SSCC_DIGITS:
        raise InvalidStatementError("An SSCC has 18 digits.", field="attachment", position=index, given=number)
    return f"{number:018d}" if number else None


def _require_multiple(packed: bytes, size: int, kind: str) -> None:
    if not packed or len(packed) % size:
        raise InvalidStatementError(
            f"The attachment of a {kind} has a wrong length: {len(packed)} bytes for parts of {size}.",
            field="attachment",
        )


def _word(value: bytes, index: int) -> bytes:
    if len(value) != WORD:
        raise InvalidStatementError(
            f"Part {index} of the attachment has {len(value)} bytes where 32 are due.",
            field="attachment",
            position=index,
        )
    return value


def _number(value: int) -> bytes:
    return value.to_bytes(WORD, "big")


def _dynamic(value: bytes) -> bytes:
    """Encode one `bytes` or `string` as in the tail of `abi.encode`: length, then data padded to words."""
    return _number(len(value)) + value.ljust(-(-len(value) // WORD) * WORD, b"\0")


def _read_dynamic(encoded: bytes, at: int) -> bytes:
    length = int.from_bytes(encoded[at : at + WORD], "big")
    return encoded[at + WORD : at + WORD + length]
