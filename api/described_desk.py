"""What OpenAPI says of the desk's calls: declaration lines of one's own country."""

from __future__ import annotations

from typing import Any, Final

from api.described import (
    BATCH_FACTS,
    BOOLEAN,
    CONSIGNMENT_SCHEMA,
    EVENT,
    MAYBE_TEXT,
    SIGNED_IN,
    TEXT,
    WHOLE,
    _answers,
    _body_signed_in,
    _object,
)

Json = dict[str, Any]
MAYBE_WHOLE: Final[Json] = {"type": ["integer", "null"]}
RISK: Final[Json] = {"type": "integer", "minimum": 0, "maximum": 100, "description": "An order, and no probability."}
SIGNAL: Final = _object(signal=TEXT, weight=WHOLE, family=MAYBE_TEXT, means=MAYBE_TEXT, source=MAYBE_TEXT, reason=TEXT)


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


LINE: Final = _object(
    number=WHOLE,
    office=TEXT,
    declaration_id=TEXT,
    version_id=WHOLE,
    line=WHOLE,
    accepted_at=TEXT,
    hs=TEXT,
    description=TEXT,
    origin=TEXT,
    importer=TEXT,
    gtin=MAYBE_TEXT,
    lot=MAYBE_TEXT,
    sscc=MAYBE_TEXT,
    quantity=MAYBE_WHOLE,
    risk=RISK,
    match=MAYBE_TEXT,
    detail=TEXT,
    signals=_list(SIGNAL),
    scored_at=MAYBE_TEXT,
    scored_block=MAYBE_WHOLE,
    loading=TEXT,
    unloading=TEXT,
)
GOODS: Final = _object(
    batch=BATCH_FACTS,
    exact=BOOLEAN,
    more=WHOLE,
    consignments=_list(
        {
            "allOf": [
                CONSIGNMENT_SCHEMA,
                _object(custody=_list(EVENT), stops=_list(_object(place=TEXT, at=TEXT, kind=TEXT))),
            ]
        }
    ),
)
SHOWN: Final[Json] = {
    "allOf": [
        LINE,
        _object(
            newest=BOOLEAN,
            imported_at=TEXT,
            declared={"type": "object", "description": "Every field, named as in docs/customs.md."},
            route=_list(TEXT),
            comparison=_list(_object(subject=TEXT, declared=TEXT, recorded=TEXT, agrees={"type": ["boolean", "null"]})),
            goods=_list(GOODS),
            versions=_list(_object(number=WHOLE, version_id=WHOLE, imported_at=TEXT, risk=RISK)),
        ),
    ]
}
FAULT: Final = _object(row=WHOLE, column=MAYBE_TEXT, detail=TEXT, advice=TEXT)
DECLARATIONS_POST: Final = _answers(
    _object(added=WHOLE, there=WHOLE, with_signals=WHOLE, faults=_list(FAULT), more_faults=WHOLE),
    *(400, 401, 403, 413, 415, 422, 503),
    status=201,
) | _body_signed_in(text_csv=TEXT, application_json=_list({"type": "object"}))
DECLARATIONS_LIST: Final = _answers(_object(lines=_list(LINE), next=MAYBE_TEXT), 401, 403, 422, 503) | SIGNED_IN
DECLARATIONS_OVERVIEW: Final = (
    _answers(
        _object(
            lines=WHOLE,
            with_signals=WHOLE,
            risk=_list(_object(least=RISK, lines=WHOLE)),
            signals=_list(_object(signal=TEXT, family=TEXT, means=TEXT, lines=WHOLE)),
            matches=_list(_object(match=TEXT, lines=WHOLE)),
            days=_list(_object(day=TEXT, lines=WHOLE, high=WHOLE)),
            routes=_list(_object(loading=TEXT, unloading=TEXT, lines=WHOLE, high=WHOLE)),
        ),
        *(401, 403, 422),
    )
    | SIGNED_IN
)
DECLARATIONS_GET: Final = _answers(SHOWN, 401, 403, 404, 422, 503) | SIGNED_IN
DECLARATIONS_SCORE: Final = _answers(SHOWN, 401, 403, 404, 422, 503) | SIGNED_IN
