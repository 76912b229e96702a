"""Whole tables as lines of text and back, alike for every database engine: what backups and moves are made of.

A line is a JSON list of a row's values in the order of the table's columns; bytes are hexadecimal digits.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import LargeBinary, Table

from ledger.store.schema import LASTING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.store.database import Database
    from ledger.store.engine import Connection

__all__ = ["Table", "filled", "lines", "load"]
_PAGE: Final = 2_000  # rows read or written at once


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """Every row of a table in the order of its key, each with a line feed at its end. Bounded in memory."""
    blobs = _blobs(table)
    after: tuple[Any, ...] | None = None
    keys = [list(table.columns).index(column) for column in table.primary_key.columns]
    while True:
        page = _page(connection, table, after)
        for row in page:
            yield orjson.dumps([bytes(row[at]).hex() if at in blobs else row[at] for at in range(len(row))]) + b"\n"
        if len(page) < _PAGE:
            return
        after = tuple(page[-1][at] for at in keys)


def load(connection: Connection, table: Table, written: Iterable[bytes]) -> int:
    """Write the rows that `lines` gave into a table; how many there were.

    Raises:
        ValueError: A line is not one of this table's.
    """
    blobs, width, loaded = _blobs(table), len(table.columns), 0
    rest = iter(written)
    while page := [_row(line, blobs, width) for line in islice(rest, _PAGE)]:
        connection.insert(table, page)
        loaded += len(page)
    connection.renumber(table)
    return loaded


def filled(db: Database) -> list[str]:
    """The names of the tables that hold what no chain can tell again: none in an installation that is new."""
    with db.snapshot() as connection:
        sql = "SELECT 1 FROM {} LIMIT 1"
        return [t.name for t in LASTING if connection.execute(sql.format(t.name)).fetchone() is not None]


def _page(connection: Connection, table: Table, after: tuple[Any, ...] | None) -> list[tuple[Any, ...]]:
    names = ", ".join(column.name for column in table.columns)
    key = ", ".join(column.name for column in table.primary_key.columns)
    where = "" if after is None else f" WHERE ({key}) > ({', '.join('?' * len(after))})"
    sql = f"SELECT {names} FROM {table.name}{where} ORDER BY {key} LIMIT {_PAGE}"  # noqa: S608 - names of our schema
    return connection.execute(sql, after or ()).fetchall()


def _blobs(table: Table) -> frozenset[int]:
    return frozenset(at for at, column in enumerate(table.columns) if isinstance(column.type, LargeBinary))


def _row(line: bytes, blobs: frozenset[int], width: int) -> tuple[Any, ...]:
    values = orjson.loads(line)
    if not isinstance(values, list) or len(values) != width:
        raise ValueError("a line has not as many values as the table has columns")
    return tuple(bytes.fromhex(value) if at in blobs else value for at, value in enumerate(values))
