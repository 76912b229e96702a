"""QR codes of a whole run at once, module for module what `qrcode` makes with the same version, level and mask.

ISO/IEC 18004, section 7: data in byte mode, error correction, interleaving, placement, mask. With one version, level
and mask for the run, every module is a bit of the codewords, turned over or not, so a batch is encoded by a few array
operations. Where each bit goes is asked of `qrcode` itself, and the first symbols of a run are compared with its own.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np
from qrcode.base import rs_blocks
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import QRData

from ledger.core.errors import ConfigurationError
from ledger.label.symbol import TooLongForSymbolError, packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from qrcode.image.pil import PilImage
    from qrcode.image.pure import PyPNGImage

    from ledger.label.symbol import Modules

QUIET: Final = 4  # modules, ISO/IEC 18004, section 9.1
LARGEST_VERSION: Final = 40
TWO_BYTE_COUNT: Final = 10  # from this version on, the number of characters takes two bytes
BYTE_MODE: Final = 0b0100
PAD: Final = (0xEC, 0x11)
FIELD: Final = 0x11D  # the polynomial of GF(256), section 7.5.2
COMPARED: Final = 3  # symbols of a run that are also made by `qrcode`


class QrCodes:
    """Makes QR codes of one version and mask, error correction level M.

    Args:
        longest: The longest texts expected; version and mask are chosen for them.

    Raises:
        TooLongForSymbolError: No version holds them.
        ConfigurationError: The installed `qrcode` makes other symbols.
    """

    quiet = QUIET
    name = "QR code"

    def __init__(self, longest: Sequence[str]) -> None:
        self.version = _version_for(max(longest, key=len))
        self._blocks = rs_blocks(self.version, ERROR_CORRECT_M)
        self._mask = _library(self.version, None, longest[0]).best_mask_pattern()
        self._order = _interleaving([block.data_count for block in self._blocks], self._parity_size)
        self._base, self._bit = self._placement()
        self.size = len(self._base)
        self._compare(longest[:COMPARED])

    def encode(self, texts: Sequence[str]) -> Modules:
        """The symbols of texts, without quiet zone.

        Args:
            texts: ASCII.

        Raises:
            TooLongForSymbolError: A text is longer than this version holds.
        """
        data = self._data([text.encode("ascii") for text in texts])
        bits = np.unpackbits(self._codewords(data), axis=1)
        bits = np.concatenate([bits, np.zeros((len(bits), 1), np.uint8)], axis=1)  # the last one: no data here
        modules = np.take(bits, self._bit.ravel(), axis=1).reshape(-1, self.size, self.size)
        return packed(modules ^ self._base)

    @property
    def _parity_size(self) -> int:
        return int(self._blocks[0].total_count - self._blocks[0].data_count)

    def _data(self, payloads: Sequence[bytes]) -> NDArray[np.uint8]:
        """Data codewords: mode (4 bits), number of bytes, the bytes, terminator (4 bits), padding."""
        size = sum(block.data_count for block in self._blocks)
        count_size = 1 if self.version < TWO_BYTE_COUNT else 2
        rows = [len(each).to_bytes(count_size, "big") + each for each in payloads]
        for row, payload in zip(rows, payloads, strict=True):
            if len(row) >= size:
                raise TooLongForSymbolError(payload.decode("ascii"))
        whole = np.frombuffer(b"".join(row.ljust(size, b"\0") for row in rows), np.uint8).reshape(-1, size)
        shifted = whole >> 4
        shifted[:, 1:] |= whole[:, :-1] << 4
        shifted[:, 0] |= BYTE_MODE << 4
        column = np.arange(size)
        after = column - np.array([len(row) + 1 for row in rows])[:, None]
        return np.where(after >= 0, np.where(after % 2 == 0, *PAD), shifted).astype(np.uint8)

    def _codewords(self, data: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Data and error correction codewords of all blocks, interleaved."""
        parities, start = [], 0
        for size, alike in groupby(block.data_count for block in self._blocks):
            stop = start + size * len(list(alike))
            parities.append(_parity(data[:, start:stop].reshape(-1, size), self._parity_size).reshape(len(data), -1))
            start = stop
        return np.take(np.concatenate([data, *parities], axis=1), self._order, axis=1)

    def _placement(self) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
        """The modules where every bit is 0, and for each module the bit it shows (past the last: none)."""
        total = len(self._order)
        base = self._modules(np.zeros(total * 8, np.uint8))
        numbers = np.arange(1, total * 8 + 1)
        found = np.zeros(base.shape, np.intp)
        for digit in range(int(numbers[-1]).bit_length()):
            shown = self._modules((numbers >> digit & 1).astype(np.uint8)) ^ base
            found |= shown.astype(np.intp) << digit
        return base, np.where(found == 0, total * 8, found - 1)

    def _modules(self, bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What `qrcode` makes of the bits of codewords."""
        code = _library(self.version, self._mask, "")
        code.data_cache = np.packbits(bits).tolist()
        code.makeImpl(False, self._mask)  # noqa: FBT003 - the library's own signature
        return np.array(code.modules, np.uint8)

    def _compare(self, texts: Sequence[str]) -> None:
        theirs = []
        for text in texts:
            code = _library(self.version, self._mask, text)
            code.makeImpl(False, self._mask)  # noqa: FBT003 - the library's own signature
            theirs.append(code.modules)
        if not np.array_equal(self.encode(texts), packed(np.array(theirs, np.uint8))):
            raise ConfigurationError(
                "The installed package qrcode makes other symbols than this version of Lotproof was made for.",
                advice="Run scripts/setup, which installs the locked packages.",
                field="qrcode",
            )


def capacity(version: int) -> int:
    """How many bytes a version holds at level M."""
    data = sum(block.data_count for block in rs_blocks(version, ERROR_CORRECT_M))
    return int(data) - (2 if version < TWO_BYTE_COUNT else 3)  # mode and terminator make one byte


def _version_for(text: str) -> int:
    for version in range(1, LARGEST_VERSION + 1):
        if len(text) <= capacity(version):
            return version
    raise TooLongForSymbolError(text)


def _library(version: int, mask: int | None, text: str) -> QRCode[PilImage | PyPNGImage]:
    code = QRCode(version=version, error_correction=ERROR_CORRECT_M, border=0, mask_pattern=mask)
    code.add_data(QRData(text.encode("ascii"), mode=BYTE_MODE), optimize=0)
    return code


def _interleaving(data_sizes: Sequence[int], parity_size: int) -> NDArray[np.intp]:
    """Where each codeword of the symbol is found in the data of all blocks followed by their parities."""
    starts = np.concatenate([[0], np.cumsum(data_sizes)])
    order = [starts[b] + i for i in range(max(data_sizes)) for b, size in enumerate(data_sizes) if i < size]
    order += [starts[-1] + b * parity_size + i for i in range(parity_size) for b in range(len(data_sizes))]
    return np.array(order, np.intp)


def _products() -> NDArray[np.uint8]:
    """The multiplication table of GF(256)."""
    powers = [1]
    while len(powers) < 255:  # noqa: PLR2004 - the order of the field's multiplicative group
        double = powers[-1] << 1
        powers.append(double ^ FIELD if double > 255 else double)  # noqa: PLR2004 - a byte
    logarithm = {value: exponent for exponent, value in enumerate(powers)}
    table = np.zeros((256, 256), np.uint8)
    for a in range(1, 256):
        table[a, 1:] = [powers[(logarithm[a] + logarithm[b]) % 255] for b in range(1, 256)]
    return table


_PRODUCTS: Final = _products()


def _generator(size: int) -> list[int]:
    """The coefficients of (x - 1)(x - 2)(x - 4)… after the leading 1, highest power first."""
    polynomial, root = [1], 1
    for _ in range(size):
        shifted = [*polynomial, 0]
        polynomial = [a ^ int(_PRODUCTS[b, root]) for a, b in zip(shifted, [0, *polynomial], strict=True)]
        root = int(_PRODUCTS[root, 2])
    return polynomial[1:]


def _parity(data: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Reed-Solomon codewords of each row: the remainder of its division by the generator."""
    multiples = _PRODUCTS[:, _generator(size)]
    register = np.zeros((len(data), size + 1), np.uint8)
    for column in data.T:
        factor = register[:, 0] ^ column
        register[:, :-1] = register[:, 1:]
        register[:, :-1] ^= multiples[factor]
    return register[:, :size]
