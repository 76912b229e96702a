"""`/v1/snapshot`: what phones keep, made once while nothing changes, and true to what the whole history says."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI

from ledger.chain import snapshot_key
from ledger.core.errors import ConfigurationError, UnavailableError
from ledger.core.facts import IndexedBlock, Suspension
from ledger.core.history import fold
from ledger.core.keccak import keccak256
from ledger.core.signature import verify
from ledger.core.snapshot import Stopped
from ledger.core.vocabulary import Kind
from ledger.snapshot import RENEWED_SECONDS, Snapshots
from ledger.store import indexing, stops
from ledger.store.database import Database
from ledger.store.read_model import ReadModel
from tests.api.conftest import Asker
from tests.core.batch_story import CARRIER, CUSTOMS, DOMAIN, MAKER, BatchStory, settled
from tests.indexed_world import CARTON, GTIN, LOTS, PALLET, World, write


def made_of(answer: dict[str, Any]) -> dict[str, Any]:
    """The snapshot in an answer."""
    value: dict[str, Any] = json.loads(answer["snapshot"])
    return value


def extend(db: Database, *facts: Any, hash_: bytes = b"\xee" * 32, seconds: int = 12) -> None:
    """One more block."""
    last = ReadModel(db).last_block()
    assert last is not None
    block = IndexedBlock(last.number + 1, hash_, last.hash, last.time + seconds, facts)
    indexing.append(db, [block])


def suspension(db: Database) -> Suspension:
    last = ReadModel(db).last_block()
    assert last is not None
    place = replace(ReadModel(db).organisations()[0].changes[0].recorded, block=last.number + 1, log_index=0)
    return Suspension(CARRIER, CARRIER, suspended=True, digest=bytes(32), recorded=place)


@pytest.fixture
def snapshots(database: Database, tmp_path: Path) -> Snapshots:
    return Snapshots(ReadModel(database), DOMAIN, ("lotproof.example",), tmp_path)


def test_the_snapshot_is_signed_by_the_key_that_the_chain_call_names(ask: Asker) -> None:
    answer = ask.get("/v1/snapshot").json()
    assert answer["signer"] == ask.get("/v1/chain").json()["snapshot_signer"]
    value = made_of(answer)
    words = (DOMAIN.separator, _struct(answer["snapshot"], value["block"], value["time"]))
    digest = keccak256(b"\x19\x01" + b"".join(words))
    assert verify(bytes.fromhex(answer["signer"][2:]), digest, bytes.fromhex(answer["signature"][2:]))


def _struct(text: str, number: int, time: int) -> bytes:
    kind = keccak256(b"Snapshot(bytes32 hash,uint64 number,uint40 time)")
    return keccak256(kind + keccak256(text.encode()) + number.to_bytes(32, "big") + time.to_bytes(32, "big"))


def test_the_snapshot_tells_of_the_last_indexed_block(ask: Asker, told: World) -> None:
    value = made_of(ask.get("/v1/snapshot").json())
    assert value["block"] == told.last_block
    assert value["hosts"] == ["lotproof.example"]
    assert {row[0] for row in value["organisations"]} == set(range(1, 7))
    assert [row[:3] for row in value["recalls"]] == [[GTIN, LOTS["recalled"], MAKER]]
    assert [(row[1], row[4], row[5]) for row in value["holds"]] == [
        (LOTS["held"], "held", CUSTOMS),
        (LOTS["seized"], "seized", CUSTOMS),
    ]


def test_what_still_says_the_same_is_not_sent_again(ask: Asker) -> None:
    first = ask.get("/v1/snapshot")
    again = ask.get("/v1/snapshot", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "no-cache"
    assert ask.get("/v1/snapshot", headers={"if-none-match": '"else"'}).status_code == 200


def test_it_is_sent_compressed_to_who_takes_that(ask: Asker) -> None:
    plain = ask.get("/v1/snapshot", headers={"accept-encoding": "identity"})
    squeezed = ask.get("/v1/snapshot", headers={"accept-encoding": "gzip"})
    assert (plain.headers.get("content-encoding"), squeezed.headers["content-encoding"]) == (None, "gzip")
    assert plain.json() == squeezed.json()


def test_a_block_that_changes_nothing_in_it_makes_no_new_one(snapshots: Snapshots, database: Database) -> None:
    first = snapshots.current()
    assert snapshots.current() is first
    extend(database)
    assert snapshots.current() is first
    extend(database, suspension(database), hash_=b"\xdd" * 32)
    second = snapshots.current()
    assert second.tag != first.tag
    assert second.block.number == first.block.number + 2


def test_one_that_says_nothing_new_is_renewed_every_hour(snapshots: Snapshots, database: Database) -> None:
    first = snapshots.current()
    extend(database, seconds=RENEWED_SECONDS - 1)
    assert snapshots.current() is first
    extend(database, hash_=b"\xdd" * 32, seconds=1)
    assert snapshots.current().block.number == first.block.number + 2


def test_one_of_a_block_that_was_undone_is_made_anew(snapshots: Snapshots, database: Database) -> None:
    extend(database)
    first = snapshots.current()
    indexing.rollback(database, first.block.number - 1)
    assert snapshots.current().block.number == first.block.number - 1
    extend(database, hash_=b"\xdd" * 32)
    assert snapshots.current().block.hash != first.block.hash


def test_without_any_block_there_is_no_snapshot(db: Database, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="Nothing of the chain"):
        Snapshots(ReadModel(db), DOMAIN, (), tmp_path).current()


def stopped(db: Database, story: BatchStory) -> set[tuple[bytes, str, bool, int]]:
    """What is told of a story as stopped; it must be what folding its whole history says."""
    write(db, World({"told": story}, story.time, story.block - 1))
    history = fold(story.logs())
    whole = {each: history.effective(each) for each in history.states}
    expected = {(each, state.sscc or "", state.seized, state.held_by) for each, state in whole.items() if state.held_by}
    told: list[Stopped] = ReadModel(db).holds()
    assert {(each.consignment, each.sscc, each.seized, each.by) for each in told} == expected
    return expected


def test_what_is_on_a_held_pallet_is_held_with_it(db: Database) -> None:
    story = settled()
    batch = story.register()
    carton, loose, away = story.split(batch, MAKER, [(CARTON, 400), (None, 100), (None, 1)])
    pallet = story.pack(MAKER, [carton, loose, away], sscc=PALLET)
    story.unpack(pallet, MAKER, [away])
    story.record(Kind.HOLD, pallet, CUSTOMS, place="SGSIN")
    assert {each[0] for each in stopped(db, story)} == {pallet, carton, loose}


def test_what_was_released_is_free_and_what_was_held_again_is_not(db: Database) -> None:
    story = settled()
    batch = story.register()
    first, second, third = story.split(batch, MAKER, [(CARTON, 400), (None, 100), (None, 10)])
    for each in (first, second, third):
        story.record(Kind.HOLD, each, CUSTOMS, place="SGSIN")
    story.record(Kind.RELEASE, first, CUSTOMS, place="SGSIN")
    story.record(Kind.RELEASE, second, CUSTOMS, place="SGSIN")
    story.record(Kind.HOLD, second, CUSTOMS, place="SGSIN")
    story.record(Kind.SEIZE, third, CUSTOMS, place="SGSIN")
    assert {each[0] for each in stopped(db, story)} == {second, third}


def test_a_batch_recalled_twice_is_named_once(db: Database) -> None:
    story = settled()
    batch = story.register()
    first = story.record(Kind.RECALL, batch, MAKER, place="")
    story.record(Kind.RECALL, batch, MAKER, place="")
    write(db, World({"told": story}, story.time, story.block - 1))
    assert [each.time for each in ReadModel(db).recalls()] == [first.recorded.time]


def test_the_index_is_used_where_it_is_meant_to_be(database: Database) -> None:
    with database.snapshot() as connection:
        for sql in (stops._ACTS, stops._RECALLS):
            plan = str(connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
            assert "ix_custody_events_stops" in plan


def test_the_key_is_made_once_for_its_owner_alone(app: FastAPI, tmp_path: Path) -> None:
    ask = Asker(app)
    signer = ask.get("/v1/chain").json()["snapshot_signer"]
    path = tmp_path / snapshot_key.NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "0x" + snapshot_key.snapshot_key(tmp_path).signer.hex() == signer
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".snapshot")] == []


def test_of_two_that_make_the_key_at_once_one_wins(tmp_path: Path) -> None:
    first = snapshot_key.snapshot_key(tmp_path)
    snapshot_key._make(tmp_path / snapshot_key.NAME)  # as a process that had not seen the file yet
    assert snapshot_key.snapshot_key(tmp_path).signer == first.signer


@pytest.mark.parametrize("fault", ["damaged", "readable", "another curve"])
def test_a_key_that_cannot_be_trusted_is_refused(tmp_path: Path, fault: str) -> None:
    snapshot_key.snapshot_key(tmp_path)
    path = tmp_path / snapshot_key.NAME
    if fault == "damaged":
        path.write_bytes(path.read_bytes()[:-1])
    elif fault == "readable":
        path.chmod(0o640)
    else:
        other = generate_private_key(SECP384R1())
        path.write_bytes(other.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ConfigurationError, match=r"snapshot\.key"):
        snapshot_key.snapshot_key(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be read or written"):
        snapshot_key.snapshot_key(tmp_path / "file")
