"""Lists of serial numbers on disk: found, proved, whole or not at all, and never believed when damaged."""

from __future__ import annotations

import os
import random
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.errors import ConfigurationError, ContradictionError, UnavailableError
from ledger.core.serials import generate
from ledger.core.unit_tree import UnitProof, build, is_member, leaves
from ledger.store import unit_lists
from ledger.store.unit_lists import UnitList, UnitLists

BATCH, SECRET = b"\xba" * 32, bytes(range(32))
SERIALS = generate(b"\x07" * 32, 100)
HEADER = unit_lists._HEADER_BYTES


@pytest.fixture
def lists(tmp_path: Path) -> UnitLists:
    return UnitLists(tmp_path / "units")


def written(lists: UnitLists, serials: list[bytes] = SERIALS, batch: bytes = BATCH) -> bytes:
    """Write a list and give its root."""
    nodes = build(leaves(SECRET, serials))
    lists.write(batch, SECRET, serials, nodes)
    return nodes[:32]


def found(lists: UnitLists, serial: str) -> UnitProof | None:
    kept = lists.get(BATCH)
    return None if kept is None else kept.find(serial)


@pytest.mark.parametrize("size", [1, 2, 3, 64, 100])
def test_every_serial_number_is_found_with_a_proof_and_no_other_is(lists: UnitLists, size: int) -> None:
    root = written(lists, SERIALS[:size])
    for serial in SERIALS[:size]:
        proof = found(lists, serial.decode())
        assert proof is not None
        assert proof.serial == serial.decode()
        assert is_member(root, proof)
    others = [*SERIALS[size:], *generate(b"\x08" * 32, 200)]
    assert not any(found(lists, serial.decode()) for serial in others)


def test_a_list_comes_back_as_it_was_written(lists: UnitLists) -> None:
    root = written(lists)
    found = lists.get(BATCH)
    assert found is not None
    assert (found.root, found.secret, len(found), found.serials()) == (root, SECRET, 100, SERIALS)
    assert found.written() == b"0x" + SECRET.hex().encode() + b"\n" + b"\n".join(SERIALS) + b"\n"


def test_a_batch_without_a_list_has_none(lists: UnitLists) -> None:
    assert not lists.holds(BATCH)
    assert lists.get(BATCH) is None
    assert found(lists, "A") is None
    written(lists)
    assert lists.holds(BATCH)
    assert not lists.holds(b"\xbb" * 32)


def test_only_the_list_under_the_registered_root_answers(lists: UnitLists) -> None:
    serial, other = SERIALS[0].decode(), bytes(32)
    assert (lists.find(BATCH, b"\x01" * 32, serial), lists.membership(BATCH, b"\x01" * 32, serial)) == (None, None)
    root = written(lists)
    proof = lists.find(BATCH, root, serial)
    assert proof is not None
    assert is_member(root, proof)
    assert (lists.membership(BATCH, root, serial), lists.membership(BATCH, root, "MADEUP1")) == (True, False)
    assert (lists.find(BATCH, other, serial), lists.membership(BATCH, other, serial)) == (None, None)


def test_a_replaced_list_is_read_anew(lists: UnitLists) -> None:
    first = written(lists, SERIALS[:50])
    assert found(lists, SERIALS[60].decode()) is None
    second = written(lists, SERIALS[50:])
    assert found(lists, SERIALS[60].decode()) is not None
    assert first != second


def test_a_list_that_is_open_in_another_process_is_not_pulled_away(lists: UnitLists) -> None:
    written(lists)
    held = lists.get(BATCH)
    assert held is not None
    written(UnitLists(lists.directory), SERIALS[:50])
    assert held.find(SERIALS[99].decode()) is not None


def test_only_so_many_lists_stay_mapped(lists: UnitLists, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_lists, "_OPEN_LISTS", 2)
    batches = [bytes([at]) * 32 for at in range(4)]
    for batch in batches:
        written(lists, SERIALS[:3], batch)
        assert lists.get(batch) is not None
    assert list(lists._open) == batches[2:]
    lists.get(batches[2])
    lists.get(batches[0])
    assert list(lists._open) == [batches[2], batches[0]]


def content_of(lists: UnitLists) -> bytearray:
    return bytearray(lists.path(BATCH).read_bytes())


def test_a_list_that_is_cut_off_anywhere_is_named_and_not_believed(lists: UnitLists) -> None:
    written(lists, SERIALS[:20])
    whole = content_of(lists)
    for size in [*range(0, HEADER + 40, 7), len(whole) // 2, len(whole) - 1]:
        lists.path(BATCH).write_bytes(whole[:size])
        with pytest.raises(ContradictionError, match="damaged") as caught:
            found(lists, SERIALS[0].decode())
        assert str(lists.path(BATCH)) in caught.value.detail
        assert "Move the file away" in caught.value.advice
    lists.path(BATCH).write_bytes(whole + b"x")
    with pytest.raises(ContradictionError, match="bytes instead of"):
        lists.get(BATCH)


def test_any_byte_of_the_header_that_changes_is_found_out(lists: UnitLists) -> None:
    written(lists, SERIALS[:20])
    whole = content_of(lists)
    for at in range(HEADER):
        broken = bytearray(whole)
        broken[at] ^= 0x40
        lists.path(BATCH).write_bytes(broken)
        with pytest.raises(ContradictionError, match="header"):
            UnitList(lists.path(BATCH), BATCH)


def test_a_list_of_a_later_form_is_not_misread(lists: UnitLists) -> None:
    written(lists, SERIALS[:20])
    whole = content_of(lists)
    whole[15] = 2
    header = bytes(whole[: HEADER - 32])
    lists.path(BATCH).write_bytes(header + unit_lists.sha256(header).digest() + whole[HEADER:])
    with pytest.raises(ContradictionError, match="header"):
        lists.get(BATCH)


def test_the_list_of_another_batch_is_not_taken_for_this_ones(lists: UnitLists) -> None:
    written(lists, batch=b"\xbb" * 32)
    lists.path(b"\xbb" * 32).rename(lists.path(BATCH))
    with pytest.raises(ContradictionError, match="this batch's list"):
        lists.get(BATCH)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 255), st.booleans())
def test_a_damaged_node_never_makes_a_genuine_pack_fake_or_a_fake_one_genuine(
    tmp_path_factory: pytest.TempPathFactory, spot: int, flip: int, swap: bool
) -> None:
    lists = UnitLists(tmp_path_factory.mktemp("damaged"))
    serials, others = SERIALS[:33], [serial.decode() for serial in SERIALS[33:60]]
    written(lists, serials)
    broken = content_of(lists)
    nodes = 65 * 32
    broken[HEADER + spot % nodes] ^= flip
    if swap:  # and one node is another one's copy
        dice = random.Random(spot)
        there, here = (HEADER + 32 * dice.randrange(65) for _ in range(2))
        broken[there : there + 32] = broken[here : here + 32]
    lists.path(BATCH).write_bytes(broken)
    found = UnitList(lists.path(BATCH), BATCH)
    for serial in serials:
        with suppress(ContradictionError):
            assert found.find(serial.decode()) is not None
    for serial in others:
        with suppress(ContradictionError):
            assert found.find(serial) is None


def test_a_damaged_leaf_is_found_out_by_its_own_and_its_neighbours_look_ups(lists: UnitLists) -> None:
    written(lists, SERIALS[:1])
    broken = content_of(lists)
    broken[HEADER] ^= 1
    lists.path(BATCH).write_bytes(broken)
    for serial in SERIALS[:2]:
        with pytest.raises(ContradictionError, match="does not lead to the root"):
            found(lists, serial.decode())


def test_a_proof_that_would_not_hold_is_not_given_out(lists: UnitLists) -> None:
    """The leaf is sound, its sibling is not."""
    written(lists, SERIALS[:2])
    broken = content_of(lists)
    broken[HEADER + 32] ^= 1  # one leaf of two; the other is at HEADER + 64
    lists.path(BATCH).write_bytes(broken)
    found = lists.get(BATCH)
    assert found is not None
    for serial in SERIALS[:2]:
        with pytest.raises(ContradictionError, match="does not lead to the root"):
            found.find(serial.decode())


def test_damaged_serial_numbers_are_not_exported(lists: UnitLists) -> None:
    written(lists)
    broken = content_of(lists)
    broken[-1] ^= 1
    lists.path(BATCH).write_bytes(broken)
    found = lists.get(BATCH)
    assert found is not None
    with pytest.raises(ContradictionError, match="not those that were written"):
        found.written()


def test_a_disk_that_refuses_leaves_the_old_list_and_no_rest(lists: UnitLists, monkeypatch: pytest.MonkeyPatch) -> None:
    root = written(lists)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnavailableError, match="No space left"):
        written(lists, SERIALS[:5])
    found = lists.get(BATCH)
    assert found is not None
    assert found.root == root
    assert [path.name for path in lists.directory.iterdir()] == [lists.path(BATCH).name]


def test_what_a_killed_run_left_is_cleared_away_later_and_never_read(lists: UnitLists) -> None:
    written(lists)
    old, new = lists.directory / ".0123.part", lists.directory / ".4567.part"
    for path in (old, new):
        path.write_bytes(b"half a list")
    os.utime(old, (time.time() - 7_200,) * 2)
    written(UnitLists(lists.directory))
    assert not old.exists()
    assert new.exists()  # another run may be writing it


def test_others_on_the_machine_cannot_read_a_list_or_its_secret(lists: UnitLists) -> None:
    written(lists)
    lists.secret(BATCH, SECRET)
    assert {path.stat().st_mode & 0o777 for path in lists.directory.iterdir()} == {0o600}
    assert lists.directory.stat().st_mode & 0o777 == 0o700


def test_a_file_that_cannot_be_read_is_named(lists: UnitLists) -> None:
    lists.path(BATCH).mkdir(parents=True)
    with pytest.raises(UnavailableError, match="cannot be read"):
        lists.get(BATCH)


def test_a_secret_once_kept_stays(lists: UnitLists) -> None:
    assert lists.secret(BATCH, SECRET) == SECRET
    assert lists.secret(BATCH, bytes(32)) == SECRET
    assert UnitLists(lists.directory).secret(BATCH, bytes(32)) == SECRET
    assert lists.secret(b"\xbb" * 32, bytes(32)) == bytes(32)


@pytest.mark.parametrize("damage", [b"", b"0x12\n", b"zz" * 32, b"\xff" * 32])
def test_a_damaged_secret_is_named_and_not_replaced(lists: UnitLists, damage: bytes) -> None:
    lists.secret(BATCH, SECRET)
    path = lists.directory / f"{BATCH.hex()}.secret"
    path.write_bytes(damage)
    with pytest.raises(ConfigurationError, match="secret"):
        lists.secret(BATCH, bytes(32))
    assert path.read_bytes() == damage


def test_an_upload_is_gone_when_it_ends(lists: UnitLists) -> None:
    with lists.upload() as path:
        path.write_bytes(b"text")
    assert not path.exists()
    with suppress(ZeroDivisionError), lists.upload() as path:
        path.write_bytes(b"text")
        raise ZeroDivisionError
    assert list(lists.directory.iterdir()) == []


def test_an_upload_that_the_disk_refuses_says_so(lists: UnitLists) -> None:
    def write_below() -> None:
        with lists.upload() as path:
            (path / "below").write_bytes(b"")

    with pytest.raises(UnavailableError, match="cannot be written"):
        write_below()
    lists.directory.rmdir()
    lists.directory.write_bytes(b"a file stands here")
    with pytest.raises(UnavailableError, match="cannot be written"):
        write_below()


@pytest.mark.parametrize("uneven", [False, True])
def test_a_range_of_serial_numbers_is_found_as_one_by_one(lists: UnitLists, *, uneven: bool) -> None:
    serials = [*SERIALS, b"X1", b"X22"] if uneven else SERIALS
    written(lists, serials)
    kept = lists.get(BATCH)
    assert kept is not None
    chooser = random.Random(5)
    some = [each.decode() for each in serials]
    ends = [sorted(chooser.sample(some, 2)) for _ in range(50)] + [[each, each] for each in some[-5:]]
    ends += [["0" * 13, "0" * 12 + "1"], ["X1", "X9"], ["X00", "X22"], ["ZZZZ", "ZZZZ"]]
    for first, last in ends:
        expected = any(len(each) == len(first) and first <= each <= last for each in some)
        assert kept.any_between(first, last) is expected, (first, last)


def test_a_damaged_list_tells_nothing_of_a_range(lists: UnitLists) -> None:
    written(lists)
    path = lists.path(BATCH)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    kept = lists.get(BATCH)
    assert kept is not None
    with pytest.raises(ContradictionError, match="damaged"):
        kept.any_between("A", "B")
