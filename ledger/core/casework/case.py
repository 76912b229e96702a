"""What a case is: the fold of its entries, with its state, its clock, and what may follow what.

The states are those of any inquiry: opened, examined, waiting for another (a laboratory, the right holder, another
administration), to be decided, closed. Each has a time in which it is to be left; a case that is not left in time is
shown as overdue and nothing else happens to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.casework import evidence
from ledger.core.casework.goods import Goods, goods_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ledger.core.casework.entries import Entry

Json = dict[str, Any]
_HOUR: Final = 3_600  # seconds


class State(StrEnum):
    """Where a case stands."""

    OPENED = "opened"
    EXAMINING = "examining"
    WAITING = "waiting"
    DECIDING = "deciding"
    CLOSED = "closed"


# Hours in which a state is to be left. A day to begin and a day to decide: medicines under cold chain cannot lie longer
# (WTO Agreement on Trade Facilitation, article 7.9, perishable goods: the shortest possible time). Waiting has the ten
# working days that a right holder has after goods were suspended (WTO TRIPS Agreement, article 55): fourteen days.
HOURS: Final[Mapping[State, int]] = {State.OPENED: 24, State.EXAMINING: 72, State.WAITING: 336, State.DECIDING: 24}
# Where a case may be moved; closing and opening again are acts of their own.
NEXT: Final[Mapping[State, frozenset[State]]] = {
    State.OPENED: frozenset({State.EXAMINING}),
    State.EXAMINING: frozenset({State.WAITING, State.DECIDING}),
    State.WAITING: frozenset({State.EXAMINING, State.DECIDING}),
    State.DECIDING: frozenset({State.EXAMINING, State.WAITING}),
    State.CLOSED: frozenset(),
}


class Task(NamedTuple):
    """Something to be done."""

    number: int  # in its case, from 1
    words: str
    due_at: int  # Unix seconds, 0 = none
    done_at: int = 0  # Unix seconds, 0 = not yet

    def overdue(self, now: int) -> bool:
        """Tell whether it should have been done by now (Unix seconds)."""
        return not self.done_at and 0 < self.due_at < now


class Outcome(NamedTuple):
    """A signed HOLD, RELEASE or SEIZE on the ledger, as it was recorded when the case took it."""

    digest: bytes
    kind: str
    goods: Goods
    product_class: str  # "" if the goods are a pallet of several
    units: int
    occurred_at: int  # Unix seconds, as signed
    block: int
    block_time: int  # Unix seconds


class Seizure(NamedTuple):
    """Goods seized that the ledger does not know, as an officer states them."""

    product_class: str
    units: int
    words: str
    at: int  # Unix seconds


class Closed(NamedTuple):
    """That a case is closed."""

    at: int  # Unix seconds
    words: str


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its entries make it."""

    version: int  # how many entries there are
    state: State
    title: str
    source: Json  # what it was opened from
    owner: bytes  # id of the key of the officer whose case it is
    opened_at: int  # Unix seconds
    changed_at: int  # Unix seconds
    due_at: int  # Unix seconds: when its state is to be left; 0 = closed
    goods: tuple[Goods, ...] = ()
    tasks: tuple[Task, ...] = ()
    evidence: tuple[evidence.Evidence, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    seizures: tuple[Seizure, ...] = ()
    operation: str = ""  # reference of the operation that it belongs to, "" = none
    closed: Closed | None = field(default=None)

    def overdue(self, now: int) -> bool:
        """Tell whether its state should have been left by now (Unix seconds)."""
        return 0 < self.due_at < now


def due(state: State, now: int) -> int:
    """Give when a state that begins now is to be left.

    Args:
        state: The state.
        now: Unix seconds.

    Returns:
        Unix seconds, 0 for one that is never to be left.
    """
    return now + HOURS[state] * _HOUR if state in HOURS else 0


def fold(entries: Iterable[Entry]) -> Case:
    """Give the case that entries make.

    Args:
        entries: All of them, in order; the first opens the case.
    """
    rest = iter(entries)
    case = opened(next(rest))
    for entry in rest:
        case = after(case, entry)
    return case


def opened(entry: Entry) -> Case:
    """Give the case that an entry of the act `open` makes."""
    details = entry.details
    goods = tuple(map(goods_of, details["goods"]))
    return Case(
        version=1,
        state=State.OPENED,
        title=details["title"],
        source=details["source"],
        owner=entry.key,
        opened_at=entry.at,
        changed_at=entry.at,
        due_at=due(State.OPENED, entry.at),
        goods=goods,
        operation=details["operation"],
    )


def after(case: Case, entry: Entry) -> Case:
    """Give what an entry makes of a case. Whether it was allowed was asked before it was written.

    Args:
        case: As it was.
        entry: The next one.
    """
    changed = _EFFECTS[entry.act](case, entry)
    return replace(changed, version=entry.position, changed_at=entry.at)


def _nothing(case: Case, _entry: Entry) -> Case:
    return case


def _moved(case: Case, entry: Entry) -> Case:
    state = State(entry.details["to"])
    return replace(case, state=state, due_at=due(state, entry.at))


def _assigned(case: Case, entry: Entry) -> Case:
    return replace(case, owner=bytes.fromhex(entry.details["owner"][2:]))


def _due(case: Case, entry: Entry) -> Case:
    return replace(case, due_at=entry.details["due_at"])


def _task(case: Case, entry: Entry) -> Case:
    task = Task(len(case.tasks) + 1, entry.details["words"], entry.details["due_at"])
    return replace(case, tasks=(*case.tasks, task))


def _task_done(case: Case, entry: Entry) -> Case:
    number = entry.details["task"]
    done = tuple(task._replace(done_at=entry.at) if task.number == number else task for task in case.tasks)
    return replace(case, tasks=done)


def _named(case: Case, entry: Entry) -> Case:
    return replace(case, goods=(*case.goods, goods_of(entry.details["goods"])))


def _taken(case: Case, entry: Entry) -> Case:
    return replace(case, evidence=(*case.evidence, evidence.taken(entry, len(case.evidence) + 1)))


def _handed_over(case: Case, entry: Entry) -> Case:
    number = entry.details["evidence"]
    held = tuple(evidence.handed_over(one, entry) if one.number == number else one for one in case.evidence)
    return replace(case, evidence=held)


def _decided(case: Case, entry: Entry) -> Case:
    told = entry.details
    outcome = Outcome(
        bytes.fromhex(told["digest"][2:]),
        told["kind"],
        goods_of(told["goods"]),
        told["product_class"],
        told["units"],
        told["occurred_at"],
        told["block"],
        told["block_time"],
    )
    return replace(case, outcomes=(*case.outcomes, outcome))


def _seized(case: Case, entry: Entry) -> Case:
    told = entry.details
    seizure = Seizure(told["product_class"], told["units"], told["words"], entry.at)
    return replace(case, seizures=(*case.seizures, seizure))


def _joined(case: Case, entry: Entry) -> Case:
    return replace(case, operation=entry.details["operation"])


def _closed(case: Case, entry: Entry) -> Case:
    return replace(case, state=State.CLOSED, due_at=0, closed=Closed(entry.at, entry.details["words"]))


def _reopened(case: Case, entry: Entry) -> Case:
    return replace(case, state=State.EXAMINING, due_at=due(State.EXAMINING, entry.at), closed=None)


_EFFECTS: Final[Mapping[str, Callable[[Case, Entry], Case]]] = {
    "note": _nothing,
    "move": _moved,
    "assign": _assigned,
    "due": _due,
    "task": _task,
    "task_done": _task_done,
    "goods": _named,
    "evidence": _taken,
    "hand_over": _handed_over,
    "outcome": _decided,
    "seizure": _seized,
    "operation": _joined,
    "close": _closed,
    "reopen": _reopened,
}
