"""The joint operations of one installation. Outside of its group nobody learns that an operation is there."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from ledger.casework.files import Files, operation_file, require_version
from ledger.casework.report import pdf_of
from ledger.casework.sources import Sources, target_of_goods, target_of_line, target_of_match
from ledger.casework.telling import Teller
from ledger.core.casework import operation as operations
from ledger.core.casework import operation_rules as rules
from ledger.core.casework import results
from ledger.core.casework.goods import read_goods
from ledger.core.casework.reading import read_act
from ledger.core.clock import time_of
from ledger.core.errors import InvalidInputError, NotAllowedError
from ledger.core.organisation import administers
from ledger.core.wording import moment
from ledger.store.read_model import ReadModel
from ledger.store.sessions import Looks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.casework.sources import Judge
    from ledger.config import Settings
    from ledger.core.casework.entries import Officer
    from ledger.core.casework.operation import Operation
    from ledger.core.casework.results import Shared
    from ledger.store.database import Database

Json = dict[str, Any]
PAGE: Final = 100  # operations in one answer
KIND: Final = "operation"  # of what looks are noted as
_GONE: Final = frozenset({"decline", "leave"})  # acts after which the operation is shown no more


class OperationDesk:
    """Opens operations and works on them. Safe to share between threads and processes.

    Args:
        db: The installation's.
        settings: Where its key is.
        judge: Judges what was scanned.
    """

    def __init__(self, db: Database, settings: Settings, judge: Judge) -> None:
        self._db = db
        self._files = Files(db, settings)
        self._read_model = ReadModel(db)
        self._sources = Sources(db, judge)
        self._teller = Teller(db)
        self._looks = Looks(db)

    def open(self, payload: object, officer: Officer, now: int) -> Json:
        """Open an operation, which the officer's organisation leads, and invite administrations.

        Args:
            payload: `name`, `begins_at`, `ends_at`, and perhaps `words` and `invite`.
            officer: A supervisor.
            now: Unix seconds.

        Raises:
            InvalidInputError: The body is not that of an operation, or who is invited is no administration.
            NotAllowedError: The officer is no supervisor.
        """
        told = rules.read_opening(payload)
        rules.require_supervisor(officer, "open")
        now = self._time(now)
        told["invite"] = [number for number in told["invite"] if number != officer.organisation]
        with self._db.transaction():
            self._require_administrations(told["invite"])
            reference = self._drawn()
            entry = self._files.add(operation_file(reference), [], officer, "open", told, now)
            self._put(reference, operations.opened(entry))
        return self.shown(reference, officer, now)

    def listed(self, officer: Officer, now: int) -> Json:
        """The operations that the officer's organisation takes part in or is invited to, those changed last first."""
        now = self._time(now)
        with self._db.snapshot():
            references = self._files.store.operations(officer.organisation, PAGE)
            entries = self._files.many([operation_file(reference) for reference in references])
            found = {each: operations.fold(entries[operation_file(each)]) for each in references}
            told = [self._card(reference, operation, officer, now) for reference, operation in found.items()]
        leads = [(operation.lead, reference) for reference, operation in found.items()]
        self._looks.note(officer.organisation, officer.key, KIND, leads, now)
        return {"operations": told}

    def shown(self, reference: str, officer: Officer, now: int) -> Json:
        """An operation: whole for who takes part, without its board for who is only invited. That he looked is noted.

        Raises:
            NotFoundError: None that is shown to the officer's organisation has this reference.
            UnavailableError: That he looked cannot be noted.
        """
        now = self._time(now)
        with self._db.snapshot():
            operation, entries = self._files.operation(reference, officer.organisation)
            told = self._teller.invitation(reference, operation, officer.organisation, now)
            told["may"] = self._teller.may(operation, officer, now)
            seen = {operation.lead}
            if _takes_part(operation, officer):
                shared = self._shared(reference, operation)
                told |= self._teller.board(operation, entries, shared)
                told["results"] = self._results(operation, shared, now)
                seen |= {entry.organisation for entry in entries} | {each.organisation for each in shared}
        self._note(officer, reference, seen, now)
        return told

    def act(self, reference: str, payload: object, officer: Officer, now: int) -> Json:
        """Do something to an operation.

        Args:
            reference: Its.
            payload: `version`, `act` and what the act needs.
            officer: Who does it.
            now: Unix seconds.

        Returns:
            The operation; for who has left or declined only its reference and that.

        Raises:
            InvalidInputError: The body is none, or names what is not there.
            NotFoundError: There is no such operation, line or match for him.
            NotAllowedError: He may not.
            ConflictError: Somebody changed the operation meanwhile, or it is closed.
        """
        asked = read_act(payload, rules.ACTS)
        now = self._time(now)
        with self._db.transaction():
            operation, entries = self._files.operation(reference, officer.organisation)
            require_version(entries, asked.version)
            rules.require(operation, officer, asked.act, asked.details, now)
            details = self._resolved(reference, operation, asked.act, asked.details, officer, now)
            entry = self._files.add(operation_file(reference), entries, officer, asked.act, details, now)
            changed = operations.after(operation, entry)
            self._put(reference, changed)
        if asked.act in _GONE:
            return {"reference": reference, "status": str(changed.status(officer.organisation))}
        return self.shown(reference, officer, now)

    def results(self, reference: str, officer: Officer, now: int) -> Json:
        """The results, counted now or as they were when the operation was closed.

        Raises:
            NotFoundError: None that is shown to the officer's organisation has this reference.
            NotAllowedError: It has not accepted the invitation.
        """
        operation, shared = self._counted(reference, officer, now)
        return self._results(operation, shared, self._time(now))

    def export(self, reference: str, form: str, officer: Officer, now: int) -> bytes:
        """The results as a file.

        Args:
            reference: The operation's.
            form: `csv` or `pdf`.
            officer: Who asks.
            now: Unix seconds.

        Raises:
            NotFoundError: None that is shown to the officer's organisation has this reference.
            NotAllowedError: It has not accepted the invitation.
        """
        operation, shared = self._counted(reference, officer, now)
        told = operation.results or results.count(operation, shared, self._time(now))
        about = [
            ("operation", operation.name),
            ("reference", reference),
            ("lead", self._teller.who(operation.lead)["name"]),
            ("begins_at", moment(operation.begins_at)),
            ("ends_at", moment(operation.ends_at)),
            ("closed", "yes" if operation.results else "no"),
        ]
        named = self._teller.named(told)
        return pdf_of(named, about) if form == "pdf" else results.csv_of(named, about).encode("utf-8-sig")

    def _counted(self, reference: str, officer: Officer, now: int) -> tuple[Operation, list[Shared]]:
        with self._db.snapshot():
            operation, _ = self._files.operation(reference, officer.organisation)
            if not _takes_part(operation, officer):
                detail = "Your organisation has not accepted the invitation to this operation."
                raise NotAllowedError(detail, advice="A supervisor accepts it.", field="reference")
            shared = self._shared(reference, operation)
        self._note(officer, reference, {operation.lead, *(each.organisation for each in shared)}, self._time(now))
        return operation, shared

    def _card(self, reference: str, operation: Operation, officer: Officer, now: int) -> Json:
        told = self._teller.invitation(reference, operation, officer.organisation, now)
        inside = _takes_part(operation, officer)
        numbers = {
            "members": sum(member.status.reads for member in operation.members.values()),
            "targets": sum(not target.dropped_at for target in operation.targets) if inside else None,
            "cases": len(self._files.store.cases_of(reference)) if inside else None,
        }
        return {name: value for name, value in told.items() if name != "words"} | numbers

    def _resolved(  # noqa: PLR0913, PLR0917 - what an act is about
        self, reference: str, operation: Operation, act: str, details: Json, officer: Officer, now: int
    ) -> Json:
        """An act's details with what is looked up for it."""
        if act == "invite":
            self._require_administrations([details["organisation"]])
        if act in {"target", "draw"}:
            made = [self._target(details, officer, now)] if act == "target" else self._draw(operation, details, officer)
            rules.require_room(operation, len(made))
            return {"targets": made}
        if act == "close":
            return details | {"results": results.count(operation, self._shared(reference, operation), now)}
        return details

    def _target(self, details: Json, officer: Officer, now: int) -> Json:
        if details["line"]:
            return target_of_line(self._sources.line(details["line"], officer), details["words"])
        if details["match"]:
            return target_of_match(self._sources.match(details["match"], officer, now), details["words"])
        return target_of_goods(read_goods(details), details["words"])

    def _draw(self, operation: Operation, details: Json, officer: Officer) -> list[Json]:
        """The riskiest lines that are no target yet, as many as are asked for and there are."""
        known = {(each.organisation, each.source.get("line")) for each in operation.targets}
        lines = self._sources.riskiest(details["least_risk"], details["most"] + len(known), officer)
        fresh = [line for line in lines if (officer.organisation, line.number) not in known][: details["most"]]
        if not fresh:
            detail = f"No declaration line of your country has a risk of {details['least_risk']} and is no target yet."
            raise InvalidInputError(detail, advice="Import lines, or ask for a lower risk.", field="least_risk")
        return [target_of_line(line, "") for line in fresh]

    def _shared(self, reference: str, operation: Operation) -> list[Shared]:
        """The cases on the board: those of who takes part."""
        rows = self._files.store.cases_of(reference)
        inside = [row for row in rows if (status := operation.status(row.organisation)) and status.takes_part]
        return self._files.cases((row.organisation, row.number) for row in inside)

    def _results(self, operation: Operation, shared: list[Shared], now: int) -> Json:
        told = operation.results or results.count(operation, shared, now)
        return self._teller.results(told, frozen=operation.results is not None)

    def _require_administrations(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            organisation = self._read_model.organisation(number)
            if organisation is None or not administers(organisation):
                detail = f"Organisation {number} is no administration on this ledger."
                raise InvalidInputError(detail, advice="See GET /v1/organisations.", field="organisation")

    def _note(self, officer: Officer, reference: str, seen: Iterable[int], now: int) -> None:
        looked = [(organisation, reference) for organisation in sorted(seen)]
        self._looks.note(officer.organisation, officer.key, KIND, looked, now)

    def _drawn(self) -> str:
        """A reference that no operation has."""
        while True:
            reference = secrets.token_hex(4)
            if not self._files.store.entries([operation_file(reference)]):
                return reference

    def _put(self, reference: str, operation: Operation) -> None:
        readers = [number for number, member in sorted(operation.members.items()) if member.status.reads]
        self._files.store.put_operation(reference, operation.version, operation.changed_at, readers)

    def _time(self, now: int) -> int:
        return time_of(self._read_model.as_of(), now)


def _takes_part(operation: Operation, officer: Officer) -> bool:
    status = operation.status(officer.organisation)
    return status is not None and status.takes_part
