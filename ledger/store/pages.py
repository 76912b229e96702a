"""Reading the whole ledger page by page, in the order of the chain, for an export.

Every page is a snapshot of its own: one held for the whole of a long run would keep SQLite from emptying its WAL and
PostgreSQL from removing dead rows. What is read stays consistent all the same, because a row never changes and blocks
at or below a hash that still stands are the same blocks.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import select

from ledger.store import schema
from ledger.store.rows import _DIALECT, select_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.store.database import Database

Row = tuple[Any, ...]
PAGE: Final = 10_000  # rows of a snapshot
TIME: Final = "recorded_at"  # what the block's time is called, which comes last in every row
_ANY_BLOCK: Final = 2**62
_TABLES: Final = {table.name: table for table in (*schema.REBUILDABLE, schema.unit_events)}
_NEWEST: Final = "SELECT number FROM blocks WHERE facts > 0 AND number <= ? ORDER BY number DESC LIMIT 1"
_FINAL: Final = "SELECT coalesce(max(finalized_block), -1) FROM chain_status"
_FACTS: Final = "SELECT coalesce(sum(facts), 0) FROM blocks WHERE number > ? AND number <= ?"
_BLOCKS: Final = """
    SELECT number, hash, facts FROM blocks WHERE facts > 0 AND number > ? AND number <= ? ORDER BY number LIMIT ?
"""


class Span(NamedTuple):
    """Blocks after `first_block - 1` up to `last_block`, whose hash vouches for all of them."""

    first_block: int
    last_block: int
    last_hash: bytes
    facts: int


def columns(table: str) -> list[str]:
    """The names of what a row of `table` holds, in its order."""
    names = [column.name for column in _TABLES[table].columns]
    return names if table == schema.unit_events.name else [*names, TIME]


def newest(db: Database, *, final: bool) -> int:
    """The newest block with facts, among the final ones or all; -1 if there is none."""
    with db.snapshot() as connection:
        most = connection.execute(_FINAL).fetchone()[0] if final else _ANY_BLOCK
        row = connection.execute(_NEWEST, (most,)).fetchone()
    return -1 if row is None else int(row[0])


def facts_between(db: Database, after: int, last: int) -> int:
    """How many facts the blocks after `after` up to `last` hold."""
    with db.snapshot() as connection:
        return int(connection.execute(_FACTS, (after, last)).fetchone()[0])


def spans(db: Database, after: int, last: int, facts: int) -> Iterator[Span]:
    """The blocks after `after` up to `last`, cut where a span has `facts` facts or more.

    Where it is cut depends on the blocks alone, so that whoever reads them again cuts them at the same places.
    """
    first, block, found, hash_ = after + 1, after, 0, b""
    while True:
        with db.snapshot() as connection:
            rows = connection.execute(_BLOCKS, (block, last, PAGE)).fetchall()
        for block, hash_, count in rows:
            found += count
            if found >= facts:
                yield Span(first, block, bytes(hash_), found)
                first, found = block + 1, 0
        if len(rows) < PAGE:
            break
    if found:
        yield Span(first, block, bytes(hash_), found)


def rows(db: Database, table: str, first: int, last: int) -> Iterator[list[Row]]:
    """The rows of a rebuildable table in the blocks from `first` to `last`, in the order of the chain, by pages."""
    name = _TABLES[table].name
    sql = f"{_sql(table)} WHERE ({name}.block, {name}.log_index) > (?, ?) AND {name}.block <= ? ORDER BY 1, 2 LIMIT ?"
    place = (first - 1, 2**31 - 1)
    while True:
        with db.snapshot() as connection:
            found = connection.execute(sql, (*place, last, PAGE)).fetchall()
        if found:
            yield found
        if len(found) < PAGE:
            return
        place = found[-1][:2]


def unit_logs(db: Database) -> dict[int, int]:
    """How many events the log of each organisation holds."""
    with db.snapshot() as connection:
        sql = "SELECT organisation, max(position) + 1 FROM unit_events GROUP BY organisation ORDER BY organisation"
        return {int(number): int(size) for number, size in connection.execute(sql)}


def unit_rows(db: Database, organisation: int, first: int, last: int) -> Iterator[list[Row]]:
    """The events of an organisation's log from `first` to `last`, by pages."""
    sql = f"{_sql(schema.unit_events.name)} WHERE organisation = ? AND position BETWEEN ? AND ? ORDER BY position"
    for start in range(first, last + 1, PAGE):
        with db.snapshot() as connection:
            yield connection.execute(sql, (organisation, start, min(last, start + PAGE - 1))).fetchall()


@cache
def _sql(table: str) -> str:
    """Every column of a table, and the block's time after them, up to and without WHERE."""
    found = _TABLES[table]
    if found is schema.unit_events:
        return str(select(*found.c).compile(dialect=_DIALECT))
    return select_sql(found)
