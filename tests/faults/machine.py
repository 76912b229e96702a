"""An installation whose parts are processes of their own, the load on it, and the judgement on what became of it.

The judgement is made on the chain and on the answers that clients got, not on what the installation believes.
"""

from __future__ import annotations

import functools
import socket
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

from ledger.chain.artifact import is_our_code
from ledger.chain.logs import READERS_BY_SIGNATURE
from ledger.chain.source import LedgerSource
from ledger.core.errors import UnavailableError
from ledger.core.keccak import keccak256
from ledger.core.submission import Submission
from ledger.index import Indexer
from ledger.store import indexing
from ledger.store.database import Database, open_database
from ledger.store.outbox import Outbox
from tests.faults.starter import Plant, starter
from tests.world import RELAYER, Scribe, World

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS: Final = 120.0
PLANTED_PATIENCE_SECONDS: Final = 12.0  # with a bug put in, what does not come about soon never will
SERVE, RELAY, INDEX = "serve", "relay", "index"
PARTS: Final = (SERVE, RELAY, INDEX)
_RECORDING: Final = {keccak256(one.encode()) for one in READERS_BY_SIGNATURE if one.startswith(("Batch", "CustodyRec"))}
_WORD: Final = 32  # bytes
_WHOLE: Final = (True,)  # the second argument of eth_getBlockByNumber


@dataclass
class Fate:
    """What became of the acknowledged statements; `broken` are the promises that did not hold, in words."""

    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    broken: list[str] = field(default_factory=list)

    def add(self, other: Fate) -> None:
        """Count another installation's in."""
        self.acknowledged += other.acknowledged
        self.lost += other.lost
        self.doubled += other.doubled
        self.broken += other.broken


class Load:
    """Clients that register batches and ship them, one statement after the other, and insist until each is accepted.

    Args:
        url: The server's address.
        scribe: Writes and signs.
        name: What the lots begin with, so that several loads do not meet.
    """

    def __init__(self, url: str, scribe: Scribe, name: str = "L") -> None:
        self.acknowledged: dict[bytes, Submission] = {}  # by digest
        self.answers: Counter[int] = Counter()  # by HTTP status; 0: no answer
        self.problems: list[dict[str, Any]] = []  # what was said with 503
        self._url, self._scribe, self._name = url, scribe, name
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure = ""  # an answer that no client should get

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Send nothing more."""
        self._stop.set()
        self._thread.join(60)

    def await_more(self, number: int, patience: float = PATIENCE_SECONDS) -> bool:
        """Wait until so many more are acknowledged; tells whether they were."""
        goal, until = len(self.acknowledged) + number, time.monotonic() + patience
        while len(self.acknowledged) < goal and time.monotonic() < until and not self.failure:
            time.sleep(0.005)
        return len(self.acknowledged) >= goal

    def _run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=20, trust_env=False) as client:
            number = 0
            while not self._stop.is_set():
                number += 1
                registration = self._scribe.registration(f"{self._name}{number}")
                for submission in (registration, self._scribe.shipment(registration)):
                    self._insist(client, submission)

    def _insist(self, client: httpx.Client, submission: Submission) -> None:
        body = submission.payload()
        while not self._stop.is_set():
            try:
                answer = client.post("/v1/statements", json=body)
            except httpx.HTTPError:
                self.answers[0] += 1
                self._stop.wait(0.03)
                continue
            self.answers[answer.status_code] += 1
            if answer.status_code == 202:
                self.acknowledged[submission.digest(self._scribe.domain)] = submission
                return
            if answer.status_code != 503:
                self.failure = f"A client got {answer.status_code}: {answer.text[:300]}"
                self._stop.set()
                return
            self.problems.append(answer.json())
            self._stop.wait(0.1)


class Machine:
    """The parts of one installation on a chain of its own.

    Args:
        folder: For its data directory and the logs of its parts.
        world: The chain, with a ledger and organisations on it.
        database_url: Where its database is; by default SQLite in the folder.
        rpc_url: How its parts reach the chain, if not directly.
        plant: A bug that is put into every part.
        within: A command that the parts run within, such as `fiu-run` with its options.
        settings: Further settings of the parts, as `LOTPROOF_…` names them.
    """

    def __init__(
        self,
        folder: Path,
        world: World,
        *,
        database_url: str = "",
        rpc_url: str = "",
        plant: Plant | None = None,
        within: tuple[str, ...] = (),
        **settings: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.world, self.plant = folder, world, plant
        self.database_url = database_url or f"sqlite:///{folder.absolute()}/lotproof.db"
        self.patience = PLANTED_PATIENCE_SECONDS if plant else PATIENCE_SECONDS
        self.port = _free_port()
        self._starter = starter(within)
        self._pids: dict[str, int] = {}
        self._environment = {
            "LOTPROOF_RPC_URL": rpc_url or world.anvil.url,
            "LOTPROOF_LEDGER_ADDRESS": "0x" + world.ledger.address.hex(),
            "LOTPROOF_DATABASE_URL": self.database_url,
            "LOTPROOF_DATA_DIR": str(folder.absolute()),
            "LOTPROOF_POLL_SECONDS": "0.05",
            "LOTPROOF_LOG_LEVEL": "warning",
        } | {f"LOTPROOF_{name.upper()}": value for name, value in settings.items()}
        self.db = _open_new(self.database_url)
        self.outbox = Outbox(self.db)
        self.db.bind(world.domain.chain_id, world.ledger.address, keccak256(world.ledger.require_code()))

    @property
    def url(self) -> str:
        """The server's address, which stays the same when it is started again."""
        return f"http://127.0.0.1:{self.port}"

    def begin(self, *parts: str, **settings: str) -> None:
        """Start parts as processes."""
        for part in parts:
            words = [part, "--json", *(("--port", str(self.port)) if part == SERVE else ())]
            environment = self._environment | {f"LOTPROOF_{name.upper()}": value for name, value in settings.items()}
            self._pids[part] = self._starter.start(words, environment, self.folder / f"{part}.log", self.plant)

    def kill(self, part: str) -> None:
        """`kill -9`, unless it has ended by itself."""
        pid = self._pids.pop(part, None)
        if pid is not None:
            self._starter.end(pid)

    def pid(self, part: str) -> int:
        """The process id of a part that runs."""
        return self._pids[part]

    def runs(self, part: str) -> bool:
        """Whether a part that was begun still lives."""
        status = Path(f"/proc/{self._pids[part]}/stat").read_text(encoding="ascii")
        return status.rpartition(")")[2].split()[0] != "Z"

    def move_outside(self) -> None:
        """Kill all parts, and start them again outside of what they ran within."""
        parts = tuple(self._pids)
        for part in parts:
            self.kill(part)
        self._starter = starter()
        self.begin(*parts)

    def revive(self) -> int:
        """Start again what has ended by itself, as a supervisor does; tells how many parts had."""
        ended = [part for part in tuple(self._pids) if not self.runs(part)]
        for part in ended:
            self.kill(part)
            self.begin(part)
        return len(ended)

    def ready(self) -> bool:
        """Whether the server can judge codes."""
        try:
            return httpx.get(self.url + "/readyz", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def await_server(self) -> None:
        """Wait until the server can judge codes.

        Raises:
            AssertionError: It does not come up; its log is in the words.
        """
        log = self.folder / "serve.log"
        assert until_true(self.ready, PATIENCE_SECONDS), log.read_text(encoding="utf-8")[-2000:]

    def end(self) -> None:
        """Kill what still runs."""
        for part in tuple(self._pids):
            self.kill(part)
        self.db.close()

    def settle(self, *, most_blocks: int = 120, patience: float = 0) -> bool:
        """Let the chain go on until nothing is on its way any more; tells whether that came about."""
        until = time.monotonic() + (patience or self.patience)
        mined = 0
        while time.monotonic() < until:
            try:
                if not self.outbox.unsettled():
                    return True
            except UnavailableError:
                pass  # the database may be what was broken, and it comes back
            if mined < most_blocks:
                self.world.anvil.mine()
                mined += 1
            time.sleep(0.15)
        return False

    def judge(self, loads: list[Load]) -> Fate:
        """Compare what was acknowledged with what stands on the chain."""
        fate = Fate(sum(len(load.acknowledged) for load in loads))
        recorded, carried = self._logged(), self._carried()
        for load in loads:
            if load.failure:
                fate.broken.append(load.failure)
            for digest, submission in load.acknowledged.items():
                fate.lost += recorded[digest] == 0
                fate.doubled += recorded[digest] > 1 or carried[submission.signature[:_WORD]] > 1
        if fate.lost:
            fate.broken.append(f"{fate.lost} acknowledged statements are not on the chain.")
        if fate.doubled:
            fate.broken.append(f"{fate.doubled} statements were sent to the chain in more than one transaction.")
        return fate

    def compare_with_rebuild(self) -> list[str]:
        """Say whether the index differs from one that is made anew from the chain."""
        fresh = _open_new(f"sqlite:///{self.folder.absolute()}/rebuilt.db")
        source = LedgerSource(self.world.chain, self.world.ledger.address)
        indexer, until = Indexer(fresh, source, self.world.domain), time.monotonic() + self.patience
        try:
            while time.monotonic() < until:
                if indexer.step().caught_up and indexing.dump(fresh) == indexing.dump(self.db):
                    return []
                time.sleep(0.1)
        finally:
            fresh.close()
        return ["The index differs from a rebuild from block 0."]

    def _logged(self) -> Counter[bytes]:
        """How often each statement is recorded on the chain, by its digest."""
        query = {"fromBlock": "0x0", "toBlock": "latest", "address": "0x" + self.world.ledger.address.hex()}
        logs = [log["topics"] for log in self.world.anvil.rpc("eth_getLogs", query)]
        return Counter(bytes.fromhex(topics[1][2:]) for topics in logs if bytes.fromhex(topics[0][2:]) in _RECORDING)

    def _carried(self) -> Counter[bytes]:
        """In how many transactions of the relayer on the chain each signature stands, by its first word.

        Whatever the transactions came to: that a statement was sent twice shows even where the contract refused it.
        """
        found: Counter[bytes] = Counter()
        for number in range(self.world.chain.head().number + 1):
            for transaction in self.world.anvil.rpc("eth_getBlockByNumber", hex(number), *_WHOLE)["transactions"]:
                if bytes.fromhex(transaction["from"][2:]) == RELAYER.signer:
                    data = bytes.fromhex(transaction["input"][10:])
                    found.update({data[at : at + _WORD] for at in range(0, len(data), _WORD)})
        return found


def reorganise(world: World, depth: int) -> None:
    """Replace so many of the newest blocks by empty ones.

    Raises:
        AssertionError: The node lost the contract, as Anvil does after too many: what follows would prove nothing.
    """
    world.anvil.rpc("anvil_reorg", depth, [])
    assert is_our_code(world.chain.code(world.ledger.address)), "Anvil lost the contract: fewer reorganisations a node"


def waiting_in_pool(world: World) -> int:
    """How many transactions the node has and has not mined."""
    return int(world.anvil.rpc("txpool_status")["pending"], 16)


def until_true(ask: Callable[[], Any], patience: float) -> bool:
    """Ask again and again until the answer is yes, or patience ends."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if ask():
            return True
        time.sleep(0.003)  # short: some callers wait for a moment that is soon over
    return False


def _open_new(url: str) -> Database:
    """Open a new database; one of SQLite begins as a copy, or its migration would take a second each time."""
    path = url.removeprefix("sqlite:///")
    if path != url:
        Path(path).write_bytes(_empty_database())
    return open_database(url)


@functools.cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_database(f"sqlite:///{path}").close()
        return path.read_bytes()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
