"""One installation on a world, its relayer and indexer stepped by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.chain.source import LedgerSource
from ledger.core import parts
from ledger.index import Indexer
from ledger.relay import Relay, Round
from ledger.sending import Sending
from ledger.store.journal import Journal
from ledger.store.outbox import Outbox
from tests.world import COUNCIL, RELAYER, World

if TYPE_CHECKING:
    from ledger.core.submission import Submission
    from ledger.store.database import Database


class Installation:
    """A database with its relayer and indexer, on a world; `restarted` is the same one after a crash."""

    def __init__(self, world: World, db: Database, *, most_events: int = 100, development: bool = True) -> None:
        self.world = world
        self.db = db
        self.outbox = Outbox(db)
        self.journal = Journal(db)
        self.now = 1_700_000_000.0
        source = LedgerSource(world.chain, world.ledger.address)
        self.indexer = Indexer(db, source, world.domain, development=development)
        self.sending = Sending(
            world.chain,
            self.journal,
            RELAYER,
            31337,
            others=[COUNCIL.signer],
            development=development,
            clock=lambda: self.now,
        )
        self.relay = Relay(
            db, world.ledger, source, self.sending, self.journal, account=RELAYER.signer, most_events=most_events
        )

    def restarted(self, **changes: Any) -> Installation:
        return Installation(self.world, self.db, **changes)

    def accept(self, *submissions: Submission) -> list[bytes]:
        return [self.world.accept(self.outbox, submission).digest for submission in submissions]

    def index(self) -> None:
        while not self.indexer.step().caught_up:
            pass

    def round(self) -> Round:
        done = self.relay.step()
        self.world.anvil.rest()
        self.index()
        self.now += 6
        return done

    def settle(self, rounds: int = 12) -> None:
        """Go on until everything is final; the chain goes on too."""
        for _ in range(rounds):
            self.round()
            self.world.anvil.mine()
            if not self.outbox.unsettled() and not self.journal.unfinished():
                return
        self.round()

    def states(self, digests: list[bytes]) -> list[str]:
        found = (self.outbox.state(digest) for digest in digests)
        return [state.state if state else "?" for state in found]

    def refusals(self) -> list[dict[str, Any]]:
        topic = "0x" + parts.keccak256(b"Refused(bytes32,bytes)").hex()
        query = {"fromBlock": "0x0", "toBlock": "latest", "topics": [topic]}
        return list(self.world.anvil.rpc("eth_getLogs", query))
