"""docs/gs1.md says what the code does: its examples are read, and no rule is missing."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from ledger.core.errors import InvalidCodeError
from ledger.core.gs1 import parse_code
from ledger.core.gs1.dictionary import RELEASE
from ledger.core.gs1.layouts import LAYOUTS

CHECKOUT = Path(__file__).parents[3]
PACKAGE = CHECKOUT / "ledger" / "core" / "gs1"
TEXT = (CHECKOUT / "docs" / "gs1.md").read_text(encoding="utf-8")
TODAY = date(2026, 3, 1)


def examples(heading: str) -> list[str]:
    """Give the code in the second column of the table under a heading."""
    table = TEXT.partition(heading)[2].partition("\n\n")[2].partition("\n\n")[0]
    return re.findall(r"^\|[^|]+\| `([^`]+)`", table, re.MULTILINE)


def test_every_example_of_a_form_is_read() -> None:
    found = [parse_code(text, today=TODAY) for text in examples("## What can be scanned or typed")]
    assert [code.form for code in found] == ["digital_link", *["element_string"] * 2, "bracketed", "gtin", "sscc"]
    canonical = TEXT.partition("Written with `␝` for GS:")[2].split("```")[1].strip()
    assert {code.canonical for code in found[:4]} == {canonical.replace("␝", "\x1d")}


def test_every_rule_that_is_no_linters_is_explained() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.py"))
    rules = set(re.findall(r'refusal\(\s*"(\w+)"', sources)) | {"foreign_digit", "look_alike", "foreign_character"}
    rules |= {"value_too_short", "value_too_long"}
    rules -= {"illegal_day", "non_digit_character"}  # the linters' names, used again
    assert len(rules) > 20
    assert not [rule for rule in rules if f"`{rule}`" not in TEXT]


def test_every_layout_and_the_release_are_named() -> None:
    assert RELEASE in TEXT
    assert not [name for name in LAYOUTS if name.split()[0] not in TEXT]


@pytest.mark.parametrize("damaged", ["àç(éà&é\"'(-è__", "httpsÖ--lotproof.example-01-09520123456788"])
def test_the_examples_of_keyboard_damage_are_refused_as_such(damaged: str) -> None:
    assert damaged[:8] in TEXT
    with pytest.raises(InvalidCodeError) as caught:
        parse_code(damaged, today=TODAY)
    assert caught.value.evidence["rule"] == "keyboard_layout"
