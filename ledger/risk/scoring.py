"""Scoring declaration lines: a probability each, its rank, and the reasons in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ledger.core.errors import InvalidInputError
from ledger.risk.reasons import Reason, reasons
from ledger.risk.selection import RANDOM, Truthful, estimated

if TYPE_CHECKING:
    from ledger.risk.inspected import Inspected
    from ledger.risk.lines import Identity, Lines
    from ledger.risk.metrics import Numbers
    from ledger.risk.model_files import RiskModel

PICKED: Final = 0.05  # the share of lines that scores are taken to pick, where error rates are estimated


class Scored(NamedTuple):
    """A line's score."""

    name: Identity
    probability: float  # that it is non-compliant
    rank: int  # among all lines scored, from 1
    reasons: tuple[Reason, ...]  # only of the first ranks


def score(model: RiskModel, lines: Lines, with_reasons: int = 0) -> list[Scored]:
    """Score lines; the riskiest first.

    Args:
        model: The administration's own.
        lines: With the columns that it was trained with.
        with_reasons: How many of the first are told with their reasons, which takes more time than all else.

    Raises:
        InvalidInputError: The lines lack a column.
    """
    probabilities = probabilities_of(model, lines)
    order = np.argsort(-probabilities, kind="stable")
    told = _reasons(model, lines.take(order[:with_reasons])) if with_reasons else []
    return [
        Scored(
            lines.names[line],
            float(probabilities[line]),
            rank,
            tuple(told[rank - 1]) if rank <= len(told) else (),
        )
        for rank, line in enumerate(order, start=1)
    ]


def probabilities_of(model: RiskModel, lines: Lines) -> Numbers:
    """The probability of each line, in the order of the lines.

    Raises:
        InvalidInputError: The lines lack a column.
    """
    encoder = model.made.encoder
    lacking = [name for name in encoder.categories if name not in lines.categories]
    lacking += [name for name in encoder.numbers if name not in lines.numbers]
    if lacking:
        raise InvalidInputError(
            f"The lines have no {', '.join(lacking)}, which the model was trained with.",
            advice="Add the columns, empty where there is nothing to say, or train a model without them.",
            field=lacking[0],
        )
    return model.made.probabilities(lines)


def found_at_random(model: RiskModel, known: Inspected) -> Truthful:
    """What inspections drawn at random, since the model was made, tell of it and of all lines.

    A line is taken as picked if its probability is among the first 5 % of those that the model gave when it was made.

    Raises:
        InvalidInputError: None of the inspected lines was drawn at random, or the lines lack a column.
    """
    drawn = known.selected_by == RANDOM
    if not drawn.any():
        raise InvalidInputError(
            "None of these results is of a line drawn at random, and the others cannot tell what was missed.",
            advice="Choose with `lotproof risk select`, and keep its `selected_by` beside each result.",
            field="selected_by",
        )
    probabilities = probabilities_of(model, known.lines.take(drawn))
    return estimated(probabilities, known.truth[drawn], probabilities >= model.facts["cuts"][f"{PICKED:.0%}"])


def _reasons(model: RiskModel, lines: Lines) -> list[list[Reason]]:
    matrix = model.made.encoder.matrix(lines)
    return reasons(model.made.encoder, lines, matrix, model.made.trees.contributions(matrix))
