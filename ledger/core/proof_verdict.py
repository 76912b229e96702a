"""The verdict that a proof bundle allows: the numbered checks as far as it tells, and what it cannot tell.

Words and precedence are those of a verdict from a server (`wording`). What differs: an organisation is its number and
GLN, because names stand in logs and not in the state; a key's doubt counts for all that it may have signed since; and
the age of the proof is part of the answer. docs/proofs.md tells which check rests on what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ledger.core.attestation.coverage import needs_certificate
from ledger.core.check import CERTIFICATE, NAMES, Check, failed, passed, skipped, weigh
from ledger.core.checks import expiry_agrees, not_expired
from ledger.core.errors import InvalidProofError
from ledger.core.vocabulary import Purpose, Role
from ledger.core.wording import moment, span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import IntFlag

    from ledger.core.custody import ConsignmentState
    from ledger.core.facts import CustodyEvent
    from ledger.core.gs1 import Code
    from ledger.core.history import BatchHistory
    from ledger.core.proof import ProvenFacts, Signer, Trusted

STALE_SECONDS: Final = 86_400  # a day: what is recalled or held is acted on sooner by those who are online
_CLOCK_AHEAD: Final = 600  # seconds that a device's clock may be behind the chain's
_NOT_PROVED: Final = "A proof of the ledger's state says nothing of it."


@dataclass(frozen=True, slots=True)
class ProofVerdict:
    """The answer."""

    verdict: str
    reason: str
    headline: str
    advice: str
    checks: tuple[Check, ...]  # all thirteen, in order; of protective equipment fourteen
    facts: dict[str, Any]  # code, batch, consignments, custody, organisations and keys as JSON
    limits: tuple[str, ...]  # what cannot be known from it

    def to_json(self) -> dict[str, Any]:
        """Give the verdict as `lotproof verify --bundle --json` prints it."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "headline": self.headline,
            "advice": self.advice,
            "checks": [check.to_json() for check in self.checks],
            **self.facts,
            "limits": list(self.limits),
        }


def judge_proof(proven: ProvenFacts, trusted: Trusted, code: Code, now: int) -> ProofVerdict:
    """Judge a code by what a bundle proved.

    Args:
        proven: What `check_proof` left.
        trusted: What was trusted.
        code: The code in hand.
        now: Unix seconds, by this device's clock.

    Returns:
        The verdict.

    Raises:
        InvalidProofError: The bundle is of another batch or pack than the code.
    """
    _require_same(proven, code)
    case = _Case(proven, code, now)
    checks = case.checks()
    word = weigh(checks)
    return ProofVerdict(
        verdict=word.verdict,
        reason=word.reason,
        headline=f"{word.headline} (as of {case.age} ago)",
        advice=word.advice,
        checks=checks,
        facts=_facts_json(proven, trusted, case),
        limits=_limits(proven, trusted, case),
    )


def _require_same(proven: ProvenFacts, code: Code) -> None:
    registration = proven.history.registration
    named = (code.gtin, code.lot) == (registration.gtin, registration.lot)
    if not named and not (code.sscc and code.gtin is None):
        detail = f"The bundle is of GTIN {registration.gtin} lot {registration.lot}, not of this code."
        raise InvalidProofError(detail, advice="Get the proof of this code's GTIN and lot.", rule="code")
    if proven.serial is not None and code.serial != proven.serial:
        detail = f"The bundle is of the pack with serial number {proven.serial}, not of this code."
        raise InvalidProofError(detail, advice="Get the proof of this pack.", rule="code")


def _meant(history: BatchHistory, code: Code) -> tuple[bytes, ...]:
    """Find what the code may mean: what an SSCC names, the newest of which some is left; else all that is left."""
    if code.sscc is None:
        return history.live() or history.consignments()
    named = [each for each, state in history.states.items() if state.sscc == code.sscc]
    if not named:
        detail = f"Nothing in this bundle has the SSCC {code.sscc}."
        raise InvalidProofError(detail, advice="Get the proof of the batch that it carries.", rule="code")
    newest = max(reversed(named), key=lambda each: history.effective(each).rest > 0)
    return (history.on_pallet(newest) if history.states[newest].number else ()) or (newest,)


class _Case:
    """What the checks look at."""

    def __init__(self, proven: ProvenFacts, code: Code, now: int) -> None:
        self.proven = proven
        self.code = code
        self.history = proven.history
        self.now = max(now, proven.header.time)  # a clock behind the chain's must not make anything younger
        self.clock_behind = now + _CLOCK_AHEAD < proven.header.time
        self.seconds = self.now - proven.header.time
        self.age = span(self.seconds)
        self.meant = _meant(self.history, code)
        self.states = [self.history.effective(each) for each in self.meant]
        self.paths = [self.history.path(each) for each in self.meant]

    def checks(self) -> tuple[Check, ...]:
        """Make all of them, in order."""
        registration = self.history.registration
        made = [
            passed("code_readable", "Read without fault."),
            passed("batch_registered", f"Registered by {self.name(registration.manufacturer)}; its head is proved."),
            self._maker(),
            expiry_agrees(self.code.expiry, registration.expiry),
            self._unit(),
            self._custody(),
            self._recall(),
            not_expired(registration.expiry, self.now),
            self._held(),
            self._fresh(),
        ]
        names = (*NAMES, CERTIFICATE) if needs_certificate(registration) else NAMES
        answers = {name: skipped(name, _NOT_PROVED) for name in names}
        answers |= {check.name: check for check in made}
        return tuple(answers.values())

    def name(self, number: int) -> str:
        """Name an organisation by what the state holds of it."""
        gln = self.proven.organisations[number].gln
        return f"organisation {number} (GLN {gln:013d})" if gln else f"organisation {number}"

    def in_doubt(self, digest: bytes) -> bool:
        """Tell whether a signature may have been made after its key came into doubt."""
        since = self.proven.signers[digest].state.doubt_since
        return since != 0 and self.proven.latest[digest] >= since

    def _maker(self) -> Check:
        registration = self.history.registration
        who = self.name(registration.manufacturer)
        if self.in_doubt(registration.digest):
            detail = "The registration may have been signed after its key came into doubt."
            return failed("maker_accredited", detail, "key_in_doubt", who)
        since = self.proven.organisations[registration.manufacturer].suspended_at
        later = f" It has been suspended since {moment(since)}." if since else ""
        return passed("maker_accredited", f"The ledger took the registration from {who} as a manufacturer.{later}")

    def _unit(self) -> Check:
        if self.proven.serial is not None:
            return passed("unit_in_batch", f"The serial number {self.proven.serial} is under the batch's unit root.")
        words = "This code names no single pack." if self.code.serial is None else "The bundle proves the batch alone."
        return skipped("unit_in_batch", words)

    def _custody(self) -> Check:
        for reason, words, finder in (
            ("key_in_doubt", "was signed with a key that may have been in doubt then", self._doubt),
            ("quantity_over", "received more than was shipped", self._over),
            ("destroyed", "is on record as having destroyed all of it", self._destroyed),
        ):
            found = [finder(state, path) for state, path in zip(self.states, self.paths, strict=True)]
            if all(found):
                who = self.name(found[0])
                return failed("custody_unbroken", f"{who}: a statement {words}.", reason, who)
        count = sum(len(path) for path in self.paths)
        where = "; ".join(dict.fromkeys(self._position(state) for state in self.states))
        return passed("custody_unbroken", f"{count} signed events lead to the heads that the ledger holds. {where}.")

    def _doubt(self, _state: ConsignmentState, path: Iterable[CustodyEvent]) -> int:
        return next((event.actor for event in path if self.in_doubt(event.digest)), 0)

    def _over(self, _state: ConsignmentState, path: Iterable[CustodyEvent]) -> int:
        on_path = {event.digest for event in path} - self.history.corrections.keys()
        found = (event for event, shipped in self.history.discrepancies if event.quantity > shipped)
        return next((event.actor for event in found if event.digest in on_path), 0)

    def _destroyed(self, state: ConsignmentState, _path: Iterable[CustodyEvent]) -> int:
        return state.holder if state.destroyed == state.quantity else 0

    def _position(self, state: ConsignmentState) -> str:
        if state.counterparty:
            return f"On the way from {self.name(state.holder)} to {self.name(state.counterparty)}"
        return f"With {self.name(state.holder)}" if state.rest else f"Nothing left at {self.name(state.holder)}"

    def _recall(self) -> Check:
        recall = self.proven.recall
        if not recall.by:
            return passed("not_recalled", "The ledger holds no recall of this batch at that block.")
        who = self.name(recall.by)
        return failed("not_recalled", f"Recalled by {who}, recorded {moment(recall.recorded_at)}.", "recalled", who)

    def _held(self) -> Check:
        stopped = [state for state in self.states if state.held_by]
        if not stopped:
            return passed("not_held_or_seized", "No administration held it at that block.")
        if len(stopped) < len(self.states):
            remark = f"{len(stopped)} of {len(self.states)} consignments of this lot are held or seized."
            return passed("not_held_or_seized", remark, remark)
        first = next((state for state in stopped if state.seized), stopped[0])
        who = self.name(first.held_by)
        reason = "seized" if first.seized else "held"
        return failed("not_held_or_seized", f"{reason.capitalize()} by {who}.", reason, who)

    def _fresh(self) -> Check:
        told = f"The proof is of block {self.proven.header.number}, {self.age} old."
        if self.clock_behind:
            return failed("fresh", f"{told} This device's clock is behind the chain's: set it right.")
        return (failed if self.seconds > STALE_SECONDS else passed)("fresh", told)


def _limits(proven: ProvenFacts, trusted: Trusted, case: _Case) -> tuple[str, ...]:
    """Say what nobody can know from this bundle."""
    header = proven.header
    told = [
        f"Block {header.number} is trusted because {trusted.words}.",
        f"Nothing after {moment(header.time)} is in this proof: a recall, a hold, a sale, the end of a key.",
        "A printed code can be copied: the proof is of the record, not of the thing in hand.",
        "Names of organisations are not in the ledger's state: compare number and GLN with a list that you trust.",
        "When each statement was recorded is proved by its order only, and as a latest time.",
    ]
    if case.code.serial is not None:
        told.append("Whether this one pack was dispensed or seen elsewhere is not in this proof.")
    if proven.wallets:
        shown = ", ".join(_hex(each) for each in proven.wallets)
        told.append(f"Signatures by contracts ({shown}) were asked for by the ledger; offline they cannot be checked.")
    return tuple(told)


# JSON


def _facts_json(proven: ProvenFacts, trusted: Trusted, case: _Case) -> dict[str, Any]:
    registration = proven.history.registration
    return {
        "code": {"gtin": registration.gtin, "lot": registration.lot, "serial": proven.serial},
        "batch": {
            "id": _hex(registration.batch),
            "product_class": registration.product_class.name,
            "manufacturer": registration.manufacturer,
            "quantity": registration.quantity,
            "manufactured": registration.manufactured.isoformat() if registration.manufactured else None,
            "expiry": registration.expiry.isoformat(),
            "unit_root": _hex(registration.unit_root),
            "digest": _hex(registration.digest),
            "signer": _hex(proven.signers[registration.digest].signer),
        },
        "consignments": [_consignment_json(state) for state in case.states],
        "custody": [_event_json(event, proven) for event in proven.history.events],
        "organisations": [
            {
                "number": number,
                "gln": f"{state.gln:013d}" if state.gln else None,
                "country": state.country,
                "roles": _names(Role, state.roles),
                "authority": state.authority,
                "suspended_at": _moment(state.suspended_at),
            }
            for number, state in proven.organisations.items()
        ],
        "keys": [_key_json(signer) for signer in {each.signer: each for each in proven.signers.values()}.values()],
        "label_keys": [_key_json(signer) for signer in proven.label_keys],
        "as_of": {
            "chain_id": proven.domain.chain_id,
            "ledger": _hex(proven.domain.ledger),
            "block": proven.header.number,
            "hash": _hex(proven.header.hash),
            "time": moment(proven.header.time),
            "age_seconds": case.seconds,
            "trusted": trusted.words,
        },
    }


def _consignment_json(state: ConsignmentState) -> dict[str, Any]:
    return {
        "id": _hex(state.id),
        "sscc": state.sscc,
        "head": _hex(state.head),
        "holder": state.holder,
        "counterparty": state.counterparty or None,
        "held_by": state.held_by or None,
        "seized": state.seized,
        "pallet": _hex(state.pallet) if state.pallet else None,
        "quantity": state.quantity,
        "rest": state.rest,
    }


def _event_json(event: CustodyEvent, proven: ProvenFacts) -> dict[str, Any]:
    signer = proven.signers[event.digest].signer
    return {
        "kind": event.kind.name,
        "actor": event.actor,
        "counterparty": event.counterparty or None,
        "place": event.place or None,
        "quantity": event.quantity,
        "occurred_at": moment(event.occurred_at),
        "recorded_before": moment(proven.latest[event.digest]),
        "digest": _hex(event.digest),
        "signer": _hex(signer),
        "signature": "asked by the ledger" if signer in proven.wallets else "checked",
    }


def _key_json(signer: Signer) -> dict[str, Any]:
    state = signer.state
    return {
        "signer": _hex(signer.signer),
        "organisation": state.organisation,
        "purposes": _names(Purpose, state.purposes),
        "valid_from": _moment(state.valid_from),
        "valid_until": _moment(state.valid_until),
        "ended_at": _moment(state.ended_at),
        "doubt_since": _moment(state.doubt_since),
    }


def _names(kind: type[IntFlag], flags: IntFlag) -> list[str]:
    return [flag.name for flag in kind if flag in flags and flag.name]


def _moment(unix_seconds: int) -> str | None:
    return moment(unix_seconds) if unix_seconds else None


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
