"""Rows of a table as JSON lines, or as a Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from ledger.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from ledger.core.exported import ExportTable

Format = Literal["jsonl", "parquet"]
FORMATS: Final[tuple[Format, ...]] = ("jsonl", "parquet")
Row = tuple[Any, ...]
_JSON: Final = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


def line(values: dict[str, Any]) -> bytes:
    """One JSON line."""
    return orjson.dumps(values, option=_JSON)


def write_json_lines(file: BinaryIO, table: ExportTable, first: list[Row], rest: Iterator[list[Row]]) -> int:
    """Write the rows of `table`: those of the first page, then those of the others; how many they were."""
    names, count, rows = [column.name for column in table.columns], 0, first
    while rows:
        file.write(b"".join(line(dict(zip(names, row, strict=True))) for row in rows))
        count += len(rows)
        rows = next(rest, [])
    return count


def write_parquet(file: BinaryIO, table: ExportTable, first: list[Row], rest: Iterator[list[Row]]) -> int:
    """The same as a Parquet file; a page of rows is a row group, so that no more than one is in memory.

    Raises:
        ConfigurationError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415 - untyped; 40 MB that only this needs
        from pyarrow.parquet import ParquetWriter  # type: ignore[import-untyped]  # noqa: PLC0415 - the same
    except ImportError as error:
        raise ConfigurationError(
            "Parquet files are written by pyarrow, which is not installed.",
            advice="Install it with the extra `lotproof[parquet]`, or choose --format jsonl.",
            field="format",
        ) from error
    schema = _schema(pa, table)
    count, rows = 0, first
    with ParquetWriter(file, schema, compression="zstd") as writer:
        while rows:
            arrays = map(pa.array, zip(*rows, strict=True), schema.types)
            writer.write_batch(pa.record_batch(list(arrays), schema=schema))
            count += len(rows)
            rows = next(rest, [])
    return count


def _schema(pa: Any, table: ExportTable) -> Any:  # noqa: ANN401 - pyarrow ships without types
    types = {
        "integer": pa.int64(),
        "date": pa.date32(),
        "time": pa.timestamp("ms", tz="UTC"),
        "boolean": pa.bool_(),
        "list of text": pa.list_(pa.string()),
    }
    fields = []
    for column in table.columns:
        kind, _, null = column.form.type.partition(" or ")
        fields.append(pa.field(column.name, types.get(kind, pa.string()), nullable=bool(null)))
    return pa.schema(fields, metadata={"about": table.about})
