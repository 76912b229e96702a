"""An installation is backed up at work, lost, and brought back: nothing acknowledged before is missing or doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from PIL import Image

from ledger import backup
from ledger.backup import Archive
from ledger.config import Settings
from ledger.core.errors import InvalidInputError
from ledger.core.keccak import keccak256
from ledger.core.structs import Anchor, UnitStatement
from ledger.core.unit import UnitKind
from ledger.core.unit_submission import UnitSubmission
from ledger.report import Desk, Intake, Ranking, Told
from ledger.store import indexing, tables
from ledger.store.database import Database, open_database
from ledger.store.read_model import ReadModel
from ledger.store.unit_log import UnitLog
from ledger.verify import Verifier
from tests.installation import Installation
from tests.world import KEYS, PHARMACY, RELAYER, ZERO, World, a_world

BOTH_DATABASES = True
pytestmark = [pytest.mark.system, pytest.mark.slow]
PASSWORD = "a password for tests"
CHEAP = 4  # scrypt's N = 16
NOW = 1_800_000_000
GTIN = 5413868000014


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, "JPEG")
    return out.getvalue()


def _verifier(db: Database, settings: Settings) -> Verifier:
    return Verifier(ReadModel(db), settings)


class Busy:
    """Hands in statements, unit events and reports, and remembers what was acknowledged."""

    def __init__(self, here: Installation, settings: Settings) -> None:
        self.here, self.world = here, here.world
        self.log, self.intake = UnitLog(here.db), Intake(here.db, settings, _verifier(here.db, settings))
        self.statements: list[bytes] = []
        self.units: list[bytes] = []
        self.receipts: list[str] = []
        self._photo = photo()

    def statement(self, number: int) -> None:
        registration = self.world.registration(f"B{number}")
        self.statements += self.here.accept(registration, self.world.shipment(registration))

    def unit(self, number: int) -> None:
        statement = UnitStatement(PHARMACY, int(UnitKind.SCAN), GTIN, "B0", f"S{number}", NOW, b"BEBRU", ZERO, ZERO)
        signature = KEYS[PHARMACY].sign(statement.digest(self.world.domain))
        submission = UnitSubmission(statement, KEYS[PHARMACY].signer, signature)
        self.units.append(self.log.append(submission, self.world.domain, NOW).digest)

    def report(self, number: int) -> None:
        told = Told(str(UUID(int=number, version=4)), words=f"report {number}", photo=self._photo)
        self.receipts.append(self.intake.take(told, None, NOW)["receipt"])

    def anchor(self) -> None:
        count = self.log.size(PHARMACY)
        statement = Anchor(PHARMACY, count, self.log.root(PHARMACY, count), ZERO)
        self.statements += self.here.accept(self.world.signed(statement, KEYS[PHARMACY]))

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Everything at once, each in a thread of its own, as clients do."""
        done = threading.Event()
        failures: list[BaseException] = []

        def work(act: Callable[[int], None]) -> None:
            number = 1_000
            try:
                while not done.is_set():
                    act(number)
                    number += 1
                    done.wait(0.005)
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=work, args=(act,)) for act in (self.statement, self.unit, self.report)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            done.set()
            for thread in threads:
                thread.join(30)
        assert failures == []

    def acknowledged(self) -> tuple[list[bytes], list[bytes], list[str]]:
        return [*self.statements], [*self.units], [*self.receipts]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as made:
        yield made


def settings_of(folder: Path, url: str) -> Settings:
    return Settings(data_dir=folder, database_url=url)


def restored(file: Path, settings: Settings) -> Database:
    with file.open("rb") as content:
        backup.restore(Archive(content, PASSWORD), settings)
    return open_database(settings.database_url)


def make(db: Database, settings: Settings, file: Path) -> None:
    backup.make(db, settings, file, PASSWORD, now=NOW, work_factor=CHEAP)


def test_what_was_acknowledged_before_a_backup_at_work_is_there_after_the_loss(
    world: World, new_url: Callable[[], str], tmp_path: Path
) -> None:
    settings = settings_of(tmp_path / "old", new_url())
    db = open_database(settings.database_url)
    code = world.chain.code(world.ledger.address)
    db.bind(31337, world.ledger.address, keccak256(code))
    here = Installation(world, db, development=False, most_events=7)
    busy = Busy(here, settings)
    for number in range(3):
        busy.statement(number)
        busy.unit(number)
        busy.report(number)
    busy.anchor()
    here.round()
    with busy.at_work():
        while len(busy.statements) < 40 or len(busy.units) < 20 or len(busy.receipts) < 10:
            here.round()
        before = busy.acknowledged()
        make(db, settings, tmp_path / "b")
        for _ in range(3):  # what the backup does not know: more statements, more nonces
            here.round()
    nonce = world.chain.nonce(RELAYER.signer)
    size = UnitLog(db).size(PHARMACY)

    new = settings_of(tmp_path / "new", new_url())  # and the old one is lost with all that ran
    again = restored(tmp_path / "b", new)
    after = Installation(world, again, development=False, most_events=7)
    journalled = after.journal.next_nonce(RELAYER.signer)
    assert journalled is not None
    assert journalled <= nonce, "the backup is older than what was sent since"
    late = Busy(after, new)
    late.statement(5_000)  # handed in before the index has caught up
    after.settle(rounds=60)
    assert {*after.states([*before[0], *late.statements])} == {"final"}
    assert here.refusals() == [], "the ledger was never asked for the same twice"
    _same_logs(db, again, before[1], size)
    _same_reports(new, again, before[2])
    here.index()
    after.index()
    assert indexing.dump(again) == indexing.dump(db)
    db.close()
    again.close()


def _same_logs(old: Database, new: Database, units: list[bytes], size: int) -> None:
    log = UnitLog(new)
    kept = log.size(PHARMACY)
    assert len(units) <= kept <= size
    assert all(log.find(digest) is not None for digest in units)
    assert log.root(PHARMACY, kept) == UnitLog(old).root(PHARMACY, kept)
    anchor = ReadModel(new).last_anchor(PHARMACY)
    assert anchor is not None
    assert log.root(PHARMACY, anchor.count) == anchor.root


def _same_reports(settings: Settings, db: Database, receipts: list[str]) -> None:
    verifier = _verifier(db, settings)
    intake, desk = Intake(db, settings, verifier), Desk(db, settings, Ranking(db, verifier))
    for receipt in receipts:
        assert intake.state(receipt)["state"] == "received"
    for report in desk.newest(10_000, answered=True):
        path = desk.photo_path(report)
        assert path is not None
        assert path.stat().st_size == report.photo_bytes


class Torn:
    """Planted: a database that shows each table as it is when its turn comes, not all as of one state."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        yield self

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        with self._db.snapshot() as connection:
            rows = connection.execute(sql, parameters).fetchall()
        return SimpleNamespace(fetchall=lambda: rows)


def test_a_backup_torn_between_two_states_is_noticed(
    world: World, new_url: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(tmp_path / "old", new_url())
    db = open_database(settings.database_url)
    busy = Busy(Installation(world, db), settings)
    busy.statement(1)
    honest = tables.lines

    def with_more_between(connection: Any, table: Any) -> Iterator[bytes]:
        yield from honest(connection, table)
        if table.name == "statements":
            thread = threading.Thread(target=busy.statement, args=(len(busy.statements) + 1,))
            thread.start()
            thread.join(30)

    monkeypatch.setattr(tables, "lines", with_more_between)
    make(db, settings, tmp_path / "whole")
    restored(tmp_path / "whole", settings_of(tmp_path / "new", new_url())).close()
    make(cast("Database", Torn(db)), settings, tmp_path / "torn")
    with pytest.raises(InvalidInputError, match="damaged at tables/expectations"):
        restored(tmp_path / "torn", settings_of(tmp_path / "torn-new", new_url()))
    db.close()
