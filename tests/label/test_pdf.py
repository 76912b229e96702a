"""The PDF is one that a strict reader takes, and a file is there whole or not at all."""

from __future__ import annotations

import io

import pytest

from ledger.label.pdf import BRANCH, Pdf, escaped
from tests.label.pdf_reader import PdfFile


def written(pages: int) -> tuple[PdfFile, list[bytes]]:
    out = io.BytesIO()
    pdf = Pdf(out, (595.0, 842.0), "A (b) \\ c")
    contents = [b"%% page %d" % number for number in range(pages)]
    for content in contents:
        pdf.add(content)
    pdf.finish()
    return PdfFile(out.getvalue()), contents


@pytest.mark.parametrize("pages", [1, 2, BRANCH - 1, BRANCH, BRANCH + 1, 2 * BRANCH + 3])
def test_every_page_is_found_through_table_and_tree(pages: int) -> None:
    pdf, contents = written(pages)
    assert pdf.pages() == contents


def test_the_printer_is_told_not_to_scale() -> None:
    pdf, _ = written(1)
    assert b"/PrintScaling/None" in pdf.catalog
    assert b"/MediaBox[0 0 595.0000 842.0000]" in pdf.root
    assert b"/Title(A \\(b\\) \\\\ c)" in pdf.data


def test_what_stands_in_the_file_is_handed_back() -> None:
    out = io.BytesIO()
    stream = Pdf(out, (1.0, 1.0), "x").add(b"q Q")
    assert stream in out.getvalue()


def test_brackets_and_backslashes_are_escaped() -> None:
    assert escaped("(a\\b)") == "\\(a\\\\b\\)"
