"""Repeat every figure of docs/risk-model.md on the public Korean declarations, and score those without labels.

    scripts/risk_model                       everything; writes the figures, and the tables of the page
    scripts/risk_model --only grouped        only that part: official, grouped or attempts
    scripts/risk_model --score scores.csv    only: train on all lines with labels, score the last quarter to a file

The data are looked for in LOTPROOF_TEST_DATA, by default ../shared/data beside the checkout.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import page
from attempts import ATTEMPTS
from evaluation import attempts, grouped, split
from korean import KEYS, TEST, TRAINING, VALIDATION, Declarations, read

from ledger.risk.boosting import version
from ledger.risk.inspected import Inspected
from ledger.risk.reading import digest
from ledger.risk.scoring import score
from ledger.risk.training import Origin, train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEEDS: Final = 3
HEADER: Final = ("Declaration ID", "probability", "rank", "reasons")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked."""
    asked = _asked(arguments)
    folder = _data()
    if asked.score is not None:
        _score(folder, read(folder, TRAINING, VALIDATION), asked.score)
        return 0
    tick = _ticker()
    for part in asked.only:
        begun = time.process_time()
        trials = PARTS[part](folder, asked.seeds, tick)
        figures = _figures(folder, asked.seeds)
        figures["trials"] |= trials
        figures["minutes"][part] = round((time.process_time() - begun) / 60, 1)
        page.write(figures)
    return 0


def _official(folder: Path, seeds: int, tick: Callable[[str], None]) -> dict[str, Any]:
    return split(read(folder, TRAINING), read(folder, VALIDATION), seeds, tick)


def _grouped(folder: Path, seeds: int, tick: Callable[[str], None]) -> dict[str, Any]:
    return grouped(read(folder, TRAINING, VALIDATION), seeds, tick)


def _attempts(folder: Path, seeds: int, tick: Callable[[str], None]) -> dict[str, Any]:
    return {"attempts": attempts(read(folder, TRAINING, VALIDATION), ATTEMPTS, seeds, tick)}


PARTS: Final = {"official": _official, "grouped": _grouped, "attempts": _attempts}


def _figures(folder: Path, seeds: int) -> dict[str, Any]:
    """The figures as they stand, with what now holds of all."""
    figures: dict[str, Any] = page.figures() or {"minutes": {}, "trials": {}}
    figures |= {"date": datetime.now(UTC).date().isoformat(), "seeds": seeds, "lightgbm": version()}
    figures["files"] = {name: digest(folder / name) for name in (TRAINING, VALIDATION, TEST)}
    return figures


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/risk_model", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many; the page has {SEEDS}")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="redo only these parts")
    parser.add_argument("--score", type=Path, metavar="FILE", help="score the declarations without public labels")
    return parser.parse_args(arguments)


def _data() -> Path:
    default = Path(__file__).resolve().parents[3] / "shared/data"
    folder = Path(os.environ.get("LOTPROOF_TEST_DATA", default)) / "customs/kcs_synthetic"
    if not (folder / TRAINING).exists():
        sys.exit(f"scripts/risk_model: {folder} has no {TRAINING}. Name the folder of data with LOTPROOF_TEST_DATA.")
    return folder


def _score(folder: Path, labelled: Declarations, to: Path) -> None:
    """Train as `lotproof risk train` does, and score the last quarter as `lotproof risk score` does."""
    known = Inspected(labelled.lines, labelled.truth, labelled.blocks.astype(str).astype(object), 0)
    files = {name: digest(folder / name) for name in (TRAINING, VALIDATION)}
    origin = Origin("Public Korean data", datetime.now(UTC).date().isoformat(), files, 0, KEYS)
    asked = read(folder, TEST)
    with tempfile.TemporaryDirectory(prefix="lotproof-risk-") as place:
        model = train(known, Path(place) / "model", origin, lambda done, total: print(f"step {done} of {total}"))
    scored = score(model, asked.lines, 100)
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for each in scored:
            reasons = "; ".join(reason.words for reason in each.reasons)
            writer.writerow((each.name.declaration, f"{each.probability:.6f}", each.rank, reasons))
    print(f"{to} has the scores of {len(scored):,} declarations, the riskiest first.")


def _ticker() -> Callable[[str], None]:
    begun = time.monotonic()

    def tick(what: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {what}", file=sys.stderr, flush=True)

    return tick


if __name__ == "__main__":
    sys.exit(main())
