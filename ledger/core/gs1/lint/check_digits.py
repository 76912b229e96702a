"""Check digits, check pairs and company prefixes. GS1 General Specifications, sections 7.9 and 1.4."""

from __future__ import annotations

from ledger.core.gs1.check_digit import check_digit
from ledger.core.gs1.faults import Fault
from ledger.core.gs1.lint.charsets import CSET82_ORDER, DIGITS, cset82, csetnumeric

PAIR = 2  # characters of a check pair
PAIR_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 characters that are not mistaken for one another
PAIR_MODULUS = 1021
MAX_PAIR_PAYLOAD = 97  # characters; the reference linter has that many prime weights
SHORTEST_PREFIX = 4  # digits of the shortest GS1 Company Prefix


def csum(data: str) -> Fault | None:
    """The last digit is the check digit of those before it."""
    if not data:
        return Fault("too_short_for_check_digit", 0, 0, "is too short to have a check digit")
    fault = csetnumeric(data)
    if fault:
        return fault
    expected = check_digit(data[:-1])
    if expected == int(data[-1]):
        return None
    words = f"has check digit {data[-1]}, which should be {expected}"
    return Fault("incorrect_check_digit", len(data) - 1, 1, words)


def primes(count: int) -> list[int]:
    """Give the first `count` primes: the weights of the check pair, from the right."""
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


WEIGHTS = tuple(primes(MAX_PAIR_PAYLOAD))


def check_pair(payload: str) -> str:
    """Compute the check character pair of a Global Model Number (section 7.9.5)."""
    weighted = zip(reversed(payload), WEIGHTS, strict=False)
    total = sum(CSET82_ORDER.index(character) * weight for character, weight in weighted)
    high, low = divmod(total % PAIR_MODULUS, len(PAIR_ALPHABET))
    return PAIR_ALPHABET[high] + PAIR_ALPHABET[low]


def csumalpha(data: str) -> Fault | None:
    """The last two characters are the check pair of those before them."""
    if len(data) < PAIR:
        return Fault("too_short_for_check_pair", 0, len(data), "is too short to have a check pair")
    payload, pair = data[:-PAIR], data[-PAIR:]
    if len(payload) > MAX_PAIR_PAYLOAD:
        return Fault("too_long_for_check_pair_implementation", 0, len(data), "is too long for a check pair")
    fault = cset82(payload)
    if fault:
        return fault
    expected = check_pair(payload)
    if pair == expected:
        return None
    return Fault("incorrect_check_pair", len(payload), PAIR, f"has check pair {pair!r}, which should be {expected}")


def company_prefix(data: str, start: int) -> Fault | None:
    """Room and digits for the shortest company prefix; which are licensed only GS1's register knows."""
    prefix = data[start : start + SHORTEST_PREFIX]
    if len(prefix) < SHORTEST_PREFIX:
        return Fault("too_short_for_gcp", 0, len(data), "is too short for a GS1 Company Prefix")
    if set(prefix) <= DIGITS:
        return None
    return Fault("invalid_gcp_prefix", start, SHORTEST_PREFIX, "has no GS1 Company Prefix (4 digits or more)")


def gcppos1(data: str) -> Fault | None:
    """The company prefix begins at the first character."""
    return company_prefix(data, 0)


def gcppos2(data: str) -> Fault | None:
    """The company prefix begins at the second character."""
    return company_prefix(data, 1)
