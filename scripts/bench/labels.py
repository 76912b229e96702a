"""Rates of signed labels: signing a million, checking one, and the dearest search for a misread."""

from __future__ import annotations

import time
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from eth_account import Account

from bench.figures import Figure, figure
from ledger.chain.signers import P256Signer
from ledger.core.gs1 import canonical
from ledger.core.keccak import keccak256
from ledger.core.label_repair import find
from ledger.core.label_signature import (
    ALPHABET,
    LAST_CHARACTERS,
    SIGNATURE_CHARACTERS,
    Label,
    signed_elements,
    verify_label,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MILLION: Final = 1_000_000
PROCESSES: Final = 2
MOST_REPAIR_MS: Final = 500
_TEST_KEY: Final = 0x1234  # known to everyone
_PHONE: Final = P256Signer("test", derive_private_key(_TEST_KEY, SECP256R1()))
_GTIN: Final = "05413868000016"


def measure(rounds: int, seconds: float) -> list[Figure]:
    """Repeat each in each round, baseline and subject in turn.

    Args:
        rounds: How often.
        seconds: How long each sample lasts, about; what a million take is reckoned from it.
    """
    sample = max(100, int(seconds * 10_000))
    with get_context("spawn").Pool(PROCESSES) as pool:
        pool.map(_sign, [(0, 10)] * PROCESSES)  # started, and their modules loaded
        half = sample // PROCESSES
        halves = [(begin, half) for begin in range(0, half * PROCESSES, half)]
        alone, together, theirs = [], [], []
        for _ in range(rounds):
            theirs.append(_rate(_sign_ethereum, max(50, sample // 20)))
            alone.append(_rate(lambda count: _sign((0, count)), sample))
            together.append(_rate(lambda count: pool.map(_sign, halves) and count, half * PROCESSES))
    name = f"sign labels, {PROCESSES} processes"
    million = f"sign a million labels, from a sample of {sample:,}"
    return [
        figure("sign labels, 1 process", alone, "a second", against="eth-account", baselines=theirs),
        figure(name, together, "a second", against="1 process", baselines=alone),
        figure(f"{million}, {PROCESSES} processes", [MILLION / rate for rate in together], "s", lower_is_better=True),
        *_checking(rounds, max(50, sample // 10)),
    ]


def _checking(rounds: int, sample: int) -> list[Figure]:
    good, forged = _label("S1"), _worst()
    ours, theirs, dearest, naive = [], [], [], []
    for _ in range(rounds):
        theirs.append(_rate(_recover_ethereum, max(20, sample // 10)))
        ours.append(_rate(lambda count: [verify_label(_PHONE.signer, good) for _ in range(count)], sample))
        naive.append(_milliseconds(lambda: _searched_naively(forged)))
        dearest.append(_milliseconds(lambda: find(forged, [_PHONE.signer])))
    return [
        figure("check a label's signature", ours, "a second", against="eth-account", baselines=theirs),
        figure(
            "dearest search for a misread",
            dearest,
            "ms",
            against="a verification a candidate",
            baselines=naive,
            goal=MOST_REPAIR_MS,
            lower_is_better=True,
        ),
    ]


def _rate(work: Callable[[int], object], count: int) -> float:
    begun = time.perf_counter()
    work(count)
    return count / (time.perf_counter() - begun)


def _milliseconds(work: Callable[[], object]) -> float:
    """Of one core: what else runs on the machine does not count."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


def _sign(part: tuple[int, int]) -> int:
    begin, count = part
    for number in range(begin, begin + count):
        elements = [("01", _GTIN), ("10", "AB12"), ("17", "270331"), ("21", f"{number:012d}")]
        signed_elements(elements, _PHONE.sign_label, _PHONE.key_id)
    return count


def _sign_ethereum(count: int) -> None:
    for number in range(count):
        elements = [("01", _GTIN), ("10", "AB12"), ("17", "270331"), ("21", f"{number:012d}")]
        Account.unsafe_sign_hash(keccak256(canonical(elements).encode()), _TEST_KEY.to_bytes(32, "big"))


def _recover_ethereum(count: int) -> None:
    digest = keccak256(b"label")
    signed = Account.unsafe_sign_hash(digest, _TEST_KEY.to_bytes(32, "big"))
    for _ in range(count):
        Account._recover_hash(digest, signature=signed.signature)  # noqa: SLF001 - its public form hashes typed data


def _label(serial: str, lot: str = "AB12") -> Label:
    elements = signed_elements(
        [("01", _GTIN), ("10", lot), ("17", "270331"), ("21", serial)], _PHONE.sign_label, _PHONE.key_id
    )
    return Label(tuple(elements), elements[-2][1], elements[-1][1])


def _worst() -> Label:
    """The longest lot and serial number, with a signature over something else."""
    other = _label("SOMETHING-ELSE")
    return _label("SERIAL-OF-TWENTY-CHA", "A-LOT-OF-TWENTY-CHAR")._replace(signature=other.signature)


def _searched_naively(label: Label) -> None:
    """Verify every change of one character of AI 92, then search the rest as `find` does."""
    text = label.signature
    for at, read in enumerate(text):
        for character in LAST_CHARACTERS if at == SIGNATURE_CHARACTERS - 1 else ALPHABET:
            if character != read:
                verify_label(_PHONE.signer, label._replace(signature=text[:at] + character + text[at + 1 :]))
    find(label, [_PHONE.signer])
