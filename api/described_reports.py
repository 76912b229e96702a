"""What OpenAPI says of the calls about reports: handed in, asked after, read by administrations, counted."""

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
    _body,
    _body_signed_in,
    _object,
)

Json = dict[str, Any]
MAYBE_WHOLE: Final[Json] = {"type": ["integer", "null"]}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


REPORTS_POST: Final = _answers(_object(receipt=TEXT, received_at=TEXT), 400, 413, 415, 422, 503, status=201) | _body(
    **{
        "multipart_form-data": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "code": TEXT,
                "words": TEXT,
                "place": TEXT,
                "photo": PICTURE,
            },
        }
    }
)
REPORTS_GET: Final = _answers(
    _object(
        state={"enum": ["received", "read", "answered"]},
        received_at=TEXT,
        answer=MAYBE_TEXT,
        answered_at=MAYBE_TEXT,
        answered_by=MAYBE_TEXT,
    ),
    404,
    422,
    503,
)
CLASSIFIED: Final = _object(rows=_list(_object(name=TEXT, incidents=WHOLE)), others=WHOLE)
COUNTS: Final = _answers(
    _object(
        least={"type": "integer", "description": "No row has fewer: those that had are among `others`."},
        least_total={"type": "integer", "description": "Of a month with fewer nothing is told."},
        months=_list(
            _object(
                month={"type": "string", "description": "YYYY-MM, in UTC."},
                incidents=MAYBE_WHOLE,
                tables={"type": "object", "additionalProperties": CLASSIFIED},
            )
        ),
    ),
    503,
)
_INCIDENT: Final[Json] = {
    "number": WHOLE,
    "urgency": {"type": "integer", "minimum": 0, "maximum": 100, "description": "An order, and no probability."},
    "level": {"enum": ["urgent", "soon", "in_turn"]},
    "reasons": _list(_object(reason=TEXT, weight=WHOLE, words=TEXT)),
    "code": TEXT,
    "gtin": MAYBE_TEXT,
    "lot": MAYBE_TEXT,
    "serial": MAYBE_TEXT,
    "place": MAYBE_TEXT,
    "desks": {**_list(TEXT), "description": "Countries whose administrations read it; none: every regulator."},
    "reports": WHOLE,
    "waiting": WHOLE,
    "words": TEXT,
    "first_at": TEXT,
    "newest_at": TEXT,
}
QUEUE: Final = (
    _answers(
        _object(incidents=_list(_object(**_INCIDENT)), next=MAYBE_TEXT, open=WHOLE),
        *(401, 403, 422),
    )
    | SIGNED_IN
)
_SHOWN: Final = _object(
    incident=_object(**_INCIDENT, indicators=_list(_object(digest=TEXT, issuer=_object(**MEMBER)))),
    reports=_list(
        _object(
            number=WHOLE,
            joined={"enum": ["same_code", "same_picture", "same_goods", "by_hand", None]},
            joined_words=MAYBE_TEXT,
            state={"enum": ["new", "read", "answered"]},
            code=TEXT,
            gtin=MAYBE_TEXT,
            lot=MAYBE_TEXT,
            serial=MAYBE_TEXT,
            words=TEXT,
            place=MAYBE_TEXT,
            photo=BOOLEAN,
            received_at=TEXT,
            read_at=MAYBE_TEXT,
            answer=MAYBE_TEXT,
            answered_at=MAYBE_TEXT,
            answered_by=_object(null=True, **MEMBER),
        )
    ),
    acts=_list(
        _object(
            act={"enum": ["read", "answered", "joined", "parted"]},
            report=MAYBE_WHOLE,
            organisation=_object(null=True, **MEMBER),
            words=TEXT,
            at=TEXT,
        )
    ),
)
INCIDENT: Final = _answers(_SHOWN, 401, 403, 404, 422) | SIGNED_IN
PHOTO: Final = _answers(PICTURE, 401, 403, 404, 422, media="image/jpeg") | SIGNED_IN
ANSWER: Final = _answers(_SHOWN, 400, 401, 403, 404, 413, 415, 422) | _body_signed_in(
    application_json={
        "type": "object",
        "required": ["words"],
        "properties": {"words": TEXT, "only": BOOLEAN},
    }
)
JOIN: Final = _answers(_SHOWN, 400, 401, 403, 404, 413, 415, 422) | _body_signed_in(
    application_json=_object(to=MAYBE_WHOLE)
)
