"""Cases and joint operations.

Revision ID: 0009
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


Table(
    "cases",
    metadata,
    Column("organisation", BigInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    _number("version"),
    Column("state", Text, nullable=False),
    Column("owner", LargeBinary, nullable=False),
    _number("due_at"),
    Column("operation", Text, nullable=False, index=True),
    _number("changed_at"),
    Index(None, "organisation", "state", "due_at"),
    sqlite_with_rowid=False,
)
Table(
    "operations",
    metadata,
    Column("reference", Text, primary_key=True),
    _number("version"),
    _number("changed_at"),
    sqlite_with_rowid=False,
)
Table(
    "operation_members",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("organisation", BigInteger, primary_key=True, index=True),
    sqlite_with_rowid=False,
)
Table(
    "casework_entries",
    metadata,
    Column("file", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("entry", LargeBinary, nullable=False),
)
Table("casework_keys", metadata, Column("fingerprint", LargeBinary, primary_key=True))


def upgrade() -> None:
    """Make the tables."""
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    """Drop them."""
    metadata.drop_all(op.get_bind())
