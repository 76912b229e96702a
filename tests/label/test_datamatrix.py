"""GS1 DataMatrix symbols of a run have one size and say what they were given, FNC1 included."""

from __future__ import annotations

import numpy as np
import pytest
import zxingcpp

from ledger.label.content import bracketed_wording, in_symbol_order, scanned_string
from ledger.label.datamatrix import SIZES, DataMatrices, datamatrix_modules
from ledger.label.symbol import TooLongForSymbolError, unpacked
from tests.label.runs import BATCH, serials, signed

LABELS = [in_symbol_order(signed([*BATCH, ("21", serial)])) for serial in [*serials(5), "A(1)/%", "z"]]
TEXTS = [bracketed_wording(LABELS[0]).text(label) for label in LABELS]


def test_symbols_are_read_as_gs1_datamatrix() -> None:
    symbols = DataMatrices(TEXTS)
    for symbol, label in zip(symbols.encode(TEXTS), LABELS, strict=True):
        dark = np.pad(unpacked(symbol, symbols.size), symbols.quiet)
        picture = np.where(dark == 1, 0, 255).astype(np.uint8).repeat(3, axis=0).repeat(3, axis=1)
        (found,) = zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)
        assert found.symbology_identifier + found.text == scanned_string(label)


def test_all_symbols_of_a_run_have_the_size_of_the_longest() -> None:
    symbols = DataMatrices(["(01)00359267102522", TEXTS[0]])
    assert symbols.size == len(datamatrix_modules(TEXTS[0])) > len(datamatrix_modules("(01)00359267102522"))
    assert symbols.encode(["(01)00359267102522"]).shape == (1, symbols.size, -(-symbols.size // 8))


@pytest.mark.parametrize("size", SIZES[3:])
def test_each_size_is_what_the_encoder_takes_it_for(size: int) -> None:
    assert datamatrix_modules("(01)00359267102522", version=SIZES.index(size) + 1).shape == (size, size)


def test_a_text_too_long_for_the_size_is_refused_and_handed_back() -> None:
    with pytest.raises(TooLongForSymbolError) as refused:
        DataMatrices(["(01)00359267102522"]).encode([TEXTS[0]])
    assert refused.value.text == TEXTS[0]


def test_a_text_too_long_for_any_size_is_refused() -> None:
    with pytest.raises(TooLongForSymbolError):
        DataMatrices(["(01)00359267102522" + "".join(f"(9{n % 10})" + "aB-" * 30 for n in range(1, 25))])
