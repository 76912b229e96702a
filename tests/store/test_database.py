"""A database that is not ours, or of another ledger, is refused and left as it was."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.store import database, migration
from ledger.store.database import open_database
from ledger.store.schema import REVISION, metadata

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store.database import Database


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    "url", ["", "lotproof.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "postgresql:///lotproof", "mysql:///x"]
)
def test_a_url_that_is_not_understood_is_refused_with_the_right_form(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not understood") as caught:
        open_database(url)
    assert caught.value.field == "database_url"


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"do not lose me" * 100)
    with pytest.raises(ConfigurationError, match="is not a SQLite database"):
        open_database(url_of(path))
    assert path.read_bytes() == b"do not lose me" * 100
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE blocks (mine)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="of another program"):
        open_database(url_of(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_of_a_newer_version_is_refused(db: Database) -> None:
    with db.transaction() as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="schema 9999") as caught:
        open_database(url_of(db.path))
    assert "newer version" in caught.value.advice


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        open_database(url_of(tmp_path / "file" / "lotproof.db"))


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    open_database(url_of(tmp_path / "new" / "folder" / "lotproof.db")).close()
    assert (tmp_path / "new" / "folder" / "lotproof.db").exists()


def test_a_file_left_empty_by_a_crash_is_filled(tmp_path: Path) -> None:
    (tmp_path / "lotproof.db").touch()
    database_ = open_database(url_of(tmp_path / "lotproof.db"))
    with database_.snapshot() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    database_.close()


def test_migrations_come_to_the_schema(db: Database) -> None:
    engine = create_engine(url_of(db.path), poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        found = {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {index.name for table in metadata.tables.values() for index in table.indexes} <= found
    assert ScriptDirectory.from_config(migration.configuration()).get_current_head() == REVISION


def test_a_migration_cut_short_leaves_nothing_and_can_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, true_create = tmp_path / "lotproof.db", metadata.create_all

    def fail_late(_self: object, bind: object) -> None:
        true_create(bind)  # type: ignore[arg-type]  # passed on as it came
        message = "disk I/O error"
        raise sqlite3.OperationalError(message)

    with monkeypatch.context() as patch:
        patch.setattr("sqlalchemy.MetaData.create_all", fail_late)
        with pytest.raises(UnavailableError, match="disk I/O error"):
            open_database(url_of(path))
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'blocks'").fetchone() == (0,)
    connection.close()
    open_database(url_of(path)).bind(1, b"l" * 20, b"c" * 32)


def test_several_programs_may_start_on_a_new_database_at_once(tmp_path: Path) -> None:
    code = "import sys; from ledger.store.database import open_database; open_database(sys.argv[1]).bind(1, b'l', b'c')"
    programs = [
        subprocess.Popen([sys.executable, "-c", code, url_of(tmp_path / "lotproof.db")], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
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
            connection.execute("INSERT INTO documents VALUES (x'01', x'02')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    with db.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def test_a_transaction_inside_another_is_part_of_it(db: Database) -> None:
    def write() -> None:
        with db.transaction():
            with db.transaction() as connection, db.snapshot():
                connection.execute("INSERT INTO documents VALUES (x'01', x'02')")
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
            connection.execute("INSERT INTO documents VALUES (x'01', x'02')")

    with db.snapshot() as connection:
        before = connection.execute("SELECT count(*) FROM documents").fetchone()
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == before == (0,)
    with db.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (1,)


def test_a_database_that_another_holds_is_unavailable(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    other = sqlite3.connect(db.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="locked"), db.transaction():
        pass
    other.close()
    with db.transaction():
        pass


def test_a_stamp_is_refused_in_words_while_the_disk_refuses(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def execute(self, sql: str) -> None:
            raise sqlite3.OperationalError(f"disk I/O error: {sql}")

    monkeypatch.setattr(db._session(), "connection", Broken())
    with pytest.raises(UnavailableError, match="disk I/O error"):
        db.stamp()
