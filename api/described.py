"""What OpenAPI says of each call beyond its signature: bodies, answers and problems."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]


def _object(*, null: bool = False, **properties: Json) -> Json:
    """An object that always has all these members, or null where that may be."""
    kind = ["object", "null"] if null else "object"
    return {"type": kind, "required": list(properties), "properties": properties}


TEXT: Final[Json] = {"type": "string"}
MAYBE_TEXT: Final[Json] = {"type": ["string", "null"]}
WHOLE: Final[Json] = {"type": "integer"}
BOOLEAN: Final[Json] = {"type": "boolean"}
ACTOR: Final = _object(null=True, number=WHOLE, name=TEXT, country=MAYBE_TEXT)
RECORDED: Final = _object(null=True, block=WHOLE, time=TEXT, transaction=TEXT)
PROBLEM: Final[Json] = {
    "type": "object",
    "description": "Problem details (RFC 9457); further members explain the error.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "/problems/ and the sort of problem."},
        "title": TEXT,
        "status": WHOLE,
        "detail": {"type": "string", "description": "What happened."},
        "advice": {"type": "string", "description": "What to do next."},
        "field": {"type": "string", "description": "The input at fault."},
        "position": {"type": "integer", "description": "Where in that input: character, row or item, from 0."},
        "request_id": {"type": "string", "description": "The request's name in the server's log."},
    },
}
CHECK: Final = _object(
    id={"type": "integer", "minimum": 1, "maximum": 14},
    name=TEXT,
    result={"enum": ["passed", "failed", "skipped"]},
    detail=TEXT,
)
CHECK["properties"] |= {  # of check 14 alone, where it fails: it decides nothing
    "reason": TEXT,
    "advice": TEXT,
}
EVENT: Final = _object(
    kind=TEXT,
    actor=ACTOR,
    counterparty=ACTOR,
    place=MAYBE_TEXT,
    quantity=WHOLE,
    occurred_at=TEXT,
    recorded=RECORDED,
    digest=TEXT,
)
CODE: Final = _object(
    gtin=MAYBE_TEXT, lot=MAYBE_TEXT, serial=MAYBE_TEXT, expiry=MAYBE_TEXT, sscc=MAYBE_TEXT, form=MAYBE_TEXT
)
BATCH_FACTS: Final = _object(
    null=True,
    id=TEXT,
    product=MAYBE_TEXT,
    gtin=TEXT,
    lot=TEXT,
    product_class={"enum": ["VACCINE", "MEDICINE", "PPE", "DEVICE"]},
    manufacturer=ACTOR,
    quantity=WHOLE,
    manufactured=MAYBE_TEXT,
    expiry=TEXT,
    registered=RECORDED,
)
AS_OF: Final = _object(chain_id=WHOLE, block=WHOLE, time=TEXT, finalized_block=WHOLE, lag_blocks=WHOLE)
VERDICT_SCHEMA: Final = _object(
    verdict={"enum": ["verified", "do_not_use", "suspect", "unreadable", "undetermined"]},
    reason=TEXT,
    headline=TEXT,
    advice=TEXT,
    code=CODE,
    checks={"type": "array", "items": CHECK, "minItems": 13, "maxItems": 14},
    batch=BATCH_FACTS,
    custody={"type": "array", "items": EVENT},
    as_of=AS_OF,
    proof=MAYBE_TEXT,
)
SCANNER: Final[Json] = {
    "place": {"type": ["string", "null"], "description": "UN/LOCODE"},
    "at": {"type": ["string", "null"], "format": "date-time"},
    "organisation": {"type": ["integer", "null"], "minimum": 1},
}
CODES: Final[Json] = {"type": "array", "items": TEXT, "minItems": 1}
CONSIGNMENT_SCHEMA: Final = _object(
    id=TEXT,
    sscc=MAYBE_TEXT,
    batch={"type": ["object", "null"]},
    head=TEXT,
    sequence=WHOLE,
    holder=ACTOR,
    counterparty=ACTOR,
    held_by=ACTOR,
    seized={"type": "boolean"},
    pallet=MAYBE_TEXT,
    is_pallet={"type": "boolean"},
    quantity=WHOLE,
    rest=WHOLE,
    occurred_at=MAYBE_TEXT,
    children={"type": "array", "items": TEXT},
)
ANCHOR: Final = _object(null=True, digest=TEXT, count=WHOLE, root=TEXT, previous=TEXT, recorded=RECORDED)
HASHES: Final[Json] = {"type": "array", "items": TEXT}
STATEMENT_SCHEMA: Final[Json] = {
    "type": "object",
    "required": ["digest", "type", "state", "reason", "recorded", "transaction", "events", "statement"],
    "properties": {
        "digest": TEXT,
        "type": MAYBE_TEXT,
        "state": {"enum": ["pending", "sent", "recorded", "final", "refused", "logged", "anchored"]},
        "reason": _object(null=True, error=MAYBE_TEXT, detail=TEXT, advice=TEXT),
        "recorded": RECORDED,
        "log": {
            "description": "Of a UnitEvent only: where it stands.",
            **_object(organisation=WHOLE, index=WHOLE, leaf=TEXT, received_at=TEXT, anchor=ANCHOR),
        },
        "repeated": {"type": ["string", "null"], "description": "The UnitEvent that was answered with this one."},
    },
}
PICTURE: Final[Json] = {"type": "string", "contentMediaType": "image/*", "contentEncoding": "binary"}
PROBLEMS: Final = {
    400: "The body or the link is malformed.",
    401: "Nobody is signed in, or the session has ended.",
    403: "Whoever is signed in may not do or see this.",
    404: "Not found.",
    406: "The answer is not to be had in a form that the client reads.",
    408: "The body comes too slowly.",
    409: "The ledger's rules refuse the statement; nothing has changed.",
    413: "The body is too large.",
    415: "The body's media type is not read here.",
    422: "A value is malformed or unknown; `field` and `position` say where.",
    503: "A part cannot be reached now; try again.",
}


def _answers(schema: Json, *problems: int, status: int = 200, media: str = "application/json") -> Json:
    """The `responses` of a call that answers `schema`, or one of these problems; a body may also be too slow."""
    if 413 in problems:  # noqa: PLR2004 - HTTP's number for what is too large
        problems = (*problems, 408)
    answers: dict[int, Json] = {status: {"description": "The answer.", "content": {media: {"schema": schema}}}}
    for problem in problems:
        content = {"application/problem+json": {"schema": PROBLEM}}
        answers[problem] = {"description": PROBLEMS[problem], "content": content}
    return {"responses": answers, "response_model": None, "status_code": status}


def _body(**content: Json) -> Json:
    """The `requestBody` of a call that reads one of several media types, `application_json` for application/json."""
    media = {name.replace("_", "/", 1): {"schema": schema} for name, schema in content.items()}
    return {"openapi_extra": {"requestBody": {"required": True, "content": media}}}


def _body_signed_in(**content: Json) -> Json:
    """The `requestBody` of a call that only who is signed in may make."""
    body = _body(**content)
    return {"openapi_extra": body["openapi_extra"] | SIGNED_IN["openapi_extra"]}


SIGNED_IN: Final[Json] = {"openapi_extra": {"security": [{"session": []}]}}
SECURITY: Final[Json] = {
    "session": {"type": "http", "scheme": "bearer", "description": "The token of POST /v1/session."},
}
VERIFY_GET: Final = {
    "tags": ["verify"],
    "summary": "Verify Text",
    "description": "The verdict on one code. A malformed code is a verdict too: `unreadable`.",
    "operationId": "verify_text_v1_verify_get",
    "parameters": [
        {"name": "code", "in": "query", "required": True, "schema": TEXT, "description": "What was scanned or typed."},
        {"name": "place", "in": "query", "schema": TEXT, "description": "Where it is scanned: a UN/LOCODE."},
        {"name": "at", "in": "query", "schema": TEXT, "description": "When: ISO 8601 with a time zone; now if absent."},
        {"name": "organisation", "in": "query", "schema": TEXT, "description": "The number of whoever scans."},
    ],
    "responses": {str(status): answer for status, answer in _answers(VERDICT_SCHEMA, 422)["responses"].items()},
}
VERIFY_POST: Final = _answers(VERDICT_SCHEMA, 400, 413, 415, 422) | _body(
    application_json={"type": "object", "required": ["code"], "properties": {"code": TEXT, **SCANNER}}
)
VERIFY_IMAGE: Final = _answers(
    _object(
        codes={
            "type": "array",
            "items": _object(
                format=TEXT,
                symbology=TEXT,
                text=TEXT,
                position={"type": "array", "items": {"type": "array", "items": WHOLE}},
                verdict=VERDICT_SCHEMA,
            ),
        }
    ),
    400,
    413,
    415,
    422,
) | _body(image_png=PICTURE, image_jpeg=PICTURE, **{"multipart_form-data": _object(image=PICTURE)})
VERIFY_MANY: Final = _answers(
    _object(
        counts={"type": "object", "additionalProperties": WHOLE},
        as_of=AS_OF,
        results={
            "type": "array",
            "items": _object(
                position=WHOLE,
                code=TEXT,
                verdict=TEXT,
                reason=TEXT,
                headline=TEXT,
                gtin=MAYBE_TEXT,
                lot=MAYBE_TEXT,
                serial=MAYBE_TEXT,
                sscc=MAYBE_TEXT,
            ),
        },
    ),
    400,
    413,
    415,
    422,
) | _body(
    application_json={
        "oneOf": [CODES, {"type": "object", "required": ["codes"], "properties": {"codes": CODES, **SCANNER}}]
    },
    text_csv=TEXT,
)
VERIFY_MANY["responses"][200]["content"]["text/csv"] = {"schema": TEXT}
CHAIN: Final = _answers(
    _object(
        chain_id=WHOLE,
        ledger=TEXT,
        council=MAYBE_TEXT,
        relayer=MAYBE_TEXT,
        snapshot_signer=TEXT,
        domain={"type": "object"},
        types={"type": "object"},
        head={"type": "object"},
        indexed={"type": "object"},
        finalized={"type": "object"},
        nodes={"type": "array", "items": _object(name=TEXT, state=TEXT, head=WHOLE, reason=TEXT)},
    )
)
SNAPSHOT: Final = _answers(_object(snapshot=TEXT, signer=TEXT, signature=TEXT), 503)
SNAPSHOT["responses"][304] = {"description": "What the client has still says the same."}
STATEMENTS_POST: Final = _answers(STATEMENT_SCHEMA, 400, 409, 413, 415, 422, 503, status=202) | _body(
    application_json={
        "type": "object",
        "required": ["type", "message", "signer", "signature"],
        "properties": {
            "type": TEXT,
            "message": {"type": "object"},
            "signer": {"type": "string", "description": "0x: an address (20 bytes) or a P-256 key (64 bytes)"},
            "signature": TEXT,
            "attachment": TEXT,
            "cosignature": TEXT,
            "prefixes": {"type": "array", "items": TEXT},
            "events": {"type": "array", "items": {"type": "object"}},
            "document": {"type": "object"},
        },
    }
)
STATEMENTS_GET: Final = _answers(STATEMENT_SCHEMA, 404, 422)
BATCH: Final = _answers(
    _object(
        batch=BATCH_FACTS,
        consignments={"type": "array", "items": CONSIGNMENT_SCHEMA},
        custody={"type": "array", "items": EVENT},
    ),
    404,
    422,
)
UNITS_PUT: Final = _answers(_object(gtin=TEXT, lot=TEXT, units=WHOLE, unit_root=TEXT), 404, 413, 415, 422, 503) | _body(
    text_plain={
        "type": "string",
        "description": "The batch's secret, 0x and 64 hexadecimal digits, then one serial number a line.",
    }
)
PROOF: Final = _answers({"type": "object", "description": "A proof bundle: docs/proofs.md."}, 404, 422, 503)
CONSIGNMENT: Final = _answers(CONSIGNMENT_SCHEMA, 404, 422)
ORGANISATIONS: Final = _answers(_object(organisations={"type": "array", "items": {"type": "object"}}))
ORGANISATION: Final = _answers({"type": "object"}, 404, 422)
GOODS: Final = _answers(_object(consignments={"type": "array", "items": CONSIGNMENT_SCHEMA}), 404, 422)
ALERTS: Final = _answers(
    _object(
        alerts={
            "type": "array",
            "items": _object(
                kind={"enum": ["hold", "seize", "recall", "finding", "discrepancy", "conflict", "report"]},
                gtin=TEXT,
                lot=TEXT,
                serial=MAYBE_TEXT,
                at=TEXT,
                place=MAYBE_TEXT,
                by=ACTOR,
                detail=TEXT,
            ),
        }
    ),
    404,
    422,
)
LOG: Final = _answers(_object(organisation=WHOLE, size=WHOLE, root=TEXT, anchor=ANCHOR), 404, 422)
LOG_PROOF: Final = _answers(
    _object(organisation=WHOLE, index=WHOLE, size=WHOLE, leaf=TEXT, root=TEXT, proof=HASHES), 404, 422
)
LOG_CONSISTENCY: Final = _answers(
    _object(organisation=WHOLE, first=WHOLE, second=WHOLE, first_root=TEXT, second_root=TEXT, proof=HASHES), 404, 422
)
LOG_LEAVES: Final = _answers(_object(organisation=WHOLE, first=WHOLE, leaves=HASHES), 404, 422)
MEMBER: Final[Json] = {"number": WHOLE, "name": TEXT}
SESSION: Final = _object(
    organisation=_object(**MEMBER),
    key=TEXT,
    administration=BOOLEAN,
    supervisor=BOOLEAN,
    country=TEXT,
    began_at=TEXT,
    ends_at=TEXT,
)
CHALLENGE_POST: Final = _answers(_object(message=TEXT, expires_at=TEXT), 400, 413, 415, 422) | _body(
    application_json=_object(signer={"type": "string", "description": "0x: an address or a P-256 key (64 bytes)"})
)
SESSION_POST: Final = _answers(
    {
        "type": "object",
        "required": [*SESSION["required"], "token"],
        "properties": SESSION["properties"] | {"token": TEXT},
    },
    *(400, 401, 413, 415, 422, 503),
    status=201,
) | _body(application_json=_object(message=TEXT, signature=TEXT))
SESSION_GET: Final = _answers(SESSION, 401) | SIGNED_IN
SESSION_DELETE: Final = _answers(_object(signed_out=BOOLEAN), 401) | SIGNED_IN
LOOKS: Final = (
    _answers(
        _object(
            looks={
                "type": "array",
                "items": _object(
                    number=WHOLE,
                    organisation=_object(**MEMBER),
                    key=TEXT,
                    kind=TEXT,
                    id=TEXT,
                    first_at=TEXT,
                    last_at=TEXT,
                    times=WHOLE,
                ),
            }
        ),
        *(401, 422),
    )
    | SIGNED_IN
)
MESSAGE: Final = _object(
    number=WHOLE,
    digest=TEXT,
    form={"enum": ["indicator", "bulletin", "withdrawal"]},
    marking={"enum": ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]},
    issuer=_object(**MEMBER),
    issued_at=TEXT,
    valid_until=MAYBE_TEXT,
    received_at=TEXT,
    withdrawn_at=MAYBE_TEXT,
    message={"type": "object"},
    signer=TEXT,
    signature=TEXT,
    recipients={"type": "array"},
    content={"type": ["object", "null"]},
    box={"type": ["object", "null"], "description": "The sealed content, and its key sealed to yours."},
    log={"type": "object"},
)
INTELLIGENCE_POST: Final = _answers(MESSAGE, 400, 401, 403, 409, 413, 415, 422, 503, status=201) | _body_signed_in(
    application_json={
        "type": "object",
        "required": ["message", "signer", "signature", "recipients", "content", "box"],
        "properties": {
            "message": {"type": "object"},
            "signer": TEXT,
            "signature": TEXT,
            "recipients": {"type": "array"},
            "content": {"type": ["object", "null"]},
            "box": {"type": ["object", "null"]},
        },
    }
)
INTELLIGENCE_LIST: Final = _answers(_object(messages={"type": "array", "items": MESSAGE}), 401, 422) | SIGNED_IN
INTELLIGENCE_GET: Final = _answers(MESSAGE, 401, 404, 422) | SIGNED_IN
MATCHES: Final = (
    _answers(
        _object(
            matches={
                "type": "array",
                "items": _object(
                    number=WHOLE,
                    digest=TEXT,
                    what={"enum": ["batch", "movement", "pack", "report", "organisation", "declaration"]},
                    id=TEXT,
                    gtin=MAYBE_TEXT,
                    lot=MAYBE_TEXT,
                    serial=MAYBE_TEXT,
                    place=MAYBE_TEXT,
                    organisation=_object(null=True, **MEMBER),
                    at=TEXT,
                    found_at=TEXT,
                ),
            }
        ),
        *(401, 403, 422),
    )
    | SIGNED_IN
)
FEEDBACK_LIST: Final = _answers(_object(feedback={"type": "array"}), 401, 403, 422) | SIGNED_IN
FEEDBACK_POST: Final = _answers(
    _object(digest=TEXT, result=TEXT), 400, 401, 403, 404, 413, 415, 422, 503, status=201
) | _body_signed_in(
    application_json={
        "type": "object",
        "required": ["result"],
        "properties": {"result": {"enum": ["hit", "false"]}, "words": TEXT},
    }
)
MEMBERS: Final = _answers(_object(members={"type": "array"}), 401, 403) | SIGNED_IN
ENCRYPTION_KEY_POST: Final = _answers(
    _object(key=TEXT, organisation=WHOLE), 400, 401, 403, 409, 413, 415, 422, 503, status=201
) | _body_signed_in(application_json=_object(message={"type": "object"}, signer=TEXT, signature=TEXT))
ENCRYPTION_KEYS: Final = _answers(_object(keys={"type": "array"}), 401, 403, 422) | SIGNED_IN
STREAM: Final = {
    "type": "object",
    "description": "One event of the stream; `data` is a JSON object.",
    "properties": {"event": TEXT, "id": TEXT, "data": TEXT},
}
INTELLIGENCE_EVENTS: Final = _answers(STREAM, 401, 422, 503, media="text/event-stream") | SIGNED_IN
TAXII_MEDIA: Final = "application/taxii+json;version=2.1"
TAXII: Final = _answers({"type": "object"}, 401, 406, 422, media=TAXII_MEDIA) | SIGNED_IN
TAXII_COLLECTION: Final = _answers({"type": "object"}, 401, 404, 406, 422, media=TAXII_MEDIA) | SIGNED_IN
EVENTS: Final = _answers(STREAM, 422, 503, media="text/event-stream")
LABEL: Final = _answers(PICTURE, 404, 422, media="image/png")
LABEL["responses"][200]["content"]["image/svg+xml"] = {"schema": PICTURE}
RESOLVE: Final = _answers({"type": "object"}, 400, 404, media="application/linkset+json")
RESOLVE["responses"][307] = {
    "description": "To the page or the data of what the link names, by Accept and linkType.",
    "headers": {"Location": {"schema": TEXT}, "Link": {"schema": TEXT}},
}
RESOLVER: Final = _answers({"type": "object"})
HEALTH: Final = _answers({"type": "object"})
READY: Final = _answers({"type": "object"}, 503)
METRICS: Final = _answers(TEXT, media="text/plain")
