"""Measure how often the rules against copied packs are wrong: on genuine packs, and on packs copied at several rates.

    python scripts/clones.py                                   1,000,000 genuine scans; some minutes on two cores
    python scripts/clones.py --genuine 20000 --copied 40       a quick run
    python scripts/clones.py --json                            the same as JSON

Makers, carriers, wholesalers, customs and pharmacies in real places move packs as trade does, with the noise of the
field (`sim/noise.py`); every scan asks `ledger.core.clones.conflict`, the function behind check 12, with what a server
would know at that moment. The same seed gives the same figures on any number of processes. docs/clones.md tells
what the figures mean. Exit code 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

sys.path.insert(0, str(Path(__file__).parent))

from sim.packs import COPIES, Outcome, copied_packs, genuine_packs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MOST_FALSE: Final = 0.0005  # of genuine scans
LEAST_CAUGHT: Final = 0.95  # of packs copied ten times
PACKS_A_JOB: Final = 500
SCANS_A_PACK: Final = 8.0  # about; only for how far the work has come
_BEGUN: Final = time.monotonic()
Job = TypeVar("Job")
Done = TypeVar("Done")


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, print, and return 1 if a bound is missed."""
    asked = _asked(arguments)
    figures = measure(asked.genuine, asked.copied, asked.seed, asked.processes, tell=_tell)
    print(json.dumps(figures, indent=1) if asked.json else table(figures))
    return int(not figures["met"])


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--genuine", type=int, default=1_000_000, help="scans of genuine packs, at least")
    parser.add_argument("--copied", type=int, default=1_000, help="packs copied, for each way of copying")
    parser.add_argument("--seed", type=int, default=20_170, help="of the generator")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


def measure(
    genuine: int, copied: int, seed: int, processes: int = 1, tell: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Simulate both worlds.

    Args:
        genuine: Scans of genuine packs, at least.
        copied: How many packs are copied in each way.
        seed: Of the generator.
        processes: How many work at once; with 1 in this process.
        tell: Is told how far it has come, in words.

    Returns:
        Every count, the rates, and whether both bounds are met.
    """
    outcome = Outcome()
    first = 0
    while outcome.scans < genuine:
        packs = max(PACKS_A_JOB, int((genuine - outcome.scans) / SCANS_A_PACK))
        jobs = [
            (seed, start, min(PACKS_A_JOB, first + packs - start)) for start in range(first, first + packs, PACKS_A_JOB)
        ]
        first += len(jobs) * PACKS_A_JOB
        for done, part in enumerate(_spread(_genuine, jobs, processes), start=1):
            outcome.add(part)
            if tell and done % 20 == 0:
                tell(f"{outcome.scans:,} genuine scans, {outcome.false_alarms} false alarms")
    ways = []
    for way, part in zip(COPIES, _spread(_copied, [(seed, way, copied) for way in COPIES], processes), strict=True):
        ways.append({**way._asdict(), **part})
        if tell:
            tell(f"copied {way.copies} times, {way.when}, in {way.countries} countries: {part['caught']} of {copied}")
    return _figures(outcome, ways, seed)


def _spread(work: Callable[[Job], Done], jobs: list[Job], processes: int) -> Iterator[Done]:
    """Do the jobs in their order, so that the sums do not depend on the number of processes."""
    if processes == 1:
        yield from map(work, jobs)
        return
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(work, jobs)


def _genuine(job: tuple[int, int, int]) -> Outcome:
    return genuine_packs(*job)


def _copied(job: tuple[int, Any, int]) -> dict[str, Any]:
    return copied_packs(*job)


def _figures(outcome: Outcome, ways: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    rate = outcome.false_alarms / outcome.scans
    ten = [way for way in ways if way["copies"] == 10 and way["dispensed"]]  # noqa: PLR2004 - the bound is on ten
    least = min(way["caught"] / way["packs"] for way in ten)
    return {
        "seed": seed,
        "genuine": {
            "packs": outcome.packs,
            "scans": outcome.scans,
            "false_alarms": outcome.false_alarms,
            "rate": rate,
            "packs_flagged": outcome.packs_flagged,
            "rules": dict(sorted(outcome.rules.items())),
            "noise": dict(sorted(outcome.noise.items())),
        },
        "copied": ways,
        "least_caught_of_ten": least,
        "met": rate <= MOST_FALSE and least >= LEAST_CAUGHT,
    }


def table(figures: dict[str, Any]) -> str:
    """Show the figures to a person.

    Args:
        figures: What `measure` gave.
    """
    genuine = figures["genuine"]
    lines = [
        f"seed {figures['seed']}",
        f"genuine packs      {genuine['packs']:>12,}    flagged at any time {genuine['packs_flagged']:,}",
        f"genuine scans      {genuine['scans']:>12,}",
        f"false alarms       {genuine['false_alarms']:>12,}    {genuine['rate']:.4%}   bound {MOST_FALSE:.2%}",
        *(f"  {rule:32} {count:,}" for rule, count in Counter(genuine["rules"]).most_common()),
        *(f"  noise: {name:32} {count:,}" for name, count in genuine["noise"].items()),
        "",
        (
            f"{'copies':>6}  {'taken':6}  {'countries':>9}  {'dispensed':>9}  {'caught':>8}  {'sales warned':>12}  "
            "first by"
        ),
    ]
    for way in figures["copied"]:
        rules = ", ".join(f"{rule} {count}" for rule, count in Counter(way["rules"]).most_common())
        lines.append(
            f"{way['copies']:>6}  {way['when']:6}  {way['countries']:>9}  {way['dispensed']:>9.0%}  "
            f"{way['caught'] / way['packs']:>8.1%}  {way['warned'] / max(1, way['sales']):>12.1%}  {rules}"
        )
    lines.append(f"least of the packs copied ten times and dispensed: {figures['least_caught_of_ten']:.1%}")
    return "\n".join([*lines, "both bounds are met" if figures["met"] else "A BOUND IS MISSED"])


def _tell(what: str) -> None:
    print(f"{time.monotonic() - _BEGUN:6.1f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
