"""Opening the database, and the two ways of using it: a transaction that is durable once it ends, and a snapshot.

Every thread has one connection of its own to SQLite in WAL mode: readers never wait for the writer. `synchronous=FULL`
makes a commit survive a power cut, which the outbox and the journal promise. PostgreSQL is meant to come second: the
tables and their SQL use only what both share, and the driver is touched in this module alone.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.core.structs import Domain
from ledger.store import migration
from ledger.store.schema import APPLICATION_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUSY_SECONDS: Final = 10.0  # how long a writer waits for another before it gives up
_CACHE_KIB: Final = 65536
_CHECKPOINT_PAGES: Final = 4000  # 16 MB: at SQLite's 1,000 a large range would be copied out of the WAL again and again
_STATEMENTS: Final = 256  # prepared statements kept per connection; ours are fewer
_SQLITE_MAGIC: Final = b"SQLite format 3\x00"  # https://www.sqlite.org/fileformat2.html, section 1.3
_APPLICATION_ID_OFFSET: Final = 68  # the same section

_LOOKING: Final = threading.Lock()
_OURS: Final[set[tuple[Path, int, int]]] = set()  # path, device and inode of files that this process knows to be ours


class Installation(NamedTuple):
    """Which contract a database is tied to."""

    chain_id: int
    ledger: bytes  # address, 20 bytes
    code_hash: bytes  # keccak256 of its deployed code


class _Session:
    """One thread's connection, with what is open on it."""

    def __init__(self, path: Path) -> None:
        self.connection = connect(path)
        self.depth = 0
        self.writing = False


class Database:
    """Our database. Safe to share between threads; each gets its own connection when it first asks.

    Args:
        path: The SQLite file, already ours and migrated: see `open_database`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._sessions: weakref.WeakSet[_Session] = weakref.WeakSet()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Writes that all happen, durably, or not at all. Inside another transaction it joins that one.

        Raises:
            UnavailableError: Another writer held the database too long, or the disk refused.
        """
        session = self._session()
        if session.depth and not session.writing:
            msg = "a snapshot cannot turn into a transaction: open the transaction outside"
            raise RuntimeError(msg)
        with self._opened(session, "BEGIN IMMEDIATE", writing=True) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Reads that all see one state. Inside a transaction or another snapshot it joins that one.

        Raises:
            UnavailableError: The disk refused.
        """
        with self._opened(self._session(), "BEGIN", writing=False) as connection:
            yield connection

    def bind(self, chain_id: int, ledger: bytes, code_hash: bytes) -> None:
        """Tie this database to one contract on one chain: the first call stores, each later one compares.

        Args:
            chain_id: EIP-155 chain id.
            ledger: The contract's address, 20 bytes.
            code_hash: keccak256 of the contract's deployed code, 32 bytes.

        Raises:
            ConfigurationError: The database belongs to another chain, contract or code; nothing is altered.
        """
        with self.transaction() as connection:
            row = connection.execute("SELECT chain_id, ledger, code_hash FROM installation").fetchone()
            if row is None:
                values = (chain_id, ledger, code_hash)
                sql = "INSERT INTO installation (id, chain_id, ledger, code_hash) VALUES (1, ?, ?, ?)"
                connection.execute(sql, values)
                return
        _compare(self.path, row, (chain_id, ledger, code_hash))

    def installation(self) -> Installation | None:
        """The contract that this database is tied to; None before the first `bind`."""
        with self.snapshot() as connection:
            row = connection.execute("SELECT chain_id, ledger, code_hash FROM installation").fetchone()
        return None if row is None else Installation(int(row[0]), bytes(row[1]), bytes(row[2]))

    def domain(self) -> Domain:
        """The EIP-712 domain of that contract.

        Raises:
            ConfigurationError: The database is tied to none yet.
        """
        found = self.installation()
        if found is None:
            raise ConfigurationError("No ledger is deployed yet.", advice="Run `lotproof deploy` first.")
        return Domain(found.chain_id, found.ledger)

    def stamp(self) -> tuple[int, int] | None:
        """What changes with every commit, by whomever; far cheaper than a snapshot, which it needs none of.

        Stamps belong to the thread that asked: those of two threads must not be compared.

        Returns:
            None inside a snapshot or transaction, where what others commit is not seen.

        Raises:
            UnavailableError: The disk refused.
        """
        session = self._session()
        if session.depth:
            return None
        try:  # SQLite tells with it of other connections' commits only: our own changes are counted beside
            (others,) = session.connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.OperationalError as error:
            raise _unavailable(self.path, error) from error
        return int(others), session.connection.total_changes

    def close(self) -> None:
        """Close every thread's connection. The database cannot be used afterwards by threads that had one."""
        for session in list(self._sessions):
            session.connection.close()

    def _session(self) -> _Session:
        session: _Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = _Session(self.path)
            self._sessions.add(session)
        return session

    @contextmanager
    def _opened(self, session: _Session, begin: str, *, writing: bool) -> Iterator[sqlite3.Connection]:
        """Begin, and end as the body ended; nested ones leave both to the outermost."""
        connection = session.connection
        if session.depth:
            yield connection
            return
        try:
            connection.execute(begin)
            session.depth, session.writing = 1, writing
            yield connection
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise _unavailable(self.path, error) from error
        finally:
            session.depth, session.writing = 0, False
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def open_database(url: str) -> Database:
    """Open the database at `url`, made and migrated as needed.

    Args:
        url: `sqlite:///relative/path` or `sqlite:////absolute/path`.

    Returns:
        A database whose tables are the newest.

    Raises:
        ConfigurationError: The URL is not understood, the file is not ours or of a newer version; nothing is altered.
        UnavailableError: The file is locked or the disk refuses.
    """
    path = _sqlite_path(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(path)
        migration.migrate(path, connect, on_new=_claim)
        _OURS.add(_identity(path))
    except OSError as error:
        detail = f"The database {path} cannot be opened: {error.strerror or error}."
        advice = "Choose a file that this user may read and write (LOTPROOF_DATABASE_URL)."
        raise ConfigurationError(detail, advice=advice, path=str(path)) from error
    except sqlite3.OperationalError as error:
        raise _unavailable(path, error) from error
    return Database(path)


def connect(path: Path) -> sqlite3.Connection:
    """A connection with our settings, in autocommit mode: transactions are begun explicitly."""
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _claim(connection: sqlite3.Connection) -> None:
    """Mark an empty file as ours, in the file itself before the WAL exists, so that its header alone tells."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA journal_mode = WAL")


def _sqlite_path(url: str) -> Path:
    scheme, separator, rest = url.partition(":///")
    if scheme != "sqlite" or not separator or rest in ("", ":memory:"):
        detail = f"The database URL {url!r} is not understood."
        advice = "Give a file as sqlite:///relative/path or sqlite:////absolute/path (LOTPROOF_DATABASE_URL)."
        raise ConfigurationError(detail, advice=advice, field="database_url")
    return Path(rest)


def _refuse_foreign(path: Path) -> None:
    """Look at the file's header without opening it as a database, so that a file of someone else stays as it is.

    Once for each file: closing it ends every lock that this process has on it, those of SQLite's open connections among
    them, and another program would then take itself for the last one and remove the WAL under this one's hands (POSIX
    advisory locks; https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    with _LOOKING:
        if not path.exists() or path.stat().st_size == 0 or _identity(path) in _OURS:
            return
        _require_ours(path)
        _OURS.add(_identity(path))


def _identity(path: Path) -> tuple[Path, int, int]:
    found = path.stat()
    return path.resolve(), found.st_dev, found.st_ino


def _require_ours(path: Path) -> None:
    with path.open("rb") as file:
        header = file.read(100)
    if not header.startswith(_SQLITE_MAGIC):
        what = "is not a SQLite database"
    elif int.from_bytes(header[_APPLICATION_ID_OFFSET : _APPLICATION_ID_OFFSET + 4]) != APPLICATION_ID:
        what = "is a SQLite database of another program"
    else:
        return
    detail = f"The file {path} {what}; it was left as it is."
    advice = "Point LOTPROOF_DATABASE_URL at a new file, or at the one that Lotproof made."
    raise ConfigurationError(detail, advice=advice, field="database_url", path=str(path))


def _compare(path: Path, stored: tuple[int, bytes, bytes], given: tuple[int, bytes, bytes]) -> None:
    words: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
        ("chain_id", "chain id", str),
        ("ledger", "ledger contract", _hex),
        ("code_hash", "contract code with hash", _hex),
    )
    for (field, name, show), ours, theirs in zip(words, stored, given, strict=True):
        if ours != theirs:
            detail = f"The database {path} belongs to {name} {show(ours)}, but the chain offers {show(theirs)}."
            advice = "Correct the RPC URL or the ledger address, or choose a new data directory for the other ledger."
            raise ConfigurationError(detail, advice=advice, field=field, expected=show(ours), given=show(theirs))


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _unavailable(path: Path, error: sqlite3.OperationalError) -> UnavailableError:
    detail = f"The database {path} cannot be used now: {error}."
    advice = "Check that the disk has room and that no other program holds the file, then try again."
    return UnavailableError(detail, advice=advice, path=str(path))
