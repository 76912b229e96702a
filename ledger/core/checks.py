"""The checks of a verdict, numbered once: here, in docs/verdicts.md and in the tests.

Each check answers by itself. A check that fails may name a reason of `wording.REASONS`; which reason gives the verdict
its word is decided there, by precedence. Those on the label and the one pack are in `unit_checks`. Source: design,
section 6.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Final

from ledger.core.attestation.coverage import COVERED, UNKNOWN, coverage
from ledger.core.check import CERTIFICATE, FAILED, failed, passed, skipped
from ledger.core.clock import is_clock_behind, quiet_days
from ledger.core.dossier import Finding
from ledger.core.organisation import active_at, administers, covers_gtin, key_in_doubt, state_at, suspended_since
from ledger.core.unit_checks import label_signature, no_conflict, unit_in_batch, unit_unused
from ledger.core.vocabulary import Role
from ledger.core.wording import day, span

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from ledger.core.attestation.coverage import Papers
    from ledger.core.check import Case, Check, Inquiry
    from ledger.core.custody import ConsignmentState
    from ledger.core.facts import Registration
    from ledger.core.gs1 import Code

# A day ends latest in UTC-12 and begins first in UTC+14 (IANA time zone database: Etc/GMT+12, Pacific/Kiritimati).
DAY_ENDS_EVERYWHERE: Final = timedelta(days=1, hours=12)
DAY_BEGINS_ANYWHERE: Final = timedelta(hours=-14)


def _remembered(check: Callable[[Case], Check]) -> Callable[[Case], Check]:
    """Make a check that asks only about the batch once, and answer from memory while its dossier lives."""

    @wraps(check)
    def answer(case: Case) -> Check:
        asked = check.__name__, case.consignments
        found: Check | None = case.dossier.answers.get(asked)
        if found is None:
            found = case.dossier.answers[asked] = check(case)
        return found

    return answer


# (1) The code


def code_readable(code: Code) -> Check:
    """(1) Syntax, check digit and character set hold; otherwise there is no code and no case."""
    words = [f"{note}." for note in code.notes]
    if code.host and not code.host_known:
        words.append(f"Its link names the host {code.host}, which is not ours: it was not opened.")
    return passed("code_readable", " ".join(["Read without fault.", *words]))


# (3) to (5) The registration


@_remembered
def batch_registered(case: Case) -> Check:
    """(3) GTIN and lot, or the SSCC, are on the ledger; otherwise there is no case."""
    registration = case.dossier.registration
    maker = case.dossier.name(registration.manufacturer)
    return passed("batch_registered", f"Registered by {maker} on {day(registration.recorded.time)}.")


@_remembered
def maker_accredited(case: Case) -> Check:
    """(4) When it registered, the maker was active, a manufacturer, licensed for the GTIN, and signed itself."""
    dossier, registration = case.dossier, case.dossier.registration
    maker = dossier.name(registration.manufacturer)
    fault = dossier.organisation_fault(registration.manufacturer, Role.MANUFACTURER, registration.recorded)
    fault = fault or dossier.key_fault(registration.key, registration.manufacturer, registration.recorded)
    if fault:
        return failed("maker_accredited", _sentence(fault), "maker_not_accredited", maker)
    organisation = dossier.organisations[registration.manufacturer]
    state = state_at(organisation, registration.recorded)
    if state is None or not covers_gtin(state.prefixes, registration.gtin):
        detail = f"{maker} had no licence for the GTIN {registration.gtin}."
        return failed("maker_accredited", detail, "maker_not_accredited", maker)
    if key_in_doubt(dossier.keys[registration.key], registration.recorded.time):
        detail = "The registration was signed with a key that is in doubt since before it."
        return failed("maker_accredited", detail, "key_in_doubt", maker)
    suspension = suspended_since(organisation)
    later = f" It was suspended on {day(suspension.recorded.time)}, after that." if suspension else ""
    return passed("maker_accredited", f"{maker} was accredited when it registered the batch.{later}")


def facts_agree(case: Case) -> Check:
    """(5) What the label says is what the maker registered."""
    code, registration = case.inquiry.code, case.dossier.registration
    if code.sscc and code.gtin and code.gtin != registration.gtin:
        detail = f"The label names GTIN {code.gtin}, the consignment is of GTIN {registration.gtin}."
        return failed("facts_agree", detail, "contents_differ")
    if code.sscc and code.lot and code.lot != registration.lot:
        detail = f"The label names lot {code.lot}, the consignment is of lot {registration.lot}."
        return failed("facts_agree", detail, "contents_differ")
    return expiry_agrees(code.expiry, registration.expiry)


def expiry_agrees(stated: date | None, registered: date) -> Check:
    """(5) As far as the expiry goes.

    Args:
        stated: On the label; None if it states none.
        registered: By the maker.
    """
    if stated is None:
        return passed("facts_agree", "The label states nothing that the registration contradicts.")
    if stated != registered:
        detail = f"The label says {stated.isoformat()}, the maker registered {registered.isoformat()}."
        return failed("facts_agree", detail, "expiry_differs")
    return passed("facts_agree", "The expiry on the label is the registered one.")


# (7) Custody


def custody_unbroken(case: Case) -> Check:
    """(7) Heads link, signers were allowed, quantities fit, and whoever asks has to do with the goods."""
    answer = _custody(case)
    if answer.result == FAILED:
        return answer
    elsewhere = _elsewhere(case)
    if elsewhere:
        return elsewhere
    return answer._replace(detail=f"{answer.detail} Asked at {case.inquiry.place}.") if case.inquiry.place else answer


@_remembered
def _custody(case: Case) -> Check:
    dossier = case.dossier
    broken = next((way.broken for way in case.ways if way.broken), None)
    if broken:
        detail = f"At {dossier.name(broken.who)}: {broken.words}"
        return failed("custody_unbroken", detail, "custody_broken", dossier.name(broken.who))
    for reason, findings in (
        ("key_in_doubt", [way.doubt for way in case.ways]),
        ("quantity_over", [way.over for way in case.ways]),
        ("destroyed", [_destroyed(way.state) for way in case.ways]),
    ):
        finding = _on_all(findings)
        if finding:
            return failed("custody_unbroken", finding.words, reason, dossier.name(finding.who))
    return passed("custody_unbroken", _where(case), _doubts_on_some(case))


def _on_all(findings: list[Finding | None]) -> Finding | None:
    """Where a code may mean several consignments, only what is wrong with each of them is wrong with the code."""
    return findings[0] if all(findings) else None


def _doubts_on_some(case: Case) -> str:
    count = sum(1 for way in case.ways if way.doubt or way.over or _destroyed(way.state))
    return _some(count, len(case.ways), "has an open question in its custody") if count else ""


def _some(count: int, total: int, what: str) -> str:
    return f"{count} of {total} consignments of this lot {what}: scan the carton's SSCC."


def _destroyed(state: ConsignmentState) -> Finding | None:
    if state.quantity and state.destroyed == state.quantity:
        return Finding(state.holder, f"All {state.quantity} units are recorded as destroyed.")
    return None


def _concerns(case: Case, state: ConsignmentState) -> bool:
    return case.inquiry.organisation in (state.holder, state.counterparty)


def _elsewhere(case: Case) -> Check | None:
    """Tell where the goods are, unless whoever asks has to do with them or is an administration, which may always."""
    asking, asker = case.inquiry.organisation, case.inquiry.asker
    if asking is None or (asker and active_at(asker) and administers(asker)):
        return None
    if any(_concerns(case, way.state) for way in case.ways):
        return None
    who = _position(case, case.ways[0].state)
    detail = f"The goods are recorded {who}, not with organisation {asking}, which asks."
    return failed("custody_unbroken", detail, "custody_elsewhere", who)


def _position(case: Case, state: ConsignmentState) -> str:
    if state.counterparty:
        return f"as on the way to {case.dossier.name(state.counterparty)}"
    return f"as being with {case.dossier.name(state.holder)}"


def _where(case: Case) -> str:
    """Say where the goods are on record, for whoever compares it with what is in hand."""
    words = [f"{len(case.dossier.custody_json(case.consignments))} events link without a gap."]
    if len(case.ways) == 1:
        words.append(f"Recorded {_position(case, case.ways[0].state)}{_last_place(case)}.")
    else:
        words.append(f"The lot moves in {len(case.ways)} consignments.")
    words += [remark for way in case.ways for remark in way.remarks]
    return " ".join(dict.fromkeys(words))


def _last_place(case: Case) -> str:
    places = [event["place"] for event in case.dossier.custody_json(case.consignments) if event["place"]]
    return f", last at {places[-1]}" if places else ""


# (8) to (10) What must not be used


@_remembered
def not_recalled(case: Case) -> Check:
    """(8) Nobody recalled the batch. A recall is never cleared."""
    recall = case.dossier.history.recall
    if recall is None:
        return _NOT_RECALLED
    name = case.dossier.name(recall.actor)
    who = "its manufacturer" if recall.actor == case.dossier.registration.manufacturer else name
    return failed("not_recalled", f"Recalled by {name} on {day(recall.occurred_at)}.", "recalled", who)


_NOT_RECALLED: Final = passed("not_recalled", "No recall is recorded.")


def not_expired(expiry: date, at: int) -> Check:
    """(9) The last day of use has not ended everywhere on earth.

    Args:
        expiry: The last day of use, usable to its end (GS1 General Specifications, section 3.4.7).
        at: The time of use, Unix seconds.
    """
    midnight = datetime.combine(expiry, time(), UTC).timestamp()
    shown = expiry.isoformat()
    if at >= midnight + DAY_ENDS_EVERYWHERE.total_seconds():
        return failed("not_expired", f"Its last day of use was {shown}.", "expired")
    if at >= midnight + DAY_BEGINS_ANYWHERE.total_seconds():
        remark = f"Its last day of use is {shown}: compare it with the date where you are."
        return passed("not_expired", remark, remark)
    return passed("not_expired", f"Its last day of use is {shown}.")


@_remembered
def not_held_or_seized(case: Case) -> Check:
    """(10) No administration holds or has seized the goods."""
    states = [way.state for way in case.ways]
    stopped = [state for state in states if state.held_by]
    if not stopped:
        return _FREE
    if len(stopped) < len(states):
        remark = _some(len(stopped), len(states), "is held or seized")
        return passed("not_held_or_seized", remark, remark)
    first = next((state for state in stopped if state.seized), stopped[0])
    who = _administration(case, first.held_by)
    if first.seized:
        return failed("not_held_or_seized", f"Seized by {who}.", "seized", who)
    return failed("not_held_or_seized", f"Held by {who}; not released.", "held", who)


_FREE: Final = passed("not_held_or_seized", "No administration holds it.")


def _administration(case: Case, number: int) -> str:
    organisation = case.dossier.organisations.get(number)
    state = state_at(organisation) if organisation else None
    return f"{state.name} ({state.country})" if state else f"organisation {number}"


# (13) The age of the data


def fresh(inquiry: Inquiry, recorded_block: int = 0) -> Check:
    """(13) The read model is not behind the chain, and what it says is final.

    Args:
        inquiry: What is asked.
        recorded_block: The block of the last fact that the verdict rests on.
    """
    as_of = inquiry.as_of
    if is_clock_behind(as_of.time, inquiry.clock):
        gap = span(as_of.time - inquiry.clock)
        return failed(
            "fresh", f"This server's clock is {gap} behind the newest block: how old the data is, is unknown."
        )
    if inquiry.behind:
        behind, silence = max(0, as_of.head_block - as_of.block), span(max(0, inquiry.now - as_of.heard_at))
        return failed("fresh", f"The data is {behind} blocks behind; the chain was last heard from {silence} ago.")
    if recorded_block > as_of.finalized_block:
        return failed("fresh", f"Recorded in block {recorded_block}, not yet final (block {as_of.finalized_block} is).")
    return passed(
        "fresh", f"The data is up to date as of block {as_of.block}.", _quiet(quiet_days(as_of.time, inquiry.clock))
    )


def _quiet(days: int) -> str:
    if not days:
        return ""
    return f"The newest block is {days} days old: nothing was recorded since, or this server's clock is wrong."


def _fresh(case: Case) -> Check:
    last = max(way.last_block for way in case.ways)
    return fresh(case.inquiry, max(last, case.dossier.registration.recorded.block))


# (14) The certificate


def certificate_covers(registration: Registration, papers: Papers | None, at: int) -> Check:
    """(14) A conformity body's certificate covers the model. Of protective equipment only; it decides nothing.

    Args:
        registration: Of the batch.
        papers: The certificates of its maker; None where they cannot be looked up.
        at: The time of use, Unix seconds.
    """
    found = coverage(registration, papers, at)
    if found.result == UNKNOWN:
        return skipped(CERTIFICATE, found.detail)
    if found.result == COVERED:
        return passed(CERTIFICATE, f"{found.detail} {found.remark}".rstrip(), found.remark)
    remark = f"Its certificate: {found.detail} {found.advice}"
    return failed(CERTIFICATE, found.detail)._replace(remark=remark, cause=found.reason, cure=found.advice)


CHECKS: Final[tuple[Callable[[Case], Check], ...]] = (
    lambda case: code_readable(case.inquiry.code),
    label_signature,
    batch_registered,
    maker_accredited,
    facts_agree,
    unit_in_batch,
    custody_unbroken,
    not_recalled,
    lambda case: not_expired(case.dossier.registration.expiry, case.inquiry.at),
    not_held_or_seized,
    unit_unused,
    no_conflict,
    _fresh,
)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
