"""A database that is not ours, or of another ledger, is refused and left as it was."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.store import database, migration, postgres, sqlite
from ledger.store.database import open_database
from ledger.store.schema import REVISION, metadata, sharded

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store.database import Database


@pytest.mark.parametrize(
    "url", ["", "lotproof.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql:///x", "postgresql://h/%zz"]
)
def test_a_url_that_is_not_understood_is_refused_with_the_right_form(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not understood") as caught:
        open_database(url)
    assert caught.value.field == "database_url"


def test_a_database_of_a_newer_version_is_refused(db: Database) -> None:
    with db.transaction() as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="schema 9999") as caught:
        open_database(db.url)
    assert "newer version" in caught.value.advice


def test_migrations_come_to_the_schema(db: Database) -> None:
    wanted = sharded() if db.url.startswith("postgresql") else metadata
    engine = create_engine(db.url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), wanted) == []
        looked = inspect(connection)
        found = {index["name"] for name in looked.get_table_names() for index in looked.get_indexes(name)}
    assert {index.name for table in metadata.tables.values() for index in table.indexes} <= found
    assert ScriptDirectory.from_config(migration.configuration()).get_current_head() == REVISION


@pytest.fixture
def empty_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Where a database can be made."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    url: str = request.getfixturevalue("postgres").fresh(migrated=False)
    return url


def test_a_database_is_brought_forward_step_by_step(empty_url: str) -> None:
    scripts = list(ScriptDirectory.from_config(migration.configuration()).walk_revisions())
    for script in reversed(scripts):
        database._engine(empty_url).migrate(script.revision)
    opened = open_database(empty_url)
    opened.bind(1, b"l" * 20, b"c" * 32)
    opened.close()


def test_several_programs_may_start_on_a_new_database_at_once(empty_url: str) -> None:
    code = "import sys; from ledger.store.database import open_database; open_database(sys.argv[1]).bind(1, b'l', b'c')"
    programs = [subprocess.Popen([sys.executable, "-c", code, empty_url], stderr=subprocess.PIPE) for _ in range(4)]
    assert [program.communicate()[1] for program in programs] == [b""] * 4


def test_binding_again_to_the_same_ledger_is_fine(db: Database) -> None:
    db.bind(1, b"l" * 20, b"c" * 32)
    db.bind(1, b"l" * 20, b"c" * 32)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("chain_id", (2, b"l" * 20, b"c" * 32)),
        ("ledger", (1, b"L" * 20, b"c" * 32)),
        ("code_hash", (1, b"l" * 20, b"C" * 32)),
    ],
)
def test_another_chain_ledger_or_code_is_refused(field: str, given: tuple[int, bytes, bytes], db: Database) -> None:
    db.bind(1, b"l" * 20, b"c" * 32)
    with pytest.raises(ConfigurationError) as caught:
        db.bind(*given)
    assert caught.value.field == field
    assert caught.value.advice
    db.bind(1, b"l" * 20, b"c" * 32)


def test_an_error_inside_a_transaction_takes_everything_back(db: Database) -> None:
    def write() -> None:
        with db.transaction() as connection:
            connection.execute("INSERT INTO documents VALUES (?, ?)", (b"1", b"2"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    with db.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def test_a_transaction_inside_another_is_part_of_it(db: Database) -> None:
    def write() -> None:
        with db.transaction():
            with db.transaction() as connection, db.snapshot():
                connection.execute("INSERT INTO documents VALUES (?, ?)", (b"1", b"2"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    with db.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def test_a_snapshot_cannot_turn_into_a_transaction(db: Database) -> None:
    with db.snapshot(), pytest.raises(RuntimeError), db.transaction():
        pass


def test_a_snapshot_sees_one_state_while_another_thread_writes(db: Database) -> None:
    def write() -> None:
        with db.transaction() as connection:
            connection.execute("INSERT INTO documents VALUES (?, ?)", (b"1", b"2"))

    with db.snapshot() as connection:
        before = connection.execute("SELECT count(*) FROM documents").fetchone()
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == before == (0,)
    with db.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (1,)


def test_a_database_that_another_holds_is_unavailable(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    monkeypatch.setattr(postgres, "BUSY_SECONDS", 0.01)
    other, late = open_database(db.url), open_database(db.url)
    with other.transaction(), pytest.raises(UnavailableError, match="lock"), late.transaction():
        pass
    with late.transaction():
        pass
    other.close()
    late.close()
