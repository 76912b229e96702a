"""What OpenAPI says of the calls about cases and joint operations."""

from __future__ import annotations

from typing import Any, Final

from api.described import (
    BOOLEAN,
    MAYBE_TEXT,
    MEMBER,
    PICTURE,
    SIGNED_IN,
    TEXT,
    WHOLE,
    _answers,
    _body_signed_in,
    _object,
)
from ledger.core.casework import case_rules, operation_rules
from ledger.core.casework.case import State

Json = dict[str, Any]
MAYBE_WHOLE: Final[Json] = {"type": ["integer", "null"]}
_PROBLEMS: Final = (400, 401, 403, 404, 409, 413, 415, 422, 503)  # of what is changed
_SEEN: Final = (401, 403, 404, 422, 503)


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _extended(base: Json, **properties: Json) -> Json:
    """An object with more members, or with others of the same names."""
    return _object(**(base["properties"] | properties))


GOODS: Final = _object(gtin=MAYBE_TEXT, lot=MAYBE_TEXT, serial=MAYBE_TEXT, sscc=MAYBE_TEXT)
CARD: Final = _object(
    number=WHOLE,
    version={"type": "integer", "description": "To be named by whoever changes it: how many entries he has seen."},
    state={"enum": [str(state) for state in State]},
    title=TEXT,
    source={"type": "object"},
    goods=_list(GOODS),
    owner=TEXT,
    opened_at=TEXT,
    changed_at=TEXT,
    due_at=MAYBE_TEXT,
    overdue=BOOLEAN,
    tasks_open=WHOLE,
    evidence=WHOLE,
    outcomes=_list(TEXT),
    seized_units=WHOLE,
    operation=MAYBE_TEXT,
)
LINK: Final = _object(holder=TEXT, at=TEXT, key=TEXT, words=TEXT, previous=TEXT, hash=TEXT)
OUTCOME: Final = _object(
    digest=TEXT,
    kind={"enum": ["HOLD", "RELEASE", "SEIZE"]},
    **GOODS["properties"],
    product_class=MAYBE_TEXT,
    units=WHOLE,
    at=TEXT,
    recorded={"type": ["object", "null"], "description": "null: not on the ledger any more."},
    final=BOOLEAN,
)
ENTRY: Final = _object(position=WHOLE, at=TEXT, key=TEXT, act=TEXT, details={"type": "object"}, hash=TEXT)
CASE: Final = _extended(
    CARD,
    tasks=_list(_object(number=WHOLE, words=TEXT, due_at=MAYBE_TEXT, overdue=BOOLEAN, done_at=MAYBE_TEXT)),
    evidence=_list(_object(number=WHOLE, name=TEXT, bytes=WHOLE, sha256=TEXT, chain=_list(LINK))),
    outcomes=_list(OUTCOME),
    seizures=_list(_object(product_class=TEXT, units=WHOLE, words=TEXT, at=TEXT)),
    closed=_object(null=True, at=TEXT, words=TEXT),
    history=_list(ENTRY),
    head=TEXT,
    may=_list(TEXT),
    officers=_list(_object(key=TEXT, supervisor=BOOLEAN)),
)
CASES: Final = (
    _answers(
        _object(cases=_list(CARD), counts={"type": "object", "additionalProperties": WHOLE}),
        *(401, 403, 422),
    )
    | SIGNED_IN
)
_SOURCES: Final[Json] = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"enum": list(case_rules.SOURCES)}, "code": TEXT}
    | dict.fromkeys(("match", "report", "line"), WHOLE),
}
CASES_POST: Final = _answers(CASE, *_PROBLEMS, status=201) | _body_signed_in(
    application_json={
        "type": "object",
        "required": ["source"],
        "properties": {"source": _SOURCES, "title": TEXT, "words": TEXT, "operation": TEXT},
    }
)
CASE_GET: Final = _answers(CASE, *_SEEN) | SIGNED_IN


def _acts(acts: Json) -> Json:
    """The body of a call that does something to a file."""
    properties = {"version": {"type": "integer", "minimum": 1}, "act": {"enum": list(acts)}}
    fields: Json = {name: {} for act in acts.values() for name in act}
    return {
        "type": "object",
        "description": "`version`, `act`, and the fields of that act: docs/cases.md.",
        "required": ["version", "act"],
        "properties": fields | properties,
    }


CASE_POST: Final = _answers(CASE, *_PROBLEMS) | _body_signed_in(application_json=_acts(dict(case_rules.ACTS)))
EVIDENCE_POST: Final = _answers(CASE, *_PROBLEMS, status=201) | _body_signed_in(
    **{
        "multipart_form-data": {
            "type": "object",
            "required": ["file", "version", "name"],
            "properties": {"file": PICTURE, "version": TEXT, "name": TEXT, "holder": TEXT, "words": TEXT},
        }
    }
)
EVIDENCE_GET: Final = _answers(PICTURE, *_SEEN, media="application/octet-stream") | SIGNED_IN
_WHO: Final = _object(**MEMBER)
_MEMBER: Final = _object(**MEMBER, status=TEXT, at=TEXT)
_COUNTS: Final[Json] = dict.fromkeys(
    ("cases", "closed", "holds", "releases", "seizures", "units", "stated_seizures", "stated_units"), WHOLE
)
_OF_KIND: Final[Json] = dict.fromkeys(("seizures", "units", "stated_seizures", "stated_units"), WHOLE)
RESULTS: Final = _object(
    counted_at=TEXT,
    frozen=BOOLEAN,
    **_COUNTS,
    by_kind=_list(_object(product_class=TEXT, **_OF_KIND)),
    by_member=_list(_object(organisation=_WHO, **_COUNTS)),
)
INVITATION: Final = _object(
    reference=TEXT,
    version=WHOLE,
    name=TEXT,
    words=TEXT,
    phase={"enum": ["planned", "running", "ended", "closed"]},
    begins_at=TEXT,
    ends_at=TEXT,
    changed_at=TEXT,
    lead=_WHO,
    status=TEXT,
    members=_list(_MEMBER),
    may=_list(TEXT),
)
OPERATION: Final[Json] = INVITATION | {
    "description": "Who is only invited sees neither targets, board, cases nor results.",
    "properties": INVITATION["properties"]
    | {
        "targets": _list(
            _object(
                number=WHOLE,
                organisation=_WHO,
                at=TEXT,
                source={"type": "object"},
                goods=GOODS,
                risk=MAYBE_WHOLE,
                signals=_list(TEXT),
                route=_list(TEXT),
                words=TEXT,
                dropped_at=MAYBE_TEXT,
            )
        ),
        "board": _list(_extended(ENTRY, organisation=_WHO)),
        "cases": _list({"type": "object"}),
        "results": RESULTS,
    },
}
OPERATIONS: Final = (
    _answers(
        _object(
            operations=_list(
                _object(
                    **{name: value for name, value in INVITATION["properties"].items() if name not in {"words", "may"}}
                    | {"members": WHOLE, "targets": MAYBE_WHOLE, "cases": MAYBE_WHOLE}
                )
            )
        ),
        *(401, 403, 422, 503),
    )
    | SIGNED_IN
)
OPERATIONS_POST: Final = _answers(OPERATION, *_PROBLEMS, status=201) | _body_signed_in(
    application_json={
        "type": "object",
        "required": ["name", "begins_at", "ends_at"],
        "properties": {"name": TEXT, "words": TEXT, "begins_at": TEXT, "ends_at": TEXT, "invite": _list(WHOLE)},
    }
)
OPERATION_GET: Final = _answers(OPERATION, *_SEEN) | SIGNED_IN
OPERATION_POST: Final = _answers(
    {"type": "object", "required": ["reference", "status"], "properties": OPERATION["properties"]}, *_PROBLEMS
) | _body_signed_in(application_json=_acts(dict(operation_rules.ACTS)))
RESULTS_GET: Final = _answers(RESULTS, *_SEEN) | SIGNED_IN
RESULTS_CSV: Final = _answers(TEXT, *_SEEN, media="text/csv") | SIGNED_IN
RESULTS_PDF: Final = _answers(PICTURE, *_SEEN, media="application/pdf") | SIGNED_IN
