"""Cases and operations on both databases: sealed under one key, changed by one at a time, and not to be altered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger import backup
from ledger.backup import Archive
from ledger.casework import CaseDesk, OperationDesk, files
from ledger.config import Settings
from ledger.core.casework.entries import Officer
from ledger.core.errors import ConfigurationError, ConflictError, ContradictionError, NotFoundError, UnavailableError
from ledger.store.casework import Wanted
from ledger.store.database import Database, open_database
from ledger.store.read_model import ReadModel
from ledger.verify import Verifier
from tests.casework_world import THAI_LOT, casework_world, iso
from tests.indexed_world import GTIN, write
from tests.postgres import ENGINES
from tests.share_world import INDONESIA, THAILAND, officer

RUN_ON = ENGINES
TOLD = casework_world()
THAI = Officer(THAILAND, officer(THAILAND).key, supervisor=True)
INDONESIAN = Officer(INDONESIA, officer(INDONESIA).key, supervisor=True)
OPENING = {"source": {"kind": "scan", "code": f"(01){GTIN}(10){THAI_LOT}"}, "title": "Two pallets"}
NOTE = {"version": 1, "act": "note", "words": "x"}


@pytest.fixture
def db(new_database: Callable[[], Database]) -> Database:
    made = new_database()
    write(made, TOLD)
    return made


def settings_of(folder: Path, **changes: Any) -> Settings:
    return Settings(data_dir=folder, **changes)


def desk(db: Database, settings: Settings) -> CaseDesk:
    return CaseDesk(db, settings, Verifier(ReadModel(db), settings, clock=lambda: TOLD.now))


def operations(db: Database, settings: Settings) -> OperationDesk:
    return OperationDesk(db, settings, Verifier(ReadModel(db), settings, clock=lambda: TOLD.now))


def test_a_key_is_drawn_once_for_all_servers(db: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    desk(db, settings).open(OPENING, THAI, TOLD.now)
    key = tmp_path / "casework.key"
    assert key.stat().st_mode & 0o777 == 0o600
    second = settings_of(tmp_path / "second", casework_key_file=str(key))
    assert desk(db, second).shown(1, THAI, TOLD.now)["title"] == "Two pallets"
    assert desk(db, second).open(OPENING, THAI, TOLD.now)["number"] == 2
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (b"", 0o600, "holds no key"),
        (b"ab" * 32, 0o644, "Others than its owner"),
        (b"ab" * 32, 0o600, "not the one by which"),
        (None, 0, "cannot be read"),
    ],
)
def test_another_key_opens_and_seals_nothing(
    db: Database, tmp_path: Path, content: bytes | None, mode: int, words: str
) -> None:
    settings = settings_of(tmp_path)
    desk(db, settings).open(OPENING, THAI, TOLD.now)
    key = tmp_path / "casework.key"
    key.unlink()
    if content is not None:
        key.write_bytes(content)
        key.chmod(mode)
    again = desk(db, settings)
    for attempt in (lambda: again.shown(1, THAI, TOLD.now), lambda: again.open(OPENING, THAI, TOLD.now)):
        with pytest.raises(ConfigurationError, match=words):
            attempt()
    assert again.listed(INDONESIAN, Wanted(), TOLD.now)["cases"] == []  # where nothing is sealed nothing is opened


def test_a_key_that_cannot_be_kept_seals_nothing(db: Database, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = settings_of(tmp_path, casework_key_file=str(tmp_path / "file/casework.key"))
    with pytest.raises(ConfigurationError, match="cannot be kept"):
        desk(db, settings).open(OPENING, THAI, TOLD.now)
    with db.snapshot() as connection:
        assert connection.execute("SELECT count(*) FROM cases").fetchone()[0] == 0


def test_of_many_who_change_a_case_at_once_one_is_first(db: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    desks = [desk(db, settings) for _ in range(6)]
    desks[0].open(OPENING, THAI, TOLD.now)
    told: list[str] = []
    start = threading.Barrier(len(desks))

    def change(one: CaseDesk) -> None:
        start.wait()
        try:
            one.act(1, NOTE, THAI, TOLD.now)
            told.append("done")
        except ConflictError as error:
            told.append(f"told of version {error.evidence['version']}")

    threads = [threading.Thread(target=change, args=(one,)) for one in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["done", *["told of version 2"] * 5]
    assert desks[0].shown(1, THAI, TOLD.now)["version"] == 2


def test_many_who_open_cases_at_once_get_numbers_of_their_own(db: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    numbers: list[int] = []

    def opened() -> None:
        numbers.append(desk(db, settings).open(OPENING, THAI, TOLD.now)["number"])

    threads = [threading.Thread(target=opened) for _ in range(5)]  # who all draw the key at once too
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [1, 2, 3, 4, 5]


def test_evidence_that_comes_too_late_is_not_kept(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk(db, settings_of(tmp_path))
    made.open(OPENING, THAI, TOLD.now)
    sealing = files.Files.put_evidence

    def slowly(self: files.Files, content: bytes) -> str:
        made.act(1, NOTE, THAI, TOLD.now)  # a colleague is quicker
        return sealing(self, content)

    monkeypatch.setattr(files.Files, "put_evidence", slowly)
    with pytest.raises(ConflictError, match="Somebody else"):
        made.add_evidence(1, 1, {"name": "a.jpg"}, b"a photo", THAI, TOLD.now)
    assert list((tmp_path / "evidence").iterdir()) == []


def test_evidence_fills_no_disk(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = desk(db, settings_of(tmp_path))
    made.open(OPENING, THAI, TOLD.now)
    monkeypatch.setattr(files, "MOST_EVIDENCE_BYTES", 10)
    made.add_evidence(1, 1, {"name": "a.jpg"}, b"a photo", THAI, TOLD.now)
    with pytest.raises(UnavailableError, match="No more evidence"):
        made.add_evidence(1, 2, {"name": "b.jpg"}, b"a photo", THAI, TOLD.now)
    monkeypatch.setattr(files, "MOST_EVIDENCE_BYTES", 10_000)
    monkeypatch.setattr(files, "sync_folder", lambda _folder: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(UnavailableError, match="cannot be kept"):
        made.add_evidence(1, 2, {"name": "b.jpg"}, b"a photo", THAI, TOLD.now)
    assert made.shown(1, THAI, TOLD.now)["version"] == 2


ALTER = {
    "cut off at its beginning": "DELETE FROM casework_entries WHERE position = 1",
    "one dropped": "DELETE FROM casework_entries WHERE position = 2",
    "two exchanged": "UPDATE casework_entries SET position = 5 - position WHERE position IN (2, 3)",
    "put in another case": "UPDATE casework_entries SET file = 'case/8/1'",
}


@pytest.mark.parametrize("sql", ALTER.values(), ids=ALTER)
def test_entries_that_were_altered_are_not_believed(db: Database, tmp_path: Path, sql: str) -> None:
    made = desk(db, settings_of(tmp_path))
    made.open(OPENING, THAI, TOLD.now)
    for version in (1, 2):
        made.act(1, NOTE | {"version": version}, THAI, TOLD.now)
    with db.transaction() as connection:
        if "5 - position" in sql:  # not at once: a key must be there only once at any time
            connection.execute("UPDATE casework_entries SET position = 9 WHERE position = 2")
            connection.execute("UPDATE casework_entries SET position = 2 WHERE position = 3")
            connection.execute("UPDATE casework_entries SET position = 3 WHERE position = 9")
        else:
            connection.execute(sql)
    seen = INDONESIAN if "file" in sql else THAI
    with pytest.raises(ContradictionError, match="was altered, or is not what belongs there"):
        made.shown(1, seen, TOLD.now)


def test_a_sealed_backup_brings_cases_and_evidence_back(db: Database, tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "old")
    made = desk(db, settings)
    made.open(OPENING, THAI, TOLD.now)
    made.add_evidence(1, 1, {"name": "a.jpg"}, b"a photo", THAI, TOLD.now)
    target = tmp_path / "all.backup"
    backup.make(db, settings, target, "a password for tests", now=TOLD.now, work_factor=4)
    assert b"Two pallets" not in target.read_bytes()
    again = settings_of(tmp_path / "new")
    with target.open("rb") as file:
        backup.restore(Archive(file, "a password for tests"), again)
    restored = open_database(again.database_url)
    write(restored, TOLD)  # as the indexer would
    assert desk(restored, again).shown(1, THAI, TOLD.now)["title"] == "Two pallets"
    assert desk(restored, again).evidence(1, 1, THAI)[1] == b"a photo"
    restored.close()


def test_an_operation_is_shown_to_its_group_alone(db: Database, tmp_path: Path) -> None:
    made = operations(db, settings_of(tmp_path))
    window = {"begins_at": iso(TOLD.now - 60), "ends_at": iso(TOLD.now + 86_400)}
    reference = made.open({"name": "Mercury", "invite": [INDONESIA], **window}, THAI, TOLD.now)["reference"]
    made.open({"name": "Venus", **window}, THAI, TOLD.now)
    assert [each["name"] for each in made.listed(INDONESIAN, TOLD.now)["operations"]] == ["Mercury"]
    accepted = made.act(reference, {"version": 1, "act": "accept"}, INDONESIAN, TOLD.now)
    assert [each["act"] for each in accepted["board"]] == ["open", "accept"]
    made.act(reference, {"version": 2, "act": "leave"}, INDONESIAN, TOLD.now)
    with pytest.raises(NotFoundError):
        made.shown(reference, INDONESIAN, TOLD.now)
    again = made.act(reference, {"version": 3, "act": "invite", "organisation": INDONESIA}, THAI, TOLD.now)
    assert again["version"] == 4
    assert made.results(reference, THAI, TOLD.now)["cases"] == 0
