"""Some lines are inspected by chance, nobody can foresee or bend which, and they tell the truth about all."""

from __future__ import annotations

import numpy as np
import pytest

from ledger.core.errors import InvalidInputError
from ledger.risk.lines import Identity
from ledger.risk.selection import estimated, select

SECRET = bytes(range(32))
NAMES = [Identity("TH01", f"D{number}", 1) for number in range(1_000)]
SCORES = np.random.default_rng(2).normal(size=1_000)


def test_the_budget_is_kept_and_the_rest_goes_by_score() -> None:
    chosen = select(NAMES, SCORES, 100, SECRET, 0.2)
    assert len({each.line for each in chosen}) == 100
    assert [each.by for each in chosen] == ["random"] * 20 + ["score"] * 80
    by_score = [each.line for each in chosen if each.by == "score"]
    drawn = {each.line for each in chosen if each.by == "random"}
    assert by_score == [line for line in np.argsort(-SCORES) if line not in drawn][:80]
    assert all(sorted(SCORES, reverse=True)[each.rank - 1] == SCORES[each.line] for each in chosen)


def test_the_draw_depends_on_the_secret_alone_and_not_on_order_or_scores() -> None:
    def drawn(names: list[Identity], scores: np.ndarray, secret: bytes = SECRET) -> set[Identity]:
        return {names[each.line] for each in select(names, scores, 50, secret, 0.5) if each.by == "random"}

    assert drawn(NAMES, SCORES) == drawn(NAMES[::-1], -SCORES)
    assert drawn(NAMES, SCORES) != drawn(NAMES, SCORES, b"another secret of some bytes")


def test_every_line_is_drawn_as_often_as_any_other() -> None:
    count = np.zeros(1_000)
    for number in range(150):
        for each in select(NAMES, SCORES, 100, number.to_bytes(16, "big"), 1.0):
            count[each.line] += 1
    assert abs(count[SCORES > 1].mean() - 15) < 1  # the risky are drawn no more often than one in ten
    assert abs(count.std() - (150 * 0.1 * 0.9) ** 0.5) < 0.5


def test_what_the_random_lines_tell_is_true_and_what_the_picked_tell_is_not() -> None:
    chance = np.random.default_rng(5)
    probabilities = chance.beta(1, 6, 3_000)
    truth = chance.random(3_000) < probabilities
    would = probabilities >= np.quantile(probabilities, 0.95)
    missed = truth[~would].sum() / truth.sum()
    held, names = [], [Identity("", str(number), 1) for number in range(3_000)]
    for number in range(40):
        chosen = select(names, probabilities, 600, number.to_bytes(16, "big"), 0.5)
        random = [each.line for each in chosen if each.by == "random"]
        found = estimated(probabilities[random], truth[random], would[random])
        told = (found.non_compliant, truth.mean()), (found.precision, truth[would].mean()), (found.missed, missed)
        held.append([each.interval.low <= true <= each.interval.high for each, true in told])
        picked = [each.line for each in chosen if each.by == "score"]
        assert truth[picked].mean() > 1.8 * truth.mean()  # which is what a model sees that picked its own lines
        assert abs(found.said - probabilities.mean()) < 0.03
    assert (np.mean(held, axis=0) >= 0.85).all()  # of intervals that hold 19 times in 20


def test_one_line_at_least_is_drawn() -> None:
    assert [each.by for each in select(NAMES, SCORES, 3, SECRET, 0.01)] == ["random", "score", "score"]


def test_nothing_drawn_tells_nothing() -> None:
    found = estimated(np.array([]), np.array([], dtype=bool), np.array([], dtype=bool))
    assert found.non_compliant.interval == (0.0, 1.0)
    assert np.isnan(found.said)


@pytest.mark.parametrize(
    ("budget", "share", "secret", "field"),
    [
        (0, 0.1, SECRET, "budget"),
        (1_001, 0.1, SECRET, "budget"),
        (10, 0.0, SECRET, "random_share"),
        (10, 1.1, SECRET, "random_share"),
        (10, 0.1, b"too short", "secret"),
    ],
)
def test_a_draw_that_would_be_none_is_refused(budget: int, share: float, secret: bytes, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        select(NAMES, SCORES, budget, secret, share)
    assert refused.value.field == field
