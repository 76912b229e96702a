"""Serial numbers at the command line: registered with their root, kept here, handed to a server or a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.config import load_settings
from ledger.core.parts import batch_id
from ledger.core.serials import read_list
from ledger.core.unit_tree import build, is_member, leaves
from ledger.store.unit_lists import UnitLists
from tests.cli.test_commands import GTIN, Shell, shell

__all__ = ["shell"]

HEADER = "gtin,lot,product_class,quantity,expiry,serials\n"
PATH = f"/v1/batches/{GTIN}/L1/units"


def batches(shell: Shell, *rows: str) -> str:
    return shell.file("b.csv", HEADER + "".join(f"{GTIN},{row}\n" for row in rows))


def register(shell: Shell, *rows: str, more: tuple[str, ...] = ()) -> dict[str, Any]:
    result = shell.run("batch", "register", batches(shell, *rows), "--as", "ours", "--json", *more)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.output)
    return answer


def kept(shell: Shell, lot: str = "L1") -> Any:
    return UnitLists(load_settings({}, data_dir=shell.folder).units_dir).get(batch_id(int(GTIN), lot))


def roots(shell: Shell) -> list[str]:
    return [posted["message"]["unitRoot"] for posted in shell.server.posted]


@pytest.mark.parametrize("name", ["units.txt", "units.csv"])
def test_a_batch_is_registered_with_the_root_of_its_serial_numbers_and_the_server_gets_the_list(
    shell: Shell, name: str
) -> None:
    shell.file(name, "A1\nA2\nA3\n")
    answer = register(shell, f"L1,PPE,3,2031-05-31,{name}")
    found = kept(shell)
    assert roots(shell) == ["0x" + found.root.hex()]
    assert found.serials() == [b"A1", b"A2", b"A3"]
    secret, serials = read_list(shell.server.put[PATH])
    assert build(leaves(secret, serials))[:32] == found.root
    assert answer["registered"][0]["units"]["sent"] is True
    assert is_member(found.root, found.find("A2"))


def test_generated_serial_numbers_stay_the_same_when_the_command_is_run_again(shell: Shell) -> None:
    register(shell, "L1,PPE,50,2031-05-31,generate")
    register(shell, "L1,PPE,50,2031-05-31,generate")
    first, second = roots(shell)
    assert first == second != "0x" + "00" * 32
    assert len(kept(shell)) == 50


def test_batches_with_and_without_serial_numbers_go_together(shell: Shell) -> None:
    shell.file("l2.json", epcis("L2-1", "L2-2"))
    register(shell, "L1,PPE,4,2031-05-31,generate", "L2,PPE,2,2031-05-31,l2.json", "L3,PPE,9,2031-05-31,")
    assert roots(shell) == ["0x" + kept(shell, lot).root.hex() for lot in ("L1", "L2")] + ["0x" + "00" * 32]
    assert kept(shell, "L2").serials() == [b"L2-1", b"L2-2"]
    assert kept(shell, "L3") is None
    assert len(shell.server.put) == 2


def epcis(*serials: str) -> str:
    epcs = [f"https://id.gs1.org/01/{GTIN}/21/{serial}" for serial in serials]
    event = {"type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning", "epcList": epcs}
    return json.dumps({"epcisBody": {"eventList": [event]}})


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("L2,PPE,3,2031-05-31,two.txt", "has 2 serial numbers, but the quantity of lot L2 is 3"),
        ("L2,PPE,2,2031-05-31,nowhere.txt", "nowhere.txt cannot be read"),
        ("L2,PPE,2,2031-05-31,twice.txt", "Row 2 repeats the serial number A1"),
        ("L2,PPE,2000000,2031-05-31,generate", "at most 1,000,000"),
    ],
)
def test_a_fault_in_one_list_sends_nothing_and_makes_none(shell: Shell, row: str, says: str) -> None:
    shell.file("two.txt", "A1\nA2\n")
    shell.file("twice.txt", "A1\nA1\n")
    result = shell.run("batch", "register", batches(shell, "L1,PPE,2,2031-05-31,two.txt", row), "--as", "ours")
    assert result.exit_code == 2
    assert says in result.output
    assert shell.server.posted == []
    assert kept(shell) is None


def test_a_batch_that_is_only_queued_keeps_its_list_and_says_how_to_send_it(shell: Shell) -> None:
    units = register(shell, "L1,PPE,4,2031-05-31,generate", more=("--wait", "0"))["registered"][0]["units"]
    assert units["sent"] is False
    assert f"lotproof batch units {GTIN} L1" in units["detail"]
    assert shell.server.put == {}
    assert len(kept(shell)) == 4


def test_a_list_that_the_server_does_not_take_undoes_no_registration_and_is_told(shell: Shell) -> None:
    shell.server.refuses = {"detail": "No batch 'L1' is registered.", "advice": ""}
    result = shell.run("batch", "register", batches(shell, "L1,PPE,4,2031-05-31,generate"), "--as", "ours")
    assert result.exit_code == 0
    assert "L1: recorded; No batch 'L1' is registered. Its list" in result.output


def test_a_list_is_sent_again_or_written_to_a_private_file(shell: Shell, tmp_path: Path) -> None:
    register(shell, "L1,PPE,4,2031-05-31,generate")
    first = shell.server.put.pop(PATH)
    result = shell.run("batch", "units", GTIN, "L1")
    assert result.exit_code == 0
    assert "4 serial numbers to http://127.0.0.1:8000" in result.output
    assert shell.server.put.pop(PATH) == first
    file = tmp_path / "list.txt"
    answer = json.loads(shell.run("batch", "units", GTIN.lstrip("0"), "L1", "-o", str(file), "--json").output)
    assert (answer["units"], answer["file"], answer["server"]) == (4, str(file), None)
    assert file.read_bytes() == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert shell.server.put == {}
    both = shell.run("batch", "units", GTIN, "L1", "-o", str(file), "--server", "http://ledger.example")
    assert f"{file} and http://ledger.example" in both.output
    assert list(shell.server.put) == [PATH]


def test_progress_goes_beside_the_answer(shell: Shell) -> None:
    result = shell.run("batch", "register", batches(shell, "L1,PPE,4,2031-05-31,generate"), "--as", "ours")
    assert result.stdout == f"{GTIN} L1: recorded; the server has its 4 serial numbers\n"


def test_a_slash_in_a_lot_is_escaped(shell: Shell) -> None:
    register(shell, "L/1,PPE,4,2031-05-31,generate")
    assert list(shell.server.put) == [f"/v1/batches/{GTIN}/L%2F1/units"]


def test_a_batch_without_a_list_here_is_named(shell: Shell) -> None:
    result = shell.run("batch", "units", GTIN, "L9")
    assert result.exit_code == 1
    assert "no list of serial numbers" in result.output


def test_a_file_that_cannot_be_written_is_named(shell: Shell, tmp_path: Path) -> None:
    register(shell, "L1,PPE,4,2031-05-31,generate")
    result = shell.run("batch", "units", GTIN, "L1", "-o", str(tmp_path / "no" / "such" / "folder"))
    assert result.exit_code == 2
    assert "cannot be written" in result.output


def test_a_refusal_of_the_server_leaves_with_1_and_says_why(shell: Shell) -> None:
    register(shell, "L1,PPE,4,2031-05-31,generate")
    shell.server.refuses = {"detail": "No batch 'L1' is registered.", "advice": "Ask again in a moment."}
    result = shell.run("batch", "units", GTIN, "L1")
    assert result.exit_code == 1
    assert "Ask again in a moment." in result.output
