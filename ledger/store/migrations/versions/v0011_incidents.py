"""Reports of one incident joined, ranked and read by administrations; counts of them that were published.

Revision ID: 0011
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text, text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# SQLite gives a table its fast integer key only if the type is spelt INTEGER; it holds 64 bits there all the same.
_Key = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})


def _number(name: str, *, index: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=False, index=index or None)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _blob(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


incidents = Table(
    "incidents",
    metadata,
    Column("number", _Key, primary_key=True, autoincrement=False),
    _text("gtin"),
    _text("lot"),
    _text("serial"),
    _blob("code_hash"),
    _text("place"),
    _blob("picture"),
    _text("desks"),
    _number("began_at"),
    _number("newest_at"),
    _number("reports"),
    _number("waiting"),
    Column("urgency", SmallInteger, nullable=False),
    _text("triage"),
    _number("triaged_at"),
    Index(None, "gtin", "lot", "number"),
    Index(None, "gtin", "lot", "desks", "number"),
    Index(None, "gtin", "lot", "desks", "place", "number"),
    Index(None, "gtin", "serial", "number"),
    Index(None, "code_hash", "number"),
    Index(None, "began_at"),
    Index(None, "urgency", "number"),
)
_PICTURED = text("length(picture) > 0")
_WAITING = text("waiting > 0")
Index(
    "ix_incidents_pictured",
    incidents.c.desks,
    incidents.c.number,
    sqlite_where=_PICTURED,
    postgresql_where=_PICTURED,
)
Index("ix_incidents_waiting", incidents.c.triaged_at, sqlite_where=_WAITING, postgresql_where=_WAITING)
Table(
    "incident_desks",
    metadata,
    Column("incident", BigInteger, primary_key=True),
    Column("country", Text, primary_key=True, index=True),
    sqlite_with_rowid=False,
)
Table(
    "incident_acts",
    metadata,
    Column("sequence", _Key, primary_key=True, autoincrement=True),
    _number("incident", index=True),
    _number("report"),
    _number("organisation"),
    _blob("key"),
    _text("act"),
    _text("words"),
    _number("at"),
    sqlite_autoincrement=True,
)
Table(
    "report_counts", metadata, Column("month", Text, primary_key=True), _text("counts"), _number("published_at")
)
# Each report that is there is an incident of its own; its place says whose it is, else every regulator reads it.
_INCIDENTS = """
    INSERT INTO incidents (number, gtin, lot, serial, code_hash, place, picture, desks, began_at, newest_at, reports,
    waiting, urgency, triage, triaged_at)
    SELECT sequence, gtin, lot, serial, {nothing}, place, {nothing}, substr(place, 1, 2), received_at, received_at, 1,
    CASE WHEN answered_at = 0 THEN 1 ELSE 0 END, 0, '[]', 0 FROM reports
"""
_DESKS = "INSERT INTO incident_desks (incident, country) SELECT sequence, substr(place, 1, 2) FROM reports"
_NOTHING = {"sqlite": "x''", "postgresql": "''::bytea"}


def upgrade() -> None:
    """Make the tables, and an incident of each report."""
    bind = op.get_bind()
    metadata.create_all(bind)
    op.execute("ALTER TABLE reports ADD COLUMN answered_by BIGINT NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE reports ADD COLUMN incident BIGINT NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE reports ADD COLUMN joined TEXT NOT NULL DEFAULT ''")
    op.execute("UPDATE reports SET incident = sequence")
    op.create_index("ix_reports_incident", "reports", ["incident"])
    op.execute(_INCIDENTS.format(nothing=_NOTHING[bind.dialect.name]))
    op.execute(_DESKS)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_reports_incident", "reports")
    for name in ("answered_by", "incident", "joined"):
        op.execute(f"ALTER TABLE reports DROP COLUMN {name}")
    metadata.drop_all(op.get_bind())
