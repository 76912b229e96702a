"""Lines of customs declarations, each with what the ledger says of it.

Revision ID: 0007
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, Table, Text, UniqueConstraint

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# SQLite gives a table its fast integer key only if the type is spelt INTEGER; it holds 64 bits there all the same.
_Key = BigInteger().with_variant(Integer, "sqlite")

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


declaration_lines = Table(
    "declaration_lines",
    metadata,
    Column("sequence", _Key, primary_key=True, autoincrement=True),
    _text("office"),
    _text("declaration"),
    _number("line_number"),
    _number("version"),
    Column("newest", SmallInteger, nullable=False),  # 0 = a newer version of this line is there
    _text("country"),
    _number("accepted_at"),
    _text("gtin"),  # "" = none
    _text("lot"),
    _text("sscc"),
    _number("quantity"),
    _text("line"),  # all of it, JSON
    _number("imported_at"),
    Column("risk", SmallInteger, nullable=False),
    _text("score"),  # JSON, "" = not scored yet
    _number("scored_at"),  # 0 = not yet
    _number("scored_block"),  # the newest block that was indexed then
    UniqueConstraint("office", "declaration", "line_number", "version", name="uq_declaration_lines_version"),
    Index(None, "sscc"),
    Index(None, "gtin", "lot"),
    Index(None, "newest", "risk"),
    sqlite_autoincrement=True,
)


def upgrade() -> None:
    """Make the table."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop it."""
    metadata.drop_all(op.get_bind())
