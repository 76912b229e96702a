"""Opening the database, and the two ways of using it: a transaction that is durable once it ends, and a snapshot.

What SQLite and PostgreSQL do differently is in `sqlite.py` and `postgres.py`, behind `engine.Engine`.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.core.structs import Domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from ledger.store.engine import Claim, Connection, Engine, Stamp

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = "postgresql"


class Installation(NamedTuple):
    """Which contract a database is tied to."""

    chain_id: int
    ledger: bytes  # address, 20 bytes
    code_hash: bytes  # keccak256 of its deployed code


class _Session(threading.local):
    """What a thread has open."""

    connection: Connection | None = None
    writing = False


class Database:
    """Our database. Safe to share between threads.

    Args:
        engine: Of a database that is ours and migrated: see `open_database`.
        url: Where it is. May hold a password: not for people to read.
        fence: See `fenced`.
        session: What threads have open, shared with another view of the same database.
    """

    def __init__(
        self,
        engine: Engine,
        url: str,
        *,
        fence: Callable[[Connection], None] | None = None,
        session: _Session | None = None,
    ) -> None:
        self.engine = engine
        self.url = url
        self.conflict = engine.conflict  # what `execute` raises for what can be only once
        self._fence = fence
        self._session = session or _Session()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Writes that all happen, durably, or not at all. Inside another transaction it joins that one.

        No other transaction of this database runs beside it, in any process: what was read stays true until it ends.

        Raises:
            UnavailableError: Another writer held the database too long, the disk refused, or the connection was lost.
                Nothing was written; if it was lost while committing, either all was or nothing.
        """
        if self._session.connection is not None and not self._session.writing:
            msg = "a snapshot cannot turn into a transaction: open the transaction outside"
            raise RuntimeError(msg)
        with self._opened(writing=True) as connection:
            yield connection

    def snapshot(self) -> AbstractContextManager[Connection]:
        """Reads that all see one state. Inside a transaction or another snapshot it joins that one.

        Raises:
            UnavailableError: The disk refused, or the connection was lost.
        """
        joined = self._session.connection  # a scan opens ten, one in another: that must cost next to nothing
        return self._opened(writing=False) if joined is None else nullcontext(joined)

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
        _compare(self.engine.place, row, (chain_id, ledger, code_hash))

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

    def stamp(self) -> Stamp | None:
        """What changes with every commit, by whomever; far cheaper than a snapshot, which it needs none of.

        Stamps belong to the thread that asked: those of two threads must not be compared.

        Returns:
            None inside a snapshot or transaction, where what others commit is not seen.

        Raises:
            UnavailableError: The disk refused, or the connection was lost.
        """
        if self._session.connection is not None:
            return None
        try:
            return self.engine.stamp()
        except self.engine.unavailable as error:
            raise _unavailable(self.engine, error) from error

    def claim(self, name: str) -> Claim | None:
        """The lock of this name in this database; None while another program holds it.

        Raises:
            UnavailableError: The database cannot be reached.
        """
        try:
            return self.engine.claim(name)
        except self.engine.unavailable as error:
            raise _unavailable(self.engine, error) from error

    def fenced(self, fence: Callable[[Connection], None]) -> Database:
        """The same database for one who writes only while `fence`, run first in each transaction, does not raise."""
        return Database(self.engine, self.url, fence=fence, session=self._session)

    def close(self) -> None:
        """Close every connection. The database cannot be used afterwards."""
        self.engine.close()

    @contextmanager
    def _opened(self, *, writing: bool) -> Iterator[Connection]:
        """Begin, and end as the body ended; nested ones leave both to the outermost."""
        session, engine = self._session, self.engine
        if session.connection is not None:
            yield session.connection
            return
        connection: Connection | None = None
        try:
            connection = session.connection = engine.begun(writing=writing)
            session.writing = writing
            if writing and self._fence is not None:
                self._fence(connection)
            yield connection
            connection.commit()
        except engine.unavailable as error:
            raise _unavailable(engine, error) from error
        finally:
            session.connection, session.writing = None, False
            if connection is not None:
                engine.give_back(connection)


def open_database(url: str) -> Database:
    """Open the database at `url`, made and migrated as needed.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path`, or `postgresql://user@host/name` with what libpq
            takes in such a URL (https://www.postgresql.org/docs/current/libpq-connect.html, section 34.1.1.2).

    Returns:
        A database whose tables are the newest.

    Raises:
        ConfigurationError: The URL is not understood, the database is not ours or of a newer version; nothing is
            altered.
        UnavailableError: It is locked or cannot be reached, or the disk refuses.
    """
    engine = _engine(url)
    try:
        engine.migrate()
    except engine.unavailable as error:
        raise _unavailable(engine, error) from error
    return Database(engine, url)


def look_at(url: str) -> tuple[Database, str | None]:
    """The database at `url` as it is, and the revision of its tables (None if it has none); nothing is altered.

    Raises:
        ConfigurationError: The URL is not understood, or the database is not ours or not there.
        UnavailableError: It is locked, damaged or cannot be reached.
    """
    engine = _engine(url)
    try:
        return Database(engine, url), engine.stored_revision()
    except engine.unavailable as error:
        raise _unavailable(engine, error) from error
    except engine.broken as error:
        detail = f"The database {engine.place} is damaged: {error}."
        advice = "Keep the files as they are, and restore the newest backup into a new data directory."
        raise UnavailableError(detail, advice=advice) from error


def _engine(url: str) -> Engine:
    scheme = url.partition("://")[0]
    if scheme.partition("+")[0] == _POSTGRESQL:
        from ledger.store.postgres import PostgresEngine  # noqa: PLC0415 - those with SQLite need not pay for it

        return PostgresEngine(url)
    path = url.removeprefix(_SQLITE)
    if path in (url, "", ":memory:"):
        detail = "The database URL is not understood."
        advice = (
            "Give a file as sqlite:///relative/path or sqlite:////absolute/path, "
            "or a PostgreSQL database as postgresql://user@host/name (LOTPROOF_DATABASE_URL)."
        )
        raise ConfigurationError(detail, advice=advice, field="database_url")
    from ledger.store.sqlite import SqliteEngine  # noqa: PLC0415 - as above

    return SqliteEngine(Path(path))


def _compare(place: str, stored: tuple[int, bytes, bytes], given: tuple[int, bytes, bytes]) -> None:
    words: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
        ("chain_id", "chain id", str),
        ("ledger", "ledger contract", _hex),
        ("code_hash", "contract code with hash", _hex),
    )
    for (field, name, show), ours, theirs in zip(words, stored, given, strict=True):
        if ours != theirs:
            detail = f"The database {place} belongs to {name} {show(ours)}, but the chain offers {show(theirs)}."
            advice = "Correct the RPC URL or the ledger address, or choose another database for the other ledger."
            raise ConfigurationError(detail, advice=advice, field=field, expected=show(ours), given=show(theirs))


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _unavailable(engine: Engine, error: Exception) -> UnavailableError:
    detail = f"The database {engine.place} cannot be used now: {str(error).strip().rstrip('.')}."
    return UnavailableError(detail, advice=engine.advice(error), path=engine.place)
