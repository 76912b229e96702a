"""What an officer may do to an operation, and when: who leads it, who takes part, and who was only invited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.casework import reading
from ledger.core.casework.operation import Phase, Status
from ledger.core.casework.reading import Field, read_fields
from ledger.core.errors import ConflictError, InvalidInputError, NotAllowedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.core.casework.entries import Officer
    from ledger.core.casework.operation import Operation

Json = dict[str, Any]
MOST_ENTRIES: Final = 5_000  # of one operation
MOST_MEMBERS: Final = 200  # every customs administration of the world is under 190
MOST_TARGETS: Final = 2_000  # of one operation
MOST_DRAWN: Final = 100  # targets at once
LONGEST_SECONDS: Final = 366 * 86_400  # of a window
_WORDS: Final = Field(reading.words)
_REMARK: Final = Field(reading.words, needed=False)
_NUMBER: Final = Field(reading.whole(reading.MAX_ORGANISATION))
_LINE: Final = Field(reading.whole(reading.MAX_NUMBER), needed=False, default=0)
_TEXT: Final = Field(reading.title, needed=False)
_WINDOW: Final = {"begins_at": Field(reading.moment), "ends_at": Field(reading.moment)}
ACTS: Final[Mapping[str, Mapping[str, Field]]] = {
    "invite": {"organisation": _NUMBER},
    "remove": {"organisation": _NUMBER, "words": _REMARK},
    "accept": {},
    "decline": {"words": _REMARK},
    "leave": {"words": _REMARK},
    "window": {**_WINDOW, "words": _REMARK},
    "post": {"words": _WORDS},
    "target": {"line": _LINE, "match": _LINE, "gtin": _TEXT, "lot": _TEXT, "serial": _TEXT, "sscc": _TEXT}
    | {"words": _REMARK},
    "draw": {"least_risk": Field(reading.whole(100)), "most": Field(reading.whole(MOST_DRAWN))},
    "drop": {"target": Field(reading.whole(MOST_TARGETS)), "words": _REMARK},
    "close": {"words": _REMARK},
}
_LEADS: Final = frozenset({"invite", "remove", "window", "close"})
_INVITEDS: Final = frozenset({"accept", "decline"})
_MEMBERS: Final = frozenset({"leave"})  # a supervisor of a member that does not lead
_SUPERVISORS: Final = _LEADS | _INVITEDS | _MEMBERS


def _numbers(value: object, field: str) -> list[int]:
    if not isinstance(value, list) or len(value) >= MOST_MEMBERS:
        detail = f"`{field}` must be a list of fewer than {MOST_MEMBERS} organisations' numbers."
        raise InvalidInputError(detail, field=field)
    read = reading.whole(reading.MAX_ORGANISATION)
    return sorted({read(number, field) for number in value})


_OPENING: Final[Mapping[str, Field]] = {
    "name": Field(reading.title),
    "words": _REMARK,
    **_WINDOW,
    "invite": Field(_numbers, needed=False, default=[]),
}


def read_opening(payload: object) -> Json:
    """Read what an operation is to be.

    Args:
        payload: An object of `name`, `begins_at`, `ends_at`, and perhaps `words` and `invite`.

    Raises:
        InvalidInputError: `field` names the one at fault.
    """
    if not isinstance(payload, dict):
        raise InvalidInputError("The body must be an object of `name`, `begins_at` and `ends_at`.", field="body")
    told = read_fields(payload, _OPENING)
    require_window(told)
    return told


def require_window(told: Json) -> None:
    """Require that a window has an end after its beginning, and lasts a year at most.

    Raises:
        InvalidInputError: It does not.
    """
    if not 0 < told["ends_at"] - told["begins_at"] <= LONGEST_SECONDS:
        detail = "The window must end after it begins, and last a year at most."
        raise InvalidInputError(detail, advice="Give another end.", field="ends_at")


def require_supervisor(officer: Officer, act: str) -> None:
    """Require that an officer is a supervisor.

    Raises:
        NotAllowedError: He is not.
    """
    if not officer.supervisor:
        detail = f"Only a supervisor may do this: a key with the purpose ADMIN. ({act})"
        raise NotAllowedError(detail, advice="Ask a supervisor of your organisation.", field="act")


def may(operation: Operation, officer: Officer, now: int) -> list[str]:
    """List what an officer may do to an operation now (Unix seconds)."""
    return [act for act in ACTS if not _refusal(operation, officer, act) and not _state_fault(operation, act, now)]


def require(operation: Operation, officer: Officer, act: str, details: Json, now: int) -> None:
    """Require that an officer may do something to an operation, and that it can be done.

    Args:
        operation: As it is.
        officer: Of an organisation to which it is shown.
        act: What he wants to do.
        details: As `reading.read_act` gave them.
        now: Unix seconds.

    Raises:
        NotAllowedError: He may not.
        ConflictError: The operation is not in a state for it.
        InvalidInputError: What the act names is none.
    """
    if fault := _refusal(operation, officer, act):
        advice = "Ask a supervisor of your organisation, or the administration that leads the operation."
        raise NotAllowedError(fault, advice=advice, field="act")
    if fault := _state_fault(operation, act, now):
        advice = "Look at the operation as it is now."
        raise ConflictError(fault, advice=advice, field="act", version=operation.version)
    if act in _CHECKS:
        _CHECKS[act](operation, officer, details)


def require_room(operation: Operation, added: int) -> None:
    """Require that some more targets have room.

    Raises:
        ConflictError: They have not.
    """
    if len(operation.targets) + added > MOST_TARGETS:
        detail = f"An operation has at most {MOST_TARGETS:,} targets."
        raise ConflictError(detail, advice="Open another operation.", field="act", version=operation.version)


def _refusal(operation: Operation, officer: Officer, act: str) -> str:
    status = operation.status(officer.organisation)
    if act in _SUPERVISORS and not officer.supervisor:
        return f"Only a supervisor may do this: a key with the purpose ADMIN. ({act})"
    if act in _LEADS and status is not Status.LEAD:
        return f"Only the administration that leads the operation may do this. ({act})"
    if act in _INVITEDS and status is not Status.INVITED:
        return f"Only who is invited and has not answered yet may do this. ({act})"
    if act in _MEMBERS and status is not Status.ACCEPTED:
        return f"Only a member that does not lead the operation may do this. ({act})"
    if act not in _SUPERVISORS and not (status and status.takes_part):
        return f"Only who has accepted the invitation may do this. ({act})"
    return ""


def _state_fault(operation: Operation, act: str, now: int) -> str:
    if operation.phase(now) is Phase.CLOSED:
        return "The operation is closed."
    if operation.version >= MOST_ENTRIES and act != "close":
        return f"The operation has {MOST_ENTRIES:,} entries, the most there can be; close it and open another."
    return ""


def _check_invite(operation: Operation, _officer: Officer, details: Json) -> None:
    status = operation.status(details["organisation"])
    if status is not None and status.reads:
        detail = f"Organisation {details['organisation']} is {status} already."
        raise ConflictError(detail, field="organisation", version=operation.version)
    if len(operation.members) >= MOST_MEMBERS:
        detail = f"An operation has at most {MOST_MEMBERS} members."
        raise ConflictError(detail, field="organisation", version=operation.version)


def _check_remove(operation: Operation, officer: Officer, details: Json) -> None:
    status = operation.status(details["organisation"])
    if details["organisation"] == officer.organisation or status is None or not status.reads:
        detail = f"Organisation {details['organisation']} is no other member of this operation."
        raise InvalidInputError(detail, advice="See `members`.", field="organisation")


def _check_window(_operation: Operation, _officer: Officer, details: Json) -> None:
    require_window(details)


def _check_target(_operation: Operation, _officer: Officer, details: Json) -> None:
    named = any(details[name] for name in ("gtin", "lot", "serial", "sscc"))
    if sum((bool(details["line"]), bool(details["match"]), named)) != 1:
        detail = "A target is one of a declaration line, a match, or goods."
        raise InvalidInputError(detail, advice="Give `line`, or `match`, or `gtin` and `lot` or `sscc`.", field="line")


def _check_drop(operation: Operation, officer: Officer, details: Json) -> None:
    found = next((each for each in operation.targets if each.number == details["target"]), None)
    if found is None:
        raise InvalidInputError(f"The operation has no target {details['target']}.", field="target")
    if found.organisation != officer.organisation:
        detail = "Only the administration that put a target on the board drops it."
        raise NotAllowedError(detail, advice="Ask it on the board.", field="target")
    if found.dropped_at:
        raise ConflictError("The target is dropped already.", field="target", version=operation.version)


_CHECKS: Final = {
    "invite": _check_invite,
    "remove": _check_remove,
    "window": _check_window,
    "target": _check_target,
    "drop": _check_drop,
}
