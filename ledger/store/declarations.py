"""Lines of customs declarations as they were declared, every version, each with its last score."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from ledger.core.customs.case import Earlier
from ledger.core.customs.declaration import DeclarationLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.store.database import Database
    from ledger.store.engine import Connection

Key = tuple[str, str, int]  # office, declaration, number of the line
AT_ONCE: Final = 2_000  # lines looked up by one statement; SQLite takes 32,766 values, three a line
# Almost every line is the newest version of itself: a sum keeps SQLite from going through all of them by that index.
_NEWEST: Final = "newest + 0 = 1"
_COLUMNS: Final = "sequence, newest, imported_at, risk, score, scored_at, scored_block, line"
_INSERT: Final = """
    INSERT INTO declaration_lines (office, declaration, line_number, version, newest, country, accepted_at, gtin, lot,
    sscc, quantity, line, imported_at, risk, score, scored_at, scored_block)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0, -1)
"""
_AMEND: Final = """
    UPDATE declaration_lines SET newest = 0 WHERE office = ? AND declaration = ? AND line_number = ? AND version < ?
"""
_SCORED: Final = """
    UPDATE declaration_lines SET risk = ?, score = ?, scored_at = ?, scored_block = ? WHERE sequence = ?
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A line as it is kept."""

    number: int  # by which people name it, in order of arrival
    line: DeclarationLine
    newest: bool  # no newer version of it is there
    imported_at: int  # Unix seconds
    risk: int  # 0 to 100
    score: dict[str, Any]  # as `Score.to_json` gave it; empty = not scored yet
    scored_at: int  # Unix seconds, 0 = not yet
    scored_block: int  # the newest block that was indexed then, -1 = none


class Scored(NamedTuple):
    """A score to be kept."""

    number: int
    risk: int
    score: dict[str, Any]


class History:
    """What was declared before about the SSCCs and lots of some lines."""

    def __init__(self, by_sscc: dict[str, list[Any]], by_lot: dict[Any, _Declared]) -> None:
        self._by_sscc = by_sscc  # rows: accepted, number, then what an `Earlier` takes but the time
        self._by_lot = by_lot

    def earlier(self, kept: Kept) -> tuple[Earlier, ...]:
        """Lines about the same SSCC that were accepted before; of the same time, those that came first."""
        rows = self._by_sscc.get(kept.line.sscc, ()) if kept.line.sscc else ()
        before = rows[: bisect_left(rows, (kept.line.acceptance_date_time, kept.number))]
        return tuple(
            Earlier(office, declaration, line_number, accepted, quantity)
            for accepted, _number, office, declaration, line_number, quantity in before
        )

    def declared_before(self, kept: Kept) -> int:
        """The units of the lot in such lines of the same country."""
        line = kept.line
        declared = self._by_lot.get((line.gtin, line.lot, line.country))
        return declared.before((line.acceptance_date_time, kept.number)) if declared else 0


class _Declared:
    """Units of a lot declared to one country, in order of acceptance."""

    def __init__(self, rows: list[Any]) -> None:
        self._places = [(accepted, number) for accepted, number, _quantity in rows]
        self._sums: list[int] = [0, *accumulate(quantity for _accepted, _number, quantity in rows)]

    def before(self, place: tuple[int, int]) -> int:
        units: int = self._sums[bisect_left(self._places, place)]
        return units


class Declarations:
    """The declaration lines of this installation. Safe to share between threads and processes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, lines: Sequence[DeclarationLine], now: int) -> tuple[list[int], list[int]]:
        """Keep lines; those that are there with the same version stay as they are. Durable once this returns.

        Args:
            lines: At most 2,000.
            now: Unix seconds.

        Returns:
            The positions in `lines` of those that were added, and of those that are there with other contents.

        Raises:
            UnavailableError: The database is locked or full; nothing was written.
        """
        added: list[int] = []
        differ: list[int] = []
        rows: list[tuple[Any, ...]] = []
        amended: list[tuple[Any, ...]] = []
        with self._db.transaction() as connection:
            there = _versions(connection, {_key(line) for line in lines})
            for position, line in enumerate(lines):
                versions = there.setdefault(_key(line), {})
                text = _written(line)
                if line.version_id not in versions:
                    newest = all(line.version_id > each for each in versions)
                    rows.append(_row(line, text, now, newest=newest))
                    amended += [(*_key(line), line.version_id)] if versions and newest else []
                    versions[line.version_id] = text
                    added.append(position)
                elif versions[line.version_id] != text:
                    differ.append(position)
            connection.executemany(_INSERT, rows)
            connection.executemany(_AMEND, amended)
        return added, differ

    def of(self, lines: Sequence[DeclarationLine]) -> list[Kept]:
        """What is kept of the goods items of some lines, the newest version of each; at most 2,000."""
        marks, values = _keys({_key(line) for line in lines})
        where = f"{_NEWEST} AND (office, declaration, line_number) IN (VALUES {marks})"
        return self._kept(f"WHERE {where} ORDER BY sequence", values)

    def page(self, after: int, most: int = AT_ONCE) -> list[Kept]:
        """The newest versions of the lines after a number, in their order."""
        return self._kept(f"WHERE {_NEWEST} AND sequence > ? ORDER BY sequence LIMIT ?", (after, most))

    def ranked(self, most: int, least_risk: int, country: str) -> list[Kept]:
        """The newest versions of lines, the riskiest first, of equal ones the last that came.

        Args:
            most: How many.
            least_risk: 0 to 100.
            country: To which they are declared; "" = any.
        """
        where = "WHERE newest = 1 AND risk >= ?" + (" AND country = ?" if country else "")
        values = (least_risk, country, most) if country else (least_risk, most)
        return self._kept(f"{where} ORDER BY risk DESC, sequence DESC LIMIT ?", values)

    def without_signal(self, country: str, after: int, most: int) -> list[Kept]:
        """The newest versions of a country's lines that have no signal, after a number, in their order."""
        where = "WHERE newest = 1 AND risk = 0 AND country = ? AND score <> '' AND sequence > ?"
        return self._kept(f"{where} ORDER BY sequence LIMIT ?", (country, after, most))

    def numbered(self, number: int) -> Kept | None:
        """The line with this number, whichever version."""
        return next(iter(self._kept("WHERE sequence = ?", (number,))), None)

    def count(self) -> int:
        """How many lines there are, of each the newest version."""
        with self._db.snapshot() as connection:
            sql = "SELECT count(*) FROM declaration_lines WHERE newest = 1"
            return int(connection.execute(sql).fetchone()[0])

    def history(self, kept: Sequence[Kept]) -> History:
        """What was declared before about what these lines name; at most 2,000 lines."""
        ssccs = {each.line.sscc for each in kept if each.line.sscc}
        lots = {(each.line.gtin, each.line.lot) for each in kept if each.line.gtin}
        with self._db.snapshot() as connection:
            return History(_by_sscc(connection, ssccs), _by_lot(connection, lots))

    def put_scores(self, scores: Iterable[Scored], now: int, block: int) -> None:
        """Keep scores; earlier ones give way.

        Args:
            scores: By the lines' numbers.
            now: Unix seconds.
            block: The newest block that they rest on.
        """
        rows = [(each.risk, orjson.dumps(each.score).decode(), now, block, each.number) for each in scores]
        with self._db.transaction() as connection:
            connection.executemany(_SCORED, rows)

    def _kept(self, where: str, values: Sequence[Any]) -> list[Kept]:
        with self._db.snapshot() as connection:
            sql = f"SELECT {_COLUMNS} FROM declaration_lines {where}"  # noqa: S608 - constants of this module
            return [_read(row) for row in connection.execute(sql, values)]


def _key(line: DeclarationLine) -> Key:
    return line.declaration_office_id, line.declaration_id, line.sequence_numeric


def _row(line: DeclarationLine, text: str, now: int, *, newest: bool) -> tuple[Any, ...]:
    return (
        *(*_key(line), line.version_id, int(newest), line.country, line.acceptance_date_time),
        *(line.gtin, line.lot, line.sscc, line.tariff_quantity, text, now),
    )


def _keys(keys: Iterable[Key]) -> tuple[str, list[Any]]:
    listed = list(keys)
    return ", ".join(["(?, ?, ?)"] * len(listed)), [value for key in listed for value in key]


def _written(line: DeclarationLine) -> str:
    return orjson.dumps(line._asdict(), option=orjson.OPT_SORT_KEYS).decode()


def _read(row: Sequence[Any]) -> Kept:
    number, newest, imported_at, risk, score, scored_at, scored_block, text = row
    values = orjson.loads(text)
    line = DeclarationLine(**(values | {"itinerary_id": tuple(values["itinerary_id"])}))
    told = orjson.loads(score) if score else {}
    return Kept(number, line, bool(newest), imported_at, risk, told, scored_at, scored_block)


def _versions(connection: Connection, keys: set[Key]) -> dict[Key, dict[int, str]]:
    marks, values = _keys(keys)
    sql = f"""
        SELECT office, declaration, line_number, version, line FROM declaration_lines
        WHERE (office, declaration, line_number) IN (VALUES {marks})
    """  # noqa: S608 - marks
    found: dict[Key, dict[int, str]] = {}
    for office, declaration, number, version, text in connection.execute(sql, values):
        found.setdefault((office, declaration, number), {})[version] = text
    return found


def _by_sscc(connection: Connection, ssccs: set[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    if not ssccs:
        return found
    marks = ", ".join("?" * len(ssccs))
    sql = f"""
        SELECT sscc, accepted_at, sequence, office, declaration, line_number, quantity FROM declaration_lines
        WHERE newest = 1 AND sscc IN ({marks}) ORDER BY accepted_at, sequence
    """  # noqa: S608 - marks
    for row in connection.execute(sql, list(ssccs)):
        found.setdefault(row[0], []).append(row[1:])
    return found


def _by_lot(connection: Connection, lots: set[tuple[str, str]]) -> dict[Any, _Declared]:
    if not lots:
        return {}
    marks = ", ".join(["(?, ?)"] * len(lots))
    sql = f"""
        SELECT gtin, lot, country, accepted_at, sequence, quantity FROM declaration_lines
        WHERE {_NEWEST} AND (gtin, lot) IN (VALUES {marks}) ORDER BY accepted_at, sequence
    """  # noqa: S608 - marks
    rows: dict[Any, list[Any]] = {}
    for row in connection.execute(sql, [value for pair in lots for value in pair]):
        rows.setdefault(row[:3], []).append(row[3:])
    return {place: _Declared(found) for place, found in rows.items()}
