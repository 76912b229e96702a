"""Which program leads each part, so that several may be started.

Revision ID: 0004
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "leaders",
        Column("part", Text, primary_key=True),
        Column("term", BigInteger, nullable=False),  # grows with each leader
        Column("holder", Text, nullable=False),  # host and process, for people
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("leaders")
