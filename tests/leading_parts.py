"""A program that starts indexers and relayers as processes of their own, each as `lotproof index` and `relay` run.

Arguments: the data directory, the database's URL, the node's and the ledger's address. Input: `index` or `relay`, a
line for each to start. Output: its process number, a line each. All end with their parent.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from ledger.chain.contracts import Ledger
from ledger.cli.stack import Stack
from ledger.config import Settings
from ledger.core.errors import ConfigurationError
from ledger.index import Indexer
from ledger.relay import Relay
from ledger.store import leadership
from ledger.store.postgres import PostgresEngine
from tests.postgres import die_with_parent

IMPORTED = (Indexer, Ledger, PostgresEngine, Relay)  # before forking: each process would take seconds to


def run(part: str, settings: Settings) -> None:
    """Run one part until this process is killed."""
    with Stack(settings, _no_key) as stack:
        deployment = stack.deploy()
        if part == "index":
            stack.index(deployment)
        else:
            stack.relay(deployment)
        stack.wait()


def _no_key(name: str) -> None:
    raise ConfigurationError(f"There is no key {name} in this test.")


def main(folder: str, database_url: str, rpc_url: str, ledger_address: str) -> None:
    """Start what the input says."""
    leadership.POLL_SECONDS = 0.2  # type: ignore[misc]  # a quicker test, of the same code
    settings = Settings(
        data_dir=Path(folder),
        database_url=database_url,
        rpc_url=rpc_url,
        ledger_address=ledger_address,
        poll_seconds=0.05,
    )
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            die_with_parent()
            logging.basicConfig(level=logging.INFO, format=f"{os.getpid()} %(message)s")
            run(line.strip(), settings)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
