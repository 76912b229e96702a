"""Measure what it costs to believe no node alone: indexing from zero with two and three nodes, against one."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from bench.figures import Figure, figure
from bench.indexing import CODE_HASH
from bench.load import server
from bench.trade import DOMAIN, LEDGER, Trade
from ledger.chain.client import Chain
from ledger.chain.endpoints import Endpoints
from ledger.chain.source import LedgerSource
from ledger.config import load_settings
from ledger.index import Indexer
from ledger.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST: Final = 3  # nodes; they run on the same machine as the indexer, so cores count


def measure(folder: Path, events: int, rounds: int, progress: Callable[[str], None]) -> list[Figure]:
    """Index a trade with one, two and three nodes in every round.

    Args:
        folder: For the databases.
        events: Custody events to index.
        rounds: How often.
        progress: Is told what is done.
    """
    trade = Trade(events, int(time.time()))
    recording = folder / "nodes"
    recording.mkdir()
    trade.write(recording)
    rates: dict[int, list[float]] = {count: [] for count in range(1, MOST + 1)}
    with ExitStack() as stack:
        urls = [f"http://127.0.0.1:{stack.enter_context(server('node', str(recording)))}" for _ in range(MOST)]
        for number in range(rounds):
            for count, found in rates.items():
                seconds = _seconds(urls[:count], folder / f"nodes-{number}-{count}")
                found.append(trade.recorded / seconds)
                progress(f"round {number + 1}: indexed {found[-1]:,.0f} events/s with {count} nodes")
    against = "one node, believed"
    return [
        figure(f"indexing with {count} nodes, which agree", found, "events/s", against=against, baselines=rates[1])
        for count, found in rates.items()
        if count > 1
    ]


def _seconds(urls: list[str], data_dir: Path) -> float:
    """Index everything into a new database."""
    database = open_database(load_settings({}, data_dir=data_dir).database_url)
    database.bind(DOMAIN.chain_id, LEDGER, CODE_HASH)
    chain = Chain(urls[0] if len(urls) == 1 else Endpoints(urls))
    indexer = Indexer(database, LedgerSource(chain, LEDGER), DOMAIN)
    begun = time.perf_counter()
    while not indexer.step().caught_up:
        pass
    seconds = time.perf_counter() - begun
    chain.close()
    database.close()
    return seconds
