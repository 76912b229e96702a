"""What a joint operation is: the fold of its entries. A closed group of administrations, a time window, and targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.casework.goods import Goods, goods_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ledger.core.casework.entries import Entry

Json = dict[str, Any]


class Status(StrEnum):
    """What an administration is to an operation."""

    LEAD = "lead"
    ACCEPTED = "accepted"
    INVITED = "invited"
    DECLINED = "declined"
    LEFT = "left"
    REMOVED = "removed"

    @property
    def reads(self) -> bool:
        """Whether it is shown the operation at all."""
        return self in {Status.LEAD, Status.ACCEPTED, Status.INVITED}

    @property
    def takes_part(self) -> bool:
        """Whether it is in the group: it reads the board and puts targets and cases on it."""
        return self in {Status.LEAD, Status.ACCEPTED}


class Phase(StrEnum):
    """Where an operation stands in its time."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"
    CLOSED = "closed"


class Member(NamedTuple):
    """What an administration is to an operation, and since when."""

    status: Status
    at: int  # Unix seconds


class Target(NamedTuple):
    """Goods to look for, put on the board by an administration."""

    number: int  # in its operation, from 1
    organisation: int
    at: int  # Unix seconds
    source: Json  # a declaration line, an alert or the goods alone
    goods: Goods
    risk: int | None  # 0 to 100, of a declaration line
    signals: tuple[str, ...]
    route: tuple[str, ...]  # UN/LOCODEs
    words: str
    dropped_at: int = 0  # Unix seconds, 0 = not


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as its entries make it."""

    version: int  # how many entries there are
    name: str
    words: str
    lead: int
    begins_at: int  # Unix seconds
    ends_at: int  # Unix seconds
    opened_at: int  # Unix seconds
    changed_at: int  # Unix seconds
    members: Mapping[int, Member]  # by the organisation's number
    targets: tuple[Target, ...] = ()
    results: Json | None = None  # as they were when it was closed; None = it is not

    def phase(self, now: int) -> Phase:
        """Give where it stands now (Unix seconds)."""
        if self.results is not None:
            return Phase.CLOSED
        if now < self.begins_at:
            return Phase.PLANNED
        return Phase.RUNNING if now < self.ends_at else Phase.ENDED

    def status(self, organisation: int) -> Status | None:
        """Give what an organisation is to it; None if nothing."""
        member = self.members.get(organisation)
        return member.status if member else None

    def in_window(self, at: int) -> bool:
        """Tell whether a time (Unix seconds) lies in its window."""
        return self.begins_at <= at < self.ends_at


def fold(entries: Iterable[Entry]) -> Operation:
    """Give the operation that entries make.

    Args:
        entries: All of them, in order; the first opens the operation.
    """
    rest = iter(entries)
    operation = opened(next(rest))
    for entry in rest:
        operation = after(operation, entry)
    return operation


def opened(entry: Entry) -> Operation:
    """Give the operation that an entry of the act `open` makes."""
    told = entry.details
    members = {number: Member(Status.INVITED, entry.at) for number in told["invite"]}
    members[entry.organisation] = Member(Status.LEAD, entry.at)
    return Operation(
        version=1,
        name=told["name"],
        words=told["words"],
        lead=entry.organisation,
        begins_at=told["begins_at"],
        ends_at=told["ends_at"],
        opened_at=entry.at,
        changed_at=entry.at,
        members=members,
    )


def after(operation: Operation, entry: Entry) -> Operation:
    """Give what an entry makes of an operation. Whether it was allowed was asked before it was written.

    Args:
        operation: As it was.
        entry: The next one.
    """
    changed = _EFFECTS[entry.act](operation, entry)
    return replace(changed, version=entry.position, changed_at=entry.at)


def _nothing(operation: Operation, _entry: Entry) -> Operation:
    return operation


def _is_now(status: Status) -> Callable[[Operation, Entry], Operation]:
    def effect(operation: Operation, entry: Entry) -> Operation:
        number = entry.details.get("organisation", entry.organisation)
        return replace(operation, members={**operation.members, number: Member(status, entry.at)})

    return effect


def _window(operation: Operation, entry: Entry) -> Operation:
    return replace(operation, begins_at=entry.details["begins_at"], ends_at=entry.details["ends_at"])


def _targets(operation: Operation, entry: Entry) -> Operation:
    first = len(operation.targets) + 1
    added = [_target(entry, number, told) for number, told in enumerate(entry.details["targets"], first)]
    return replace(operation, targets=(*operation.targets, *added))


def _target(entry: Entry, number: int, told: Json) -> Target:
    return Target(
        number,
        entry.organisation,
        entry.at,
        told["source"],
        goods_of(told["goods"]),
        told["risk"],
        tuple(told["signals"]),
        tuple(told["route"]),
        told["words"],
    )


def _dropped(operation: Operation, entry: Entry) -> Operation:
    number = entry.details["target"]
    kept = tuple(each._replace(dropped_at=entry.at) if each.number == number else each for each in operation.targets)
    return replace(operation, targets=kept)


def _closed(operation: Operation, entry: Entry) -> Operation:
    return replace(operation, results=entry.details["results"])


_EFFECTS: Final[Mapping[str, Callable[[Operation, Entry], Operation]]] = {
    "invite": _is_now(Status.INVITED),
    "remove": _is_now(Status.REMOVED),
    "accept": _is_now(Status.ACCEPTED),
    "decline": _is_now(Status.DECLINED),
    "leave": _is_now(Status.LEFT),
    "window": _window,
    "post": _nothing,
    "target": _targets,
    "draw": _targets,
    "drop": _dropped,
    "close": _closed,
}
