"""PostgreSQL, by psycopg: a few connections for all threads of this process, and one writer at a time in the database.

A transaction begins by taking an advisory lock that ends with it, which gives what SQLite's `BEGIN IMMEDIATE` gives:
what was read inside stays true until it is written (decision 0023). A snapshot is `REPEATABLE READ READ ONLY`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from queue import Empty, LifoQueue
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import StrBinaryDumper
from sqlalchemy.dialects import postgresql

from ledger.core.errors import ConfigurationError
from ledger.store import migration
from ledger.store.schema import APPLICATION_ID, REVISION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Table

    from ledger.store.engine import Claim, Connection, Cursor, Row, Stamp

CONNECTIONS: Final = 16  # at once in this process, beside those of its leaders
BUSY_SECONDS: Final = 10.0  # how long one waits for another writer, or for a free connection, before it gives up
_CONNECT_SECONDS: Final = 5
_HUNG_SECONDS: Final = 60  # a program that sleeps inside a transaction must not stop all others for longer
# A server that lost its power is noticed after 25 seconds of silence.
_SILENCE: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
_STATEMENTS: Final = 256  # prepared statements kept per connection; ours are fewer
_WRITER, _MIGRATION = 1, 2  # which of our locks, in the upper bits of an advisory lock's second number
_CLAIM: Final = {"indexer": 3, "relayer": 4}
_OURS: Final = "Lotproof"  # comment of the table alembic_version: says whose database it is, and survives pg_dump
_MARK: Final = re.compile(r"\?(\d*)")
_FOUND: Final = """
    SELECT current_schema(),
        (SELECT obj_description(c.oid, 'pg_class') FROM pg_class c
         WHERE c.relnamespace = s.oid AND c.relname = 'alembic_version'),
        (SELECT count(*) FROM pg_class c WHERE c.relnamespace = s.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f'))
    FROM (SELECT 1) one LEFT JOIN pg_namespace s ON s.nspname = current_schema()
"""


class PostgresConnection:
    """One connection to a server.

    Args:
        raw: psycopg's, in autocommit mode: transactions are begun explicitly.
    """

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw
        # Plain cursors send a statement without parameters as it is: two at once cost one round trip.
        row = raw.execute("SELECT current_schema()::regnamespace::oid::int8").fetchone()
        self.schema = 0 if row is None or row[0] is None else int(row[0])
        begin = "BEGIN; SELECT pg_advisory_xact_lock({}, {})"
        self._begin = begin.format(APPLICATION_ID, lock_number(_WRITER, self.schema))

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun and not ended."""
        return self.raw.info.transaction_status not in {TransactionStatus.IDLE, TransactionStatus.UNKNOWN}

    @property
    def lost(self) -> bool:
        """Whether the server is gone."""
        return bool(self.raw.closed)

    def begin(self, *, writing: bool) -> None:
        """Begin; a writer waits until every other has ended."""
        self.raw.execute(self._begin if writing else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        """Commit."""
        self.raw.execute("COMMIT")

    def rollback(self) -> None:
        """Roll back."""
        self.raw.execute("ROLLBACK")

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement, prepared once it came a few times."""
        return psycopg.RawCursor(self.raw).execute(_numbered(sql), parameters, binary=True)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        """Run one statement with each row of parameters, without waiting for one before the next is sent."""
        cursor = psycopg.RawCursor(self.raw)
        cursor.executemany(_numbered(sql), parameters)
        return cursor

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Add many rows by COPY."""
        with self.raw.cursor() as cursor, cursor.copy(_copy(table)) as copy:
            copy.set_types(_types(table))
            for row in rows:
                copy.write_row(row)

    def renumber(self, table: Table) -> None:
        """Set the sequence of the table's key, if it has one."""
        for column in table.columns:
            if column.autoincrement is True:
                next_one = f"(SELECT coalesce(max({column.name}), 0) + 1 FROM {table.name})"  # noqa: S608 - our own names
                sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
                self.execute(f"SELECT setval({sequence}, {next_one}, false)")

    def close(self) -> None:
        """End it."""
        self.raw.close()


class PostgresEngine:
    """The engine of one database on a server.

    Args:
        url: As libpq takes it, with or without a driver's name (`postgresql+psycopg://`).

    Raises:
        ConfigurationError: It is not understood.
    """

    unavailable: tuple[type[Exception], ...] = (psycopg.OperationalError, psycopg.InternalError)
    conflict: type[Exception] = psycopg.IntegrityError
    broken: type[Exception] = psycopg.Error

    def __init__(self, url: str) -> None:
        self._conninfo, self.place = _understood(url)
        self._free: LifoQueue[Connection | None] = LifoQueue()
        for _ in range(CONNECTIONS):
            self._free.put(None)
        self._lost = 0  # how many connections were: after a server came back from a backup, old stamps mean nothing
        self._counting = Lock()

    def migrate(self, revision: str = "head") -> None:
        """Bring the database to `revision`; one that is there already costs two queries.

        Raises:
            ConfigurationError: It is not ours, of a newer version, or this user may not make tables in it; nothing is
                altered.
        """
        connection = self.connect()
        try:
            if revision == "head" and self._claimed(connection) and _stored_revision(connection) == REVISION:
                return
            self._upgrade(connection, revision)
        except errors.InsufficientPrivilege as error:
            detail = f"The user may not make or read tables in {self.place}: {error.diag.message_primary}."
            advice = "Make that user the owner of a database of its own: CREATE DATABASE … OWNER …"
            raise ConfigurationError(detail, advice=advice, field="database_url") from error
        finally:
            connection.close()

    def stored_revision(self) -> str | None:
        """The revision of the tables as they are.

        Raises:
            ConfigurationError: The database is another program's.
        """
        connection = self.connect()
        try:
            return _stored_revision(connection) if self._claimed(connection) else None
        finally:
            connection.close()

    def faults(self) -> list[str]:
        """What the server's checksums of pages found since its statistics were last reset."""
        connection = self.connect()
        try:
            sql = "SELECT coalesce(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database()"
            failures = int(connection.execute(sql).fetchone()[0])
        finally:
            connection.close()
        return [f"PostgreSQL found {failures} pages whose checksums do not fit"] if failures else []

    def begun(self, *, writing: bool) -> Connection:
        """A free connection with a transaction; one that the server has ended meanwhile is opened anew."""
        connection = self._borrow()
        try:
            try:
                connection.begin(writing=writing)
            except self.unavailable:
                if not connection.lost:
                    raise
                self.give_back(connection)
                connection = self._borrow()
                connection.begin(writing=writing)
        except BaseException:
            self.give_back(connection)
            raise
        return connection

    def give_back(self, connection: Connection) -> None:
        """Undo what was not committed, and let others have the connection; one that is lost is forgotten."""
        kept: Connection | None = None
        try:
            if connection.in_transaction and not connection.lost:
                connection.rollback()
            kept = None if connection.lost else connection
        except psycopg.Error:
            connection.close()  # the server has ended it, and the transaction with it
        finally:
            if kept is None:
                with self._counting:
                    self._lost += 1
            self._free.put(kept)

    def stamp(self) -> Stamp:
        """The transactions that are seen by whoever looks now: no commit leaves it as it was, of whatever program."""
        for again in (True, False):
            connection = self._borrow()
            try:
                row = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
            except self.unavailable:
                if not (again and connection.lost):
                    raise
            else:
                return row[0], self._lost
            finally:
                self.give_back(connection)
        raise AssertionError  # the second attempt returns or raises

    def claim(self, name: str) -> Claim | None:
        """Take a session's advisory lock, on a connection of its own."""
        connection = self.connect()
        try:
            lock = f"SELECT pg_try_advisory_lock({APPLICATION_ID}, {lock_number(_CLAIM[name], connection.schema)})"
            (taken,) = connection.execute(lock).fetchone()
        except BaseException:
            connection.close()
            raise
        if taken:
            return SessionClaim(connection)
        connection.close()
        return None

    def advice(self, error: Exception) -> str:
        """What a person should do."""
        if isinstance(error, errors.DiskFull):
            return "Make room on the disk of the PostgreSQL server; what was refused can then be sent again."
        if isinstance(error, errors.LockNotAvailable):
            return "Another program writes for long; try again, and look at pg_stat_activity if it stays so."
        return (
            "Check that PostgreSQL runs and that LOTPROOF_DATABASE_URL names it, then try again: what was sent twice "
            "counts once."
        )

    def close(self) -> None:
        """Close every connection that nobody uses now."""
        idle: list[Connection | None] = []
        with suppress(Empty):
            while True:
                idle.append(self._free.get_nowait())
        for connection in idle:
            if connection is not None:
                connection.close()
            self._free.put(None)

    def connect(self) -> PostgresConnection:
        """A new connection, with our settings."""
        raw = psycopg.connect(self._conninfo, autocommit=True)
        try:
            raw.prepared_max = _STATEMENTS
            raw.adapters.register_dumper(int, Int8BinaryDumper)  # one type, so that a statement is prepared once
            raw.adapters.register_dumper(str, _Text)
            return PostgresConnection(raw)
        except BaseException:
            raw.close()
            raise

    def _borrow(self) -> Connection:
        try:
            connection = self._free.get(timeout=BUSY_SECONDS)
        except Empty:
            raise psycopg.OperationalError(
                f"all {CONNECTIONS} connections were busy for {BUSY_SECONDS:.0f} s"
            ) from None
        try:
            return self.connect() if connection is None else connection
        except BaseException:
            self._free.put(None)
            raise

    def _claimed(self, connection: PostgresConnection) -> bool:
        """Whether the database is ours; False if it is empty."""
        schema, comment, tables = connection.execute(_FOUND).fetchone()
        if comment == _OURS:
            return True
        if schema is not None and not tables:
            return False
        what = f"holds tables of another program in schema {schema}" if schema else "has no schema to put tables in"
        detail = f"The database {self.place} {what}; it was left as it is."
        advice = "Name a database of Lotproof's own (LOTPROOF_DATABASE_URL): CREATE DATABASE … OWNER …"
        raise ConfigurationError(detail, advice=advice, field="database_url", path=self.place)

    def _upgrade(self, connection: PostgresConnection, revision: str) -> None:
        lock = f"SELECT pg_advisory_xact_lock({APPLICATION_ID}, {lock_number(_MIGRATION, connection.schema)})"
        # Another starter may migrate for as long as it takes, and this one too.
        connection.raw.execute("SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        with migration.begun("postgresql+psycopg://", connection.raw, f"BEGIN; {lock}") as begun:
            claimed = self._claimed(connection)  # again: another starter may just have made it
            migration.refuse_newer(self.place, _stored_revision(connection) if claimed else None)
            migration.upgrade(begun, revision)
            if not claimed:
                begun.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{_OURS}'")


class SessionClaim:
    """A lock that lasts as long as its connection."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection

    def held(self) -> bool:
        """Ask the server, which ends the lock with the connection."""
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def release(self) -> None:
        """Close the connection, which ends the lock."""
        self._connection.close()


class _Text(StrBinaryDumper):
    """PostgreSQL's texts cannot hold the character 0, which a name on the chain may: it is kept as the sign for it."""

    def dump(self, obj: str) -> Any:  # noqa: ANN401 - as psycopg says: bytes or a buffer
        return super().dump(obj.replace("\0", "\N{SYMBOL FOR NULL}") if "\0" in obj else obj)


def lock_number(what: int, schema: int) -> int:
    """The second number of an advisory lock of ours, a signed 32-bit one: what it is for, and which schema's."""
    number = (what << 28) ^ (schema & 0xFFFFFFFF)
    return number - (1 << 32) if number >= 1 << 31 else number


def _understood(url: str) -> tuple[str, str]:
    """What libpq is given, and what people may read of it."""
    try:
        given = conninfo_to_dict(re.sub(r"^postgresql(\+\w+)?://", "postgresql://", url))
        own = f"{_options()} {given.get('options') or ''}".strip()
        defaults: dict[str, Any] = {"application_name": "lotproof", "connect_timeout": _CONNECT_SECONDS} | _SILENCE
        conninfo = make_conninfo(**{**defaults, **given, "options": own})
    except psycopg.ProgrammingError:  # its words may repeat the URL, with the password
        detail = "The database URL is not understood: it is not one that PostgreSQL's libpq takes."
        advice = "Give postgresql://user@host:5432/name; percent-encode what is special in it (LOTPROOF_DATABASE_URL)."
        raise ConfigurationError(detail, advice=advice, field="database_url") from None
    host, name = given.get("host") or given.get("hostaddr"), given.get("dbname")
    service = given.get("service")
    where = f" on {host}" if host else f" of service {service}" if service else ""
    return conninfo, f"{name or 'PostgreSQL'}{where}"


def _options() -> str:
    """Settings of each session; what the URL says in `options` comes after them and wins.

    A host that lost its power must not keep its locks: the server asks after 10 seconds of silence, three times.
    """
    waits = {"lock_timeout": int(BUSY_SECONDS * 1000), "idle_in_transaction_session_timeout": _HUNG_SECONDS * 1000}
    asks = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
    settings: dict[str, Any] = {**waits, **asks, "jit": "off", "client_min_messages": "warning"}
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _stored_revision(connection: PostgresConnection) -> str | None:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


@cache
def _numbered(sql: str) -> bytes:
    """The same SQL with PostgreSQL's own parameter marks: `?` the next one, `?1` the first."""
    count = 0

    def number(mark: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return f"${mark[1] or count}"

    return _MARK.sub(number, sql).encode()


@cache
def _copy(table: Table) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)"


@cache
def _types(table: Table) -> list[str]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves this one without types
    return [column.type.compile(dialect).lower() for column in table.columns]
