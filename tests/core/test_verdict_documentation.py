"""docs/verdicts.md tells every word, reason and check as the code has them."""

from __future__ import annotations

import re
from pathlib import Path

from ledger.core.check import NUMBERS
from ledger.core.verdict import FRESH_BLOCKS, FRESH_SECONDS
from ledger.core.wording import REASONS, UNREADABLE_HEADLINES

PAGE = (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text(encoding="utf-8")
CHECK = re.compile(r"^\| (\d+) \| `(\w+)` \|", re.MULTILINE)
REASON = re.compile(r"^\| `(\w+)` \| `(\w+)` \|", re.MULTILINE)
WORD = re.compile(r"^\| `(\w+)` \| (?!`)", re.MULTILINE)


def test_every_check_is_told_with_its_number() -> None:
    assert CHECK.findall(PAGE) == [(str(number), name) for name, number in NUMBERS.items()]


def test_every_reason_is_told_with_its_word_in_order_of_precedence() -> None:
    assert REASON.findall(PAGE) == [(name, reason.verdict) for name, reason in REASONS.items()]


def test_every_word_is_told() -> None:
    assert set(WORD.findall(PAGE)) == {reason.verdict for reason in REASONS.values()} | {"unreadable"}


def test_every_reason_stands_beside_a_check_that_can_give_it() -> None:
    rows = [line for line in PAGE.splitlines() if CHECK.match(line)]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row.rsplit("|", 2)[1])}
    assert set(REASONS) - {"verified"} == told - {"unreadable"}


def test_the_bounds_of_freshness_and_the_rules_with_words_of_their_own_are_told() -> None:
    assert f"{FRESH_BLOCKS} blocks, {FRESH_SECONDS} seconds" in PAGE
    assert all(f"`{rule}`" in PAGE for rule in UNREADABLE_HEADLINES)
