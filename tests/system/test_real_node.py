"""The whole path on a real node: what is recorded is final only once the chain says so, and outlives a kill -9."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ledger.chain import keys
from ledger.chain.contracts import Ledger
from tests.real_node import CHAIN_ID, Consensus, RealNode, Slots, write_genesis
from tests.system.up_process import CHEAP, PASSWORD, PATIENCE, Terminal, Up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PREFIX, GTIN = "9521101", "09521101000016"
CARRIER = 3
AUTHORITIES = "name,country,roles,admin_key\nBelgium,BE,REGULATOR,be\n"
BELGIANS = (
    f"name,country,roles,gln,prefixes,admin_key\nMaker,BE,MANUFACTURER,,{PREFIX},maker\nCarrier,BE,CARRIER,,,carrier\n"
)


@dataclass
class Installed:
    """A node with its consensus, and an installation on it with keys of its own."""

    node: RealNode
    slots: Slots
    terminal: Terminal
    ledger: bytes

    def statement(self, digest: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.terminal.server}/v1/statements/{digest}", trust_env=False).json()
        return found

    def await_state(self, digest: str, wanted: str) -> dict[str, Any]:
        return until(lambda: self.statement(digest), lambda found: found["state"] == wanted)


def until(ask: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + PATIENCE
    while not good(found := ask()):
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    folder = tmp_path_factory.mktemp("real")
    made = [
        keys.create(folder / "keys", name, "secp256k1", PASSWORD, work_factor=CHEAP) for name in ("relay", "council")
    ]
    node = RealNode(folder / "node", write_genesis(folder, [one.signer for one in made]))
    node.start()
    slots = Slots(Consensus([node]), node)
    settings = {"RPC_URL": node.url, "CHAIN_ID": str(CHAIN_ID), "RELAY_KEY": "relay", "COUNCIL_KEY": "council"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (settings | {"KEY_PASSWORD": PASSWORD}).items():
            patch.setenv(f"LOTPROOF_{name}", value)
        until(lambda: node.block()["number"], lambda number: number != "0x0")
        deployed = Terminal(folder, "").done("deploy")
        running = Up(folder, **settings, KEY_PASSWORD=PASSWORD)
        terminal = Terminal(folder, running.url)
        for name, kind in (("be", "secp256k1"), ("maker", "p256"), ("carrier", "p256")):
            terminal.key(name, kind)
        yield Installed(node, slots, terminal, bytes.fromhex(deployed["ledger"][2:]))
        assert running.stop() == 0
    slots.stop()
    node.end()


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_what_is_recorded_is_final_only_once_the_chain_says_so(installed: Installed) -> None:
    terminal, folder = installed.terminal, installed.terminal.folder
    terminal.done("authority admit", write(folder, "authorities.csv", AUTHORITIES))
    terminal.await_organisations(1)
    terminal.done("organisation accredit", write(folder, "organisations.csv", BELGIANS), "--as", "be")
    header = "gtin,lot,product_class,quantity,expiry,product\n"
    row = f"{GTIN},REAL1,PPE,100,2031-05-31,Mask\n"
    registered = terminal.done("batch register", write(folder, "batch.csv", header + row), "--as", "maker")
    digest = registered["registered"][0]["digest"]
    terminal.done(f"custody ship {GTIN}/REAL1 --to {CARRIER} --place BEBRU --as maker")
    terminal.done(f"custody receive {GTIN}/REAL1 --place BEBRU --as carrier")

    recorded = installed.await_state(digest, "recorded")
    verdict = terminal.verdict(f"(01){GTIN}(10)REAL1")
    assert verdict["verdict"] == "verified"
    assert [event["kind"] for event in verdict["custody"]] == ["SHIP", "RECEIVE"]
    fresh = verdict["checks"][12]
    assert (fresh["result"], "not yet final" in fresh["detail"]) == ("failed", True)
    time.sleep(2)  # blocks go on; none of them makes anything final
    assert installed.statement(digest)["state"] == "recorded"

    final = installed.slots.finalize()
    assert final >= recorded["recorded"]["block"]
    installed.await_state(digest, "final")
    verdict = terminal.verdict(f"(01){GTIN}(10)REAL1")
    assert (verdict["verdict"], verdict["checks"][12]["result"]) == ("verified", "passed")
    assert verdict["as_of"]["finalized_block"] >= final


def test_p256_signatures_are_checked_without_the_precompile(installed: Installed) -> None:
    assert not Ledger(installed.node.chain, installed.ledger).has_p256_precompile


def test_a_proof_comes_from_the_state_of_a_real_node_and_holds_offline(installed: Installed, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.json"
    made = installed.terminal.done(f"proof {GTIN} REAL1", "-o", str(bundle))
    ledger = "0x" + installed.ledger.hex()
    trusted = ("--ledger", ledger, "--header", installed.node.block(made["block"])["hash"])
    code, out, err = installed.terminal.run(
        "verify", f"(01){GTIN}(10)REAL1", "--bundle", str(bundle), *trusted, "--json"
    )
    assert code == 0, out + err


def test_everything_is_there_after_the_node_was_killed(installed: Installed) -> None:
    before = installed.node.block("finalized")
    with installed.slots.halted():
        head = installed.node.block()["hash"]
        installed.node.kill()
        installed.node.start()
        installed.slots.consensus.tell(installed.node)
        assert installed.node.block()["hash"] == head
    assert installed.node.block("finalized") == before
    terminal = installed.terminal
    assert terminal.verdict(f"(01){GTIN}(10)REAL1")["verdict"] == "verified"
    terminal.done(f"custody ship {GTIN}/REAL1 --to 2 --place BEBRU --as carrier --wait 0")

    def custody() -> list[str]:
        installed.slots.finalize()  # what a node that has just begun refused goes out anew once that is final
        return [event["kind"] for event in terminal.verdict(f"(01){GTIN}(10)REAL1")["custody"]]

    until(custody, lambda kinds: kinds == ["SHIP", "RECEIVE", "SHIP"])
