"""What a case is opened from and a target is drawn from: looked up, with the goods that it names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ledger.core.casework.goods import Goods
from ledger.core.errors import InvalidCodeError, NotFoundError
from ledger.core.intelligence.rules import Reader
from ledger.core.organisation import desk_country
from ledger.store import incidents
from ledger.store.declarations import Declarations
from ledger.store.matches import Matches
from ledger.store.read_model import ReadModel
from ledger.store.reports import Reports
from ledger.store.sessions import Looks

if TYPE_CHECKING:
    from ledger.core.casework.entries import Officer
    from ledger.core.gs1 import Code
    from ledger.core.verdict import Verdict
    from ledger.store.database import Database
    from ledger.store.declarations import Kept
    from ledger.store.matches import Match
    from ledger.store.reports import Report

Json = dict[str, Any]
_KIND_OF_PACK = "scan"  # as the exchange notes a look at what somebody signed about a pack


class Judge(Protocol):
    """Who reads and judges codes; `verify.Verifier` fits."""

    def code(self, text: str, *, now: int) -> Code | InvalidCodeError:
        """The code that a text spells, or why it spells none."""

    def verify(self, code: str, *, now: int) -> Verdict:
        """The verdict on one code."""


class Source(NamedTuple):
    """Something that was found."""

    told: Json  # what is kept of it
    title: str  # of a case opened from it
    goods: Goods


class Sources:
    """Looks up what officers name.

    Args:
        db: Where it is.
        judge: Judges what was scanned.
    """

    def __init__(self, db: Database, judge: Judge) -> None:
        self._judge = judge
        self._read_model = ReadModel(db)
        self._matches = Matches(db)
        self._reports = Reports(db)
        self._incidents = incidents.Incidents(db)
        self._declarations = Declarations(db)
        self._looks = Looks(db)

    def find(self, asked: Json, officer: Officer, now: int) -> Source:
        """What a case is to be opened from.

        Args:
            asked: `kind` and what names it, as `case_rules.read_opening` gave it.
            officer: Who wants to open it.
            now: Unix seconds.

        Raises:
            NotFoundError: There is none that his organisation may see.
            UnavailableError: That he looked cannot be noted.
        """
        kind = asked["kind"]
        if kind == "scan":
            return self._scan(asked["code"], now)
        if kind == "alert":
            return _of_match(self.match(asked["match"], officer, now))
        if kind == "report":
            return _of_report(self._report(asked["report"], officer))
        return of_line(self.line(asked["line"], officer))

    def line(self, number: int, officer: Officer) -> Kept:
        """A declaration line of the officer's country.

        Raises:
            NotFoundError: There is none with this number.
        """
        found = self._declarations.numbered(number)
        if found is None or found.line.country != self.country(officer):
            raise NotFoundError(
                f"There is no declaration line {number} of an office of your country.",
                advice="GET /v1/declarations lists those there are.",
                field="line",
            )
        return found

    def riskiest(self, least_risk: int, most: int, officer: Officer) -> list[Kept]:
        """The riskiest declaration lines of the officer's country.

        Args:
            least_risk: 1 to 100.
            most: How many.
            officer: Who asks.
        """
        country = self.country(officer)
        return self._declarations.ranked(most, least_risk, country) if country else []

    def match(self, number: int, officer: Officer, now: int) -> Match:
        """A match of an indicator that the officer may see; that he looked is noted for whose scan it is.

        Raises:
            NotFoundError: There is none with this number.
        """
        reader = Reader(officer.organisation, officer.key, administration=True)
        found = next(iter(self._matches.after(reader, self.country(officer), number - 1, 1)), None)
        if found is None or found.sequence != number:
            advice = "GET /v1/intelligence/matches lists those there are."
            raise NotFoundError(f"There is no match {number} for you.", advice=advice, field="match")
        if found.found.what == "pack":
            seen = [(found.found.organisation, found.found.identifier)]
            self._looks.note(officer.organisation, officer.key, _KIND_OF_PACK, seen, now)
        return replace(found, found=self._incidents.veiled(self._reader(officer), found.found))

    def country(self, officer: Officer) -> str:
        """The country whose declarations the officer's organisation works on; "" if none."""
        organisation = self._read_model.organisation(officer.organisation)
        return desk_country(organisation) if organisation else ""

    def _reader(self, officer: Officer) -> incidents.Reader:
        organisation = self._read_model.organisation(officer.organisation)
        return incidents.reader_of(officer.organisation, officer.key, organisation)

    def _scan(self, text: str, now: int) -> Source:
        verdict = self._judge.verify(text, now=now)
        code = self._judge.code(text, now=now)
        goods = Goods()
        if not isinstance(code, InvalidCodeError):
            goods = Goods(code.gtin or "", code.lot or "", code.serial or "", code.sscc or "")
        told = {"kind": "scan", "code": text, "verdict": verdict.verdict, "reason": verdict.reason}
        return Source(told, _title(verdict.headline, goods), goods)

    def _report(self, number: int, officer: Officer) -> Report:
        """A report that the officer's administration reads."""
        found = self._reports.numbered(number)
        if found is None or not self._incidents.may_read_report(self._reader(officer), number):
            advice = "GET /v1/reports/queue lists those there are."
            raise NotFoundError(f"You have no report {number}.", advice=advice, field="report")
        return found


def of_line(found: Kept) -> Source:
    """What a declaration line is as a source."""
    line = found.line
    goods = Goods(line.gtin, line.lot, "", line.sscc)
    told = {
        "kind": "declaration",
        "line": found.number,
        "office": line.declaration_office_id,
        "declaration": line.declaration_id,
        "line_number": line.sequence_numeric,
        "risk": found.risk,
        "signals": [each["signal"] for each in found.score.get("signals", ())],
    }
    return Source(
        told, _title(f"{line.declaration_office_id} {line.declaration_id}/{line.sequence_numeric}", goods), goods
    )


def target_of_line(found: Kept, words: str) -> Json:
    """What a declaration line is as a target: nobody's name is in it, and no value."""
    source = of_line(found)
    risk, signals = source.told.pop("risk"), source.told.pop("signals")
    route = list(found.line.route)
    return _target(source, risk=risk, signals=signals, route=route, words=words)


def target_of_match(match: Match, words: str) -> Json:
    """What a match is as a target."""
    return _target(_of_match(match), words=words)


def target_of_goods(goods: Goods, words: str) -> Json:
    """What goods alone are as a target."""
    return _target(Source({"kind": "goods"}, "", goods), words=words)


def _target(
    source: Source,
    *,
    words: str,
    risk: int | None = None,
    signals: list[str] | None = None,
    route: list[str] | None = None,
) -> Json:
    told = {"source": source.told, "goods": source.goods.to_json(), "risk": risk}
    return told | {"signals": signals or [], "route": route or [], "words": words}


def _of_match(match: Match) -> Source:
    found = match.found
    goods = Goods(found.gtin, found.lot, found.serial)
    told = {"kind": "alert", "match": match.sequence, "indicator": "0x" + match.digest.hex(), "what": found.what}
    return Source(told, _title(f"Alert: {found.what}", goods), goods)


def _of_report(report: Report) -> Source:
    goods = Goods(report.gtin, report.lot, report.serial)
    return Source({"kind": "report", "report": report.number}, _title(f"Report {report.number}", goods), goods)


def _title(what: str, goods: Goods) -> str:
    return f"{what}: {goods.words()}" if goods else what
