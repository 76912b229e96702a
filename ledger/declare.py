"""Take customs declarations in, score each line against the ledger, and show them by risk.

A line is scored with what the ledger says at that moment, through the same facts that verdicts rest on. What the ledger
learns later counts when lines are scored again. Nothing here changes a verdict, or the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ledger.core.check import is_behind
from ledger.core.clock import time_of
from ledger.core.customs.case import Evidence, case_of
from ledger.core.customs.goods_rules import near_lots
from ledger.core.customs.journey import named_goods
from ledger.core.customs.reading import read_lines
from ledger.core.customs.score import score
from ledger.core.errors import InvalidInputError, NotFoundError
from ledger.core.organisation import state_at
from ledger.store.declarations import AT_ONCE, Declarations, Scored
from ledger.store.known import Known
from ledger.store.read_model import ReadModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.config import Settings
    from ledger.core.customs.case import Case
    from ledger.core.customs.declaration import DeclarationLine
    from ledger.core.customs.journey import Goods
    from ledger.core.facts import Organisation
    from ledger.store.database import Database
    from ledger.store.declarations import History, Kept
    from ledger.store.parties import Parties

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
        self._lines = Declarations(db)
        self._facts = ReadModel(db)
        self._settings = settings
        self._known: Known | None = None
        self._companies: tuple[Parties, dict[str, Organisation]] | None = None

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
        with self._facts.snapshot():
            return case_of(kept.line, self._evidence(kept, self._current(), history)._replace(now=now))

    def _score(self, kept: Sequence[Kept], now: int) -> int:
        history = self._lines.history(kept)
        with self._facts.snapshot():
            known, as_of = self._current(), self._facts.as_of()
            at = time_of(as_of, now)
            behind = is_behind(as_of, now, self._settings.fresh_seconds, self._settings.fresh_blocks)
            scores = [
                score(each.line, self._evidence(each, known, history)._replace(now=at, behind=behind)) for each in kept
            ]
        rows = [Scored(each.number, found.risk, found.to_json()) for each, found in zip(kept, scores, strict=True)]
        self._lines.put_scores(rows, now, as_of.block)
        return sum(bool(found.hits) for found in scores)

    def _evidence(self, kept: Kept, known: Known, history: History) -> Evidence:
        line = kept.line
        carried = _carried(line.sscc, known) if line.sscc else ()
        batch = known.batch(line.gtin, line.lot) if line.gtin else None
        licensee = None if carried else self._licensee(line, known, batch_known=batch is not None)
        seek = licensee is not None and line.gtin and batch is None
        return Evidence(
            carried=carried,
            batch=batch,
            licensee=licensee,
            near_lots=near_lots(line.lot, self._facts.lots(line.gtin)) if seek else (),
            consignee=self._company(line.consignee, known.parties),
            earlier=history.earlier(kept),
            declared_before=history.declared_before(kept),
        )

    def _licensee(self, line: DeclarationLine, known: Known, *, batch_known: bool) -> Organisation | None:
        """Whose company prefix the code carries that the ledger does not know; it stands alike in GTIN and SSCC."""
        if line.gtin and not batch_known:
            return known.parties.licensee(line.gtin)
        return known.parties.licensee(f"0{line.sscc[1:13]}0") if line.sscc else None

    def _company(self, gln: str, parties: Parties) -> Organisation | None:
        """The organisation with a GLN."""
        if self._companies is None or self._companies[0] is not parties:
            found = {}
            for organisation in self._facts.organisations():
                state = state_at(organisation)
                if state is not None and state.gln:
                    found[state.gln] = organisation
            self._companies = parties, found
        return self._companies[1].get(gln)

    def _current(self) -> Known:
        """What is known at the version of the snapshot that is open."""
        known = self._known
        if known is None or known.version != self._facts.version():
            known = self._known = Known(self._facts) if known is None else known.after()
        return known

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


def _carried(sscc: str, known: Known) -> tuple[Goods, ...]:
    """What an SSCC carries: of a pallet each batch."""
    found = (
        (known.of(reference, batch), reference.consignment)
        for reference in known.named(sscc)
        for batch in reference.batches
    )
    return tuple(named_goods(dossier, named) for dossier, named in found if dossier is not None)


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
