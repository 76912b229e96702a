"""International bank account numbers, ISO 13616."""

from __future__ import annotations

from string import ascii_uppercase, digits

from ledger.core.gs1.dictionary_data import COUNTRY_LETTERS
from ledger.core.gs1.faults import Fault
from ledger.core.gs1.lint.charsets import alien

CHARACTERS = frozenset(digits + ascii_uppercase)
SHORTEST = 10  # characters below which the reference linter does not look further
LONGEST = 34  # characters


def iban(data: str) -> Fault | None:
    """Country, two check digits (ISO 7064 MOD 97-10) and account."""
    if len(data) < SHORTEST:
        return Fault("iban_too_short", 0, len(data), "is too short for a bank account number")
    if len(data) > LONGEST:
        return Fault("iban_too_long", 0, len(data), "is too long for a bank account number")
    fault = alien(data, CHARACTERS, "invalid_iban_character", "takes only digits and upper-case letters")
    if fault:
        return fault
    if data[:2] not in COUNTRY_LETTERS:
        return Fault("illegal_iban_country_code", 0, 2, f"has an unknown country {data[:2]}")
    number = "".join(str(int(character, 36)) for character in data[4:] + data[:4])
    return None if int(number) % 97 == 1 else Fault("incorrect_iban_checksum", 2, 2, "has wrong check digits")
