"""What a label says: by the rules for the first, by substitution for the rest, and the same."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import bracketed, digital_link, parse_code
from ledger.core.gs1.lint.charsets import CSET82_ORDER
from ledger.label import content
from tests.label.runs import BATCH, HOST, signed

SERIALS = st.text(alphabet=CSET82_ORDER, min_size=1, max_size=20)
INTERNAL = st.text(alphabet=CSET82_ORDER, min_size=1, max_size=90)


@given(SERIALS, SERIALS, INTERNAL, INTERNAL, SERIALS)
def test_every_label_of_a_run_is_worded_as_the_rules_word_it(
    first: str, serial: str, key: str, signature: str, lot: str
) -> None:
    sample = [("01", "00359267102522"), ("10", lot), ("17", "280531"), ("21", first), ("91", "k"), ("92", "s")]
    other = [*sample[:3], ("21", serial), ("91", key), ("92", signature)]
    assert content.link_wording(sample, HOST).text(other) == digital_link(other, HOST)
    assert content.bracketed_wording(sample).text(other) == bracketed(other)


def test_a_lot_that_looks_like_a_place_for_the_serial_number_stays_what_it_is() -> None:
    sample = [("01", "00359267102522"), ("10", "x21x0xx91x0x"), ("21", "A")]
    wording = content.link_wording(sample, HOST)
    assert wording.text([*sample[:2], ("21", "B")]) == f"https://{HOST}/01/00359267102522/10/x21x0xx91x0x/21/B"


def test_labels_without_anything_that_changes_all_say_the_same() -> None:
    assert content.link_wording(BATCH, HOST).text(BATCH) == digital_link(BATCH, HOST)


def test_people_are_not_shown_key_and_signature() -> None:
    lines = content.human_readable(signed([*BATCH, ("21", "A(1)")]))
    assert lines == ["(01) 00359267102522", "(10) PB26K017", "(17) 280531", "(21) A(1)"]


def test_a_malformed_lot_is_refused_before_anything_is_worded() -> None:
    with pytest.raises(InvalidCodeError, match="BATCH/LOT"):
        content.link_wording([("01", "00359267102522"), ("10", "A B")], HOST)


def test_what_is_of_fixed_length_goes_first_into_a_gs1_symbol() -> None:
    ordered = content.in_symbol_order([*BATCH, ("21", "A")])
    assert [ai for ai, _ in ordered] == ["01", "17", "10", "21"]


def test_what_a_scanner_sends_is_read_as_what_was_to_be_said() -> None:

    elements = signed([*BATCH, ("21", "A1")])
    for sent in (content.scanned_link(elements, HOST), content.scanned_string(elements)):
        code = parse_code(sent, today=date(2026, 5, 1), hosts=[HOST])
        assert dict(code.elements) == dict(elements)
