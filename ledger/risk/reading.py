"""Files of declaration lines and of inspection results: what is faulty is named by row and column, the rest is kept."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from ledger.core.errors import InvalidInputError
from ledger.core.table import MAX_NESTING, csv_records, strict_json, utf8
from ledger.risk.lines import (
    CATEGORIES,
    COMMODITY,
    DAY,
    IDENTITY,
    NUMBERS,
    OFFICE,
    REQUIRED,
    Identity,
    Lines,
    identities,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

MAX_BYTES: Final = 512_000_000
MAX_LINES: Final = 2_000_000
MAX_TEXT: Final = 200  # characters of one value
HS_DIGITS: Final = range(6, 13)
VERSION: Final = "version_id"
RESULT: Final = "result"
SELECTED_BY: Final = "selected_by"
RESULTS: Final = {"compliant": False, "non_compliant": True}
DATE_LENGTH: Final = 10  # of YYYY-MM-DD
_COLUMN: Final = re.compile(r"[A-Za-z0-9_]{1,60}")
Record = tuple[int, dict[str, str]]


class Fault(NamedTuple):
    """Why a row was left out."""

    row: int  # from 1; the header of a CSV file is not counted
    column: str
    what: str

    def __str__(self) -> str:
        return f"Row {self.row}, column {self.column}: {self.what}."


class Read(NamedTuple):
    """What a file of declaration lines holds."""

    lines: Lines
    faults: list[Fault]
    unused: tuple[str, ...]  # columns of the file that no risk model reads


class Result(NamedTuple):
    """What one inspection found."""

    non_compliant: bool
    selected_by: str  # `random`, `score`, or how else the administration came to inspect it; "" unknown


def read_lines(path: Path, categories: Sequence[str] = (), numbers: Sequence[str] = ()) -> Read:
    """Read declaration lines from CSV or JSON; of a line's versions, the highest counts.

    Args:
        path: A file, UTF-8, up to 512 MB and 2,000,000 lines; JSON, a list of objects, if its name ends in `.json`.
        categories: Columns with texts that this administration adds to those of `ledger.risk.lines`.
        numbers: The same with numbers.

    Raises:
        InvalidInputError: The file cannot be read, is malformed or empty, or lacks a column; or none of its rows is
            right. `field` is the column, `position` the row.
    """
    for name in (*categories, *numbers):
        if not _COLUMN.fullmatch(name) or name in {*REQUIRED, *CATEGORIES, *NUMBERS}:
            raise InvalidInputError(
                f"{name[:40]!r} cannot be a column of your own.",
                advice="Its name needs letters, digits and underscores, and must not be one of the known columns.",
                field="column",
            )
    found, faults = _Columns([*CATEGORIES, *categories], [*NUMBERS, *numbers]), []
    present: dict[str, None] = {}
    for number, values in _records(path, REQUIRED):
        present.update(dict.fromkeys(values))
        fault = found.add(number, values)
        if fault is not None:
            faults.append(fault)
    lines = found.lines(present)
    if not len(lines):
        raise _refused(faults[0])
    asked = [name for name in (*categories, *numbers) if name not in present]
    if asked:
        raise InvalidInputError(f"{path.name} has no column {asked[0]}.", advice=_has(present), field=asked[0])
    known = {*REQUIRED, *CATEGORIES, *NUMBERS, *categories, *numbers, VERSION}
    return Read(lines, faults, tuple(name for name in present if name not in known))


def read_results(path: Path) -> dict[Identity, Result]:
    """Read what inspections found of each line.

    Args:
        path: CSV or JSON with `declaration_office_id` if the lines have it, `declaration_id`, `sequence_numeric`,
            `result` (`compliant` or `non_compliant`) and, where it is known, `selected_by`.

    Raises:
        InvalidInputError: The file cannot be read, is malformed or empty, or a row is faulty: what was found is too
            rare to leave any of it out.
    """
    results: dict[Identity, Result] = {}
    for number, values in _records(path, (*IDENTITY, RESULT)):
        try:
            name = _name(values)
        except _Faulty as faulty:
            raise _refused(Fault(number, faulty.column, faulty.what)) from faulty
        found = RESULTS.get(values[RESULT].strip())
        if found is None:
            raise _refused(Fault(number, RESULT, f"{values[RESULT][:40]!r} is neither compliant nor non_compliant"))
        if name in results:
            raise _refused(Fault(number, IDENTITY[0], f"{name} has a result already"))
        results[name] = Result(found, values.get(SELECTED_BY, "").strip()[:MAX_TEXT])
    return results


def digest(path: Path) -> str:
    """The SHA-256 of a file, hex.

    Raises:
        InvalidInputError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", field="file") from error


class _Faulty(Exception):  # noqa: N818 - never leaves this module
    """A value that cannot be read."""

    def __init__(self, column: str, what: str) -> None:
        super().__init__(what)
        self.column = column
        self.what = what


class _Columns:
    """Rows gathered as columns."""

    def __init__(self, categories: list[str], numbers: list[str]) -> None:
        self._read: dict[str, Callable[[dict[str, str], str], Any]] = {
            **dict.fromkeys(categories, _text),
            **dict.fromkeys(numbers, _number),
        }
        self._kept: dict[str, list[Any]] = {name: [] for name in (DAY, COMMODITY, *self._read)}
        self._versions: dict[Identity, tuple[int, int]] = {}  # of each line: its version, and where it stands
        self._categories, self._numbers = categories, numbers
        self._names: list[Identity] = []

    def add(self, number: int, values: dict[str, str]) -> Fault | None:
        """Keep a row, or say why not."""
        try:
            name, version = _name(values), _version(values)
            row: dict[str, Any] = {
                DAY: _day(values),
                COMMODITY: _commodity(values),
            }
            row |= {column: read(values, column) for column, read in self._read.items()}
        except _Faulty as faulty:
            return Fault(number, faulty.column, faulty.what)
        earlier = self._versions.get(name)
        if earlier is not None and earlier[0] == version:
            return Fault(number, IDENTITY[0], f"{name} stands before; an amended one needs a higher version")
        if earlier is not None and earlier[0] > version:
            return None
        self._put(name, row, version, None if earlier is None else earlier[1])
        return None

    def _put(self, name: Identity, row: dict[str, Any], version: int, place: int | None) -> None:
        self._versions[name] = (version, len(self._names) if place is None else place)
        if place is None:
            self._names.append(name)
        for column, value in row.items():
            if place is None:
                self._kept[column].append(value)
            else:
                self._kept[column][place] = value

    def lines(self, present: dict[str, None]) -> Lines:
        """What was kept, in the order of the file, without the columns that it does not have."""
        return Lines(
            identities(self._names),
            np.array(self._kept[DAY], dtype="datetime64[D]"),
            texts(self._kept[COMMODITY]),
            {name: texts(self._kept[name]) for name in self._categories if name in present},
            {name: np.array(self._kept[name], dtype=np.float64) for name in self._numbers if name in present},
        )


def _name(values: dict[str, str]) -> Identity:
    declaration, number = (_text(values, column) for column in IDENTITY)
    if not declaration:
        raise _Faulty(IDENTITY[0], "is missing")
    if not (number.isascii() and number.isdigit()):
        raise _Faulty(IDENTITY[1], f"{number[:40]!r} is not a whole number from 1")
    return Identity(_text(values, OFFICE), declaration, int(number))


def _version(values: dict[str, str]) -> int:
    text = _text(values, VERSION) or "1"
    if not (text.isascii() and text.isdigit()):
        raise _Faulty(VERSION, f"{text[:40]!r} is not a whole number")
    return int(text)


def _day(values: dict[str, str]) -> date:
    text = _text(values, DAY)
    try:
        return date.fromisoformat(text[:DATE_LENGTH])
    except ValueError as error:
        raise _Faulty(DAY, f"{text[:40]!r} does not begin with a date such as 2027-03-31") from error


def _commodity(values: dict[str, str]) -> str:
    text = _text(values, COMMODITY)
    if not (text.isascii() and text.isdigit() and len(text) in HS_DIGITS):
        raise _Faulty(COMMODITY, f"{text[:40]!r} is not an HS code of 6 to 12 digits")
    return text


def _text(values: dict[str, str], column: str) -> str:
    text = values.get(column, "").strip()
    if not text.isprintable():  # it will stand in a terminal, and comes from strangers
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    if len(text) > MAX_TEXT:
        raise _Faulty(column, f"has {len(text):,} characters; at most {MAX_TEXT} are read")
    return text


def _number(values: dict[str, str], column: str) -> float:
    text = _text(values, column)
    if not text:
        return math.nan
    try:
        number = float(text)
    except ValueError:
        number = math.inf
    if not 0 <= number < math.inf or not text.isascii() or "_" in text:
        raise _Faulty(column, f"{text[:40]!r} is not a number from 0")
    return number


def _records(path: Path, required: Sequence[str]) -> Iterator[Record]:
    """The rows of a file as texts by column."""
    text = _content(path)
    rows = _json_rows(text) if path.suffix.lower() == ".json" else _csv_rows(text)
    count = 0
    for count, values in enumerate(rows, start=1):
        if count > MAX_LINES:
            raise InvalidInputError(
                f"{path.name} has more than {MAX_LINES:,} rows.", advice="Split it.", field="file", position=count
            )
        missing = [column for column in required if column not in values]
        if missing:
            raise InvalidInputError(
                f"Row {count} of {path.name} has no {missing[0]}.",
                advice=_has(values),
                field=missing[0],
                position=count,
            )
        yield count, values
    if not count:
        raise InvalidInputError(f"{path.name} has no rows.", advice=f"Needed: {', '.join(required)}.", field="file")


def _content(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InvalidInputError(
                f"{path.name} has {size:,} bytes; at most {MAX_BYTES:,} are read.", advice="Split it.", field="file"
            )
        return utf8(path.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.", field="file") from error


def _csv_rows(text: str) -> Iterator[dict[str, str]]:
    records = csv_records(text, MAX_LINES + 2)  # the header, and one too many
    try:
        header = next(records, [])
        double = [name for name, count in Counter(header).items() if count > 1]
        if double:
            raise InvalidInputError(f"The header row has {double[0]!r} twice.", field=double[0], position=0)
        for number, record in enumerate(records, start=1):
            if len(record) != len(header):
                raise InvalidInputError(
                    f"Row {number} has {len(record)} values, and the header row has {len(header)}.",
                    advice="Put quotes around values with commas or line breaks.",
                    field="file",
                    position=number,
                )
            yield dict(zip(header, record, strict=True))
    except csv.Error as error:
        raise InvalidInputError(f"The file is not CSV. {error}.", field="file") from error


def _json_rows(text: str) -> Iterator[dict[str, str]]:
    rows = strict_json(text, MAX_NESTING)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidInputError("The file must hold a JSON list of objects.", field="file")
    for row in rows:
        yield {name: _plain(value) for name, value in row.items()}


def _plain(value: object) -> str:
    """A JSON value as a CSV file would have it; a list (of places, say) as words."""
    if value is None:
        return ""
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _refused(fault: Fault) -> InvalidInputError:
    return InvalidInputError(
        str(fault), advice="Correct the file and give it again.", field=fault.column, position=fault.row
    )


def _has(values: dict[str, Any]) -> str:
    return f"It has: {', '.join(map(str, values))[:MAX_TEXT]}. docs/risk-model.md names the columns."
