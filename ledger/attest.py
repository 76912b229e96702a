"""Take in what administrations and conformity bodies attest, and show it to everybody.

Nobody need sign in: an attestation is taken for its signature, as statements are. What an administration signed goes
into its log beside all else that it signs off the chain, so that the next anchor covers it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ledger.core.attestation import rules
from ledger.core.attestation.standing import Granted, Held, ended
from ledger.core.attestation.statements import (
    KIND_NAMES,
    BodyDesignation,
    ConformityCertificate,
    MutualRecognition,
    Revocation,
    TrustedStatus,
)
from ledger.core.clock import time_of
from ledger.core.court import Court
from ledger.core.dossier import recorded_json
from ledger.core.errors import InvalidInputError, NotFoundError, UnavailableError
from ledger.core.organisation import name_of, state_at
from ledger.core.parts import key_id
from ledger.core.wording import moment
from ledger.store.attestations import Attestations
from ledger.store.ledger_view import ReadModelView
from ledger.store.parties import Parties
from ledger.store.read_model import ReadModel

if TYPE_CHECKING:
    from ledger.core.attestation.statements import Attestation, Attested
    from ledger.store.database import Database
    from ledger.store.ledger_view import ChainView

Json = dict[str, Any]
PAGE: Final = 100  # attestations at once
MOST_A_DAY: Final = 2_000  # by the right of one administration
_DAY: Final = 86_400


class Registry:
    """Takes attestations in and shows them. Safe to share between threads.

    Args:
        db: The installation's.
        chain_view: Answers for contracts that sign (ERC-1271); None if the chain is not at hand.
    """

    def __init__(self, db: Database, chain_view: ChainView | None = None) -> None:
        self._db = db
        self._chain_view = chain_view
        self._read_model = ReadModel(db)
        self._attestations = Attestations(db)

    def take(self, attestation: Attestation, now: int) -> Json:
        """Take an attestation in.

        Args:
            attestation: As it was handed in.
            now: Unix seconds.

        Returns:
            It as everybody sees it; the same again gives the same.

        Raises:
            StatementRefusedError: The signature does not hold, or whoever signed may not attest this.
            UnavailableError: Too many came by the right of one administration, the database cannot be written, or
                whether a contract signed it cannot be asked now.
        """
        digest = attestation.statement.digest(self._db.domain())
        known = self._attestations.find(digest)
        if known is None:
            now = time_of(self._read_model.as_of(), now)
            with self._db.transaction():  # one at a time: two cannot take the same back
                known = self._attestations.find(digest)
                if known is None:
                    self._keep(attestation, digest, now)
            known = self._attestations.find(digest)
        assert known is not None  # noqa: S101 - just kept, or there before
        return self._told(known, Parties(self._read_model), now)

    def _keep(self, attestation: Attestation, digest: bytes, now: int) -> None:
        issuer = self._require(attestation, digest, now)
        if self._attestations.count_since(issuer, now - _DAY) >= MOST_A_DAY:
            detail = f"{MOST_A_DAY:,} attestations came by the right of this administration within a day."
            raise UnavailableError(detail, advice="Hand it in tomorrow.", retry_after=3_600)
        owner = self._read_model.key(key_id(attestation.signer))
        logged = owner is not None and owner.addition.organisation == issuer
        self._attestations.add(attestation, issuer, self._db.domain(), now, logged=logged)

    def _require(self, attestation: Attestation, digest: bytes, now: int) -> int:
        """Whose right it is; raises if whoever signed may not attest this."""
        court = Court(ReadModelView(self._read_model, self._chain_view, strict=True), self._db.domain(), now)
        statement, parties = attestation.statement, Parties(self._read_model)
        if isinstance(statement, ConformityCertificate):
            designations = self._attestations.designations(statement.body, parties)
            return rules.require_certificate(attestation, digest, designations, court)
        if isinstance(statement, Revocation):
            earlier = self._attestations.find(statement.attestation)
            body = getattr(earlier.attestation.statement, "body", "") if earlier else ""
            designations = self._attestations.designations(body, parties)
            return rules.require_revocable(attestation, digest, earlier, designations, court)
        return rules.require_administrations(attestation, digest, court)

    def listed(self, kind: str, after: int, now: int) -> list[Json]:
        """What was attested, after a number, in order.

        Args:
            kind: One of `KIND_NAMES`, "" for any.
            after: The last number that is known; 0 begins at the beginning.
            now: Unix seconds.

        Raises:
            InvalidInputError: There is no such kind.
        """
        if kind and kind not in KIND_NAMES:
            raise InvalidInputError(f"The kind is one of {', '.join(KIND_NAMES)}.", field="kind")
        with self._read_model.snapshot():
            parties, now = Parties(self._read_model), time_of(self._read_model.as_of(), now)
            return [self._told(held, parties, now) for held in self._attestations.after(after, PAGE, kind)]

    def one(self, digest: bytes, now: int) -> Json:
        """One attestation.

        Raises:
            NotFoundError: There is none with this digest.
        """
        held = self._attestations.find(digest)
        if held is None:
            raise NotFoundError("No attestation has this digest.", advice="Copy it whole.", field="digest")
        return self._told(held, Parties(self._read_model), time_of(self._read_model.as_of(), now))

    def _told(self, held: Held, parties: Parties, now: int) -> Json:
        statement = held.attestation.statement
        fault = self._fault(held, parties, now)
        valid_until = None if isinstance(statement, Revocation) else moment(statement.valid_until)
        return {
            "number": held.number,
            "digest": _hex(held.digest),
            "kind": held.attestation.kind,
            "issuer": _who(held.issuer, parties),
            "subject": _subject(statement, parties),
            "issued_at": moment(statement.issued_at),
            "valid_until": valid_until,
            "received_at": moment(held.received_at),
            "revoked_since": moment(held.revoked_since) if held.revoked_since else None,
            "stands": not fault,
            "fault": fault or None,
            **{name: value for name, value in held.attestation.to_json().items() if name != "type"},
            "log": self._place(held),
        }

    def _fault(self, held: Held, parties: Parties, now: int) -> str:
        """Why it does not count now. A body's word counts if a designation of its key stood when it came in."""
        statement = held.attestation.statement
        if isinstance(statement, Revocation):
            return ""
        if not isinstance(statement, ConformityCertificate):
            key = parties.key(key_id(held.attestation.signer))
            return Granted(held, parties.organisation(held.issuer), key).fault(now)
        faults = [
            each.fault(held.received_at)
            for each in self._attestations.designations(statement.body, parties)
            if getattr(each.held.attestation.statement, "signer", b"") == held.attestation.signer
        ]
        return ended(held, now) or (min(faults) if all(faults) else "")

    def _place(self, held: Held) -> Json | None:
        """Where its digest stands in its issuer's log, and the first anchor on the chain that covers it."""
        if held.position < 0:
            return None
        anchor = self._read_model.anchor_of(held.issuer, held.position)
        leaf = held.attestation.leaf(self._db.domain())
        return {
            "organisation": held.issuer,
            "index": held.position,
            "leaf": _hex(leaf),
            "anchor": None
            if anchor is None
            else {"digest": _hex(anchor.digest), "count": anchor.count}
            | {"root": _hex(anchor.root), "recorded": recorded_json(anchor.recorded)},
        }


def _subject(statement: Attested, parties: Parties) -> str:
    """What an attestation is about, for a person."""
    if isinstance(statement, TrustedStatus):
        return name_of(parties.organisation(statement.operator), statement.operator)
    if isinstance(statement, MutualRecognition):
        return f"trusted statuses of {statement.country.decode()}"
    if isinstance(statement, BodyDesignation):
        return f"conformity body {statement.body}"
    if isinstance(statement, ConformityCertificate):
        holder = name_of(parties.organisation(statement.holder), statement.holder)
        return f"certificate {statement.number} of body {statement.body} for {holder}"
    return _hex(statement.attestation)


def _who(number: int, parties: Parties) -> Json:
    organisation = parties.organisation(number)
    state = state_at(organisation) if organisation else None
    return {"number": number, "name": name_of(organisation, number), "country": state.country if state else None}


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
