"""Rates of keeping logs of unit events: taking statements in, and proving what a log holds."""

from __future__ import annotations

import time
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Final

from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from bench.figures import Figure, figure
from bench.trade import DOMAIN, NOTHING
from ledger.chain.signers import AddressSigner, P256Signer
from ledger.core import facts
from ledger.core.log_tree import roots_of, verify_inclusion
from ledger.core.parts import batch_id
from ledger.core.structs import UnitStatement
from ledger.core.unit import UnitKind
from ledger.core.unit_submission import UnitSubmission
from ledger.core.vocabulary import ProductClass, Purpose, Role
from ledger.log import record
from ledger.store import indexing
from ledger.store.database import open_database
from ledger.store.unit_log import UnitLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.chain.signers import Signer
    from ledger.store.database import Database

_TEST_KEY: Final = 0x1234  # known to everyone
_PHARMACY: Final = 4
_GTIN: Final = 5_413_868_000_016
_NOW: Final = 1_790_000_000
_CHUNK: Final = 200  # statements signed before the clock starts


def measure(folder: Path, rounds: int, seconds: float) -> list[Figure]:
    """Log scans one after another, durably each, then prove some of them; baseline and subject in turn.

    Args:
        folder: For the database.
        rounds: How often.
        seconds: How long each lasts.
    """
    ethereum = AddressSigner("test", PrivateKey(_TEST_KEY.to_bytes(32, "big")))
    phone = P256Signer("test", derive_private_key(_TEST_KEY, SECP256R1()))
    database = open_database(f"sqlite:///{folder}/units.db")
    try:
        _admit(database, ethereum, phone)
        serials, rows = count(), count()
        rates: dict[str, list[float]] = {"secp256k1": [], "P-256": [], "insert": [], "proof": [], "rebuilt": []}
        for _ in range(rounds):
            rates["insert"].append(_rate(lambda: _insert(database, next(rows)), seconds))
            for name, signer in (("secp256k1", ethereum), ("P-256", phone)):
                rates[name].append(_logged(database, signer, serials, seconds))
            rates["rebuilt"].append(_rate(lambda: _rebuilt(database), seconds))
            rates["proof"].append(_rate(lambda: _proved(database), seconds))
        size = UnitLog(database).size(_PHARMACY)
    finally:
        database.close()
    alone = {"against": "one durable insert of as many bytes", "baselines": rates["insert"]}
    naive = {"against": "the tree made anew from stored hashes", "baselines": rates["rebuilt"]}
    return [
        figure("unit events checked and logged, each durably, secp256k1", rates["secp256k1"], "a second", **alone),
        figure("unit events checked and logged, each durably, P-256", rates["P-256"], "a second", **alone),
        figure(f"head and proof in a log of {size:,} unit events", rates["proof"], "a second", **naive),
    ]


def _rate(work: Callable[[], object], seconds: float) -> float:
    begun, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - begun) < seconds:
        work()
        done += 1
    return done / spent


def _logged(database: Database, signer: Signer, serials: count[int], seconds: float) -> float:
    """Log for as long as that, without counting the time in which the statements are signed."""
    spent, done = 0.0, 0
    while spent < seconds:
        signed = [_signed(signer, next(serials)) for _ in range(_CHUNK)]
        begun = time.perf_counter()
        for submission in signed:
            record(database, None, submission, clock=lambda: _NOW)
        spent += time.perf_counter() - begun
        done += _CHUNK
    return done / spent


def _signed(signer: Signer, number: int) -> UnitSubmission:
    statement = UnitStatement(
        _PHARMACY, UnitKind.DISPENSE, _GTIN, "AB12", f"S{number:012d}", _NOW, b"SGSIN", NOTHING, NOTHING
    )
    return UnitSubmission(statement, signer.signer, signer.sign(statement.digest(DOMAIN)))


def _insert(database: Database, number: int) -> None:
    """Write a row of an event's size to a table with one key."""
    with database.transaction() as connection:
        values = (number.to_bytes(32, "big"), bytes(300))
        connection.execute("INSERT INTO documents (details, document) VALUES (?, ?)", values)


def _proved(database: Database) -> None:
    log = UnitLog(database)
    size = log.size(_PHARMACY)
    proof, head = log.inclusion(_PHARMACY, size // 3, size), log.root(_PHARMACY, size)
    if not verify_inclusion(log.leaves(_PHARMACY, size // 3, 1)[0], size // 3, size, proof, head):
        raise RuntimeError(size)


def _rebuilt(database: Database) -> None:
    log = UnitLog(database)
    size = log.size(_PHARMACY)
    roots_of(log.leaves(_PHARMACY, 0, size), [size])


def _admit(database: Database, *signers: Signer) -> None:
    """Let the ledger know a pharmacy with these keys, and a batch."""
    database.bind(DOMAIN.chain_id, DOMAIN.ledger, NOTHING)
    places = (facts.Recorded(1, number, _NOW, NOTHING) for number in count())
    change = facts.OrganisationChange(_PHARMACY, 1, "Pharmacy", "SG", "", Role.PHARMACY, (), NOTHING, next(places))
    keys = [
        facts.KeyAddition(signer.key_id, _PHARMACY, signer.signer, Purpose.EVENTS, 0, 0, signer.key_id, next(places))
        for signer in signers
    ]
    batch = facts.Registration(
        digest=batch_id(_GTIN, "digest"),
        batch=batch_id(_GTIN, "AB12"),
        manufacturer=2,
        gtin=f"{_GTIN:014d}",
        lot="AB12",
        product_class=ProductClass.VACCINE,
        quantity=1_000_000,
        manufactured=None,
        expiry=date(2027, 3, 31),
        unit_root=NOTHING,
        details=NOTHING,
        key=NOTHING,
        recorded=next(places),
    )
    indexing.append(database, [facts.IndexedBlock(1, b"\1" * 32, NOTHING, _NOW, (change, *keys, batch))])
