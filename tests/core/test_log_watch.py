"""A log that was rewritten, forked, shortened, or that dropped an event is caught by whoever looks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import facts
from ledger.core.errors import ContradictionError
from ledger.core.log_tree import added, consistency_proof, inclusion_proof, leaf_hash, root, roots_of
from ledger.core.log_watch import Head, Receipt, require_anchored, require_continued, require_kept


class Keeper:
    """Keeps a log of numbers; may put others into it."""

    def __init__(self, size: int, lie: int | None = None) -> None:
        self.leaves = [leaf_hash(b"lie" if number == lie else b"%d" % number) for number in range(size)]
        self.stored: dict[tuple[int, int], bytes] = {}
        for index, leaf in enumerate(self.leaves):
            for level, position, hashed in added(index, leaf, self.nodes):
                self.stored[level, position] = hashed

    def nodes(self, level: int, position: int) -> bytes:
        return self.stored[level, position]

    def head(self, size: int | None = None) -> Head:
        size = len(self.leaves) if size is None else size
        return Head(size, root(size, self.nodes))

    def continued(self, first: int) -> list[bytes]:
        return consistency_proof(first, len(self.leaves), self.nodes) if first else []

    def kept(self, index: int) -> list[bytes]:
        return inclusion_proof(index, len(self.leaves), self.nodes)


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_log_that_only_grew_passes(first: int, more: int) -> None:
    keeper = Keeper(first + more)
    require_continued(keeper.head(first), keeper.head(), keeper.continued(first))


@given(st.integers(1, 40), st.integers(0, 40), st.data())
def test_a_log_that_was_rewritten_or_forked_is_caught(first: int, more: int, data: st.DataObject) -> None:
    lie = data.draw(st.integers(0, first - 1))
    forked = Keeper(first + more, lie)
    with pytest.raises(ContradictionError, match="was rewritten"):
        require_continued(Keeper(first).head(), forked.head(), forked.continued(first))


def test_a_log_that_was_shortened_is_caught() -> None:
    with pytest.raises(ContradictionError, match="had 5 events when it was anchored, and the server shows 4") as caught:
        require_continued(Keeper(5).head(), Keeper(4).head(), [])
    assert caught.value.advice


@given(st.integers(1, 40), st.data())
def test_an_event_that_was_dropped_or_replaced_is_caught(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    honest, lying = Keeper(size), Keeper(size, index)
    receipt = Receipt(b"d" * 32, index, honest.leaves[index])
    require_kept(receipt, honest.head(), honest.kept(index))
    with pytest.raises(ContradictionError, match="is not in the log"):
        require_kept(receipt, lying.head(), lying.kept(index))
    with pytest.raises(ContradictionError, match=f"event {size}"):
        require_kept(Receipt(b"d" * 32, size, honest.leaves[index]), honest.head(), [])


def anchors(counts: list[int]) -> list[facts.Anchor]:
    roots = roots_of(Keeper(max(counts, default=0)).leaves, counts)
    return [
        facts.Anchor(bytes([at]) * 32, 4, count, roots[count], b"", b"", facts.Recorded(10 + at, 0, 0, b""))
        for at, count in enumerate(counts)
    ]


def test_an_auditor_finds_every_anchor_in_the_log() -> None:
    assert require_anchored(Keeper(9).leaves, anchors([2, 5, 8])) == 8
    assert require_anchored(Keeper(9).leaves, []) == 0


@pytest.mark.parametrize("lie", range(5))
def test_an_auditor_finds_the_first_anchor_that_a_rewritten_log_does_not_fit(lie: int) -> None:
    with pytest.raises(ContradictionError, match="is another at that size") as caught:
        require_anchored(Keeper(9, lie).leaves, anchors([2, 5, 8]))
    assert caught.value.evidence["block"] == (10 if lie < 2 else 11)


def test_an_auditor_finds_that_a_log_was_shortened() -> None:
    with pytest.raises(ContradictionError, match="Block 12 anchors 8 events; the log that is shown has fewer"):
        require_anchored(Keeper(7).leaves, anchors([2, 5, 8]))
