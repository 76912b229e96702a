"""A ledger that runs on the rules in Python alone: takes signed statements, writes the logs of what it accepts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from ledger.core import facts, structs
from ledger.core.court import Court, parts_of
from ledger.core.parts import batch_id, company_prefix_text, key_id
from ledger.core.rules import bundle_refusals, refusal
from ledger.core.vocabulary import Kind, ProductClass, Purpose, Role
from tests.system.logged_ledger import LoggedLedger

if TYPE_CHECKING:
    from ledger.core.errors import StatementRefusedError
    from ledger.core.submission import BundledEvent, Submission

DOMAIN = structs.Domain(31337, b"\x11" * 20)


def day_of(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


class PythonLedger(LoggedLedger):
    """Accepts and refuses by `ledger.core.rules`; each statement gets a block of its own."""

    def __init__(self) -> None:
        super().__init__(lambda _wallet, _digest, _signature: False)
        self.block = 0
        self.index = 0
        self.now = 0

    def _next(self) -> facts.Recorded:
        self.index += 1
        return facts.Recorded(self.block, self.index, self.now, bytes(32))

    def submit(self, submission: Submission, now: int) -> StatementRefusedError | None:
        """Decide on a statement; write its logs if it is accepted."""
        refused = refusal(submission, self, domain=DOMAIN, now=now)
        if refused is None:
            self.block, self.index, self.now = self.block + 1, 0, now
            self.take(self._logs(submission))
        return refused

    def _logs(self, submission: Submission) -> list[facts.Fact]:
        statement, digest, key = submission.statement, submission.digest(DOMAIN), key_id(submission.signer)
        logs: list[facts.Fact]
        match statement:
            case structs.BatchRegistration():
                logs = [self._registration(statement, digest, key)]
            case structs.CustodyStatement():
                logs = self._custody(statement, submission.attachment, digest, key)
            case structs.Bundle():
                logs = self._bundle(submission)
            case structs.Anchor():
                state = (statement.organisation, statement.count, statement.root, statement.previous)
                logs = [facts.Anchor(digest, *state, key, self._next())]
            case structs.Accreditation():
                logs = self._accreditation(statement, submission, digest)
            case structs.Suspension():
                said = (statement.organisation, statement.authority, statement.suspended)
                logs = [facts.Suspension(*said, digest, self._next())]
            case structs.KeyAddition():
                logs = [self._key(statement)]
            case structs.KeyEnding():
                owner = self.keys[statement.key].addition.organisation
                logs = [facts.KeyEnding(statement.key, owner, statement.doubt_since, digest, self._next())]
        return logs

    def _registration(self, statement: structs.BatchRegistration, digest: bytes, key: bytes) -> facts.Registration:
        return facts.Registration(
            digest,
            batch_id(statement.gtin, statement.lot),
            statement.manufacturer,
            f"{statement.gtin:014d}",
            statement.lot,
            ProductClass(statement.product_class),
            statement.quantity,
            day_of(statement.manufactured) if statement.manufactured else None,
            day_of(statement.expiry),
            statement.unit_root,
            statement.details,
            key,
            self._next(),
        )

    def _custody(
        self, statement: structs.CustodyStatement, attachment: bytes, digest: bytes, key: bytes
    ) -> list[facts.Fact]:
        event = Court(self, DOMAIN, self.now).event_of(statement, digest, key)
        parts = parts_of(event.kind, attachment, digest, self.pallet_count() + 1)
        at = self._next()
        logs: list[facts.Fact] = [replace(event, recorded=at)]
        for child, sscc, quantity in parts.children:
            state = self.states()[event.consignment]
            logs.append(facts.Child(child, event.consignment, state.batch, sscc, quantity, digest, self._next()))
        if event.kind is Kind.PACK:
            logs.append(facts.Pallet(digest, parts.number, parts.sscc, self._next()))
        pallet = digest if event.kind is Kind.PACK else event.consignment
        packed = event.kind is Kind.PACK
        logs += [facts.Packing(member, pallet, packed, self._next()) for member in parts.members]
        return logs

    def _bundle(self, submission: Submission) -> list[facts.Fact]:
        refused = bundle_refusals(submission, self, domain=DOMAIN, now=self.now)

        def digest_of(event: BundledEvent) -> bytes:
            return event.statement.digest(DOMAIN)

        for event in sorted(submission.events, key=digest_of):
            digest = digest_of(event)
            if digest in refused:
                continue
            self.take(self._custody(event.statement, event.attachment, digest, key_id(submission.signer)))
        return [facts.Refusal(digest, b"", self._next()) for digest in refused]

    def _accreditation(
        self, statement: structs.Accreditation, submission: Submission, digest: bytes
    ) -> list[facts.Fact]:
        number = statement.organisation or len(self.organisations) + 1
        prefixes = tuple(company_prefix_text(prefix) for prefix in submission.prefixes)
        logs: list[facts.Fact] = [
            facts.OrganisationChange(
                number,
                statement.authority,
                statement.name,
                statement.country.decode(),
                "",
                Role(statement.roles),
                prefixes,
                digest,
                self._next(),
            )
        ]
        if statement.admin_key:
            first = structs.KeyAddition(number, statement.admin_key, Purpose.ADMIN | Purpose.EVENTS, 0, 0)
            logs.append(self._key(first))
        return logs

    def _key(self, statement: structs.KeyAddition) -> facts.KeyAddition:
        return facts.KeyAddition(
            key_id(statement.signer),
            statement.organisation,
            statement.signer,
            Purpose(statement.purposes),
            statement.valid_from,
            statement.valid_until,
            statement.digest(DOMAIN),
            self._next(),
        )

    def admit(
        self, number: int, country: str, roles: Role, signer: bytes, prefixes: tuple[str, ...], authority: int
    ) -> None:
        """Put an organisation with its first key on the ledger, as the council and authorities did before the story."""
        self.block, self.index = self.block + 1, 0
        change = facts.OrganisationChange(
            number, authority, f"Organisation {number}", country, "", roles, prefixes, bytes(32), self._next()
        )
        self.take([change, self._key(structs.KeyAddition(number, signer, Purpose.ADMIN | Purpose.EVENTS, 0, 0))])
