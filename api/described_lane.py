"""What OpenAPI says of attestations and of the green lane."""

from __future__ import annotations

from typing import Any, Final

from api.described import AS_OF, BOOLEAN, MAYBE_TEXT, SIGNED_IN, TEXT, WHOLE, _answers, _body, _object
from ledger.core.attestation.statements import KIND_NAMES, KINDS
from ledger.core.customs.lane import NOT_RECOMMENDED, REASONS, RECOMMENDED

Json = dict[str, Any]
WHO: Final = _object(number=WHOLE, name=TEXT, country=MAYBE_TEXT)
ATTESTATION: Final = _object(
    number=WHOLE,
    digest=TEXT,
    kind={"enum": list(KIND_NAMES)},
    issuer=WHO,
    subject=TEXT,
    issued_at=TEXT,
    valid_until=MAYBE_TEXT,
    received_at=TEXT,
    revoked_since=MAYBE_TEXT,
    stands=BOOLEAN,
    fault=MAYBE_TEXT,
    message={"type": "object"},
    signer=TEXT,
    signature=TEXT,
    content={"type": ["object", "null"]},
    log={"type": ["object", "null"]},
)
ATTESTATIONS_POST: Final = _answers(ATTESTATION, 400, 409, 413, 415, 422, 503, status=201) | _body(
    application_json={
        "type": "object",
        "required": ["type", "message", "signer", "signature"],
        "properties": {
            "type": {"enum": list(KINDS)},
            "message": {"type": "object"},
            "signer": {"type": "string", "description": "0x: an address (20 bytes) or a P-256 key (64 bytes)"},
            "signature": TEXT,
            "content": {"type": ["object", "null"], "description": "Of a designation or certificate."},
        },
    }
)
ATTESTATIONS_LIST: Final = _answers(_object(attestations={"type": "array", "items": ATTESTATION}), 422)
ATTESTATIONS_GET: Final = _answers(ATTESTATION, 404, 422)
LANE: Final = _object(
    recommended=BOOLEAN,
    headline={"enum": [RECOMMENDED, NOT_RECOMMENDED]},
    reasons={"type": "array", "items": _object(reason={"enum": list(REASONS)}, detail=TEXT)},
    operators={
        "type": "array",
        "items": _object(
            number=WHOLE,
            name=TEXT,
            country=MAYBE_TEXT,
            trusted_by={"anyOf": [WHO, {"type": "null"}]},
            valid_until=MAYBE_TEXT,
            fault=MAYBE_TEXT,
        ),
    },
    as_of=AS_OF,
)
LANE_GET: Final = _answers(LANE, 401, 403, 404, 422, 503) | SIGNED_IN
LANE_LINES: Final = (
    _answers(
        _object(
            lines={
                "type": "array",
                "items": _object(
                    number=WHOLE,
                    office=TEXT,
                    declaration_id=TEXT,
                    line=WHOLE,
                    gtin=MAYBE_TEXT,
                    lot=MAYBE_TEXT,
                    sscc=MAYBE_TEXT,
                    lane=LANE,
                ),
            },
            next={"type": ["integer", "null"]},
        ),
        *(401, 403, 422, 503),
    )
    | SIGNED_IN
)
