"""GS1 DataMatrix symbols of one size, made one by one by `zxing-cpp`.

ISO/IEC 16022; GS1 General Specifications, section 5.6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import zxingcpp

from ledger.label.symbol import TooLongForSymbolError, packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ledger.label.symbol import Modules

QUIET: Final = 1  # module, ISO/IEC 16022, section 5.2
# Square sizes in modules; their place in the list, from 1, is what the encoder calls a version.
SIZES: Final = (10, 12, 14, 16, 18, 20, 22, 24, 26, 32, 36, 40, 44, 48, 52, 64, 72, 80, 88, 96, 104, 120, 132, 144)


class DataMatrices:
    """Makes GS1 DataMatrix symbols (FNC1 first) of the size that the longest texts need.

    Args:
        longest: The longest bracketed texts expected.

    Raises:
        TooLongForSymbolError: No size holds them.
    """

    quiet = QUIET
    name = "GS1 DataMatrix"

    def __init__(self, longest: Sequence[str]) -> None:
        self.size = max(len(datamatrix_modules(text)) for text in longest)

    def encode(self, texts: Sequence[str]) -> Modules:
        """The symbols of bracketed texts, without quiet zone.

        Raises:
            TooLongForSymbolError: A text needs a larger size.
        """
        version = SIZES.index(self.size) + 1
        return packed(np.array([datamatrix_modules(text, version=version) for text in texts]))


def datamatrix_modules(text: str, **options: int) -> NDArray[np.uint8]:
    """One square symbol of a bracketed text, 1 where it is dark.

    Args:
        text: Bracketed text.
        **options: `version` for one size; without it, the smallest that holds the text.

    Raises:
        TooLongForSymbolError: The text does not fit.
    """
    try:
        symbol = zxingcpp.create_barcode(
            text, zxingcpp.BarcodeFormat.DataMatrix, gs1=True, force_square=True, **options
        )
    except ValueError as error:
        raise TooLongForSymbolError(text) from error
    image: NDArray[np.uint8] = np.asarray(symbol.to_image(scale=1, add_quiet_zones=False))
    return np.where(image == 0, np.uint8(1), np.uint8(0))
