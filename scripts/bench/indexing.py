"""Measure the indexer: node → logs → checked facts → SQLite, against web3.py's contract events, which only decode."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from web3 import HTTPProvider, Web3

from bench.figures import Figure, figure
from bench.load import server
from bench.trade import DOMAIN, LEDGER, Trade
from ledger.chain.artifact import abi_of
from ledger.chain.client import Chain
from ledger.chain.source import LedgerSource
from ledger.config import load_settings
from ledger.index import Indexer
from ledger.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RATE_GOAL: Final = 15_000.0
RATIO_GOAL: Final = 8.0
CODE_HASH: Final = bytes(32)  # no contract stands behind the replayed logs


@dataclass(frozen=True)
class Indexed:
    """A trade, and the newest database that it was indexed into."""

    trade: Trade
    data_dir: Path


def measure(
    folder: Path, events: int, rounds: int, share: float, progress: Callable[[str], None]
) -> tuple[list[Figure], Indexed]:
    """Index a trade in every round, and decode a share of it by web3.

    Args:
        folder: For the databases.
        events: Custody events to index.
        rounds: How often.
        share: What part of the trade web3 decodes; its rate does not depend on how much it is.
        progress: Is told what is done.
    """
    progress(f"writing a trade of {events:,} custody events")
    trade = Trade(events, int(time.time()))
    chain = folder / "chain"
    chain.mkdir()
    trade.write(chain)
    ours, logs, theirs = [], [], []
    data_dir = folder
    with server("node", str(chain)) as port:
        url = f"http://127.0.0.1:{port}"
        for number in range(rounds):
            data_dir = folder / f"round-{number}"
            theirs.append(_by_web3(url, max(1, int(trade.length * share))))
            seconds, facts = index(url, load_settings({}, data_dir=data_dir).database_url)
            ours.append(trade.recorded / seconds)
            logs.append(facts / seconds)
            progress(f"round {number + 1}: indexed {ours[-1]:,.0f} events/s, web3 decoded {theirs[-1]:,.0f}")
    figures = [
        figure(
            f"indexing {trade.recorded:,} custody events into SQLite",
            ours,
            "events/s",
            against="web3 get_logs, decoding only",
            baselines=theirs,
            goal=RATE_GOAL,
            goal_ratio=RATIO_GOAL,
        ),
        figure("the same, with registrations, splits, keys", logs, "logs/s"),
    ]
    return figures, Indexed(trade, data_dir)


def index(url: str, database_url: str) -> tuple[float, int]:
    """Index everything that the node at `url` has into a new database; give the seconds and the number of facts."""
    with opened(url, database_url) as indexer:
        begun, facts, caught_up = time.perf_counter(), 0, False
        while not caught_up:
            progress = indexer.step()
            facts, caught_up = facts + progress.indexed, progress.caught_up
        return time.perf_counter() - begun, facts


@contextmanager
def opened(url: str, database_url: str) -> Iterator[Indexer]:
    """An indexer from a node into a database."""
    database = open_database(database_url)
    database.bind(DOMAIN.chain_id, LEDGER, CODE_HASH)
    chain = Chain(url)
    try:
        yield Indexer(database, LedgerSource(chain, LEDGER, finality="finalized"), DOMAIN)
    finally:
        chain.close()
        database.close()


def _by_web3(url: str, blocks: int) -> float:
    """Decode the events of the first blocks as web3.py's documentation shows; give events a second."""
    web3 = Web3(HTTPProvider(url))
    event = web3.eth.contract(Web3.to_checksum_address(LEDGER), abi=abi_of("event")).events.CustodyRecorded()
    begun, found, span = time.perf_counter(), 0, 40  # blocks of at most 200 events: under what the node gives at once
    for first in range(0, blocks, span):
        found += len(event.get_logs(from_block=first, to_block=min(first + span, blocks) - 1))
    return found / (time.perf_counter() - begun)
