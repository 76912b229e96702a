"""The embedded development chain: Anvil as a child process, made durable.

Anvil keeps everything in memory. Here its state is dumped whole after activity and loaded again after a crash; what
came after the last good dump is in the relayer's journal and is sent again. `durable_block` says how far that
reaches, so that nothing counts as final before it would survive.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.client import Chain
from ledger.chain.devstate import BLOCKS_TO_FINALITY, Dump, DumpFiles, durable_block, read_dump
from ledger.core.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event
    from typing import IO

CHAIN_ID: Final = 31337
POLL_SECONDS: Final = 0.25
_KEPT_STATES: Final = (
    32  # blocks whose state stays in memory; without a limit Anvil fills the disk (511 MB at 2,500 blocks)
)
_BUSY_FACTOR: Final = 20  # under steady load dumping may take a twentieth of the time
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_WEALTH: Final = 10**24  # wei, for whoever pays for transactions on this chain
_TRIES: Final = 8  # dumps until one is not torn
_LOG: Final = logging.getLogger(__name__)


class DevChain:
    """One Anvil per folder, on the loopback interface.

    Args:
        folder: Belongs to this chain; made if missing.
        fund: Addresses that get money for transactions, 20 bytes each.
        port: 0 takes a free one and keeps it over restarts.
        anvil: Anvil's executable; searched for if None.
    """

    def __init__(self, folder: Path, *, fund: Sequence[bytes] = (), port: int = 0, anvil: Path | None = None) -> None:
        self._folder = folder
        self._fund = tuple(fund)
        self._port = port
        self._anvil = anvil
        self._files = DumpFiles(folder)
        self._guard = RLock()
        self._lock: IO[str] | None = None
        self._process: _Process | None = None
        self._chain: Chain | None = None
        self._seen = -1  # head at the last look
        self._settled = -1  # head after the last empty blocks
        self._dumped = -1  # head in the newest dump
        self._coded: frozenset[str] = frozenset()
        self._not_before = 0.0  # monotonic time of the next dump under load

    @property
    def url(self) -> str:
        """JSON-RPC address; known once started."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Anvil's process id, 0 if it does not run."""
        return self._process.pid if self._process else 0

    def durable_block(self) -> int:
        """Tell the last block that would survive a crash; -1 if none."""
        return durable_block(self._folder)

    def start(self) -> str:
        """Start Anvil from the best state there is, or take over one that a killed parent left running.

        Returns:
            The JSON-RPC address.

        Raises:
            ConfigurationError: Anvil is not installed, or another process runs this chain.
            UnavailableError: Anvil does not come up.
        """
        with self._guard:
            self._take_folder()
            left = _Process.left_in(self._folder) or _Process.unnamed_in(self._folder)
            if left is None or not self._adopt(left):
                try:
                    self._launch()
                except UnavailableError:
                    self._release_folder()
                    raise
            return self.url

    def tend(self) -> None:
        """Do one round: bring Anvil back if it died, make new blocks final when it is quiet, dump what is new.

        Raises:
            UnavailableError: Anvil does not come up or does not answer.
        """
        with self._guard:
            if self._process is None or not self._process.is_alive():
                _LOG.warning("The embedded chain died; it is started again from its last good state.")
                self._launch()
            head = self._require_chain().head().number
            quiet = head == self._seen
            if quiet and head != self._settled:
                self._require_chain().rpc.request("anvil_mine", hex(BLOCKS_TO_FINALITY))
                head = self._settled = self._require_chain().head().number
            self._seen = head
            if head != self._dumped and (quiet or time.monotonic() >= self._not_before):
                self._dump()

    def run(self, stop: Event) -> None:
        """Tend the chain until told to stop, then end it in good order."""
        while not stop.wait(POLL_SECONDS):
            try:
                self.tend()
            except UnavailableError as error:
                _LOG.warning("The embedded chain is in trouble: %s", error)
        self.stop()

    def stop(self) -> None:
        """Dump what is new and end Anvil."""
        with self._guard:
            if self._process is not None and self._process.is_alive():
                with suppress(UnavailableError):
                    if self._require_chain().head().number != self._dumped:
                        self._dump()
                self._process.end()
            self._forget()
            self._release_folder()

    def _take_folder(self) -> None:
        if self._lock is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = (self._folder / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise ConfigurationError(
                f"Another process already runs the embedded chain in {self._folder}.",
                advice="End it first, or give this one another data directory.",
                field="data_dir",
            ) from error
        self._lock = lock

    def _release_folder(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _adopt(self, left: _Process) -> bool:
        """Take over a running Anvil: what it holds is newer than any dump."""
        self._port = left.port
        chain = Chain(self.url)
        try:
            ours = chain.chain_id() == CHAIN_ID
        except UnavailableError:
            ours = False
        if not ours:
            chain.close()
            left.end()
            return False
        self._process, self._chain = left, chain
        for dump in self._files.load():
            self._coded = dump.coded
            break
        return True

    def _launch(self) -> None:
        self._forget()
        for dump in [*self._files.load(), None]:
            self._process = self._spawn(dump)
            self._chain = Chain(self.url)
            if self._comes_up(dump):
                self._files.mark_durable(dump.block if dump else -1)
                self._dumped = self._seen = dump.block if dump else -1
                self._settled = dump.settled if dump else 0
                self._coded = dump.coded if dump else frozenset()
                self._give_money()
                return
            self._process.end()
            self._forget()
        raise UnavailableError(
            "The embedded chain does not start.", advice=f"Read {self._folder / 'anvil.log'}.", folder=str(self._folder)
        )

    def _spawn(self, dump: Dump | None) -> _Process:
        home = self._folder / "home"  # Anvil caches there; a fresh one each time
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        self._port = _free_port(self._port or self._last_port())
        (self._folder / "port").write_text(str(self._port))
        command = [str(self._anvil or find_anvil()), *_options(self._port)]
        if dump is not None:
            state = home / "state.json"
            state.write_bytes(dump.unpack())
            command += ["--load-state", str(state)]
        return _Process.spawn(command, self._folder, self._port)

    def _last_port(self) -> int:
        """Give the port of before, also that of a killed predecessor: others go on asking there."""
        try:
            return int((self._folder / "port").read_text())
        except (OSError, ValueError):
            return 0

    def _comes_up(self, dump: Dump | None) -> bool:
        """Wait until Anvil answers, and make sure that it holds the state it was given."""
        until = time.monotonic() + _START_SECONDS
        process, chain = self._process, self._require_chain()
        while process is not None and process.is_alive() and time.monotonic() < until:
            try:
                return chain.head().number == (dump.block if dump else 0)
            except UnavailableError:
                time.sleep(0.02)
        return False

    def _give_money(self) -> None:
        """Fund whoever has little. As seldom as can be: the state is then another than the last header commits to."""
        chain = self._require_chain()
        for address in self._fund:
            if chain.balance(address) < _WEALTH // 2:
                chain.rpc.request("anvil_setBalance", "0x" + address.hex(), hex(_WEALTH))

    def _dump(self) -> None:
        """Dump until a dump is whole; one that lost contract code is not taken, and the chain goes back to the last."""
        started = time.monotonic()
        dump = self._whole_dump()
        if dump is None:
            return  # too busy: the next round tries again
        if not self._coded <= dump.coded:
            _LOG.error("The embedded chain lost contract code; it goes back to its last good state.")
            self._require_process().end()
            self._launch()
            return
        self._files.save(dump)
        self._dumped, self._coded = dump.block, dump.coded
        now = time.monotonic()
        self._not_before = now + _BUSY_FACTOR * (now - started)

    def _whole_dump(self) -> Dump | None:
        rpc = self._require_chain().rpc
        rpc.request("evm_setAutomine", False)  # noqa: FBT003 - positional in JSON-RPC
        try:
            for _ in range(_TRIES):
                dump = read_dump(bytes.fromhex(rpc.request("anvil_dumpState")[2:]))
                if dump is not None:
                    return dump
            return None
        finally:
            rpc.request("evm_setAutomine", True)  # noqa: FBT003 - positional in JSON-RPC
            if int(rpc.request("txpool_status")["pending"], 16):
                rpc.request("evm_mine")  # what waited meanwhile is not mined by itself

    def _forget(self) -> None:
        if self._chain is not None:
            self._chain.close()
        self._chain = None
        self._process = None

    def _require_chain(self) -> Chain:
        if self._chain is None:
            raise UnavailableError("The embedded chain is not started.", advice="Start it with `lotproof chain`.")
        return self._chain

    def _require_process(self) -> _Process:
        if self._process is None:
            raise UnavailableError("The embedded chain is not started.", advice="Start it with `lotproof chain`.")
        return self._process


class _Process:
    """A running Anvil, named in a file so that a successor can find it, and ended only by that name."""

    def __init__(
        self, pid: int, born: str, port: int, name: Path, child: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.pid = pid
        self.port = port
        self._born = born  # start time in clock ticks: tells a process from a later one of the same id
        self._name = name
        self._child = child

    @classmethod
    def spawn(cls, command: Sequence[str], folder: Path, port: int) -> _Process:
        """Start Anvil, in a session of its own so that an interrupt reaches us first."""
        environment = {**os.environ, "HOME": str(folder / "home")}
        with (folder / "anvil.log").open("wb") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        process = cls(child.pid, _birth(child.pid), port, folder / "anvil.json", child)
        process._write_name()
        return process

    @classmethod
    def left_in(cls, folder: Path) -> _Process | None:
        """Find the Anvil that a killed parent left running."""
        name = folder / "anvil.json"
        try:
            entry: dict[str, Any] = json.loads(name.read_text())
            process = cls(int(entry["pid"]), str(entry["born"]), int(entry["port"]), name)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return process if process.is_alive() else None

    @classmethod
    def unnamed_in(cls, folder: Path) -> _Process | None:
        """Find the Anvil whose parent was killed before it could name it, by the home that it alone was given.

        Where there is no /proc nothing is found, and such an Anvil runs on beside its successor.
        """
        home = f"HOME={folder / 'home'}".encode()
        for environment in Path("/proc").glob("[0-9]*/environ"):
            try:
                if home not in environment.read_bytes().split(b"\0"):
                    continue
                words = (environment.parent / "cmdline").read_bytes().split(b"\0")
                pid, port = int(environment.parent.name), int(words[words.index(b"--port") + 1])
            except (OSError, ValueError):  # another user's, or gone meanwhile
                continue
            process = cls(pid, _birth(pid), port, folder / "anvil.json")
            process._write_name()
            return process
        return None

    def _write_name(self) -> None:
        self._name.write_text(json.dumps({"pid": self.pid, "born": self._born, "port": self.port}))

    def is_alive(self) -> bool:
        """Whether this very process runs."""
        if self._child is not None:
            return self._child.poll() is None
        return bool(self._born) and _birth(self.pid) == self._born

    def end(self) -> None:
        """End it, gently first, and wait until it is gone."""
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            until = time.monotonic() + _STOP_SECONDS
            if self.is_alive():
                os.kill(self.pid, wanted)
            while self.is_alive() and time.monotonic() < until:
                time.sleep(0.01)
        self._name.unlink(missing_ok=True)


def endpoint(folder: Path) -> str | None:
    """Give the address of the embedded chain that another process runs in a folder, None if none does."""
    process = _Process.left_in(folder)
    return f"http://127.0.0.1:{process.port}" if process else None


def find_anvil() -> Path:
    """Find Anvil's own executable.

    npm's `anvil` is a Node program that starts it: ending that would leave the real one running, so it is passed by.

    Raises:
        ConfigurationError: There is none.
    """
    roots = [Path(__file__).resolve().parents[2] / "node_modules"]
    command = shutil.which("anvil")
    if command is not None:
        real = Path(command).resolve()
        if real.suffix != ".mjs":
            return real
        roots.append(real.parents[2])
    for root in roots:
        for found in sorted(root.glob("@foundry-rs/anvil-*/bin/anvil")):
            return found
    raise ConfigurationError(
        "Anvil, the embedded development chain, is not installed.",
        advice="Run ./scripts/setup, or set LOTPROOF_RPC_URL to a node.",
    )


def _options(port: int) -> list[str]:
    return [
        *("--host", "127.0.0.1", "--port", str(port), "--chain-id", str(CHAIN_ID), "--quiet"),
        *("--hardfork", "osaka", "--enable-tx-gas-limit", "--slots-in-an-epoch", str(BLOCKS_TO_FINALITY // 2)),
        *("--prune-history", str(_KEPT_STATES), "--no-request-size-limit"),
    ]


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise UnavailableError("No port is free on the loopback interface.", advice="End other programs.")


def _birth(pid: int) -> str:
    """Read when a process started (proc(5), stat field 22); empty if it does not run or only waits to be reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
