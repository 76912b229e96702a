"""Measure the customs desk's signals on simulated trade: what each finds, and how often it points at the honest.

    python scripts/customs_sim.py                                       200,000 shipments; some minutes on two cores
    python scripts/customs_sim.py --shipments 4000                      a quick run
    python scripts/customs_sim.py --write docs/customs-signals.md       the page of that name, anew
    python scripts/customs_sim.py --json                                the figures as JSON

Makers, carriers and wholesalers in real places ship goods across borders with the noise of the field, some of them not
honestly (`sim/shipments.py`); every declaration is scored by `ledger.core.customs.score`, the function behind
`lotproof declaration`, with what the ledger would know at that moment, and once more when all is settled. The same seed
gives the same figures on any number of processes. Exit code 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from sim.clearance import ALONE, LOOK_AT, Answer, Outcome, cleared
from sim.customs_page import page
from sim.papers import FRAUDS, HONEST
from sim.shipments import SHIPMENTS_A_BATCH

from ledger.core.customs.signals import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MOST_FALSE: Final = 0.01  # of honest lines, at the risk from which a line counts as pointed out
LEAST_FOUND: Final = 0.45  # of dishonest lines that name goods of the ledger, when they are accepted
LEAST_LATER: Final = 0.75  # of the same, when all is settled
BATCHES_A_JOB: Final = 100
SHARES: Final = (0.01, 0.02, 0.05)  # of all lines that are looked at
_BEGUN: Final = time.monotonic()


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, print, and return 1 if a bound is missed."""
    asked = _asked(arguments)
    figures = measure(asked.shipments, asked.seed, asked.processes, tell=_tell)
    if asked.write:
        asked.write.write_text(page(figures), encoding="utf-8")
    print(json.dumps(figures, indent=1) if asked.json else page(figures))
    return int(not figures["met"])


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shipments", type=int, default=200_000, help="at least")
    parser.add_argument("--seed", type=int, default=20_260, help="of the generator")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", type=Path, help="write the page to this file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(arguments)


def measure(shipments: int, seed: int, processes: int = 1, tell: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Simulate the trade and count.

    Args:
        shipments: How many, at least.
        seed: Of the generator.
        processes: How many work at once; with 1 in this process.
        tell: Is told how far it has come, in words.

    Returns:
        Every count, the rates, and whether both bounds are met.
    """
    batches = -(-shipments // SHIPMENTS_A_BATCH)
    jobs = [(seed, first, min(BATCHES_A_JOB, batches - first)) for first in range(0, batches, BATCHES_A_JOB)]
    outcome = Outcome()
    for done, part in enumerate(_spread(jobs, processes), start=1):
        outcome.add(part)
        if tell and done % 25 == 0:
            tell(f"{len(outcome.answers):,} declarations")
    return _figures(outcome, batches * SHIPMENTS_A_BATCH, seed)


def _spread(jobs: list[tuple[int, int, int]], processes: int) -> Iterator[Outcome]:
    """Do the jobs in their order, so that the sums do not depend on the number of processes."""
    if processes == 1:
        yield from map(_job, jobs)
        return
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(_job, jobs)


def _job(job: tuple[int, int, int]) -> Outcome:
    return cleared(*job)


def _figures(outcome: Outcome, shipments: int, seed: int) -> dict[str, Any]:
    answers = outcome.answers
    kinds = {kind: [each for each in answers if each.kind == kind] for kind in (HONEST, *FRAUDS)}
    told = {kind: _of_kind(some) for kind, some in kinds.items()}
    named = [each for each in answers if each.kind != HONEST and each.named]
    found = sum(each.risk >= LOOK_AT for each in named) / max(1, len(named))
    later = sum(each.later_risk >= LOOK_AT for each in named) / max(1, len(named))
    false = told[HONEST]["ledger"] / max(1, told[HONEST]["lines"])
    return {
        "seed": seed,
        "shipments": shipments,
        "lines": len(answers),
        "noise": dict(sorted(outcome.noise.items())),
        "kinds": told,
        "signals": {signal: _by_kind(kinds, lambda each, name=signal: name in each.signals) for signal in SIGNALS},
        "signals_later": {
            signal: _by_kind(kinds, lambda each, name=signal: name in each.later_signals) for signal in SIGNALS
        },
        "rules_alone": {rule: _by_kind(kinds, lambda each, name=rule: name in each.alone_signals) for rule in ALONE},
        "precision": {str(share): _precision(answers, share) for share in SHARES},
        "found": found,
        "found_later": later,
        "false": false,
        "met": found >= LEAST_FOUND and later >= LEAST_LATER and false <= MOST_FALSE,
    }


def _of_kind(answers: list[Answer]) -> dict[str, int]:
    return {
        "lines": len(answers),
        "named": sum(each.named for each in answers),
        "ledger": sum(each.risk >= LOOK_AT for each in answers),
        "later": sum(each.later_risk >= LOOK_AT for each in answers),
        "alone": sum(each.alone >= LOOK_AT for each in answers),
        "both": sum(each.risk >= LOOK_AT or each.alone >= LOOK_AT for each in answers),
        "any": sum(bool(each.signals) for each in answers),
    }


def _by_kind(kinds: dict[str, list[Answer]], has: Callable[[Answer], bool]) -> dict[str, int]:
    return {kind: sum(map(has, some)) for kind, some in kinds.items()}


def _precision(answers: list[Answer], share: float) -> dict[str, float]:
    """Of the lines looked at first how many are dishonest; lines of equal rank count by their average."""
    return {
        "ledger": _top(answers, share, lambda each: each.risk),
        "later": _top(answers, share, lambda each: each.later_risk),
        "alone": _top(answers, share, lambda each: each.alone),
        "chance": sum(each.kind != HONEST for each in answers) / len(answers),
    }


def _top(answers: list[Answer], share: float, rank: Callable[[Answer], int]) -> float:
    places = max(1, int(share * len(answers)))
    by_rank = Counter(rank(each) for each in answers)
    bad = Counter(rank(each) for each in answers if each.kind != HONEST)
    left, found = places, 0.0
    for value in sorted(by_rank, reverse=True):
        taken = min(left, by_rank[value])
        found += taken * bad[value] / by_rank[value]
        left -= taken
    return found / places


def _tell(what: str) -> None:
    print(f"{time.monotonic() - _BEGUN:6.1f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
