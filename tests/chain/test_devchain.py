"""The embedded chain comes back after any kill with everything it had dumped, and never with half of something."""

from __future__ import annotations

import gzip
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from ledger.chain import devchain
from ledger.chain.client import Chain
from ledger.chain.devchain import CHAIN_ID, DevChain, endpoint, find_anvil
from ledger.chain.devstate import NEWEST, PREVIOUS, DumpFiles, durable_block, read_dump
from ledger.chain.signers import development_signer
from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.core.keccak import keccak256

pytestmark = pytest.mark.system
SENDER = development_signer(0, CHAIN_ID)
# Keeps each call's first word in storage, and logs it.
KEEPER = "0x600f600c600039600f6000f3" + "600035806001905560006000a100".ljust(30, "0")
POOR = b"\x11" * 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "chain"


@pytest.fixture
def embedded(folder: Path) -> Iterator[DevChain]:
    chain = DevChain(folder, fund=[POOR])
    chain.start()
    yield chain
    chain.stop()


def call(url: str, method: str, *params: Any) -> Any:
    chain = Chain(url)
    try:
        return chain.rpc.request(method, *params)
    finally:
        chain.close()


def block(url: str, name: str) -> Any:
    return call(url, "eth_getBlockByNumber", name, bool(name))


def head(chain: DevChain) -> int:
    return int(call(chain.url, "eth_blockNumber"), 16)


def answers(chain: DevChain) -> bool:
    """Until the one killed is missed, its address stands, and nobody is there."""
    try:
        return head(chain) >= 0
    except UnavailableError:
        return False


def send(url: str, data: str, to: str | None = None) -> dict[str, Any]:
    fields = {"from": SENDER.address, "data": data, "gas": "0x100000"} | ({"to": to} if to else {})
    hash_ = call(url, "eth_sendTransaction", fields)
    return wait_for(lambda: call(url, "eth_getTransactionReceipt", hash_))


def wait_for(found: Callable[[], Any]) -> Any:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if answer := found():
            return answer
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def logs(url: str, address: str) -> list[Any]:
    return list(call(url, "eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": address}))


def kill(chain: DevChain) -> None:
    process = chain._process
    assert process is not None
    os.kill(chain.pid, signal.SIGKILL)
    wait_for(lambda: not process.is_alive())


def test_it_runs_on_the_loopback_with_the_limits_of_osaka_and_money_for_who_pays(embedded: DevChain) -> None:
    assert embedded.url.startswith("http://127.0.0.1:")
    assert int(call(embedded.url, "eth_chainId"), 16) == CHAIN_ID
    assert int(call(embedded.url, "eth_getBalance", "0x" + POOR.hex(), "latest"), 16) > 10**20
    precompile = "0x" + "00" * 18 + "0100"
    assert call(embedded.url, "eth_call", {"to": precompile, "data": "0x00"}, "latest") == "0x"
    with pytest.raises(UnavailableError, match="gas"):
        call(embedded.url, "eth_sendTransaction", {"from": SENDER.address, "gas": hex(16_777_217)})


def test_activity_becomes_final_and_durable_when_it_is_quiet_and_then_nothing_grows(embedded: DevChain) -> None:
    send(embedded.url, KEEPER)
    for _ in range(3):
        embedded.tend()
    assert head(embedded) == 3
    assert int(block(embedded.url, "finalized")["number"], 16) >= 1
    assert embedded.durable_block() == 3
    for _ in range(5):
        embedded.tend()
    assert head(embedded) == 3


def test_blocks_and_logs_and_code_survive_a_kill(embedded: DevChain) -> None:
    receipt = send(embedded.url, KEEPER)
    address = receipt["contractAddress"]
    send(embedded.url, "0x" + "00" * 31 + "07", address)
    embedded.tend()
    embedded.tend()
    before = [block(embedded.url, hex(number)) for number in range(5)]
    kill(embedded)
    with pytest.raises(UnavailableError):
        call(embedded.url, "eth_blockNumber")
    embedded.tend()
    assert [block(embedded.url, hex(number)) for number in range(5)] == before
    assert len(logs(embedded.url, address)) == 1
    send(embedded.url, "0x" + "00" * 31 + "08", address)
    assert len(logs(embedded.url, address)) == 2


def test_the_address_stays_the_same_over_restarts(embedded: DevChain, folder: Path) -> None:
    url = embedded.url
    kill(embedded)
    embedded.tend()
    assert embedded.url == url
    assert endpoint(folder) == url
    embedded.stop()
    successor = DevChain(folder)
    assert successor.start() == url
    successor.stop()


def test_an_anvil_whose_parent_was_killed_before_it_could_name_it_is_found(embedded: DevChain, folder: Path) -> None:
    """Left alone it would go on answering at the address where everybody asks, with a chain that nobody tends."""
    (folder / "anvil.json").unlink()
    embedded._release_folder()
    successor = DevChain(folder)
    assert (successor.start(), successor.pid) == (embedded.url, embedded.pid)
    assert endpoint(folder) == embedded.url
    successor.stop()
    assert successor.pid == 0
    with pytest.raises(UnavailableError):
        call(embedded.url, "eth_blockNumber")


def test_what_came_after_the_last_dump_is_lost_and_does_not_count_as_durable(embedded: DevChain) -> None:
    address = send(embedded.url, KEEPER)["contractAddress"]
    embedded.tend()
    embedded.tend()
    durable = embedded.durable_block()
    send(embedded.url, "0x" + "00" * 31 + "07", address)
    assert head(embedded) == durable + 1
    kill(embedded)
    embedded.tend()
    assert head(embedded) == durable == embedded.durable_block()


def test_a_damaged_dump_is_set_aside_and_the_one_before_is_used(embedded: DevChain, folder: Path) -> None:
    address = send(embedded.url, KEEPER)["contractAddress"]
    embedded.tend()
    embedded.tend()
    first = embedded.durable_block()
    send(embedded.url, "0x" + "00" * 31 + "07", address)
    embedded.tend()
    embedded.tend()
    assert embedded.durable_block() > first
    newest = folder / NEWEST
    newest.write_bytes(newest.read_bytes()[:-100])
    kill(embedded)
    embedded.tend()
    assert embedded.durable_block() == first == head(embedded)
    send(embedded.url, "0x" + "00" * 31 + "08", address)
    embedded.tend()
    embedded.tend()
    assert read_dump((folder / NEWEST).read_bytes()) is not None
    assert (folder / "state.json.damaged").exists()


def test_with_no_usable_dump_it_starts_anew_and_says_that_nothing_is_durable(embedded: DevChain, folder: Path) -> None:
    send(embedded.url, KEEPER)
    embedded.tend()
    embedded.tend()
    for name in (NEWEST, PREVIOUS):
        (folder / name).write_bytes(b"garbage")
    kill(embedded)
    embedded._not_before = math.inf  # a slow machine takes so long to start it that the next dump would be due
    embedded.tend()
    assert head(embedded) == 0
    assert embedded.durable_block() == -1


def test_no_dump_under_load_is_torn(embedded: DevChain) -> None:
    """Anvil's own dumps are: most of those made while blocks are mined hold state without its block."""
    address = send(embedded.url, KEEPER)["contractAddress"]
    stop = threading.Event()

    def load() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            send(embedded.url, f"0x{number:064x}", address)

    thread = threading.Thread(target=load)
    thread.start()
    taken = set()

    def dumped() -> bool:
        embedded._not_before = 0.0
        embedded.tend()
        taken.add(embedded.durable_block())
        return len(taken) > 8

    wait_for(dumped)
    stop.set()
    thread.join()
    kill(embedded)
    embedded.tend()
    state = orjson.loads(gzip.decompress((embedded._folder / NEWEST).read_bytes()))
    assert len(logs(embedded.url, address)) == len(state["transactions"]) - 1


def test_a_torn_dump_is_recognised(embedded: DevChain, folder: Path) -> None:
    send(embedded.url, KEEPER)
    embedded.tend()
    embedded.tend()
    state = orjson.loads(gzip.decompress((folder / NEWEST).read_bytes()))

    def packed(**changes: Any) -> bytes:
        return gzip.compress(orjson.dumps(state | changes))

    assert read_dump(packed()) is not None
    ahead = {name: account | {"nonce": account["nonce"] + 1} for name, account in state["accounts"].items()}
    for torn in (
        packed(accounts=ahead),
        packed(blocks=state["blocks"][:-1]),
        packed(transactions=[]),
        packed(best_block_number=99),
        packed(accounts=None),
        gzip.compress(b"[1, 2"),
        gzip.compress(b"{}"),
        b"",
    ):
        assert read_dump(torn) is None


def test_lost_contract_code_is_noticed_and_the_last_good_state_comes_back(embedded: DevChain) -> None:
    address = send(embedded.url, KEEPER)["contractAddress"]
    embedded.tend()
    embedded.tend()
    code = call(embedded.url, "eth_getCode", address, "latest")
    call(embedded.url, "anvil_setCode", address, "0x")
    call(embedded.url, "evm_mine")
    embedded.tend()
    embedded.tend()
    assert call(embedded.url, "eth_getCode", address, "latest") == code


def test_a_crash_at_any_point_of_saving_leaves_a_good_dump(
    embedded: DevChain, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(embedded.url, KEEPER)
    embedded.tend()
    embedded.tend()
    dump = read_dump((folder / NEWEST).read_bytes())
    assert dump is not None
    steps = 0
    honest = Path.replace

    for crash_at in range(1, 4):
        DumpFiles(folder).save(dump)
        steps = 0

        def replace(path: Path, target: Path) -> Path:
            nonlocal steps
            steps += 1
            if steps == crash_at:  # noqa: B023 - used in this round only
                raise SystemError
            return honest(path, target)

        monkeypatch.setattr(Path, "replace", replace)
        with pytest.raises(SystemError):
            DumpFiles(folder).save(dump)
        monkeypatch.undo()
        best = next(DumpFiles(folder).load())
        assert best.block == dump.block


@pytest.mark.usefixtures("embedded")
def test_a_second_one_on_the_same_folder_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="Another process") as caught:
        DevChain(folder).start()
    assert caught.value.field == "data_dir"


def test_an_anvil_that_a_killed_parent_left_is_taken_over_with_all_it_holds(folder: Path) -> None:
    parent = DevChain(folder)
    parent.start()
    address = send(parent.url, KEEPER)["contractAddress"]
    pid = parent.pid
    assert parent._lock is not None
    parent._lock.close()  # as the system does for a killed process
    assert parent._chain is not None
    parent._chain.close()
    successor = DevChain(folder)
    assert successor.start() == parent.url
    assert successor.pid == pid
    assert call(successor.url, "eth_getCode", address, "latest") != "0x"
    successor.tend()
    successor.tend()
    assert successor.durable_block() == 3
    successor.stop()
    assert parent._process is not None
    wait_for(lambda: not parent._process.is_alive())  # type: ignore[union-attr]  # it was started
    assert endpoint(folder) is None


def test_a_process_that_merely_has_the_recorded_id_is_left_alone(folder: Path) -> None:
    folder.mkdir(parents=True)
    stranger = os.getpid()
    (folder / "anvil.json").write_text(f'{{"pid": {stranger}, "born": "1", "port": 1}}')
    chain = DevChain(folder)
    chain.start()
    assert chain.pid != stranger
    chain.stop()
    assert endpoint(folder) is None


def test_stopping_dumps_what_is_new(folder: Path) -> None:
    chain = DevChain(folder)
    chain.start()
    send(chain.url, KEEPER)
    chain.stop()
    assert durable_block(folder) == 1
    again = DevChain(folder)
    again.start()
    assert head(again) == 1
    again.stop()


def test_running_tends_it_until_told_to_stop(folder: Path) -> None:
    chain = DevChain(folder)
    url = chain.start()
    stop = threading.Event()
    thread = threading.Thread(target=chain.run, args=(stop,))
    thread.start()
    try:
        send(url, KEEPER)
        wait_for(lambda: durable_block(folder) == 3)
        kill(chain)
        wait_for(lambda: endpoint(folder) == url and answers(chain) and head(chain) == 3)
    finally:
        stop.set()
        thread.join()
    assert endpoint(folder) is None
    assert chain.pid == 0


def test_an_anvil_that_does_not_come_up_is_told_with_where_to_look(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "anvil"
    broken.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    broken.chmod(0o755)
    chain = DevChain(folder, anvil=broken)
    with pytest.raises(UnavailableError, match=r"does not start") as caught:
        chain.start()
    assert "anvil.log" in caught.value.advice
    assert chain._lock is None


def test_npms_starter_is_passed_by_for_anvil_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ending npm's Node program would leave the real Anvil running."""
    assert find_anvil().suffix != ".mjs"
    package = tmp_path / "node_modules" / "@foundry-rs"
    (package / "anvil").mkdir(parents=True)
    (package / "anvil" / "bin.mjs").write_text("")
    real = package / "anvil-any-system" / "bin" / "anvil"
    real.parent.mkdir(parents=True)
    real.write_text("")
    monkeypatch.setattr(devchain.shutil, "which", lambda _name: str(package / "anvil" / "bin.mjs"))
    monkeypatch.setattr(devchain, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    assert find_anvil() == real
    monkeypatch.setattr(devchain.shutil, "which", lambda _name: str(real))
    assert find_anvil() == real
    real.unlink()
    monkeypatch.setattr(devchain.shutil, "which", lambda _name: None)
    with pytest.raises(ConfigurationError, match="not installed"):
        find_anvil()


def test_the_last_block_is_still_proved_after_a_restart(embedded: DevChain, folder: Path) -> None:
    """Its header commits to the state that the node has: nothing was given or taken in between."""
    send(embedded.url, KEEPER)
    embedded.stop()
    again = DevChain(folder, fund=[POOR])
    again.start()
    try:
        proof = call(again.url, "eth_getProof", "0x" + POOR.hex(), [], "latest")
        root = keccak256(bytes.fromhex(proof["accountProof"][0][2:]))
        assert block(again.url, "latest")["stateRoot"] == "0x" + root.hex()
        assert int(proof["balance"], 16) > 0
    finally:
        again.stop()
