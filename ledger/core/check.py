"""What a check of a verdict is asked and what it answers, and how the answers give the verdict its word.

`checks` and `unit_checks` have the checks themselves, docs/verdicts.md tells them one by one. Source: design,
section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.clock import is_clock_behind
from ledger.core.wording import PRECEDENCE, REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.core.dossier import Dossier, Way
    from ledger.core.facts import AsOf, Organisation
    from ledger.core.gs1 import Code
    from ledger.core.label_repair import Seek
    from ledger.core.unit import UnitFacts

PASSED: Final = "passed"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"
NAMES: Final = (
    "code_readable",
    "label_signature",
    "batch_registered",
    "maker_accredited",
    "facts_agree",
    "unit_in_batch",
    "custody_unbroken",
    "not_recalled",
    "not_expired",
    "not_held_or_seized",
    "unit_unused",
    "no_conflict",
    "fresh",
)
CERTIFICATE: Final = "certificate_covers"  # of protective equipment only; it never decides (decision 0039)
NUMBERS: Final = {name: number for number, name in enumerate((*NAMES, CERTIFICATE), start=1)}


# What is asked


class Inquiry(NamedTuple):
    """Who asks what, where, when, of data of which age."""

    code: Code
    as_of: AsOf
    now: int  # Unix seconds
    at: int  # the time of use that is asked about, Unix seconds
    place: str | None  # UN/LOCODE
    organisation: int | None
    asker: Organisation | None  # that organisation, if it is on the ledger
    unit: UnitFacts  # of the one pack that the code names
    seek: Seek  # looks for the misread that explains a label's signature
    fresh_seconds: int  # for how long the chain may have been silent
    fresh_blocks: int  # how many blocks the read model may be behind
    clock: int  # what the server's clock says, Unix seconds; `now` is never before the newest block

    @property
    def behind(self) -> bool:
        """Whether the read model is behind the chain, has not heard from it for too long, or nobody can tell."""
        return is_behind(self.as_of, self.clock, self.fresh_seconds, self.fresh_blocks)


def is_behind(as_of: AsOf, now: int, fresh_seconds: int, fresh_blocks: int) -> bool:
    """Tell whether the read model is behind the chain, or has not heard from it for too long.

    A clock that is behind the chain cannot tell how long that is.

    Args:
        as_of: How far it has come.
        now: What the clock says, Unix seconds.
        fresh_seconds: For how long the chain may have been silent.
        fresh_blocks: How many blocks the read model may be behind.
    """
    missing, silence = as_of.head_block - as_of.block, now - as_of.heard_at
    return missing > fresh_blocks or silence > fresh_seconds or is_clock_behind(as_of.time, now)


class Case(NamedTuple):
    """An inquiry, and the consignments of one batch that its code may mean."""

    inquiry: Inquiry
    dossier: Dossier
    consignments: tuple[bytes, ...]  # at least one
    ways: tuple[Way, ...]  # one for each


# What is answered


class Check(NamedTuple):
    """One numbered answer."""

    id: int
    name: str
    result: str  # passed, failed or skipped
    detail: str
    reason: str = ""  # a key of `wording.REASONS`; empty if this check does not decide
    who: str = ""  # whom the reason names
    remark: str = ""  # what the advice must say although the check does not decide
    cause: str = ""  # why a check fails that does not decide, with what to do in `cure`
    cure: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give the answer as a verdict shows it."""
        told = {"id": self.id, "name": self.name, "result": self.result, "detail": self.detail}
        return told | {"reason": self.cause, "advice": self.cure} if self.cause else told

    @property
    def headline(self) -> str:
        """The words of its reason, which it must have."""
        words = REASONS[self.reason].headline.replace("{who}", self.who)
        return words[:1].upper() + words[1:]


def passed(name: str, detail: str, remark: str = "") -> Check:
    """Answer that a check found nothing."""
    return Check(NUMBERS[name], name, PASSED, detail, remark=remark)


def failed(name: str, detail: str, reason: str = "", who: str = "") -> Check:
    """Answer that a check found something."""
    return Check(NUMBERS[name], name, FAILED, detail, reason, who)


def skipped(name: str, detail: str) -> Check:
    """Answer that a check cannot be made."""
    return Check(NUMBERS[name], name, SKIPPED, detail)


# The word


class Word(NamedTuple):
    """What all answers together come to."""

    verdict: str  # verified, do_not_use, suspect, unreadable or undetermined
    reason: str  # a key of `wording.REASONS`
    headline: str
    advice: str


_OF_THE_LABEL: Final = frozenset({"expiry_differs", "contents_differ"})


def weigh(answers: Iterable[Check]) -> Word:
    """Choose the word by the first reason in precedence, and name the others.

    Args:
        answers: The checks' answers, in order.
    """
    made = tuple(answers)
    causes = sorted((check for check in made if check.reason), key=lambda check: PRECEDENCE[check.reason])
    reason = causes[0].reason if causes else "verified"
    others = causes[1:]
    if REASONS[reason].verdict == "unreadable":  # it may be of other goods: told is only what is odd about the label
        others = [check for check in others if check.reason in _OF_THE_LABEL]
    also = [f"Also: {check.headline}." for check in others]
    remarks = [check.remark for check in made if check.remark]
    return Word(
        verdict=REASONS[reason].verdict,
        reason=reason,
        headline=causes[0].headline if causes else REASONS[reason].headline,
        advice=" ".join([REASONS[reason].advice, *also, *remarks]),
    )
