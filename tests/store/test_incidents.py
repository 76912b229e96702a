"""Reports from before there were incidents are incidents of their own, which their administrations read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic.script import ScriptDirectory

from ledger.core.reporting.joining import Told
from ledger.store import database, migration
from ledger.store.database import open_database
from ledger.store.incidents import KEEPER, Incidents, Reader
from ledger.store.reports import Reports

if TYPE_CHECKING:
    from pathlib import Path

_OLD = """
    INSERT INTO reports (receipt, code, gtin, lot, serial, words, place, photo_bytes, received_at, read_at, answer,
    answered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@pytest.fixture
def empty_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'old.db'}"
    url: str = request.getfixturevalue("postgres").fresh(migrated=False)
    return url


def _old(number: int, place: str, answered_at: int) -> tuple[Any, ...]:
    return (bytes([number]) * 32, "a code", "05413868000016", "AB12", "", "odd", place, 0, 1_000, 0, "", answered_at)


def test_reports_that_are_there_become_incidents(empty_url: str) -> None:
    before = ScriptDirectory.from_config(migration.configuration()).get_revision("0011")
    assert before is not None
    database._engine(empty_url).migrate(str(before.down_revision))
    connection = database._engine(empty_url).begun(writing=True)
    connection.executemany(_OLD, [_old(1, "SGSIN", 0), _old(2, "", 0), _old(3, "THBKK", 2_000)])
    connection.commit()
    connection.close()
    db = open_database(empty_url)
    found = Incidents(db).queue(KEEPER, answered=True, before=(101, 0), most=9)
    assert [(each.number, each.desks, each.waiting) for each in found] == [(3, "TH", 0), (2, "", 1), (1, "SG", 1)]
    assert [each.incident for each in Reports(db).newest(9, answered=True)] == [3, 2, 1]
    customs, regulator = Reader(5, b"k", frozenset({"SG"})), Reader(1, b"k", frozenset({"BE", ""}))
    assert [Incidents(db).may_read(customs, number) for number in (1, 2, 3)] == [True, False, False]
    assert [Incidents(db).may_read(regulator, number) for number in (1, 2, 3)] == [False, True, False]
    assert [each.number for each in Incidents(db).to_triage(10**10, 9)] == [1, 2]
    db.close()


def test_a_rank_is_not_kept_of_an_incident_that_a_report_joined_meanwhile(db: Any) -> None:
    told = Told("", "", "", b"", "", 1, b"", frozenset({""}))
    Incidents(db).add(1, told)
    incidents = Incidents(db)
    (seen,) = incidents.to_triage(1, 9)
    with db.transaction() as connection:
        connection.execute("UPDATE incidents SET reports = 2")
    incidents.put_triage([(seen, 70, [])], now=5)
    (again,) = incidents.to_triage(1, 9)
    assert (again.urgency, again.triaged_at) == (0, 0)
    incidents.put_triage([(again, 70, [])], now=5)
    assert incidents.to_triage(1, 9) == []
