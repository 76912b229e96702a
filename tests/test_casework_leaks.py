"""An administration outside of an operation finds nothing of it, wherever it looks; nor of cases that are not its own.

A thousand canaries stand in names, words, targets, tasks and evidence. Then everything that an outsider could get hold
of is gathered, the raw database and the files of evidence among it, and searched as in `test_leaks`.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import backup
from ledger.config import Settings
from tests.casework_world import (
    DAY,
    INDONESIAN,
    INDONESIAN_CHIEF,
    SINGAPORE_CHIEF,
    THAI,
    THAI_CHIEF,
    Caseworking,
    iso,
)
from tests.core.batch_story import CUSTOMS, GTIN
from tests.exchange import BELGIUM, CHEMIST, SINGAPORE, Exchanging
from tests.postgres import ENGINES
from tests.share_world import INDONESIA
from tests.test_leaks import Outside, canaries, gathered, listening

OUTSIDERS = (BELGIUM, SINGAPORE_CHIEF, SINGAPORE, CHEMIST)
ROUNDS, OF_EACH = 5, 200
TEXTS = 20  # of a round, ten canaries in each


def texts(number: int) -> list[str]:
    """The texts of a round."""
    names = canaries(number * OF_EACH, OF_EACH)
    return [" ".join(names[at::TEXTS]) for at in range(TEXTS)]


class OutsideOperation(Outside):
    """The installation, and everything that an administration outside of the group could gather."""

    here: Caseworking

    def __init__(self, db: Any, folder: Path) -> None:
        super().__init__(db, folder)
        self.operation: Any = None

    @staticmethod
    def installation(db: Any, folder: Path) -> Exchanging:
        return Caseworking.on(db, folder) if db else Caseworking.new(folder)

    def work(self, number: int = 0) -> None:
        """An operation, a case and what goes on in them, in which two hundred canaries stand."""
        here, names = self.here, texts(number)
        self.operation = made = here.operation(INDONESIA, name=names[0], words=names[1])
        here.does(INDONESIAN_CHIEF, made, "accept")
        here.does(INDONESIAN, made, "post", words=names[2])
        here.does(INDONESIAN, made, "target", gtin=GTIN, lot=names[3].split()[0], words=f"{names[3]} {names[4]}")
        here.does(INDONESIAN, made, "drop", target=1, words=names[5])
        window = {"begins_at": iso(here.now), "ends_at": iso(here.now + DAY)}
        here.does(THAI_CHIEF, made, "window", **window, words=names[6])
        self.case(names[7:18])
        here.does(INDONESIAN_CHIEF, made, "leave", words=names[18])
        here.does(THAI_CHIEF, made, "close", words=names[19])

    def case(self, names: list[str]) -> None:
        here = self.here
        case = here.opened(title=names[0], words=names[1], operation=self.operation["reference"])
        case = here.act(THAI, case, "note", words=names[2])
        case = here.act(THAI, case, "task", words=names[3])
        case = here.act(THAI, case, "task_done", task=1, words=names[4])
        case = here.act(THAI, case, "goods", gtin=GTIN, lot=names[5].split()[0])
        fields = {"version": (None, str(case["version"])), "name": (None, names[6]), "holder": (None, names[7])}
        files = {"file": ("f", names[8].encode()), **fields}
        added = here.ask.post(f"/v1/cases/{case['number']}/evidence", headers=here.headers(THAI), files=files)
        case = here.act(THAI, here.done(added, 201), "hand_over", evidence=1, holder=names[9])
        here.act(THAI, case, "note", words=f"{names[5]} {names[10]}")

    def use(self) -> None:
        """What else goes on: files are taken out, changes come too late, others are tried."""
        here, path = self.here, f"/v1/operations/{self.operation['reference']}"
        for end in ("", "/results", "/results.csv", "/results.pdf"):
            here.get(THAI, path + end)
        here.post(THAI, path, {"version": 1, "act": "post", "words": "canary000001"})
        here.post(THAI, "/v1/cases/1", {"version": 1, "act": "note", "words": "canary000002"})
        here.post(THAI, "/v1/cases/1", {"version": "canary000003", "act": "note"})
        here.get(THAI, "/v1/cases/1/evidence/1")

    def api(self) -> Iterator[bytes]:
        reference = self.operation["reference"]
        paths = [f"/v1/operations/{reference}{end}" for end in ("", "/results", "/results.csv", "/results.pdf")]
        paths += ["/v1/operations", "/v1/cases", "/v1/cases/1", "/v1/cases/1/evidence/1", "/v1/looks"]
        paths += [f"/v1/cases?operation={reference}", "/v1/intelligence", "/v1/intelligence/matches"]
        for one in OUTSIDERS:
            yield from (self.here.get(one, path).content for path in paths)
            yield self.here.post(one, f"/v1/operations/{reference}", {"version": 1, "act": "accept"}).content
            yield self.here.post(one, "/v1/cases/1", {"version": 1, "act": "note", "words": "x"}).content
        for path in ("/metrics", "/openapi.json", "/readyz", "/v1/organisations", *paths):
            yield self.here.ask.get(path).content

    def raw(self) -> Iterator[bytes]:
        yield from super().raw()
        yield from (path.read_bytes() for path in (self.folder / "evidence").iterdir())


@pytest.fixture
def outside(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OutsideOperation]:
    made = OutsideOperation(None if engine == "sqlite" else request.getfixturevalue("db"), tmp_path)
    with listening(made.logged):
        yield made


@pytest.mark.parametrize("engine", ENGINES)
def test_of_a_thousand_canaries_of_operations_none_is_found_outside(outside: OutsideOperation) -> None:
    for number in range(ROUNDS):
        outside.work(number)
    outside.use()
    here = outside.here
    everything = [here.get(THAI, f"/v1/operations/{each['reference']}").text for each in _operations(here)]
    everything += [here.get(THAI, f"/v1/cases/{number}").text for number in range(1, ROUNDS + 1)]
    everything += [here.get(THAI, f"/v1/cases/{number}/evidence/1").text for number in range(1, ROUNDS + 1)]
    told = "".join(everything)
    assert [name for name in canaries(0, ROUNDS * OF_EACH) if name not in told] == []  # there, for whom they are
    assert {way: sorted(gathered(outside, way)) for way in outside.ways} == {way: [] for way in outside.ways}


def _operations(here: Caseworking) -> list[Any]:
    return list(here.done(here.get(THAI, "/v1/operations"))["operations"])


def test_a_planted_leak_of_an_operation_is_found(outside: OutsideOperation) -> None:
    outside.work()
    here = outside.here
    with here.db.transaction() as connection:
        connection.execute("UPDATE casework_entries SET entry = ? WHERE position = 1", (b'{"name": "canary000000"}',))
        connection.execute("UPDATE cases SET operation = 'canary000001'")
    (here.folder / "evidence" / ("ab" * 16)).write_bytes(b"canary000002")
    assert gathered(outside, "raw") == {b"canary000000", b"canary000001", b"canary000002"}
    assert gathered(outside, "backup") == {b"canary000000", b"canary000001", b"canary000002"}


def test_an_operation_shown_to_an_outsider_is_found(outside: OutsideOperation) -> None:
    outside.work()
    with outside.here.db.transaction() as connection:
        sql = "INSERT INTO operation_members (reference, organisation) VALUES (?, ?)"
        connection.execute(sql, (outside.operation["reference"], CUSTOMS))
    assert b"canary000000" in gathered(outside, "api")


def test_a_plain_backup_does_not_hold_the_key(outside: OutsideOperation, tmp_path: Path) -> None:
    outside.work()
    settings = Settings(data_dir=outside.folder)
    key = (outside.folder / "casework.key").read_bytes().strip()
    plain = io.BytesIO()
    backup.make(outside.here.db, settings, tmp_path / "plain", None, now=outside.here.now)
    plain.write((tmp_path / "plain").read_bytes())
    with zipfile.ZipFile(plain) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert key not in b"".join(parts.values())
    assert bytes.fromhex(key.decode()) not in b"".join(parts.values())
    assert any(name.startswith("files/evidence/") for name in parts)
    assert json.loads(parts["manifest.json"])["rows"]["casework_entries"] > 10
