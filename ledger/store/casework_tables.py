"""The tables of cases and joint operations.

What people say, name and aim at stands sealed in the entries; open are only what a list is filtered by: whose it is,
where it stands, when it was changed. No verdict looks at any of it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from ledger.store.columns import blob, metadata, number, text

cases = Table(
    "cases",
    metadata,
    Column("organisation", BigInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),  # the organisation's own, from 1
    number("version"),  # how many entries there are
    text("state"),
    blob("owner"),  # id of the officer's key, 32 bytes
    number("due_at"),  # 0 = closed
    text("operation", index=True),  # reference of the one it belongs to, "" = none
    number("changed_at"),
    Index(None, "organisation", "state", "due_at"),
    sqlite_with_rowid=False,
)
operations = Table(
    "operations",
    metadata,
    Column("reference", Text, primary_key=True),  # eight hexadecimal digits, drawn
    number("version"),
    number("changed_at"),
    sqlite_with_rowid=False,
)
# To whom an operation is shown.
operation_members = Table(
    "operation_members",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("organisation", BigInteger, primary_key=True, index=True),
    sqlite_with_rowid=False,
)
casework_entries = Table(
    "casework_entries",
    metadata,
    Column("file", Text, primary_key=True),  # case/ORGANISATION/NUMBER or operation/REFERENCE
    Column("position", BigInteger, primary_key=True),  # in the file, from 1
    blob("entry"),  # sealed
)
# Which key seals the entries: a hash of it, so that another one is refused before it seals anything.
casework_keys = Table("casework_keys", metadata, Column("fingerprint", LargeBinary, primary_key=True))

CASEWORK: Final = (cases, operations, operation_members, casework_entries, casework_keys)
