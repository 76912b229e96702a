"""What a measurement gives, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Figure:
    """One line: a subject against a baseline of the same run.

    Attributes:
        name: What was measured.
        value: Median over the rounds.
        unit: Of `value` and `baseline`.
        against: What the baseline is, "" if there is none.
        baseline: Its median, 0 if there is none.
        spread: Lowest and highest value of the rounds.
        goal: What `value` must reach (must not exceed if `lower_is_better`); None: no goal.
        goal_ratio: What `value / baseline` must reach; None: no goal.
        lower_is_better: Whether a small value is good.
    """

    name: str
    value: float
    unit: str
    against: str = ""
    baseline: float = 0.0
    spread: tuple[float, float] = (0.0, 0.0)
    goal: float | None = None
    goal_ratio: float | None = None
    lower_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """Subject by baseline; None if there is no baseline."""
        return self.value / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        """Whether every goal is met; None if there is none."""
        verdicts = []
        if self.goal is not None:
            verdicts.append(self.value < self.goal if self.lower_is_better else self.value >= self.goal)
        if self.goal_ratio is not None:
            verdicts.append((self.ratio or 0.0) >= self.goal_ratio)
        return all(verdicts) if verdicts else None

    def to_json(self) -> dict[str, Any]:
        """Give all of it, JSON-able."""
        return {**vars(self), "ratio": self.ratio, "met": self.met}


def figure(name: str, values: Sequence[float], unit: str, **other: Any) -> Figure:  # noqa: ANN401 - fields of Figure
    """Make a line of the values of several rounds.

    Args:
        name: What was measured.
        values: One a round.
        unit: Of the values.
        **other: Further fields of `Figure`; `baselines` may give one value a round.
    """
    baselines = other.pop("baselines", ())
    baseline = median(baselines) if baselines else 0.0
    return Figure(name, median(values), unit, baseline=baseline, spread=(min(values), max(values)), **other)


def table(figures: Iterable[Figure]) -> str:
    """Write the lines for a person."""
    rows = [("", "median", "lowest to highest", "baseline", "ratio", "goal", "")]
    rows += [_row(each) for each in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(_aligned(cell, widths[at], at) for at, cell in enumerate(row)).rstrip() for row in rows]
    return "\n".join(lines)


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column in {1, 2, 4} else cell.ljust(width)


def _row(each: Figure) -> tuple[str, ...]:
    baseline = f"{each.against}: {_shown(each.baseline)}" if each.baseline else ""
    goals = []
    if each.goal is not None:
        goals.append(f"{'<' if each.lower_is_better else '≥'} {_shown(each.goal)}")
    if each.goal_ratio is not None:
        goals.append(f"≥ {_times(each.goal_ratio)}")
    return (
        each.name,
        f"{_shown(each.value)} {each.unit}",
        " to ".join(map(_shown, each.spread)),
        baseline,
        "" if each.ratio is None else _times(each.ratio),
        " and ".join(goals),
        {True: "met", False: "MISSED", None: ""}[each.met],
    )


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits tell enough


def _times(ratio: float) -> str:
    return f"{ratio:.0%}" if ratio < 1 else f"{ratio:.1f} ×"
