"""Which lines to inspect with a given number of inspections, a share of them drawn at random; and what those tell.

Whoever inspects only what a model picks learns only about that, and the next model, made from it, goes blind to all
else. Lines drawn at random from *all* lines, whatever their scores, say without that bias how many non-compliant ones
there are and how many the model misses. Which lines are drawn follows from a secret: nobody can foresee it, and whoever
holds the secret can show afterwards that nobody chose.

Source: Kim, Mai et al., "Active learning for human-in-the-loop customs inspection" (arXiv:2010.14282), section 5: over
the years, a share of exploration finds more than picking by score alone.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ledger.core.errors import InvalidInputError
from ledger.risk.intervals import Interval, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.risk.lines import Identity

Numbers = NDArray[np.float64]
Truths = NDArray[np.bool_]
RANDOM_SHARE: Final = 0.1  # of the inspections, unless the administration says otherwise
LEAST_SECRET: Final = 16  # bytes
RANDOM: Final = "random"
SCORE: Final = "score"
Reason = Literal["random", "score"]


class Selected(NamedTuple):
    """A line to inspect."""

    line: int  # its index among the lines
    by: Reason  # drawn at random from all lines, or for its score
    rank: int  # among all lines by score, from 1


class Estimate(NamedTuple):
    """A rate that lines drawn at random tell."""

    hits: int
    trials: int
    interval: Interval  # 95 %


class Truthful(NamedTuple):
    """What inspections drawn at random say of all lines and of the model."""

    non_compliant: Estimate  # of all lines
    precision: Estimate  # of the lines that scores would have picked
    missed: Estimate  # of the non-compliant lines, those that scores would not have picked
    said: float  # mean probability of the lines drawn: should lie in the interval of `non_compliant`


def select(
    names: Sequence[Identity], scores: Numbers, budget: int, secret: bytes, random_share: float = RANDOM_SHARE
) -> list[Selected]:
    """Choose the lines to inspect.

    Args:
        names: What tells each line from all others, the same whenever it is asked.
        scores: A score each; higher means inspect first.
        budget: How many lines can be inspected.
        secret: At least 16 bytes that traders do not know; the same secret draws the same lines.
        random_share: The share of the budget drawn at random, above 0 and up to 1; at least one line is.

    Returns:
        The lines drawn at random, then the others by score, the highest first.

    Raises:
        InvalidInputError: The budget, the share or the secret cannot be used.
    """
    _check(len(names), budget, secret, random_share)
    order = np.argsort(-scores, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    by_draw = sorted(range(len(names)), key=lambda line: hmac.digest(secret, _key(names[line]), "sha256"))
    drawn = by_draw[: max(1, round(budget * random_share))]
    taken = set(drawn)
    rest = [int(line) for line in order if line not in taken][: budget - len(drawn)]
    return [
        *(Selected(line, "random", int(rank[line])) for line in drawn),
        *(Selected(line, "score", int(rank[line])) for line in rest),
    ]


def estimated(probabilities: Numbers, truth: Truths, picked: Truths) -> Truthful:
    """What inspections tell whose lines were drawn at random.

    Args:
        probabilities: Of these lines only, as the model gave them before they were inspected.
        truth: Whether each was found non-compliant.
        picked: Whether its score alone would have had it inspected.
    """
    return Truthful(
        _estimate(int(truth.sum()), len(truth)),
        _estimate(int(truth[picked].sum()), int(picked.sum())),
        _estimate(int(truth[~picked].sum()), int(truth.sum())),
        float(probabilities.mean()) if len(truth) else float("nan"),
    )


def _key(name: Identity) -> bytes:
    return f"{name.shipment}/{name.number}".encode()


def _estimate(hits: int, trials: int) -> Estimate:
    return Estimate(hits, trials, wilson(hits, trials))


def _check(lines: int, budget: int, secret: bytes, random_share: float) -> None:
    if not 1 <= budget <= lines:
        raise InvalidInputError(
            f"{budget:,} inspections cannot be chosen out of {lines:,} lines.",
            advice=f"Give a budget from 1 to {lines:,}.",
            field="budget",
        )
    if not 0 < random_share <= 1:
        raise InvalidInputError(
            f"The random share {random_share} is not above 0 and up to 1.",
            advice="Keep a share of random inspections, such as 0.1: without any, nobody knows what the model misses.",
            field="random_share",
        )
    if len(secret) < LEAST_SECRET:
        raise InvalidInputError(
            f"The secret has {len(secret)} bytes; at least {LEAST_SECRET} are needed, or traders can guess the draw.",
            advice="Make one with: openssl rand -hex 32",
            field="secret",
        )
