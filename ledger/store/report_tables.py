"""The tables of what people reported who found something wrong, and of what was done about it and published.

Nobody vouches for a report, and no verdict looks at one.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, Text
from sqlalchemy import text as condition

from ledger.store.columns import KEY, blob, metadata, number, small, text

reports = Table(
    "reports",
    metadata,
    Column("sequence", KEY, primary_key=True, autoincrement=True),
    blob("receipt", unique=True),  # SHA-256 of the receipt
    text("code"),
    text("gtin"),  # what the code spells, "" where it spells none
    text("lot"),
    text("serial"),
    text("words"),
    text("place"),
    number("photo_bytes"),  # 0 = none
    number("received_at"),
    number("read_at"),  # 0 = not yet
    text("answer"),
    number("answered_at"),  # 0 = not yet
    number("answered_by"),  # the organisation; 0 = the keeper of the server, or nobody yet
    number("incident", index=True),  # the number of the first report that tells of the same
    text("joined"),  # why it is of that incident; "" = it is the first
    Index(None, "gtin", "lot"),
    sqlite_autoincrement=True,
)
# What one or more reports tell of, by the number of the first, with what that one says.
incidents = Table(
    "incidents",
    metadata,
    Column("number", KEY, primary_key=True, autoincrement=False),
    text("gtin"),
    text("lot"),
    text("serial"),
    blob("code_hash"),  # SHA-256 of a code that spells nothing; empty = none
    text("place"),
    blob("picture"),  # fingerprint of the photo; empty = none
    text("desks"),  # those of `incident_desks`, in order, with a space between
    number("began_at"),
    number("newest_at"),
    number("reports"),
    number("waiting"),  # of those, how many were not answered
    small("urgency"),
    text("triage"),  # the reasons, JSON
    number("triaged_at"),  # 0 = to be done anew
    Index(None, "gtin", "lot", "number"),
    Index(None, "gtin", "lot", "desks", "number"),
    Index(None, "gtin", "lot", "desks", "place", "number"),
    Index(None, "gtin", "serial", "number"),
    Index(None, "code_hash", "number"),
    Index(None, "began_at"),
    Index(None, "urgency", "number"),
)
_PICTURED: Final = condition("length(picture) > 0")
Index(
    "ix_incidents_pictured", incidents.c.desks, incidents.c.number, sqlite_where=_PICTURED, postgresql_where=_PICTURED
)
_WAITING: Final = condition("waiting > 0")
Index("ix_incidents_waiting", incidents.c.triaged_at, sqlite_where=_WAITING, postgresql_where=_WAITING)
incident_desks = Table(
    "incident_desks",
    metadata,
    Column("incident", BigInteger, primary_key=True),
    Column("country", Text, primary_key=True, index=True),  # whose administrations read it; "" = every regulator
    sqlite_with_rowid=False,
)
# Who read, answered, joined or parted what.
incident_acts = Table(
    "incident_acts",
    metadata,
    Column("sequence", KEY, primary_key=True, autoincrement=True),
    number("incident", index=True),
    number("report"),  # 0 = all of its reports
    number("organisation"),  # 0 = the keeper of the server
    blob("key"),
    text("act"),
    text("words"),
    number("at"),
    sqlite_autoincrement=True,
)
# What was published of a month, which is never counted again.
report_counts = Table(
    "report_counts", metadata, Column("month", Text, primary_key=True), text("counts"), number("published_at")
)

REPORTING: Final = (reports, incidents, incident_desks, incident_acts, report_counts)
