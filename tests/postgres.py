"""A PostgreSQL server of the tests' own, thrown away afterwards.

It listens on the loopback alone, on a free port, and asks for a password, so that whatever shows a URL is found out.
initdb refuses root: started by root, it runs as the system's user `postgres`.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from ledger.store.database import open_database
from ledger.store.schema import GOODS, REVISION, metadata, sharded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENGINES = ("sqlite", "postgresql")
SPREAD = "postgresql, spread"  # over partitions by batch
START_SECONDS = 30.0
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in it is made with mkdtemp
_USER = "lotproof"
_TEMPLATE = "template_lotproof"
_PARTS = 4
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2): a test run that is killed must leave no server behind


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, of the newest version; None if it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(installed, key=lambda path: float(path.parts[-3]), default=None)
    return None if newest is None else newest.parent


def require() -> Path:
    """The folder of PostgreSQL's programs; without it the test is skipped, and fails where CI=true."""
    found = programs()
    if found is None:
        reason = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Cluster:
    """A server with its databases. `start` it, `kill` it, start it again.

    Args:
        folder: Where its log goes.
        fsync: Whether a commit waits for the disk; only a power cut could tell, but it costs what it costs.
        settings: Of the server, in place of those of the tests.
        within: Where its data are to be; by default where there is room.
    """

    def __init__(
        self, folder: Path, *, fsync: bool, settings: Mapping[str, str] | None = None, within: Path | None = None
    ) -> None:
        self._settings = settings or {}
        self._programs = require()
        self._log = folder / "postgresql.log"
        self._password = secrets.token_hex(8)
        self._as = _unprivileged()
        # Not in `folder`: what pytest makes can be entered by its owner only. In memory, where no disk is asked for.
        memory = None if fsync or not _MEMORY.is_dir() else _MEMORY
        self._folder = self.data = Path(tempfile.mkdtemp(prefix="lotproof-postgresql-", dir=within or memory))
        self.port = _free_port()
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._idle: list[str] = []  # empty databases that were lent and came back
        self._idle_spread: list[str] = []
        self._spread: set[str] = set()
        self._initialise()

    @property
    def pid(self) -> int:
        """The server's first process."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether the server was started and has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    def url(self, name: str) -> str:
        """The URL of a database, which may not exist."""
        return f"postgresql://{_USER}:{self._password}@127.0.0.1:{self.port}/{name}"

    def fresh(self, *, migrated: bool = True) -> str:
        """The URL of a new database, empty or with our tables."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if migrated and not _exists(connection, _TEMPLATE):
                connection.execute(f"CREATE DATABASE {_TEMPLATE}")
                open_database(self.url(_TEMPLATE)).close()
            self._made += 1
            name = f"lotproof_{self._made}"
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE if migrated else 'template0'}")
        return self.url(name)

    def copy(self, url: str) -> str:
        """The URL of a new database, as the one at `url` is, which nobody may use meanwhile."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            self._made += 1
            name = f"lotproof_{self._made}"
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {url.rpartition('/')[2]}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database that `fresh` made, whoever uses it."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def lend(self, *, spread: bool = False) -> str:
        """The URL of a database with our tables, all empty. Quicker than `fresh`, for tests that give it back.

        Args:
            spread: Whether tables about goods are partitioned by the hash of the batch.
        """
        idle = self._idle_spread if spread else self._idle
        if idle:
            return idle.pop()
        url = self.fresh()
        if spread:
            _spread(url)
            self._spread.add(url)
        return url

    def take_back(self, url: str) -> None:
        """Empty a database that was lent, for the next one."""
        with psycopg.connect(url) as connection:
            for table in reversed(metadata.sorted_tables):  # tens of times quicker than TRUNCATE, where rows are few
                connection.execute(f'DELETE FROM "{table.name}"')  # noqa: S608 - names of our own tables
            connection.execute("SELECT setval(seqrelid::regclass, 1, false) FROM pg_sequence")
            connection.execute("UPDATE alembic_version SET version_num = %s", (REVISION,))
        (self._idle_spread if url in self._spread else self._idle).append(url)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        options |= {
            "fsync": "on" if self._fsync else "off",
            "shared_buffers": "64MB",
            "max_connections": "60",
            "autovacuum": "off",
        }
        options |= {"max_wal_size": "128MB", "min_wal_size": "32MB", **self._settings}
        command = [str(self._programs / "postgres"), "-D", str(self.data)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + START_SECONDS
        with self._log.open("ab") as log:
            while True:
                self._process = subprocess.Popen(
                    command,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, which takes no lock
                    **self._as,
                )
                if self._answers(deadline):
                    return
                # a process of a server that was killed may still hold its memory
                assert time.monotonic() < deadline, f"PostgreSQL does not start: {self._log.read_text()[-2000:]}"
                time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL every process of the server, as a power cut ends them."""
        assert self._process is not None, "the server is not running"
        pids = [self.pid, *_children(self.pid)]
        for pid in pids:
            _signal(pid, signal.SIGKILL)
        self._process.wait(START_SECONDS)
        self._process = None
        while any(Path(f"/proc/{pid}").exists() for pid in pids):
            time.sleep(0.01)

    def stop(self) -> None:
        """End the server in good order, with every connection to it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # "fast shutdown"
            self._process.wait(START_SECONDS)
            self._process = None

    def stop_at_once(self) -> None:
        """End the server without any order: its next start is a recovery."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # "immediate shutdown"
            self._process.wait(START_SECONDS)
            self._process = None

    def remove(self) -> None:
        """End the server at once and delete its data."""
        self.stop_at_once()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _initialise(self) -> None:
        secret = self.data / "password"
        secret.write_text(self._password)
        if self._as:
            for path in (self.data, secret):
                os.chown(path, self._as["user"], self._as["group"])
        command = [self._programs / "initdb", "-D", self.data / "data", "-U", _USER, "-A", "scram-sha-256"]
        command += ["--pwfile", secret, "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd="/", **self._as)
        self.data /= "data"

    def _answers(self, deadline: float) -> bool:
        assert self._process is not None
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return True
        return False


@contextmanager
def cluster(
    folder: Path, *, fsync: bool = True, settings: Mapping[str, str] | None = None, within: Path | None = None
) -> Iterator[Cluster]:
    """A server that runs until the end; its log is `postgresql.log` in `folder`."""
    made = Cluster(folder, fsync=fsync, settings=settings, within=within)
    try:
        made.start()
        yield made
    finally:
        made.remove()


def _spread(url: str) -> None:
    """Make the tables about goods anew from the same metadata, partitioned as a distributed database would."""
    tables = [sharded().tables[table.name] for table in GOODS]
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.begin() as connection:
        for table in tables:
            table.drop(connection)
            table.dialect_options["postgresql"]["partition_by"] = "HASH (batch)"
            table.create(connection)
            for part in range(_PARTS):
                connection.exec_driver_sql(
                    f"CREATE TABLE {table.name}_{part} PARTITION OF {table.name} "
                    f"FOR VALUES WITH (MODULUS {_PARTS}, REMAINDER {part})"
                )


def _exists(connection: psycopg.Connection[Any], name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def _unprivileged() -> dict[str, Any]:
    """Whom to run as, for `subprocess`: nobody else unless this is root."""
    if os.geteuid():
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):  # it had ended by itself
        os.kill(pid, number)


def die_with_parent() -> None:
    """Let this process be ended when the one that started it ends.

    By SIGQUIT, so that PostgreSQL's own children end too. What a shell starts in the background ignores it, and hands
    that on.
    """
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGQUIT)
