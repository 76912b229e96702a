"""Deployments and the council's acts go through the journal, so that a crash neither repeats nor forgets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ledger.deploy
from ledger.accredit import OrganisationRow
from ledger.chain.contracts import Ledger
from ledger.chain.signers import Signer, development_signer
from ledger.config import Settings
from ledger.core.errors import ConfigurationError, StatementRefusedError, UnavailableError
from ledger.core.vocabulary import Role
from ledger.deploy import Council, account_of, attach, deploy, open_chain, propose_admissions
from ledger.store.database import Database, open_database
from ledger.store.journal import Journal
from tests.world import CARRIER, COUNCIL, KEYS, REGULATOR, RELAYER, World, a_world

pytestmark = pytest.mark.system
CHAIN = 31337


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as made:
        yield made


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/lotproof.db")
    yield opened
    opened.close()


def keys(name: str) -> Signer:
    return {"carrier": KEYS[CARRIER], "council": COUNCIL}[name]


def settings(world: World, db: Database, **changes: Any) -> Settings:
    return Settings(rpc_url=world.anvil.url, database_url=db.url, **changes)


def row(name: str = "Agency", country: str = "SG") -> OrganisationRow:
    return OrganisationRow(name, country, Role.REGULATOR, 0, ("8888",), "", 0)


def test_a_deployment_binds_the_database_and_happens_once(world: World, db: Database) -> None:
    first = deploy(db, world.chain, RELAYER, COUNCIL.signer)
    assert first.council == COUNCIL.signer
    assert first.block > 0
    assert db.installation() is not None
    assert deploy(db, world.chain, RELAYER, COUNCIL.signer) == first
    assert world.chain.nonce(RELAYER.signer) == 1
    assert attach(db, world.chain, first.ledger).domain == first.domain


def test_a_deployment_that_a_crash_interrupted_goes_on(
    world: World, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.chain, "send", _crash)
    with pytest.raises(SystemError):
        deploy(db, world.chain, RELAYER, COUNCIL.signer)
    monkeypatch.undo()
    assert world.chain.nonce(RELAYER.signer) == 0
    deployment = deploy(db, world.chain, RELAYER, COUNCIL.signer)
    assert Ledger(world.chain, deployment.ledger).council() == COUNCIL.signer
    assert len(list(Journal(db).everything(RELAYER.signer))) == 1


def test_a_deployment_that_the_embedded_chain_lost_comes_again_at_the_same_address(world: World, db: Database) -> None:
    saved = world.anvil.rpc("evm_snapshot")
    first = deploy(db, world.chain, RELAYER, COUNCIL.signer)
    (slot,) = Journal(db).unfinished()
    Journal(db).finish(slot.sender, slot.nonce, slot.latest.hash)
    world.anvil.rpc("evm_revert", saved)
    assert world.chain.code(first.ledger) == b""
    assert deploy(db, world.chain, RELAYER, COUNCIL.signer).ledger == first.ledger


def test_a_database_of_another_ledger_is_refused(world: World, db: Database) -> None:
    deploy(db, world.chain, RELAYER, COUNCIL.signer)
    with pytest.raises(ConfigurationError):
        attach(db, world.chain, world.ledger.address)


def test_a_transaction_that_is_not_mined_is_told_and_stays(
    world: World, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger.deploy, "_PATIENCE_SECONDS", 0.3)
    world.anvil.automine(on=False)
    with pytest.raises(UnavailableError, match="not mined yet"):
        deploy(db, world.chain, RELAYER, COUNCIL.signer)
    world.anvil.mine()
    monkeypatch.undo()
    assert deploy(db, world.chain, RELAYER, COUNCIL.signer).block > 0


def test_a_deployment_that_fails_is_told_and_can_be_tried_again(
    world: World, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger.deploy, "GAS_CAP", 3_000_000)
    with pytest.raises(UnavailableError, match="failed on the chain"):
        deploy(db, world.chain, RELAYER, COUNCIL.signer)
    monkeypatch.undo()
    assert deploy(db, world.chain, RELAYER, COUNCIL.signer).council == COUNCIL.signer


def test_the_council_admits_suspends_pauses_and_names_a_successor(world: World, db: Database) -> None:
    attach(db, world.chain, world.ledger.address)
    council = Council.open(settings(world, db, chain_id=CHAIN), keys)
    number = council.admit(row(), RELAYER)
    assert number == 5
    assert world.ledger.view("organisation", number)[0][1] == b"SG"
    assert world.ledger.view("prefixesOf", number)[0] == (18888,)
    council.suspend(number)
    assert world.ledger.view("organisation", number)[0][3] > 0
    council.suspend(number, suspended=False)
    assert world.ledger.view("organisation", number)[0][3] == 0
    council.pause()
    assert world.ledger.view("pausedUntil")[0] > world.now()
    council.resume()
    council.name_successor(b"\x07" * 20)
    assert world.ledger.view("successor")[0] == "0x" + "07" * 20
    assert len(Journal(db).unfinished(COUNCIL.signer)) == 6


def test_a_council_that_is_a_contract_makes_the_calls_that_are_proposed(world: World, db: Database) -> None:
    with pytest.raises(ConfigurationError, match="No ledger is deployed"):
        propose_admissions(settings(world, db), [])
    attach(db, world.chain, world.ledger.address)
    fresh = [development_signer(number, CHAIN) for number in (5, 6)]
    to, calls = propose_admissions(settings(world, db), [(row(), fresh[0]), (row(name="Second"), fresh[1])])
    assert to == world.ledger.address
    before = world.ledger.view("organisationCount")[0]
    for call in calls:
        assert world.send(to, call, COUNCIL).success
    assert world.ledger.view("organisationCount")[0] == before + 2
    assert world.ledger.simulate(calls[0], sender=RELAYER.signer, gas=10**6).reverted  # it is not the council
    assert Journal(db).unfinished() == []


def test_what_the_ledger_refuses_the_council_costs_nothing_and_is_told_in_words(world: World, db: Database) -> None:
    council = Council(db, world.ledger, COUNCIL, CHAIN)
    with pytest.raises(StatementRefusedError, match="not a country"):
        council.admit(row(country="s1"), RELAYER)
    with pytest.raises(StatementRefusedError, match="not paused"):
        council.resume()
    with pytest.raises(StatementRefusedError, match="was added before"):
        council.admit(row(), KEYS[REGULATOR])
    assert Journal(db).unfinished() == []


def test_only_the_councils_key_opens_it(world: World, db: Database) -> None:
    with pytest.raises(ConfigurationError, match="No ledger is deployed"):
        Council.open(settings(world, db), keys)
    attach(db, world.chain, world.ledger.address)
    assert Council.open(settings(world, db, council_key="council"), keys)
    with pytest.raises(ConfigurationError, match="cannot send transactions"):
        Council.open(settings(world, db, council_key="carrier"), keys)
    with pytest.raises(ConfigurationError, match="not the council's") as caught:
        Council.open(settings(world, db, council_key="relayer"), lambda _name: RELAYER)
    assert caught.value.field == "council_key"


def test_the_chain_is_the_one_that_the_settings_name(world: World, db: Database, tmp_path: Path) -> None:
    assert open_chain(settings(world, db)).chain_id() == CHAIN
    with pytest.raises(ConfigurationError, match="installation is for chain 1"):
        open_chain(settings(world, db, chain_id=1))
    with pytest.raises(UnavailableError, match="does not run"):
        open_chain(Settings(data_dir=tmp_path / "nothing"))


def test_a_development_account_pays_on_a_development_chain_only() -> None:
    assert account_of("", 0, CHAIN, keys) == RELAYER
    assert account_of("council", 0, 1, keys) == COUNCIL
    with pytest.raises(ConfigurationError, match="development keys are public"):
        account_of("", 0, 1, keys)


def _crash(*_: Any, **__: Any) -> None:
    raise SystemError
