"""Who may sign what about one pack, and what is refused: the log's own rules, since the contract never sees it.

What is odd but properly signed is taken, for it is evidence: that a pack was dispensed twice, or after it was
destroyed, is for the verdict to tell. Refused is what the signer could not know or do. Source: design, sections 2 and
6; the days for an UNDO are those of Regulation (EU) 2016/161, article 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.core.conditions import CLOCK_AHEAD_SECONDS, LATEST_CAPTURE_SECONDS
from ledger.core.court import has_check_digit
from ledger.core.errors import StatementRefusedError
from ledger.core.organisation import is_authority
from ledger.core.refusals import refused
from ledger.core.rules import is_place
from ledger.core.unit import UnitKind
from ledger.core.unit_use import undo_of
from ledger.core.vocabulary import ADMINISTRATION_ROLES, CUSTODY_ROLES, Purpose, Role

if TYPE_CHECKING:
    from ledger.core.court import Court
    from ledger.core.facts import Registration
    from ledger.core.structs import UnitStatement
    from ledger.core.unit import UnitEvent, UnitFacts
    from ledger.core.unit_submission import UnitSubmission

UNDO_SECONDS: Final = 10 * 24 * 3600
_NOTHING: Final = bytes(32)


def require_signed(submission: UnitSubmission, court: Court) -> None:
    """Require that a live key of an active organisation signed, and that the statement makes sense by itself.

    Args:
        submission: The statement.
        court: The ledger's present state; its `now` is the server's clock.

    Raises:
        StatementRefusedError: The first thing that is wrong.
    """
    statement = submission.statement
    digest = statement.digest(court.domain)
    court.authorise(statement.actor, Purpose.EVENTS, digest, submission.signer, submission.signature)
    if not has_check_digit(str(statement.gtin)):
        raise refused("InvalidGtin", statement.gtin)
    if not is_place(statement.place):
        raise refused("InvalidPlace", statement.place)
    if statement.kind != UnitKind.UNDO and statement.previous != _NOTHING:
        raise refused("UnexpectedField", b"previous".ljust(32, b"\0"))
    earliest, latest = court.now - LATEST_CAPTURE_SECONDS, court.now + CLOCK_AHEAD_SECONDS
    if not earliest <= statement.occurred_at <= latest:
        raise refused("OccurredAtOutOfRange", statement.occurred_at, earliest, latest)


def require_known(statement: UnitStatement, registration: Registration | None, facts: UnitFacts, court: Court) -> None:
    """Require that there is such a pack, and that its organisation may say this of it.

    Args:
        statement: The statement, for which `require_signed` holds.
        registration: Of its batch; None if GTIN and lot are not on the ledger.
        facts: What is known of the pack before it.
        court: The ledger's present state.

    Raises:
        StatementRefusedError: The first thing that is wrong.
    """
    if registration is None:
        detail = f"No batch {statement.lot!r} of {statement.gtin:014d} is registered."
        raise _refused("BatchNotRegistered", detail, "Check GTIN and lot against the pack, or wait for its maker.")
    if facts.listed is False:
        detail = f"The serial number {statement.serial!r} is none of the batch {statement.lot!r}."
        raise _refused("SerialNotInBatch", detail, "Keep the pack apart and report it: its code may be forged.")
    _require_role(statement, registration, court)
    if statement.kind == UnitKind.UNDO:
        _require_undoable(statement, facts.events)


def _require_role(statement: UnitStatement, registration: Registration, court: Court) -> None:
    """Require the right to say this: an administration has it in its own country only, a maker for its own batches."""
    kind = UnitKind(statement.kind)
    if kind in {UnitKind.DISPENSE, UnitKind.UNDO}:
        court.require_role(statement.actor, Role.PHARMACY)
    elif kind is UnitKind.SAMPLE and statement.actor != registration.manufacturer:
        _require_administration(statement, court, Role.MANUFACTURER)
    elif kind is UnitKind.DESTROY and not court.require_active(statement.actor).roles & CUSTODY_ROLES:
        _require_administration(statement, court, CUSTODY_ROLES)


def _require_administration(statement: UnitStatement, court: Court, others: Role) -> None:
    state = court.require_active(statement.actor)
    organisation = court.view.organisation(statement.actor)
    authority = organisation is not None and is_authority(organisation)
    if not authority and not state.roles & ADMINISTRATION_ROLES:
        raise refused("RoleMissing", statement.actor, int(ADMINISTRATION_ROLES | others))
    if statement.place[:2] != state.country.encode():
        raise refused("OutsideJurisdiction", state.country.encode(), statement.place)


def _require_undoable(statement: UnitStatement, events: tuple[UnitEvent, ...]) -> None:
    dispense = next((event for event in events if event.digest == statement.previous), None)
    if dispense is None or dispense.kind is not UnitKind.DISPENSE or dispense.actor != statement.actor:
        detail = f"{statement.actor} dispensed this pack in no event 0x{statement.previous.hex()}."
        raise _refused("NotDispensed", detail, "Name the digest of your own DISPENSE of this very pack.")
    undo = undo_of(dispense, events)
    if undo is not None:
        raise _refused("AlreadyUndone", f"It was undone before, by 0x{undo.digest.hex()}.", "Nothing is left to undo.")
    if not dispense.occurred_at <= statement.occurred_at <= dispense.occurred_at + UNDO_SECONDS:
        detail = f"A DISPENSE can be undone for {UNDO_SECONDS // 86400} days after it, not before it and not later."
        raise _refused("UndoTooLate", detail, "Destroy the pack; it may not be handed out any more.")


def _refused(error: str, detail: str, advice: str) -> StatementRefusedError:
    return StatementRefusedError(detail, advice=advice, error=error, arguments={})
