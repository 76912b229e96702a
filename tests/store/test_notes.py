"""What running parts say of themselves is kept, the newest of each."""

from __future__ import annotations

import pytest

from ledger.store import notes
from ledger.store.database import Database
from ledger.store.notes import Beat, Note, Notes


def test_only_the_newest_is_kept(db: Database) -> None:
    kept = Notes(db)
    assert kept.everything() == {}
    kept.put({"a": 10**30, "b": "x"}, 1)
    kept.put({"a": 2}, 5)
    assert kept.everything() == {"a": Note("2", 5), "b": Note("x", 1)}


def test_reorganisations_are_counted_and_the_deepest_is_kept(db: Database) -> None:
    kept = Notes(db)
    for now, undone in enumerate((2, 7, 3)):
        kept.reorganised(undone, now)
    found = kept.everything()
    assert found[notes.REORGS] == Note("3", 2)
    assert found[notes.DEEPEST_REORG] == Note("7", 1)


def test_a_part_gives_a_sign_of_life_now_and_then(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    passed = 1_000.0
    monkeypatch.setattr("time.monotonic", lambda: passed)
    beat = Beat(Notes(db), "indexer", lambda: 77.9)
    assert beat.due()
    beat.give(relayer_balance=5)
    found = Notes(db).everything()
    assert found["indexer"].noted_at == 77
    assert ":" in found["indexer"].value
    assert found["relayer_balance"].value == "5"
    assert not beat.due()
    passed += notes.BEAT_SECONDS
    assert beat.due()
