"""Serial numbers of packs, GS1 AI 21: what one is, how a list of them is written down, and how new ones are made.

GS1 General Specifications, section 3.5.2: 1 to 20 characters of character set 82. A list travels as text: the batch's
secret on the first line, then one serial number a line (set 82 has neither spaces nor line ends).
"""

from __future__ import annotations

import re
from hashlib import shake_256
from typing import TYPE_CHECKING, Final

from ledger.core.errors import InvalidCodeError, InvalidInputError
from ledger.core.gs1.dictionary import AIS
from ledger.core.gs1.lint.charsets import CSET82_ORDER
from ledger.core.gs1.traced import traced
from ledger.core.gs1.values import check_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_LENGTH: Final = AIS["21"].longest  # characters
SECRET_BYTES: Final = 32
# Crockford's Base32: no I, L, O or U, so that no two of its signs look alike and case carries nothing.
ALPHABET: Final = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GENERATED_LENGTH: Final = 13  # characters of 5 bits: 65 bits, of a number that nobody is to guess
_SERIAL: Final = re.compile(f"[{re.escape(CSET82_ORDER)}]{{1,{MAX_LENGTH}}}".encode())
_SECRET: Final = re.compile(rb"0x[0-9a-f]{64}")
_TO_ALPHABET: Final = ALPHABET * (256 // len(ALPHABET))  # as 256 is a multiple of 32, every sign is equally likely
_PURPOSE: Final = b"lotproof serial numbers\x00"  # so that this stream is no other use of the same secret
_CORRECT: Final = "Correct the list; nothing of it was taken."


def is_serial(serial: str) -> bool:
    """Tell whether a text is a serial number."""
    return serial.isascii() and _SERIAL.fullmatch(serial.encode()) is not None


def check_serials(serials: Sequence[bytes], first: int = 1) -> None:
    """Refuse a list in which something is no serial number, or stands twice.

    Args:
        serials: The list, in any order.
        first: The number of its first row, for the refusal.

    Raises:
        InvalidInputError: One is malformed or repeated, or there is none; `position` is its row.
    """
    if not serials:
        raise InvalidInputError("The list has no serial numbers.", advice=_CORRECT, field="serials")
    matches = _SERIAL.fullmatch
    for row, serial in enumerate(serials, first):
        if not matches(serial):
            raise _malformed(serial, row)
    if len(set(serials)) != len(serials):
        raise _repeated(serials, first)


def generate(seed: bytes, count: int) -> list[bytes]:
    """Make serial numbers that nobody can guess who does not know the seed: the same seed, the same numbers.

    Each has 13 signs of Crockford's Base32, 65 bits; a longer list begins with the shorter one.

    Args:
        seed: 32 random bytes; the caller draws them, this module has no randomness.
        count: How many, at least 1.

    Returns:
        `count` different serial numbers.

    Raises:
        InvalidInputError: The seed has not 32 bytes.
    """
    if len(seed) != SECRET_BYTES:
        raise InvalidInputError(f"The seed must have {SECRET_BYTES} bytes.", field="seed")
    return _distinct(lambda size: shake_256(_PURPOSE + seed).digest(size), count)


def read_list(text: bytes) -> tuple[bytes, list[bytes]]:
    """Read a list with its secret.

    Args:
        text: `0x` and 64 lower-case hexadecimal digits, then one serial number a line. Lines end with LF or CRLF.

    Returns:
        The secret, 32 bytes, and the serial numbers, checked, in their order.

    Raises:
        InvalidInputError: A line is malformed or repeated; `position` is its number, the secret's being 1.
    """
    lines = text.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
    if not _SECRET.fullmatch(lines[0]):
        raise InvalidInputError(
            "The first line of the list is not its secret.",
            advice="It must be 0x and 64 lower-case hexadecimal digits, as `lotproof batch units` writes it.",
            field="secret",
            position=1,
        )
    check_serials(lines[1:], first=2)
    return bytes.fromhex(lines[0][2:].decode()), lines[1:]


def most_bytes(count: int) -> int:
    """How long a written list of so many serial numbers can be, with CRLF line ends."""
    return len("0x\r\n") + 2 * SECRET_BYTES + count * (MAX_LENGTH + len("\r\n"))


def write_list(secret: bytes, serials: Sequence[bytes]) -> bytes:
    """Write a list as `read_list` reads it."""
    return b"\n".join((b"0x" + secret.hex().encode(), *serials, b""))


def _distinct(stream: Callable[[int], bytes], count: int) -> list[bytes]:
    """Cut a random stream into serial numbers until enough of them differ; two of 65 bits hardly ever do not."""
    found: list[bytes] = []
    drawn = count
    while len(found) < count:
        letters = stream(drawn * GENERATED_LENGTH).translate(_TO_ALPHABET)
        pieces = (letters[at : at + GENERATED_LENGTH] for at in range(0, len(letters), GENERATED_LENGTH))
        found = list(dict.fromkeys(pieces))
        drawn += count - len(found)
    return found


def _malformed(serial: bytes, row: int) -> InvalidInputError:
    text = serial.decode("utf-8", "replace")
    detail = ""
    try:
        check_value(AIS["21"], traced(text))
    except InvalidCodeError as error:
        detail = error.detail
    shown = text[: 2 * MAX_LENGTH]
    return InvalidInputError(f"Row {row}, {shown!r}: {detail}", advice=_CORRECT, field="serials", position=row)


def _repeated(serials: Sequence[bytes], first: int) -> InvalidInputError:
    seen: dict[bytes, int] = {}
    row, serial = next((row, each) for row, each in enumerate(serials, first) if seen.setdefault(each, row) != row)
    return InvalidInputError(
        f"Row {row} repeats the serial number {serial.decode()} of row {seen[serial]}.",
        advice=_CORRECT,
        field="serials",
        position=row,
    )
