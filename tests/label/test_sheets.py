"""Sheets say of every label what a scanner and a person must read, and nothing is left of a run that went wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ledger.core.errors import ContradictionError, InvalidInputError
from ledger.label import content, page, qr, sheets
from ledger.label.page import PrintedLabel, read_page
from ledger.label.pdf import Pdf
from ledger.label.qr import QrCodes
from ledger.label.run import Run
from ledger.label.sheets import print_sheets
from ledger.label.stock import INCH, STOCK
from ledger.label.symbol import Modules
from tests.label.pdf_reader import PdfFile
from tests.label.rendering import codes_on
from tests.label.runs import BATCH, HOST, run, serials


def quiet(_done: int) -> None: ...


def printed(made: Run, folder: Path) -> list[list[PrintedLabel]]:
    path = folder / "labels.pdf"
    print_sheets(made, path, quiet)
    assert [each.name for each in folder.iterdir()] == ["labels.pdf"]
    return [list(read_page(each)) for each in PdfFile(path.read_bytes()).pages()]


@pytest.mark.parametrize("symbol", ["qr", "datamatrix"])
@pytest.mark.parametrize("stock", STOCK)
def test_every_label_of_a_sheet_is_read_by_a_scanner(stock: str, symbol: str, tmp_path: Path) -> None:
    made = run(STOCK[stock].per_page + 2, stock=STOCK[stock], symbol=symbol)
    path = tmp_path / "labels.pdf"
    result = print_sheets(made, path, quiet)
    pages = PdfFile(path.read_bytes()).pages()
    assert (result.labels, result.pages) == (len(made), len(pages))
    found = [code for each in pages for code in codes_on(each, made.stock, made.dpi)]
    assert found == [made.scanned(made.label(number)) for number in range(len(made))]


def test_text_and_symbol_of_a_label_name_the_same_pack(tmp_path: Path) -> None:
    made = run(50, serials=[*serials(48), "A(1)\\"[:4], "B)%/"])
    labels = [each for sheet in printed(made, tmp_path) for each in sheet]
    assert [each.lines for each in labels] == [
        ["(01) 00359267102522", "(10) PB26K017", "(17) 280531", f"(21) {serial}"] for serial in made.serials
    ]


def test_every_module_has_whole_dots_and_begins_on_one(tmp_path: Path) -> None:
    for dpi in (203, 300, 600):
        for label in printed(run(dpi=dpi), tmp_path)[0]:
            dots = np.array([*label.side, *label.corner]) * dpi / 72
            assert np.allclose(dots, np.round(dots), atol=0.001)
            assert np.allclose(np.round(dots[:2]) % label.modules[0], 0)


def test_labels_stand_on_their_stock(tmp_path: Path) -> None:
    stock = STOCK["letter-30"]
    for slot, label in enumerate(printed(run(30, stock=stock), tmp_path)[0]):
        left, top = stock.corner(slot)
        x, y = label.corner[0] * INCH / 72, stock.page[1] - (label.corner[1] + label.side[1]) * INCH / 72
        assert left < x < left + stock.label[0] - label.side[0] * INCH / 72
        assert top < y < top + stock.label[1] - label.side[1] * INCH / 72


def test_a_batch_without_serial_numbers_is_one_label(tmp_path: Path) -> None:
    ((label,),) = printed(run(serials=[], sign=None), tmp_path)
    assert label.lines == ["(01) 00359267102522", "(10) PB26K017", "(17) 280531"]


def test_a_consignment_s_label_says_its_sscc(tmp_path: Path) -> None:
    ((label,),) = printed(run(serials=[], sign=None, elements=[("00", "095211010000000016")]), tmp_path)
    assert label.lines == ["(00) 095211010000000016"]


@pytest.mark.parametrize("symbol", ["qr", "datamatrix"])
def test_a_code_longer_by_its_escapes_than_the_sample_starts_the_run_anew(symbol: str, tmp_path: Path) -> None:
    plain = [f"{number:020d}" for number in range(30)]
    escaped = ["%/%/%/%/%/%/%/%/%(a"]
    made = run(serials=[*plain, *escaped], sign=None, symbol=symbol)
    labels = [each for sheet in printed(made, tmp_path) for each in sheet]
    assert len(labels) == 31
    assert len({each.modules for each in labels}) == 1
    assert labels[0].modules > printed(run(serials=plain, sign=None, symbol=symbol), tmp_path)[0][0].modules


def test_a_run_that_starts_anew_leaves_no_half_of_the_first_in_the_place_of_the_sheets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen, printing = tmp_path / "labels.pdf", list[bytes](), sheets._Press.print
    path.write_bytes(b"old")

    def watched(press: Any, *args: Any) -> Any:
        seen.append(path.read_bytes())
        return printing(press, *args)

    monkeypatch.setattr(sheets._Press, "print", watched)
    plain = [f"{number:020d}" for number in range(30)]
    print_sheets(run(serials=[*plain, "%/%/%/%/%/%/%/%/%(a"], sign=None), path, quiet)
    assert seen == [b"old", b"old"]


def test_progress_is_told_up_to_the_last_label(tmp_path: Path) -> None:
    told: list[int] = []
    print_sheets(run(sheets.BATCH + 10), tmp_path / "labels.pdf", told.append)
    assert told == [1_992, 2_010]


@pytest.mark.parametrize(("count", "every", "expected"), [(250, 100, 4), (200, 100, 3), (1, 100, 1), (5, 1, 5)])
def test_first_last_and_every_nth_label_are_read_back(count: int, every: int, expected: int, tmp_path: Path) -> None:
    made = run(count, check_every=every)
    assert print_sheets(made, tmp_path / "labels.pdf", quiet).checked == expected
    assert made.is_checked(0)
    assert made.is_checked(count - 1)
    assert all(made.is_checked(number) for number in range(every - 1, count, every))


# ---- attacks: what is written is not what was to be written ----


def corrupt(change: Callable[[Modules], None]) -> Callable[[QrCodes, list[str]], Modules]:
    right = QrCodes.encode

    def encode(self: QrCodes, texts: list[str]) -> Modules:
        made = right(self, texts)
        if len(texts) > qr.COMPARED:
            change(made)
        return made

    return encode


def destroyed(made: Modules) -> None:
    made[99, 20:40] ^= 0xFF


def swapped(made: Modules) -> None:
    made[[99, 98]] = made[[98, 99]]


def shifted(made: Modules) -> None:
    made[1:] = made[:-1].copy()


@pytest.mark.parametrize("attack", [destroyed, swapped, shifted])
def test_a_wrong_symbol_stops_the_run_names_the_label_and_leaves_no_file(
    attack: Callable[[Modules], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QrCodes, "encode", corrupt(attack))
    made = run(150)
    with pytest.raises(ContradictionError, match="symbol") as stopped:
        print_sheets(made, tmp_path / "labels.pdf", quiet)
    assert f"100 of 150, (01) 00359267102522 (10) PB26K017 (17) 280531 (21) {made.serials[99]}," in stopped.value.detail
    assert list(tmp_path.iterdir()) == []


def test_text_under_the_wrong_symbol_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = page.PageWriter.content

    def reversed_lines(self: page.PageWriter, symbols: list[str], lines: list[list[str]]) -> bytes:
        return right(self, symbols, lines[::-1])

    monkeypatch.setattr(page.PageWriter, "content", reversed_lines)
    with pytest.raises(ContradictionError, match="text"):
        print_sheets(run(), tmp_path / "labels.pdf", quiet)
    assert list(tmp_path.iterdir()) == []


def test_a_symbol_drawn_over_by_text_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Pdf.add

    def moved(self: Pdf, content: bytes) -> bytes:
        return right(self, re.sub(rb"BT (\S+) ", lambda found: b"BT %.4f " % (float(found[1]) - 80), content))

    monkeypatch.setattr(Pdf, "add", moved)
    with pytest.raises(ContradictionError, match="symbol"):
        print_sheets(run(), tmp_path / "labels.pdf", quiet)


def test_a_page_without_its_last_label_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Pdf.add

    def cut(self: Pdf, content: bytes) -> bytes:
        return right(self, content[: content.rindex(b"q ")])

    monkeypatch.setattr(Pdf, "add", cut)
    with pytest.raises(ContradictionError, match="3 of 3"):
        print_sheets(run(), tmp_path / "labels.pdf", quiet)


def test_a_wording_that_leaves_the_rules_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = content.Wording.text

    def other_host(self: content.Wording, elements: content.Elements) -> str:
        return right(self, elements).replace(HOST, "id.example.com")

    monkeypatch.setattr(content.Wording, "text", other_host)
    with pytest.raises(ContradictionError, match=r"id\.example\.com"):
        print_sheets(run(), tmp_path / "labels.pdf", quiet)


def test_labels_that_do_not_fit_leave_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="do not fit"):
        print_sheets(run(host="a" * 1_500, stock=STOCK["a4-65"]), tmp_path / "labels.pdf", quiet)
    assert list(tmp_path.iterdir()) == []


def test_memory_holds_one_batch_of_labels_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[int] = []
    right = sheets._Press._batches

    def counted(self: sheets._Press) -> Iterator[tuple[int, list[content.Elements], list[str]]]:
        for batch in right(self):
            alive.append(len(batch[1]))
            yield batch

    monkeypatch.setattr(sheets._Press, "_batches", counted)
    print_sheets(run(4_500, sign=None, elements=BATCH), tmp_path / "labels.pdf", quiet)
    assert alive == [1_992, 1_992, 516]
