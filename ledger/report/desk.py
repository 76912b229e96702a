"""The desk at which reports are read and answered: by the administrations that they are for, or the server's keeper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.errors import InvalidInputError, NotAllowedError, NotFoundError
from ledger.core.organisation import name_of
from ledger.core.reporting import joining
from ledger.core.reporting.triage import level
from ledger.core.wording import moment
from ledger.report.intake import MAX_WORDS, photo_path
from ledger.store.incidents import KEEPER, Act, Incidents, reader_of
from ledger.store.read_model import ReadModel
from ledger.store.reports import Reports
from ledger.store.sessions import Looks

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.config import Settings
    from ledger.report.ranking import Ranking
    from ledger.store.database import Database
    from ledger.store.incidents import Incident, Reader
    from ledger.store.reports import Report

Json = dict[str, Any]
PAGE: Final = 50  # incidents at once
MOST_REPORTS: Final = 200  # of one incident that are shown, the first and the newest
MOST_ACTS: Final = 200
_INTELLIGENCE: Final = "intelligence"  # the kind of look that its issuer is told of
_PLACE: Final = re.compile(r"([0-9]{1,3})-([0-9]{1,18})", re.ASCII)
_TOP: Final = (101, 0)  # above every urgency


class Shown(NamedTuple):
    """An incident as it is shown."""

    incident: Incident
    reports: list[Report]
    acts: list[Act]


class Desk:
    """Reads and answers the reports of one installation. Safe to share between threads.

    Args:
        db: Where they are.
        settings: Where photos are.
        ranking: Ranks what waits.
    """

    def __init__(self, db: Database, settings: Settings, ranking: Ranking) -> None:
        self._db = db
        self._settings = settings
        self._ranking = ranking
        self._facts = ReadModel(db)
        self._reports = Reports(db)
        self._incidents = Incidents(db)
        self._looks = Looks(db)

    def reader(self, organisation: int, key: bytes) -> Reader:
        """Who is signed in, as a reader of reports.

        Raises:
            NotAllowedError: The organisation is no administration.
        """
        found = reader_of(organisation, key, self._facts.organisation(organisation))
        if not found.desks:
            detail = "Only customs, regulators and authorities read reports."
            raise NotAllowedError(detail, advice="Sign in with a key of an administration.")
        return found

    # Read

    def queue(self, reader: Reader, now: int, *, answered: bool = False, after: str = "") -> Json:
        """A page of incidents, the most urgent first; those that were not ranked lately are, as far as time allows.

        Args:
            reader: Who asks.
            now: Unix seconds.
            answered: Whether those that were answered are wanted too.
            after: The `next` of the page before; "" for the first.

        Raises:
            InvalidInputError: `after` is no such place.
        """
        before = _TOP if not after else _place(after)
        self._ranking.renew(now)
        with self._facts.snapshot():
            found = self._incidents.queue(reader, answered=answered, before=before, most=PAGE)
            told = [self._incident(each) for each in found]
            last = found[-1] if len(found) == PAGE else None
            return {
                "incidents": told,
                "next": f"{last.urgency}-{last.number}" if last else None,
                "open": self._incidents.waiting(reader),
            }

    def show(self, reader: Reader, number: int, now: int) -> Json:
        """An incident with its reports, which are read from now on; that its indicators were seen is noted.

        Args:
            reader: Who asks.
            number: Of any of its reports.
            now: Unix seconds.

        Raises:
            NotFoundError: The reader has none with this number.
        """
        incident = self._readable(reader, number)
        indicators = self._ranking.indicators(incident, now)
        if reader != KEEPER:
            seen = [(issuer, _hex(digest)) for digest, issuer in indicators]
            self._looks.note(reader.organisation, reader.key, _INTELLIGENCE, seen, now)
        self._incidents.mark_read(incident.number, reader, now)
        shown = self._shown(incident)
        with self._facts.snapshot():
            return {
                "incident": self._incident(shown.incident)
                | {"indicators": [{"digest": _hex(digest), "issuer": self._who(by)} for digest, by in indicators]},
                "reports": [self._report(each) for each in shown.reports],
                "acts": [self._act(each) for each in shown.acts],
            }

    def newest(self, most: int, *, answered: bool) -> list[Report]:
        """The newest reports, whoever they are for: for the server's keeper."""
        return self._reports.newest(most, answered=answered)

    def report(self, reader: Reader, number: int) -> Report:
        """One report.

        Raises:
            NotFoundError: The reader has none with this number.
        """
        self._readable(reader, number)
        found = self._reports.numbered(number)
        assert found is not None  # noqa: S101 - reports are never removed
        return found

    def photo(self, reader: Reader, number: int) -> bytes:
        """The photo of a report, a JPEG.

        Raises:
            NotFoundError: The reader has no report with this number, or it has no photo.
        """
        path = self.photo_path(self.report(reader, number))
        try:
            if path is not None:
                return path.read_bytes()
        except OSError:
            advice = "The file is missing on the server: its keeper can bring it back from a backup."
            raise NotFoundError(f"The photo of report {number} is gone.", advice=advice, field="number") from None
        raise NotFoundError(f"Report {number} has no photo.", advice="Read its words.", field="number")

    def photo_path(self, report: Report) -> Path | None:
        """Where a report's photo is; None if it has none."""
        return photo_path(self._settings, report.receipt) if report.photo_bytes else None

    # Done

    def answer(self, reader: Reader, number: int, words: str, now: int, *, only: bool = False) -> Json:
        """Answer the reports of an incident, in words that the holders of their receipts will read.

        Args:
            reader: Who answers.
            number: Of any of its reports.
            words: The answer; an earlier one gives way.
            now: Unix seconds.
            only: Whether that report alone is answered.

        Raises:
            NotFoundError: The reader has none with this number.
            InvalidInputError: There are no words, or too many.
        """
        incident = self._readable(reader, number)
        if not 0 < len(words.strip()) <= MAX_WORDS:
            advice = "Write what the sender should know or do."
            raise InvalidInputError(f"An answer has 1 to {MAX_WORDS:,} characters.", advice=advice, field="words")
        self._incidents.answer(incident.number, number if only else 0, words.strip(), reader, now)
        return self.show(reader, number, now)

    def join(self, reader: Reader, number: int, into: int, now: int) -> Json:
        """Let all reports of an incident be of another one, because a person finds that they tell of the same.

        Args:
            reader: Who does.
            number: Of any report of the incident that is no more afterwards.
            into: Of any report of the other.
            now: Unix seconds.

        Raises:
            NotFoundError: The reader has none with one of these numbers.
            InvalidInputError: They are one already, or other administrations read the other.
        """
        with self._db.transaction():
            one, other = self._readable(reader, number), self._readable(reader, into, field="to")
            if one.number == other.number:
                detail = f"Report {number} is of incident {one.number} already."
                raise InvalidInputError(detail, advice="Name a report of another incident.", field="to")
            if one.desks != other.desks:
                detail = "The two incidents are read by different administrations, so they stay apart."
                raise InvalidInputError(detail, advice="Answer each of them.", field="to")
            self._incidents.merge(one.number, other.number, joining.BY_HAND)
            words = f"Incident {one.number} was joined to incident {other.number}."
            self._incidents.note(other.number, Act(0, reader.organisation, reader.key, "joined", words, now))
        return self.show(reader, number, now)

    def part(self, reader: Reader, number: int, now: int) -> Json:
        """Let a report that was joined to an incident be one of its own.

        Raises:
            NotFoundError: The reader has none with this number.
            InvalidInputError: It is the first of its incident.
        """
        with self._db.transaction():
            incident = self._readable(reader, number)
            report = self._reports.numbered(number)
            if report is None or report.number == incident.number:
                detail = f"Report {number} is the one to which the others of incident {incident.number} were joined."
                raise InvalidInputError(detail, advice="Part the others from it.", field="number")
            self._incidents.part(number, incident.number, _told(report, incident))
            words = f"Report {number} was parted from incident {incident.number}."
            for each in (incident.number, number):
                self._incidents.note(each, Act(number, reader.organisation, reader.key, "parted", words, now))
        return self.show(reader, number, now)

    def _readable(self, reader: Reader, number: int, field: str = "number") -> Incident:
        with self._db.snapshot():
            report = self._reports.numbered(number)
            incident = self._incidents.numbered(report.incident) if report else None
            if incident is None or not self._incidents.may_read(reader, incident.number):
                advice = "The queue lists those there are."
                raise NotFoundError(f"You have no report {number}.", advice=advice, field=field)
            return incident

    def _shown(self, incident: Incident) -> Shown:
        with self._db.snapshot():
            now = self._incidents.numbered(incident.number) or incident
            reports = self._reports.of_incident(incident.number, MOST_REPORTS)
            return Shown(now, reports, self._incidents.acts(incident.number, MOST_ACTS))

    def _incident(self, incident: Incident) -> Json:
        first = self._reports.numbered(incident.number)
        return {
            "number": incident.number,
            "urgency": incident.urgency,
            "level": level(incident.urgency),
            "reasons": list(incident.reasons),
            "code": first.code if first else "",
            "gtin": incident.gtin or None,
            "lot": incident.lot or None,
            "serial": incident.serial or None,
            "place": incident.place or None,
            "desks": incident.desks.split(),
            "reports": incident.reports,
            "waiting": incident.waiting,
            "words": first.words if first else "",
            "first_at": moment(incident.began_at),
            "newest_at": moment(incident.newest_at),
        }

    def _report(self, report: Report) -> Json:
        return {
            "number": report.number,
            "joined": report.joined or None,
            "joined_words": joining.WORDS.get(report.joined),
            "state": "answered" if report.answered_at else "read" if report.read_at else "new",
            "code": report.code,
            "gtin": report.gtin or None,
            "lot": report.lot or None,
            "serial": report.serial or None,
            "words": report.words,
            "place": report.place or None,
            "photo": report.photo_bytes > 0,
            "received_at": moment(report.received_at),
            "read_at": moment(report.read_at) if report.read_at else None,
            "answer": report.answer or None,
            "answered_at": moment(report.answered_at) if report.answered_at else None,
            "answered_by": self._who(report.answered_by) if report.answered_by else None,
        }

    def _act(self, act: Act) -> Json:
        return {
            "act": act.act,
            "report": act.report or None,
            "organisation": self._who(act.organisation) if act.organisation else None,
            "words": act.words,
            "at": moment(act.at),
        }

    def _who(self, number: int) -> Json:
        return {"number": number, "name": name_of(self._facts.organisation(number), number)}


def _told(report: Report, incident: Incident) -> joining.Told:
    """What a report tells, as the first of an incident that the same administrations read."""
    goods = (report.gtin, report.lot, report.serial)
    return joining.Told(*goods, b"", report.place, report.received_at, b"", frozenset(incident.desks.split(" ")))


def _place(text: str) -> tuple[int, int]:
    found = _PLACE.fullmatch(text[:30])
    if found is None:
        advice = "Send the `next` of the page before as it was, or nothing to begin with the most urgent."
        raise InvalidInputError("`after` is no place in the queue.", advice=advice, field="after")
    return int(found[1]), int(found[2])


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
