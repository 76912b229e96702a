"""Which of what is held or was scanned matched which indicator, and up to where everything was compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from ledger.core.intelligence.matching import Found, matches
from ledger.core.intelligence.pattern import Pattern, read_pattern
from ledger.store.intelligence import VISIBLE, visible_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.core.intelligence.rules import Reader
    from ledger.store.database import Database

MOST: Final = 1_000  # matches kept of one indicator: one that finds more is to be narrowed
_KEYS_AT_ONCE: Final = 200
_INSERT: Final = """
    INSERT INTO matches (indicator, what, identifier, gtin, lot, serial, place, organisation, "at", found_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (indicator, what, identifier) DO NOTHING
"""
_KEPT: Final = "SELECT count(*) FROM matches WHERE indicator = ? AND (what = 'declaration') = (? = 'declaration')"
_LINE: Final = "CASE WHEN m.what = 'declaration' THEN CAST(m.identifier AS BIGINT) ELSE 0 END"
# Declaration lines are shown to the desks of their country only.
_SHOWN: Final = f"""
    SELECT m.sequence, i.digest, m.what, m.identifier, m.gtin, m.lot, m.serial, m.place, m.organisation, m."at",
    m.found_at FROM matches m JOIN intelligence i ON i.sequence = m.indicator
    WHERE {VISIBLE} AND (m.what <> 'declaration' OR ?7 = (
        SELECT d.country FROM declaration_lines d WHERE d.sequence = {_LINE}))
"""  # noqa: S608 - constants
_AFTER: Final = f"{_SHOWN} AND m.sequence > ?5 ORDER BY m.sequence LIMIT ?6"
_BEFORE: Final = f"{_SHOWN} AND m.sequence < ?5 ORDER BY m.sequence DESC LIMIT ?6"
_OF_KEYS: Final = """
    SELECT k."key", i.sequence, i.content FROM indicator_keys k JOIN intelligence i ON i.sequence = k.sequence
    WHERE k."key" IN ({}) AND (i.valid_until = 0 OR i.valid_until > ?)
"""
_PUT: Final = """
    INSERT INTO compared (id, block, log_index, hash, unit_event, report) VALUES (1, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET block = excluded.block, log_index = excluded.log_index, hash = excluded.hash,
    unit_event = excluded.unit_event, report = excluded.report
"""
_UNIT_EVENTS: Final = """
    SELECT sequence, digest, gtin, lot, serial, place, organisation, occurred_at FROM unit_events
    WHERE sequence > ? ORDER BY sequence LIMIT ?
"""
_REPORTS: Final = """
    SELECT sequence, gtin, lot, serial, place, received_at FROM reports WHERE sequence > ? ORDER BY sequence LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Match:
    """Something that matched an indicator."""

    sequence: int
    digest: bytes  # of the indicator
    found: Found
    found_at: int  # Unix seconds


class Compared(NamedTuple):
    """Up to where everything was compared with the indicators."""

    block: int = -1
    log_index: int = -1
    hash: bytes = b""  # of the block
    unit_event: int = 0
    report: int = 0


class Matches:
    """The matches of this installation. Safe to share between threads and processes.

    Args:
        db: Where they are.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, indicator: int, found: Iterable[Found], now: int) -> None:
        """Keep what matched an indicator, once each, as long as there is room.

        Declaration lines have room of their own: a product that is everywhere must not hide them.

        Args:
            indicator: The number of its message.
            found: What matched.
            now: Unix seconds.
        """
        with self._db.transaction() as connection:
            for rows in _by_room([(indicator, *_row(each), now) for each in found]):
                sql = (
                    "SELECT count(*) FROM matches WHERE indicator = ? AND (what = 'declaration') = (? = 'declaration')"
                )
                room = MOST - int(connection.execute(sql, rows[0][:2]).fetchone()[0])
                connection.executemany(_INSERT, rows[: max(room, 0)])

    def after(self, reader: Reader, country: str, sequence: int, most: int) -> list[Match]:
        """What matched indicators that a reader may see, after a number, in order.

        Args:
            reader: Who reads.
            country: Whose declaration lines he may see, "" for none.
            sequence: The number.
            most: How many at once.
        """
        return self._shown(_AFTER, reader, country, sequence, most)

    def before(self, reader: Reader, country: str, sequence: int, most: int) -> list[Match]:
        """What matched before a number, the newest first; else as `after`."""
        return self._shown(_BEFORE, reader, country, sequence, most)

    def _shown(self, sql: str, reader: Reader, country: str, sequence: int, most: int) -> list[Match]:
        with self._db.snapshot() as connection:
            rows = connection.execute(sql, (*visible_to(reader), sequence, most, country)).fetchall()
        return [Match(row[0], bytes(row[1]), Found(*row[2:10]), row[10]) for row in rows]

    def any_indicator(self, but: int = 0) -> bool:
        """Whether there is anything to compare with, but for the indicator of one message."""
        with self._db.snapshot() as connection:
            sql = "SELECT 1 FROM indicator_keys WHERE sequence <> ? LIMIT 1"
            return connection.execute(sql, (but,)).fetchone() is not None

    def of_keys(self, keys: Sequence[str], serial: str, now: int) -> list[int]:
        """The numbers of the indicators that match a thing.

        Args:
            keys: The thing's.
            serial: Its serial number, "" if it is no single pack.
            now: Unix seconds.
        """
        found = self._sharing(keys, now)
        return list(dict.fromkeys(sequence for _, sequence, content in found if matches(_pattern(content), serial)))

    def by_keys(self, keys: Iterable[str], now: int) -> dict[str, list[int]]:
        """The numbers of the indicators that have a key, by key; of those whose things are no single packs.

        Args:
            keys: Of many things.
            now: Unix seconds.
        """
        found: dict[str, list[int]] = {}
        for key, sequence, _ in self._sharing(list(keys), now):
            found.setdefault(key, []).append(sequence)
        return found

    def lines_of(self, digest: bytes) -> list[int]:
        """The numbers of the declaration lines that matched an indicator, by its message's digest."""
        sql = """SELECT m.identifier FROM matches m JOIN intelligence i ON i.sequence = m.indicator
            WHERE i.digest = ? AND m.what = 'declaration'"""
        with self._db.snapshot() as connection:
            return [int(row[0]) for row in connection.execute(sql, (digest,))]

    def _sharing(self, keys: Sequence[str], now: int) -> list[tuple[str, int, str]]:
        """Key, number and content of the indicators that have one of these keys."""
        found: list[tuple[str, int, str]] = []
        with self._db.snapshot() as connection:
            for at in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[at : at + _KEYS_AT_ONCE]
                sql = _OF_KEYS.format(", ".join("?" * len(some)))
                found += connection.execute(sql, (*some, now)).fetchall()
        return found

    def named(self, indicators: Sequence[int]) -> list[tuple[bytes, int]]:
        """Digest and issuer of indicators.

        Args:
            indicators: The numbers of their messages; a handful.
        """
        if not indicators:
            return []
        sql = f"SELECT digest, issuer FROM intelligence WHERE sequence IN ({', '.join('?' * len(indicators))})"  # noqa: S608 - marks only
        with self._db.snapshot() as connection:
            return [(bytes(digest), issuer) for digest, issuer in connection.execute(sql, indicators).fetchall()]

    def compared(self) -> Compared | None:
        """Up to where everything was compared; None before the first time."""
        with self._db.snapshot() as connection:
            sql = "SELECT block, log_index, hash, unit_event, report FROM compared"
            row = connection.execute(sql).fetchone()
        return None if row is None else Compared(row[0], row[1], bytes(row[2]), row[3], row[4])

    def put_compared(self, place: Compared) -> None:
        """Note up to where everything was compared."""
        with self._db.transaction() as connection:
            connection.execute(_PUT, tuple(place))

    def newest(self) -> Compared:
        """The end of everything that can be compared."""
        with self._db.snapshot() as connection:
            sql = "SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 1"
            block = connection.execute(sql).fetchone() or (-1, b"")
            units = connection.execute("SELECT coalesce(max(sequence), 0) FROM unit_events").fetchone()[0]
            reports = connection.execute("SELECT coalesce(max(sequence), 0) FROM reports").fetchone()[0]
        return Compared(block[0], 2**31 - 1, bytes(block[1]), units, reports)

    def packs_after(self, sequence: int, most: int) -> list[tuple[int, Found]]:
        """What was signed about single packs after a number, in order of arrival."""
        with self._db.snapshot() as connection:
            rows = connection.execute(_UNIT_EVENTS, (sequence, most)).fetchall()
        return [(row[0], Found("pack", "0x" + bytes(row[1]).hex(), *row[2:])) for row in rows]

    def reports_after(self, sequence: int, most: int) -> list[tuple[int, Found]]:
        """What people reported after a number, in order of arrival."""
        with self._db.snapshot() as connection:
            rows = connection.execute(_REPORTS, (sequence, most)).fetchall()
        return [
            (number, Found("report", str(number), gtin, lot, serial, place, at=at))
            for number, gtin, lot, serial, place, at in rows
        ]


def _by_room(rows: list[tuple[Any, ...]]) -> list[list[tuple[Any, ...]]]:
    """Declaration lines, and all else."""
    lines = [row for row in rows if row[1] == "declaration"]
    others = [row for row in rows if row[1] != "declaration"]
    return [each for each in (lines, others) if each]


def _row(found: Found) -> tuple[Any, ...]:
    goods = (found.gtin, found.lot, found.serial)
    return (found.what, found.identifier, *goods, found.place, found.organisation, found.at)


def _pattern(content: str) -> Pattern:
    return read_pattern(orjson.loads(content)["pattern"])
