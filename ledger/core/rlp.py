"""Recursive length prefix: Ethereum's encoding of headers, accounts and trie nodes, written and read strictly.

One value has one encoding: what another encoder could have written differently is refused, so that no byte of a proof
can be changed without changing what it says. Source: Ethereum yellow paper, appendix B.
"""

from __future__ import annotations

from typing import Final

from ledger.core.errors import InvalidProofError

Item = bytes | list["Item"]
_SHORT: Final = 55  # bytes: longer contents have the length of their length in the prefix
_TEXT: Final = 0x80
_LIST: Final = 0xC0
_LONGEST_LENGTH: Final = 4  # bytes of a length: 4 GiB, more than any input here
_DEEPEST: Final = 40  # lists in lists; a trie node holds at most a dozen


def encode(item: Item) -> bytes:
    """Encode bytes, or a list of what can be encoded.

    Args:
        item: The value.

    Returns:
        Its one encoding.
    """
    if isinstance(item, list):
        body = b"".join(encode(each) for each in item)
        return _prefix(len(body), _LIST) + body
    if len(item) == 1 and item[0] < _TEXT:
        return item
    return _prefix(len(item), _TEXT) + item


def encode_number(value: int) -> bytes:
    """Write a number as RLP's contents hold it: big-endian without leading zeros, so zero is empty.

    Args:
        value: 0 or more.
    """
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def decode(data: bytes) -> Item:
    """Decode one value that fills the whole input.

    Args:
        data: Its encoding.

    Returns:
        Bytes or a list.

    Raises:
        InvalidProofError: It is cut short, has surplus bytes, or is not the one encoding of its value.
    """
    item, end = _read(data, 0, len(data), 0)
    if end != len(data):
        raise _malformed(end, "surplus bytes follow")
    return item


def _prefix(length: int, base: int) -> bytes:
    if length <= _SHORT:
        return bytes([base + length])
    size = encode_number(length)
    return bytes([base + _SHORT + len(size)]) + size


def _read(data: bytes, at: int, end: int, depth: int) -> tuple[Item, int]:
    if at >= end:
        raise _malformed(at, "it is cut short")
    first = data[at]
    if first < _TEXT:
        return data[at : at + 1], at + 1
    base = _LIST if first >= _LIST else _TEXT
    start, stop = _extent(data, at, end, first - base)
    if base == _LIST:
        return _read_list(data, start, stop, depth), stop
    if stop - start == 1 and data[start] < _TEXT:
        raise _malformed(at, "a single byte has a prefix that it does not need")
    return data[start:stop], stop


def _extent(data: bytes, at: int, end: int, kind: int) -> tuple[int, int]:
    """Give where the contents begin and end; `kind` is the prefix without its base."""
    start, length = at + 1, kind
    if kind > _SHORT:
        start = at + 1 + kind - _SHORT
        size = data[at + 1 : start]
        length = int.from_bytes(size, "big")
        if kind - _SHORT > _LONGEST_LENGTH or start > end or length <= _SHORT or not size[0]:
            raise _malformed(at, "its length is not written in the shortest way")
    if start + length > end:
        raise _malformed(at, "it is cut short")
    return start, start + length


def _read_list(data: bytes, at: int, end: int, depth: int) -> list[Item]:
    if depth >= _DEEPEST:
        raise _malformed(at, "lists are nested too deep")
    items = []
    while at < end:
        item, at = _read(data, at, end, depth + 1)
        items.append(item)
    return items


def _malformed(position: int, words: str) -> InvalidProofError:
    return InvalidProofError(f"This is not RLP: {words}.", rule="encoding", position=position)
