"""The receipt of a report: a word that only its sender knows, and by which he alone can ask what became of it.

It follows from the number that the sender's device drew for the report, so that the same report sent twice has one
receipt and nothing needs to be kept but its hash. 75 bits in Crockford's Base32 cannot be guessed; the last sign is a
check, so that a receipt that was copied wrong is told from one that is not known.

Sources: RFC 9562, section 5.4 (UUID version 4: 122 random bits); Luhn's algorithm for an alphabet of 32 signs.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from ledger.core.errors import InvalidInputError
from ledger.core.serials import ALPHABET

SIGNS: Final = 16  # of 5 bits, the last one the check
GROUP: Final = 4
_PURPOSE: Final = b"lotproof report receipt\x00"  # so that this hash is no other use of the same number
_UUID4: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SIGNS: Final = ALPHABET.decode()
_LOOK_ALIKE: Final = str.maketrans("OIL", "011", "- ")  # Crockford's reading of what people write


def receipt_of(identifier: str) -> str:
    """Make the receipt of a report.

    Args:
        identifier: A random UUID (version 4), drawn by the sender's device for this report.

    Raises:
        InvalidInputError: It is none; a number that could be guessed would give a receipt that can be.
    """
    if not _UUID4.fullmatch(identifier.lower()):
        advice = "Draw a random UUID (version 4) for each report, and keep it while you send the report again."
        raise InvalidInputError("`id` is no random UUID.", advice=advice, field="id")
    drawn = int.from_bytes(sha256(_PURPOSE + identifier.lower().encode()).digest()[:10], "big") >> 5
    signs = "".join(_SIGNS[drawn >> 5 * place & 31] for place in range(SIGNS - 1))
    signs += _SIGNS[-_luhn(signs + _SIGNS[0]) % 32]
    return "-".join(signs[at : at + GROUP] for at in range(0, SIGNS, GROUP))


def sealed(receipt: str) -> bytes:
    """Give what is kept of a receipt: its SHA-256, by which it is found and from which it cannot be told.

    Args:
        receipt: As a person types it: in either case, with or without dashes.

    Raises:
        InvalidInputError: It is none, or was copied wrong.
    """
    signs = receipt.upper().translate(_LOOK_ALIKE)
    if len(signs) != SIGNS or not set(signs) <= set(_SIGNS) or _luhn(signs) % 32:
        advice = "Copy it whole, sixteen letters and digits as they were shown when the report was sent."
        raise InvalidInputError("This is no receipt of a report, or was copied wrong.", advice=advice, field="receipt")
    return sha256(signs.encode()).digest()


def _luhn(signs: str) -> int:
    """Sum the signs, every second one from the right but the last doubled and its digits in base 32 added."""
    total = 0
    for place, sign in enumerate(reversed(signs)):
        value = _SIGNS.index(sign) << (place & 1)
        total += (value >> 5) + (value & 31)
    return total
