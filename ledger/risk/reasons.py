"""Why a line has its score, in words: what each thing that the model looked at added to it.

What is told are SHAP values (`ledger.risk.boosting`), gathered by subject: the importer's past rate and how much it
rests on are one reason. They say what moved this model's score, not what is wrong with the goods.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ledger.risk.features import HS, Levels
from ledger.risk.lines import EXPORT, NET_MASS, ORIGIN

if TYPE_CHECKING:
    from ledger.risk.features import Encoder
    from ledger.risk.lines import Lines
    from ledger.risk.metrics import Numbers

MOST: Final = 4
LEAST: Final = 0.05  # log-odds: what changes the odds by less than a twentieth is not worth a word
SUBJECTS: Final = {
    "goods": "goods",
    "goods_by_origin": "goods of this origin",
    "goods_by_duty": "goods under this duty regime",
    "origin": "origin",
    "route": "route",
    "importer": "importer",
    "exporter": "exporter",
    "agent": "agent",
    "carrier": "carrier",
    "office": "customs office",
}
WORTH: Final = "value per kilogram"
_PLAIN: Final = {
    NET_MASS: "net mass",
    "gross_mass_measure": "gross mass",
    "mode_code": "mode of transport",
    "government_procedure_current_code": "procedure",
    "whole_mass": "net mass",
    "whole_value": "customs value",  # as `customs_value_amount` without its last word
    "sent_from_elsewhere": "country of export",
    "commodity": "goods",
}


_KIND: Final = re.compile(r"_(?:id|code|numeric|measure|amount)$")


class Reason(NamedTuple):
    """One subject's part in a score."""

    subject: str
    log_odds: float  # what it added
    words: str


def reasons(encoder: Encoder, lines: Lines, matrix: Numbers, contributions: Numbers) -> list[list[Reason]]:
    """The weightiest reasons of each line, the weightiest first.

    Args:
        encoder: The model's.
        lines: That were scored.
        matrix: Their features.
        contributions: What each feature added to each line's score; further columns do not matter.
    """
    subjects = [_subject(name) for name in encoder.names]
    order = list(dict.fromkeys(subjects))
    sums = np.column_stack(
        [contributions[:, [at for at, each in enumerate(subjects) if each == subject]].sum(axis=1) for subject in order]
    )
    told = _Told(encoder, lines, matrix)
    found = []
    for row, added in enumerate(sums):
        places = [place for place in np.argsort(-np.abs(added)) if abs(added[place]) >= LEAST][:MOST]
        found.append([_reason(told, row, order[place], float(added[place])) for place in places])
    return found


def _reason(told: _Told, row: int, subject: str, log_odds: float) -> Reason:
    return Reason(subject, log_odds, f"{told.words(row, subject)}: odds × {np.exp(log_odds):.2g}")


def _subject(feature: str) -> str:
    name, _, what = feature.rpartition(".")
    if what in {"rate", "trials"}:
        return SUBJECTS[name]
    if feature.startswith("value_per_kg"):
        return WORTH
    return _label(name if what == "code" else feature)


def _label(column: str) -> str:
    """A column's name for a person: `origin_country_code` is the origin country."""
    return _PLAIN.get(column, _KIND.sub("", column).replace("_", " "))


class _Told:
    """What can be said of the lines."""

    def __init__(self, encoder: Encoder, lines: Lines, matrix: Numbers) -> None:
        self._encoder, self._lines, self._matrix = encoder, lines, matrix
        self._column = {name: at for at, name in enumerate(encoder.names)}
        self._levels = Levels(lines)
        self._family = {SUBJECTS[family]: family for family in encoder.past}
        self._categories = {_label(name): name for name in lines.categories}
        self._numbers = {_label(name): name for name in lines.numbers}

    def words(self, row: int, subject: str) -> str:
        family = self._family.get(subject)
        if family is not None:
            return self._past(row, subject, family)
        if subject == WORTH:
            return self._worth(row)
        if subject == _PLAIN["commodity"]:
            return f"{subject} {self._lines.commodities[row]}"
        if subject == _PLAIN["sent_from_elsewhere"]:
            sent, made = self._lines.category(EXPORT)[row], self._lines.category(ORIGIN)[row]
            return f"sent from {sent or 'an unknown country'}, made in {made or 'an unknown country'}"
        category = self._categories.get(subject)
        if category is not None:
            return f"{subject} {self._lines.category(category)[row] or 'is missing'}"
        return f"{subject} {self._number(row, subject)}"

    def _past(self, row: int, subject: str, family: str) -> str:
        past = self._encoder.past[family]
        value = self._levels.family(family)[-1][row]
        hits, trials = past.tables[-1].get(value, (0.0, 0.0))
        rate = 1 / (1 + np.exp(-self._matrix[row, self._column[f"{family}.rate"]]))
        height = "high" if rate > past.rate else "low"
        known = f"about {hits:.0f} of {trials:.0f} inspected" if trials else "none inspected before"
        return (
            f"{subject} {value or '(not named)'}: past rate is {height}, {rate:.0%} to be expected ({known}; "
            f"of all {past.rate:.0%})"
        )

    def _worth(self, row: int) -> str:
        for level in reversed(HS):
            apart = self._matrix[row, self._column[f"value_per_kg.by_{level}"]]
            if not np.isnan(apart):
                return f"{WORTH} is {10**apart:.2g} times what is usual for its {level}"
        return WORTH

    def _number(self, row: int, subject: str) -> str:
        column = self._numbers.get(subject, "")
        number = self._lines.number(column)[row]
        return "is missing" if np.isnan(number) else f"{number:,.10g}{' kg' if 'mass' in subject else ''}"
