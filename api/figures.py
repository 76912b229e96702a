"""What Prometheus reads of the installation as a whole: from the database and the disk, whichever process works on it.

NaN stands for what is not known, such as the age of a backup that was never made: no alert takes it for a number.
"""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from ledger.chain.refusals import UNKNOWN, error_name
from ledger.core.errors import UnavailableError
from ledger.store import notes
from ledger.store.journal import Journal
from ledger.store.notes import Notes
from ledger.store.outbox import Outbox
from ledger.store.read_model import ReadModel
from ledger.store.reports import Reports
from ledger.store.schema import REVISION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client.core import Metric

    from ledger.config import Settings
    from ledger.store.database import Database

UNSEEN: Final = float("nan")
PARTS: Final = (notes.INDEXER, notes.RELAYER)
STATES: Final = ("pending", "sent", "recorded", "final", "refused")
WAITING: Final = STATES[:3]  # in which a statement waits for something


class Figures:
    """Gauges told whenever Prometheus asks.

    Args:
        db: The installation's database.
        settings: Where its files are.
        clock: Unix seconds.
    """

    def __init__(self, db: Database, settings: Settings, clock: Callable[[], float]) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self._read_model, self._outbox, self._journal = ReadModel(db), Outbox(db), Journal(db)

    def collect(self) -> Iterator[Metric]:
        """Every gauge; those of the database are missing while it does not answer (`lotproof_database_up` is 0)."""
        yield _gauge(
            "lotproof_build_info",
            "This program.",
            {(version("lotproof"), platform.python_version(), REVISION): 1.0},
            "version",
            "python",
            "schema",
        )
        free = shutil.disk_usage(self._settings.data_dir).free if self._settings.data_dir.exists() else UNSEEN
        yield GaugeMetricFamily("lotproof_disk_free_bytes", "Room on the disk of the data directory.", free)
        try:
            with self._db.snapshot():
                told = [*self._chain(), *self._statements(), *self._transactions(), *self._installation()]
        except UnavailableError:
            told = []
        yield GaugeMetricFamily("lotproof_database_up", "Whether the database answers.", float(bool(told)))
        yield from told

    def _chain(self) -> Iterator[Metric]:
        as_of, now = self._read_model.as_of(), self._clock()
        blocks = {("indexed",): as_of.block, ("head",): as_of.head_block, ("finalized",): as_of.finalized_block}
        yield _gauge("lotproof_block", "Number of a block.", blocks, "which")
        lag = max(as_of.head_block - as_of.block, 0)
        yield GaugeMetricFamily("lotproof_index_lag_blocks", "Blocks of the chain that are not indexed yet.", lag)
        age = now - as_of.time if as_of.block >= 0 else UNSEEN
        yield GaugeMetricFamily("lotproof_block_age_seconds", "Since the newest indexed block was made.", age)
        behind = age if lag else 0.0
        yield GaugeMetricFamily("lotproof_index_lag_seconds", "The same while blocks are not indexed, else 0.", behind)
        unfinal = as_of.head_block - as_of.finalized_block if as_of.finalized_block >= 0 else UNSEEN
        yield GaugeMetricFamily("lotproof_finality_lag_blocks", "Blocks of the chain that are not final yet.", unfinal)
        silence = now - as_of.heard_at if as_of.heard_at else UNSEEN
        yield GaugeMetricFamily("lotproof_chain_silence_seconds", "Since the chain was last heard from.", silence)

    def _statements(self) -> Iterator[Metric]:
        queues = self._outbox.queues()
        yield _gauge(
            "lotproof_statements",
            "Statements accepted here, by state.",
            {(state,): queues[state].number if state in queues else 0 for state in STATES},
            "state",
        )
        ages = {(state,): self._clock() - queues[state].since if state in queues else 0.0 for state in WAITING}
        yield _gauge(
            "lotproof_oldest_statement_seconds", "Age of the oldest statement in a state; 0 if none is.", ages, "state"
        )
        reasons: dict[tuple[str, ...], float] = {}
        for selector, number in self._outbox.refused_by_error().items():
            name = (error_name(selector) if selector else UNKNOWN,)
            reasons[name] = reasons.get(name, 0.0) + number
        yield _gauge(
            "lotproof_statements_refused", "Accepted statements that the ledger refused, by reason.", reasons, "reason"
        )

    def _transactions(self) -> Iterator[Metric]:
        journal, known, now = self._journal.figures(), Notes(self._db).everything(), self._clock()
        yield GaugeMetricFamily(
            "lotproof_transactions_unfinished", "Transactions that are not final.", journal.unfinished
        )
        age = now - journal.since if journal.unfinished else 0.0
        yield GaugeMetricFamily(
            "lotproof_oldest_transaction_seconds", "Age of the oldest of them; 0 if there is none.", age
        )
        yield CounterMetricFamily(
            "lotproof_fee_bumps", "Transactions replaced by one with a higher fee.", value=journal.replaced
        )
        balance = float(known[notes.BALANCE].value) if notes.BALANCE in known else UNSEEN
        yield GaugeMetricFamily("lotproof_relayer_balance_wei", "Money of the relayer's account.", balance)
        left = balance // journal.last_cost if journal.last_cost else UNSEEN
        yield GaugeMetricFamily(
            "lotproof_relayer_transactions_left",
            "At least so many transactions that money pays, at the newest one's limit and fee.",
            left,
        )
        yield CounterMetricFamily(
            "lotproof_reorgs", "Reorganisations of the chain that were followed.", value=_number(known, notes.REORGS)
        )
        yield GaugeMetricFamily(
            "lotproof_deepest_reorg_blocks", "Most blocks that one of them undid.", _number(known, notes.DEEPEST_REORG)
        )
        seen = {(part,): now - known[part].noted_at if part in known else UNSEEN for part in PARTS}
        yield _gauge(
            "lotproof_part_silence_seconds", "Since the leading process of a part gave a sign of life.", seen, "part"
        )
        backup = now - known[notes.BACKUP].noted_at if notes.BACKUP in known else UNSEEN
        yield GaugeMetricFamily("lotproof_backup_age_seconds", "Since the newest backup was made.", backup)

    def _installation(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "lotproof_database_bytes", "Size of the database.", database_bytes(self._db, self._settings)
        )
        yield GaugeMetricFamily("lotproof_reports_unread", "Reports that nobody has read.", Reports(self._db).unread())


def database_bytes(db: Database, settings: Settings) -> int:
    """How much room the database takes."""
    path = settings.database_path
    if path is not None:
        files = (path, path.with_name(f"{path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())
    with db.snapshot() as connection:
        return int(connection.execute("SELECT pg_database_size(current_database())").fetchone()[0])


def _number(known: dict[str, notes.Note], name: str) -> float:
    return float(known[name].value) if name in known else 0.0


def _gauge(name: str, about: str, values: Mapping[Any, float], *labels: str) -> GaugeMetricFamily:
    """A gauge with labels; `values` by a tuple of their values."""
    family = GaugeMetricFamily(name, about, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
