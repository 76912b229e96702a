"""Draw what grows with the ledger and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.processes import MIB

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from bench.scale import Size

INCHES: Final = (10.0, 3.2)
GOAL: Final = {"color": "0.6", "linestyle": ":", "linewidth": 1}


def draw(sizes: Sequence[Size], path: Path) -> None:
    """Write the picture as SVG: the same figures give the same file.

    Args:
        sizes: What was measured, by size.
        path: The file.
    """
    with mpl.rc_context({"svg.hashsalt": "lotproof", "svg.fonttype": "none", "font.size": 8}):
        canvas = Figure(figsize=INCHES, layout="constrained")
        rates, latencies, memory = canvas.subplots(1, 3)
        events = [size.events for size in sizes]
        _lines(rates, events, {"SQLite": [size.sqlite_rate for size in sizes]})
        if any(size.postgres_rate for size in sizes):
            _lines(rates, events, {"PostgreSQL": [size.postgres_rate for size in sizes]})
        _named(rates, "indexed from zero, events a second")
        _lines(latencies, events, {name: [getattr(size, name) for size in sizes] for name in ("p50", "p95", "p99")})
        latencies.axhline(50, **GOAL)
        _named(latencies, "answers at an even rate, milliseconds")
        grown = {
            "indexer, at most": [size.indexer_memory / MIB for size in sizes],
            "API process, after it": [size.memory_after / MIB for size in sizes],
        }
        _lines(memory, events, grown)
        _named(memory, "memory, MiB")
        canvas.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")


def _lines(axes: Axes, events: list[int], series: dict[str, list[float]]) -> None:
    for name, values in series.items():
        axes.plot(events, values, marker="o", markersize=4, label=name)


def _named(axes: Axes, title: str) -> None:
    axes.set_title(title)
    axes.set_xscale("log")
    axes.set_xlabel("custody events in the database")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
