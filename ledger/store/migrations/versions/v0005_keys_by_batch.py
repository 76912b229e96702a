"""On PostgreSQL, let every key of a table about goods name the batch, so that the table can be spread by it.

Revision ID: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_GOODS = ("registrations", "custody_events", "consignment_splits", "packings")
_UNIQUE = (("registrations", "digest"), ("custody_events", "digest"), ("consignment_splits", "consignment"))


def upgrade() -> None:
    """Add the batch to the keys."""
    _change(["batch"])


def downgrade() -> None:
    """Take it out again."""
    _change([])


def _change(more: list[str]) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return  # one file is not spread, and its keys are the stronger for being shorter
    for table in _GOODS:
        op.drop_constraint(f"pk_{table}", table)
        op.create_primary_key(f"pk_{table}", table, ["block", "log_index", *more])
    for table, column in _UNIQUE:
        op.drop_constraint(f"uq_{table}_{column}", table)
        op.create_unique_constraint(f"uq_{table}_{column}", table, [column, *more])
