"""Real nodes with a deployed ledger on them, and installations that each follow one node: for partitions."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.contracts import Ledger, call_data, deployment_data, encode_call
from ledger.chain.signers import AddressSigner, development_signer
from ledger.chain.source import LedgerSource
from ledger.chain.transactions import Payload, contract_address, sign
from ledger.core.structs import Domain, KeyAddition
from ledger.core.vocabulary import Purpose, Role
from ledger.index import Indexer
from ledger.relay import Relay
from ledger.sending import Sending
from ledger.store import indexing
from ledger.store.database import Database, open_database
from ledger.store.journal import Journal
from ledger.store.outbox import Outbox
from ledger.store.schema import REBUILDABLE
from tests.real_node import CHAIN_ID, Consensus, RealNode, write_genesis
from tests.world import CARRIER, COUNCIL, KEYS, MAKER, PHARMACY, REGULATOR, RELAYER, Scribe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ledger.core.submission import Submission

OTHER_RELAYER: Final = development_signer(5, 31337)  # anybody's key; here the second installation's
_MESSENGER: Final = development_signer(9, 31337)
_GAS: Final = 16_000_000  # of a deployment
_GAS_SMALL: Final = 2_000_000
_ROUND_SECONDS: Final = 6  # between two rounds of a relayer, by its own clock: it sends again what is not mined

Facts = frozenset[tuple[str, int, str]]  # table, block, row


class RealWorld(Scribe):
    """Nodes, their consensus, a ledger, a regulator, a maker, a carrier (with a P-256 key) and a pharmacy.

    Args:
        folder: Where the nodes live.
        nodes: How many; all have the same blocks at first.
        chain_id: EIP-155 chain id; on Anvil's the development accounts pay for programs too.
    """

    def __init__(self, folder: Path, nodes: int = 1, chain_id: int = CHAIN_ID) -> None:
        payers = [RELAYER, OTHER_RELAYER, COUNCIL, _MESSENGER]
        file = write_genesis(folder, [one.signer for one in payers], chain_id)
        self.nodes = [RealNode(folder / f"node{number}", file) for number in range(nodes)]
        try:
            for node in self.nodes:
                node.start()
            self.chain = self.nodes[0].chain
            self.consensus = Consensus(self.nodes)
            self.ledger = ledger = Ledger(self.chain, contract_address(_MESSENGER.signer, 0))
            super().__init__(Domain(chain_id, ledger.address), time.time)
            self._found()
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        for node in self.nodes:
            node.end()

    def block(self, *, final: bool = False) -> str:
        """One block that every node gets at once; give its hash."""
        made = self.consensus.make(self.nodes[0])
        for node in self.nodes[1:]:
            self.consensus.give(node, made)
        if final:
            self.finalize(made)
        return made

    def finalize(self, block: str, *, tell: bool = True) -> None:
        for node in self.nodes:
            self.consensus.finalize(node, block, tell=tell)

    def send(self, account: AddressSigner, to: bytes, data: bytes, nonce: int, gas: int = _GAS_SMALL) -> None:
        """Hand a transaction to the first node, outside every journal."""
        raw = sign(account, self.domain.chain_id, nonce, Payload(to, data, gas), self.chain.fees()).raw
        self.chain.send(raw)

    def recorded(self) -> list[bytes]:
        """What the chain of the first node has of registrations and custody events: digests, one for each log."""
        address, head = "0x" + self.ledger.address.hex(), self.nodes[0].chain.head().number
        # Block by block: this client leaves out the end of a range without a word where there are many logs.
        queries = [{"fromBlock": hex(one), "toBlock": hex(one), "address": address} for one in range(head + 1)]
        found = self.nodes[0].chain.rpc.batch([("eth_getLogs", (query,)) for query in queries])
        logs = [log for of_block in found for log in of_block]
        return [bytes.fromhex(topic[2:]) for log in logs for topic in log["topics"][1:2]]

    def _found(self) -> None:
        """Deploy and accredit; the block with all of it is final."""
        self.consensus.make(self.nodes[0])  # or the pool of a new node takes nothing
        self.send(_MESSENGER, b"", deployment_data(COUNCIL.signer), 0, _GAS)
        self.block()
        assert self.ledger.council() == COUNCIL.signer
        self.send(COUNCIL, self.ledger.address, self._admission(), 0)
        self.block()
        for number, roles in ((MAKER, Role.MANUFACTURER), (CARRIER, Role.CARRIER), (PHARMACY, Role.PHARMACY)):
            prefixes = ("5413868",) if number == MAKER else ()
            data = call_data([self.accreditation(number, roles, prefixes=prefixes)])
            self.send(_MESSENGER, self.ledger.address, data, number - 1)
        self.block(final=True)
        assert self.ledger.view("organisationCount")[0] == PHARMACY

    def _admission(self) -> bytes:
        key = KEYS[REGULATOR]
        addition = KeyAddition(REGULATOR, key.signer, int(Purpose.ADMIN | Purpose.EVENTS), 0, 0)
        signature = key.sign(addition.digest(self.domain))
        arguments = ("Regulator", b"BE", 0, int(Role.REGULATOR | Role.CUSTOMS), [], key.signer, signature)
        return encode_call("admitAuthority", *arguments)


class Side:
    """An installation that follows one node, its relayer and indexer stepped by hand.

    Args:
        world: Where.
        node: Whom it asks.
        database: File of its database.
        account: Who pays for it.
        finality: As the setting of that name.
    """

    def __init__(
        self, world: RealWorld, node: RealNode, database: Path, account: AddressSigner, *, finality: str | int
    ) -> None:
        self.world, self.node = world, node
        self.db = open_database(f"sqlite:///{database}")
        ledger = Ledger(node.chain, world.ledger.address)
        self.db.bind(world.domain.chain_id, ledger.address, bytes(32))
        self.outbox, self.journal = Outbox(self.db), Journal(self.db)
        self.digests: list[bytes] = []  # of all that was acknowledged
        self._now = time.time()
        source = LedgerSource(node.chain, ledger.address, finality=finality)
        self.indexer = Indexer(self.db, source, world.domain)
        self.sending = Sending(node.chain, self.journal, account, world.domain.chain_id, clock=lambda: self._now)
        self.relay = Relay(self.db, ledger, source, self.sending, self.journal, account=account.signer)

    def accept(self, *submissions: Submission) -> None:
        self.digests += [self.world.accept(self.outbox, submission).digest for submission in submissions]

    def index(self) -> None:
        while not self.indexer.step().caught_up:
            pass

    def round(self) -> None:
        """Read the chain, and send what is to be sent."""
        self.index()
        self._now += _ROUND_SECONDS
        self.relay.step()
        self.index()

    def states(self) -> list[str]:
        found = (self.outbox.state(digest) for digest in self.digests)
        return [state.state if state else "?" for state in found]

    def finals(self) -> set[bytes]:
        """The statements that it calls final."""
        return {digest for digest, state in zip(self.digests, self.states(), strict=True) if state == "final"}

    def final_block(self) -> int:
        return indexing.finalized_block(self.db)

    def facts(self, until: int) -> Facts:
        """Every row that it has of blocks up to this one."""
        return facts(self.db, until)

    def close(self) -> None:
        self.db.close()


def facts(db: Database, until: int) -> Facts:
    """Every rebuildable row that a database has of blocks up to this one."""
    found: set[tuple[str, int, str]] = set()
    with db.snapshot() as connection:
        for table in REBUILDABLE:
            sql = f"SELECT block, t.* FROM {table.name} t WHERE block <= ?"  # noqa: S608 - names of our schema
            found |= {(table.name, row[0], repr(tuple(row))) for row in connection.execute(sql, (until,))}
    return frozenset(found)


def rebuilt(world: RealWorld, node: RealNode, database: Path) -> bytes:
    """What an index from block 0 of a node's chain holds."""
    db = open_database(f"sqlite:///{database}")
    indexer = Indexer(db, LedgerSource(node.chain, world.ledger.address), world.domain)
    while not indexer.step().caught_up:
        pass
    made = indexing.dump(db)
    db.close()
    return made


@contextmanager
def a_real_world(folder: Path, nodes: int = 1, chain_id: int = CHAIN_ID) -> Iterator[RealWorld]:
    """Set up a world, and take it down again."""
    world = RealWorld(folder, nodes, chain_id)
    try:
        yield world
    finally:
        world.end()


def shipped(world: RealWorld, lots: Sequence[str]) -> list[Submission]:
    """Registrations of these lots, each with its shipment to the carrier."""
    made: list[Any] = []
    for lot in lots:
        registration = world.registration(lot)
        made += [registration, world.shipment(registration)]
    return made
