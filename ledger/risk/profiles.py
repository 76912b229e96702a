"""What inspections found of each company, product and route: never three shipments taken for a rate.

A rate is of shipments (declarations), not of their lines, for what is wrong with one line is often wrong with all. It
has an interval, and what to expect of the next shipment is shrunk towards what others have, the more the fewer there
are (`ledger.risk.intervals`). Whether one stands above or below the others is said by that, not by its bare rate: of
ten thousand who are all alike, some have four bad shipments of four. Profiles tell who was found out among those
inspected; who never was stands in none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from ledger.core.errors import InvalidInputError
from ledger.risk.intervals import Interval, Prior, fitted_prior, wilson
from ledger.risk.lines import EXPORT, ORIGIN, mapped, paired

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ledger.risk.lines import Lines
    from ledger.risk.metrics import Truths

Standing = Literal["above", "below", "unclear"]
HEADING: Final = 4  # digits of an HS heading
LOADING: Final = "loading_location_id"
UNLOADING: Final = "unloading_location_id"
COMPANIES: Final = ("importer_id", "exporter_id", "agent_id", "carrier_id")
SUBJECTS: Final = (*COMPANIES, "heading", "origin", "route")


class Profile(NamedTuple):
    """What inspections found of one company, product or route."""

    name: str
    shipments: int  # inspected
    non_compliant: int  # of these, with at least one line that was
    interval: Interval  # 95 % of its own rate, by its own shipments alone
    expected: float  # the rate to expect of the next: shrunk towards the others'
    likely: Interval  # 95 % of that
    standing: Standing  # whether `likely` lies above or below the rate of all


class Profiles(NamedTuple):
    """The profiles of one subject."""

    subject: str
    rate: float  # of all shipments inspected
    strength: float  # shipments that the rate of the others is worth in `expected`
    profiles: tuple[Profile, ...]  # the highest lower end of `likely` first


def profiles(lines: Lines, truth: Truths, subject: str) -> Profiles:
    """Profile the companies, headings, origins or routes of inspected lines.

    Args:
        lines: That were inspected.
        truth: Whether each was found non-compliant.
        subject: One of `SUBJECTS`.

    Raises:
        InvalidInputError: There is no such subject, or the lines do not name it.
    """
    names = _subject(lines, subject)
    named = names != ""
    if not named.any():
        raise InvalidInputError(
            f"The lines do not name any {subject}.", advice=f"Subjects: {', '.join(SUBJECTS)}.", field="subject"
        )
    found: dict[tuple[str, str], bool] = {}
    for name, shipment, wrong in zip(names[named], lines.shipments[named], truth[named], strict=True):
        found[name, shipment] = found.get((name, shipment), False) or bool(wrong)
    counts: dict[str, list[int]] = {}
    for (name, _), wrong in found.items():
        count = counts.setdefault(name, [0, 0])
        count[0] += wrong
        count[1] += 1
    seen = np.array(list(counts.values()), dtype=np.float64)
    prior = fitted_prior(seen[:, 0], seen[:, 1])
    made = [_profile(name, hits, trials, prior) for name, (hits, trials) in counts.items()]
    made.sort(key=lambda each: (-each.likely.low, -each.expected, each.name))
    return Profiles(subject, prior.rate, prior.strength, tuple(made))


def _profile(name: str, hits: int, trials: int, prior: Prior) -> Profile:
    expected = prior.shrunk(hits, trials)
    likely = wilson(hits + prior.rate * prior.strength, trials + prior.strength)
    standing: Standing = "above" if likely.low > prior.rate else "below" if likely.high < prior.rate else "unclear"
    return Profile(name, trials, hits, wilson(hits, trials), expected, likely, standing)


def _subject(lines: Lines, subject: str) -> NDArray[np.object_]:
    if subject in COMPANIES:
        return lines.category(subject)
    if subject == "heading":
        return mapped(lines.commodities, lambda code: code[:HEADING])
    if subject == "origin":
        return lines.category(ORIGIN)
    if subject == "route":
        ends = (LOADING, UNLOADING) if LOADING in lines.categories else (ORIGIN, EXPORT)
        return mapped(paired(*(lines.category(end) for end in ends)), _route)
    raise InvalidInputError(
        f"{subject[:40]!r} cannot be profiled.", advice=f"Subjects: {', '.join(SUBJECTS)}.", field="subject"
    )


def _route(ends: str) -> str:
    """From where to where; "" if either is not known."""
    first, _, last = ends.partition(" ")
    return f"{first} → {last}" if first and last else ""
