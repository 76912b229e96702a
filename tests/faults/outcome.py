"""What a fault harness says when it is done: how far it went, and every promise that was broken on the way.

A harness is a module of this folder with `NAME`, `PLANTS` and `run`. `run` does the same at two scales: `quick` is what
every test run does, `long` is what `scripts/faults` does and docs/reliability.md reports. Before a harness is believed,
each of its `PLANTS`, a bug that it puts into the programs under test on purpose, must come out as broken promises.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from pathlib import Path

Scale = Literal["quick", "long"]
Figure = int | float | str


@dataclass(frozen=True)
class Outcome:
    """The result of one run.

    Attributes:
        figures: What was reached, by name with its unit: `{"kills": 100, "acknowledged": 5312, "lost": 0}`. Texts are
            details, which the report's file tells and the page does not.
        broken: One sentence for each promise that did not hold; empty if all held.
    """

    figures: dict[str, Figure]
    broken: tuple[str, ...] = field(default=())


class Harness(Protocol):
    """What each module of this folder offers to `scripts/faults` and to its own tests."""

    NAME: str  # as given to `scripts/faults`
    PLANTS: tuple[str, ...]  # bugs that it can put in, each of which it must notice

    def run(self, scale: Scale, folder: Path, plant: str | None = None) -> Outcome:
        """Run it with everything it writes below `folder`; ends what it started, by process id."""
