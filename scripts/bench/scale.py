"""Index and verify at three sizes of ledger, a hundred packs to a batch, and tell what grows with them and what not.

For each size: an indexer reads everything into an empty database, SQLite's and PostgreSQL's. Then two API processes on
that SQLite database are asked at an even rate while a block with 52 new records comes each second, which a third
process indexes; then as fast as they answer. The recalls that came meanwhile must be in the verdicts.
"""

from __future__ import annotations

import gc
import hashlib
import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch
from urllib.parse import quote

import orjson

from bench import goods, processes, replay, trade
from bench.codes import Scans
from bench.figures import Figure, figure
from bench.load import ENVIRONMENT, offer, process, requests, saturate, server
from bench.trade import DOMAIN, FIRST_PHARMACY, NOTHING, PHARMACIES, Trade, details_of, document_of, signer
from ledger.config import load_settings
from ledger.core.structs import UnitStatement
from ledger.core.unit import UnitKind
from ledger.core.unit_submission import UnitSubmission
from ledger.store.database import open_database
from ledger.store.unit_lists import UnitLists
from ledger.store.unit_log import UnitLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.load import Result
    from ledger.store.database import Database

SIZES: Final = (10_000, 100_000, 1_000_000)  # custody events
UNITS: Final = 100  # packs of each batch
RATE: Final = 1_010.0  # requests a second; the goal and one in a hundred
WORKERS: Final = 2  # API processes
WARMING: Final = 5.0  # seconds at that rate, at most, that are not counted: imports, first connections
UNIT_EVENTS_OF: Final = 10  # one statement about a pack for so many custody events
TOGETHER: Final = 1_000  # rows written in one transaction
SPARE_BLOCKS: Final = 60  # that come while a ledger is asked, one a second: more than can be needed
SQLITE_GOAL, POSTGRES_GOAL, LINEAR_GOAL = 15_000.0, 10_000.0, 0.8
RATE_GOAL, LATENCY_GOAL = 1_000.0, 50.0
DEBIAN: Final = {"shared_buffers": "128MB", "max_wal_size": "1GB", "min_wal_size": "80MB"}  # PostgreSQL's defaults


@dataclass
class Size:
    """What was measured at one size; memory and files in bytes, latencies in milliseconds."""

    events: int
    batches: int
    sqlite_rate: float = 0.0  # events a second
    sqlite_bytes: int = 0
    indexer_memory: int = 0
    postgres_rate: float = 0.0  # 0 = PostgreSQL is not installed
    verify_rate: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    memory_before: int = 0  # of one API process, the larger
    memory_after: int = 0
    saturation: float = 0.0  # requests a second
    cores: dict[str, float] | None = None  # used at the even rate, by whom


def measure(
    folder: Path, events: int, seconds: float, progress: Callable[[str], None]
) -> tuple[list[Figure], list[Size]]:
    """Measure every size up to `events`.

    Args:
        folder: Where ledgers are kept, so that the next run need not make them again.
        events: The largest ledger.
        seconds: How long the even load lasts.
        progress: Is told what is done.
    """
    sizes = []
    for size in sorted({*(each for each in SIZES if each < events), events}):
        made, place = _made(folder, size, SPARE_BLOCKS + 2 * int(seconds), progress)
        found = Size(made.recorded, made.batches)
        _index(made, place, found, progress)
        _verify(made, place, found, seconds, progress)
        sizes.append(found)
    return _figures(sizes), sizes


def _figures(sizes: Sequence[Size]) -> list[Figure]:
    last, before = sizes[-1], sizes[max(0, len(sizes) - 2)]
    linear: dict[str, Any] = {"against": f"at {before.events:,}", "goal_ratio": LINEAR_GOAL}
    name = f"with {last.events:,} events of {last.batches:,} batches"
    into = f"indexing {last.events:,} events from zero into"
    figures = [
        figure(
            f"{into} SQLite",
            [last.sqlite_rate],
            "events/s",
            baselines=[before.sqlite_rate],
            goal=SQLITE_GOAL,
            **linear,
        )
    ]
    if last.postgres_rate:
        postgres = {"baselines": [before.postgres_rate], "goal": POSTGRES_GOAL, **linear}
        figures.append(figure(f"{into} PostgreSQL", [last.postgres_rate], "events/s", **postgres))
    memory = last.memory_after / processes.MIB
    return [
        *figures,
        figure("memory of the indexer at most", [last.indexer_memory / processes.MIB], "MiB"),
        figure(f"GET /v1/verify, mixed, {name}", [last.verify_rate], "requests/s", goal=RATE_GOAL),
        figure("p99 of these", [last.p99], "ms", goal=LATENCY_GOAL, lower_is_better=True),
        figure("median of these", [last.p50], "ms"),
        figure("memory of an API process after it", [memory], "MiB", lower_is_better=True),
        figure("the same as fast as they answer", [last.saturation], "requests/s"),
    ]


# The ledger


def _made(folder: Path, events: int, later: int, progress: Callable[[str], None]) -> tuple[Trade, Path]:
    """A trade and where it is kept; written if it is not there in the present form."""
    sources = b"".join(Path(module.__file__ or "").read_bytes() for module in (goods, replay, trade))
    place = folder / f"{events}-{later}-{hashlib.sha256(sources).hexdigest()[:8]}"
    told = place / "trade.json"
    if not told.exists():
        progress(f"writing a trade of {events:,} custody events")
        shutil.rmtree(place, ignore_errors=True)
        (place / "chain").mkdir(parents=True)
        lists = UnitLists(_data(place).units_dir)
        fresh = Trade(events, int(time.time()), units=UNITS, later=later, lists=lists)
        with patch("os.fsync"):  # nothing here must survive a power cut, and there are two waits for each batch
            fresh.write(place / "chain")
        told.write_text(json.dumps({"now": fresh.now, "recalled": list(fresh.recalled_later.items())}))
    known = json.loads(told.read_text())
    return Trade(events, known["now"], units=UNITS, later=later, recalled_later=dict(known["recalled"])), place


def _data(place: Path) -> Any:  # noqa: ANN401 - Settings
    return load_settings({}, data_dir=place / "data")


# Indexing


def _index(made: Trade, place: Path, found: Size, progress: Callable[[str], None]) -> None:
    """Index into both databases from zero; SQLite's stays."""
    data = _data(place)
    for old in data.data_dir.glob("lotproof.db*"):
        old.unlink()
    with server("growing", f"{place / 'chain'}#{made.length}#0") as port:
        url = f"http://127.0.0.1:{port}"
        said = _indexed(url, data.database_url)
        found.sqlite_rate, found.indexer_memory = made.recorded / said["seconds"], said["memory"]
        found.sqlite_bytes = data.database_path.stat().st_size
        progress(f"{made.recorded:,} events: indexed {found.sqlite_rate:,.0f} a second into SQLite")
        with _postgres(place) as database_url:
            if database_url:
                found.postgres_rate = made.recorded / _indexed(url, database_url)["seconds"]
                progress(f"{made.recorded:,} events: indexed {found.postgres_rate:,.0f} a second into PostgreSQL")
    database = open_database(data.database_url)
    try:
        _add_documents(made, database)
        _add_unit_events(made, database)
    finally:
        database.close()


def _indexed(url: str, database_url: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.indexer", url, database_url]
    done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@contextmanager
def _postgres(place: Path) -> Iterator[str]:
    """The URL of an empty database on a server with Debian's settings; "" if PostgreSQL is not installed."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.postgres import cluster, programs  # noqa: PLC0415 - where the repository is found is set just before

    if programs() is None:
        yield ""
        return
    with cluster(place, settings=DEBIAN) as started:
        yield started.fresh()


def _add_documents(made: Trade, database: Database) -> None:
    rows = [(details_of(lot), document_of(lot)) for lot in made.lots()]
    for start in range(0, len(rows), TOGETHER):
        with database.transaction() as connection:
            sql = "INSERT INTO documents (details, document) VALUES (?, ?)"
            connection.executemany(sql, rows[start : start + TOGETHER])


def _add_unit_events(made: Trade, database: Database) -> None:
    """Statements of pharmacies about packs: three sightings to each that was dispensed."""
    random, log = Random(made.seed + 3), UnitLog(database)
    count = made.recorded // UNIT_EVENTS_OF
    for start in range(0, count, TOGETHER):
        with database.transaction():
            for number in range(start, min(start + TOGETHER, count)):
                log.append(_about_a_pack(made, random, number), DOMAIN, made.now)


def _about_a_pack(made: Trade, random: Random, number: int) -> UnitSubmission:
    lot = made.lot(random.randrange(made.batches))
    serial = lot.serials()[random.randrange(lot.units)].decode()
    kind = UnitKind.SCAN if number % 4 else UnitKind.DISPENSE
    by = signer(FIRST_PHARMACY + lot.index % PHARMACIES)
    said = UnitStatement(
        FIRST_PHARMACY + lot.index % PHARMACIES,
        kind,
        int(lot.gtin),
        lot.lot,
        serial,
        made.now - 1,
        b"SGSIN",
        NOTHING,
        number.to_bytes(32, "big"),
    )
    return UnitSubmission(said, by.signer, by.sign(said.digest(DOMAIN)))


# Verifying


def _verify(made: Trade, place: Path, found: Size, seconds: float, progress: Callable[[str], None]) -> None:
    """Load two API processes on the SQLite database while the chain goes on."""
    warming = min(WARMING, seconds)
    asked = requests(Scans(made).draw(int(RATE * (seconds + warming)) + 1))
    with ExitStack() as running:
        node, node_pid = running.enter_context(process("growing", f"{place / 'chain'}#{made.length}#1"))
        indexer = running.enter_context(_following(f"http://127.0.0.1:{node}", _data(place).database_url))
        servers = [running.enter_context(process("lotproof", str(place / "data"))) for _ in range(WORKERS)]
        ports, pids = [port for port, _ in servers], [pid for _, pid in servers]
        codes = iter(asked)
        _good(offer(ports, codes, warming, RATE))
        found.memory_before = max(map(processes.resident, pids))
        watched = {"API": pids, "indexer": [indexer], "node": [node_pid], "load": [None]}
        with _cores(watched, found):
            even = _good(offer(ports, codes, seconds, RATE))
        found.memory_after = max(map(processes.resident, pids))
        found.verify_rate = even.rate
        found.p50, found.p95, found.p99 = (even.quantile(share) * 1_000 for share in (0.5, 0.95, 0.99))
        found.saturation = _good(saturate(ports, cycle(asked), min(10.0, seconds))).rate
        _check(made, ports)
    progress(f"{made.recorded:,} events: {json.dumps(asdict(found))}")


@contextmanager
def _following(url: str, database_url: str) -> Iterator[int]:
    command = [sys.executable, "-m", "bench.indexer", url, database_url, "follow"]
    with subprocess.Popen(command, env=ENVIRONMENT) as started:
        try:
            yield started.pid
        finally:
            started.terminate()


@contextmanager
def _cores(watched: dict[str, Sequence[int | None]], found: Size) -> Iterator[None]:
    """Tell how many cores each used inside; None is this process. Nothing is collected here meanwhile."""

    def now() -> Counter[str]:
        used = {name: sum(_used(pid) for pid in pids) for name, pids in watched.items()}
        return Counter(used)

    before, begun = now(), time.perf_counter()
    gc.disable()
    yield
    gc.enable()
    seconds, after = time.perf_counter() - begun, now()
    found.cores = {name: round((after[name] - before[name]) / seconds, 3) for name in watched}


def _used(pid: int | None) -> float:
    return time.process_time() if pid is None else processes.spent(pid)


def _good(result: Result) -> Result:
    if result.failures or not result.latencies:
        raise RuntimeError(f"{result.failures} of {len(result.latencies)} answers were not 200")
    return result


def _check(made: Trade, ports: Sequence[int]) -> None:
    """What was recalled in blocks that every process has seen must be told so, and other batches as they were."""
    untouched = set(range(min(made.batches, 50))) - set(made.recalled_later)
    for port in ports:
        seen = _answer(port, made.lot(0).link())["as_of"]["block"] - made.length
        if seen < 0:
            raise RuntimeError("no new block was seen")
        for index in (index for index, block in made.recalled_later.items() if block <= seen):
            if (answer := _answer(port, made.lot(index).link()))["reason"] != "recalled":
                raise RuntimeError(answer)
        for index in untouched:
            if (answer := _answer(port, made.lot(index).link()))["verdict"] != made.lot(index).verdict:
                raise RuntimeError(answer)


def _answer(port: int, code: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}/v1/verify?code={quote(code, safe='')}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        found: dict[str, Any] = orjson.loads(answer.read())
    return found
