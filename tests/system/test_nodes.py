"""Whole programs on several nodes: one lies and is dropped, one goes, one follows a branch of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from ledger.chain.client import Chain
from ledger.chain.contracts import call_data
from ledger.chain.endpoints import Endpoints
from ledger.chain.source import LedgerSource
from ledger.cli.main import app
from ledger.core.errors import UnavailableError
from ledger.index import Indexer
from ledger.store import indexing
from ledger.store.database import Database, open_database
from ledger.store.read_model import ReadModel
from tests.lying_node import GONE, LyingNode, another_hash, lying_nodes
from tests.system.test_up import GTIN, HEADER, with_one_maker, write
from tests.system.up_process import PATIENCE, Terminal, Up
from tests.world import Anvil, World, a_world

pytestmark = [pytest.mark.system, pytest.mark.slow]


# ---- one installation on three nodes ----


def test_an_installation_on_three_nodes_goes_on_while_one_lies_and_after_it_while_another_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anvil = Anvil(tmp_path / "node")
    with lying_nodes(anvil.url, 3) as nodes:
        network = {"RPC_URL": ",".join(node.url for node in nodes), "FINALITY": "0", "LOG_LEVEL": "critical"}
        network.pop("LOG_LEVEL")
        for name, value in network.items():
            monkeypatch.setenv(f"LOTPROOF_{name}", value)
        data = tmp_path / "data"
        data.mkdir()
        assert CliRunner().invoke(app, ["deploy", "--data", str(data)]).exit_code == 0
        running = Up(data, **network)
        try:
            one_lies(with_one_maker(Terminal(data, running.url)), nodes, anvil)
        finally:
            assert running.stop() == 0
            anvil.end()


def one_lies(terminal: Terminal, nodes: list[LyingNode], anvil: Anvil) -> None:
    await_states(terminal, ["healthy"] * 3)
    anvil.mine(3)
    lie_at = anvil.chain.head().number
    nodes[0].lies["eth_getBlockByNumber"] = another_hash(lie_at)
    shown = await_states(terminal, ["lying", "healthy", "healthy"])
    assert f"block {lie_at}" in shown[0]["reason"]
    assert "secret-key" not in str(shown)
    figures = httpx.get(f"{terminal.server}/metrics").text
    assert f'lotproof_rpc_endpoint{{endpoint="{shown[0]["name"]}",state="lying"}} 1.0' in figures
    registered(terminal, "K")
    nodes[0].raw = GONE
    registered(terminal, "L")


def registered(terminal: Terminal, lot: str) -> None:
    file = write(terminal.folder, f"{lot}.csv", f"{HEADER}{GTIN},{lot},PPE,9,2031-05-31,\n")
    terminal.done("batch register", file, "--as", "maker")
    assert terminal.verdict(f"(01){GTIN}(10){lot}")["verdict"] == "verified"


def await_states(terminal: Terminal, states: list[str]) -> list[dict[str, str]]:
    until = time.monotonic() + PATIENCE
    while True:
        shown: list[dict[str, str]] = httpx.get(f"{terminal.server}/v1/chain").json()["nodes"]
        if [node["state"] for node in shown] == states:
            return shown
        assert time.monotonic() < until, shown
        time.sleep(0.1)


# ---- a node on a branch of its own, with blocks, receipts and facts that fit each other ----


class Branched:
    """A world, and a second node that shares its first blocks and then goes its own way."""

    def __init__(self, world: World, branch: Anvil) -> None:
        self.world = world
        self.branch = branch

    def go_apart(self) -> None:
        """Each registers a batch that the other does not know, and goes on until it calls it final."""
        for anvil, lot in ((self.world.anvil, "TRUE"), (self.branch, "FALSE")):
            data = call_data([self.world.registration(lot)])
            fields = {"from": "0x" + "22" * 20, "to": "0x" + self.world.ledger.address.hex(), "data": "0x" + data.hex()}
            anvil.rpc("anvil_setBalance", fields["from"], hex(10**20))
            anvil.rpc("anvil_impersonateAccount", fields["from"])
            anvil.rpc("eth_sendTransaction", fields | {"gas": hex(10**6)})
            anvil.rest()
            anvil.mine(6)


@pytest.fixture
def branched(tmp_path: Path) -> Iterator[Branched]:
    with a_world(tmp_path / "true") as world:
        registration = world.registration("A1")
        world.bring(registration)
        world.anvil.mine(4)
        branch = Anvil(tmp_path / "branch", branch_of=(world.anvil.url, world.chain.head().number))
        try:
            yield Branched(world, branch)
        finally:
            branch.end()


@contextmanager
def indexer_on(world: World, folder: Path, *urls: str) -> Iterator[tuple[Indexer, Database]]:
    database = open_database(f"sqlite:///{folder}/lotproof.db")
    chain = Chain(Endpoints(urls, look_seconds=0.0))
    try:
        yield Indexer(database, LedgerSource(chain, world.ledger.address), world.domain), database
    finally:
        chain.close()
        database.close()


def follow(indexer: Indexer) -> None:
    """Step until caught up, over what passes by itself."""
    for _ in range(20):
        try:
            if indexer.step().caught_up:
                return
        except UnavailableError:
            continue
    raise AssertionError("it does not catch up")


def lots(database: Database) -> set[str]:
    with database.snapshot() as connection:
        return {row[0] for row in connection.execute("SELECT lot FROM registrations")}


def test_an_index_that_followed_a_liars_branch_returns_when_two_others_agree(
    branched: Branched, tmp_path: Path
) -> None:
    world, branch = branched.world, branched.branch
    with lying_nodes(world.anvil.url, 1) as (third,):
        third.raw = GONE
        with indexer_on(world, tmp_path, branch.url, world.anvil.url, third.url) as (indexer, database):
            follow(indexer)
            branched.go_apart()
            common = ReadModel(database).as_of().finalized_block
            follow(indexer)
            assert lots(database) == {"A1", "FALSE"}  # told as recorded, not final: one of two says so
            assert ReadModel(database).as_of().finalized_block == common
            third.honest()
            follow(indexer)
            assert lots(database) == {"A1", "TRUE"}
            assert ReadModel(database).as_of().finalized_block == world.chain.head().number - 2
            rebuilt = open_database(f"sqlite:///{tmp_path}/rebuilt.db")
            follow(Indexer(rebuilt, LedgerSource(world.chain, world.ledger.address), world.domain))
            assert indexing.dump(database) == indexing.dump(rebuilt)
            rebuilt.close()


def test_of_two_nodes_on_two_branches_neither_makes_anything_final(branched: Branched, tmp_path: Path) -> None:
    world, branch = branched.world, branched.branch
    with indexer_on(world, tmp_path, branch.url, world.anvil.url) as (indexer, database):
        follow(indexer)
        common = ReadModel(database).as_of().finalized_block
        branched.go_apart()
        for _ in range(3):
            follow(indexer)
        assert ReadModel(database).as_of().finalized_block == common


def test_a_frozen_node_of_three_stops_nothing(branched: Branched, tmp_path: Path) -> None:
    world, frozen = branched.world, branched.branch
    with (
        lying_nodes(world.anvil.url, 1) as (third,),
        indexer_on(world, tmp_path, frozen.url, world.anvil.url, third.url) as (indexer, database),
    ):
        follow(indexer)
        world.bring(world.registration("B2"))
        world.anvil.mine(30)
        follow(indexer)
        assert lots(database) == {"A1", "B2"}
        assert ReadModel(database).as_of().finalized_block == world.chain.head().number - 2
