"""The unit tests of GS1's own syntax engine, as data. `^` stands for FNC1 in its raw strings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import digital_link, parse_code
from ledger.core.gs1.bracketed import read_bracketed
from ledger.core.gs1.element_string import joined, read_element_string
from ledger.core.gs1.percent import decoded, encoded
from ledger.core.gs1.recognise import recognise
from ledger.core.gs1.traced import traced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date
    from typing import Any

    from ledger.core.gs1.values import Element
    from tests.core.gs1.conftest import Tally, Vectors

UNKNOWN_AIS = "an engine switched to let unknown identifiers pass; ours knows no such switch"
SHORT_NAMES = "an engine switched to accept the withdrawn short names; ours refuses them by name"
ZERO_SUPPRESSED = "an engine switched to accept GTINs of less than 14 digits in links; ours refuses them"
NOT_GS1 = "plain data that the engine passes through; it is no GS1 code, so that it is refused"
SPELLING = {"COUPON_INVALID_EXIPIRATION_DATE": "COUPON_INVALID_EXPIRATION_DATE"}  # spelt so in the reference
SWITCHES = {
    "PermitUnknownAIs": UNKNOWN_AIS,
    "permitConvenienceAlphas": SHORT_NAMES,
    "PermitZeroSuppressedGTINinDLuris": ZERO_SUPPRESSED,
}


def cases(vectors: Vectors, name: str) -> Iterator[dict[str, Any]]:
    yield from vectors(f"engine_vectors/{name}.json")["cases"]


def attempt(read: Callable[[], str]) -> str:
    """Give what was read, or "" for a refusal, as the vectors do."""
    try:
        return read()
    except InvalidCodeError:
        return ""


def raw(elements: Iterable[Element]) -> str:
    return "^" + joined(elements).replace("\x1d", "^")


def switch(case: dict[str, Any]) -> str | None:
    """Give the reason why a case that is only valid under one of the engine's switches is excepted."""
    if not case["valid"]:
        return None
    return next((reason for name, reason in SWITCHES.items() if case.get("options", {}).get(name)), None)


def test_bracketed_text_becomes_the_same_element_string(vectors: Vectors, tally: Tally) -> None:
    for case in cases(vectors, "bracketed_to_raw"):
        found = attempt(lambda text=case["bracketed"]: raw(read_bracketed(traced(text))))  # type: ignore[misc]  # mypy infers no lambda with a default
        tally.count(found == case["expected"], case)
    tally.check(27)


def test_element_strings_are_valid_or_not_as_the_engine_says(vectors: Vectors, tally: Tally, today: date) -> None:
    for case in cases(vectors, "raw_element_string_validity"):
        text = case["raw"]
        try:
            if text.startswith("^"):
                read_element_string(traced(text.replace("^", "\x1d")))
            else:
                parse_code(text, today=today)
            valid = True
        except InvalidCodeError:
            valid = False
        tally.count(valid == case["valid"], case)
    tally.check(79)


def test_each_identifier_reports_the_engines_error(vectors: Vectors, tally: Tally) -> None:
    for case in cases(vectors, "linter_errors_by_ai"):
        try:
            read_bracketed(traced(case["bracketed"]))
            error = "OK"
        except InvalidCodeError as refused:
            error = str(refused.evidence["rule"]).upper()
        tally.count(error == SPELLING.get(case["error"], case["error"]), case)
    tally.check(99)


def test_associations_of_identifiers_are_judged_as_the_engine_does(vectors: Vectors, tally: Tally, today: date) -> None:
    for case in cases(vectors, "ai_association_rules"):
        try:
            parse_code(case["bracketed"], today=today)
            valid = True
        except InvalidCodeError:
            valid = False
        # All of this file ran under the switch; only a case with an unknown identifier depends on it.
        tally.count(
            valid == case["valid"], case, UNKNOWN_AIS if case["valid"] and "(89)" in case["bracketed"] else None
        )
    tally.check(76, {UNKNOWN_AIS: 1})


def test_links_become_the_same_element_string(vectors: Vectors, tally: Tally, today: date) -> None:
    for case in cases(vectors, "digital_link_to_raw"):
        text = case["uri"]
        found = attempt(lambda text=text: raw(recognise(text).elements))  # type: ignore[misc]  # mypy infers no lambda with a default
        assert bool(found) == bool(attempt(lambda text=text: parse_code(text, today=today).form))  # type: ignore[misc]  # mypy infers no lambda with a default
        tally.count(found == case["expected"], case, switch(case))
    tally.check(103, {SHORT_NAMES: 3, ZERO_SUPPRESSED: 11, UNKNOWN_AIS: 1})


def test_elements_become_the_same_link(vectors: Vectors, tally: Tally) -> None:
    for case in cases(vectors, "bracketed_to_digital_link"):

        def write(case: dict[str, Any] = case) -> str:
            pairs = [(element.ai.code, element.value.text) for element in read_bracketed(traced(case["bracketed"]))]
            return digital_link(pairs, case["stem"] or "id.gs1.org")

        tally.count(attempt(write) == case["expected"], case, switch(case))
    tally.check(21, {UNKNOWN_AIS: 1})


def test_percent_coding_is_undone_as_the_engine_does(vectors: Vectors, tally: Tally) -> None:
    for case in cases(vectors, "dl_percent_decode"):
        text = traced(case["escaped"])
        found = (decoded(text, query=False).text, decoded(text, query=True).text)
        tally.count(found == (case["expected_path"], case["expected_query"]), case)
    tally.check(21)


def test_percent_coding_is_done_as_the_engine_does(vectors: Vectors, tally: Tally) -> None:
    for case in cases(vectors, "dl_percent_encode"):
        found = (encoded(case["raw"], query=False), encoded(case["raw"], query=True))
        tally.count(found == (case["expected_path"], case["expected_query"]), case)
    tally.check(10)


def is_plain(data: str) -> bool:
    """Tell whether a symbol's data are neither elements nor a link in a scheme that GS1 allows."""
    return not data.startswith(("^", "http://", "https://", "HTTP://", "HTTPS://")) and not data[:8].isdigit()


def as_data(scan: str) -> str:
    """Write what was recognised in the engine's form: a link unchanged, a GTIN as its digits, elements with FNC1."""
    reading = recognise(scan)
    if reading.form == "digital_link":
        return scan[3:]
    if scan.startswith("]E"):
        digits = scan[3:].partition("|")[0]
        above = reading.elements[1:]
        return digits + ("|" + raw(above) if above else "")
    return raw(reading.elements)


def test_scans_are_understood_as_the_engine_does(vectors: Vectors, tally: Tally) -> None:
    for case in cases(vectors, "scan_to_data"):
        found = attempt(lambda text=case["scan"]: as_data(text))  # type: ignore[misc]  # mypy infers no lambda with a default
        plain = case["valid"] and is_plain(case["expected_data"])
        agrees = not plain and found == case["expected_data"]
        tally.count(agrees, case, NOT_GS1 if plain and not found else None)
    tally.check(41, {NOT_GS1: 13})


def test_scans_that_the_engine_writes_are_read_back(vectors: Vectors, tally: Tally) -> None:
    nothing = "the engine writes no scan for these data, so that there is nothing to read"
    for case in cases(vectors, "data_to_scan"):
        scan, data = case["expected_scan"], case["data"]
        if scan is None:
            tally.count(False, case, nothing)
            continue
        found = attempt(lambda scan=scan: raw(recognise(scan).elements))  # type: ignore[misc]  # mypy infers no lambda with a default
        plain = is_plain(data)
        linear, _, composite = data.partition("|")
        linear = linear if linear.startswith("^") else f"^01{gtin14_of(linear)}"
        separator = "^" if composite and not fixed_end(linear) else ""
        expected = linear.rstrip("^") + separator + composite.lstrip("^")
        tally.count(not plain and found == expected, case, NOT_GS1 if plain and not found else None)
    tally.check(25, {NOT_GS1: 10, nothing: 10})


def gtin14_of(digits: str) -> str:
    """Complete the one datum whose check digit the engine was told to add, and pad to 14 digits."""
    return f"{digits + '0' if digits == '211234567890' else digits:0>14}"


def fixed_end(linear: str) -> bool:
    """Tell whether raw data end with a value of predefined length: here a GTIN alone, or a production date."""
    return len(linear) == len("^0112345678901231") or linear.endswith("^11991225")
