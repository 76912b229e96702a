"""The verdict: numbered checks and one word, from a code, what the ledger knows, and the time.

Pure: the same question, facts and time give the same verdict. It says what the ledger can know, never "this vial is
real". Source: design, section 6; docs/verdicts.md tells every word, reason and check.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ledger.core import checks
from ledger.core.attestation.coverage import needs_certificate
from ledger.core.check import NAMES, NUMBERS, PASSED, Case, Check, Inquiry, failed, is_behind, skipped, weigh
from ledger.core.clock import time_of
from ledger.core.errors import InvalidCodeError
from ledger.core.label_check import Maker, judge_label
from ledger.core.label_repair import find
from ledger.core.organisation import state_at, suspended_since
from ledger.core.unit import NOTHING_KNOWN, UnitFacts
from ledger.core.wording import (
    PRECEDENCE,
    READ_AGAIN,
    UNREADABLE_HEADLINE,
    UNREADABLE_HEADLINES,
    aged,
    day,
    moment,
)

if TYPE_CHECKING:
    from ledger.core.attestation.coverage import Papers
    from ledger.core.dossier import Dossier
    from ledger.core.facts import AsOf, Organisation
    from ledger.core.gs1 import Code
    from ledger.core.label_repair import Seek

FRESH_SECONDS: Final = 120  # ten blocks of a chain like Ethereum
FRESH_BLOCKS: Final = 5
_HOUR: Final = 3_600  # seconds
_NO_REGISTRATION: Final = "There is no registration to compare."
_CODE_FIELDS: Final = ("gtin", "lot", "serial", "expiry", "sscc", "form")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Args:
        code: The code as read, or why it cannot be read.
        place: Where the goods are, UN/LOCODE.
        at: For when the answer is wanted, Unix seconds; None = now.
        organisation: The number of whoever asks.
    """

    code: Code | InvalidCodeError
    place: str | None = None
    at: int | None = None
    organisation: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Something the code may mean.

    Args:
        dossier: The batch.
        consignment: The consignment or pallet that the SSCC names; empty for a GTIN with lot: the whole batch.
        papers: The certificates of its maker, of protective equipment; None where they cannot be looked up.
    """

    dossier: Dossier
    consignment: bytes = b""
    papers: Papers | None = None


@dataclass(frozen=True, slots=True)
class VerdictFacts:
    """What the ledger knows about a code.

    Args:
        as_of: How far the read model has come.
        subjects: All that the code may mean; none if the ledger does not know it.
        licensee: Who holds the company prefix of an unknown code.
        asker: The organisation that asks, if it is on the ledger.
        unit: What is known of the one pack that the code names.
        seek: Looks for the misread that explains why a label's signature does not hold.
        fresh_seconds: For how long the chain may have been silent before its data counts as old.
        fresh_blocks: How many blocks the read model may be behind before its data counts as old.
    """

    as_of: AsOf
    subjects: tuple[Subject, ...] = ()
    licensee: Organisation | None = None
    asker: Organisation | None = None
    unit: UnitFacts = NOTHING_KNOWN
    seek: Seek = find
    fresh_seconds: int = FRESH_SECONDS
    fresh_blocks: int = FRESH_BLOCKS


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer."""

    verdict: str  # verified, do_not_use, suspect, unreadable or undetermined
    reason: str  # a key of `wording.REASONS`, or the rule that an unreadable code breaks
    headline: str
    advice: str
    code: dict[str, Any]
    checks: tuple[Check, ...]  # all thirteen, in order; of protective equipment fourteen
    batch: dict[str, Any] | None
    custody: list[dict[str, Any]]
    as_of: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Give the verdict as the API answers it (design, section 6); parts of it are shared and not to be changed."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "headline": self.headline,
            "advice": self.advice,
            "code": self.code,
            "checks": [check.to_json() for check in self.checks],
            "batch": self.batch,
            "custody": self.custody,
            "as_of": self.as_of,
            "proof": self._proof(),
        }

    def _proof(self) -> str | None:
        """Name where the proof bundle is had: of the pack if its serial number is listed here, else of the batch."""
        if self.batch is None:
            return None
        names = [self.batch["gtin"], self.batch["lot"]]
        if self.checks[NUMBERS["unit_in_batch"] - 1].result == PASSED:
            names.append(self.code["serial"])
        return "/v1/proof/" + "/".join(quote(name, safe="") for name in names)


def licensing_gtin(code: Code) -> str:
    """Give a GTIN whose licensee is the licensee of the code's company prefix.

    In a GTIN-14 the prefix follows the indicator digit, in an SSCC the extension digit; it has twelve digits at most.

    Args:
        code: A code with a GTIN or an SSCC.

    Returns:
        14 digits, of which the check digit is not meant to be right; empty if the code has neither.
    """
    if code.sscc:
        return f"0{code.sscc[1:13]}0"
    return code.gtin or ""


def judge(question: Question, facts: VerdictFacts, now: int) -> Verdict:
    """Judge a code.

    Args:
        question: The code, and who asks where and for when.
        facts: What the ledger knows about it.
        now: What the server's clock says, Unix seconds; judged is never by a time before the newest block's.

    Returns:
        The verdict. Where a code names a pallet of several batches, that of the worst.
    """
    code, clock = question.code, now
    if isinstance(code, InvalidCodeError):
        return _unreadable(code, facts.as_of)
    now = time_of(facts.as_of, clock)
    inquiry = Inquiry(
        code=code,
        as_of=facts.as_of,
        now=now,
        at=now if question.at is None else question.at,
        place=question.place,
        organisation=question.organisation,
        asker=facts.asker,
        unit=facts.unit,
        seek=facts.seek,
        fresh_seconds=facts.fresh_seconds,
        fresh_blocks=facts.fresh_blocks,
        clock=clock,
    )
    if not code.sscc and not (code.gtin and code.lot):
        return _incomplete(inquiry, facts.licensee)
    if not facts.subjects:
        return _unknown(inquiry, facts.licensee)
    meant = _meant(facts.subjects)
    verdicts = [_known(inquiry, subject) for subject in meant]
    if len(verdicts) == 1:
        return verdicts[0]
    worst = min(range(len(verdicts)), key=lambda index: PRECEDENCE[verdicts[index].reason])
    return _named(verdicts[worst], meant[worst].dossier, len(meant))


def occasion(as_of: AsOf, now: int, fresh_seconds: int, fresh_blocks: int) -> tuple[int, ...]:
    """Give all that a verdict takes from the time and from how far the read model has come.

    Between two moments of one occasion no verdict changes, but one on a pack that organisations signed for (check 12
    counts by the second): last days of use begin and end at full hours of UTC (`not_expired`), and for how long the
    chain has been silent is told only once that is too long.

    Args:
        as_of: How far the read model has come.
        now: Unix seconds.
        fresh_seconds: As in `VerdictFacts`.
        fresh_blocks: As there.
    """
    told = (as_of.chain_id, as_of.block, as_of.time, as_of.finalized_block, as_of.head_block)
    if is_behind(as_of, now, fresh_seconds, fresh_blocks):
        return (*told, now, as_of.heard_at)
    return (*told, now // _HOUR)


# What the code means


def _meant(subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
    """Of several consignments with one SSCC, take the newest of which some is left.

    An SSCC may be used again after a year (GS1 General Specifications, section 2.2.1).
    """
    if len(subjects) == 1:
        return subjects
    newest = max(subjects, key=_standing).consignment
    return tuple(subject for subject in subjects if subject.consignment == newest)


def _standing(subject: Subject) -> tuple[bool, int, int]:
    history = subject.dossier.history
    state = history.effective(subject.consignment) if subject.consignment else None
    positions = history.own.get(subject.consignment, ())
    birth = history.births.get(subject.consignment, positions[0] if positions else None)
    recorded = history.registration.recorded if birth is None else history.events[birth].recorded
    return state is None or state.rest > 0, recorded.block, recorded.log_index


# The five kinds of answers


def _known(inquiry: Inquiry, subject: Subject) -> Verdict:
    dossier = subject.dossier
    consignments = dossier.meant(subject.consignment, inquiry.organisation)
    case = Case(inquiry, dossier, consignments, tuple(dossier.way(each) for each in consignments))
    answers = tuple(check(case) for check in checks.CHECKS)
    registration = dossier.registration
    if needs_certificate(registration):
        answers = (*answers, checks.certificate_covers(registration, subject.papers, inquiry.at))
    return _verdict(inquiry, answers, dossier.batch_json(), dossier.custody_json(consignments))


def _unknown(inquiry: Inquiry, licensee: Organisation | None) -> Verdict:
    """Judge a code that the ledger does not know.

    It is a forgery only if whoever could have made it is known and active, and the ledger was heard to the last.
    """
    what, reason = ("SSCC", "unknown_consignment") if inquiry.code.sscc else ("GTIN and lot", "unknown_lot")
    missing = f"This {what} is not on the ledger."
    accredited = skipped("maker_accredited", _NO_REGISTRATION)
    state = state_at(licensee) if licensee else None
    suspension = suspended_since(licensee) if licensee else None
    if state is not None and suspension is not None:
        registered = failed("batch_registered", missing)
        words = f"{state.name} has been suspended since {day(suspension.recorded.time)}."
        accredited = failed("maker_accredited", words, "maker_suspended", state.name)
    elif inquiry.behind:
        registered = failed("batch_registered", f"{missing} The latest records may be missing here.", "not_yet_known")
    elif state is None:
        words = f"{missing} No organisation on the ledger has its company prefix."
        registered = failed("batch_registered", words, "maker_unknown")
    else:
        words = f"{missing} {state.name}, whose company prefix it has, is."
        registered = failed("batch_registered", words, reason, state.name)
    return _verdict(inquiry, _without_batch(inquiry, licensee, registered, accredited))


def _incomplete(inquiry: Inquiry, licensee: Organisation | None) -> Verdict:
    """Judge a code that can be read but names no batch."""
    if inquiry.code.gtin:
        words = "The code has a GTIN but no lot; both together name a batch."
        registered = failed("batch_registered", words, "lot_needed")
    else:
        registered = failed("batch_registered", "The code has neither GTIN nor SSCC.", "not_a_product")
    accredited = skipped("maker_accredited", _NO_REGISTRATION)
    return _verdict(inquiry, _without_batch(inquiry, licensee, registered, accredited))


def _without_batch(
    inquiry: Inquiry, licensee: Organisation | None, registered: Check, accredited: Check
) -> tuple[Check, ...]:
    code = inquiry.code
    answers = {name: skipped(name, "There is no batch on record to compare.") for name in NAMES}
    state = state_at(licensee) if licensee else None
    label = judge_label(inquiry, Maker(state.number, state.name) if state else None)
    made = [checks.code_readable(code), label, registered, accredited, checks.fresh(inquiry)]
    if code.expiry:
        made.append(checks.not_expired(code.expiry, inquiry.at))
    answers.update((check.name, check) for check in made)
    return tuple(answers.values())


def _unreadable(error: InvalidCodeError, as_of: AsOf) -> Verdict:
    rule = str(error.evidence.get("rule", "unreadable"))
    where = "" if error.position is None else f" (character {error.position + 1})"
    answers = [skipped(name, "There is no code to check.") for name in NAMES]
    answers[0] = failed("code_readable", error.detail + where)
    return Verdict(
        verdict="unreadable",
        reason=rule,
        headline=UNREADABLE_HEADLINES.get(rule, UNREADABLE_HEADLINE),
        advice=error.advice or READ_AGAIN,
        code=dict.fromkeys(_CODE_FIELDS),
        checks=tuple(answers),
        batch=None,
        custody=[],
        as_of=as_of_json(as_of),
    )


# The word


def _verdict(
    inquiry: Inquiry,
    answers: tuple[Check, ...],
    batch: dict[str, Any] | None = None,
    custody: list[dict[str, Any]] | None = None,
) -> Verdict:
    word = weigh(answers)
    return Verdict(
        verdict=word.verdict,
        reason=word.reason,
        headline=aged(word.headline, inquiry.as_of, inquiry.clock) if inquiry.behind else word.headline,
        advice=word.advice,
        code=_code_json(inquiry.code),
        checks=answers,
        batch=batch,
        custody=custody or [],
        as_of=as_of_json(inquiry.as_of),
    )


def _named(worst: Verdict, dossier: Dossier, count: int) -> Verdict:
    """Say of which batch the verdict on a mixed pallet is."""
    registration = dossier.registration
    about = f"GTIN {registration.gtin} lot {registration.lot}, one of {count} batches on it"
    return replace(worst, headline=f"{worst.headline}: {about}")


def _code_json(code: Code) -> dict[str, Any]:
    return {
        "gtin": code.gtin,
        "lot": code.lot,
        "serial": code.serial,
        "expiry": code.expiry.isoformat() if code.expiry else None,
        "sscc": code.sscc,
        "form": code.form,
    }


def as_of_json(as_of: AsOf) -> dict[str, Any]:
    """Give how far the read model has come, as the API shows it.

    Args:
        as_of: How far it has come.
    """
    return {
        "chain_id": as_of.chain_id,
        "block": as_of.block,
        "time": moment(as_of.time),
        "finalized_block": as_of.finalized_block,
        "lag_blocks": max(0, as_of.head_block - as_of.block),
    }
