"""A file that is not ours is refused and left as it was; what SQLite alone does is as we rely on it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.store.database import open_database
from ledger.store.schema import metadata

if TYPE_CHECKING:
    from pathlib import Path


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


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


def test_a_stamp_is_refused_in_words_while_the_disk_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def execute(self, sql: str) -> None:
            raise sqlite3.OperationalError(f"disk I/O error: {sql}")

    db = open_database(url_of(tmp_path / "lotproof.db"))
    monkeypatch.setattr(db.engine, "_own", Broken)
    with pytest.raises(UnavailableError, match="disk I/O error"):
        db.stamp()
