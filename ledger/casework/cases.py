"""The case desk of one installation. A case is its organisation's own: nobody else learns that it is there."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from ledger.casework.files import Files, case_file, require_version
from ledger.casework.outcome import outcome_of
from ledger.casework.sources import Sources
from ledger.casework.telling import Teller
from ledger.core.casework import case as cases
from ledger.core.casework import case_rules as rules
from ledger.core.casework.goods import read_goods
from ledger.core.casework.operation import Phase
from ledger.core.casework.reading import read_act, read_fields
from ledger.core.clock import time_of
from ledger.core.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from ledger.store.casework import OPEN, CaseRow, Wanted
from ledger.store.read_model import ReadModel

if TYPE_CHECKING:
    from ledger.casework.sources import Judge
    from ledger.config import Settings
    from ledger.core.casework.case import Case
    from ledger.core.casework.entries import Entry, Officer
    from ledger.core.casework.evidence import Evidence
    from ledger.store.database import Database

Json = dict[str, Any]
PAGE: Final = 100  # cases in one answer
STATES: Final = (OPEN, *(str(state) for state in cases.State))  # by which a list can be filtered


class CaseDesk:
    """Opens cases and works on them. Safe to share between threads and processes.

    Args:
        db: The installation's.
        settings: Where its key and its files are.
        judge: Judges what was scanned.
    """

    def __init__(self, db: Database, settings: Settings, judge: Judge) -> None:
        self._db = db
        self._files = Files(db, settings)
        self._read_model = ReadModel(db)
        self._sources = Sources(db, judge)
        self._teller = Teller(db)

    def open(self, payload: object, officer: Officer, now: int) -> Json:
        """Open a case from something that was found; whoever opens it is its owner.

        Args:
            payload: `source`, and perhaps `title`, `words` and `operation`.
            officer: Who opens it.
            now: Unix seconds.

        Raises:
            InvalidInputError: The body is not that of a case.
            NotFoundError: There is nothing of that name that the officer may see.
            ConflictError: The operation is closed.
        """
        asked, others = rules.read_opening(payload)
        now = self._time(now)
        source = self._sources.find(asked, officer, now)
        details = {
            "source": source.told,
            "title": others["title"] or source.title[:200],
            "words": others["words"],
            "goods": [source.goods.to_json()] if source.goods else [],
            "operation": others["operation"],
        }
        with self._db.transaction():
            self._require_operation(details["operation"], officer, now)
            number = self._files.store.next_number(officer.organisation)
            entry = self._files.add(case_file(officer.organisation, number), [], officer, "open", details, now)
            self._put(officer.organisation, number, cases.opened(entry))
        return self.shown(number, officer, now)

    def listed(self, officer: Officer, wanted: Wanted, now: int) -> Json:
        """The cases of the officer's organisation that are wanted, the newest first, at most 100; and counts of all.

        Args:
            officer: Who asks.
            wanted: Which; `overdue_at` 1 stands for now.
            now: Unix seconds.

        Raises:
            InvalidInputError: There is no such state.
        """
        if wanted.state and wanted.state not in STATES:
            raise InvalidInputError(f"`state` is one of {', '.join(STATES)}.", field="state")
        now = self._time(now)
        wanted = wanted._replace(overdue_at=now) if wanted.overdue_at else wanted
        with self._db.snapshot():
            rows = self._files.store.cases(officer.organisation, wanted, PAGE)
            found = self._files.cases([(row.organisation, row.number) for row in rows])
            counts = self._files.store.counts(officer.organisation, now)
        known = {str(state): 0 for state in cases.State}
        return {"cases": [self._teller.card(each.number, each.case, now) for each in found], "counts": known | counts}

    def shown(self, number: int, officer: Officer, now: int) -> Json:
        """A case, whole.

        Raises:
            NotFoundError: The officer's organisation has none with this number.
        """
        now = self._time(now)
        with self._db.snapshot():
            entries = self._entries(number, officer)
            return self._teller.case(number, cases.fold(entries), entries, officer, now)

    def act(self, number: int, payload: object, officer: Officer, now: int) -> Json:
        """Do something to a case.

        Args:
            number: Its number.
            payload: `version`, `act` and what the act needs.
            officer: Who does it.
            now: Unix seconds.

        Raises:
            InvalidInputError: The body is none, or names what is not there.
            NotFoundError: There is no such case, statement or operation for him.
            NotAllowedError: He may not.
            ConflictError: Somebody changed the case meanwhile, or its state does not allow it.
        """
        asked = read_act(payload, rules.ACTS)
        return self._do(number, asked.version, asked.act, asked.details, officer, now)

    def add_evidence(  # noqa: PLR0913, PLR0917 - what belongs to a piece of evidence
        self, number: int, version: int, told: Json, content: bytes, officer: Officer, now: int
    ) -> Json:
        """Add a file of evidence to a case; who holds what it shows is kept from then on.

        Args:
            number: Of the case.
            version: Of the case as the officer saw it.
            told: `name`, and perhaps `holder` (by default the officer's key) and `words`.
            content: The file.
            officer: Who adds it.
            now: Unix seconds.

        Raises:
            InvalidInputError: The file is empty, or a field is malformed.
            NotFoundError: There is no such case.
            ConflictError: Somebody changed the case meanwhile, or it is closed or full.
            UnavailableError: There is no room.
        """
        if not content:
            raise InvalidInputError("The file is empty.", advice="Send the file itself.", field="file")
        read = read_fields(told, rules.EVIDENCE)
        holder = read["holder"] or "0x" + officer.key.hex()
        with self._db.snapshot():
            self._require(number, version, "evidence", {}, officer)
        stored = self._files.put_evidence(content)
        details = {**read, "holder": holder, "bytes": len(content), "sha256": sha256(content).hexdigest()}
        try:
            return self._do(number, version, "evidence", details | {"stored": stored}, officer, now)
        except (ConflictError, NotAllowedError):
            self._files.drop_evidence(stored)
            raise

    def evidence(self, number: int, item: int, officer: Officer) -> tuple[Evidence, bytes]:
        """A piece of evidence, and its file.

        Raises:
            NotFoundError: The case, or the piece, is not there.
            UnavailableError: The file is not there.
            ContradictionError: The file is not the one whose hash the case has.
        """
        case = cases.fold(self._entries(number, officer))
        found = next((each for each in case.evidence if each.number == item), None)
        if found is None:
            detail = f"The case has no evidence {item}."
            raise NotFoundError(detail, advice=f"It has {len(case.evidence)} pieces.", field="item")
        return found, self._files.evidence(found.stored)

    def _do(self, number: int, version: int, act: str, details: Json, officer: Officer, now: int) -> Json:  # noqa: PLR0913, PLR0917 - the parts of an act
        now = self._time(now)
        with self._db.transaction():
            details = self._resolved(number, act, details, officer, now)
            entries, case = self._require(number, version, act, details, officer)
            entry = self._files.add(case_file(officer.organisation, number), entries, officer, act, details, now)
            self._put(officer.organisation, number, cases.after(case, entry))
        return self.shown(number, officer, now)

    def _require(
        self, number: int, version: int, act: str, details: Json, officer: Officer
    ) -> tuple[list[Entry], Case]:
        entries = self._entries(number, officer)
        require_version(entries, version)
        case = cases.fold(entries)
        rules.require(case, officer, act, details)
        return entries, case

    def _resolved(self, number: int, act: str, details: Json, officer: Officer, now: int) -> Json:
        """An act's details with what is looked up for it."""
        if act == "goods":
            return {"goods": read_goods(details).to_json()}
        if act == "assign":
            self._require_officer(details["owner"], officer, now)
        if act == "operation":
            self._require_operation(details["operation"], officer, now)
        if act == "outcome":
            case = cases.fold(self._entries(number, officer))
            digest = bytes.fromhex(details["digest"][2:])
            return outcome_of(self._read_model, officer.organisation, case.goods, digest)
        return details

    def _require_officer(self, key: str, officer: Officer, now: int) -> None:
        if key not in {each["key"] for each in self._teller.officers(officer.organisation, now)}:
            detail = "The key is no officer's of your organisation, or cannot sign in any more."
            raise InvalidInputError(detail, advice="Take one of `officers`.", field="owner")

    def _require_operation(self, reference: str, officer: Officer, now: int) -> None:
        if not reference:
            return
        operation, _ = self._files.operation(reference, officer.organisation)
        status = operation.status(officer.organisation)
        if status is None or not status.takes_part:
            detail = "Your organisation has not accepted the invitation to this operation."
            raise NotAllowedError(detail, advice="A supervisor accepts it.", field="operation")
        if operation.phase(now) is Phase.CLOSED:
            raise ConflictError("The operation is closed.", field="operation", version=operation.version)

    def _entries(self, number: int, officer: Officer) -> list[Entry]:
        entries = self._files.entries(case_file(officer.organisation, number))
        if not entries:
            detail = f"Your organisation has no case {number}."
            raise NotFoundError(detail, advice="`lotproof case list` shows those there are.", field="number")
        return entries

    def _put(self, organisation: int, number: int, case: Case) -> None:
        row = CaseRow(
            organisation,
            number,
            case.version,
            str(case.state),
            case.owner,
            case.due_at,
            case.operation,
            case.changed_at,
        )
        self._files.store.put_case(row)

    def _time(self, now: int) -> int:
        return time_of(self._read_model.as_of(), now)
