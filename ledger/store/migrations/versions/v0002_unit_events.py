"""Logs of signed statements about single packs, and the hashes that commit to them.

Revision ID: 0002
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SQLite gives a table its fast integer key only if the type is spelt INTEGER; it holds 64 bits there all the same.
_Key = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _blob(name: str, *, unique: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False, unique=unique or None)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _small(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


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
    Index(None, "gtin", "serial"),
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


def upgrade() -> None:
    """Make both tables."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop both tables."""
    metadata.drop_all(op.get_bind())
