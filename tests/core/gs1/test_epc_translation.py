"""Links of the OpenEPCIS translator's tests. It turns links into EPC URNs, which Lotproof neither reads nor writes.

Its validators differ from the standard's syntax, each time an exception with its reason here: they are told the length
of the company prefix, some do not judge check digits or content, and some take characters that no URI may contain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1.recognise import recognise

if TYPE_CHECKING:
    from typing import Any

    from tests.core.gs1.conftest import Tally, Vectors

URN = "an EPC URN, which is another notation and no GS1 code on a pack"
PREFIX_LENGTH = "judges the company prefix, or its length given beside the link, which a link does not carry"
NO_CHECK_DIGIT = "a validator without context, which does not judge check digits"
NOT_A_URI = "has characters that RFC 3986 excludes from every URI unless percent-coded"
SLASH = "has a slash inside a value, which must be percent-coded"
LETTERS_IN_PREFIX = "asks more digits of the company prefix than its shortest four"
PIECES = "does not compare the piece with the number of pieces"
FRAGMENT = "reads a # as part of the value; in a link it begins a fragment, which is no part of the code"
TOO_LONG = "a GIAI of 31 characters; the General Specifications allow 30"

# The links that no pattern below explains.
BY_HAND = {
    "https://id.gs1.org/8010/30056867890#1294-5A/8011/4893": FRAGMENT,
    "https://id.gs1.org/8010/4748374/23748#94//8011/94304": SLASH,
    "https://id.gs1.org/8010/8585885039434/38": SLASH,
    "https://id.gs1.org/8010/6282274234748947//8011/94304": SLASH,
    "https://id.gs1.org/01/74778478489849/10//777474": SLASH,
    "https://id.gs1.org/01/49557283728732/10//8484892%": SLASH,
    "https://id.gs1.org/401/12345678A012": LETTERS_IN_PREFIX,
    "https://id.gs1.org/8010/12345678901234A/8011/1111": PREFIX_LENGTH,
    "https://id.gs1.org/8006/349349439943004039": PIECES,
    "https://id.gs1.org/8004/42512183.SENSOR.TR-07-AVE-583:1": TOO_LONG,
}


def rule_of(link: str) -> str | None:
    """Give the slug of the rule that refuses a link, None if it is accepted."""
    try:
        recognise(link)
    except InvalidCodeError as error:
        return str(error.evidence["rule"])
    return None


def why(case: dict[str, Any], link: str, rule: str | None) -> str | None:
    """Give the reason why the translator and the standard differ about a link."""
    if link in BY_HAND:
        return BY_HAND[link]
    if rule is None:
        return PREFIX_LENGTH if case["gcp_length"] else None
    if rule == "invalid_uri_character":
        return NOT_A_URI if any(character in '"<>^`{|}' for character in link) else None
    without_context = rule == "incorrect_check_digit" and not case.get("with_context")
    return NO_CHECK_DIGIT if without_context else None


def test_links_of_the_identifier_validators_are_valid_or_not(vectors: Vectors, tally: Tally) -> None:
    for case in vectors("epc_translation/identifier_validity.json")["cases"]:
        link = case["input"]
        if link.startswith("urn"):
            tally.count(False, case, URN)
            continue
        rule = rule_of(link)
        agrees = (rule is None) == case["valid"]
        tally.count(agrees, case, None if agrees else why(case, link, rule))
    tally.check(
        224,
        {URN: 223, NO_CHECK_DIGIT: 47, PREFIX_LENGTH: 18, NOT_A_URI: 14, SLASH: 4, FRAGMENT: 1, LETTERS_IN_PREFIX: 1},
    )


def test_links_of_the_conversions_are_valid_or_not(vectors: Vectors, tally: Tally) -> None:
    conversions = vectors("epc_translation/urn_digital_link_conversion.json")
    for case in conversions["positive"]:
        link = case["expected"] if case["input"].startswith("urn") else case["input"]
        rule = rule_of(link)
        tally.count(rule is None, case, None if rule is None else why(case, link, rule))
    for case in conversions["negative"]:
        if case["input"].startswith("urn"):
            tally.count(False, case, URN)
            continue
        rule = rule_of(case["input"])
        tally.count(rule is not None, case, None if rule else why(case, case["input"], rule))
    tally.check(
        243,
        {
            URN: 131,
            NOT_A_URI: 23,
            PREFIX_LENGTH: 16,
            NO_CHECK_DIGIT: 7,
            SLASH: 3,
            LETTERS_IN_PREFIX: 1,
            PIECES: 1,
            TOO_LONG: 1,
        },
    )
