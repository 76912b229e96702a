"""Measure `GET /v1/verify` against a bare endpoint and against a verifier that asks the chain for each scan."""

from __future__ import annotations

import threading
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import orjson

from bench.figures import Figure, figure
from bench.load import offer, requests, saturate, server
from ledger.chain.client import Chain
from ledger.chain.devchain import DevChain
from ledger.config import load_settings
from ledger.store import indexing
from ledger.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bench.indexing import Indexed
    from bench.load import Result

BARE_GOAL: Final = 0.4
NAIVE_GOAL: Final = 20.0
LATENCY_GOAL: Final = 25.0  # milliseconds
BATCHES: Final = 1_000  # whose labels are asked for again and again
HEARD_EVERY: Final = 1.0  # seconds; as often as the indexer looks by default
LOADING: Final = 60.0  # seconds, at most
CHECKED: Final = 100  # answers looked at before anything is measured
BARE: Final = "bare Starlette, constant of the same size"
NAIVE: Final = "eth_call for each scan"


def measure(
    folder: Path, indexed: Indexed, rounds: int, seconds: float, progress: Callable[[str], None]
) -> list[Figure]:
    """Load every server in turn, in each round.

    Args:
        folder: For files.
        indexed: The trade that is asked about.
        rounds: How often.
        seconds: How long one load lasts.
        progress: Is told what is done.
    """
    lots = [lot for lot in indexed.trade.lots() if lot.verdict == "verified"]
    links = [lot.link() for lot in lots]
    many = links[:BATCHES] + [lot.element_string(f"S{at:07d}") for at, lot in enumerate(lots[:BATCHES])]
    Random(1).shuffle(many)
    with ExitStack() as open_servers:
        open_servers.enter_context(_heard(indexed))
        ours = open_servers.enter_context(server("lotproof", str(indexed.data_dir)))
        body = _checked_answer(ours, many)
        (folder / "constant.json").write_bytes(body)
        bare = open_servers.enter_context(server("constant", str(folder / "constant.json")))
        naive, known = open_servers.enter_context(_naive(folder))
        rates: dict[str, list[float]] = {name: [] for name in ("bare", "naive", "many", "hot", "cold", "p99", "p50")}
        asked = {"bare": (bare, many), "many": (ours, many), "hot": (ours, many[:1]), "naive": (naive, known)}
        # Each batch is loaded once before: what that costs is the figure for codes asked for the first time.
        _good(saturate(ours, iter(requests(many)), LOADING))
        for number in range(rounds):
            for name, (port, codes) in asked.items():
                rates[name].append(_good(saturate(port, cycle(requests(codes)), seconds)).rate)
            even = _good(offer(ours, cycle(requests(many)), seconds, rates["many"][-1] / 2))
            rates["p99"].append(even.quantile(0.99) * 1_000)
            rates["p50"].append(even.quantile(0.5) * 1_000)
            rates["cold"].append(_cold(indexed, links[BATCHES:] or links, seconds))
            said = ", ".join(f"{name} {values[-1]:,.1f}" for name, values in rates.items())
            progress(f"round {number + 1}: {said}")
    return _figures(rates, len(many), len(body))


def _figures(rates: dict[str, list[float]], codes: int, size: int) -> list[Figure]:
    against = {"against": BARE, "baselines": rates["bare"]}
    against_naive = {"against": NAIVE, "baselines": rates["naive"]}
    name = f"GET /v1/verify, {codes:,} codes in turn, {size:,} bytes"
    return [
        figure(name, rates["many"], "requests/s", **against, goal_ratio=BARE_GOAL),
        figure("the same, one code all the time", rates["hot"], "requests/s", **against),
        figure("the same, each code and batch for the first time", rates["cold"], "requests/s", **against),
        figure(name, rates["many"], "requests/s", **against_naive, goal_ratio=NAIVE_GOAL),
        figure("the same for batches never asked for", rates["cold"], "requests/s", **against_naive),
        figure("p99 at half of its saturation", rates["p99"], "ms", goal=LATENCY_GOAL, lower_is_better=True),
        figure("median at half of its saturation", rates["p50"], "ms"),
    ]


def _cold(indexed: Indexed, codes: Sequence[str], seconds: float) -> float:
    """Ask a new server for every batch once."""
    with server("lotproof", str(indexed.data_dir)) as port:
        # Another code than those that are asked for, so that imports and the first connection are not counted.
        _get(port, indexed.trade.lot(0).link())
        return _good(saturate(port, iter(requests(codes)), seconds)).rate


def _good(result: Result) -> Result:
    if result.failures or not result.latencies:
        raise RuntimeError(f"{result.failures} of {len(result.latencies)} answers were not 200")
    return result


def _checked_answer(port: int, codes: Sequence[str]) -> bytes:
    """Make sure that the answers are verdicts, and give one of middling length."""
    answers = [_get(port, code) for code in codes[:CHECKED]]
    for answer in map(orjson.loads, answers):
        if answer["verdict"] != "verified" or len(answer["custody"]) < 5:  # noqa: PLR2004 - events on the way
            raise RuntimeError(answer)
    return sorted(answers, key=len)[len(answers) // 2]


def _get(port: int, code: str) -> bytes:
    url = f"http://127.0.0.1:{port}/v1/verify?code={quote(code, safe='')}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        body: bytes = answer.read()
    return body


@contextmanager
def _heard(indexed: Indexed) -> Iterator[None]:
    """Note each second that the chain was heard from, as the indexer does beside the server."""
    database = open_database(load_settings({}, data_dir=indexed.data_dir).database_url)
    newest = indexed.trade.length - 1
    stop = threading.Event()

    def note() -> None:
        while True:
            indexing.set_status(database, head_block=newest, finalized_block=newest, heard_at=int(time.time()))
            if stop.wait(HEARD_EVERY):
                return

    thread = threading.Thread(target=note)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        database.close()


@contextmanager
def _naive(folder: Path) -> Iterator[tuple[int, list[str]]]:
    """Run Anvil with a deployed ledger and some batches, and the naive verifier before it; give its port and codes."""
    import gas  # noqa: PLC0415 - the ledger with three organisations that the gas table is measured on

    node = DevChain(folder / "anvil")
    url = node.start()
    try:
        made = gas.Bench(Chain(url))
        made.batches(gas.MANY)
        lots = [f"A{number:05d}" for number in range(1, made.lots + 1)]
        codes = [f"https://lotproof.example/01/{gas.GTIN:014d}/10/{lot}" for lot in lots]
        with server("naive", f"{url}#0x{made.address.hex()}") as port:
            for code in codes[:: len(codes) // 3]:
                if gas.MANUFACTURER not in orjson.loads(_get(port, code)):
                    raise RuntimeError(code)
            yield port, codes
    finally:
        node.stop()
