"""An export holds what the database holds, row by row, however often it was stopped or the chain reorganised."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from ledger.core import exported
from ledger.core.errors import ConfigurationError, ContradictionError, InvalidInputError, UnavailableError
from ledger.core.unit import UnitKind
from ledger.export import reading
from ledger.export.folder import export
from ledger.export.formats import Format
from ledger.export.reading import lines
from ledger.index import Indexer
from ledger.store import indexing, pages
from ledger.store.database import Database, open_database
from ledger.store.schema import REBUILDABLE
from tests.simulated_chain import SimulatedChain
from tests.simulated_ledger import DOMAIN
from tests.store_check import catch_up
from tests.unit_world import Intake


class Ledger:
    """A database that follows a simulated chain."""

    def __init__(self, folder: Path, blocks: int = 120) -> None:
        self.chain = SimulatedChain(seed=5)
        self.db = open_database(f"sqlite:///{folder}/lotproof.db")
        self.db.bind(DOMAIN.chain_id, DOMAIN.ledger, b"\x07" * 32)
        self.indexer = Indexer(self.db, self.chain, DOMAIN)
        self.grow(blocks)

    def grow(self, blocks: int) -> None:
        self.chain.grow(blocks)
        catch_up(self.indexer)

    def reorganise(self, depth: int) -> None:
        self.chain.reorganise(depth)
        catch_up(self.indexer)


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setattr(reading, "PART_FACTS", 40)
    monkeypatch.setattr(pages, "PAGE", 7)  # every way in which pages and parts may meet
    return Ledger(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def rows_of(folder: Path, table: str) -> list[dict[str, Any]]:
    """Whatever the files of a table hold, in their order, as JSON would have it."""
    found: list[dict[str, Any]] = []
    for path in sorted((folder / table).glob("*")):
        if path.suffix == ".jsonl":
            found += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        else:
            rows = parquet.read_table(path).to_pylist()
            found += [{name: told(value) for name, value in row.items()} for row in rows]
    return found


def told(value: Any) -> Any:
    if hasattr(value, "tzinfo"):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if hasattr(value, "isoformat") else value


def stored(db: Database, table: str, last: int) -> list[dict[str, Any]]:
    """The rows of a table up to a block, by SQL of the test's own."""
    with db.snapshot() as connection:
        cursor = connection.execute(
            "SELECT t.*, b.time AS recorded_at "  # noqa: S608 - the names are our schema's
            f"FROM {table} t JOIN blocks b ON b.number = t.block "
            "WHERE b.number <= ? ORDER BY t.block, t.log_index",
            (last,),
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def raw(form: str, value: Any) -> Any:
    """What the database holds for a value of an export: the way back, written a second time."""
    if form.startswith("hex"):
        return bytes(32) if value is None else bytes.fromhex(value[2:])
    if value is None:
        return "" if form.startswith("text") else 0
    if form.startswith("time"):
        return int(datetime.fromisoformat(value).timestamp())
    return int(value.replace("-", "")) if form.startswith("date") else value


LAST_SECOND = 253_402_300_799  # of the year 9999, with which the calendar ends
IN_WORDS = {("batches", "product_class"), ("custody_events", "kind"), ("organisations", "roles"), ("keys", "purposes")}


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_an_export_is_the_database_row_by_row(ledger: Ledger, tmp_path: Path, form: Format) -> None:
    done = export(ledger.db, tmp_path / "out", form=form)
    assert 0 <= indexing.finalized_block(ledger.db) - done.complete_to < 10
    for table in exported.CHAIN_TABLES:
        found, expected = rows_of(tmp_path / "out", table.name), stored(ledger.db, table.source, done.complete_to)
        assert len(found) == len(expected) == done.rows[table.name]
        for row, held in zip(found, expected, strict=True):
            assert list(row) == [column.name for column in table.columns]
            for column in table.columns:
                if (table.name, column.name) in IN_WORDS or column.form is exported.LIST:
                    continue
                value, here = raw(column.form.type, row[column.name]), held[column.source or column.name]
                if column.form.type.startswith("time"):
                    here = min(here, LAST_SECOND)
                nothing = isinstance(here, bytes) and not any(value) and not any(here)
                assert value == here or nothing, (table.name, column.name)
    assert sum(done.rows.values()) > 100
    assert all(done.rows[table.name] for table in exported.CHAIN_TABLES), "the story tells too little to compare"


def test_every_column_of_the_chains_tables_is_exported() -> None:
    for table in REBUILDABLE:
        names = {column.name for column in table.columns}
        told_of = [each for each in exported.CHAIN_TABLES if each.source == table.name]
        if table.name == "company_prefixes":  # told as a list in `organisations`
            continue
        assert names == {c.source or c.name for c in told_of[0].columns} - {pages.TIME}, table.name


def test_words_are_told_as_words(ledger: Ledger, tmp_path: Path) -> None:
    export(ledger.db, tmp_path / "out")
    batch = rows_of(tmp_path / "out", "batches")[0]
    assert (batch["gtin"], batch["product_class"], batch["expiry"]) == ("09506000134352", "VACCINE", "2029-03-31")
    assert batch["unit_root"] is None
    first = rows_of(tmp_path / "out", "organisations")[0]
    assert first["prefixes"] == ["0950600"]
    assert "MANUFACTURER" in first["roles"]
    assert {event["kind"] for event in rows_of(tmp_path / "out", "custody_events")} >= {"HANDOVER", "SPLIT", "PACK"}
    assert rows_of(tmp_path / "out", "keys")[0]["purposes"] == ["EVENTS", "ADMIN"]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_later_runs_add_parts_and_change_none(ledger: Ledger, tmp_path: Path, form: Format) -> None:
    out = tmp_path / "out"
    export(ledger.db, out, form=form)
    before = contents(out)
    assert export(ledger.db, out, form=form).rows == {}
    assert contents(out) == before
    ledger.grow(40)
    done = export(ledger.db, out, form=form)
    after = contents(out)
    assert done.rows["custody_events"]
    assert {name: after[name] for name in before if name != "manifest.json"} == {
        name: content for name, content in before.items() if name != "manifest.json"
    }
    assert len(rows_of(out, "custody_events")) == len(stored(ledger.db, "custody_events", done.complete_to))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_killed_anywhere_and_resumed_it_is_what_it_would_have_been(
    ledger: Ledger, tmp_path: Path, form: Format
) -> None:
    whole = tmp_path / "whole"
    export(ledger.db, whole, form=form)
    expected = contents(whole)
    ledger.db.close()
    kills, at = 0, 1
    while True:
        out = tmp_path / f"killed-{at}"
        alive = in_a_child(lambda: dies_at(tmp_path, out, form, at))  # noqa: B023 - the child runs before it changes
        again = open_database(f"sqlite:///{tmp_path}/lotproof.db")
        export(again, out, form=form)
        again.close()
        assert contents(out) == expected, f"killed at write {at}"
        if alive:
            break
        kills, at = kills + 1, at + 13
    assert kills > 3


def dies_at(folder: Path, out: Path, form: Format, write: int) -> None:
    """Export, and die as by `kill -9` at the n-th write that is made durable, before it or after."""
    db = open_database(f"sqlite:///{folder}/lotproof.db")
    count = 0
    fsync = os.fsync

    def counted(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == write:
            if write % 2:
                fsync(descriptor)
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(descriptor)

    os.fsync = counted
    export(db, out, form=form)


def in_a_child(run: Callable[[], None]) -> bool:
    """Run it in a process of its own; whether that lived."""
    child = os.fork()
    if not child:
        try:
            run()
        except BaseException:  # noqa: BLE001 - the child must not go on as a second test run
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return not os.WIFSIGNALED(status)


def test_what_a_reorganisation_took_back_is_made_anew(ledger: Ledger, tmp_path: Path) -> None:
    out, fresh = tmp_path / "out", tmp_path / "fresh"
    export(ledger.db, out)
    final = contents(out)
    export(ledger.db, out, final=False)
    tail = {name for name in contents(out) if name not in final}
    assert tail
    ledger.reorganise(10)
    done = export(ledger.db, out, final=False)
    assert done.replaced_blocks is not None
    export(ledger.db, fresh, final=False)
    for table in exported.CHAIN_TABLES:
        assert rows_of(out, table.name) == rows_of(fresh, table.name)
    kept = contents(out)
    assert all(kept[name] == content for name, content in final.items() if name != "manifest.json")


def test_a_reorganisation_in_the_middle_of_a_run_is_noticed(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, fresh = tmp_path / "out", tmp_path / "fresh"
    seen = pages.rows
    calls = 0

    def rows(db: Database, table: str, first: int, last: int) -> Any:
        nonlocal calls
        calls += 1
        if last > indexing.finalized_block(ledger.db) and calls % 5 == 0 and calls < 60:
            ledger.reorganise(3)
        return seen(db, table, first, last)

    monkeypatch.setattr(pages, "rows", rows)
    export(ledger.db, out, final=False)
    monkeypatch.setattr(pages, "rows", seen)
    export(ledger.db, fresh, final=False)
    for table in exported.CHAIN_TABLES:
        assert rows_of(out, table.name) == rows_of(fresh, table.name)


def test_final_blocks_that_changed_after_all_are_not_passed_over(ledger: Ledger, tmp_path: Path) -> None:
    export(ledger.db, tmp_path / "out")
    indexing.rollback(ledger.db, 20)
    with pytest.raises(UnavailableError, match="only come to"):
        export(ledger.db, tmp_path / "out")
    other = SimulatedChain(seed=6)
    other.grow(200)
    indexing.wipe(ledger.db)
    catch_up(Indexer(ledger.db, other, DOMAIN))
    with pytest.raises(ContradictionError, match="another one now"):
        export(ledger.db, tmp_path / "out")


def test_a_folder_of_something_else_is_left_alone(ledger: Ledger, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(ledger.db, out, form="parquet", tables=["batches"])
    before = contents(out)
    with pytest.raises(ConfigurationError, match="form"):
        export(ledger.db, out)
    with pytest.raises(ConfigurationError, match="tables"):
        export(ledger.db, out, form="parquet")
    assert contents(out) == before
    with pytest.raises(InvalidInputError, match="something else"):
        export(ledger.db, tmp_path)
    with pytest.raises(InvalidInputError, match="no table"):
        export(ledger.db, out, tables=["reports"])
    (out / "manifest.json").write_text("{}")
    with pytest.raises(InvalidInputError, match="no manifest"):
        export(ledger.db, out)


def test_a_second_run_waits_for_the_first(ledger: Ledger, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def report(_done: int, _total: int) -> None:
        with pytest.raises(UnavailableError, match="Another run"):
            export(ledger.db, out)

    export(ledger.db, out, report=report)


def test_a_stream_tells_the_same_and_goes_on_from_its_cursor(ledger: Ledger, tmp_path: Path) -> None:
    export(ledger.db, tmp_path / "out")
    told_lines = [json.loads(line) for piece in lines(ledger.db) for line in piece.splitlines()]
    for table in exported.CHAIN_TABLES:
        of_table = [{k: v for k, v in row.items() if k != "table"} for row in told_lines if row["table"] == table.name]
        assert of_table == rows_of(tmp_path / "out", table.name)
    cursors = [at for at, row in enumerate(told_lines) if row["table"] == "cursor"]
    assert cursors[-1] == len(told_lines) - 1
    since = told_lines[cursors[1]]["since"]
    rest = [json.loads(line) for piece in lines(ledger.db, since=since) for line in piece.splitlines()]
    assert rest == told_lines[cursors[1] + 1 :]
    for wrong in ("nonsense", "5-" + 64 * "0"):
        with pytest.raises(InvalidInputError, match="no cursor"):
            list(lines(ledger.db, since=wrong))


def test_no_snapshot_outlives_a_page(ledger: Ledger, tmp_path: Path) -> None:
    """Else SQLite could not empty its WAL, nor PostgreSQL remove dead rows, for as long as a run takes."""
    held: list[object] = []
    export(ledger.db, tmp_path / "out", report=lambda _done, _total: held.append(ledger.db._session.connection))
    assert held
    assert set(held) == {None}


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_events_about_packs_are_exported_only_when_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Format
) -> None:
    monkeypatch.setattr(reading, "PART_FACTS", 5)
    db = open_database(f"sqlite:///{tmp_path}/lotproof.db")
    intake = Intake(db)
    intake.scans(12)
    intake.say(UnitKind.SCAN, 3, serial="Z1")
    plain, named = tmp_path / "plain", tmp_path / "named"
    export(db, plain, form=form)
    assert not any("N11" in path.read_text(errors="replace") for path in plain.rglob("*.*") if path.is_file())
    assert not (plain / "unit_events").exists()
    done = export(db, named, form=form, tables=["unit_events"])
    found = rows_of(named, "unit_events")
    assert done.rows["unit_events"] == len(found) == 13
    assert [row["serial"] for row in found if row["organisation"] != 3] == [f"N{number}" for number in range(12)]
    assert {row["kind"] for row in found} == {"SCAN"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (named / "unit_events").iterdir()), "others can read them"
    intake.scans(3)
    assert export(db, named, form=form, tables=["unit_events"]).rows == {"unit_events": 3}
    assert len(rows_of(named, "unit_events")) == 16
    with pytest.raises(InvalidInputError, match="no place in the chain"):
        list(lines(db, tables=["unit_events"]))
    db.close()


def test_without_pyarrow_it_is_said_how_to_get_it(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match="not installed") as refused:
        export(ledger.db, tmp_path / "out", form="parquet")
    assert "lotproof[parquet]" in refused.value.advice


def test_the_guide_names_every_column(checkout: Path) -> None:
    assert exported.columns_page() in (checkout / "docs/export.md").read_text(encoding="utf-8")
