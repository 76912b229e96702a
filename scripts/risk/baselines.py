"""What others did with the same data, repeated: by name, a function from what is known and what is asked to scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import lightgbm
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from korean import Declarations
    from numpy.typing import NDArray

    from ledger.risk.metrics import Numbers

    Baseline = Callable[[Declarations, Declarations, int], Numbers]
UNKNOWN: Final = -1.0


def chance(_known: Declarations, asked: Declarations, seed: int) -> Numbers:
    """In any order."""
    return np.random.default_rng(seed).random(len(asked.lines))


def price(_known: Declarations, asked: Declarations, _seed: int) -> Numbers:
    """The dearest first."""
    return asked.lines.numbers["customs_value_amount"]


def importer(known: Declarations, asked: Declarations, _seed: int) -> Numbers:
    """By the importer's past rate."""
    return _looked_up(known, asked, lambda each: [each.lines.categories["importer_id"]])


def same_price(known: Declarations, asked: Declarations, _seed: int) -> Numbers:
    """A look-up: the past rate of the very same price."""
    return _looked_up(known, asked, lambda each: [each.lines.numbers["customs_value_amount"]])


def same_goods(known: Declarations, asked: Declarations, _seed: int) -> Numbers:
    """A look-up: the past rate of the very same subheading and mass."""
    return _looked_up(known, asked, lambda each: [each.lines.commodities, each.lines.numbers["net_net_weight_measure"]])


def boosted(rounds: int, **settings: float) -> Baseline:
    """LightGBM on the columns as they are, texts as numbers in the order in which they first come."""

    def scores(known: Declarations, asked: Declarations, seed: int) -> Numbers:
        wanted = {"objective": "binary", "num_threads": 1, "verbosity": -1, "seed": seed, **settings}
        data = lightgbm.Dataset(_ordinal(known, known), known.truth.astype(float))
        return np.asarray(lightgbm.train(wanted, data, rounds).predict(_ordinal(known, asked), num_threads=1))

    return scores


BASELINES: Final[dict[str, Baseline]] = {
    "random": chance,
    "Item Price, descending": price,
    "importer's past rate": importer,
    "LightGBM defaults": boosted(100),
    "LightGBM 500 trees, 63 leaves, lr .05": boosted(500, num_leaves=63, learning_rate=0.05),
    "LOOK-UP: exact (HS6, Net Mass)": same_goods,
    "LOOK-UP: exact Item Price": same_price,
}


def _looked_up(
    known: Declarations, asked: Declarations, columns: Callable[[Declarations], Sequence[NDArray[np.object_]]]
) -> Numbers:
    counts: dict[object, list[int]] = {}
    for key, wrong in zip(zip(*columns(known), strict=True), known.truth, strict=True):
        count = counts.setdefault(key, [0, 0])
        count[0] += bool(wrong)
        count[1] += 1
    rate = float(known.truth.mean())
    found = [counts.get(key) for key in zip(*columns(asked), strict=True)]
    return np.array([rate if each is None else each[0] / each[1] for each in found])


def _ordinal(known: Declarations, asked: Declarations) -> Numbers:
    made: list[Numbers] = [asked.lines.days.astype(float)]
    texts = {"commodity": (known.lines.commodities, asked.lines.commodities)}
    texts |= {name: (values, asked.lines.categories[name]) for name, values in known.lines.categories.items()}
    for first, values in texts.values():
        codes: dict[str, float] = {}
        for value in first:
            codes.setdefault(value, float(len(codes)))
        made.append(np.array([codes.get(value, UNKNOWN) for value in values]))
    return np.column_stack([*made, *asked.lines.numbers.values()])
