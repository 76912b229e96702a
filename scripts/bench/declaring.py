"""Measure taking in and scoring customs declarations that name goods of a trade."""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING, Final

from bench.figures import Figure, figure
from bench.trade import details_of, document_of
from ledger.config import load_settings
from ledger.core.customs.declaration import REQUIRED
from ledger.declare import CustomsDesk
from ledger.store import indexing, schema
from ledger.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.goods import Lot
    from bench.indexing import Indexed
    from ledger.store.database import Database

RATE_GOAL: Final = 5_000.0
LINES: Final = 10_000  # of a file
LINES_A_BATCH: Final = 10  # deliveries come from the same few lots
CARTONS: Final = 2  # of a batch
COLUMNS: Final = (*REQUIRED, "gtin", "lot", "sscc", "tariff_quantity")


def measure(indexed: Indexed, rounds: int, progress: Callable[[str], None]) -> list[Figure]:
    """Take a file in, and score its lines with and without what the desk knows already, in every round.

    Args:
        indexed: The trade whose goods are declared.
        rounds: How often.
        progress: Is told what is done.
    """
    settings = load_settings({}, data_dir=indexed.data_dir)
    lots = indexed.trade.lots()[: LINES // LINES_A_BATCH]
    taken, first, again = [], [], []
    database = open_database(settings.database_url)
    try:
        newest, now = indexed.trade.length - 1, int(time.time())
        indexing.set_status(database, head_block=newest, finalized_block=newest, heard_at=now)
        _give_documents(database, lots)
        file = _file(lots)
        for number in range(rounds):
            with database.transaction() as connection:
                connection.execute("DELETE FROM declaration_keys")
                connection.execute("DELETE FROM declaration_lines")
            desk = CustomsDesk(database, settings)
            begun = time.perf_counter()
            done = desk.take(file, as_json=False, now=now)
            taken.append(done.added / (time.perf_counter() - begun))
            if done.added != LINES_A_BATCH * len(lots) or done.faults:
                raise RuntimeError(done)
            again.append(_scored(desk, now))
            first.append(_scored(CustomsDesk(database, settings), now))
            said = f"{taken[-1]:,.0f} taken in, {first[-1]:,.0f} scored, {again[-1]:,.0f} scored again"
            progress(f"round {number + 1}: lines a second: {said}")
    finally:
        database.close()
    about = f"{LINES_A_BATCH * len(lots):,} declaration lines about {len(lots):,} batches"
    return [
        figure(f"{about}, scored", again, "lines/s", goal=RATE_GOAL),
        figure("the same by a desk that has just started", first, "lines/s"),
        figure("the same, read from a file, kept and scored", taken, "lines/s"),
    ]


def _give_documents(database: Database, lots: list[Lot]) -> None:
    """Keep what names each product, as it comes with every registration that a server relays."""
    with database.transaction() as connection:
        connection.insert(schema.documents, [(details_of(lot), document_of(lot)) for lot in lots])


def _scored(desk: CustomsDesk, now: int) -> float:
    begun = time.perf_counter()
    desk.score_again(now=now)
    return desk.count() / (time.perf_counter() - begun)


def _file(lots: list[Lot]) -> bytes:
    """A declaration file: of each batch both cartons, each cleared in five parts."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for part in range(LINES_A_BATCH):
        for at, lot in enumerate(lots):
            writer.writerow(_row(lot, part % CARTONS, f"{part}-{at}"))
    return file.getvalue().encode()


def _row(lot: Lot, carton: int, name: str) -> tuple[object, ...]:
    values = {
        "declaration_id": name,
        "acceptance_date_time": "2026-06-02",
        "declaration_office_id": "SGSIN",
        "sequence_numeric": 1,
        "classification_id": "300241",
        "origin_country_code": "BE",
        "loading_location_id": "BEANR",
        "unloading_location_id": "SGSIN",
        "gross_mass_measure": 12.5,
        "net_net_weight_measure": 10,
        "customs_value_amount": 900,
        "currency_id": "USD",
        "importer_id": "SG-1",
        "exporter_id": "BE-1",
        "gtin": lot.gtin,
        "lot": lot.lot,
        "sscc": lot.sscc(carton),
        "tariff_quantity": 20,
    }
    return tuple(values[column] for column in COLUMNS)
