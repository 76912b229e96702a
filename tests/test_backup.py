"""A backup holds all that the chain cannot tell again, and comes back whole or not at all."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, Table, Text

from ledger import backup
from ledger.backup import Archive, Manifest
from ledger.config import Settings
from ledger.core.errors import ConfigurationError, InvalidInputError, LotproofError, UnavailableError
from ledger.store import notes, report_tables, schema, tables
from ledger.store.database import Database, open_database
from ledger.store.outbox import Outbox
from tests.postgres import Cluster

PASSWORD = "a password for tests"
CHEAP = 4  # scrypt's N = 16
NOW = 1_800_000_000
LEDGER = b"\x11" * 20
CODE = b"\x22" * 32
FILES = {
    "units/0xab.units": b"many serial numbers" * 10_000,
    "units/0xab.secret": b"0x" + bytes(range(200)),
    f"reports/{'ab' * 32}.jpg": b"a photo" + bytes(range(200)),
    "receipts/2.json": b"{}" + bytes(range(200)),
    "snapshot.key": b"a key" + bytes(range(200)),
    "document-salts.secret": bytes(range(32)),
    f"evidence/{'cd' * 16}": b"sealed evidence" + bytes(range(200)),
    "casework.key": b"5a" * 32 + b"\n",
}
Fill = Callable[[Database], None]


def unaccounted(lasting: tuple[Table, ...]) -> set[str]:
    """Tables that are neither backed up, nor told again by the chain or by what runs."""
    known = {*lasting, *schema.REBUILDABLE, schema.blocks, *schema.FLEETING}
    return {table.name for table in schema.metadata.sorted_tables if table not in known}


def test_every_table_is_in_the_backup_or_can_be_told_again() -> None:
    assert unaccounted(schema.LASTING) == set()
    assert not {*schema.LASTING} & {*schema.REBUILDABLE, schema.blocks, *schema.FLEETING}


@pytest.mark.parametrize("forgotten", schema.LASTING, ids=lambda table: table.name)
def test_a_table_that_is_forgotten_is_noticed(forgotten: Table) -> None:
    assert unaccounted(tuple(table for table in schema.LASTING if table is not forgotten)) == {forgotten.name}


def value(table: Table, at: int, row: int) -> Any:
    column = list(table.columns)[at]
    if column.name in {"id", "sequence"}:
        return row + 1
    if isinstance(column.type, LargeBinary):
        return b"\x00\xff" + bytes([at]) + row.to_bytes(3)
    if isinstance(column.type, Text):
        return f"„{column.name}“ {row}\nx"
    return row


def fill(db: Database, rows: int = 3) -> None:
    """Rows in every table that lasts; what one points to has the same values."""
    with db.transaction() as connection:
        for table in schema.LASTING:
            number = 1 if table.name == "installation" else rows
            made = [[value(table, at, row) for at in range(len(table.columns))] for row in range(number)]
            for row, values in enumerate(made):
                for at, column in enumerate(table.columns):
                    if column.name in {"sender", "nonce"}:
                        values[at] = b"sender" if column.name == "sender" else row
                if table.name == "installation":
                    values[:] = [1, 31337, LEDGER, CODE]
            connection.insert(table, [tuple(row) for row in made])


def contents(db: Database) -> dict[str, list[bytes]]:
    with db.snapshot() as connection:
        return {table.name: list(tables.lines(connection, table)) for table in schema.LASTING}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path / "old")
    for name, content in FILES.items():
        (made.data_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (made.data_dir / name).write_bytes(content)
    (made.data_dir / "units/.half.part").write_bytes(b"not whole yet")
    (made.data_dir / "keys").mkdir()
    (made.data_dir / "keys/relay.json").write_bytes(b"a key file")
    return made


@pytest.fixture
def old(settings: Settings, empty_database: Path) -> Any:
    shutil.copyfile(empty_database, settings.data_dir / "lotproof.db")
    db = open_database(settings.database_url)
    fill(db)
    yield db
    db.close()


@pytest.fixture
def new(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "new")


def make(db: Database, settings: Settings, target: Path, password: str | None = PASSWORD, **how: Any) -> Manifest:
    return backup.make(db, settings, target, password, now=NOW, work_factor=CHEAP, **how)


def restore(target: Path, settings: Settings, password: str | None = PASSWORD) -> Manifest:
    with target.open("rb") as file:
        return backup.restore(Archive(file, password), settings)


def files(settings: Settings) -> dict[str, bytes]:
    found = (path for path in settings.data_dir.rglob("*") if path.is_file())
    named = {path.relative_to(settings.data_dir).as_posix(): path.read_bytes() for path in found}
    return {name: content for name, content in named.items() if not name.startswith("lotproof.db")}


@pytest.mark.parametrize("password", [PASSWORD, None])
def test_all_of_it_comes_back(old: Database, settings: Settings, new: Settings, tmp_path: Path, password: Any) -> None:
    made = make(old, settings, tmp_path / "b", password)
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert restore(tmp_path / "b", new, password) == made
    again = open_database(new.database_url)
    assert contents(again) == contents(old)
    assert again.installation() == (31337, LEDGER, CODE)
    assert notes.Notes(again).everything()[notes.BACKUP].noted_at == NOW
    again.close()
    opens_cases = {"casework.key"} if password is None else set()  # what a plain backup must not open is not in it
    assert files(new) == {name: content for name, content in FILES.items() if name not in opens_cases}
    assert {path.stat().st_mode & 0o77 for path in new.data_dir.rglob("*.*") if "lotproof.db" not in path.name} == {0}


def test_more_rows_than_a_page_come_back(settings: Settings, new: Settings, tmp_path: Path) -> None:
    db = open_database(settings.database_url)
    fill(db, rows=5_000)
    made = make(db, settings, tmp_path / "b")
    assert made.rows["covered_digests"] == 5_000
    restore(tmp_path / "b", new)
    again = open_database(new.database_url)
    assert contents(again) == contents(db)
    db.close()
    again.close()


@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_it_moves_an_installation_to_the_other_database(
    settings: Settings, tmp_path: Path, postgres: Cluster, source: str, target: str
) -> None:
    lent = postgres.lend()
    old_url, new_url = (lent if engine == "postgresql" else "" for engine in (source, target))
    here = replace(settings, database_url=old_url or settings.database_url)
    there = Settings(data_dir=tmp_path / "new", database_url=new_url)
    db = open_database(here.database_url)
    fill(db, rows=2_500)
    make(db, here, tmp_path / "b")
    restore(tmp_path / "b", there)
    moved = open_database(there.database_url)
    assert contents(moved) == contents(db)
    Outbox(moved).add(b"new" * 8, "Anchor", b"{}", arrived_at=1)
    with moved.snapshot() as connection:  # what comes next gets the next number
        assert connection.execute("SELECT max(sequence) FROM statements").fetchone()[0] == 2_501
    db.close()
    moved.close()
    postgres.take_back(lent)


def test_keys_are_in_it_only_if_they_are_asked_for(
    old: Database, settings: Settings, new: Settings, tmp_path: Path
) -> None:
    make(old, settings, tmp_path / "b", keys=True)
    restore(tmp_path / "b", new)
    assert files(new) == FILES | {"keys/relay.json": b"a key file"}


def test_a_plain_backup_opens_with_the_usual_tools(old: Database, settings: Settings, tmp_path: Path) -> None:
    make(old, settings, tmp_path / "b", None)
    with zipfile.ZipFile(tmp_path / "b") as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("manifest.json"))["format"] == 1
        assert archive.read("files/snapshot.key") == FILES["snapshot.key"]
    assert not backup.is_sealed(tmp_path / "b")


def test_a_sealed_backup_shows_nothing(old: Database, settings: Settings, tmp_path: Path) -> None:
    make(old, settings, tmp_path / "b")
    assert backup.is_sealed(tmp_path / "b")
    assert not zipfile.is_zipfile(tmp_path / "b")


def test_a_backup_that_fails_leaves_the_earlier_one(
    old: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(old, settings, tmp_path / "b")
    before = (tmp_path / "b").read_bytes()
    monkeypatch.setattr(tables, "_PAGE", "no number")
    with pytest.raises(LotproofError):
        make(old, settings, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"b", "old"}


def damaged(target: Path, name: str) -> bytes:
    """A plain backup with one bit of a part's stored bytes altered."""
    whole = bytearray(target.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(whole))) as archive:
        info = archive.getinfo(name)
        at = info.header_offset + 30 + len(name.encode()) + 20 + info.compress_size // 2
    whole[at] ^= 0x10
    return bytes(whole)


PARTS = [f"tables/{table.name}.jsonl" for table in schema.LASTING]
PARTS += [f"files/{name}" for name in FILES if name not in backup.SEALED_SINGLES]  # of a plain one


@pytest.mark.parametrize("name", PARTS)
def test_a_damaged_part_is_named_and_nothing_is_changed(
    old: Database, settings: Settings, new: Settings, tmp_path: Path, name: str
) -> None:
    make(old, settings, tmp_path / "b", None)
    (tmp_path / "b").write_bytes(damaged(tmp_path / "b", name))
    with pytest.raises(InvalidInputError, match="damaged") as caught:
        restore(tmp_path / "b", new, None)
    assert caught.value.evidence["part"] == name
    assert not new.data_dir.exists()


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_says_something_else_is_named(
    old: Database, settings: Settings, new: Settings, tmp_path: Path, name: str
) -> None:
    """Not damaged by chance: its own checksum is right, only the manifest's is not."""
    make(old, settings, tmp_path / "b", None)
    write_again(tmp_path / "b", {name: lambda content: content + b" "})
    with pytest.raises(InvalidInputError, match="not what was backed up") as caught:
        restore(tmp_path / "b", new, None)
    assert caught.value.evidence["part"] == name
    assert not new.data_dir.exists()


def write_again(target: Path, changes: dict[str, Callable[[bytes], bytes] | None]) -> None:
    """The same archive with some parts changed, left out (None) or added."""
    with zipfile.ZipFile(target) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(target, "w") as archive:
        for name in {**parts, **changes}:
            change = changes.get(name, lambda content: content)
            if change is not None:
                archive.writestr(name, change(parts.get(name, b"")))


def manifest_with(**changes: Any) -> Callable[[bytes], bytes]:
    return lambda content: json.dumps(json.loads(content) | changes).encode()


def evil_file(content: bytes) -> bytes:
    manifest = json.loads(content)
    manifest["parts"].append({"name": "files/reports/../../evil", "bytes": 0, "sha256": ""})
    return json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tables/statements.jsonl": None}, "missing or one too many"),
        ({"files/reports/stranger.jpg": lambda _: b"x"}, "missing or one too many"),
        ({"manifest.json": None}, "manifest.json"),
        ({"manifest.json": lambda _: b"{"}, "manifest.json"),
        ({"manifest.json": lambda _: b"[]"}, "form"),
        ({"manifest.json": manifest_with(format=2)}, "form 2"),
        ({"manifest.json": manifest_with(schema="9999")}, "revision 9999"),
        ({"manifest.json": manifest_with(parts=[])}, "tables of this version"),
        ({"manifest.json": manifest_with(parts=7)}, "manifest.json"),
        ({"manifest.json": evil_file}, "no file of an installation"),
    ],
)
def test_an_archive_that_is_not_as_we_make_it_is_refused(
    old: Database, settings: Settings, new: Settings, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    make(old, settings, tmp_path / "b", None)
    write_again(tmp_path / "b", changes)
    with pytest.raises(InvalidInputError, match=words):
        restore(tmp_path / "b", new, None)
    assert not new.data_dir.exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"nothing like it" * 100])
def test_another_file_is_no_backup(new: Settings, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(InvalidInputError, match="table of contents"):
        restore(tmp_path / "b", new, None)


def test_a_wrong_password_changes_nothing(old: Database, settings: Settings, new: Settings, tmp_path: Path) -> None:
    make(old, settings, tmp_path / "b")
    with pytest.raises(InvalidInputError, match="password is wrong"):
        restore(tmp_path / "b", new, "another password")
    assert not new.data_dir.exists()


def test_an_installation_with_anything_of_its_own_is_left_alone(
    old: Database, settings: Settings, tmp_path: Path
) -> None:
    make(old, settings, tmp_path / "b")
    before = contents(old)
    with pytest.raises(ConfigurationError, match="not empty: it has documents"):
        restore(tmp_path / "b", settings)
    assert contents(old) == before


def test_another_file_of_the_same_name_is_not_overwritten(
    old: Database, settings: Settings, new: Settings, tmp_path: Path
) -> None:
    make(old, settings, tmp_path / "b")
    new.data_dir.mkdir()
    (new.data_dir / "snapshot.key").write_bytes(b"another key")
    with pytest.raises(ConfigurationError, match=r"not empty.*snapshot\.key"):
        restore(tmp_path / "b", new)
    assert files(new) == {"snapshot.key": b"another key"}


@pytest.mark.parametrize("named", [{"chain_id": 1}, {"ledger_address": "0x" + "33" * 20}])
def test_settings_that_name_another_ledger_are_refused(
    old: Database, settings: Settings, tmp_path: Path, named: dict[str, Any]
) -> None:
    make(old, settings, tmp_path / "b")
    new = Settings(data_dir=tmp_path / "new", **named)
    with pytest.raises(ConfigurationError, match="belongs to"):
        restore(tmp_path / "b", new)
    assert not new.data_dir.exists()


def test_a_database_of_another_ledger_is_left_alone(
    old: Database, settings: Settings, new: Settings, tmp_path: Path
) -> None:
    make(old, settings, tmp_path / "b")
    other = open_database(new.database_url)
    other.bind(31337, b"\x99" * 20, CODE)
    with pytest.raises(ConfigurationError, match="ledger 0x9999"):
        restore(tmp_path / "b", new)
    assert tables.filled(other) == ["installation"]
    other.close()


def test_a_database_tied_to_the_same_ledger_takes_it(
    old: Database, settings: Settings, new: Settings, tmp_path: Path
) -> None:
    make(old, settings, tmp_path / "b")
    other = open_database(new.database_url)
    other.bind(31337, LEDGER, CODE)
    restore(tmp_path / "b", new)
    assert contents(other) == contents(old)
    other.close()


class Killed(BaseException):
    """As a kill: nothing is cleaned up after it."""


@pytest.mark.parametrize("after", range(len(FILES) + 2))
def test_failing_at_any_file_leaves_nothing(
    old: Database, settings: Settings, new: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    make(old, settings, tmp_path / "b")
    written: list[Path] = []
    honest = backup._write_file

    def failing(path: Path, pieces: Any) -> None:
        if len(written) == after:
            raise OSError(28, "No space left on device")
        written.append(path)
        honest(path, pieces)

    monkeypatch.setattr(backup, "_write_file", failing)
    if after == len(FILES) + 1:  # the marker and every file: now the tables
        monkeypatch.setattr(tables, "load", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(LotproofError):
        restore(tmp_path / "b", new)
    assert files(new) == {}
    monkeypatch.undo()
    restore(tmp_path / "b", new)
    assert files(new) == FILES


@pytest.mark.parametrize("after", range(1, len(FILES) + 2))
def test_killed_at_any_point_it_does_not_start_and_the_same_command_completes_it(
    old: Database, settings: Settings, new: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    make(old, settings, tmp_path / "b")
    written: list[Path] = []
    honest = backup._write_file

    def killing(path: Path, pieces: Any) -> None:
        written.append(path)
        honest(path, pieces)
        if len(written) == after:
            monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # nobody cleans up after a kill
            raise Killed

    monkeypatch.setattr(backup, "_write_file", killing)
    with pytest.raises(Killed):
        restore(tmp_path / "b", new)
    monkeypatch.undo()
    with pytest.raises(ConfigurationError, match="not brought back completely"):
        backup.require_whole(new)
    restore(tmp_path / "b", new)
    backup.require_whole(new)
    assert files(new) == FILES


def test_killed_after_the_tables_it_is_only_acknowledged(
    old: Database, settings: Settings, new: Settings, tmp_path: Path
) -> None:
    made = make(old, settings, tmp_path / "b")
    restore(tmp_path / "b", new)
    (new.data_dir / backup.UNFINISHED).write_text(backup._identity(made), encoding="ascii")
    assert restore(tmp_path / "b", new) == made
    backup.require_whole(new)


def test_a_lost_connection_while_committing_leaves_it_to_the_next_run(
    old: Database, settings: Settings, new: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(old, settings, tmp_path / "b")
    honest = backup._fill

    def lost(archive: Archive, db: Database) -> None:
        honest(archive, db)
        raise UnavailableError("The connection was lost.")

    monkeypatch.setattr(backup, "_fill", lost)
    with pytest.raises(UnavailableError):
        restore(tmp_path / "b", new)
    monkeypatch.undo()
    restore(tmp_path / "b", new)
    assert files(new) == FILES


def test_only_the_newest_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    names = [backup.name_at(NOW + day * 86_400) for day in range(5)]
    for name in (*names, "lotproof-old.backup", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in backup.rotate(tmp_path, 2)] == names[:3]
    assert {path.name for path in tmp_path.iterdir()} == {*names[3:], "lotproof-old.backup", "notes.txt"}
    assert backup.rotate(tmp_path, 2) == []


def test_a_line_of_another_table_is_refused(old: Database) -> None:
    with old.transaction() as connection, pytest.raises(ValueError, match="as many values"):
        tables.load(connection, report_tables.reports, [b"[1, 2]\n"])
