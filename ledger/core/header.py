"""A block's header: written from a node's JSON, read back from its bytes, its hash taken over exactly those bytes.

Forks only ever appended fields, so an older header is a shorter list. Sources: Ethereum yellow paper, section 4.3;
EIP-1559 (base fee), EIP-4895 (withdrawals), EIP-4844 (blob gas), EIP-4788 (beacon root), EIP-7685 (requests; Prague).
Osaka appends nothing.

Chains of QBFT validators keep the round and the validators' seals in `extraData`, and hash the header without them,
since seals are signatures of that hash. What is written here is the hashed form. Source: Besu, `QbftExtraDataCodec`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.errors import InvalidProofError
from ledger.core.keccak import keccak256
from ledger.core.rlp import decode, encode, encode_number

if TYPE_CHECKING:
    from ledger.core.rlp import Item

# Name in JSON-RPC, and the size in bytes of what has a fixed one; 0 = a number, -1 = bytes of any length.
_FIELDS: Final = (
    ("parentHash", 32),
    ("sha3Uncles", 32),
    ("miner", 20),
    ("stateRoot", 32),
    ("transactionsRoot", 32),
    ("receiptsRoot", 32),
    ("logsBloom", 256),
    ("difficulty", 0),
    ("number", 0),
    ("gasLimit", 0),
    ("gasUsed", 0),
    ("timestamp", 0),
    ("extraData", -1),
    ("mixHash", 32),
    ("nonce", 8),
    ("baseFeePerGas", 0),
    ("withdrawalsRoot", 32),
    ("blobGasUsed", 0),
    ("excessBlobGas", 0),
    ("parentBeaconBlockRoot", 32),
    ("requestsHash", 32),
)
_ALWAYS: Final = 15  # fields of the first fork
_STATE_ROOT, _NUMBER, _TIME, _EXTRA, _MIX = 3, 8, 11, 12, 13
_QBFT_MIX: Final = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
_QBFT_SIGNED: Final = 3  # items of QBFT's extra data before the round: vanity, validators, vote
_QBFT_ITEMS: Final = 5
_LONGEST_NUMBER: Final = 8  # bytes, as clients hold block numbers and times
MAX_HEADER_BYTES: Final = 2_048  # today's have about 640; chains with signing validators carry some more in extraData


class BlockHeader(NamedTuple):
    """What a header commits to, as far as proofs need it."""

    hash: bytes
    number: int
    time: int  # Unix seconds
    state_root: bytes


def encode_header(block: dict[str, Any]) -> bytes:
    """Write the header of a block as `eth_getBlockByNumber` gives it, and compare its hash.

    Args:
        block: The JSON-RPC block.

    Returns:
        The header's bytes, whose keccak256 is the block's hash.

    Raises:
        InvalidProofError: A field is missing or malformed, or the hash is not that of the fields: the chain has a
            header of another form, or the node does not tell the truth.
    """
    try:
        items: list[Item] = [_item(block[name], size) for name, size in _FIELDS if block.get(name) is not None]
        header, expected = encode(_unsealed(items)), bytes.fromhex(block["hash"][2:])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidProofError("The node's block is malformed.", rule="header") from error
    if keccak256(header) != expected:
        raise InvalidProofError("The block's hash is not that of its header.", rule="header", given=expected)
    return header


def read_header(header: bytes) -> BlockHeader:
    """Read a header.

    Args:
        header: Its bytes.

    Returns:
        What it commits to, with the hash of the bytes.

    Raises:
        InvalidProofError: It is not a header.
    """
    if len(header) > MAX_HEADER_BYTES:
        raise InvalidProofError(f"A header has at most {MAX_HEADER_BYTES} bytes.", rule="header")
    items = decode(header)
    if not isinstance(items, list) or len(items) < _ALWAYS:
        raise InvalidProofError("A header is a list of at least 15 fields.", rule="header")
    state_root = items[_STATE_ROOT]
    if not isinstance(state_root, bytes) or len(state_root) != _FIELDS[_STATE_ROOT][1]:
        raise InvalidProofError("The header's state root does not have 32 bytes.", rule="header")
    return BlockHeader(keccak256(header), _number(items[_NUMBER]), _number(items[_TIME]), state_root)


def _unsealed(items: list[Item]) -> list[Item]:
    """Leave out what the validators of a QBFT chain added after hashing: the round becomes 0, the seals none."""
    if len(items) < _ALWAYS or items[_MIX] != _QBFT_MIX:
        return items
    extra = decode(items[_EXTRA])  # type: ignore[arg-type]  # every item of a header is bytes
    if not isinstance(extra, list) or len(extra) != _QBFT_ITEMS:
        return items
    return [*items[:_EXTRA], encode([*extra[:_QBFT_SIGNED], b"", []]), *items[_EXTRA + 1 :]]


def _item(value: str, size: int) -> bytes:
    if not size:
        return encode_number(int(value, 16))
    found = bytes.fromhex(value[2:])
    if size not in (-1, len(found)):
        raise ValueError(value)
    return found


def _number(item: Item) -> int:
    if not isinstance(item, bytes) or len(item) > _LONGEST_NUMBER:
        raise InvalidProofError("A number in the header is malformed.", rule="header")
    return int.from_bytes(item, "big")
