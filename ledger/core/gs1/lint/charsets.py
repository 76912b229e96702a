"""Which characters a value may have. GS1 General Specifications, section 7.11."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

from ledger.core.gs1.characters import named
from ledger.core.gs1.faults import Fault

Linter = Callable[[str], Fault | None]

DIGITS = frozenset(digits)
# The invariant set of ISO/IEC 646, in the order that gives each character its value (figure 7.11-1).
CSET82_ORDER = "!\"%&'()*+,-./" + digits + ":;<=>?" + ascii_uppercase + "_" + ascii_lowercase
CSET82 = frozenset(CSET82_ORDER)
CSET39 = frozenset("#-/" + digits + ascii_uppercase)
CSET64 = frozenset(ascii_letters + digits + "-_")
MAX_PADDING = 2  # characters "=" at the end of a base64url value
PADDED_BLOCK = 3  # a padded value's whole length is a multiple of this, says the reference linter


def alien(data: str, allowed: frozenset[str], rule: str, words: str) -> Fault | None:
    """Find the first character that is not allowed."""
    if allowed.issuperset(data):
        return None
    index = next(index for index, character in enumerate(data) if character not in allowed)
    return Fault(rule, index, 1, f"{words}, but has {named(data[index])}")


def csetnumeric(data: str) -> Fault | None:
    """Digits 0 to 9 only; other writing systems' digits would let two texts mean one product."""
    return alien(data, DIGITS, "non_digit_character", "takes only the digits 0 to 9")


def cset82(data: str) -> Fault | None:
    """The 82 letters, digits and signs of GS1 character set 82."""
    return alien(data, CSET82, "invalid_cset82_character", "takes only the characters of GS1 character set 82")


def cset39(data: str) -> Fault | None:
    """Digits, upper-case letters and `# - /`."""
    return alien(data, CSET39, "invalid_cset39_character", "takes only digits, upper-case letters and # - /")


def cset64(data: str) -> Fault | None:
    """The base64url alphabet with its padding, as the reference linter counts it."""
    body = data.rstrip("=")
    padding = len(data) - len(body)
    fault = alien(body, CSET64, "invalid_cset64_character", "takes only letters, digits, - and _")
    if fault or not padding:
        return fault
    if not body or padding > MAX_PADDING or len(data) % PADDED_BLOCK:
        return Fault("invalid_cset64_padding", len(body), padding, "has padding that does not fit its length")
    return None


def hasnondigit(data: str) -> Fault | None:
    """At least one character that is not a digit."""
    if data and not set(data) <= DIGITS:
        return None
    return Fault("requires_non_digit_character", 0, len(data), "needs at least one character that is not a digit")


def hyphen(data: str) -> Fault | None:
    """Hyphens only: the sign of a temperature below zero."""
    if data and not data.strip("-"):
        return None
    return Fault("not_hyphen", 0, len(data), "may only end with a hyphen")


def importeridx(data: str) -> Fault | None:
    """One character that names the importer in a tobacco identifier."""
    if len(data) != 1:
        return Fault("importer_idx_must_be_one_character", 0, len(data), "needs exactly one importer index character")
    return alien(data, CSET64, "invalid_import_idx_character", "takes only a letter, a digit, - or _ as importer index")


def pcenc(data: str) -> Fault | None:
    """Every `%` begins two hexadecimal digits."""
    for index, character in enumerate(data):
        pair = data[index + 1 : index + 3]
        if character == "%" and not (len(pair) == len("FF") and set(pair) <= frozenset("0123456789abcdefABCDEF")):
            return Fault("invalid_percent_sequence", index, 1 + len(pair), "has a % without two hexadecimal digits")
    return None
