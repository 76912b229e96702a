"""Which open indicators match which declaration lines, both ways: a new line, and a new or withdrawn indicator.

Keys of a line, its matches and its score are written in one transaction, as an indicator and what it matches are, and
one writes at a time: whichever comes second finds the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from ledger.core.customs.alerts import Alert, with_alerts
from ledger.core.intelligence.marking import Marking
from ledger.core.organisation import name_of
from ledger.store.matches import Matches
from ledger.store.read_model import ReadModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ledger.core.intelligence.matching import Found
    from ledger.store.database import Database
    from ledger.store.engine import Connection

DECLARATION: Final = "declaration"  # what a match of a line is
_AT_ONCE: Final = 500  # values in one statement
_KEEP: Final = 'INSERT INTO declaration_keys ("key", sequence) VALUES (?, ?) ON CONFLICT DO NOTHING'
_OF_BATCHES: Final = "SELECT identifier, indicator FROM matches WHERE what = 'batch' AND identifier IN ({})"
_STANDING: Final = """
    SELECT m.identifier, i.issuer, i.marking, i.digest FROM matches m JOIN intelligence i ON i.sequence = m.indicator
    WHERE m.what = ? AND m.identifier IN ({}) AND (i.valid_until = 0 OR i.valid_until > ?)
    AND NOT EXISTS (SELECT 1 FROM intelligence w WHERE w.previous = i.digest AND w.form = 3) ORDER BY i.sequence
"""
_SCORES: Final = "SELECT sequence, score FROM declaration_lines WHERE score <> '' AND sequence IN ({})"
_PUT: Final = "UPDATE declaration_lines SET risk = ?, score = ? WHERE sequence = ?"


class Comparable(NamedTuple):
    """A line as indicators are compared with it."""

    number: int
    keys: tuple[str, ...]  # by which it is found
    batches: tuple[bytes, ...]  # ids of what it carries
    found: Found
    more: Callable[[], tuple[str, ...]]  # keys that an indicator may have too: of companies by their other names


class LineAlerts:
    """Compares lines with indicators. Safe to share between threads and processes.

    Args:
        db: Where both are.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._matches = Matches(db)
        self._read_model = ReadModel(db)

    def any(self) -> bool:
        """Whether anything is looked for."""
        return self._matches.any_indicator()

    def compare(self, lines: Sequence[Comparable], numbers: Sequence[int], now: int) -> dict[int, list[Alert]]:
        """Keep the keys of lines and what matches them; inside the transaction that keeps their scores.

        Args:
            lines: At most 2,000.
            numbers: Of these, and of others whose keys are kept.
            now: Unix seconds.

        Returns:
            The alerts that stand, by the numbers of the lines that have any.
        """
        with self._db.transaction() as connection:
            connection.executemany(_KEEP, [(key, line.number) for line in lines for key in line.keys])
            if not self.any():
                return {}
            keys = {line.number: (*line.keys, *line.more()) for line in lines}
            by_key = self._matches.by_keys({key for each in keys.values() for key in each}, now)
            by_batch = self._of_batches(connection, {batch for line in lines for batch in line.batches})
            matching: dict[int, list[Found]] = {}
            for line in lines:
                found = {each for key in keys[line.number] for each in by_key.get(key, ())}
                found |= {each for batch in line.batches for each in by_batch.get("0x" + batch.hex(), ())}
                for indicator in found:
                    matching.setdefault(indicator, []).append(line.found)
            for indicator, things in matching.items():
                self._matches.add(indicator, things, now)
            return self.standing(numbers, now)

    def standing(self, numbers: Sequence[int], now: int) -> dict[int, list[Alert]]:
        """The alerts that match lines and are neither expired nor withdrawn, by the lines' numbers."""
        alerts: dict[int, list[Alert]] = {}
        for identifier, alert in self._standing(DECLARATION, [str(number) for number in numbers], now):
            alerts.setdefault(int(identifier), []).append(alert)
        return alerts

    def of_batches(self, batches: Iterable[bytes], now: int) -> list[Alert]:
        """The alerts that match batches and are neither expired nor withdrawn."""
        found = self._standing("batch", ["0x" + batch.hex() for batch in batches], now)
        return list(dict.fromkeys(alert for _, alert in found))

    def _standing(self, what: str, identifiers: list[str], now: int) -> list[tuple[str, Alert]]:
        found: list[tuple[str, Alert]] = []
        names: dict[int, str] = {}
        with self._db.snapshot() as connection:
            for some in _parts(identifiers):
                sql = _STANDING.format(", ".join("?" * len(some)))
                for identifier, issuer, marking, digest in connection.execute(sql, (what, *some, now)):
                    name = names.setdefault(issuer, name_of(self._read_model.organisation(issuer), issuer))
                    found.append((identifier, Alert(name, Marking(marking).label, bytes(digest))))
        return found

    def refresh(self, numbers: Sequence[int], now: int) -> None:
        """Let the scores of lines say which alerts match them now."""
        with self._db.transaction() as connection:
            alerts = self.standing(numbers, now)
            rows: list[tuple[Any, ...]] = []
            for some in _parts(list(numbers)):
                sql = _SCORES.format(", ".join("?" * len(some)))
                for number, text in connection.execute(sql, some).fetchall():
                    told = with_alerts(orjson.loads(text), alerts.get(number, []))
                    rows.append((told["risk"], orjson.dumps(told).decode(), number))
            connection.executemany(_PUT, rows)

    def _of_batches(self, connection: Connection, batches: Iterable[bytes]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for some in _parts(["0x" + batch.hex() for batch in batches]):
            sql = _OF_BATCHES.format(", ".join("?" * len(some)))
            for identifier, indicator in connection.execute(sql, some):
                found.setdefault(identifier, []).append(indicator)
        return found


def _parts(values: list[Any]) -> list[list[Any]]:
    return [values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE)]
