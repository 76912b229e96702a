"""Our own labels, signed, photographed in five levels of damage, and read as a phone's picture is read."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from PIL import Image

from ledger import scan
from ledger.core.errors import InvalidInputError
from ledger.label.page import read_page
from ledger.label.sheets import print_sheets
from tests.label.damage import PAPER, damaged
from tests.label.pdf_reader import PdfFile
from tests.label.rendering import page_picture
from tests.label.runs import run

LABELS = 24
PIXELS = 4  # a module
# Of 24 labels at each level. On an idle machine 24, 24, 23, 18, 12 and 24, 24, 23, 15, 4 are read; a busy one makes
# fewer attempts in its three seconds. A misread is never allowed.
READ = {"qr": (24, 23, 21, 16, 10), "datamatrix": (24, 23, 21, 13, 3)}


def photographs(symbol: str, folder: Path) -> list[tuple[Image.Image, str]]:
    """Each label of a sheet, four pixels a module, with what it says."""
    made = run(LABELS, symbol=symbol)
    print_sheets(made, folder / "labels.pdf", lambda _done: None)
    (content,) = PdfFile((folder / "labels.pdf").read_bytes()).pages()
    module = next(iter(read_page(content))).side[0] / next(iter(read_page(content))).modules[0]
    dpi = round(PIXELS * 72 / module)
    sheet = page_picture(content, made.stock, dpi).point(lambda value: 25 if value == 0 else PAPER)
    cut = []
    for slot in range(LABELS):
        left, top = (round(edge * dpi / 25.4) for edge in made.stock.corner(slot))
        width, height = (round(side * dpi / 25.4) for side in made.stock.label)
        cut.append((sheet.crop((left, top, left + width, top + height)), made.scanned(made.label(slot))))
    return cut


@pytest.mark.slow
@pytest.mark.parametrize("level", range(5))
@pytest.mark.parametrize("symbol", READ)
def test_photographed_labels_are_read_as_often_as_measured_and_never_misread(
    symbol: str, level: int, tmp_path: Path
) -> None:
    chance = random.Random(level)
    read = 0
    for picture, scanned in photographs(symbol, tmp_path):
        out = io.BytesIO()
        damaged(picture, level, chance).save(out, "PNG")
        try:
            found = [code.text for code in scan.read_codes(out.getvalue())]
        except InvalidInputError:
            continue
        assert found == [scanned]
        read += 1
    print(f"{symbol} level {level}: {read} of {LABELS}")  # noqa: T201 - shown with pytest -s, for the documents
    assert read >= READ[symbol][level]
