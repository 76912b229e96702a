"""What administrations and conformity bodies attest; by which declaration lines are found for an indicator.

Revision ID: 0010
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# SQLite gives a table its fast integer key only if the type is spelt INTEGER; it holds 64 bits there all the same.
_Key = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
before = Table("declaration_lines", MetaData(), Column("sequence", _Key, primary_key=True))


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


Table(
    "attestations",
    metadata,
    Column("sequence", _Key, primary_key=True, autoincrement=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    _text("kind"),
    _text("subject"),
    Column("revokes", LargeBinary, nullable=False, index=True),
    _number("issuer"),
    _number("received_at"),
    _number("position"),
    _text("payload"),
    Index(None, "kind", "subject"),
    sqlite_autoincrement=True,
)
Table(
    "certificate_models",
    metadata,
    Column("key", Text, primary_key=True),
    Column("sequence", BigInteger, ForeignKey("attestations.sequence"), primary_key=True, index=True),
)
Table(
    "declaration_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("sequence", BigInteger, ForeignKey(before.c.sequence), primary_key=True, index=True),
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    """Make the tables and the index."""
    metadata.create_all(op.get_bind())
    op.create_index("ix_matches_what_identifier", "matches", ["what", "identifier"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_matches_what_identifier", "matches")
    metadata.drop_all(op.get_bind())
