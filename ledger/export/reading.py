"""The rows of the ledger as an export tells them, and the stream of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ledger.core import exported
from ledger.core.errors import InvalidInputError
from ledger.export.formats import line
from ledger.store import indexing, pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.core.exported import ExportTable
    from ledger.store.database import Database

PART_FACTS: Final = 50_000  # facts in a part at least: some seconds of work, which is what a stopped run loses
Row = tuple[Any, ...]
_CURSOR: Final = re.compile(r"([0-9]{1,18})-([0-9a-f]{64})", re.ASCII)


def lines(db: Database, *, tables: Sequence[str] = (), since: str = "") -> Iterator[bytes]:
    """The rows of every final block as JSON lines, each with its `table`.

    After each range of blocks stands a line `{"table": "cursor", "since": "…"}`: whoever has read that far goes on from
    there. A stream without a cursor at its end is cut short.

    Args:
        db: The installation's.
        tables: As for `export`.
        since: A cursor of an earlier stream.

    Raises:
        InvalidInputError: The cursor is malformed, or of another ledger.
    """
    wanted = chosen(tables)
    if exported.UNIT_EVENTS in wanted:
        raise InvalidInputError(
            "Events about single packs have no place in the chain's order.",
            advice="Export them into a folder instead of a stream.",
            field="table",
        )
    after = _parsed(db, since) if since else -1
    for span in pages.spans(db, after, pages.newest(db, final=True), PART_FACTS):
        for table in wanted:
            names = [column.name for column in table.columns]
            for rows in read(db, table, span):
                yield b"".join(line({"table": table.name, **dict(zip(names, row, strict=True))}) for row in rows)
        yield line({"table": "cursor", "since": f"{span.last_block}-{span.last_hash.hex()}"})


def chosen(names: Sequence[str]) -> list[ExportTable]:
    """The tables of these names in the order of the documents; without names, every table of the chain.

    Raises:
        InvalidInputError: One of the names is none of them.
    """
    unknown = [name for name in names if name not in exported.TABLES]
    if unknown:
        raise InvalidInputError(
            f"There is no table {unknown[0][:40]!r}.", advice=f"Tables: {', '.join(exported.TABLES)}.", field="table"
        )
    if not names:
        return list(exported.CHAIN_TABLES)
    return [table for name, table in exported.TABLES.items() if name in names]


def _parsed(db: Database, cursor: str) -> int:
    match = _CURSOR.fullmatch(cursor)
    block = int(match[1]) if match else -1
    if match is None or indexing.block_hash(db, block) != bytes.fromhex(match[2]):
        raise InvalidInputError(
            f"{cursor[:100]!r} is no cursor of this ledger.",
            advice="Give the `since` of the last line whose table is `cursor`, or leave it out to begin anew.",
            field="since",
        )
    return block


def read(db: Database, table: ExportTable, span: pages.Span) -> Iterator[list[Row]]:
    """The rows of a table in a span of blocks as the export tells them, by pages."""
    return told(table, pages.rows(db, table.source, span.first_block, span.last_block))


def told(table: ExportTable, batches: Iterator[list[Row]]) -> Iterator[list[Row]]:
    """Stored rows as the export tells them."""
    read = table.reader(pages.columns(table.source))
    return (list(map(read, rows)) for rows in batches)
