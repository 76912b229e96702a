"""Incidents: what one or more reports tell of, who reads them, how urgent they are, and what was done about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from ledger.core.reporting.desks import read_by
from ledger.core.reporting.joining import CODE_SECONDS, Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.facts import Organisation
    from ledger.core.intelligence.matching import Found
    from ledger.store.database import Database
    from ledger.store.engine import Connection

_DAY: Final = 86_400  # seconds
MOST_ALIKE: Final = 100  # incidents with one code or lot that a report is compared with, the newest
MOST_PICTURES: Final = 2_000  # with a picture, the newest: comparing one takes less than a microsecond
MOST_OTHERS: Final = 200  # about one lot that are looked at: more say nothing more
_COLUMNS: Final = (
    "number, gtin, lot, serial, code_hash, place, picture, desks, began_at, newest_at, reports, waiting, urgency, "
    "triage, triaged_at"
)
_ADD: Final = f"INSERT INTO incidents ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 1, 0, '[]', 0)"  # noqa: S608 - constants
_FIRST: Final = "number, gtin, lot, serial, code_hash, place, began_at, picture FROM incidents"
# Of one incident, what follows from its reports.
_COUNT: Final = """
    UPDATE incidents SET triaged_at = 0,
    reports = (SELECT count(*) FROM reports r WHERE r.incident = incidents.number),
    waiting = (SELECT count(*) FROM reports r WHERE r.incident = incidents.number AND r.answered_at = 0),
    newest_at = coalesce((SELECT max(r.received_at) FROM reports r WHERE r.incident = incidents.number), newest_at)
    WHERE number = ?
"""
# 1 and 2 = the desks of whoever reads; the keeper of the server reads all.
_FOR_READER: Final = "number IN (SELECT d.incident FROM incident_desks d WHERE d.country IN (?1, ?2))"
_FOR_KEEPER: Final = "?1 = ?2"
_JOINED: Final = """
    UPDATE incidents SET triaged_at = 0, reports = reports + 1, waiting = waiting + 1,
    newest_at = CASE WHEN newest_at < ?1 THEN ?1 ELSE newest_at END WHERE number = ?2
"""
_QUEUE: Final = f"""
    SELECT {_COLUMNS} FROM incidents WHERE {{}} AND (?3 = 1 OR waiting > 0) AND (urgency, number) < (?4, ?5)
    ORDER BY urgency DESC, number DESC LIMIT ?6
"""  # noqa: S608 - constants
_MAY_READ: Final = "SELECT 1 FROM incident_desks WHERE country IN (?1, ?2) AND incident = ?3"
_MAY_READ_REPORT: Final = """
    SELECT 1 FROM reports r JOIN incident_desks d ON d.incident = r.incident
    WHERE d.country IN (?1, ?2) AND r.sequence = ?3
"""
_ANSWER: Final = """
    UPDATE reports SET answer = ?1, answered_at = ?2, answered_by = ?3,
    read_at = CASE WHEN read_at = 0 THEN ?2 ELSE read_at END WHERE {} = ?4
"""
_ACT: Final = """
    INSERT INTO incident_acts (incident, report, organisation, "key", act, words, at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_ACTS: Final = """
    SELECT report, organisation, "key", act, words, at FROM incident_acts WHERE incident = ?
    ORDER BY sequence DESC LIMIT ?
"""
_PLACES: Final = "SELECT place FROM incidents WHERE gtin = ? AND lot = ? AND number <> ? ORDER BY number DESC LIMIT ?"
_COPIES: Final = "SELECT 1 FROM incidents WHERE gtin = ? AND serial = ? AND number <> ? ORDER BY number DESC LIMIT ?"
_COUNTS: Final = {
    "country": "SELECT substr(place, 1, 2), count(*) FROM incidents WHERE {} GROUP BY 1",
    "answer": """
        SELECT CASE WHEN waiting = 0 THEN 'answered' ELSE 'open' END, count(*) FROM incidents WHERE {} GROUP BY 1
    """,
    "goods": """
        SELECT (SELECT min(r.product_class) FROM registrations r WHERE r.gtin = i.gtin AND r.lot = i.lot), count(*)
        FROM incidents i WHERE {} GROUP BY 1
    """,
}


class Reader(NamedTuple):
    """Who reads: an officer of an administration, or the keeper of the server."""

    organisation: int = 0  # 0 = the keeper
    key: bytes = b""  # the id of the key that is signed in; empty for the keeper
    desks: frozenset[str] | None = None  # at which the organisation sits; None = all

    def limits(self) -> tuple[str, str]:
        """The two desks at most that it may be; "-" is none."""
        some = (*sorted(self.desks or ()), "-", "-")
        return some[0], some[1]


KEEPER: Final = Reader()


def reader_of(number: int, key: bytes, organisation: Organisation | None) -> Reader:
    """Who is signed in, as a reader of reports: of none, unless the organisation is an administration.

    Args:
        number: The organisation's.
        key: The id of the key that is signed in.
        organisation: Everything said of it; None if nothing is known.
    """
    return Reader(number, key, read_by(organisation) if organisation else frozenset())


@dataclass(frozen=True, slots=True)
class Incident:
    """What reports tell of, with what the first of them says."""

    number: int
    gtin: str
    lot: str
    serial: str
    code_hash: bytes
    place: str
    picture: bytes
    desks: str  # with a space between; "" = every regulator
    began_at: int  # Unix seconds
    newest_at: int  # Unix seconds
    reports: int
    waiting: int  # reports that were not answered
    urgency: int
    reasons: tuple[dict[str, Any], ...]
    triaged_at: int  # Unix seconds, 0 = to be done


class Act(NamedTuple):
    """What somebody did about an incident."""

    report: int  # 0 = all of its reports
    organisation: int  # 0 = the keeper of the server
    key: bytes
    act: str
    words: str
    at: int  # Unix seconds


class Incidents:
    """The incidents of this installation. Safe to share between threads and processes.

    Args:
        db: Where they are.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    # Made of reports

    def candidates(self, told: Told) -> list[tuple[int, Told]]:
        """The number and the first report of each incident that a report may be of: few, however many there are."""
        desks, since = _written(told.desks), told.at - CODE_SECONDS
        alike = f"SELECT {_FIRST} WHERE {{}} AND desks = ? AND began_at >= ? ORDER BY number DESC LIMIT {MOST_ALIKE}"
        asked: list[tuple[str, tuple[Any, ...]]] = []
        if told.gtin and told.serial:
            asked.append(("gtin = ? AND serial = ?", (told.gtin, told.serial)))
        if told.gtin and told.lot:
            asked.append(("gtin = ? AND lot = ? AND place = ?", (told.gtin, told.lot, told.place)))
            asked.append(("gtin = ? AND lot = ?", (told.gtin, told.lot)))  # near places among them
        if told.code_hash:
            asked.append(("code_hash = ?", (told.code_hash,)))
        found: dict[int, Told] = {}
        with self._db.snapshot() as connection:
            for where, values in asked:
                _gather(found, connection.execute(alike.format(where), (*values, desks, since)), told.desks)
            if told.picture:
                sql = f"""SELECT {_FIRST} WHERE length(picture) > 0 AND desks = ? AND began_at >= ?
                    ORDER BY number DESC LIMIT {MOST_PICTURES}"""
                _gather(found, connection.execute(sql, (desks, since)), told.desks)
        return list(found.items())

    def add(self, number: int, told: Told) -> None:
        """Keep a report, which is there already, as the first of a new incident."""
        desks = _written(told.desks)
        about = (told.gtin, told.lot, told.serial, told.code_hash, told.place, told.picture, desks, told.at, told.at)
        with self._db.transaction() as connection:
            connection.execute("UPDATE reports SET incident = ?1, joined = '' WHERE sequence = ?1", (number,))
            connection.execute(_ADD, (number, *about))
            sql = "INSERT INTO incident_desks (incident, country) VALUES (?, ?)"
            connection.executemany(sql, [(number, country) for country in told.desks])

    def join(self, report: int, incident: int, why: str, at: int) -> None:
        """Let a report, which is of no incident yet and came at a time, Unix seconds, be of one."""
        with self._db.transaction() as connection:
            sql = "UPDATE reports SET incident = ?, joined = ? WHERE sequence = ?"
            connection.execute(sql, (incident, why, report))
            connection.execute(_JOINED, (at, incident))

    def merge(self, incident: int, into: int, why: str) -> None:
        """Let all reports of an incident be of another; it is no more, and what was done about it stays."""
        with self._db.transaction() as connection:
            connection.execute("UPDATE reports SET incident = ?, joined = ? WHERE incident = ?", (into, why, incident))
            connection.execute("UPDATE incident_acts SET incident = ? WHERE incident = ?", (into, incident))
            connection.execute("DELETE FROM incident_desks WHERE incident = ?", (incident,))
            connection.execute("DELETE FROM incidents WHERE number = ?", (incident,))
            connection.execute(_COUNT, (into,))

    def part(self, report: int, incident: int, told: Told) -> None:
        """Let a report be the first of an incident of its own."""
        with self._db.transaction() as connection:
            self.add(report, told)
            connection.execute(_COUNT, (report,))
            connection.execute(_COUNT, (incident,))

    # Read

    def numbered(self, number: int) -> Incident | None:
        """The incident with this number."""
        with self._db.snapshot() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM incidents WHERE number = ?", (number,)).fetchone()  # noqa: S608 - constants
        return None if row is None else _incident(row)

    def may_read(self, reader: Reader, number: int) -> bool:
        """Whether an incident is for a reader."""
        return self._for(reader, _MAY_READ, number)

    def may_read_report(self, reader: Reader, number: int) -> bool:
        """Whether a report is for a reader."""
        return self._for(reader, _MAY_READ_REPORT, number)

    def veiled(self, reader: Reader, found: Found) -> Found:
        """What matched an indicator, as a reader is shown it: of a report that others read, its goods and the day."""
        if found.what != "report" or self.may_read_report(reader, int(found.identifier)):
            return found
        return replace(found, serial="", place="", at=found.at // _DAY * _DAY)

    def _for(self, reader: Reader, sql: str, number: int) -> bool:
        if reader.desks is None:
            return True
        with self._db.snapshot() as connection:
            return connection.execute(sql, (*reader.limits(), number)).fetchone() is not None

    def queue(self, reader: Reader, *, answered: bool, before: tuple[int, int], most: int) -> list[Incident]:
        """What a reader is to look at, the most urgent first, of one urgency the newest.

        Args:
            reader: Who reads.
            answered: Whether those of which every report was answered are wanted too.
            before: Urgency and number of the last one that is known.
            most: How many are wanted.
        """
        limits = (*reader.limits(), int(answered), *before, most)
        with self._db.snapshot() as connection:
            return [_incident(row) for row in connection.execute(_QUEUE.format(_for(reader)), limits).fetchall()]

    def waiting(self, reader: Reader) -> int:
        """How many incidents a reader has to answer."""
        sql = f"SELECT count(*) FROM incidents WHERE {_for(reader)} AND waiting > 0"  # noqa: S608 - constants
        with self._db.snapshot() as connection:
            return int(connection.execute(sql, reader.limits()).fetchone()[0])

    def acts(self, number: int, most: int) -> list[Act]:
        """What was done about an incident, the newest first."""
        with self._db.snapshot() as connection:
            rows = connection.execute(_ACTS, (number, most)).fetchall()
        return [Act(row[0], row[1], bytes(row[2]), *row[3:]) for row in rows]

    # Done about them

    def note(self, incident: int, act: Act) -> None:
        """Keep what somebody did."""
        with self._db.transaction() as connection:
            connection.execute(_ACT, (incident, *act))

    def mark_read(self, incident: int, reader: Reader, now: int) -> None:
        """Note that the reports of an incident were read; those that were before keep their time."""
        with self._db.transaction() as connection:
            sql = "UPDATE reports SET read_at = ? WHERE incident = ? AND read_at = 0"
            if connection.execute(sql, (now, incident)).rowcount:
                connection.execute(_ACT, (incident, 0, reader.organisation, reader.key, "read", "", now))

    def answer(self, incident: int, report: int, words: str, reader: Reader, now: int) -> None:
        """Answer the reports of an incident; an earlier answer gives way, and stays among the acts.

        Args:
            incident: Its number.
            report: The one that is answered; 0 = all of them.
            words: What those who hold their receipts will read.
            reader: Who answers.
            now: Unix seconds.
        """
        sql = _ANSWER.format("sequence" if report else "incident")
        with self._db.transaction() as connection:
            connection.execute(sql, (words, now, reader.organisation, report or incident))
            connection.execute(_COUNT, (incident,))
            connection.execute(_ACT, (incident, report, reader.organisation, reader.key, "answered", words, now))

    # Ranked

    def to_triage(self, before: int, most: int) -> list[Incident]:
        """Incidents that wait for an answer and were not ranked since a time, the longest not ranked first."""
        sql = f"SELECT {_COLUMNS} FROM incidents WHERE waiting > 0 AND triaged_at < ? ORDER BY triaged_at LIMIT ?"  # noqa: S608 - constants
        with self._db.snapshot() as connection:
            return [_incident(row) for row in connection.execute(sql, (before, most)).fetchall()]

    def put_triage(self, ranked: Sequence[tuple[Incident, int, list[dict[str, Any]]]], now: int) -> None:
        """Keep how urgent incidents are, and why; of one that a report joined meanwhile it is done again."""
        sql = "UPDATE incidents SET urgency = ?, triage = ?, triaged_at = ? WHERE number = ? AND reports = ?"
        rows = [(urgency, orjson.dumps(why).decode(), now, of.number, of.reports) for of, urgency, why in ranked]
        with self._db.transaction() as connection:
            connection.executemany(sql, rows)

    def oldest_waiting(self, number: int) -> int:
        """When the oldest report of an incident that was not answered came, Unix seconds; 0 if all were."""
        sql = "SELECT coalesce(min(received_at), 0) FROM reports WHERE incident = ? AND answered_at = 0"
        with self._db.snapshot() as connection:
            return int(connection.execute(sql, (number,)).fetchone()[0])

    def places(self, incident: Incident) -> list[str]:
        """The places of other incidents about the same lot, the newest first; "" of one that names none."""
        if not (incident.gtin and incident.lot):
            return []
        values = (incident.gtin, incident.lot, incident.number, MOST_OTHERS)
        with self._db.snapshot() as connection:
            return [place for (place,) in connection.execute(_PLACES, values).fetchall()]

    def copies(self, incident: Incident) -> int:
        """How many other incidents are about the very same pack."""
        if not (incident.gtin and incident.serial):
            return 0
        values = (incident.gtin, incident.serial, incident.number, MOST_OTHERS)
        with self._db.snapshot() as connection:
            return len(connection.execute(_COPIES, values).fetchall())

    # Published

    def counts(self, begins: int, ends: int) -> dict[str, dict[Any, int]]:
        """How many incidents began in a time, by country, answer and product class; None: not on the ledger."""
        with self._db.snapshot() as connection:
            return {
                name: {key: int(number) for key, number in _rows(connection, sql, begins, ends)}
                for name, sql in _COUNTS.items()
            }

    def published(self, month: str) -> dict[str, Any] | None:
        """What was published of a month."""
        with self._db.snapshot() as connection:
            row = connection.execute("SELECT counts FROM report_counts WHERE month = ?", (month,)).fetchone()
        return None if row is None else dict(orjson.loads(row[0]))

    def publish(self, month: str, counts: dict[str, Any], now: int) -> None:
        """Keep what is published of a month; if something was already, that stays."""
        sql = """INSERT INTO report_counts (month, counts, published_at) VALUES (?, ?, ?)
            ON CONFLICT (month) DO NOTHING"""
        with self._db.transaction() as connection:
            connection.execute(sql, (month, orjson.dumps(counts).decode(), now))


def _for(reader: Reader) -> str:
    return _FOR_KEEPER if reader.desks is None else _FOR_READER


def _written(desks: frozenset[str]) -> str:
    return " ".join(sorted(desks))


def _gather(found: dict[int, Told], rows: Any, desks: frozenset[str]) -> None:  # noqa: ANN401 - the driver's cursor
    for number, gtin, lot, serial, code_hash, place, at, picture in rows.fetchall():
        found[number] = Told(gtin, lot, serial, bytes(code_hash), place, at, bytes(picture), desks)


def _rows(connection: Connection, sql: str, begins: int, ends: int) -> list[Any]:
    return connection.execute(sql.format("began_at >= ? AND began_at < ?"), (begins, ends)).fetchall()


def _incident(row: tuple[Any, ...]) -> Incident:
    values = list(row)
    values[4], values[6] = bytes(values[4]), bytes(values[6])
    values[13] = tuple(orjson.loads(values[13]))
    return Incident(*values)
