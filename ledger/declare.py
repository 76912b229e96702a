"""Take customs declarations in, score each line against the ledger, and show them by risk.

A line is scored with what the ledger says at that moment, through the same facts that verdicts rest on. What the ledger
learns later counts when lines are scored again. Nothing here changes a verdict, or the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ledger.core.customs.alerts import line_keys, party_keys, with_alerts
from ledger.core.customs.case import case_of
from ledger.core.customs.reading import read_lines
from ledger.core.customs.score import score
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.intelligence.matching import Found
from ledger.store.declarations import AT_ONCE, Declarations, Scored
from ledger.store.line_alerts import DECLARATION, Comparable, LineAlerts
from ledger.store.line_evidence import LineEvidence, registrations_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.config import Settings
    from ledger.core.customs.case import Case, Evidence
    from ledger.core.customs.declaration import DeclarationLine
    from ledger.store.database import Database
    from ledger.store.declarations import Kept

MOST_LISTED: Final = 10_000


@dataclass(slots=True)
class Imported:
    """What became of a file."""

    added: int = 0
    there: int = 0  # lines that were kept before
    faults: list[InvalidInputError] = field(default_factory=list)  # in order of the rows
    risky: int = 0  # of the lines of this file, those with any signal


class CustomsDesk:
    """Takes and ranks the declarations of one installation. Safe to share between threads.

    Args:
        db: Where lines are kept, and the ledger is read from.
        settings: What counts as fresh.
    """

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._lines = Declarations(db)
        self._evidence = LineEvidence(db, settings.fresh_seconds, settings.fresh_blocks)
        self._alerts = LineAlerts(db)

    def take(
        self,
        text: bytes,
        *,
        as_json: bool,
        now: int,
        country: str = "",
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> Imported:
        """Keep and score the good lines of a file. Run it again after an interruption: nothing is kept twice.

        Args:
            text: As for `read_lines`.
            as_json: The same.
            now: Unix seconds.
            country: Whose offices' lines are taken (ISO 3166-1 alpha-2), a row of another is a bad one; "" = any.
            progress: Is told how many rows are done, and of how many.

        Raises:
            InvalidInputError: The file as a whole is malformed; nothing of it was kept.
            UnavailableError: The database is locked or full; the lines before were kept.
        """
        imported = Imported()
        rows = [(row, _of_country(row, each, country)) for row, each in enumerate(read_lines(text, as_json=as_json), 1)]
        for begun in range(0, len(rows), AT_ONCE):
            chunk = rows[begun : begun + AT_ONCE]
            imported.faults += [each for _row, each in chunk if isinstance(each, InvalidInputError)]
            good = [(row, each) for row, each in chunk if not isinstance(each, InvalidInputError)]
            self._take(good, imported, now)
            progress(begun + len(chunk), len(rows))
        imported.faults.sort(key=lambda fault: fault.position or 0)
        return imported

    def _take(self, rows: Sequence[tuple[int, DeclarationLine]], imported: Imported, now: int) -> None:
        lines = [line for _row, line in rows]
        if not lines:
            return
        added, differ = self._lines.add(lines, now)
        imported.added += len(added)
        imported.there += len(lines) - len(added) - len(differ)
        imported.faults += [_changed(*rows[position]) for position in differ]
        imported.risky += self._score(self._lines.of(lines), now)

    def score_again(self, *, now: int, progress: Callable[[int, int], None] = lambda _done, _all: None) -> int:
        """Score every line with what the ledger says now.

        Args:
            now: Unix seconds.
            progress: Is told how many lines are done, and of how many.

        Returns:
            How many lines have any signal.

        Raises:
            UnavailableError: The database is locked or full; the scores before were kept.
        """
        last, done, risky, there = 0, 0, 0, self._lines.count()
        while page := self._lines.page(last):
            risky += self._score(page, now)
            last, done = page[-1].number, done + len(page)
            progress(done, there)
        return risky

    def score_one(self, number: int, now: int) -> None:
        """Score one line with what the ledger says now.

        Raises:
            NotFoundError: There is none with that number.
            UnavailableError: The database is locked or full; the score before was kept.
        """
        self._score([self.numbered(number)], now)

    def case(self, kept: Kept, now: int) -> Case:
        """A line beside what the ledger and earlier lines say now of what it names."""
        history = self._lines.history([kept])
        with self._evidence.snapshot():
            return case_of(kept.line, next(self._evidence.of_lines([kept], history, now)))

    def _score(self, kept: Sequence[Kept], now: int) -> int:
        history = self._lines.history(kept)
        looked_for = self._alerts.any()
        told: dict[int, dict[str, Any]] = {}
        comparable: list[Comparable] = []
        with self._evidence.snapshot():
            block = self._evidence.as_of().block
            for each, evidence in zip(kept, self._evidence.of_lines(kept, history, now), strict=True):
                found = told[each.number] = score(each.line, evidence).to_json()
                if looked_for or each.score.get("match") != found["match"]:  # else its keys are kept, and still hold
                    comparable.append(self._comparable(each, evidence))
        with self._db.transaction():  # the keys, what matches them and the scores: an indicator comes before or after
            for number, alerts in self._alerts.compare(comparable, list(told), now).items():
                told[number] = with_alerts(told[number], alerts)
            self._lines.put_scores([Scored(number, each["risk"], each) for number, each in told.items()], now, block)
        return sum(bool(each["signals"]) for each in told.values())

    def _comparable(self, kept: Kept, evidence: Evidence) -> Comparable:
        """A line as indicators are compared with it."""
        line, carried = kept.line, registrations_of(evidence)

        def more() -> tuple[str, ...]:
            makers = [self._evidence.organisation(each.manufacturer) for each in carried]
            return party_keys([*self._evidence.companies(line), *makers])

        return Comparable(
            number=kept.number,
            keys=line_keys(line, carried),
            batches=tuple(each.batch for each in carried),
            found=Found(DECLARATION, str(kept.number), line.gtin, line.lot, at=line.acceptance_date_time),
            more=more,
        )

    def count(self) -> int:
        """How many lines there are."""
        return self._lines.count()

    def ranked(self, most: int, least_risk: int = 0, country: str = "") -> list[Kept]:
        """The riskiest lines first; see `Declarations.ranked`."""
        return self._lines.ranked(min(most, MOST_LISTED), least_risk, country)

    def numbered(self, number: int) -> Kept:
        """The line with a number.

        Raises:
            NotFoundError: There is none.
        """
        found = self._lines.numbered(number)
        if found is None:
            raise NotFoundError(
                f"There is no declaration line {number}.",
                advice="`lotproof declaration list` shows those there are.",
                field="number",
            )
        return found


def _of_country(
    row: int, read: DeclarationLine | InvalidInputError, country: str
) -> DeclarationLine | InvalidInputError:
    """A line as it was read, if it is of an office of that country."""
    if not country or isinstance(read, InvalidInputError) or read.country == country:
        return read
    return InvalidInputError(
        f"Row {row}, column declaration_office_id: {read.declaration_office_id} is no office of {country}.",
        advice="Hand in the lines of your own country; another's are handed in by its own administration.",
        field="declaration_office_id",
        position=row,
    )


def _changed(row: int, line: DeclarationLine) -> InvalidInputError:
    return InvalidInputError(
        f"Row {row}, column version_id: line {line.sequence_numeric} of declaration {line.declaration_id} is there "
        f"already as version {line.version_id}, with other contents.",
        advice="Give an amended line a higher version_id; what is there stays as it is.",
        field="version_id",
        position=row,
    )
