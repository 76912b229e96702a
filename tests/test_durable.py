"""A file is there whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ledger import durable
from ledger.core.errors import InvalidInputError
from ledger.durable import OWNER, replacing, writing


def test_a_failure_leaves_the_old_file_and_no_half_of_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "labels.pdf"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), writing(path) as file:
        file.writelines([b"half", "no bytes"])  # type: ignore[list-item]  # that it is refused is the point
    assert [each.name for each in tmp_path.iterdir()] == ["labels.pdf"]
    assert path.read_bytes() == b"old"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "labels.pdf"
    path.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(OSError, match="No space"), replacing(path) as file:
        file.write(b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["labels.pdf"]
    assert path.read_bytes() == b"old"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be written"), writing(tmp_path / "none" / "labels.pdf"):
        pytest.fail("there is nothing to write to")


def test_what_a_kill_left_half_written_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / ".bundle.json.half").write_bytes(b"longer than what comes")
    with replacing(tmp_path / "bundle.json") as file:
        file.write(b"new")
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"bundle.json": b"new"}


def test_a_secret_is_its_owners_from_the_first_byte_on(tmp_path: Path) -> None:
    for mode, others in ((OWNER, False), (durable.EVERYONE, True)):
        with replacing(tmp_path / "list.txt", mode) as file:
            found = stat.S_IMODE((tmp_path / ".list.txt.half").stat().st_mode)
            file.write(b"secret")
        assert stat.S_IMODE((tmp_path / "list.txt").stat().st_mode) == found
        assert bool(found & 0o077) is others
