"""What running parts say of themselves, and an index that counts statements whose fate is decided.

Revision ID: 0006
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ENDED = text("settled <> 0 OR refused = 1")
metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})
notes = Table(
    "notes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("noted_at", BigInteger, nullable=False),
)


def upgrade() -> None:
    """Make the table and the index."""
    metadata.create_all(op.get_bind())
    op.create_index(
        "ix_statements_ended", "statements", ["settled", "refused"], sqlite_where=_ENDED, postgresql_where=_ENDED
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_statements_ended", "statements")
    metadata.drop_all(op.get_bind())
