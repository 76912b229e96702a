"""What PostgreSQL alone does: whose database it is, who writes, what happens when the server goes, and no passwords."""

from __future__ import annotations

import logging
import os
import socket
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import MetaData, create_engine
from sqlalchemy.exc import NotSupportedError
from sqlalchemy.pool import NullPool

from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.store import postgres as engine_module
from ledger.store.database import open_database
from ledger.store.outbox import Outbox
from ledger.store.schema import metadata, sharded
from tests.postgres import cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.store.database import Database
    from tests.postgres import Cluster


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    """A database with our tables."""
    lent = postgres.lend()
    yield lent
    postgres.take_back(lent)


@pytest.fixture
def opened(url: str) -> Iterator[Database]:
    """The same, opened."""
    database = open_database(url)
    yield database
    database.close()


def tables(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()


def test_a_database_of_another_program_is_left_as_it_is(postgres: Cluster) -> None:
    url = postgres.fresh(migrated=False)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
    with pytest.raises(ConfigurationError, match="tables of another program in schema public") as caught:
        open_database(url)
    assert caught.value.field == "database_url"
    assert tables(url) == [("alembic_version",)]


def test_a_schema_of_ones_own_is_used(postgres: Cluster) -> None:
    url = postgres.fresh(migrated=False)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE blocks (mine text)")
        connection.execute("CREATE SCHEMA ours")
    open_database(f"{url}?options=-csearch_path%3Dours").close()
    assert tables(url) == [("blocks",)]


def test_a_search_path_to_nowhere_is_told(postgres: Cluster) -> None:
    with pytest.raises(ConfigurationError, match="has no schema"):
        open_database(f"{postgres.fresh(migrated=False)}?options=-csearch_path%3Dnowhere")


def test_a_user_who_may_not_make_tables_is_told_what_to_do(postgres: Cluster) -> None:
    url = postgres.fresh(migrated=False)
    with psycopg.connect(url) as connection:
        connection.execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'guest-password'")
    with pytest.raises(ConfigurationError, match="may not make or read tables") as caught:
        open_database(f"postgresql://guest:guest-password@{url.partition('@')[2]}")
    assert "OWNER" in caught.value.advice


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("lotproof:", "nobody:"),  # no such user
        lambda url: url.rpartition("/")[0] + "/nowhere",  # no such database
        lambda url: url + "?sslmode=perhaps",  # no such mode
        lambda url: url.replace("@", "%zz@"),  # not a URL
        lambda url: url.replace("@127.0.0.1", "@127.0.0.1:x"),  # nor this
    ],
)
def test_no_message_shows_the_password(change: Any, url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    password = url.partition("lotproof:")[2].partition("@")[0]
    with pytest.raises((UnavailableError, ConfigurationError)) as caught:
        open_database(change(url))
    seen: BaseException | None = caught.value
    assert password not in f"{caught.value.detail}{caught.value.advice}{caught.value.evidence}{caplog.text}"
    while seen is not None and not seen.__suppress_context__:  # what a traceback in the log would show
        assert password not in str(seen)
        seen = seen.__cause__


def test_a_password_file_and_a_service_file_serve(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user, _, rest = url.removeprefix("postgresql://").partition(":")
    password, _, place = rest.partition("@")
    host, _, name = place.partition("/")
    address, _, port = host.partition(":")
    passwords, services = tmp_path / "pgpass", tmp_path / "services"
    passwords.write_text(f"{address}:{port}:{name}:{user}:{password}\n")
    passwords.chmod(0o600)
    services.write_text(f"[ledger]\nhost={address}\nport={port}\ndbname={name}\nuser={user}\n")
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    open_database(f"postgresql+psycopg://{user}@{host}/{name}").close()
    database = open_database("postgresql://?service=ledger")
    assert database.engine.place == "PostgreSQL of service ledger"
    database.close()


@pytest.mark.parametrize("name", ["registrations", "custody_events", "consignment_splits", "packings"])
def test_only_keys_that_name_the_batch_can_be_spread_by_it(name: str, url: str) -> None:
    """What partitioning by hash asks for, and a distributed PostgreSQL like Citus too."""
    plain = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(plain)
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    for tables, refused in ((plain, True), (sharded(), False)):
        table = tables.tables[name]
        table.dialect_options["postgresql"]["partition_by"] = "HASH (batch)"
        asked = pytest.raises(NotSupportedError, match='lacks column "batch"') if refused else nullcontext()
        with engine.connect() as connection:  # nothing is committed
            table.drop(connection)
            with asked:
                table.create(connection)


def test_writers_of_two_programs_wait_for_each_other(opened: Database, url: str) -> None:
    """What a transaction has read stays true until it ends: each adds one to what it read, and none is lost."""
    with opened.transaction() as connection:
        connection.execute("INSERT INTO chain_status VALUES (1, 0, 0, 0, 0)")

    def count() -> None:
        database = open_database(url)
        for _ in range(25):
            with database.transaction() as connection:
                (seen,) = connection.execute("SELECT generation FROM chain_status").fetchone()
                connection.execute("UPDATE chain_status SET generation = ?", (seen + 1,))
        database.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened.snapshot() as connection:
        assert connection.execute("SELECT generation FROM chain_status").fetchone() == (100,)


def test_a_snapshot_writes_nothing(opened: Database) -> None:
    with pytest.raises(UnavailableError, match="read-only"), opened.snapshot() as connection:
        connection.execute("DELETE FROM documents")


def test_a_text_with_the_character_0_is_kept_with_its_sign(opened: Database) -> None:
    Outbox(opened).add(b"d" * 32, "kind\0", b"\0", arrived_at=1)
    entry = Outbox(opened).entry(b"d" * 32)
    assert entry is not None
    assert (entry.kind, entry.payload) == ("kind\N{SYMBOL FOR NULL}", b"\0")


def test_every_commit_changes_the_stamp_and_nothing_else_needs_to(opened: Database, url: str) -> None:
    other = open_database(url)
    before = opened.stamp()
    assert opened.stamp() == before
    with other.transaction() as connection:
        connection.execute("INSERT INTO documents VALUES (?, ?)", (b"1", b"2"))
        during = opened.stamp()
    assert opened.stamp() not in {before, during}
    other.close()


def test_more_threads_than_connections_share_them(opened: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BUSY_SECONDS", 0.05)
    gate, inside = threading.Event(), threading.Semaphore(0)

    def hold() -> None:
        with opened.snapshot():
            inside.release()
            gate.wait(20)

    threads = [threading.Thread(target=hold) for _ in range(engine_module.CONNECTIONS)]
    for thread in threads:
        thread.start()
    for _ in threads:
        inside.acquire(timeout=20)
    with pytest.raises(UnavailableError, match="were busy"), opened.snapshot():
        pass
    gate.set()
    for thread in threads:
        thread.join()
    with opened.snapshot():
        pass


def end_sessions(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


def test_a_lost_connection_is_opened_anew(opened: Database, url: str) -> None:
    stamp = opened.stamp()
    end_sessions(url)
    assert opened.stamp() != stamp
    end_sessions(url)
    opened.bind(1, b"l" * 20, b"c" * 32)

    def write() -> None:
        with opened.transaction() as connection:
            end_sessions(url)
            connection.execute("SELECT 1")

    with pytest.raises(UnavailableError, match="terminating connection"):
        write()
    assert opened.installation() is not None


def test_a_commit_of_unknown_outcome_is_told_and_safe_to_repeat(opened: Database) -> None:
    """The connection is cut before the server has the COMMIT, and after it, before its answer is heard."""
    for digest, cut_after in ((b"a" * 32, False), (b"b" * 32, True)):
        with pytest.MonkeyPatch.context() as patch:
            begun = opened.engine.begun

            def cut(*, writing: bool, begun: Any = begun, after: bool = cut_after) -> Any:
                connection = begun(writing=writing)
                commit = connection.commit

                def commit_unheard() -> None:
                    if after:
                        commit()
                    with socket.socket(fileno=os.dup(connection.raw.fileno())) as line:
                        line.shutdown(socket.SHUT_RDWR)
                    commit()

                patch.setattr(connection, "commit", commit_unheard)
                return connection

            patch.setattr(opened.engine, "begun", cut)
            with pytest.raises(UnavailableError, match="cannot be used now") as caught:
                Outbox(opened).add(digest, "CustodyEvent", b"{}", arrived_at=1)
            assert "counts once" in caught.value.advice
        assert (Outbox(opened).entry(digest) is not None) == cut_after
        Outbox(opened).add(digest, "CustodyEvent", b"{}", arrived_at=1)
    assert Outbox(opened).count() == {"pending": 2}


@pytest.mark.slow
def test_nothing_committed_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    with cluster(tmp_path) as server:
        database = open_database(server.fresh())
        outbox = Outbox(database)
        for number in range(3):
            outbox.add(bytes([number]) * 32, "CustodyEvent", b"{}", arrived_at=1)
            server.kill()
            with pytest.raises(UnavailableError):
                outbox.count()
            server.start()
            assert outbox.count() == {"pending": number + 1}
        database.close()
