"""`scripts/faults`: run harnesses at length, say how it goes, and report what they came to.

Each is first shown to catch the bugs that it can put in; one that misses a bug proves nothing and counts as broken.
"""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults import report
from tests.faults.catalogue import about, harnesses
from tests.faults.outcome import Harness, Scale

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ALL = "all"
_LOG = logging.getLogger("tests.faults")


def run_harness(harness: Harness, scale: Scale, folder: Path) -> report.Report:
    """Show that a harness catches each of its bugs, then run it without one.

    Args:
        harness: Which.
        scale: Of the run that counts; bugs are always put into the quick form.
        folder: An empty folder for all that it writes.

    Returns:
        What is to be reported: JSON-able, with `broken` as in `Outcome`.
    """
    before, begun = os.getloadavg(), time.monotonic()
    plants = {plant: _caught(harness, plant, _empty(folder, plant)) for plant in harness.PLANTS}
    missed = [f"The bug `{plant}` was put in and not noticed." for plant, found in plants.items() if not found]
    _LOG.info("%s: the %s form …", harness.NAME, scale)
    outcome = harness.run(scale, _empty(folder, scale))
    broken = [*outcome.broken, *missed]
    _LOG.info("%s: %s", harness.NAME, ", ".join(f"{name} {value}" for name, value in outcome.figures.items()))
    _LOG.info("%s: %s", harness.NAME, "all promises held" if not broken else "BROKEN: " + " ".join(broken))
    return {
        "name": harness.NAME,
        "about": about(harness),
        "command": f"scripts/faults {harness.NAME}" + (" --quick" if scale == "quick" else ""),
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(time.monotonic() - begun, 1),
        "figures": outcome.figures,
        "broken": broken,
        "plants": plants,
        "cores": os.cpu_count(),
        "load_before": [round(load, 2) for load in before],
        "load_after": [round(load, 2) for load in os.getloadavg()],
    }


def _caught(harness: Harness, plant: str, folder: Path) -> str:
    """The first promise that breaks with a bug put in; empty if none does."""
    _LOG.info("%s: putting in the bug %s …", harness.NAME, plant)
    begun = time.monotonic()
    broken = harness.run("quick", folder, plant).broken
    seen = f"caught: {broken[0]}" if broken else "NOT CAUGHT"
    _LOG.info("%s: the bug %s, %.0f s: %s", harness.NAME, plant, time.monotonic() - begun, seen)
    return broken[0] if broken else ""


def _empty(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir(parents=True)
    return made


def run_all(chosen: Sequence[Harness], scale: Scale, folder: Path) -> bool:
    """Run these one after the other and, after the long form, renew their reports and the table.

    Returns:
        Whether every promise held.
    """
    held = True
    for harness in chosen:
        try:
            made = run_harness(harness, scale, folder / harness.NAME)
        except (pytest.skip.Exception, pytest.fail.Exception) as lacking:
            _LOG.error("%s: cannot run here: %s", harness.NAME, lacking.msg)
            held = False
            continue
        except Exception:  # noqa: BLE001 - a harness that breaks off is reported, and the others run
            _LOG.exception("%s: came to no end", harness.NAME)
            held = False
            continue
        held &= not made["broken"]
        if scale == "long":
            report.write(made)
            page = report.PAGE.read_text(encoding="utf-8")
            report.PAGE.write_text(report.with_table(page, report.table(report.reports())), encoding="utf-8")
    return held


def _list(found: dict[str, Harness]) -> None:
    for name, harness in found.items():
        _LOG.info("%-14s %s", name, about(harness))
        _LOG.info("%-14s bugs that it can put in: %s", "", ", ".join(harness.PLANTS))
    _LOG.info("Run some with `scripts/faults NAME…`, or `scripts/faults all`; --quick for the small form.")


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="lotproof-faults-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)  # PostgreSQL runs as another user and must get to its folder
        yield Path(made)


def main(arguments: Sequence[str]) -> int:
    """List harnesses, or run some; the exit code: 0 all held, 1 something is broken, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"harnesses, or `{ALL}`; none: list them")
    parser.add_argument("--quick", action="store_true", help="the small form; no report is written")
    parser.add_argument("--folder", type=Path, help="empty folder for what the programs write; kept afterwards")
    told = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stdout)
    _LOG.setLevel(logging.INFO)
    logging.getLogger("ledger").setLevel(logging.ERROR)  # what the parts say of each fault is expected
    found = harnesses()
    if not told.names:
        _list(found)
        return 0
    unknown = [name for name in told.names if name not in found and name != ALL]
    if unknown:
        parser.error(f"there is no harness {', '.join(unknown)}; there are: {', '.join(found)}")
    if told.folder and told.folder.is_dir() and any(told.folder.iterdir()):
        parser.error(f"the folder {shlex.quote(str(told.folder))} is not empty; choose another")
    chosen = list(found.values()) if ALL in told.names else [found[name] for name in dict.fromkeys(told.names)]
    with _folder(told.folder) as folder:
        return 0 if run_all(chosen, "quick" if told.quick else "long", folder) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
