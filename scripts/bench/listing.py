"""Measure making a batch's list of serial numbers, against OpenZeppelin's JavaScript library, and looking one up."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.figures import Figure, figure
from ledger.core.serials import generate
from ledger.store.unit_lists import UnitLists

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS_GOAL: Final = 10.0
MEMORY_GOAL: Final = 1024.0  # MiB
MILLION: Final = 1_000_000
THEIR_SHARE: Final = 0.02  # of our serial numbers for the library, which takes some 26 s for 100,000
LOOK_UPS: Final = 2_000
BATCH: Final = bytes(32)
ROOT: Final = Path(__file__).resolve().parents[2]

# Each in a process of its own, so that its memory is its own. Everything counts: reading or making the serial numbers,
# checking them, hashing, sorting, writing the file and waiting for the disk.
OURS: Final = """
import resource, sys, time
from pathlib import Path
from ledger.core.serials import check_serials
from ledger.store.unit_lists import UnitLists
from ledger.units import generated, make_list
lists, count, drawn = UnitLists(Path(sys.argv[1])), int(sys.argv[2]), bytes(32)
begun = time.perf_counter()
serials = generated(lists, bytes(32), count, drawn)
check_serials(serials)
make_list(lists, bytes(32), serials, drawn)
spent = time.perf_counter() - begun
print(spent, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
THEIRS: Final = """
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
const count = Number(process.argv[1]);
const list = Array.from({ length: count }, (_, at) => ["0x" + at.toString(16).padStart(64, "0"), `S${at}`]);
const begun = performance.now();
StandardMerkleTree.of(list, ["bytes32", "string"]);
console.log((performance.now() - begun) / 1000);
"""


def measure(folder: Path, units: int, rounds: int, progress: Callable[[str], None]) -> list[Figure]:
    """Make a list in every round, and let the library make a smaller one.

    Args:
        folder: For the lists.
        units: Serial numbers in a list.
        rounds: How often.
        progress: Is told what is done.
    """
    seconds, busy, memory, rates, theirs = [], [], [], [], []
    share = max(10, int(units * THEIR_SHARE))
    directory = folder / "units"
    for number in range(rounds):
        directory = folder / f"units-{number}"
        theirs.append(share / float(_printed(["node", "--input-type=module", "-e", THEIRS, str(share)])[0]))
        spent, processor, peak = map(float, _printed([sys.executable, "-c", OURS, str(directory), str(units)]))
        seconds.append(spent)
        busy.append(processor)
        memory.append(peak)
        rates.append(units / spent)
        progress(f"round {number + 1}: {units:,} units in {spent:.1f} s and {peak:,.0f} MiB")
    goals = {"goal": SECONDS_GOAL, "lower_is_better": True} if units == MILLION else {}
    name = f"{units:,} serial numbers made, hashed and written"
    return [
        figure(name, seconds, "s", **goals),
        figure("the same, processor time with start-up", busy, "s"),
        figure("the same, highest memory", memory, "MiB", goal=MEMORY_GOAL, lower_is_better=True),
        figure("the same", rates, "units/s", against=f"OpenZeppelin's library, {share:,} leaves", baselines=theirs),
        figure(
            "looking up one of them, with its proof", [_look_ups(directory, units) for _ in range(rounds)], "a second"
        ),
    ]


def _printed(command: list[str]) -> list[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


def _look_ups(directory: Path, units: int) -> float:
    """Look up serial numbers that are there and as many that are not; give how many a second."""
    kept: Any = UnitLists(directory).get(BATCH)
    there = [serial.decode() for serial in generate(bytes(32), units)[:: max(1, units // LOOK_UPS)]]
    begun = time.perf_counter()
    for serial in there:
        if kept.find(serial) is None or kept.find(serial[::-1] + "X") is not None:
            raise RuntimeError(json.dumps(serial))
    return 2 * len(there) / (time.perf_counter() - begun)
