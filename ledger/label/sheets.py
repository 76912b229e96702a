"""Print a run of labels into a PDF: symbols by the batch, pages streamed to the disk, every n-th label read back."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from ledger.durable import writing
from ledger.label import content, gate
from ledger.label.layout import X_DIMENSIONS, grade, lay_out
from ledger.label.page import PageWriter, read_label
from ledger.label.pdf import Pdf
from ledger.label.stock import POINT
from ledger.label.symbol import TooLongForSymbolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.label.content import Elements, Wording
    from ledger.label.layout import LayoutWarning
    from ledger.label.run import Run
    from ledger.label.symbol import Symbols

BATCH: Final = 2_000  # labels made at once, rounded down to whole pages: more gains nothing


class Printed(NamedTuple):
    """What a run made."""

    labels: int
    pages: int
    checked: int  # labels read back
    modules: int  # of a symbol's side
    module: float  # its side, mm
    warnings: list[LayoutWarning]


def print_sheets(run: Run, output: Path, progress: Callable[[int], object]) -> Printed:
    """Print a run into a PDF, which is there when all of it is right, and not at all otherwise.

    Args:
        run: What is to be printed.
        output: The PDF to write.
        progress: Told how many labels are done.

    Raises:
        InvalidInputError: The labels do not fit the stock, or the file cannot be written.
        ContradictionError: A label that was read back says something else than it should.
    """
    sample = run.longest()
    wording = run.wording(sample[0])
    longest = [wording.text(elements) for elements in sample]
    while True:
        symbols = run.symbols(longest)
        try:
            with writing(output) as file:
                return _Press(run, symbols, wording, sample[0]).print(file, progress)
        except TooLongForSymbolError as error:  # escapes made it longer than that of the longest serial number
            longest = [error.text]


class _Press:
    """Prints one run with symbols of one size."""

    def __init__(self, run: Run, symbols: Symbols, wording: Wording, longest: Elements) -> None:
        wanted = X_DIMENSIONS[run.symbol]
        lines = content.human_readable(longest)
        self._run, self._symbols, self._wording = run, symbols, wording
        self._layout = lay_out(run.stock, symbols, lines, wanted, run.dpi)
        self._warnings = grade(self._layout, symbols, wanted, len(wording.text(longest)))
        self._same = content.human_readable(run.elements)
        self._writer = PageWriter(self._layout, self._same)
        self._checked = 0

    def print(self, file: BinaryIO, progress: Callable[[int], object]) -> Printed:
        run, per_page = self._run, self._run.stock.per_page
        width, height = run.stock.page
        pdf = Pdf(file, (width / POINT, height / POINT), _title(run))
        for first, labels, symbols in self._batches():
            for start in range(0, len(labels), per_page):
                page = slice(start, start + per_page)
                self._page(pdf, first + start, labels[page], symbols[page])
            progress(first + len(labels))
        pdf.finish()
        module = self._layout.module
        return Printed(len(run), pdf.pages, self._checked, self._symbols.size, module, self._warnings)

    def _batches(self) -> Iterator[tuple[int, list[Elements], list[str]]]:
        """The number of the first label, and what labels say with their symbols in hexadecimal, by the batch."""
        run = self._run
        size = BATCH // run.stock.per_page * run.stock.per_page
        for first in range(0, len(run), size):
            labels = [run.label(number) for number in range(first, min(first + size, len(run)))]
            made = self._symbols.encode([self._wording.text(elements) for elements in labels])
            digits = made.tobytes().hex()
            each = made[0].size * 2
            yield first, labels, [digits[at : at + each] for at in range(0, len(digits), each)]

    def _page(self, pdf: Pdf, first: int, labels: list[Elements], symbols: list[str]) -> None:
        own = [content.human_readable(elements)[len(self._same) :] for elements in labels]
        written = pdf.add(self._writer.content(symbols, own))
        for at in (at for at in range(len(labels)) if self._run.is_checked(first + at)):
            gate.check_label(
                self._run.name(first + at, labels[at]),
                read_label(zlib.decompress(written), at),
                self._layout,
                self._run.scanned(labels[at]),
                content.human_readable(labels[at]),
            )
            self._checked += 1


def _title(run: Run) -> str:
    return " ".join(["Labels", *content.human_readable(run.elements)])
