"""One part of an installation as a process of its own, so that it can be killed: chain, relayer or indexer.

Run as `python -m tests.system.worker PART FOLDER [BUG]`. A planted bug makes a part wrong in a way that the harness
must notice; without one it runs exactly the product's code.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.chain.client import Chain
from ledger.chain.contracts import Ledger
from ledger.chain.devchain import DevChain, durable_block, endpoint
from ledger.chain.source import LedgerSource
from ledger.core.structs import Domain
from ledger.index import Indexer
from ledger.relay import Relay
from ledger.sending import Sending
from ledger.store.database import open_database
from ledger.store.journal import Journal
from tests.world import COUNCIL, RELAYER

if TYPE_CHECKING:
    from ledger.store.database import Database

POLL_SECONDS = 0.05
SENDS_ONCE = "sends-once"  # the relayer never sends the same transaction again


class SendsOnce(Sending):
    """Believes that what was sent once will arrive."""

    def resend(self, *_: object) -> None:
        """Forget it."""


def relayer(folder: Path, bug: str) -> Relay:
    """The relayer of the installation in a folder."""
    db, chain, ledger = _parts(folder)
    journal = Journal(db)
    kind = SendsOnce if bug == SENDS_ONCE else Sending
    sending = kind(chain, journal, RELAYER, chain.chain_id(), others=[COUNCIL.signer], development=True)
    return Relay(db, ledger, _source(folder, ledger), sending, journal, account=RELAYER.signer, most_events=20)


def indexer(folder: Path) -> Indexer:
    """The indexer of the installation in a folder."""
    db, chain, ledger = _parts(folder)
    domain = Domain(chain.chain_id(), ledger.address)
    return Indexer(db, _source(folder, ledger), domain, development=True)


def connected(folder: Path) -> Chain:
    """A connection to the embedded chain, once it runs."""
    while (url := endpoint(folder / "chain")) is None:
        time.sleep(0.05)
    return Chain(url, timeout_seconds=10)


def database(folder: Path) -> Database:
    """The installation's database."""
    return open_database(f"sqlite:///{folder.absolute()}/lotproof.db")


def _parts(folder: Path) -> tuple[Database, Chain, Ledger]:
    db, chain = database(folder), connected(folder)
    installation = db.installation()
    assert installation is not None
    return db, chain, Ledger(chain, installation.ledger)


def _source(folder: Path, ledger: Ledger) -> LedgerSource:
    return LedgerSource(ledger.chain, ledger.address, ceiling=lambda: durable_block(folder / "chain"))


def main(part: str, folder: Path, bug: str = "") -> None:
    """Run one part until told to stop."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if part == "chain":
        chain = DevChain(folder / "chain")
        chain.start()
        chain.run(stop)
    elif part == "relay":
        relayer(folder, bug).run(stop, poll_seconds=POLL_SECONDS)
    else:
        indexer(folder).run(stop, poll_seconds=POLL_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
