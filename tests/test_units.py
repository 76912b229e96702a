"""The serial numbers of a batch: from files, generated, made into a list, taken by a server; killed and run again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger import units
from ledger.core.errors import InvalidInputError
from ledger.core.serials import generate, write_list
from ledger.core.unit_tree import build, is_member, leaves
from ledger.store.unit_lists import UnitLists
from ledger.units import generated, make_list, read_serials, take_list

BATCH, SECRET = b"\xba" * 32, bytes(range(32))
GTIN, LOT = "05413868000016", "AB12"
SERIALS = [b"A1", b'B"2', b"C,3"]


@pytest.fixture
def lists(tmp_path: Path) -> UnitLists:
    return UnitLists(tmp_path / "units")


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".txt", b'A1\nB"2\nC,3'),
        ("", b'A1\r\nB"2\r\nC,3\r\n'),
        (".txt", b'\xef\xbb\xbfA1\nB"2\nC,3\n'),
        (".csv", b'A1\n"B""2"\n"C,3"\n'),
        (".csv", b'serial\nA1\n"B""2"\n"C,3"\n'),
        (".csv", b'\xef\xbb\xbfcarton,Serial,line\r\n1,A1,x\r\n1,"B""2",x\r\n2,"C,3",x\r\n'),
    ],
)
def test_serial_numbers_are_read_from_text_and_csv(suffix: str, content: bytes) -> None:
    assert read_serials(content, suffix, GTIN, LOT) == SERIALS


def test_serial_numbers_are_read_from_epcis_documents() -> None:
    epcs = ["urn:epc:id:sgtin:5413868.000001.A1", f"https://id.gs1.org/01/{GTIN}/10/{LOT}/21/B%222"]
    event = {"type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning", "epcList": epcs}
    text = json.dumps({"epcisBody": {"eventList": [event]}}).encode()
    assert read_serials(text, ".json", GTIN, LOT) == read_serials(text, ".jsonld", GTIN, LOT) == SERIALS[:2]
    inside = "".join(f"<epc>{epc}</epc>" for epc in epcs)
    what = "<action>ADD</action><bizStep>commissioning</bizStep>"
    xml = f"<x><ObjectEvent>{what}<epcList>{inside}</epcList></ObjectEvent></x>"
    assert read_serials(xml.encode(), ".xml", GTIN, LOT) == SERIALS[:2]


@pytest.mark.parametrize(
    ("suffix", "content", "position"),
    [
        (".txt", b"", 1),
        (".txt", b"A1\n\nB2\n", 2),
        (".txt", b"A1\nB 2\n", 2),
        (".txt", b"A1\nA1\n", 2),
        (".csv", b"A1,x\n", 1),
        (".csv", b"serial,line\nA1,x\nB2\n,y\n", 3),
        (".csv", b"line,serial\nx,A1\ny\n", 2),
        (".csv", b'"A1\n', None),
        (".csv", b"", None),
        (".csv", b"serial\n", None),
        (".csv", b"\xff\n", 0),
    ],
)
def test_a_malformed_file_is_refused_with_the_row(suffix: str, content: bytes, position: int | None) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_serials(content, suffix, GTIN, LOT)
    assert caught.value.position == position


def test_a_file_beyond_the_bound_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "MAX_FILE_BYTES", 5)
    assert read_serials(b"A1\nB2", ".txt", GTIN, LOT) == [b"A1", b"B2"]
    with pytest.raises(InvalidInputError, match="more than 5 bytes"):
        read_serials(b"A1\nB2\n", ".txt", GTIN, LOT)


def test_a_list_is_made_kept_and_found(lists: UnitLists) -> None:
    told: list[float] = []
    root = make_list(lists, BATCH, SERIALS, SECRET, told.append)
    kept = lists.get(BATCH)
    assert kept is not None
    assert (kept.root, kept.secret, kept.serials()) == (root, SECRET, SERIALS)
    proof = kept.find("A1")
    assert proof is not None
    assert is_member(root, proof)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_progress_is_told_all_along(lists: UnitLists, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "_STEP", 10)
    told: list[float] = []
    make_list(lists, BATCH, generate(SECRET, 95), SECRET, told.append)
    assert len(told) == 11
    assert told[:2] == pytest.approx([0.7 * 10 / 95, 0.7 * 20 / 95])


def test_making_the_same_list_again_changes_nothing(lists: UnitLists) -> None:
    root = make_list(lists, BATCH, SERIALS, SECRET)
    before = lists.path(BATCH).stat()
    assert make_list(lists, BATCH, SERIALS, bytes(32)) == root
    after = lists.path(BATCH).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_another_list_for_the_same_batch_is_refused_and_the_first_kept(lists: UnitLists) -> None:
    root = make_list(lists, BATCH, SERIALS, SECRET)
    with pytest.raises(InvalidInputError, match="Another list") as caught:
        make_list(lists, BATCH, SERIALS[:2], SECRET)
    assert str(lists.path(BATCH)) in caught.value.detail
    kept = lists.get(BATCH)
    assert kept is not None
    assert kept.root == root


def test_generated_serial_numbers_do_not_change_when_asked_again(lists: UnitLists) -> None:
    first = generated(lists, BATCH, 50, SECRET)
    assert generated(lists, BATCH, 50, bytes(32)) == first == generate(SECRET, 50)
    assert generated(lists, b"\xbb" * 32, 50, bytes(32)) != first


PROGRAM = """
import sys
from pathlib import Path
from ledger.store.unit_lists import UnitLists
from ledger.units import generated, make_list
lists, drawn = UnitLists(Path(sys.argv[1])), bytes([int(sys.argv[2])]) * 32
print("started", flush=True)
serials = generated(lists, bytes(32), 60_000, drawn)
make_list(lists, bytes(32), serials, drawn, lambda part: print(part, flush=True))
"""


@pytest.mark.slow
def test_a_run_killed_at_any_moment_leaves_no_half_list_and_ends_with_the_first_runs_serial_numbers(
    lists: UnitLists,
) -> None:
    for attempt, seconds in enumerate((0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4), 1):
        command = [sys.executable, "-c", PROGRAM, str(lists.directory), str(attempt)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
        kept = lists.get(bytes(32))
        assert kept is None or kept.serials() == generate(lists.secret(bytes(32), b""), 60_000)
    drawn = lists.secret(bytes(32), b"\xff" * 32)
    root = make_list(lists, bytes(32), generated(lists, bytes(32), 60_000, b"\xee" * 32), b"\xee" * 32)
    assert root == build(leaves(drawn, generate(drawn, 60_000)))[:32]


def taken(lists: UnitLists, text: bytes, root: bytes, quantity: int = 3) -> None:
    with lists.upload() as path:
        path.write_bytes(text)
        take_list(lists.directory, path, BATCH, root, quantity)


ROOT = build(leaves(SECRET, SERIALS))[:32]
LIST = write_list(SECRET, SERIALS)


def test_the_registered_list_is_taken_and_the_same_again_is_the_same(lists: UnitLists) -> None:
    taken(lists, LIST, ROOT)
    before = lists.path(BATCH).stat().st_ino
    taken(lists, LIST, ROOT)
    assert lists.path(BATCH).stat().st_ino == before
    kept = lists.get(BATCH)
    assert kept is not None
    assert kept.written() == LIST


@pytest.mark.parametrize(
    "wrong",
    [
        write_list(bytes(32), SERIALS),
        write_list(SECRET, [b"A1", b'B"2', b"C,4"]),
    ],
)
@pytest.mark.parametrize("held", [False, True])
def test_a_list_with_another_root_is_refused_with_both_roots(lists: UnitLists, wrong: bytes, held: bool) -> None:
    if held:
        taken(lists, LIST, ROOT)
    with pytest.raises(InvalidInputError, match=f"the maker registered 0x{ROOT.hex()}"):
        taken(lists, wrong, ROOT)
    assert lists.holds(BATCH) == held


@pytest.mark.parametrize("wrong", [SERIALS[:2], [*SERIALS, b"D"]])
def test_a_list_of_another_length_than_the_batch_is_refused_before_it_is_hashed(
    lists: UnitLists, wrong: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "leaves", None)
    with pytest.raises(InvalidInputError, match="the maker registered 3 units"):
        taken(lists, write_list(SECRET, wrong), ROOT)


def test_the_order_of_a_list_is_the_senders(lists: UnitLists) -> None:
    taken(lists, write_list(SECRET, SERIALS[::-1]), ROOT)
    kept = lists.get(BATCH)
    assert kept is not None
    assert kept.serials() == SERIALS[::-1]


def test_a_damaged_list_is_replaced_by_a_sound_one(lists: UnitLists) -> None:
    taken(lists, LIST, ROOT)
    lists.path(BATCH).write_bytes(b"nothing")
    taken(lists, LIST, ROOT)
    assert lists.find(BATCH, ROOT, "A1") is not None
