"""Indexes for lists of work and for snapshots, and the reports of people who found something wrong.

Revision ID: 0003
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# SQLite gives a table its fast integer key only if the type is spelt INTEGER; it holds 64 bits there all the same.
_Key = BigInteger().with_variant(Integer, "sqlite")
_STOPS = text("kind IN (9, 10, 11, 12)")  # HOLD, RELEASE, SEIZE, RECALL
_SENT = text("counterparty <> 0")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


reports = Table(
    "reports",
    metadata,
    Column("sequence", _Key, primary_key=True, autoincrement=True),
    Column("receipt", LargeBinary, nullable=False, unique=True),  # SHA-256 of the receipt
    _text("code"),
    _text("gtin"),  # what the code spells, "" where it spells none
    _text("lot"),
    _text("serial"),
    _text("words"),
    _text("place"),
    _number("photo_bytes"),  # 0 = none
    _number("received_at"),
    _number("read_at"),  # 0 = not yet
    _text("answer"),
    _number("answered_at"),  # 0 = not yet
    Index(None, "gtin", "lot"),
    sqlite_autoincrement=True,
)


def upgrade() -> None:
    """Make the indexes and the table."""
    op.create_index("ix_registrations_manufacturer", "registrations", ["manufacturer"])
    op.create_index(
        "ix_custody_events_sent", "custody_events", ["counterparty"], sqlite_where=_SENT, postgresql_where=_SENT
    )
    op.create_index(
        "ix_custody_events_stops", "custody_events", ["kind"], sqlite_where=_STOPS, postgresql_where=_STOPS
    )
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop them."""
    metadata.drop_all(op.get_bind())
    op.drop_index("ix_registrations_manufacturer", "registrations")
    op.drop_index("ix_custody_events_sent", "custody_events")
    op.drop_index("ix_custody_events_stops", "custody_events")
