"""Pictures of labels are read back each, and a folder of them is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger import scan
from ledger.core.errors import ContradictionError, InvalidInputError
from ledger.label import pictures
from ledger.label.pictures import print_folder, print_picture
from tests.label.runs import run


def nothing(_done: int) -> None: ...


def spoilt(matrix: list[list[bool]]) -> list[list[bool]]:
    """A symbol whose middle rows are all dark."""
    return [[True] * len(row) if 15 < number < 45 else row for number, row in enumerate(matrix)]


@pytest.mark.parametrize("symbol", ["qr", "datamatrix"])
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_picture_holds_the_signed_label(symbol: str, suffix: str, tmp_path: Path) -> None:
    made = run(1, symbol=symbol)
    path = tmp_path / f"label{suffix}"
    print_picture(made, path)
    if suffix == ".png":
        assert [code.text for code in scan.read_codes(path.read_bytes())] == [made.scanned(made.label(0))]
    else:
        assert f"(21) {made.serials[0]}</text>" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("suffix", "drawer"), [(".png", "png_of"), (".svg", "svg_of")])
def test_a_picture_of_another_symbol_is_not_kept(
    suffix: str, drawer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = getattr(pictures, drawer)
    monkeypatch.setattr(pictures, drawer, lambda matrix, lines: right(spoilt(matrix), lines))
    with pytest.raises(ContradictionError, match="1 of 1"):
        print_picture(run(1), tmp_path / f"label{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_one_file_is_not_filled_with_several_labels(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="one label, not 3"):
        print_picture(run(3), tmp_path / "label.png")


def test_a_folder_has_a_picture_of_each_pack_whose_names_no_file_system_takes_for_one(tmp_path: Path) -> None:
    made = run(serials=["a1", "A1", "../A", "%(" * 10])
    folder = tmp_path / "labels"
    told: list[int] = []
    print_folder(made, folder, told.append)
    files = sorted(folder.iterdir())
    assert told == [1, 2, 3, 4]
    assert [file.name for file in files][:2] == [
        "0000001-00359267102522-PB26K017-a1.png",
        "0000002-00359267102522-PB26K017-A1.png",
    ]
    read = [scan.read_codes(file.read_bytes())[0].text for file in files]
    assert read == [made.scanned(made.label(number)) for number in range(4)]


def test_a_code_longer_by_its_escapes_than_the_sample_gets_a_larger_symbol(tmp_path: Path) -> None:
    made = run(serials=[*(f"{number:020d}" for number in range(20)), "%/" * 9], sign=None)
    print_folder(made, tmp_path / "labels", nothing)
    (last,) = scan.read_codes(max((tmp_path / "labels").iterdir()).read_bytes())
    assert last.text == made.scanned(made.label(20))


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "mine.txt").write_text("x")
    with pytest.raises(InvalidInputError, match="cannot be written"):
        print_folder(run(), tmp_path / "labels", nothing)
    assert [each.name for each in tmp_path.rglob("*")] == ["labels", "mine.txt"]


def test_a_folder_is_not_kept_if_one_picture_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, drawn = pictures.png_of, []

    def wrong_at_last(matrix: list[list[bool]], lines: list[str]) -> bytes:
        drawn.append(lines)
        return right(matrix if len(drawn) < 3 else spoilt(matrix), lines)

    monkeypatch.setattr(pictures, "png_of", wrong_at_last)
    with pytest.raises(ContradictionError, match="3 of 3"):
        print_folder(run(), tmp_path / "labels", nothing)
    assert list(tmp_path.iterdir()) == []
