"""What the makers of QR codes and DataMatrix symbols have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ledger.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Modules = NDArray[np.uint8]  # (symbols, rows, bytes of a row): 1 is dark, the first module the highest bit


class Symbols(Protocol):
    """Makes symbols of one size."""

    quiet: int  # modules that stay empty around it
    size: int  # modules of a side
    name: str  # for people

    def encode(self, texts: Sequence[str]) -> Modules:
        """The symbols of texts, without quiet zone."""


class TooLongForSymbolError(InvalidInputError):
    """A text does not fit the size of symbol, or any."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"A text of {len(text):,} characters does not fit the symbol.",
            advice="Shorten the host or the serial numbers.",
            field="code",
        )
        self.text = text


def packed(modules: NDArray[np.uint8]) -> Modules:
    """Eight modules a byte, each row padded to whole bytes."""
    return np.packbits(modules, axis=-1)


def unpacked(symbol: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """One symbol's modules, 0 or 1 each."""
    return np.unpackbits(symbol, axis=-1)[..., :size]
