"""Cases and operations as officers are shown them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.casework import case_rules, operation_rules, results
from ledger.core.dossier import recorded_json
from ledger.core.organisation import name_of, state_at
from ledger.core.sign_in import fault_of
from ledger.core.vocabulary import Purpose
from ledger.core.wording import moment
from ledger.store.read_model import ReadModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.core.casework.case import Case, Outcome
    from ledger.core.casework.entries import Entry, Officer
    from ledger.core.casework.operation import Operation, Target
    from ledger.core.casework.results import Shared
    from ledger.store.database import Database

Json = dict[str, Any]
_TIMES: Final = frozenset({"due_at", "begins_at", "ends_at", "occurred_at", "block_time"})
_HIDDEN: Final = frozenset({"stored", "results"})  # where a file lies; the results stand by themselves


class Teller:
    """Writes what officers are shown.

    Args:
        db: Where names and records stand.
    """

    def __init__(self, db: Database) -> None:
        self._read_model = ReadModel(db)

    # Cases

    def card(self, number: int, case: Case, now: int) -> Json:
        """A case in a list.

        Args:
            number: Its organisation's own.
            case: The case.
            now: Unix seconds.
        """
        return {
            "number": number,
            "version": case.version,
            "state": str(case.state),
            "title": case.title,
            "source": case.source,
            "goods": [goods.to_json() for goods in case.goods],
            "owner": "0x" + case.owner.hex(),
            "opened_at": moment(case.opened_at),
            "changed_at": moment(case.changed_at),
            "due_at": moment(case.due_at) if case.due_at else None,
            "overdue": case.overdue(now),
            "tasks_open": sum(not task.done_at for task in case.tasks),
            "evidence": len(case.evidence),
            "outcomes": [outcome.kind for outcome in case.outcomes],
            "seized_units": sum(outcome.units for outcome in case.outcomes if outcome.kind == "SEIZE"),
            "operation": case.operation or None,
        }

    def case(self, number: int, case: Case, entries: Sequence[Entry], officer: Officer, now: int) -> Json:
        """A case, whole, as one of its officers sees it.

        Args:
            number: Its organisation's own.
            case: The case.
            entries: All of them.
            officer: Who sees it.
            now: Unix seconds.
        """
        return self.card(number, case, now) | {
            "tasks": [
                {
                    "number": task.number,
                    "words": task.words,
                    "due_at": moment(task.due_at) if task.due_at else None,
                    "overdue": task.overdue(now),
                    "done_at": moment(task.done_at) if task.done_at else None,
                }
                for task in case.tasks
            ],
            "evidence": [each.to_json() for each in case.evidence],
            "outcomes": [self._outcome(outcome) for outcome in case.outcomes],
            "seizures": [{**each._asdict(), "at": moment(each.at)} for each in case.seizures],
            "closed": {"at": moment(case.closed.at), "words": case.closed.words} if case.closed else None,
            "history": [_entry(entry) for entry in entries],
            "head": "0x" + entries[-1].hash().hex(),
            "may": case_rules.may(case, officer),
            "officers": self.officers(officer.organisation, now),
        }

    def officers(self, organisation: int, now: int) -> list[Json]:
        """The keys of an organisation that can sign in now, and which of them are supervisors'."""
        found = self._read_model.organisation(organisation)
        live = [key for key in self._read_model.keys_of(organisation) if not fault_of(key, found, now)]
        return [
            {"key": "0x" + key.addition.key.hex(), "supervisor": Purpose.ADMIN in key.addition.purposes} for key in live
        ]

    def _outcome(self, outcome: Outcome) -> Json:
        """An outcome, and where its statement stands now: a reorganisation may have taken it from the ledger."""
        event = self._read_model.event(outcome.digest)
        final = event is not None and event.recorded.block <= self._read_model.as_of().finalized_block
        return {
            "digest": "0x" + outcome.digest.hex(),
            "kind": outcome.kind,
            **outcome.goods.to_json(),
            "product_class": outcome.product_class or None,
            "units": outcome.units,
            "at": moment(outcome.occurred_at),
            "recorded": recorded_json(event.recorded) if event else None,
            "final": final,
        }

    # Operations

    def invitation(self, reference: str, operation: Operation, organisation: int, now: int) -> Json:
        """What an operation is, without what is on its board.

        Args:
            reference: Its.
            operation: The operation.
            organisation: To which it is shown.
            now: Unix seconds.
        """
        return {
            "reference": reference,
            "version": operation.version,
            "name": operation.name,
            "words": operation.words,
            "phase": str(operation.phase(now)),
            "begins_at": moment(operation.begins_at),
            "ends_at": moment(operation.ends_at),
            "changed_at": moment(operation.changed_at),
            "lead": self.who(operation.lead),
            "status": str(operation.status(organisation)),
            "members": [
                {**self.who(number), "status": str(member.status), "at": moment(member.at)}
                for number, member in sorted(operation.members.items())
            ],
        }

    def board(self, operation: Operation, entries: Sequence[Entry], shared: Sequence[Shared]) -> Json:
        """What is on the board of an operation: targets, words and cases."""
        return {
            "targets": [self._target(target) for target in operation.targets],
            "board": [_entry(entry) | {"organisation": self.who(entry.organisation)} for entry in entries],
            "cases": [self._shared(operation, each) for each in shared],
        }

    def results(self, told: Json, *, frozen: bool) -> Json:
        """Results with the members' names.

        Args:
            told: As `results.count` gave them.
            frozen: Whether they are as they were when the operation was closed.
        """
        members = [{**each, "organisation": self.who(each["organisation"])} for each in told["by_member"]]
        return {**told, "counted_at": moment(told["counted_at"]), "frozen": frozen, "by_member": members}

    def named(self, told: Json) -> Json:
        """Results as `results.rows` writes them: each member with name and country."""
        members = [
            each | {"name": self.who(each["organisation"])["name"], "country": self._country(each["organisation"])}
            for each in told["by_member"]
        ]
        return told | {"by_member": members}

    def who(self, number: int) -> Json:
        """An organisation's number and name."""
        return {"number": number, "name": name_of(self._read_model.organisation(number), number)}

    def may(self, operation: Operation, officer: Officer, now: int) -> list[str]:
        """What an officer may do to an operation now (Unix seconds)."""
        return operation_rules.may(operation, officer, now)

    def _country(self, number: int) -> str:
        organisation = self._read_model.organisation(number)
        state = state_at(organisation) if organisation else None
        return state.country if state else ""

    def _target(self, target: Target) -> Json:
        return {
            "number": target.number,
            "organisation": self.who(target.organisation),
            "at": moment(target.at),
            "source": target.source,
            "goods": target.goods.to_json(),
            "risk": target.risk,
            "signals": list(target.signals),
            "route": list(target.route),
            "words": target.words,
            "dropped_at": moment(target.dropped_at) if target.dropped_at else None,
        }

    def _shared(self, operation: Operation, shared: Shared) -> Json:
        """What the group sees of a case: its goods and what was decided, none of its words."""
        case = shared.case
        return {
            "organisation": self.who(shared.organisation),
            "number": shared.number,
            "state": str(case.state),
            "opened_at": moment(case.opened_at),
            "goods": [goods.to_json() for goods in case.goods],
            "outcomes": [
                {
                    "kind": each.kind,
                    "units": each.units,
                    "product_class": each.product_class or None,
                    "at": moment(each.block_time),
                    "counted": operation.in_window(each.block_time),
                }
                for each in case.outcomes
            ],
            "seizures": [
                {
                    "product_class": each.product_class,
                    "units": each.units,
                    "at": moment(each.at),
                    "counted": operation.in_window(each.at),
                }
                for each in case.seizures
            ],
            "counted": results.counts_in(operation, case),
        }


def _entry(entry: Entry) -> Json:
    """An entry as it is shown, times in words."""
    details = {name: value for name, value in entry.details.items() if name not in _HIDDEN}
    told = {name: _time(value) if name in _TIMES else value for name, value in details.items()}
    return {
        "position": entry.position,
        "at": moment(entry.at),
        "key": "0x" + entry.key.hex(),
        "act": entry.act,
        "details": told,
        "hash": "0x" + entry.hash().hex(),
    }


def _time(value: int) -> str | None:
    return moment(value) if value else None
