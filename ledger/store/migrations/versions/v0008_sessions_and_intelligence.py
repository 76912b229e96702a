"""Sessions, who looked at what, and what administrations tell each other; two indexes by which it is matched.

Revision ID: 0008
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

revision = "0008"
down_revision = "0007"
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


def _sequence() -> Column[int]:
    return Column("sequence", _Key, primary_key=True, autoincrement=True)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _blob(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


Table(
    "sessions",
    metadata,
    Column("token", LargeBinary, primary_key=True),
    Column("nonce", Text, nullable=False, unique=True),
    _number("organisation"),
    Column("key", LargeBinary, nullable=False, index=True),
    _number("began_at"),
    _number("seen_at"),
)
Table("secrets", metadata, Column("name", Text, primary_key=True), _blob("value"))
Table(
    "looks",
    metadata,
    _sequence(),
    _number("subject"),
    _number("organisation"),
    _blob("key"),
    _text("kind"),
    _text("identifier"),
    _number("hour"),
    _number("first_at"),
    _number("last_at"),
    _number("times"),
    UniqueConstraint("key", "kind", "identifier", "subject", "hour", name="uq_looks_hour"),
    Index(None, "subject", "sequence"),
    sqlite_autoincrement=True,
)
Table(
    "encryption_keys",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("organisation", BigInteger, nullable=False, index=True),
    _blob("public_key"),
    _number("issued_at"),
    _blob("signer"),
    _blob("signature"),
)
Table(
    "intelligence",
    metadata,
    _sequence(),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("issuer", BigInteger, nullable=False, index=True),
    Column("form", SmallInteger, nullable=False),
    Column("marking", SmallInteger, nullable=False),
    _number("issued_at"),
    _number("valid_until"),
    _blob("content_hash"),
    Column("previous", LargeBinary, nullable=False, index=True),
    _blob("signer"),
    _blob("key"),
    _blob("signature"),
    _number("received_at"),
    _number("position"),
    _text("content"),
    _blob("box"),
    sqlite_autoincrement=True,
)
Table(
    "intelligence_recipients",
    metadata,
    Column("sequence", BigInteger, ForeignKey("intelligence.sequence"), primary_key=True),
    Column("recipient", LargeBinary, primary_key=True, index=True),
)
Table(
    "indicator_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("sequence", BigInteger, ForeignKey("intelligence.sequence"), primary_key=True, index=True),
)
Table(
    "matches",
    metadata,
    _sequence(),
    _number("indicator"),
    _text("what"),
    _text("identifier"),
    _text("gtin"),
    _text("lot"),
    _text("serial"),
    _text("place"),
    _number("organisation"),
    _number("at"),
    _number("found_at"),
    UniqueConstraint("indicator", "what", "identifier", name="uq_matches_once"),
    sqlite_autoincrement=True,
)
Table(
    "feedback",
    metadata,
    _sequence(),
    Column("item", BigInteger, nullable=False, index=True),
    _number("organisation"),
    _blob("key"),
    _text("result"),
    _text("words"),
    _number("at"),
    sqlite_autoincrement=True,
)
Table(
    "compared",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    _number("block"),
    _number("log_index"),
    _blob("hash"),
    _number("unit_event"),
    _number("report"),
)


def upgrade() -> None:
    """Make the tables and the indexes."""
    metadata.create_all(op.get_bind())
    op.create_index("ix_custody_events_place", "custody_events", ["place"])
    op.drop_index("ix_unit_events_gtin_serial", "unit_events")
    op.create_index("ix_unit_events_gtin_serial_lot", "unit_events", ["gtin", "serial", "lot"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_unit_events_gtin_serial_lot", "unit_events")
    op.create_index("ix_unit_events_gtin_serial", "unit_events", ["gtin", "serial"])
    op.drop_index("ix_custody_events_place", "custody_events")
    metadata.drop_all(op.get_bind())
