"""Rates of printing unit labels: whole runs into a PDF, and their symbols alone."""

from __future__ import annotations

import random
import time
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData

from bench.figures import Figure, figure
from ledger import label
from ledger.label.qr import QrCodes
from ledger.label.run import DATAMATRIX, QR, Run
from ledger.label.sheets import BATCH, print_sheets
from ledger.label.stock import STOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ledger.label.content import Elements

GOAL: Final = 5_000  # labels a second
OURS: Final = "labels into a PDF, signed {}, {} read back"
_HOST: Final = "id.example.org"
_BATCH: Final = [("01", "00359267102522"), ("10", "PB26K017"), ("17", "280531")]
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def measure(folder: Path, count: int, rounds: int, seconds: float, tell: Callable[[str], None]) -> list[Figure]:
    """Print runs, and in turn make labels as their baselines do.

    Args:
        folder: For the PDFs.
        count: Labels of a run.
        rounds: How often.
        seconds: How long each baseline lasts.
        tell: Told what is going on.
    """
    runs = {symbol: _run(count, symbol) for symbol in (QR, DATAMATRIX)}
    texts = [label.link(elements, _HOST) for elements in _labels(runs[QR], BATCH)]
    codes = QrCodes(texts[:1])
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for symbol, run in runs.items():
            tell(f"printing {count:,} labels, {symbol}")
            found.setdefault(symbol, []).append(_rate_of_run(run, folder / "labels.pdf"))
        tell("making symbols")
        found.setdefault("symbols", []).append(_rate_of_batches(codes, texts, seconds))
        found.setdefault("automatic", []).append(_rate(_automatic, texts, seconds))
        found.setdefault("fixed", []).append(_rate(lambda text: _fixed(codes, text), texts, seconds))
        found.setdefault("png", []).append(_rate(_png, _labels(runs[QR], BATCH), seconds))
    every = runs[QR].check_every
    checked = f"every {every}th"
    return [
        _figure(OURS.format("QR code", checked), found[QR], "qrcode, automatic mask", found["automatic"], goal=GOAL),
        _figure("the same", found[QR], "qrcode and Pillow, a PNG each", found["png"]),
        _figure(OURS.format("GS1 DataMatrix", checked), found[DATAMATRIX], "", []),
        _figure("QR symbols alone", found["symbols"], "qrcode, version and mask fixed", found["fixed"]),
    ]


def _figure(name: str, values: list[float], against: str, baselines: list[float], **goals: Any) -> Figure:  # noqa: ANN401 - goals as Figure names them
    return figure(name, values, "a second", against=against, baselines=baselines, **goals)


def _run(count: int, symbol: str) -> Run:
    """A run whose signatures were made before: as long and as random as real ones, and nobody's."""
    chance = random.Random(7)
    serials = ["".join(chance.choices(_LETTERS, k=13)) for _ in range(count)]
    made = {serial: urlsafe_b64encode(chance.randbytes(64)).decode().rstrip("=") for serial in serials}

    def sign(elements: Elements) -> Elements:
        return [*elements, ("91", "AbCd1234"), ("92", made[elements[-1][1]])]

    return Run(_BATCH, serials, _HOST, STOCK["a4-24"], symbol=symbol, sign=sign)


def _labels(run: Run, most: int) -> list[Elements]:
    return [run.label(number) for number in range(min(len(run), most))]


def _rate_of_run(run: Run, path: Path) -> float:
    begun = time.perf_counter()
    print_sheets(run, path, lambda _done: None)
    return len(run) / (time.perf_counter() - begun)


def _rate_of_batches(codes: QrCodes, texts: list[str], seconds: float) -> float:
    begun, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - begun) < seconds:
        codes.encode(texts)
        done += len(texts)
    return done / spent


def _rate(work: Callable[[Any], object], items: Iterable[Any], seconds: float) -> float:
    begun, done = time.perf_counter(), 0
    for item in items:
        work(item)
        done += 1
        if time.perf_counter() - begun > seconds:
            break
    return done / (time.perf_counter() - begun)


def _automatic(text: str) -> None:
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    code.get_matrix()


def _fixed(codes: QrCodes, text: str) -> None:
    code = QRCode(version=codes.version, error_correction=ERROR_CORRECT_M, border=4, mask_pattern=0)
    code.add_data(QRData(text, mode=MODE_8BIT_BYTE), optimize=0)
    code.make(fit=False)


def _png(elements: Elements) -> None:
    label.png(label.link(elements, _HOST), label.human_readable(elements))
