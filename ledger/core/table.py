"""Rows of CSV and JSON files that people make: read whole or not at all, every fault named by row and column."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Self

from ledger.core.errors import InvalidInputError
from ledger.core.nesting import has_more_values, is_nested_deeper

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BYTES: Final = 8_000_000  # 10,000 rows are under 2 MB
MAX_ROWS: Final = 10_000
MAX_NESTING: Final = 16  # a list of objects with a list in them has 3
MAX_VALUES: Final = 10_000  # of any JSON; beyond, a longer file may have more
CHARACTERS_OF_A_VALUE: Final = 8  # at least: a row of ours has eight values in 120 characters
MAX_RECORD: Final = 65_536  # characters of one row of a CSV file; ours have under 200
BLANK_LINES: Final = 3  # for each row, at most
_RUN: Final = ("=", "+", "-", "@", "\t", "\r")  # what begins a formula


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `number` counts from 1, the header of a CSV file not counted."""

    number: int
    values: dict[str, Any]

    def fault(self, column: str, what: str) -> InvalidInputError:
        """The error that names this row and a column."""
        return InvalidInputError(
            f"Row {self.number}, column {column}: {what}.",
            advice="Correct the file and send it again; nothing of it was sent.",
            field=column,
            position=self.number,
        )

    def optional(self, column: str) -> str:
        """The text in a column, trimmed; "" where there is none."""
        value = self.values.get(column)
        if isinstance(value, str):
            return value.strip()
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""

    def text(self, column: str) -> str:
        """The text in a column, trimmed.

        Raises:
            InvalidInputError: It is missing or empty.
        """
        text = self.optional(column)
        if not text:
            raise self.fault(column, "is missing")
        return text

    def whole(self, column: str, most: int) -> int:
        """A whole number from 1 to `most`.

        Raises:
            InvalidInputError: It is anything else.
        """
        text = self.text(column)
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 0 < int(text) <= most):
            raise self.fault(column, f"{text!r} is not a whole number from 1 to {most:,}")
        return int(text)

    def day(self, column: str, *, needed: bool = True) -> int:
        """A date YYYY-MM-DD as the number YYYYMMDD; 0 where it may be missing and is.

        Raises:
            InvalidInputError: It is no such date.
        """
        text = self.text(column) if needed else self.optional(column)
        if not text:
            return 0
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise self.fault(column, f"{text!r} is not a date such as 2027-03-31") from error
        return day.year * 10_000 + day.month * 100 + day.day


def read_rows(text: bytes, required: Sequence[str], optional: Sequence[str], *, as_json: bool) -> list[Row]:
    """The rows of a file.

    Args:
        text: The file, UTF-8, at most 8 MB and 10,000 rows: CSV with a header row, or a JSON list of objects.
        required: The columns that every row must have.
        optional: The columns that it may have; any other is refused.
        as_json: Whether the file is JSON.

    Raises:
        InvalidInputError: The file is too large, malformed, empty, or has a column that is not known.
    """
    if len(text) > MAX_BYTES:
        raise InvalidInputError(
            f"The file has {len(text):,} bytes; at most {MAX_BYTES:,} are read.", advice="Split it.", field="file"
        )
    decoded = utf8(text)
    values = _json_values(decoded) if as_json else _csv_values(decoded, required, optional)
    if not values:
        raise InvalidInputError("The file has no rows.", advice=f"Columns: {', '.join(required)}.", field="file")
    if len(values) > MAX_ROWS:
        raise InvalidInputError(
            f"The file has {len(values):,} rows; at most {MAX_ROWS:,} are read.", advice="Split it.", field="file"
        )
    rows = [Row(number, row) for number, row in enumerate(values, start=1)]
    known = {*required, *optional}
    for row in rows:
        surplus = [str(name) for name in row.values if name not in known]
        if surplus:
            raise row.fault(surplus[0], f"is not one of the columns {', '.join((*required, *optional))}")
    return rows


def utf8(text: bytes) -> str:
    """The text of a file.

    Raises:
        InvalidInputError: It is not UTF-8; `position` is the first byte at fault.
    """
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"Byte {error.start} is not UTF-8.", advice="Save the file as UTF-8.", field="file", position=error.start
        ) from error


def csv_records(text: str, most: int) -> Iterator[list[str]]:
    """The rows of CSV, blank lines left out; no more than the first `most`, so that no more are ever made.

    Raises:
        csv.Error: It is no CSV, or has a row of more than 65,536 characters.
    """
    lines = _Lines(text)
    found = 0
    try:
        for record in csv.reader(lines, strict=True):
            lines.begun = 0
            found += bool(record)
            if record:
                yield record
            if found == most or lines.blank > BLANK_LINES * most:
                return
    except csv.Error as error:
        raise csv.Error(f"Line {lines.number}: {error}") from error


def csv_cell(value: object) -> object:
    """A value as it may stand in a CSV that people open: a text that a spreadsheet would run gets an apostrophe.

    What was scanned may come from a forger's label, such as `=HYPERLINK(…)`. Source: OWASP, CSV Injection.
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else value


class _Lines:
    """The lines of a text; refuses to go on where one row has taken too many characters."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.begun = 0  # characters since the last row
        self.blank = 0
        self.number = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._lines.readline(MAX_RECORD + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.begun += len(line)
        self.blank += line in {"\n", "\r\n", "\r"}
        if self.begun > MAX_RECORD:
            raise csv.Error(f"a row has more than {MAX_RECORD:,} characters")
        return line


def _csv_values(text: str, required: Sequence[str], optional: Sequence[str]) -> list[dict[str, Any]]:
    records = csv_records(text, MAX_ROWS + 2)  # the header, and one too many
    try:
        header = next(records, [])
        missing = [column for column in required if column not in header]
        if missing:
            raise InvalidInputError(
                f"The header row lacks {', '.join(missing)}.",
                advice=f"Columns: {', '.join((*required, *optional))}.",
                field=missing[0],
                position=0,
            )
        return [_named(header, record) for record in records]
    except csv.Error as error:
        raise InvalidInputError(f"The file is not CSV. {error}.", field="file") from error


def _named(header: list[str], record: list[str]) -> dict[str, Any]:
    """A row by column; what is beyond the last column has a name that no column has."""
    values: dict[str, Any] = dict(zip(header, record, strict=False))
    if len(record) > len(header):
        values["(beyond the last column)"] = record[len(header) :]
    return values


def strict_json(text: str, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON in a file: no key twice in an object.

    Args:
        text: The file.
        depth: How deep objects and lists may stand in each other.

    Raises:
        InvalidInputError: It is no such JSON.
    """
    if is_nested_deeper(text, depth):
        raise InvalidInputError(f"The JSON is nested deeper than {depth} levels.", field="file")
    if has_more_values(text, MAX_VALUES + len(text) // CHARACTERS_OF_A_VALUE):
        raise InvalidInputError("The JSON has far more values than such a file needs.", field="file")
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except ValueError as error:
        raise InvalidInputError(f"The file is not JSON: {error}.", field="file") from error


def _json_values(text: str) -> list[dict[str, Any]]:
    rows = strict_json(text, MAX_NESTING)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidInputError("The file must hold a JSON list of objects.", field="file")
    return rows


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        double = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise InvalidInputError(f"The key {double} stands twice in one object.", field=double)
    return values
