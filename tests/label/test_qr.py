"""Batches of QR codes are module for module what `qrcode` makes, and hold what they were given."""

from __future__ import annotations

import numpy as np
import pytest
import qrcode.util
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData

from ledger.core.errors import ConfigurationError
from ledger.label.qr import QrCodes, capacity
from ledger.label.symbol import TooLongForSymbolError, unpacked

ASCII = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
VERSIONS = (*range(1, 15), 20, 21, 27, 35, 40)  # one-byte and two-byte counts, each kind of blocks and rows


def modules(codes: QrCodes, *texts: str) -> list[list[list[int]]]:
    return [unpacked(symbol, codes.size).tolist() for symbol in codes.encode(texts)]


def by_the_library(codes: QrCodes, text: str) -> list[list[int]]:
    code = QRCode(version=codes.version, error_correction=ERROR_CORRECT_M, border=0, mask_pattern=codes._mask)
    code.add_data(QRData(text, mode=MODE_8BIT_BYTE), optimize=0)
    code.make(fit=False)
    return [[int(bool(cell)) for cell in row] for row in code.get_matrix()]


@pytest.mark.parametrize("version", VERSIONS)
def test_symbols_of_a_version_are_those_of_the_library(version: int) -> None:
    full = "".join(chr(33 + (at * 7 + version) % 94) for at in range(capacity(version)))
    texts = [full, full[:-1], full[: len(full) // 2], "x"]
    codes = QrCodes(texts)
    assert codes.version == version
    assert modules(codes, *texts) == [by_the_library(codes, text) for text in texts]


@given(st.lists(ASCII.map(lambda text: text[:180]), min_size=1, max_size=6))
@settings(max_examples=30)
def test_texts_of_any_length_in_one_batch_are_encoded_as_by_the_library(texts: list[str]) -> None:
    codes = QrCodes([max(texts, key=len)])
    assert modules(codes, *texts) == [by_the_library(codes, text) for text in texts]


def test_the_smallest_version_is_taken() -> None:
    assert [QrCodes(["x" * capacity(v)]).version for v in (3, 9, 10)] == [3, 9, 10]
    assert QrCodes(["x" * (capacity(9) + 1)]).version == 10


def test_a_batch_is_read_by_a_scanner() -> None:
    texts = [f"https://id.example.org/01/00359267102522/21/{number:020d}" for number in range(20)]
    codes = QrCodes(texts[:1])
    for symbol, text in zip(codes.encode(texts), texts, strict=True):
        picture = np.pad(np.where(unpacked(symbol, codes.size) == 1, 0, 255).astype(np.uint8), 4, constant_values=255)
        (found,) = zxingcpp.read_barcodes(picture.repeat(3, axis=0).repeat(3, axis=1))
        assert found.text == text


def test_a_text_longer_than_the_version_is_refused_and_handed_back() -> None:
    codes = QrCodes(["x" * 20])
    with pytest.raises(TooLongForSymbolError) as refused:
        codes.encode(["x", "y" * (capacity(codes.version) + 1)])
    assert refused.value.text == "y" * (capacity(codes.version) + 1)


def test_a_text_longer_than_any_version_is_refused() -> None:
    QrCodes(["x" * 2_331])  # ISO/IEC 18004, table 7: version 40, level M, byte mode
    with pytest.raises(TooLongForSymbolError):
        QrCodes(["x" * 2_332])


def test_another_library_that_makes_other_symbols_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = qrcode.util.create_data

    def wrong(*given: object) -> list[int]:
        codewords = right(*given)
        return [codewords[0] ^ 1, *codewords[1:]]

    monkeypatch.setattr(qrcode.util, "create_data", wrong)
    with pytest.raises(ConfigurationError, match="qrcode"):
        QrCodes(["https://id.example.org/01/00359267102522"])
