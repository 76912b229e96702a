"""SQLite: one file in WAL mode, one connection a thread, so that readers never wait for the writer.

`synchronous=FULL` makes a commit survive a power cut, which the outbox and the journal promise.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import weakref
from typing import TYPE_CHECKING, Final

from ledger.core.errors import ConfigurationError
from ledger.store import migration
from ledger.store.schema import APPLICATION_ID, REVISION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Table

    from ledger.store.engine import Claim, Connection, Row, Stamp

BUSY_SECONDS: Final = 10.0  # how long a writer waits for another before it gives up
_CACHE_KIB: Final = 65536
# 128 MB. The indexes of hashes take new rows anywhere: at a million events each range of logs rewrites a tenth of the
# file, and what leaves the WAL less often is copied once for several ranges. At 4,000 twice as much is written.
_CHECKPOINT_PAGES: Final = 32_000
_STATEMENTS: Final = 256  # prepared statements kept per connection; ours are fewer
_SQLITE_MAGIC: Final = b"SQLite format 3\x00"  # https://www.sqlite.org/fileformat2.html, section 1.3
_APPLICATION_ID_OFFSET: Final = 68  # the same section

_LOOKING: Final = threading.Lock()
_OURS: Final[set[tuple[Path, int, int]]] = set()  # path, device and inode of files that this process knows to be ours


class SqliteConnection(sqlite3.Connection):
    """A connection of the standard library, with what `engine.Connection` adds."""

    lost = False

    def begin(self, *, writing: bool) -> None:
        """Begin; a writer takes the database's only write lock at once, so that what it reads stays true."""
        self.execute("BEGIN IMMEDIATE" if writing else "BEGIN")

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Add many rows with one prepared statement."""
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        marks = ", ".join("?" * len(table.columns))
        self.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608 - names of our schema

    def renumber(self, table: Table) -> None:
        """Nothing is to be done: SQLite's AUTOINCREMENT counts the numbers that rows bring too."""


class SqliteEngine:
    """The engine of one file.

    Args:
        path: The file; may not exist yet.
    """

    unavailable: tuple[type[Exception], ...] = (sqlite3.OperationalError,)
    conflict: type[Exception] = sqlite3.IntegrityError
    broken: type[Exception] = sqlite3.DatabaseError

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        self._local = threading.local()
        self._connections: weakref.WeakSet[SqliteConnection] = weakref.WeakSet()

    def migrate(self, revision: str = "head") -> None:
        """Bring the file to `revision`; one that is there already costs one query.

        Raises:
            ConfigurationError: The file is not ours, of a newer version or cannot be opened; nothing is altered.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _refuse_foreign(self.path)
            self._upgrade(revision)
            _OURS.add(_identity(self.path))
        except OSError as error:
            detail = f"The database {self.path} cannot be opened: {error.strerror or error}."
            advice = "Choose a file that this user may read and write (LOTPROOF_DATABASE_URL)."
            raise ConfigurationError(detail, advice=advice, path=self.place) from error

    def stored_revision(self) -> str | None:
        """The revision of the tables as they are.

        Raises:
            ConfigurationError: The file is not ours, or there is none.
        """
        if not self.path.exists():
            advice = "It is made by the first start; if there was one, check the data directory (--data)."
            raise ConfigurationError(f"There is no database {self.path}.", advice=advice, field="database_url")
        _refuse_foreign(self.path)
        return _stored_revision(self._own())

    def faults(self) -> list[str]:
        """What `PRAGMA quick_check` says: torn pages, rows out of order, indexes that lack rows."""
        try:
            said = [str(row[0]) for row in self._own().execute("PRAGMA quick_check")]
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [] if said == ["ok"] else said

    def begun(self, *, writing: bool) -> Connection:
        """This thread's connection, with a transaction."""
        connection = self._own()
        connection.begin(writing=writing)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Undo what was not committed; the connection stays this thread's."""
        if connection.in_transaction:
            connection.rollback()

    def stamp(self) -> Stamp:
        """SQLite tells with `data_version` of other connections' commits only: our own changes are counted beside."""
        connection = self._own()
        (others,) = connection.execute("PRAGMA data_version").fetchone()
        return int(others), connection.total_changes

    def claim(self, name: str) -> Claim | None:
        """Lock a file of that name beside the database's."""
        return claim_file(self.path.with_name(f"{self.path.name}.{name}.lock"))

    def advice(self, _error: Exception) -> str:
        """What a person should do."""
        return "Check that the disk has room and that no other program holds the file, then try again."

    def close(self) -> None:
        """Close every thread's connection; threads that had one cannot use the database any more."""
        for connection in list(self._connections):
            connection.close()

    def _own(self) -> SqliteConnection:
        connection: SqliteConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self.path)
            self._connections.add(connection)
        return connection

    def _upgrade(self, revision: str) -> None:
        connection = connect(self.path)
        try:
            if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
                _claim(connection)
            stored = _stored_revision(connection)
            if stored != REVISION or revision != "head":
                migration.refuse_newer(self.place, stored)
                with migration.begun("sqlite://", connection, "BEGIN IMMEDIATE") as begun:
                    migration.upgrade(begun, revision)
        finally:
            connection.close()


class FileClaim:
    """A locked file. It stays when the lock ends: who removed it would let two hold locks of the same name."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor

    def held(self) -> bool:
        """A lock on a file is lost only with the process, or when someone puts another file in its place."""
        try:
            there = self._path.stat()
        except OSError:
            return False
        return os.path.samestat(there, os.fstat(self._descriptor))

    def release(self) -> None:
        """Close the file, which ends the lock."""
        os.close(self._descriptor)


def claim_file(path: Path) -> FileClaim | None:
    """Lock a file by flock(2), which belongs to what was opened here: unlike fcntl's locks it outlives other closings.

    Returns:
        None while another has it, in this process or elsewhere.

    Raises:
        sqlite3.OperationalError: It cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise sqlite3.OperationalError(f"{path} cannot be locked: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return FileClaim(path, descriptor)


def connect(path: Path) -> SqliteConnection:
    """A connection with our settings, in autocommit mode: transactions are begun explicitly."""
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
        factory=SqliteConnection,
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _claim(connection: SqliteConnection) -> None:
    """Mark an empty file as ours, in the file itself before the WAL exists, so that its header alone tells."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA journal_mode = WAL")


def _stored_revision(connection: SqliteConnection) -> str | None:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return None if row is None else str(row[0])


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
