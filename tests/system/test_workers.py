"""Several processes serve one database: on one port as workers, on several ports as servers of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ledger.core.vocabulary import Kind
from ledger.store import indexing
from ledger.store.database import open_database
from tests.core.batch_story import DOMAIN
from tests.indexed_world import LOTS, chain, link, world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.core.facts import IndexedBlock

pytestmark = [pytest.mark.system, pytest.mark.slow]

PATIENCE = 60.0  # seconds
WORKERS = 2
NOBODY = "http://127.0.0.1:9"  # port 9 discards: no chain answers there


class Server:
    """`lotproof serve` without a chain."""

    def __init__(self, url: str, folder: Path, workers: int = 1) -> None:
        self.database = url
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LOTPROOF_")}
        told = {"DATABASE_URL": url, "RPC_URL": NOBODY, "LOG_LEVEL": "error", "FRESH_SECONDS": "604800"}
        environment = clean | {f"LOTPROOF_{name}": value for name, value in told.items()}
        command = [sys.executable, "-m", "ledger.cli", "serve", "--port", "0", "--json", "--data", str(folder)]
        command += ["--workers", str(workers)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        said = "".join(iter(self.process.stdout.readline, "}\n"))
        self.url: str = json.loads(said + "}")["url"]

    def ask(self, path: str) -> httpx.Response:
        """One request on a connection of its own, so that any worker may take it."""
        return httpx.get(f"{self.url}{path}", timeout=PATIENCE)

    def verdict(self) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/v1/verify", params={"code": link(LOTS["recalled"])}, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def counted(self, name: str) -> int:
        """The sum of a counter of /metrics."""
        values = re.findall(rf"^{name}_total{{.*}} (\S+)$", self.ask("/metrics").text, re.MULTILINE)
        return int(sum(map(float, values)))

    def workers(self) -> list[int]:
        """The processes that answer: those that were started with `spawn_main`."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(PATIENCE)


@pytest.fixture
def blocks() -> tuple[list[IndexedBlock], list[IndexedBlock]]:
    """A chain as it was before a recall, and what came then."""
    told = world()
    (at,) = (event.recorded.block for event in told.stories["recalled"].events if event.kind == Kind.RECALL)
    found = chain(told)
    return [block for block in found if block.number < at], [block for block in found if block.number >= at]


@pytest.fixture
def serve(
    new_url: Callable[[], str], tmp_path: Path, blocks: tuple[list[IndexedBlock], list[IndexedBlock]]
) -> Iterator[Callable[..., Server]]:
    """Starts servers of one database."""
    url, started = new_url(), list[Server]()
    database = open_database(url)
    database.bind(DOMAIN.chain_id, DOMAIN.ledger, b"\x07" * 32)
    indexing.append(database, blocks[0])
    last = blocks[0][-1].number
    indexing.set_status(database, head_block=last, finalized_block=last, heard_at=int(time.time()))
    database.close()

    def start(workers: int = 1) -> Server:
        started.append(Server(url, tmp_path / "data", workers))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def commit(server: Server, blocks: list[IndexedBlock]) -> None:
    """Index blocks from this process, which is none of those that serve."""
    database = open_database(server.database)
    indexing.append(database, blocks)
    database.close()


@pytest.mark.parametrize("engine", ["postgresql"])
def test_servers_on_several_ports_see_a_recall_at_once(
    serve: Callable[..., Server], blocks: tuple[list[IndexedBlock], list[IndexedBlock]]
) -> None:
    servers = [serve(), serve()]
    assert [server.verdict()["verdict"] for server in servers * 3] == ["verified"] * 6
    commit(servers[0], blocks[1])
    assert [server.verdict()["reason"] for server in servers * 3] == ["recalled"] * 6
    assert [server.stop() for server in servers] == [0, 0]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_workers_of_one_server(
    serve: Callable[..., Server], blocks: tuple[list[IndexedBlock], list[IndexedBlock]], tmp_path: Path
) -> None:
    """They see what others commit at once, count together, are replaced when they die and end with their supervisor."""
    server = serve(workers=WORKERS)
    assert {server.verdict()["verdict"] for _ in range(10)} == {"verified"}
    commit(server, blocks[1])
    assert {server.verdict()["reason"] for _ in range(10)} == {"recalled"}
    assert server.counted("lotproof_verdicts") == 20
    first = server.workers()
    assert len(first) == WORKERS
    os.kill(first[0], signal.SIGKILL)
    assert eventually(lambda: len(server.workers()) == WORKERS and first[0] not in server.workers())
    assert {server.verdict()["reason"] for _ in range(10)} == {"recalled"}
    assert server.counted("lotproof_verdicts") == 30
    _second_server_is_told_that_the_port_is_taken(server, tmp_path)
    workers = server.workers()
    server.stop(signal.SIGKILL)
    assert eventually(lambda: all(map(gone, workers)))


def _second_server_is_told_that_the_port_is_taken(server: Server, folder: Path) -> None:
    port = server.url.rpartition(":")[2]
    command = [sys.executable, "-m", "ledger.cli", "serve", "--port", port, "--workers", "2", "--data", str(folder)]
    environment = os.environ | {"LOTPROOF_DATABASE_URL": server.database, "LOTPROOF_RPC_URL": NOBODY}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in ran.stderr
