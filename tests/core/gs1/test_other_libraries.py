"""The parameter sets of biip and of the older Digital Link toolkit, both lenient where the standard is not."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import check_digit, digital_link, element_string, gln13, gs1_date, gtin14, parse_code, sscc18
from ledger.core.gs1.element_string import read_element_string
from ledger.core.gs1.traced import traced

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.core.gs1.conftest import Tally, Vectors

Case = dict[str, Any]
JANUARY = date(2026, 1, 1)  # the day that biip's tests count centuries from

SHORT_GTIN = "a GTIN of less than 14 digits in a link, which the standard no longer allows"
UNVERIFIED = "biip was told not to verify dates"
NO_CHECK_DIGIT = "biip does not judge the check digit of AI 8003"
NO_TIME = "biip reads the time 9999 as none; the dictionary's linter refuses it"
OTHER_SEPARATOR = "biip was told to take | for a separator; ours takes only those listed in docs/gs1.md"
DOUBLE_SEPARATOR = "two separators in a row, with no element between them"
UPC_E = "a UPC-E of six digits, which must be expanded before it is a GTIN"
MARKED_LINK = "a link marked as an element string (]Q3), with a GTIN of 12 digits"
MISALIGNED = "the extraction has 27 verdicts for 30 links, so that it cannot be told which belongs to which"
COMPRESSED = "the compressed form of a prototype, withdrawn by GS1"
NO_VERDICT = "the case tests something else and states no verdict on the link"

BIIP_EXCEPTIONS = {
    "https://example.com/foo/01/614141123452": SHORT_GTIN,
    "https://id.gs1.org/01/614141123452?15=000000": SHORT_GTIN,
    "15000000": UNVERIFIED,
    "800307071324001022085952": NO_CHECK_DIGIT,
    "43240701029999": NO_TIME,
    "43250701029999": NO_TIME,
    "0107032069804988100329|15210526": OTHER_SEPARATOR,
    "0107032069804988100329|2112345\x1d15210526": OTHER_SEPARATOR,
    "0107032069804988100329\x1d\x1d15210526": DOUBLE_SEPARATOR,
    "425261": UPC_E,
    "]Q3https://example.com/01/614141123452/10/ABC123?15=250330": MARKED_LINK,
}

# Parameter sets that test what Lotproof does not do: regional variable-measure numbers, prefixes, UPC-E, printing with
# spaces, picking values out of parsed objects, decimals and currencies.
OUTSIDE = (
    "tests/rcn/", "tests/upc/", "tests/test_gs1_prefixes.py", "tests/test_symbology.py", "_as_gtin_8", "_as_gtin_12",
    "_as_gtin_13", "price_weight", "by_ai", "by_data_title", "as_hri", "from_element_strings", "variable_measures",
    "amount", "percentage_discount", "unknown_gs1_ai", "extract_gs1_ai", "as_gs1_message", "as_canonical_uri",
    "test_as_uri",
)  # fmt: skip


def refused(read: Callable[[], object]) -> bool:
    try:
        read()
    except InvalidCodeError:
        return True
    return False


def elements_of(text: str) -> list[tuple[str, str]]:
    return [(element.ai.code, element.value.text) for element in read_element_string(traced(text))]


def expected_elements(parsed: Case) -> list[tuple[str, str]]:
    return [(one["ai"]["ai"], one["value"]) for one in parsed["element_strings"]]


def as_gtin_14(case: Case) -> bool:
    return gtin14(case["value"]) == case["expected"]


def gtin(case: Case) -> bool:
    return gtin14(case["value"]) == case["value"].zfill(14)


def agrees_on_check_digit(case: Case) -> bool:
    return check_digit(case["value"]) == case["expected"]


def message(case: Case) -> bool:
    return elements_of(case["value"]) == expected_elements(case["expected"])


def element(case: Case) -> bool:
    return elements_of(case["value"]) == [(case["expected"]["ai"]["ai"], case["expected"]["value"])]


def link(case: Case) -> bool:
    return list(parse_code(case["value"], today=JANUARY).elements) == expected_elements(case["expected"])


def refuses(read: Callable[[str], object]) -> Callable[[Case], bool]:
    """Make a check that ours refuses the case's value too."""
    return lambda case: refused(lambda: read(case["value"]))


def refuses_bad_value(case: Case) -> bool:
    """In biip's tests a bad value stands with its identifier or without."""
    value, ai = case["bad_value"], case["ai_code"]
    return refused(lambda: elements_of(value if value.startswith(ai) else ai + value))


def read_any(text: str) -> object:
    return parse_code(text, today=JANUARY)


def read_link(text: str) -> object:
    code = parse_code(text, today=JANUARY)
    return code if code.form == "digital_link" else gln13("")


def hri(case: Case) -> bool:
    return "".join(f"({ai}){value}" for ai, value in elements_of(case["value"])) == case["expected_hri"]


def date_value(case: Case) -> bool:
    text = elements_of(case["value"])[0][1][:6]
    return gs1_date(text, JANUARY).isoformat() == case["expected_date"]


def last_day(case: Case) -> bool:
    return gs1_date(elements_of(case["value"])[0][1], JANUARY).isoformat() == case["expected"]


def window(case: Case) -> bool:
    return gs1_date(elements_of(case["value"])[0][1], JANUARY).isoformat() == case["expected"]["date"]


def parse_hri(case: Case) -> bool:
    """Biip reads these without judging associations, so that a GTIN is put in front before writing."""
    pairs = expected_elements(case["expected"])
    written = "".join(f"({ai}){value}" for ai, value in pairs)
    with_gtin = [("01", "07032069804988"), *pairs]
    return written == case["value"] and element_string(with_gtin) == "0107032069804988" + case["expected"]["value"]


def as_link(case: Case) -> bool:
    return digital_link(elements_of(case["value"]), "id.gs1.org") == case["expected"]


def any_form(case: Case) -> bool:
    """Compare GTIN or SSCC as biip's universal parser found them; where it found neither, ours must refuse."""
    expected = case["expected"]
    gtin, sscc = (expected.get("gtin") or {}).get("value"), (expected.get("sscc") or {}).get("value")
    if not gtin and not sscc:
        return refused(lambda: read_any(case["value"]))
    code = parse_code(case["value"], today=JANUARY)
    return (code.gtin, code.sscc) == (gtin and gtin.zfill(14), sscc)


CHECKS: dict[str, Callable[[Case], bool]] = {
    "tests/gtin/test_encode.py::test_as_gtin_14": as_gtin_14,
    "tests/gtin/test_parse.py::test_parse_nonnumeric_value": refuses(gtin14),
    "tests/gtin/test_parse.py::test_parse_gtin_8": gtin,
    "tests/gtin/test_parse.py::test_parse_gtin_8_with_leading_zeros": gtin,
    "tests/gtin/test_parse.py::test_parse_gtin_12_without_leading_zero": gtin,
    "tests/gtin/test_parse.py::test_parse_gtin_12_with_1_leading_zero": gtin,
    "tests/gtin/test_parse.py::test_parse_gtin_12_with_2_leading_zero": gtin,
    "tests/gtin/test_parse.py::test_parse_gtin_12_with_3_leading_zero": gtin,
    "tests/gtin/test_parse.py::test_parse_gtin_13": gtin,
    "tests/test_checksums.py::test_gs1_standard_check_digit_with_nonnumeric_value": refuses(check_digit),
    "tests/test_checksums.py::test_gs1_standard_check_digit": agrees_on_check_digit,
    "tests/test_gln.py::test_parse_nonnumeric_value": refuses(gln13),
    "tests/test_sscc.py::test_parse_nonnumeric_value": refuses(sscc18),
    "tests/test_gs1_digital_link_uris.py::test_parse": link,
    "tests/test_gs1_digital_link_uris.py::test_parse_with_invalid_element_values": link,
    "tests/test_gs1_digital_link_uris.py::test_parse_error": refuses(read_link),
    "tests/test_gs1_element_strings.py::test_extract": element,
    "tests/test_gs1_element_strings.py::test_extract_with_nested_error": refuses(elements_of),
    "tests/test_gs1_element_strings.py::test_extract_fails_when_not_matching_pattern": refuses_bad_value,
    "tests/test_gs1_element_strings.py::test_extract_date_and_datetime": date_value,
    "tests/test_gs1_element_strings.py::test_extract_fails_with_invalid_date": refuses_bad_value,
    "tests/test_gs1_element_strings.py::test_extract_handles_min_and_max_year_correctly": window,
    "tests/test_gs1_element_strings.py::test_extract_handles_zero_day_as_last_day_of_month": last_day,
    "tests/test_gs1_messages.py::test_parse": message,
    "tests/test_gs1_messages.py::test_parse_with_separator_char": hri,
    "tests/test_gs1_messages.py::test_parse_with_invalid_element_values": message,
    "tests/test_gs1_messages.py::test_parse_fails_if_unparsed_data_left": refuses(elements_of),
    "tests/test_gs1_messages.py::test_parse_ignores_redundant_separator_chars": hri,
    "tests/test_gs1_messages.py::test_parse_hri": parse_hri,
    "tests/test_gs1_messages.py::test_parse_hri_fails_if_not_starting_with_parenthesis": refuses(read_any),
    "tests/test_gs1_messages.py::test_parse_hri_fails_if_no_pattern_matches": refuses(read_any),
    "tests/test_gs1_messages.py::test_parse_hri_fails_if_ai_is_unknown": refuses(read_any),
    "tests/test_gs1_messages.py::test_as_gs1_digital_link_uri": as_link,
    "tests/test_parse.py::test_parse": any_form,
}


def test_biips_parameters_agree(vectors: Vectors, tally: Tally) -> None:
    used = set()
    for name, cases in vectors("biip_test_params.json")["tests"].items():
        if any(part in name for part in OUTSIDE):
            continue
        used.add(name)
        for case in cases:
            try:
                agrees = CHECKS[name](case)
            except InvalidCodeError:
                agrees = False
            tally.count(agrees, case, None if agrees else BIIP_EXCEPTIONS.get(case.get("value", "")))
    assert used == set(CHECKS)
    tally.check(
        133,
        {
            SHORT_GTIN: 2,
            NO_CHECK_DIGIT: 2,
            NO_TIME: 2,
            OTHER_SEPARATOR: 2,
            UNVERIFIED: 1,
            DOUBLE_SEPARATOR: 1,
            UPC_E: 1,
            MARKED_LINK: 1,
        },
    )


def verdicts(case: Case) -> list[tuple[str, bool | None]]:
    """Pair each link of a case with the toolkit's verdict, None where it states none."""
    stated = case["isValid"]
    return [(link, stated[0] if len(stated) == 1 else None) for link in case["uris"]]


def why_not(link: str, valid: bool | None, case: Case) -> str | None:
    """Give the reason why a link of the toolkit is no vector for us."""
    if valid is None:
        return MISALIGNED if case["isValid"] else NO_VERDICT
    if "dlnkd.tn.gg" in link:
        return COMPRESSED
    return SHORT_GTIN if valid and len(link.rpartition("/")[2]) < len("01234567890128") else None


def test_links_of_the_older_toolkit_are_valid_or_not(vectors: Vectors, tally: Tally) -> None:
    for case in vectors("digital_link_js_cases.json")["cases"]:
        for link, valid in verdicts(case):
            agrees = valid is not None and valid != refused(lambda link=link: read_any(link))  # type: ignore[misc]  # mypy infers no lambda with a default
            tally.count(agrees, (link, valid), None if agrees else why_not(link, valid, case))
    tally.check(5, {NO_VERDICT: 14, MISALIGNED: 30, SHORT_GTIN: 3, COMPRESSED: 1})
