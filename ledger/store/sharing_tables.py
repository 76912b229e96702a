"""The tables of who is signed in, who looked at what, and what administrations tell each other."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from ledger.store.columns import KEY, blob, metadata, number, small, text

# Who is signed in: only the SHA-256 of a token, which opens nothing.
sessions = Table(
    "sessions",
    metadata,
    Column("token", LargeBinary, primary_key=True),  # SHA-256 of it
    text("nonce", unique=True),  # of the challenge that was answered: it opens one session
    number("organisation"),
    blob("key", index=True),
    number("began_at"),
    number("seen_at"),
)
secrets = Table("secrets", metadata, Column("name", Text, primary_key=True), blob("value"))

# Who looked at what of another organisation. A look again within the same hour is counted, not written once more.
looks = Table(
    "looks",
    metadata,
    Column("sequence", KEY, primary_key=True, autoincrement=True),
    number("subject"),  # the organisation that was looked at
    number("organisation"),  # that looked
    blob("key"),
    text("kind"),
    text("identifier"),
    number("hour"),  # Unix seconds / 3600
    number("first_at"),
    number("last_at"),
    number("times"),
    UniqueConstraint("key", "kind", "identifier", "subject", "hour", name="uq_looks_hour"),
    Index(None, "subject", "sequence"),
    sqlite_autoincrement=True,
)

# What administrations tell each other. `content` is empty where it is sealed: then `box` holds it, for the recipients.
encryption_keys = Table(
    "encryption_keys",
    metadata,
    Column("key", LargeBinary, primary_key=True),  # of the signer, 32 bytes
    number("organisation", index=True),
    blob("public_key"),  # of P-256, x‖y
    number("issued_at"),
    blob("signer"),
    blob("signature"),
)
intelligence = Table(
    "intelligence",
    metadata,
    Column("sequence", KEY, primary_key=True, autoincrement=True),
    blob("digest", unique=True),
    number("issuer", index=True),
    small("form"),
    small("marking"),
    number("issued_at"),
    number("valid_until"),  # 0 = open
    blob("content_hash"),
    blob("previous", index=True),
    blob("signer"),
    blob("key"),
    blob("signature"),
    number("received_at"),
    number("position"),  # in the log of its issuer
    text("content"),
    blob("box"),
    sqlite_autoincrement=True,
)
intelligence_recipients = Table(
    "intelligence_recipients",
    metadata,
    Column("sequence", BigInteger, ForeignKey("intelligence.sequence"), primary_key=True),
    Column("recipient", LargeBinary, primary_key=True, index=True),  # an organisation's number or a key's id, 32 bytes
)
indicator_keys = Table(
    "indicator_keys",
    metadata,
    Column("key", Text, primary_key=True),  # what a thing must have to match
    Column("sequence", BigInteger, ForeignKey("intelligence.sequence"), primary_key=True, index=True),
)
matches = Table(
    "matches",
    metadata,
    Column("sequence", KEY, primary_key=True, autoincrement=True),
    number("indicator"),  # the sequence of an intelligence row
    text("what"),
    text("identifier"),
    text("gtin"),
    text("lot"),
    text("serial"),
    text("place"),
    number("organisation"),  # whose it is; 0 = nobody's
    number("at"),
    number("found_at"),
    UniqueConstraint("indicator", "what", "identifier", name="uq_matches_once"),
    Index(None, "what", "identifier"),
    sqlite_autoincrement=True,
)
feedback = Table(
    "feedback",
    metadata,
    Column("sequence", KEY, primary_key=True, autoincrement=True),
    number("item", index=True),  # the sequence of an intelligence row
    number("organisation"),
    blob("key"),
    text("result"),
    text("words"),
    number("at"),
    sqlite_autoincrement=True,
)
# Up to where everything held was compared with the indicators.
compared = Table(
    "compared",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    number("block"),
    number("log_index"),
    blob("hash"),
    number("unit_event"),
    number("report"),
)

# In an order in which they can be written again.
SHARING: Final = (looks, encryption_keys, intelligence, intelligence_recipients, indicator_keys, matches, feedback)
# Said anew by signing in, or by comparing everything once more.
PASSING: Final = (sessions, secrets, compared)
