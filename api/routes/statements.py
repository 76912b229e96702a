"""`/v1/statements`: hand in a signed statement, and ask what became of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson
from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import bounds, described
from api.installation import Installation, installed
from ledger import log, submit
from ledger.chain.refusals import decode_error
from ledger.core.dossier import recorded_json
from ledger.core.errors import InvalidInputError, NotFoundError, StatementRefusedError
from ledger.core.submission import parse_submission
from ledger.core.unit_submission import is_unit_submission, parse_unit_submission
from ledger.core.wording import moment

if TYPE_CHECKING:
    from ledger.log import Logged
    from ledger.store.outbox import EventState, StatementState

router = APIRouter(tags=["statements"])
_DIGEST: Final = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)


@router.post("/v1/statements", **described.STATEMENTS_POST)
async def hand_in(request: Request) -> Response:
    """Take a signed statement: it is checked, kept for good and sent to the chain. The same again, the same answer.

    One about a single pack goes into its organisation's log instead, of which the chain gets the root.
    """
    installation = installed(request)
    settings = installation.settings
    payload = await bounds.json_body(request, settings.max_body_bytes, settings.max_json_depth)
    try:
        answer = await to_thread.run_sync(_take, installation, payload)
    except StatementRefusedError as error:
        installation.metrics.rejected(error)
        raise
    installation.metrics.taken(answer["type"])
    return _json(answer, 202)


@router.get("/v1/statements/{digest}", **described.STATEMENTS_GET)
def outcome(request: Request, digest: str) -> Response:
    """The state of a statement (or of one event of a bundle), where it is recorded, or why it was refused."""
    if not _DIGEST.fullmatch(digest):
        raise InvalidInputError("A digest is 0x and 64 hexadecimal digits.", advice="Copy it whole.", field="digest")
    installation = installed(request)
    asked = bytes.fromhex(digest[2:])
    state = installation.outbox.state(asked)
    if state is None:
        logged = log.find(installation.database, asked)
        if logged is not None:
            return _json(logged_json(logged), 200)
        advice = "If it was handed in at another server, ask there, or wait until it is on the chain."
        raise NotFoundError(f"No statement {digest} is known here.", advice=advice, field="digest")
    return _json(statement_json(installation, state), 200)


def statement_json(installation: Installation, state: StatementState) -> dict[str, Any]:
    """How far a statement has come; `statement` is what was handed in, where it was handed in here."""
    entry = installation.outbox.entry(state.digest)
    own = entry is not None and entry.digest == state.digest
    return {
        "digest": "0x" + state.digest.hex(),
        "type": None if entry is None else entry.kind if own else "CustodyEvent",
        "state": state.state,
        "reason": _reason(state.error_data, state.words) if state.state == "refused" else None,
        "recorded": None if state.recorded is None else recorded_json(state.recorded),
        "transaction": None if state.transaction is None else "0x" + state.transaction.hex(),
        "events": [_event(event) for event in state.events],
        "statement": orjson.loads(entry.payload) if entry is not None and own else None,
    }


def _take(installation: Installation, payload: dict[str, Any]) -> dict[str, Any]:
    if is_unit_submission(payload):
        return logged_json(_log(installation, payload))
    state = submit.submit(installation.database, installation.chain_view, parse_submission(payload))
    return statement_json(installation, state)


def _log(installation: Installation, payload: dict[str, Any]) -> Logged:
    submission = parse_unit_submission(payload)
    return log.record(
        installation.database,
        installation.chain_view,
        submission,
        listed=installation.unit_lists.membership,
        clock=installation.clock,
    )


def logged_json(logged: Logged) -> dict[str, Any]:
    """Where a statement about a single pack stands; `log` says in which log, and which anchor covers it."""
    event, anchor = logged.event, logged.anchor
    return {
        "digest": "0x" + event.digest.hex(),
        "type": "UnitEvent",
        "state": "logged" if anchor is None else "anchored",
        "reason": None,
        "recorded": None if anchor is None else recorded_json(anchor.recorded),
        "transaction": None if anchor is None else "0x" + anchor.recorded.transaction.hex(),
        "events": [],
        "statement": logged.submission.payload(),
        "log": {
            "organisation": event.actor,
            "index": event.index,
            "leaf": "0x" + logged.leaf.hex(),
            "received_at": moment(event.received_at),
            "anchor": None if anchor is None else log.anchor_json(anchor),
        },
        "repeated": None if logged.repeated is None else "0x" + logged.repeated.hex(),
    }


def _event(event: EventState) -> dict[str, Any]:
    return {
        "digest": "0x" + event.digest.hex(),
        "result": event.result or None,
        "reason": _reason(event.error_data, "") if event.result == "refused" else None,
        "recorded": None if event.recorded is None else recorded_json(event.recorded),
    }


def _reason(error_data: bytes, words: str) -> dict[str, Any]:
    """Why a statement was refused, in the same words wherever that was decided."""
    if not error_data:
        return {"error": None, "detail": words or "It was refused before it was sent.", "advice": ""}
    error = decode_error(error_data).refusal()
    return {"error": error.evidence["error"], "detail": words or error.detail, "advice": error.advice}


def _json(value: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(value), status, media_type=bounds.JSON)
