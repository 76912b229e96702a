"""Searches are remembered and rationed, and what is put off is neither good nor suspect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.core import label_repair, label_search
from ledger.core.label_repair import Repair
from ledger.core.label_search import AT_ONCE, PUT_OFF, SECONDS_EACH, LabelSearch
from tests.core.batch_story import NOON
from tests.core.label_story import ANOTHER, MAKERS, UNIT, changed

if TYPE_CHECKING:
    from ledger.core.label_signature import Label

KNOWN = [MAKERS.signer]


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[Label]:
    """The labels of which every character was searched; none is found to be misread."""
    labels: list[Label] = []
    monkeypatch.setattr(label_repair, "exhaustive", lambda label, _signer: labels.append(label))
    return labels


def forged(number: int) -> Label:
    other = MAKERS.label([*UNIT[:3], ("21", "OTHER")])
    return MAKERS.label([*UNIT[:3], ("21", f"F{number}")])._replace(signature=other.signature)


def test_a_forged_label_is_searched_once(searched: list[Label]) -> None:
    seek = LabelSearch().at(NOON)
    assert [seek(forged(1), KNOWN) for _ in range(3)] == [None, None, None]
    assert searched == [forged(1)]


def test_a_flood_of_forged_labels_is_put_off_and_let_through_a_few_at_a_time(searched: list[Label]) -> None:
    search = LabelSearch()
    flood = [search.at(NOON)(forged(number), KNOWN) for number in range(AT_ONCE + 5)]
    assert flood == [None] * AT_ONCE + [PUT_OFF] * 5
    later = [search.at(NOON + 2 * SECONDS_EACH)(forged(AT_ONCE + number), KNOWN) for number in range(5)]
    assert later == [None] * 2 + [PUT_OFF] * 3
    earlier = search.at(NOON)(forged(AT_ONCE + 4), KNOWN)  # a clock that goes back gives nothing away
    assert (earlier, len(searched)) == (PUT_OFF, AT_ONCE + 2)


def test_what_is_cheap_to_find_is_not_rationed(searched: list[Label]) -> None:
    search = LabelSearch()
    for number in range(AT_ONCE + 5):
        search.at(NOON)(forged(number), KNOWN)
    label = MAKERS.label()
    swapped = label._replace(
        elements=tuple((ai, value.swapcase()) for ai, value in label.elements),
        key=label.key.swapcase(),
        signature=label.signature.swapcase(),
    )
    expected = Repair("Capitals and small letters are swapped: Caps Lock was on while scanning.")
    assert search.at(NOON)(swapped, KNOWN) == expected
    assert search.at(NOON)(forged(0), [ANOTHER.signer]) is None
    lower = label._replace(elements=tuple(changed(list(label.elements), "10", "ab12")))
    assert search.at(NOON)(lower, KNOWN) == Repair("Capitals and small letters are confused in the lot.", "10")
    assert len(searched) == AT_ONCE


def test_what_was_found_is_remembered_up_to_a_bound(searched: list[Label], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_search, "REMEMBERED", 2)
    search = LabelSearch()
    for number in (1, 2, 3, 3, 1):
        search.at(NOON)(forged(number), KNOWN)
    assert searched == [forged(1), forged(2), forged(3), forged(1)]
