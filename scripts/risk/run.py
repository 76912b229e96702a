"""Repeat every figure of docs/risk-model.md on the public Korean declarations, and score those without labels.

    scripts/risk_model                       everything; writes the figures, and the tables of the page, after each seed
    scripts/risk_model --seeds 1             a fifth of it
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
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import page
from attempts import ATTEMPTS
from evaluation import Found, attempts, grouped, is_for_attempts, official, some, told
from korean import KEYS, TEST, TRAINING, VALIDATION, Declarations, read

from ledger.risk.boosting import version
from ledger.risk.inspected import Inspected
from ledger.risk.reading import digest
from ledger.risk.scoring import score
from ledger.risk.training import Origin, train

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER: Final = ("Declaration ID", "probability", "rank", "reasons")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked."""
    asked = _asked(arguments)
    folder = _data()
    if asked.score is not None:
        _score(folder, read(folder, TRAINING, VALIDATION), asked.score)
        return 0
    figures: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "lightgbm": version(),
        "files": {name: digest(folder / name) for name in (TRAINING, VALIDATION, TEST)},
        "trials": {},
    }
    known, later, labelled = read(folder, TRAINING), read(folder, VALIDATION), read(folder, TRAINING, VALIDATION)
    half = some(labelled, is_for_attempts(labelled.blocks))
    untouched = some(labelled, ~is_for_attempts(labelled.blocks))
    new = some(later, ~np.isin(later.blocks, known.blocks))
    sizes = {"grouped": labelled, "untouched": untouched, "official": later, "official_new": new, "attempts": half}
    for name, tried in sizes.items():
        figures["trials"][name] = {"lines": len(tried.truth), "fraud": round(float(tried.truth.mean()), 4), "rows": {}}
    for seed in range(asked.seeds):  # the page is whole after the first, should nobody wait for the others
        every = chain(grouped(labelled, seed, figures), official(known, later, seed), attempts(half, ATTEMPTS, seed))
        for found in every:
            _add(figures, found, seed)
        figures |= {"seeds": seed + 1, "minutes": round(time.process_time() / 60, 1)}
        page.write(figures)
    return 0


def _add(figures: dict[str, Any], found: Found, seed: int) -> None:
    values = told(found.ranking)
    row = figures["trials"][found.trial]["rows"].setdefault(found.name, {column: [] for column in values})
    for column, value in values.items():
        row[column].append(value)
    print(f"seed {seed}, {found.trial}, {found.name}: {values}", file=sys.stderr, flush=True)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/risk_model", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5, help="how many; 5 unless it is said")
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


if __name__ == "__main__":
    sys.exit(main())
