"""The ledger's logs, decoded into facts by slicing their words.

The contract's argument types are known, so every static word stands at a known place (Solidity ABI specification,
"Formal Specification of the Encoding"); decoding by a generic ABI reader costs several times as much. A test compares
both.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.dates import read_date
from ledger.core.errors import UnavailableError
from ledger.core.facts import (
    Anchor,
    Child,
    CustodyEvent,
    KeyAddition,
    KeyEnding,
    Notice,
    OrganisationChange,
    Packing,
    Pallet,
    Recorded,
    Refusal,
    Registration,
    Suspension,
)
from ledger.core.keccak import keccak256
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.core.facts import Fact

_big = int.from_bytes  # bound once: attribute look-ups count at 30,000 logs a second
_WORD: Final = 32
_KINDS: Final = {kind.value: kind for kind in Kind}  # a dictionary answers faster than calling the enumeration
_CLASSES: Final = {product.value: product for product in ProductClass}


class _Reader(NamedTuple):
    """How to read one sort of log."""

    topics: int  # the signature's own included
    words: int  # at least this many 32-byte words of data
    read: Callable[[list[bytes], bytes, Recorded], Fact]


def decode_log(log: dict[str, Any], time: int) -> Fact:
    """Decode one JSON-RPC log of the ledger.

    Args:
        log: As `eth_getLogs` gives it.
        time: Of its block, Unix seconds.

    Returns:
        The fact it states.

    Raises:
        UnavailableError: It is not a log that the ledger's contract can have written, so the node garbled it.
    """
    try:
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        data = bytes.fromhex(log["data"][2:])
        reader = _READERS[topics[0]]
        recorded = Recorded(
            int(log["blockNumber"], 16), int(log["logIndex"], 16), time, bytes.fromhex(log["transactionHash"][2:])
        )
        if len(topics) != reader.topics or len(data) < reader.words * _WORD:
            raise _garbled(log)
        return reader.read(topics, data, recorded)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise _garbled(log) from error


def _garbled(log: Any) -> UnavailableError:  # noqa: ANN401 - whatever the node sent
    return UnavailableError(
        "The chain's node gave a log that the ledger's contract cannot have written.",
        advice="Ask another node, and check that LOTPROOF_LEDGER_ADDRESS names a Lotproof ledger.",
        cause="garbled",
        log=log,
    )


def _number(data: bytes, word: int) -> int:
    return _big(data[word * _WORD : word * _WORD + _WORD], "big")


def _tail(data: bytes, word: int) -> bytes:
    """Read a `bytes` or `string` whose offset stands in a word."""
    start = _number(data, word)
    length = _big(data[start : start + _WORD], "big")
    found = data[start + _WORD : start + _WORD + length]
    if len(found) != length:
        raise ValueError(start)
    return found


@lru_cache(maxsize=1024)
def _place(word: bytes) -> str:
    return word.rstrip(b"\0").decode("ascii", "replace")


def _sscc(number: int) -> str | None:
    return f"{number:018d}" if number else None


def _registration(topics: list[bytes], data: bytes, recorded: Recorded) -> Registration:
    manufactured = _number(data, 4)
    return Registration(
        digest=topics[1],
        batch=topics[2],
        manufacturer=_big(topics[3], "big"),
        gtin=f"{_number(data, 0):014d}",
        lot=_tail(data, 1).decode("ascii"),
        product_class=_CLASSES[_number(data, 2)],
        quantity=_number(data, 3),
        manufactured=read_date(manufactured) if manufactured else None,
        expiry=read_date(_number(data, 5)),
        unit_root=data[192:224],
        details=data[224:256],
        key=data[256:288],
        recorded=recorded,
    )


def _custody_event(topics: list[bytes], data: bytes, recorded: Recorded) -> CustodyEvent:
    return CustodyEvent(
        digest=topics[1],
        consignment=topics[2],
        previous=data[0:32],
        actor=_big(topics[3], "big"),
        kind=_KINDS[data[63]],
        occurred_at=_big(data[88:96], "big"),
        counterparty=_big(data[120:128], "big"),
        quantity=_big(data[152:160], "big"),
        place=_place(data[160:165]),
        parts=data[192:224],
        details=data[224:256],
        key=data[256:288],
        recorded=recorded,
    )


def _child(topics: list[bytes], data: bytes, recorded: Recorded) -> Child:
    return Child(
        consignment=topics[1],
        parent=topics[2],
        batch=topics[3],
        sscc=_sscc(_number(data, 0)),
        quantity=_number(data, 1),
        digest=data[64:96],
        recorded=recorded,
    )


def _pallet(topics: list[bytes], data: bytes, recorded: Recorded) -> Pallet:
    return Pallet(pallet=topics[1], number=_number(data, 0), sscc=_sscc(_number(data, 1)), recorded=recorded)


def _packed(topics: list[bytes], _data: bytes, recorded: Recorded) -> Packing:
    return Packing(consignment=topics[1], pallet=topics[2], packed=True, recorded=recorded)


def _unpacked(topics: list[bytes], _data: bytes, recorded: Recorded) -> Packing:
    return Packing(consignment=topics[1], pallet=topics[2], packed=False, recorded=recorded)


def _refusal(topics: list[bytes], data: bytes, recorded: Recorded) -> Refusal:
    return Refusal(digest=topics[1], error_data=_tail(data, 0), recorded=recorded)


def _anchor(topics: list[bytes], data: bytes, recorded: Recorded) -> Anchor:
    return Anchor(
        digest=topics[1],
        organisation=_big(topics[2], "big"),
        count=_number(data, 0),
        root=data[32:64],
        previous=data[64:96],
        key=data[96:128],
        recorded=recorded,
    )


def _organisation(topics: list[bytes], data: bytes, recorded: Recorded) -> OrganisationChange:
    gln = _number(data, 3)
    return OrganisationChange(
        number=_big(topics[1], "big"),
        authority=_big(topics[2], "big"),
        digest=data[0:32],
        name=_tail(data, 1).decode("utf-8", "replace"),  # the contract takes any bytes as a name
        country=data[64:66].decode("ascii"),
        gln=f"{gln:013d}" if gln else "",
        roles=Role(_number(data, 4)),
        prefixes=_prefixes(data, 5),
        recorded=recorded,
    )


def _prefixes(data: bytes, word: int) -> tuple[str, ...]:
    """Read a `uint64[]` of company prefixes, each written `10**L + value`: the leading 1 is dropped."""
    first = _number(data, word) // _WORD
    return tuple(str(_number(data, first + 1 + index))[1:] for index in range(_number(data, first)))


def _suspension(topics: list[bytes], data: bytes, recorded: Recorded) -> Suspension:
    return Suspension(
        number=_big(topics[1], "big"),
        authority=_big(topics[2], "big"),
        suspended=bool(_number(data, 0)),
        digest=data[32:64],
        recorded=recorded,
    )


def _key_addition(topics: list[bytes], data: bytes, recorded: Recorded) -> KeyAddition:
    return KeyAddition(
        key=topics[1],
        organisation=_big(topics[2], "big"),
        signer=_tail(data, 0),
        purposes=Purpose(_number(data, 1)),
        valid_from=_number(data, 2),
        valid_until=_number(data, 3),
        digest=data[128:160],
        recorded=recorded,
    )


def _key_ending(topics: list[bytes], data: bytes, recorded: Recorded) -> KeyEnding:
    return KeyEnding(
        key=topics[1],
        organisation=_big(topics[2], "big"),
        doubt_since=_number(data, 0),
        digest=data[32:64],
        recorded=recorded,
    )


def _paused(_topics: list[bytes], data: bytes, recorded: Recorded) -> Notice:
    return Notice(name="StatementsPaused", until=_number(data, 0), successor=b"", recorded=recorded)


def _resumed(_topics: list[bytes], _data: bytes, recorded: Recorded) -> Notice:
    return Notice(name="StatementsResumed", until=0, successor=b"", recorded=recorded)


def _succeeded(_topics: list[bytes], data: bytes, recorded: Recorded) -> Notice:
    return Notice(name="SuccessorNamed", until=0, successor=data[12:32], recorded=recorded)


READERS_BY_SIGNATURE: Final = {
    "BatchRegistered(bytes32,bytes32,uint32,uint64,string,uint8,uint32,uint32,uint32,bytes32,bytes32,bytes32)": _Reader(
        4, 10, _registration
    ),
    "CustodyRecorded(bytes32,bytes32,uint32,bytes32,uint8,uint40,uint32,uint32,bytes5,bytes32,bytes32,bytes32)": (
        _Reader(4, 9, _custody_event)
    ),
    "ConsignmentSplit(bytes32,bytes32,bytes32,uint64,uint32,bytes32)": _Reader(4, 3, _child),
    "PalletBuilt(bytes32,uint32,uint64)": _Reader(2, 2, _pallet),
    "ConsignmentPacked(bytes32,bytes32)": _Reader(3, 0, _packed),
    "ConsignmentUnpacked(bytes32,bytes32)": _Reader(3, 0, _unpacked),
    "Refused(bytes32,bytes)": _Reader(2, 2, _refusal),
    "Anchored(bytes32,uint32,uint64,bytes32,bytes32,bytes32)": _Reader(3, 4, _anchor),
    "OrganisationAccredited(uint32,uint32,bytes32,string,bytes2,uint64,uint8,uint64[])": _Reader(3, 8, _organisation),
    "OrganisationSuspended(uint32,uint32,bool,bytes32)": _Reader(3, 2, _suspension),
    "KeyAdded(bytes32,uint32,bytes,uint8,uint40,uint40,bytes32)": _Reader(3, 6, _key_addition),
    "KeyEnded(bytes32,uint32,uint40,bytes32)": _Reader(3, 2, _key_ending),
    "StatementsPaused(uint40)": _Reader(1, 1, _paused),
    "StatementsResumed()": _Reader(1, 0, _resumed),
    "SuccessorNamed(address)": _Reader(1, 1, _succeeded),
}
_READERS: Final = {keccak256(signature.encode()): reader for signature, reader in READERS_BY_SIGNATURE.items()}
