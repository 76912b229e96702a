"""Whatever is recorded, in whatever order, can be proved: random trade on a real node, a bundle for every batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from ledger.chain.artifact import code_template
from ledger.chain.client import Chain
from ledger.chain.devchain import DevChain
from ledger.chain.signers import development_signer
from ledger.chain.source import LedgerSource
from ledger.core.header import read_header
from ledger.core.proof import Trusted, check_proof
from ledger.core.proof_bundle import read_bundle
from ledger.core.rules import refusal
from ledger.core.vocabulary import Kind
from ledger.index import Indexer
from ledger.prove import Prover
from ledger.store.database import open_database
from ledger.store.outbox import Outbox
from ledger.store.read_model import ReadModel
from tests.system.logged_ledger import LoggedLedger
from tests.system.random_statements import RandomStatements
from tests.system.test_rules_equal_contract import Node, _accredit_all, _alone, _signers

pytestmark = [pytest.mark.system, pytest.mark.slow]
STATEMENTS = 300


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    council = development_signer(0, 31337)
    chain = DevChain(tmp_path / "chain", fund=[council.signer])
    chain.start()
    try:
        client = Chain(chain.url)
        yield Node(client, council)
        client.close()
    finally:
        chain.stop()


def _trade(node: Node, seed: int) -> LoggedLedger:
    """Let what the rules accept happen on the chain."""
    random = Random(seed)
    signers = _signers(random)
    view = LoggedLedger(node.ledger.is_wallet_signature)
    _accredit_all(node, view, signers)
    statements = RandomStatements(random, view, node.domain, signers)
    for _ in range(STATEMENTS):
        node.tick(random.choice((1, 7, 4000)))
        submission = statements.next(node.time)
        if refusal(submission, view, domain=node.domain, now=node.time) is None:
            view.take(node.bring(_alone(submission)))
    return view


@pytest.mark.parametrize("seed", [11, 12])
def test_every_batch_of_random_trade_is_proved_with_all_its_events(node: Node, seed: int, tmp_path: Path) -> None:
    view = _trade(node, seed)
    database = open_database(f"sqlite:///{tmp_path}/proofs.db")
    indexer = Indexer(database, LedgerSource(node.chain, node.ledger.address), node.domain, development=True)
    while not indexer.step().caught_up:
        pass
    prover = Prover(ReadModel(database), Outbox(database), node.ledger, node.domain)
    kinds: set[Kind] = set()
    for history in view.histories().values():
        registration = history.registration
        bundle = read_bundle(prover.prove(registration.gtin, registration.lot))
        trusted = Trusted(31337, node.ledger.address, read_header(bundle.header).hash, "")
        proven = check_proof(bundle, trusted, code_template())
        assert {event.digest for event in proven.history.events} == {event.digest for event in history.events}
        assert proven.history.states == history.states
        kinds |= {event.kind for event in history.events}
    database.close()
    assert len(view.histories()) > 2
    assert len(kinds) > 8
