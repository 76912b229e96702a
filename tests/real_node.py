"""Real Ethereum nodes and the small consensus client that drives them through the Engine API.

Each node is `@ethereumjs/client` as a process of its own: it keeps its blocks on disk, takes and withdraws blocks, and
knows no consensus. What makes blocks, hands them to other nodes or withholds them, and says which are safe and final,
is `Consensus` here, as a beacon node does in production. So partitions, competing branches, kills and restarts with
older data are those of a real chain. Source: Engine API, execution-apis (paris, shanghai, cancun, prague).

What this client cannot do, found by trying (0.10.5):
- Its Engine API ends with Prague: no P-256 precompile (EIP-7951, Osaka), no gas cap of a transaction (EIP-7825).
- It keeps receipts only of blocks that were its head once: a branch handed over as a whole has blocks without logs,
  whose headers say otherwise. So each block is made the head in turn.
- `eth_getLogs` over a range silently leaves out its last blocks once its own measure passes 150 MB, and it counts each
  log with all of its block: a few hundred logs in blocks of 100 statements are enough.
- `eth_call` does not count the gas of the transaction itself, and `eth_feeHistory` fails on a chain shorter than asked.
- It listens for peers on every interface, unless that port is taken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from ledger.chain.client import Chain
from ledger.core.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CHAIN_ID: Final = 515151
GAS_LIMIT: Final = 60_000_000  # of a block
WEALTH: Final = 10**24  # wei, of each account that is given money at the beginning
NOTHING: Final = "0x" + "00" * 32  # no block; also "no beacon root, no randomness": nothing here reads them
_ROOT: Final = Path(__file__).resolve().parents[1]
_CLIENT: Final = _ROOT / "node_modules/@ethereumjs/client/dist/esm/bin/cli.js"
_START_SECONDS: Final = 90.0  # on a busy machine
_GENESIS_AGE: Final = 3_600  # seconds before now: room for blocks in the past
_PRAGUE: Final = 4  # version of the Engine API's methods with payloads


def genesis(rich: Iterable[bytes], time_: int, chain_id: int) -> dict[str, Any]:
    """A genesis file in geth's form with every fork up to Prague from the first block.

    Args:
        rich: Addresses with money.
        time_: Unix seconds.
        chain_id: EIP-155 chain id.
    """
    heights = (
        *("homesteadBlock", "eip150Block", "eip155Block", "eip158Block", "byzantiumBlock", "constantinopleBlock"),
        *("petersburgBlock", "istanbulBlock", "berlinBlock", "londonBlock", "mergeForkBlock", "mergeNetsplitBlock"),
    )
    times = ("shanghaiTime", "cancunTime", "pragueTime")
    config: dict[str, Any] = {"chainId": chain_id, "terminalTotalDifficulty": 0, "terminalTotalDifficultyPassed": True}
    blobs = {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716}
    config |= dict.fromkeys((*heights, *times), 0) | {"blobSchedule": {"cancun": blobs, "prague": blobs}}
    return {
        "config": config,
        "timestamp": hex(time_),
        "gasLimit": hex(GAS_LIMIT),
        "difficulty": "0x0",
        "nonce": "0x0",
        "mixHash": NOTHING,
        "coinbase": "0x" + "00" * 20,
        "baseFeePerGas": hex(10**9),
        "extraData": "0x",
        "alloc": {"0x" + address.hex(): {"balance": hex(WEALTH)} for address in rich} | _SYSTEM,
    }


_SYSTEM: Final[dict[str, Any]] = {}


class RealNode:
    """One node on the loopback interface, without peers, ended by its process alone.

    Args:
        folder: Belongs to it; its data stays there over restarts.
        genesis_file: In geth's form.
    """

    def __init__(self, folder: Path, genesis_file: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.genesis_file = genesis_file
        self.port, self.engine_port = free_port(), free_port()
        # The client would listen for peers on every interface; it goes on without where that port is taken.
        self._no_peers = socket.create_server(("127.0.0.1", 0))
        self._secret = secrets.token_bytes(32)
        (folder / "jwt").write_text(self._secret.hex())
        self._http = httpx.Client(timeout=60, trust_env=False)
        self._process: subprocess.Popen[bytes] | None = None
        self.chain = Chain(self.url)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it on what its folder holds, and wait until it answers."""
        node = shutil.which("node")
        assert node is not None, "node is not on PATH: run scripts/setup"
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        command = [node, str(_CLIENT), *self._options()]
        with (self.folder / "node.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,  # it leaves files where it stands
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "HOME": str(home)},
            )
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                self.engine("engine_exchangeCapabilities", [])
                self.chain.head()
            except (UnavailableError, httpx.HTTPError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"the node does not come up: {self.said()}")

    def said(self) -> str:
        """The end of its log."""
        return (self.folder / "node.log").read_text(encoding="utf-8", errors="replace")[-3000:]

    def kill(self) -> None:
        """`kill -9`; its data stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self) -> None:
        self.kill()
        self.chain.close()
        self._http.close()
        self._no_peers.close()

    def engine(self, method: str, *params: Any) -> Any:
        """Call the Engine API, signed with the secret that both sides know."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        address = f"http://127.0.0.1:{self.engine_port}"
        seal = {"authorization": f"Bearer {_token(self._secret)}"}
        try:
            answer = self._http.post(address, json=body, headers=seal).json()
        except (httpx.ReadError, httpx.RemoteProtocolError):  # a kept connection that it had just given up
            assert self._process is not None, "it was not started"
            assert self._process.poll() is None, f"the node died: {self.said()}"
            answer = self._http.post(address, json=body, headers=seal).json()
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def rpc(self, method: str, *params: Any) -> Any:
        return self.chain.rpc.request(method, *params)

    def block(self, number: int | str = "latest") -> dict[str, Any]:
        """A block as the node tells it."""
        wanted = hex(number) if isinstance(number, int) else number
        found: dict[str, Any] = self.rpc("eth_getBlockByNumber", wanted, False)  # noqa: FBT003 - positional in JSON-RPC
        return found

    def _options(self) -> list[str]:
        told = {
            "gethGenesis": self.genesis_file,
            "dataDir": self.data,
            "rpcAddr": "127.0.0.1",
            "rpcPort": self.port,
            "rpcEngineAddr": "127.0.0.1",
            "rpcEnginePort": self.engine_port,
            "jwtSecret": self.folder / "jwt",
            "extIP": "127.0.0.1",
            "port": self._no_peers.getsockname()[1],
            "maxPeers": 0,
            "discDns": "false",
            "discV4": "false",
            "logFile": self.folder / "debug.log",
            "logLevelFile": "error",
            "logLevel": "warn",
        }
        return ["--rpc", "--rpcEngine", "--isSingleNode", *(f"--{name}={value}" for name, value in told.items())]


class Consensus:
    """Makes blocks on nodes and hands them on: the part of a beacon node.

    Args:
        nodes: All start from the same genesis.
    """

    def __init__(self, nodes: Sequence[RealNode]) -> None:
        first = nodes[0].block(0)
        self.payloads: dict[str, dict[str, Any]] = {}  # by block hash, all that were ever made
        self.heads: dict[RealNode, str] = {}  # what each was told last
        self.final: dict[RealNode, str] = {}
        self.genesis = str(first["hash"])
        self._numbers = {self.genesis: 0}
        self._times = {self.genesis: int(first["timestamp"], 16)}
        for node in nodes:
            self.heads[node] = self.final[node] = self.genesis
            self.tell(node)

    def make(self, node: RealNode, *, parent: str = "", seconds: int = 1, time_: int = 0) -> str:
        """Have a node build a block of what waits in its pool, and give it to that node alone.

        Args:
            node: Which one builds.
            parent: Hash of the block that it follows; empty: the node's head.
            seconds: After its parent, at least; never before the clock says.
            time_: Unix seconds of the block, if not so.

        Returns:
            Its hash.
        """
        parent = parent or self.heads[node]
        when = time_ or max(self._times[parent] + seconds, int(time.time()))
        attributes = {
            "timestamp": hex(when),
            "prevRandao": "0x" + secrets.token_hex(32),  # two blocks on one parent are never the same
            "suggestedFeeRecipient": "0x" + "00" * 19 + "01",
            "withdrawals": [],
            "parentBeaconBlockRoot": NOTHING,
        }
        started = self._choose(node, parent, attributes)
        built = node.engine(f"engine_getPayloadV{_PRAGUE}", started["payloadId"])
        payload = built["executionPayload"]
        hash_ = str(payload["blockHash"])
        self.payloads[hash_] = {"payload": payload, "requests": built.get("executionRequests") or []}
        self._numbers[hash_], self._times[hash_] = (
            int(payload["number" if "number" in payload else "blockNumber"], 16),
            when,
        )
        self.give(node, hash_)
        return hash_

    def give(self, node: RealNode, head: str) -> None:
        """Hand a node all blocks up to this one that it lacks, and make it its head.

        Whatever branch it was on, it leaves it; not if that would undo what it knows to be final.
        """
        assert self.is_ancestor(self.final[node], head), "a consensus client never leaves what is final"
        for hash_ in self._missing(node, head) or [head]:
            made = self.payloads[hash_]
            status = node.engine(f"engine_newPayloadV{_PRAGUE}", made["payload"], [], NOTHING, made["requests"])
            assert status["status"] == "VALID", f"block {hash_}: {status}"
            self.heads[node] = hash_
            self.tell(node)

    def finalize(self, node: RealNode, final: str, *, tell: bool = True) -> None:
        """Say that a block, and so everything before it, is safe and final.

        Args:
            node: Who is to know.
            final: Hash of the block.
            tell: At once; else with its next head.
        """
        assert self.is_ancestor(self.final[node], final), "what is final stays final"
        self.final[node] = final
        if tell:
            self.tell(node)

    def tell(self, node: RealNode) -> None:
        """Tell a node what it was told before; also after a restart."""
        self._choose(node, self.heads[node], None)

    def number(self, hash_: str) -> int:
        return self._numbers[hash_]

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether a block is the other or one of its ancestors."""
        while self._numbers[new] > self._numbers[old]:
            new = self._parent(new)
        return new == old

    def common(self, one: str, other: str) -> str:
        """The newest block that both branches have."""
        while not self.is_ancestor(one, other):
            one = self._parent(one)
        return one

    def _parent(self, hash_: str) -> str:
        return str(self.payloads[hash_]["payload"]["parentHash"])

    def _missing(self, node: RealNode, head: str) -> list[str]:
        found: list[str] = []
        while head != self.genesis and (not found or not self._has(node, head)):
            found.append(head)
            head = self._parent(head)
        return found[::-1]

    def _has(self, node: RealNode, hash_: str) -> bool:
        found = node.rpc("eth_getBlockByHash", hash_, False)  # noqa: FBT003 - positional in JSON-RPC
        return found is not None

    def _choose(self, node: RealNode, head: str, attributes: dict[str, Any] | None) -> dict[str, Any]:
        final = self.final[node]
        known = NOTHING if final == self.genesis else final
        state = {"headBlockHash": head, "safeBlockHash": known, "finalizedBlockHash": known}
        answer: dict[str, Any] = node.engine("engine_forkchoiceUpdatedV3", state, attributes)
        assert answer["payloadStatus"]["status"] == "VALID", answer
        return answer


class Slots:
    """Makes a block on one node in every slot, hands it to the others, and makes blocks final when told to.

    Args:
        consensus: Of the nodes.
        maker: Which one makes the blocks.
        seconds: Of a slot.
    """

    def __init__(self, consensus: Consensus, maker: RealNode, seconds: float = 0.3) -> None:
        self.consensus, self.maker, self.seconds = consensus, maker, seconds
        self.failure: Exception | None = None
        self._guard = threading.Lock()  # one at a time talks to the nodes
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finalize(self) -> int:
        """Make the newest block final, and give its number."""
        with self._guard:
            head = self.consensus.heads[self.maker]
            for node in self.consensus.heads:
                self.consensus.finalize(node, head)
            return self.consensus.number(head)

    def halted(self) -> threading.Lock:
        """Hold this, and no block is made."""
        return self._guard

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        while not self._stop.wait(self.seconds):
            with self._guard:
                try:
                    self._slot()
                except Exception as error:  # noqa: BLE001 - told to whoever stops it, in whose thread it can fail a test
                    self.failure = error
                    return

    def _slot(self) -> None:
        made = self.consensus.make(self.maker)
        for node in self.consensus.heads:
            if node is not self.maker:
                self.consensus.give(node, made)


def write_genesis(folder: Path, rich: Iterable[bytes], chain_id: int = CHAIN_ID) -> Path:
    """Write a genesis of an hour ago."""
    path = folder / "genesis.json"
    path.write_text(json.dumps(genesis(rich, int(time.time()) - _GENESIS_AGE, chain_id)))
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _token(secret: bytes) -> str:
    """A JSON Web Token as the Engine API wants it: HS256, issued now (RFC 7519)."""
    words = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, {"iat": int(time.time())})]
    signed = b".".join(base64.urlsafe_b64encode(word).rstrip(b"=") for word in words)
    seal = base64.urlsafe_b64encode(hmac.digest(secret, signed, hashlib.sha256)).rstrip(b"=")
    return (signed + b"." + seal).decode()
