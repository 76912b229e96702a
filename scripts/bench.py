"""Measure indexing, verifying and the rates below them, each against a named baseline of the same run.

    python scripts/bench.py                     everything; under four minutes on two quiet cores
    python scripts/bench.py --json              the same as JSON
    python scripts/bench.py --only verify       one part: index, verify and declarations (both index
                                                too), rates, labels, printing, lists, units,
                                                prove, nodes, gas;
                                                scale only if it is named
    python scripts/bench.py --events 6000 --rounds 1 --seconds 1      a small run
    python scripts/bench.py --only scale --plot docs/images/scale.svg ledgers of up to a million events; half an hour

Baseline and subject take turns in every round, and medians are shown: read the ratios, for the absolute figures depend
on the machine and on what else it does. docs/performance.md tells what each line means. Exit code 1 on a missed goal.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

os.environ.setdefault(
    "ETH_HASH_BACKEND", "pysha3"
)  # web3's fastest keccak: its baseline must not suffer from a slow one
PARTS: Final = (
    *("index", "verify", "declarations", "rates", "labels", "printing", "lists", "units", "prove", "nodes", "gas"),
)
ON_A_TRADE: Final = frozenset({"index", "verify", "declarations", "rates"})
ON_REQUEST: Final = ("scale",)  # takes half an hour, and 4 GB of disk
EVENTS, SECONDS = 50_000, 4.0
SCALE_EVENTS, SCALE_SECONDS = 1_000_000, 120.0
CACHE: Final = Path(__file__).parents[1] / ".cache/scale"
WEB3_SHARE: Final = 0.1  # of the trade that web3 decodes in a round; all of it would take minutes
_BEGUN: Final = time.monotonic()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 1 if a goal is missed."""
    asked = _asked(arguments)
    before = os.getloadavg()
    sys.path.insert(0, str(Path(__file__).parent))
    figures = []
    with tempfile.TemporaryDirectory(prefix="lotproof-bench-") as folder:
        figures = _scale(asked) if "scale" in asked.only else []
        if set(PARTS) & set(asked.only):
            figures += _measure(asked, Path(folder))
    gas = _gas() if "gas" in asked.only else []
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": before[0],
        "load_after": os.getloadavg()[0],
        "seconds": round(time.monotonic() - _BEGUN),
    }
    _show(asked, figures, gas, machine)
    dear = any(line["goal"] is not None and line["gas"] > line["goal"] for line in gas)
    return int(dear or any(each.met is False for each in figures))


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, help="custody events to index: 50,000, at scale up to 1,000,000")
    parser.add_argument("--printed", type=int, default=20_000, help="labels to print")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured")
    parser.add_argument("--units", type=int, default=1_000_000, help="serial numbers in the list that is made")
    parser.add_argument("--seconds", type=float, help="how long each load lasts: 4 seconds, at scale 120")
    parser.add_argument("--only", nargs="+", choices=(*PARTS, *ON_REQUEST), default=PARTS, help="parts to measure")
    parser.add_argument("--keep", type=Path, default=CACHE, help="where ledgers of `scale` are kept for the next run")
    parser.add_argument("--plot", type=Path, help="SVG file that `scale` draws")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


def _measure(asked: argparse.Namespace, folder: Path) -> list[Any]:
    from bench import (  # noqa: PLC0415 - after the environment is set
        labels,
        listing,
        nodes,
        printing,
        proving,
        units,
    )

    found: list[Any] = []
    seconds = asked.seconds or SECONDS
    if "labels" in asked.only:
        _tell("signing labels")
        found += labels.measure(asked.rounds, seconds / 4)
    if "units" in asked.only:
        _tell("logging unit events")
        found += units.measure(folder, asked.rounds, seconds / 4)
    if "lists" in asked.only:
        found += listing.measure(folder, asked.units, asked.rounds, _tell)
    if "printing" in asked.only:
        found += printing.measure(folder, asked.printed, asked.rounds, seconds / 4, _tell)
    if "prove" in asked.only:
        found += proving.measure(folder, asked.rounds, seconds / 2, _tell)
    if "nodes" in asked.only:
        found += nodes.measure(folder, asked.events or EVENTS, asked.rounds, _tell)
    return found + _on_a_trade(asked, folder) if ON_A_TRADE & set(asked.only) else found


def _on_a_trade(asked: argparse.Namespace, folder: Path) -> list[Any]:
    from bench import declaring, indexing, rates, verifying  # noqa: PLC0415 - after the environment is set

    found: list[Any] = []
    rounds, seconds = asked.rounds if "index" in asked.only else 1, asked.seconds or SECONDS
    figures, indexed = indexing.measure(folder, asked.events or EVENTS, rounds, WEB3_SHARE, _tell)
    if "index" in asked.only:
        found += figures
    if "verify" in asked.only:
        found += verifying.measure(folder, indexed, asked.rounds, seconds, _tell)
    if "declarations" in asked.only:
        found += declaring.measure(indexed, asked.rounds, _tell)
    if "rates" in asked.only:
        found += rates.measure(indexed.trade.lots(), asked.rounds, seconds / 4)
    return found


def _scale(asked: argparse.Namespace) -> list[Any]:
    from bench import plot, scale  # noqa: PLC0415 - after the environment is set

    figures, sizes = scale.measure(asked.keep, asked.events or SCALE_EVENTS, asked.seconds or SCALE_SECONDS, _tell)
    if asked.plot:
        plot.draw(sizes, asked.plot)
    return figures


def _gas() -> list[dict[str, Any]]:
    _tell("measuring gas")
    command = [sys.executable, str(Path(__file__).with_name("gas.py")), "--json"]
    lines: list[dict[str, Any]] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout)
    return lines


def _show(asked: argparse.Namespace, figures: list[Any], gas: list[dict[str, Any]], machine: dict[str, Any]) -> None:
    from bench.figures import table  # noqa: PLC0415 - only this part needs it, and the environment is set by now

    if asked.json:
        print(json.dumps({"machine": machine, "figures": [each.to_json() for each in figures], "gas": gas}, indent=1))
        return
    print(table(figures))
    for line in gas:
        goal = f"   goal {line['goal']:>8,}" if line["goal"] else ""
        print(f"{line['name']:40} {line['gas']:>10,} gas{goal}")
    print(
        f"\n{machine['cores']} cores, Python {machine['python']}, load {machine['load_before']:.1f} before and "
        f"{machine['load_after']:.1f} after, {machine['seconds']} s"
    )


def _tell(what: str) -> None:
    print(f"{time.monotonic() - _BEGUN:6.1f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
