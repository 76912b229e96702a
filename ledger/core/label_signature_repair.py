"""Find the one character of AI 92 whose change makes a label's signature hold, by one point addition a candidate.

With e the message's hash, Q the key and G the generator, r‖s holds if s·R = e·G + r·Q for a point R with x = r. One
character stands for six bits, so its change adds d·2^k to the number r‖s, with -63 ≤ d ≤ 63:

- where it lies in s, R stays, and (s + d·2^k)·R must be ±(e·G + r·Q);
- where it lies in r, the point (e·G + r·Q)/s + d·2^k·(Q/s) must have x = r + d·2^k.

So all 64 values of one character are one walk in equal steps. The one character that lies in both is tried as it is.
An x-coordinate above the order of the curve (one in 2^128) is not looked for. What is found is verified before it
counts. Source: SEC 1 version 2, section 4.1.4.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.label_signature import ALPHABET, LAST_CHARACTERS, SIGNATURE_CHARACTERS, label_signature, verify_label
from ledger.core.p256 import GENERATOR, PRIME, added, affine, doubled, lifted, multiplied, negative
from ledger.core.signature import P256_ORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ledger.core.label_signature import Label
    from ledger.core.p256 import Affine, Jacobian

_LAST: Final = SIGNATURE_CHARACTERS - 1
_IN_BOTH: Final = 42  # the character that has 4 bits of r and 2 of s
_CHARACTER_BITS: Final = 6
_SPARE_BITS: Final = 4  # of the last character
_HALF_BITS: Final = 256


class _Parts(NamedTuple):
    """What the search works with."""

    r: int
    s: int
    key: Affine
    total: Affine  # e·G + r·Q


class _Place(NamedTuple):
    """One character, as a digit of r or s."""

    at: int
    shift: int  # its lowest bit in r or s
    digits: str  # the characters it may be, by value


_PLACES_IN_S: Final = (
    _Place(_LAST, 0, LAST_CHARACTERS),
    *(_Place(at, _CHARACTER_BITS * (_LAST - at) - _SPARE_BITS, ALPHABET) for at in range(_LAST - 1, _IN_BOTH, -1)),
)
_PLACES_IN_R: Final = tuple(
    _Place(at, _CHARACTER_BITS * (_LAST - at) - _SPARE_BITS - _HALF_BITS, ALPHABET)
    for at in range(_IN_BOTH - 1, -1, -1)
)


def changed_position(signer: bytes, label: Label) -> int | None:
    """Find the character of AI 92 whose change makes the signature hold.

    Args:
        signer: A P-256 public key, 64 bytes x‖y.
        label: The label; its AI 92 is well formed.

    Returns:
        The zero-based character; None if no change of one character does.
    """
    text = label.signature
    for at, character in _candidates(signer, label):
        if verify_label(signer, label._replace(signature=text[:at] + character + text[at + 1 :])):
            return at
    return None


def _candidates(signer: bytes, label: Label) -> Iterator[tuple[int, str]]:
    parts = _parts(signer, label)
    if parts is not None:
        yield from _in_s(parts, label.signature)
        yield from _in_r(parts, label.signature)
    yield from ((_IN_BOTH, character) for character in ALPHABET)


def _parts(signer: bytes, label: Label) -> _Parts | None:
    signature = label_signature(label.signature)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (r % P256_ORDER and s % P256_ORDER):
        return None
    hashed = int.from_bytes(sha256(label.message).digest(), "big") % P256_ORDER
    key = int.from_bytes(signer[:32], "big"), int.from_bytes(signer[32:], "big")
    total = affine(added(multiplied(GENERATOR, hashed), affine(multiplied(key, r % P256_ORDER))))
    return _Parts(r, s, key, total)


def _in_s(parts: _Parts, text: str) -> Iterator[tuple[int, str]]:
    """Walk over (s + d·2^k)·R to wherever its x is that of e·G + r·Q."""
    point = lifted(parts.r)
    if point is None:
        return
    goal = parts.total[0]

    def arrived(reached: Jacobian, _by: int) -> bool:
        return not (reached[0] - goal * reached[2] * reached[2]) % PRIME

    yield from _walked(affine(multiplied(point, parts.s)), point, _PLACES_IN_S, text, arrived)


def _in_r(parts: _Parts, text: str) -> Iterator[tuple[int, str]]:
    """Walk over (e·G + r·Q)/s + d·2^k·(Q/s) to wherever its x is r + d·2^k."""
    inverse = pow(parts.s, -1, P256_ORDER)

    def arrived(reached: Jacobian, by: int) -> bool:
        return not (reached[0] - (parts.r + by) * reached[2] * reached[2]) % PRIME

    start, step = affine(multiplied(parts.total, inverse)), affine(multiplied(parts.key, inverse))
    yield from _walked(start, step, _PLACES_IN_R, text, arrived)


def _walked(
    start: Affine, step: Affine, places: Sequence[_Place], text: str, arrived: Callable[[Jacobian, int], bool]
) -> Iterator[tuple[int, str]]:
    """Go from `start` by d·2^k steps for each value of each character; `places` stand in order of their shift."""
    stride, height = step, 0
    for at, shift, digits in places:
        stride, height = _raised(stride, shift - height), shift
        read = digits.index(text[at])
        reached = added(multiplied(negative(stride), read), start)
        for digit, character in enumerate(digits):
            if digit != read and arrived(reached, digit - read << shift):
                yield at, character
            reached = added(reached, stride)


def _raised(point: Affine, times: int) -> Affine:
    """Double a point several times."""
    raised: Jacobian = (*point, 1)
    for _ in range(times):
        raised = doubled(raised)
    return affine(raised)
