"""What a model looks at: numbers made from declaration lines, and nothing that is only known later.

For each family of values (the goods, the goods by origin, the importer, …) its past rate and how many shipments that
rests on; masses, values and rates of duty; the value per kilogram beside that of like goods; and the codes of columns
with few values. Everything that is learned here is learned from the lines a model is trained on, never from those it is
tried on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ledger.risk import rates
from ledger.risk.groups import folds, shared_weights
from ledger.risk.lines import CURRENCY, EXPORT, NET_MASS, ORIGIN, TAX_RATE, VALUE, Lines, mapped, paired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.risk.groups import Groups
    from ledger.risk.metrics import Numbers, Truths
    from ledger.risk.rates import Past, Texts

# Levels of the goods, by digits of the Harmonised System.
HS: Final = {"chapter": 2, "heading": 4, "subheading": 6}
# Families whose past rates are told, each from the widest level to the narrowest; "+" joins columns.
FAMILIES: Final = {
    "goods": ("chapter", "heading", "subheading"),
    "goods_by_origin": (f"chapter+{ORIGIN}", f"heading+{ORIGIN}", f"subheading+{ORIGIN}"),
    "goods_by_duty": ("duty_regime_code", "chapter+duty_regime_code", "heading+duty_regime_code"),
    "origin": (ORIGIN, f"{ORIGIN}+{EXPORT}"),
    "route": ("loading_location_id", "loading_location_id+unloading_location_id"),
    "importer": ("importer_id",),
    "exporter": ("exporter_id",),
    "agent": ("agent_id",),
    "carrier": ("carrier_id",),
    "office": ("declaration_office_id",),
}
FEW: Final = 300  # values: a column with more has no codes of its own
INNER_FOLDS: Final = 5
LEAST_MASS: Final = 0.01  # kg: a mass of 0 is one too small to be written
LEAST_VALUE: Final = 0.01


class Encoder(NamedTuple):
    """What was learned of lines to make features of others."""

    categories: tuple[str, ...]  # the columns that the lines must have
    numbers: tuple[str, ...]
    codes: dict[str, dict[str, int]]  # of columns with few values
    past: dict[str, Past]  # by family
    prices: dict[str, dict[str, float]]  # by level: log10 of the median value of a kilogram

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of the matrix's columns."""
        plain = [*self._plain_names(), *(f"{name}.code" for name in self.codes)]
        return (*plain, *(f"{family}.{what}" for family in self.past for what in ("rate", "trials")))

    def matrix(self, lines: Lines) -> Numbers:
        """The features of lines that the encoder was not made from, a row a line.

        Args:
            lines: With all columns in `categories` and `numbers`.
        """
        levels = Levels(lines)
        rated = [column for family, past in self.past.items() for column in past.columns(levels.family(family))]
        return np.column_stack([*self._plain(lines, levels), *rated])

    def _plain_names(self) -> list[str]:
        derived = ["value_per_kg", *(f"value_per_kg.by_{level}" for level in self.prices)] if self.prices else []
        return [*self.numbers, *derived, "whole_mass", "whole_value", "sent_from_elsewhere", "commodity"]

    def _plain(self, lines: Lines, levels: Levels) -> list[Numbers]:
        columns = [_logarithm(name, lines.number(name)) for name in self.numbers]
        if self.prices:
            worth = _worth(lines)
            columns.append(worth)
            for level, table in self.prices.items():
                usual = np.array([table.get(key, np.nan) for key in levels.priced(level)])
                columns.append(worth - usual)
        columns += [_is_whole(lines.number(NET_MASS)), _is_whole(lines.number(VALUE))]
        columns.append((lines.category(ORIGIN) != lines.category(EXPORT)).astype(np.float64))
        columns.append(np.array([float(code[:6]) for code in lines.commodities]))
        for name, codes in self.codes.items():
            columns.append(np.array([float(codes.get(value, -1)) for value in lines.category(name)]))
        return columns


class Fitted(NamedTuple):
    """An encoder, and the features of the very lines that it was made from."""

    encoder: Encoder
    matrix: Numbers  # each line's past rates as the lines of other folds tell them


def fit(lines: Lines, truth: Truths, groups: Groups, families: Sequence[str], seed: int) -> Fitted:
    """Learn how to make features, and make those of these lines.

    Args:
        lines: To train a model from.
        truth: Whether each was non-compliant.
        groups: The group of copies each belongs to.
        families: Whose past rates are features, of `FAMILIES`; those that the lines do not name are left out.
        seed: Deals the groups out to folds.
    """
    levels, weights = Levels(lines), shared_weights(groups, 1.0)
    inner = folds(groups, INNER_FOLDS, seed)
    named = [family for family in families if levels.has(FAMILIES[family])]
    encoder = Encoder(
        tuple(lines.categories),
        tuple(lines.numbers),
        {name: codes for name, values in lines.categories.items() if (codes := _codes(values))},
        {family: rates.past(levels.family(family), truth, weights) for family in named},
        _prices(lines, levels),
    )
    rated = [
        column for family in named for column in rates.past_of_others(levels.family(family), truth, weights, inner)
    ]
    return Fitted(encoder, np.column_stack([*encoder._plain(lines, levels), *rated]))  # noqa: SLF001 - of this module


class Levels:
    """The values that past rates are told of, each made once."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._made: dict[str, Texts] = {}

    def has(self, columns: Sequence[str]) -> bool:
        """Whether the lines have all that these levels are made of."""
        parts = {part for column in columns for part in column.split("+")}
        return all(part in HS or part in self._lines.categories for part in parts)

    def family(self, name: str) -> list[Texts]:
        """The values of a family's levels."""
        return [self._values(column) for column in FAMILIES[name]]

    def priced(self, level: str) -> Texts:
        """The goods whose values are compared: those of one level, in one currency."""
        return self._values(f"{level}+{CURRENCY}" if CURRENCY in self._lines.categories else level)

    def _values(self, column: str) -> Texts:
        if column not in self._made:
            first, _, rest = column.partition("+")
            self._made[column] = paired(self._values(first), self._values(rest)) if rest else self._single(column)
        return self._made[column]

    def _single(self, column: str) -> Texts:
        digits = HS.get(column)
        if digits is None:
            return self._lines.category(column)
        return mapped(self._lines.commodities, lambda code: code[:digits])


def _codes(values: Texts) -> dict[str, int]:
    """Codes by frequency, so that they are the same in whatever order lines come; none if there are many values."""
    names, counts = np.unique(values.astype(str), return_counts=True)
    if len(names) > FEW or len(names) == 1:
        return {}
    return {str(names[place]): code for code, place in enumerate(np.argsort(-counts, kind="stable"))}


def _prices(lines: Lines, levels: Levels) -> dict[str, dict[str, float]]:
    if not {NET_MASS, VALUE} <= lines.numbers.keys():
        return {}
    worth = _worth(lines)
    return {level: _medians(levels.priced(level), worth) for level in HS}


def _medians(keys: Texts, values: Numbers) -> dict[str, float]:
    by_key: dict[str, list[float]] = {}
    for key, value in zip(keys, values, strict=True):
        if not np.isnan(value):
            by_key.setdefault(key, []).append(value)
    return {key: float(np.median(found)) for key, found in by_key.items()}


def _worth(lines: Lines) -> Numbers:
    """log10 of the value of a kilogram."""
    mass, value = lines.number(NET_MASS), lines.number(VALUE)
    return np.asarray(np.log10(np.maximum(value, LEAST_VALUE) / np.maximum(mass, LEAST_MASS)), dtype=np.float64)


def _logarithm(name: str, values: Numbers) -> Numbers:
    """Masses and values as logarithms: what differs by a factor differs alike; a rate of duty as it is."""
    return values if name == TAX_RATE else np.log10(np.maximum(values, LEAST_VALUE))


def _is_whole(values: Numbers) -> Numbers:
    return np.where(np.isnan(values), np.nan, (values == np.round(values)).astype(np.float64))
