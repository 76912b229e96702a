"""The tables of the customs desk: declaration lines with what the ledger says of each, and what was attested.

No verdict looks at declaration lines.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from ledger.store.columns import KEY, blob, metadata, number, small, text

declaration_lines = Table(
    "declaration_lines",
    metadata,
    Column("sequence", KEY, primary_key=True, autoincrement=True),
    text("office"),
    text("declaration"),
    number("line_number"),
    number("version"),
    small("newest"),  # 0 = a newer version of this line is there
    text("country"),
    number("accepted_at"),
    text("gtin"),  # "" = none
    text("lot"),
    text("sscc"),
    number("quantity"),
    text("line"),  # all of it, JSON
    number("imported_at"),
    small("risk"),
    text("score"),  # JSON, "" = not scored yet
    number("scored_at"),  # 0 = not yet
    number("scored_block"),  # the newest block that was indexed then
    UniqueConstraint("office", "declaration", "line_number", "version", name="uq_declaration_lines_version"),
    Index(None, "sscc"),
    Index(None, "gtin", "lot"),
    Index(None, "newest", "risk"),
    sqlite_autoincrement=True,
)

# What administrations and conformity bodies attest off the chain.
attestations = Table(
    "attestations",
    metadata,
    Column("sequence", KEY, primary_key=True, autoincrement=True),
    blob("digest", unique=True),
    text("kind"),
    text("subject"),  # operator, country, body or holder; of a revocation the digest
    blob("revokes", index=True),  # digest, empty if it takes nothing back
    number("issuer"),  # organisation; of a certificate, whose designation its body had
    number("received_at"),
    number("position"),  # in the log of its issuer, -1 = in none
    text("payload"),  # as handed in, JSON
    Index(None, "kind", "subject"),
    sqlite_autoincrement=True,
)
certificate_models = Table(
    "certificate_models",
    metadata,
    Column("key", Text, primary_key=True),  # what a batch must have to be one of its models
    Column("sequence", BigInteger, ForeignKey("attestations.sequence"), primary_key=True, index=True),
)

# By which declaration lines are found when a new indicator comes.
declaration_keys = Table(
    "declaration_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("sequence", BigInteger, ForeignKey("declaration_lines.sequence"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# In an order in which they can be written again.
CUSTOMS: Final = (declaration_lines, declaration_keys, attestations, certificate_models)
