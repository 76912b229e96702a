"""Taking in signed statements: what the ledger would check is checked first, then the statement is queued for good.

What the ledger would refuse for ever is refused here, in words. What depends on statements that are still on their
way is taken: on chain the order of arrival decides, and a refusal there comes back in the same words. A chain that is
down changes nothing here: the statement is durable before the answer goes out.
"""

from __future__ import annotations

import json
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import orjson

from ledger.core import rules
from ledger.core.clock import time_of
from ledger.core.signature import ADDRESS_BYTES, verify
from ledger.core.subjects import changed, needed
from ledger.core.submission import parse_submission
from ledger.store.ledger_view import ChainView, ReadModelView
from ledger.store.outbox import Outbox
from ledger.store.read_model import ReadModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.core.errors import StatementRefusedError
    from ledger.core.facts import AsOf
    from ledger.core.structs import Domain
    from ledger.core.subjects import Subject
    from ledger.core.submission import Submission
    from ledger.store.database import Database
    from ledger.store.outbox import StatementState

__all__ = ["LASTING", "ChainView", "submit"]

# Refusals that no other statement can lift: what is said is wrong in itself.
LASTING: Final = frozenset(
    {
        *("InvalidSigner", "InvalidSignature", "InvalidPurposes", "InvalidWindow", "InvalidCountry", "InvalidRoles"),
        *("InvalidGln", "InvalidPrefix", "PartsMismatch", "OccurredAtOutOfRange", "InvalidGtin", "InvalidLot"),
        *("InvalidProductClass", "InvalidDate", "InvalidSscc", "InvalidKind", "InvalidPlace", "InvalidParts"),
        *("UnexpectedField", "NoQuantity", "NotActor", "BundleMismatch", "BundleNotAscending", "OutsideJurisdiction"),
    }
)
# Refusals that another time can lift.
TIMED: Final = frozenset({"OccurredAtOutOfRange", "KeyNotLive"})
_REMEMBERED: Final = 30_000  # queued statements of which is kept what they change: some 50 MB


def submit(
    database: Database,
    chain_view: ChainView | None,
    submission: Submission,
    *,
    clock: Callable[[], float] = time.time,
) -> StatementState:
    """Take in a statement.

    Args:
        database: The installation's.
        chain_view: Answers what only the chain can; None leaves that to the relayer and the contract.
        submission: The statement, as `parse_submission` reads it.
        clock: Unix seconds.

    Returns:
        Its state; the same statement again gives the state of the first. One that was refused is tried again if the
        ledger would now accept it.

    Raises:
        InvalidStatementError: Its parts do not belong together.
        StatementRefusedError: The ledger would refuse it; nothing is queued.
        ConfigurationError: The installation has no ledger yet.
        UnavailableError: The database cannot be written; nothing is queued.
    """
    domain = database.domain()
    submission.check(domain)
    digest = submission.digest(domain)
    outbox = Outbox(database)
    known = outbox.state(digest)
    if known is not None and known.state != "refused":
        return known
    refusal = _refusal(database, chain_view, submission, domain, int(clock()))
    if known is not None and outbox.entry(digest) is not None:
        return known if refusal is not None else outbox.reopen(digest)
    if refusal is not None:
        raise refusal
    return _queue(outbox, submission, domain, digest, int(clock()))


def _queue(outbox: Outbox, submission: Submission, domain: Domain, digest: bytes, now: int) -> StatementState:
    document = None if submission.document is None else orjson.dumps(submission.document)
    return outbox.add(
        digest,
        submission.type,
        orjson.dumps(submission.payload()),
        expects=submission.digests(domain),
        document=document,
        details=getattr(submission.statement, "details", b"") if document is not None else b"",
        arrived_at=now,
    )


def _refusal(
    database: Database, chain_view: ChainView | None, submission: Submission, domain: Domain, now: int
) -> StatementRefusedError | None:
    """Say why the ledger would refuse a statement, unless something that is on its way may change that."""
    read_model = ReadModel(database)
    with read_model.snapshot():
        view = ReadModelView(read_model, chain_view)
        as_of = read_model.as_of()
        refusal = rules.refusal(submission, view, domain=domain, now=time_of(as_of, now))
        if refusal is None or _is_in_time(refusal, submission, view, domain, as_of):
            return None
        if refusal.evidence["error"] in LASTING:
            return refusal
        if not _is_signed(view, submission, domain):
            return refusal  # whatever comes before it, it cannot become valid
        if as_of.head_block > as_of.block or refusal.evidence["error"] == "Paused":
            return None  # the ledger may have what we have not read yet; a pause ends by itself
        return None if _may_change(database, read_model, submission, domain) else refusal


def _is_in_time(
    refusal: StatementRefusedError, submission: Submission, view: ReadModelView, domain: Domain, as_of: AsOf
) -> bool:
    """Tell whether what is out of time by our clock is in time by the newest block: block time decides."""
    if refusal.evidence["error"] not in TIMED:
        return False
    return rules.refusal(submission, view, domain=domain, now=as_of.time) is None


def _is_signed(view: ReadModelView, submission: Submission, domain: Domain) -> bool:
    """Check the signature where the rules came to another fault first."""
    signer, digest = submission.signer, submission.digest(domain)
    if verify(signer, digest, submission.signature):
        return True
    return len(signer) == ADDRESS_BYTES and view.is_wallet_signature(signer, digest, submission.signature)


def _may_change(database: Database, read_model: ReadModel, submission: Submission, domain: Domain) -> bool:
    """Tell whether a statement that the ledger has not answered yet concerns the same things."""
    wanted, outbox = needed(submission, domain), Outbox(database)
    for digest, payload in outbox.waiting():
        if _changed(payload, domain) & wanted:
            entry = outbox.entry(digest)
            if entry is not None and any(read_model.outcome(each) is None for each in entry.expects):
                return True
    return False


@lru_cache(maxsize=_REMEMBERED)
def _changed(payload: bytes, domain: Domain) -> frozenset[Subject]:
    """What a queued statement may change: asked for each that waits, by each that depends on one of them."""
    return changed(parse_submission(json.loads(payload)), domain)
