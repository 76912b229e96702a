"""What every table is made of: columns that are never NULL, of types that SQLite and PostgreSQL share."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, SmallInteger, Text

# SQLite gives a table its fast integer key only if the type is spelt INTEGER; it holds 64 bits there all the same.
KEY: Final = BigInteger().with_variant(Integer, "sqlite")

NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)


def blob(name: str, *, unique: bool = False, index: bool = False) -> Column[bytes]:
    """Bytes."""
    return Column(name, LargeBinary, nullable=False, unique=unique or None, index=index or None)


def number(name: str, *, unique: bool = False, index: bool = False) -> Column[int]:
    """A whole number of 64 bits."""
    return Column(name, BigInteger, nullable=False, unique=unique or None, index=index or None)


def small(name: str) -> Column[int]:
    """A whole number of 16 bits."""
    return Column(name, SmallInteger, nullable=False)


def text(name: str, *, unique: bool = False, index: bool = False) -> Column[str]:
    """A text."""
    return Column(name, Text, nullable=False, unique=unique or None, index=index or None)
