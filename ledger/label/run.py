"""A run of labels: what they say, what they are printed on, and what a scanner must send of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.core.gs1 import bracketed
from ledger.label import content
from ledger.label.datamatrix import DataMatrices
from ledger.label.qr import QrCodes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.label.content import Elements, Wording
    from ledger.label.stock import Stock
    from ledger.label.symbol import Symbols

CHECK_EVERY: Final = 100  # labels; one reading costs as much as making twenty
SAMPLE: Final = 20  # of the longest serial numbers, by which the symbol's size is chosen
DPI: Final = 300  # of common office and label printers
QR: Final = "qr"
DATAMATRIX: Final = "datamatrix"


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be printed.

    Args:
        elements: What all labels say.
        serials: The serial number of each label; none for a single label without.
        host: Of the Digital Links.
        stock: The labels.
        symbol: `qr` for a QR code with a Digital Link, `datamatrix` for a GS1 DataMatrix.
        dpi: Dots an inch of the printer.
        sign: Adds AI 91 and 92 to a label's elements; None for labels without a signature.
        check_every: Every n-th label is read back, and always the first and the last.
    """

    elements: Elements
    serials: Sequence[str]
    host: str
    stock: Stock
    symbol: str = QR
    dpi: int = DPI
    sign: Callable[[Elements], Elements] | None = None
    check_every: int = CHECK_EVERY

    def __len__(self) -> int:
        """Labels to print."""
        return max(len(self.serials), 1)

    def label(self, number: int) -> Elements:
        """What a label says, signed; numbers go from 0."""
        return self.with_serial(self.serials[number] if self.serials else "")

    def with_serial(self, serial: str) -> Elements:
        """What the label of a serial number ("" for none) says, signed."""
        elements = [*self.elements, ("21", serial)] if serial else self.elements
        return self.sign(elements) if self.sign else elements

    def longest(self) -> list[Elements]:
        """What the labels with the longest serial numbers say: by them the size of the symbols is chosen."""
        return [self.with_serial(serial) for serial in sorted(self.serials, key=len, reverse=True)[:SAMPLE] or [""]]

    def wording(self, sample: Elements) -> Wording:
        """Writes the text of each symbol; `sample` is what one of the labels says."""
        if self.symbol == QR:
            return content.link_wording(sample, self.host)
        return content.bracketed_wording(content.in_symbol_order(sample))

    def symbols(self, longest: Sequence[str]) -> Symbols:
        """Makes symbols large enough for the longest texts.

        Raises:
            TooLongForSymbolError: None are.
        """
        return QrCodes(longest) if self.symbol == QR else DataMatrices(longest)

    def code(self, elements: Elements) -> str:
        """What the symbol of a label holds, written for people: a link, or bracketed text."""
        if self.symbol == QR:
            return content.link(elements, self.host)
        return bracketed(content.in_symbol_order(elements))

    def scanned(self, elements: Elements) -> str:
        """What a scanner must send of a label, by the rules and without the shortcuts of a run."""
        if self.symbol == QR:
            return content.scanned_link(elements, self.host)
        return content.scanned_string(content.in_symbol_order(elements))

    def name(self, number: int, elements: Elements) -> str:
        """What to call a label in an error."""
        return f"{number + 1:,} of {len(self):,}, {' '.join(content.human_readable(elements))},"

    def is_checked(self, number: int) -> bool:
        """Whether a label is read back."""
        return number in {0, len(self) - 1} or (number + 1) % self.check_every == 0
