"""Every table, in SQLAlchemy Core terms, so that one definition serves the migrations, the SQL and the tests.

Rebuildable tables hold what the chain's logs say: a row is written once, never changed, and goes with its block when
the chain reorganises (`ON DELETE CASCADE`). All are keyed by place in the chain (`block`, `log_index`); those about
goods carry `batch` too, the key by which a distributed PostgreSQL spreads them (`sharded`). The other tables hold what
only this installation knows.

Types are those that SQLite and PostgreSQL share. Identifiers and hashes are 32 raw bytes, times Unix seconds, dates
YYYYMMDD.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ledger.store import columns
from ledger.store.casework_tables import CASEWORK
from ledger.store.columns import NAMES as _NAMES
from ledger.store.columns import blob as _blob
from ledger.store.columns import number as _number
from ledger.store.columns import small as _small
from ledger.store.columns import text as _text
from ledger.store.customs_tables import CUSTOMS
from ledger.store.report_tables import REPORTING
from ledger.store.sharing_tables import PASSING, SHARING

metadata = columns.metadata
_Key = columns.KEY
REVISION: Final = "0011"  # of the newest migration; a test compares
APPLICATION_ID: Final = 0x4C6F7470  # "Lotp": SQLite's file header says whose file it is

blocks = Table(
    "blocks",
    metadata,
    Column("number", _Key, primary_key=True, autoincrement=False),
    _blob("hash", unique=True),
    _blob("parent_hash"),
    _number("time"),
    Column("facts", Integer, nullable=False),  # how many rows stand on this block; 0 = kept only as a link
)
Index("ix_blocks_empty", blocks.c.number, sqlite_where=text("facts = 0"), postgresql_where=text("facts = 0"))


def _facts(name: str, *columns: Column[bytes] | Column[int] | Column[str] | Index | UniqueConstraint) -> Table:
    """A rebuildable table: `columns` after the place in the chain, and tied to the block."""
    return Table(
        name,
        metadata,
        Column("block", BigInteger, ForeignKey("blocks.number", ondelete="CASCADE"), primary_key=True),
        Column("log_index", Integer, primary_key=True),
        _blob("transaction_hash"),
        *columns,
        sqlite_with_rowid=False,
    )


registrations = _facts(
    "registrations",
    _blob("digest", unique=True),
    _blob("batch", unique=True),
    _number("manufacturer", index=True),
    _text("gtin"),
    _text("lot"),
    _small("product_class"),
    _number("quantity"),
    _number("manufactured"),  # 0 = not stated
    _number("expiry"),
    _blob("unit_root"),
    _blob("details"),
    _blob("key"),
    Index(None, "gtin", "lot"),
)
custody_events = _facts(
    "custody_events",
    _blob("digest", unique=True),
    _blob("batch"),  # of the consignment; for a pallet, which may carry several batches, the pallet's own id
    _blob("consignment"),
    _blob("previous"),
    _number("actor"),
    _small("kind"),
    _number("occurred_at"),
    _number("counterparty"),
    _number("quantity"),
    _text("place"),
    _blob("parts"),
    _blob("details"),
    _blob("key"),
    Index(None, "batch", "consignment"),
    Index(None, "place"),
)
_STOPS: Final = text("kind IN (9, 10, 11, 12)")  # HOLD, RELEASE, SEIZE, RECALL: few among many, and always asked for
Index("ix_custody_events_stops", custody_events.c.kind, sqlite_where=_STOPS, postgresql_where=_STOPS)
_SENT: Final = text("counterparty <> 0")
Index("ix_custody_events_sent", custody_events.c.counterparty, sqlite_where=_SENT, postgresql_where=_SENT)
consignment_splits = _facts(
    "consignment_splits",
    _blob("consignment", unique=True),
    _blob("parent"),
    _blob("batch", index=True),
    _text("sscc", index=True),  # "" = none
    _number("quantity"),
    _blob("digest"),
)
pallets = _facts("pallets", _blob("pallet", unique=True), _number("number", unique=True), _text("sscc", index=True))
packings = _facts(
    "packings",
    _blob("consignment"),
    _blob("pallet", index=True),
    _small("packed"),  # 1 = put on, 0 = taken off
    _blob("batch"),
    Index(None, "batch", "consignment"),
)
organisation_changes = _facts(
    "organisation_changes",
    _number("number", index=True),
    _number("authority"),
    _text("name"),
    _text("country"),
    _text("gln"),
    _small("roles"),
    _text("prefixes"),  # digits, separated by one space
    _blob("digest", index=True),
)
company_prefixes = Table(
    "company_prefixes",
    metadata,
    Column("block", BigInteger, primary_key=True),
    Column("log_index", Integer, primary_key=True),
    Column("prefix", Text, primary_key=True, index=True),
    _number("organisation"),
    # Named, because the convention would give both columns' key the name of one.
    ForeignKeyConstraint(["block"], ["blocks.number"], ondelete="CASCADE", name="fk_company_prefixes_block"),
    sqlite_with_rowid=False,
)
suspensions = _facts(
    "suspensions", _number("number", index=True), _number("authority"), _small("suspended"), _blob("digest", index=True)
)
key_additions = _facts(
    "key_additions",
    _blob("key", unique=True),
    _number("organisation", index=True),
    _blob("signer"),
    _small("purposes"),
    _number("valid_from"),
    _number("valid_until"),
    _blob("digest", index=True),
)
key_endings = _facts(
    "key_endings",
    _blob("key", index=True),
    _number("organisation"),
    _number("doubt_since"),
    _blob("digest", index=True),
)
anchors = _facts(
    "anchors",
    _blob("digest", unique=True),
    _number("organisation", index=True),
    _number("count"),
    _blob("root"),
    _blob("previous"),
    _blob("key"),
)
refusals = _facts("refusals", _blob("digest", index=True), _blob("error_data"))
notices = _facts("notices", _text("name"), _number("until"), _blob("successor"))

REBUILDABLE: Final = (
    registrations,
    consignment_splits,
    custody_events,
    pallets,
    packings,
    organisation_changes,
    company_prefixes,
    suspensions,
    key_additions,
    key_endings,
    anchors,
    refusals,
    notices,
)

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    _number("chain_id"),
    _blob("ledger"),
    _blob("code_hash"),
)
chain_status = Table(
    "chain_status",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    _number("head_block"),
    _number("finalized_block"),
    _number("heard_at"),
    _number("generation"),  # grows whenever facts come or go
)
documents = Table("documents", metadata, Column("details", LargeBinary, primary_key=True), _blob("document"))

statements = Table(
    "statements",
    metadata,
    Column("sequence", _Key, primary_key=True, autoincrement=True),
    _blob("digest", unique=True),
    _text("kind"),
    _blob("payload"),
    _number("arrived_at"),
    Column("settled", SmallInteger, nullable=False),  # 1 = final: it cannot leave the chain any more
    Column("refused", SmallInteger, nullable=False),  # 1 = refused off chain
    _blob("error_data"),
    _text("words"),
    _number("reopened_at_block"),  # refusals logged up to this block no longer count; -1 = never reopened
    sqlite_autoincrement=True,
)
Index(
    "ix_statements_open",
    statements.c.sequence,
    sqlite_where=text("settled = 0 AND refused = 0"),
    postgresql_where=text("settled = 0 AND refused = 0"),
)
_ENDED: Final = text("settled <> 0 OR refused = 1")
Index("ix_statements_ended", statements.c.settled, statements.c.refused, sqlite_where=_ENDED, postgresql_where=_ENDED)
expectations = Table(
    "expectations",
    metadata,
    Column("sequence", BigInteger, ForeignKey("statements.sequence", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    _blob("digest", index=True),
    sqlite_with_rowid=False,
)
slots = Table(
    "slots",
    metadata,
    Column("sender", LargeBinary, primary_key=True),
    Column("nonce", BigInteger, primary_key=True),
    _text("kind"),
    Column("finished", SmallInteger, nullable=False),
    _blob("mined"),  # hash of the transaction that is final here; empty = none of ours
    sqlite_with_rowid=False,
)
Index(
    "ix_slots_unfinished",
    slots.c.sender,
    slots.c.nonce,
    sqlite_where=text("finished = 0"),
    postgresql_where=text("finished = 0"),
)
transactions = Table(
    "transactions",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=True),
    _blob("sender"),
    _number("nonce"),
    _blob("hash", unique=True),
    _blob("raw"),
    _text("max_fee"),  # wei can outgrow 64 bits
    _text("priority_fee"),
    _number("gas"),
    _number("created_at"),
    ForeignKeyConstraint(["sender", "nonce"], ["slots.sender", "slots.nonce"], name="fk_transactions_slot"),
    Index(None, "sender", "nonce"),
    sqlite_autoincrement=True,
)
covered_digests = Table(
    "covered_digests",
    metadata,
    Column("sender", LargeBinary, primary_key=True),
    Column("nonce", BigInteger, primary_key=True),
    Column("position", Integer, primary_key=True),
    _blob("digest", index=True),
    ForeignKeyConstraint(["sender", "nonce"], ["slots.sender", "slots.nonce"], name="fk_covered_digests_slot"),
    sqlite_with_rowid=False,
)

# Signed statements about single packs, which the chain does not have: it holds only the roots of these logs. Rows are
# written once and never changed, and no table here can be rebuilt from the chain.
unit_events = Table(
    "unit_events",
    metadata,
    Column("sequence", _Key, primary_key=True, autoincrement=True),  # order of arrival, over all organisations
    _number("organisation"),
    _number("position"),  # in the log of its organisation, from 0
    _blob("digest", unique=True),
    _small("kind"),
    _text("gtin"),
    _text("lot"),
    _text("serial"),
    _number("occurred_at"),
    _text("place"),
    _blob("previous"),
    _blob("details"),
    _blob("signer"),
    _blob("key"),
    _blob("signature"),
    _number("received_at"),
    UniqueConstraint("organisation", "position", name="uq_unit_events_place"),
    Index(None, "gtin", "serial", "lot"),  # the lot too: which packs of a lot were seen is told from the index alone
    sqlite_autoincrement=True,
)
log_nodes = Table(
    "log_nodes",
    metadata,
    Column("organisation", BigInteger, primary_key=True),
    Column("level", SmallInteger, primary_key=True),  # 0 = one event
    Column("position", BigInteger, primary_key=True),  # among the perfect subtrees of its level, from 0
    _blob("hash"),
    sqlite_with_rowid=False,
)

# What running parts last said of themselves, for figures and for `lotproof doctor`.
notes = Table("notes", metadata, Column("name", Text, primary_key=True), _text("value"), _number("noted_at"))

# Which program leads each part; see `leadership.py`.
leaders = Table(
    "leaders",
    metadata,
    Column("part", Text, primary_key=True),
    _number("term"),  # grows with each leader
    _text("holder"),  # host and process, for people
    sqlite_with_rowid=False,
)

# What a backup holds, in an order in which it can be written again: what a row points to comes before it.
LASTING: Final = (
    installation,
    documents,
    statements,
    expectations,
    slots,
    transactions,
    covered_digests,
    unit_events,
    log_nodes,
    *REPORTING,
    *CUSTOMS,
    *SHARING,
    *CASEWORK,
)
# Said anew by whatever runs, and as `PASSING` says.
FLEETING: Final = (chain_status, notes, leaders, *PASSING)
# What PostgreSQL can spread over partitions or servers, by batch.
GOODS: Final = (registrations, custody_events, consignment_splits, packings)


def sharded() -> MetaData:
    """The tables as PostgreSQL has them: every key of one about goods names its batch.

    A table that is spread by `batch`, over partitions or over servers, can tell only within one batch that something is
    there once (decision 0024). Pallets carry several batches: their table is not spread.
    """
    copies = MetaData(naming_convention=_NAMES)
    for table in metadata.sorted_tables:
        table.to_metadata(copies)
    for table in GOODS:
        copied = copies.tables[table.name]
        keys = [key for key in copied.constraints if isinstance(key, UniqueConstraint) and "batch" not in key.columns]
        for key in keys:
            copied.constraints.remove(key)
            copied.append_constraint(UniqueConstraint(*key.columns, copied.c.batch, name=key.name))
        place = list(copied.primary_key.columns)
        copied.c.batch.primary_key = True
        copied.append_constraint(PrimaryKeyConstraint(*place, copied.c.batch))
    return copies
