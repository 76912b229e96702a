"""Whether a conformity body's certificate covers a batch of protective equipment, and if not, why not.

A model is covered by a certificate of its manufacturer that names it, issued by a body that was entitled to that
category, standard and module, and valid when the batch was registered: what was placed on the market under a valid
certificate stays conforming when that ends. A certificate that was taken back covers nothing. A voluntary paper follows
none of the procedures of Regulation (EU) 2016/425 and is named as what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.attestation.scope import CertificateContent, DesignationContent, Module, model_keys
from ledger.core.attestation.standing import ended
from ledger.core.attestation.statements import ConformityCertificate
from ledger.core.vocabulary import ProductClass
from ledger.core.wording import day

if TYPE_CHECKING:
    from ledger.core.attestation.standing import Granted, Held
    from ledger.core.facts import Registration

COVERED: Final = "covered"
NOT_COVERED: Final = "not_covered"
UNKNOWN: Final = "unknown"
# Why none covers, in the order in which one is named where several certificates fail; with what to do.
REASONS: Final = {
    "certificate_withdrawn": "Keep it apart and ask the maker what replaces the certificate.",
    "certificate_body_not_entitled": "Ask the maker for a certificate of a body that is designated for this standard.",
    "certificate_not_valid": "Ask the maker for the certificate under which this batch was placed on the market.",
    "certificate_voluntary": "A voluntary paper shows no conformity: ask the maker for the EU type-examination.",
    "certificate_other_model": "Ask the maker for the certificate of this very model.",
}
_ORDER: Final = {reason: rank for rank, reason in enumerate(REASONS)}


class Paper(NamedTuple):
    """A certificate of a batch's maker, beside all designations of its body's number."""

    held: Held
    designations: tuple[Granted, ...]


class Papers(NamedTuple):
    """The certificates of a batch's maker."""

    naming: tuple[Paper, ...]  # those that name its model
    on_file: int  # all of them


class Coverage(NamedTuple):
    """What the certificates on file come to."""

    result: str  # COVERED, NOT_COVERED or UNKNOWN
    detail: str
    reason: str = ""  # a key of `REASONS` if it is not covered
    remark: str = ""  # what a person should know although it is covered

    @property
    def advice(self) -> str:
        """What to do about it, "" if nothing."""
        return REASONS.get(self.reason, "")


class _Fault(NamedTuple):
    reason: str
    words: str


def needs_certificate(registration: Registration) -> bool:
    """Tell whether certificates are looked for.

    Args:
        registration: Of the batch.
    """
    return registration.product_class is ProductClass.PPE


def keys_of(registration: Registration, product: str) -> tuple[str, ...]:
    """Give the keys by which a batch's certificates are found.

    Args:
        registration: Of the batch.
        product: Its name, "" if it is not known.
    """
    return model_keys(registration.gtin, product)


def coverage(registration: Registration, papers: Papers | None, at: int) -> Coverage:
    """Tell whether a certificate covers a batch.

    Args:
        registration: Of a batch of protective equipment.
        papers: The certificates of its maker; None where they cannot be looked up.
        at: Unix seconds.

    Returns:
        The answer, by the first certificate that covers it, else by the reason that comes first in `REASONS`.
    """
    if papers is None or not papers.on_file:
        return Coverage(UNKNOWN, _NOT_HERE if papers is None else _NONE)
    if not papers.naming:
        detail = f"{_count(papers.on_file)} of its maker on file here; none names this model."
        return Coverage(NOT_COVERED, detail, "certificate_other_model")
    faults = [(_fault(paper, registration, at), paper) for paper in papers.naming]
    good = next((paper for fault, paper in faults if fault is None), None)
    if good is not None:
        return Coverage(COVERED, f"{_named(good)} covers it.", remark=_later(good, at))
    worst = min((fault for fault, _ in faults if fault), key=lambda fault: _ORDER[fault.reason])
    return Coverage(NOT_COVERED, worst.words, worst.reason)


_NONE: Final = "No certificate of a conformity body for its maker is on file here, so nothing can be said."
_NOT_HERE: Final = "Certificates of conformity bodies cannot be looked up here."


def _fault(paper: Paper, registration: Registration, at: int) -> _Fault | None:
    """Why a certificate that names the model does not cover the batch."""
    statement, content = _statement(paper), _content(paper)
    placed = registration.recorded.time
    if content.voluntary:
        return _Fault("certificate_voluntary", f"{_named(paper)} is a voluntary paper by {_body(paper)}.")
    if paper.held.revoked_since and at >= paper.held.revoked_since:
        return _Fault("certificate_withdrawn", f"{_named(paper)} was taken back on {day(paper.held.revoked_since)}.")
    if unentitled := _unentitled(paper, content):
        return _Fault("certificate_body_not_entitled", f"{_named(paper)} does not count: {unentitled}.")
    if not statement.valid_from <= placed < statement.valid_until:
        detail = (
            f"{_named(paper)} is valid from {day(statement.valid_from)} to {day(statement.valid_until)}; the batch was "
            f"registered on {day(placed)}."
        )
        return _Fault("certificate_not_valid", detail)
    return None


def _unentitled(paper: Paper, content: CertificateContent) -> str:
    """Why the body might not issue it: when it came in, no designation of its key that covers it stood."""
    found = f"no designation of the body {_statement(paper).body} names the key that signed it"
    for each in paper.designations:
        scopes = each.held.attestation.content
        named = getattr(each.held.attestation.statement, "signer", b"") == paper.held.attestation.signer
        if not named or not isinstance(scopes, DesignationContent):
            continue
        fault = each.fault(paper.held.received_at)
        if not fault and any(
            scope.allows(content.category, content.standard, content.module) for scope in scopes.scopes
        ):
            return ""
        outside = f"{each.who} designated the body {_statement(paper).body} for other things than {_subject(content)}"
        found = f"its body's designation by {each.who} did not count then: {fault}" if fault else outside
    return found


def _later(paper: Paper, at: int) -> str:
    """What has become of it since the batch was registered."""
    fault = ended(paper.held, at)
    return f"Certificate {_statement(paper).number}: {fault}; the batch is older than that." if fault else ""


def _named(paper: Paper) -> str:
    content = _content(paper)
    if content.module is None:
        return f"Paper {_statement(paper).number} ({content.standard})"
    what = "EU type-examination certificate" if content.module is Module.B else "Certificate"
    return f"{what} {_statement(paper).number} of body {_statement(paper).body} ({_subject(content)})"


def _subject(content: CertificateContent) -> str:
    return f"{content.category.value}, {content.standard}, module {content.module}"


def _body(paper: Paper) -> str:
    names = (getattr(each.held.attestation.content, "name", "") for each in paper.designations)
    return next(filter(None, names), f"body {_statement(paper).body}")


def _count(number: int) -> str:
    return "There is one certificate" if number == 1 else f"There are {number:,} certificates"


def _statement(paper: Paper) -> ConformityCertificate:
    statement = paper.held.attestation.statement
    assert isinstance(statement, ConformityCertificate)  # noqa: S101 - a paper is one
    return statement


def _content(paper: Paper) -> CertificateContent:
    content = paper.held.attestation.content
    assert isinstance(content, CertificateContent)  # noqa: S101 - a certificate has one
    return content
