"""What an officer may do to a case, and when. Every act is one of those here; a supervisor's are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.casework import reading
from ledger.core.casework.case import NEXT, State
from ledger.core.casework.reading import Field, read_fields
from ledger.core.errors import ConflictError, InvalidInputError, NotAllowedError
from ledger.core.vocabulary import ProductClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.core.casework.case import Case
    from ledger.core.casework.entries import Officer

Json = dict[str, Any]
MOST_ENTRIES: Final = 1_000  # of one case: longer ones are several cases
MOST_GOODS: Final = 100  # that one case names
MOST_EVIDENCE: Final = 100  # files of one case
KINDS: Final = (*(kind.name for kind in ProductClass), "OTHER")  # of goods that the ledger does not know
_WORDS: Final = Field(reading.words)
_REMARK: Final = Field(reading.words, needed=False)
_NAME: Final = Field(reading.title, needed=False)
ACTS: Final[Mapping[str, Mapping[str, Field]]] = {
    "note": {"words": _WORDS},
    "move": {"to": Field(reading.choice([str(state) for state in State if state in NEXT])), "words": _REMARK},
    "assign": {"owner": Field(reading.digest)},
    "due": {"due_at": Field(reading.moment), "words": _WORDS},
    "task": {"words": _WORDS, "due_at": Field(reading.moment, needed=False, default=0)},
    "task_done": {"task": Field(reading.whole(MOST_ENTRIES)), "words": _REMARK},
    "goods": {name: Field(reading.title, needed=False) for name in ("gtin", "lot", "serial", "sscc")},
    "hand_over": {
        "evidence": Field(reading.whole(MOST_EVIDENCE)),
        "holder": Field(reading.title),
        "words": _REMARK,
    },
    "outcome": {"digest": Field(reading.digest)},
    "seizure": {
        "product_class": Field(reading.choice(KINDS)),
        "units": Field(reading.whole(reading.MAX_UNITS)),
        "words": _WORDS,
    },
    "operation": {"operation": Field(reading.reference)},
    "close": {"words": _REMARK},
    "reopen": {"words": _WORDS},
}
EVIDENCE: Final[Mapping[str, Field]] = {"name": Field(reading.title), "holder": _NAME, "words": _REMARK}
SOURCES: Final[Mapping[str, Mapping[str, Field]]] = {
    "scan": {"code": Field(reading.words)},
    "alert": {"match": Field(reading.whole(reading.MAX_NUMBER))},
    "report": {"report": Field(reading.whole(reading.MAX_NUMBER))},
    "declaration": {"line": Field(reading.whole(reading.MAX_NUMBER))},
}
_SUPERVISORS: Final = frozenset({"assign", "due", "close", "reopen"})
_OWNERS: Final = frozenset({"move"})  # and supervisors
_WHEN_CLOSED: Final = frozenset({"reopen", "hand_over"})  # what was seized moves on after its case


def read_opening(payload: object) -> tuple[Json, Json]:
    """Read what a case is to be opened from.

    Args:
        payload: An object of `source`, and perhaps `title`, `words` and `operation`.

    Returns:
        The source with its kind, and the other fields.

    Raises:
        InvalidInputError: `field` names the one at fault.
    """
    if not isinstance(payload, dict):
        raise InvalidInputError("The body must be an object of `source` and perhaps more.", field="body")
    source = payload.get("source")
    kind = source.get("kind") if isinstance(source, dict) else None
    if not isinstance(source, dict) or not isinstance(kind, str) or kind not in SOURCES:
        detail = f"`source` must be an object with a `kind` of {', '.join(SOURCES)}."
        raise InvalidInputError(detail, advice="docs/cases.md shows each.", field="source")
    read = read_fields({name: value for name, value in source.items() if name != "kind"}, SOURCES[kind])
    rest = {name: value for name, value in payload.items() if name != "source"}
    others = {"title": _NAME, "words": _REMARK, "operation": Field(reading.reference, needed=False)}
    return {"kind": kind, **read}, read_fields(rest, others)


def may(case: Case, officer: Officer) -> list[str]:
    """List what an officer may do to a case now.

    Args:
        case: As it is.
        officer: Of its organisation.
    """
    return [act for act in (*ACTS, "evidence") if not _refusal(case, officer, act) and not _state_fault(case, act)]


def require(case: Case, officer: Officer, act: str, details: Json) -> None:
    """Require that an officer may do something to a case, and that it can be done.

    Args:
        case: As it is.
        officer: Of its organisation.
        act: What he wants to do.
        details: As `reading.read_act` gave them.

    Raises:
        NotAllowedError: He may not.
        ConflictError: The case is not in a state for it.
        InvalidInputError: What the act names is not in the case.
    """
    if fault := _refusal(case, officer, act):
        raise NotAllowedError(fault, advice="Ask a supervisor of your organisation.", field="act")
    if fault := _state_fault(case, act):
        raise ConflictError(fault, advice="Look at the case as it is now.", field="act", version=case.version)
    if act in _CHECKS:
        _CHECKS[act](case, details)


def _refusal(case: Case, officer: Officer, act: str) -> str:
    if act in _SUPERVISORS and not officer.supervisor:
        return f"Only a supervisor may do this: a key with the purpose ADMIN. ({act})"
    if act in _OWNERS and not officer.supervisor and officer.key != case.owner:
        return f"Only the officer whose case it is, or a supervisor, may do this. ({act})"
    return ""


def _state_fault(case: Case, act: str) -> str:
    if case.state is State.CLOSED and act not in _WHEN_CLOSED:
        return "The case is closed."
    if act == "reopen" and case.state is not State.CLOSED:
        return "The case is not closed."
    if case.version >= MOST_ENTRIES:
        return f"The case has {MOST_ENTRIES:,} entries, the most there can be; open another and name it in a note."
    if act == "evidence" and len(case.evidence) >= MOST_EVIDENCE:
        return f"The case has {MOST_EVIDENCE} pieces of evidence, the most there can be."
    return ""


def _check_move(case: Case, details: Json) -> None:
    if State(details["to"]) not in NEXT[case.state]:
        known = ", ".join(sorted(NEXT[case.state]))
        detail = f"A case that is {case.state} cannot become {details['to']}."
        raise ConflictError(detail, advice=f"It can become {known}.", field="to", version=case.version)


def _check_due(case: Case, details: Json) -> None:
    if details["due_at"] <= case.changed_at:
        raise InvalidInputError("The time lies before the last entry.", advice="Give a later one.", field="due_at")


def _check_task(case: Case, details: Json) -> None:
    found = next((task for task in case.tasks if task.number == details["task"]), None)
    if found is None:
        raise InvalidInputError(f"The case has no task {details['task']}.", field="task")
    if found.done_at:
        raise ConflictError(f"Task {found.number} is done already.", field="task", version=case.version)


def _check_goods(case: Case, details: Json) -> None:
    if len(case.goods) >= MOST_GOODS:
        detail = f"A case names at most {MOST_GOODS} goods."
        raise ConflictError(detail, advice="Open another case.", field="act", version=case.version)
    if any(goods.to_json() == details["goods"] for goods in case.goods):
        raise ConflictError("The case names these goods already.", field="gtin", version=case.version)


def _check_hand_over(case: Case, details: Json) -> None:
    if details["evidence"] > len(case.evidence):
        raise InvalidInputError(f"The case has no evidence {details['evidence']}.", field="evidence")


def _check_outcome(case: Case, details: Json) -> None:
    if any("0x" + outcome.digest.hex() == details["digest"] for outcome in case.outcomes):
        raise ConflictError("The case has this outcome already.", field="digest", version=case.version)


def _check_close(case: Case, details: Json) -> None:
    if not (case.outcomes or case.seizures or details["words"]):
        detail = "A case without an outcome is closed only with a reason."
        raise InvalidInputError(detail, advice="Take the digest of the statement, or give `words`.", field="words")


_CHECKS: Final = {
    "move": _check_move,
    "due": _check_due,
    "task_done": _check_task,
    "goods": _check_goods,
    "hand_over": _check_hand_over,
    "outcome": _check_outcome,
    "close": _check_close,
}
