"""Random statements about a ledger's present state: mostly possible, else wrong in every way one can be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.chain.signers import AddressSigner, P256Signer
from ledger.core import structs
from ledger.core.gs1 import check_digit
from ledger.core.keccak import keccak256
from ledger.core.parts import (
    bundle_digests,
    encode_countersignature,
    encode_event,
    pack_ids,
    pack_pallet,
    prefixes_hash,
)
from ledger.core.structs import CustodyStatement
from ledger.core.submission import BundledEvent, Submission
from ledger.core.vocabulary import AUTHORITY_KINDS, Kind, Purpose

if TYPE_CHECKING:
    from random import Random

    from ledger.core.custody import ConsignmentState
    from tests.system.logged_ledger import LoggedLedger

Signer = AddressSigner | P256Signer
ZERO = bytes(32)
PREFIXES = ("5413868", "400638", "0614141")
PLACES = (b"BEBRU", b"SGSIN", b"BEANR", b"MYPKG")
WRONG_PLACES = (b"bebru", b"BE\0\0\0", bytes(5), b"B1BRU", b"SG-IN")
WEIGHTS = {
    Kind.SHIP: 20, Kind.RECEIVE: 20, Kind.HANDOVER: 6, Kind.RETURN: 6, Kind.SPLIT: 12, Kind.PACK: 10, Kind.UNPACK: 8,
    Kind.INSPECT: 3, Kind.HOLD: 3, Kind.RELEASE: 1, Kind.SEIZE: 1, Kind.RECALL: 1, Kind.DISPENSE: 6, Kind.DESTROY: 3,
    Kind.CORRECT: 4,
}  # fmt: skip


def with_check_digit(digits: str) -> str:
    return f"{digits}{check_digit(digits)}"


class RandomStatements:
    """Makes signed statements.

    Args:
        random: Seeded.
        view: The ledger's present state.
        domain: What is signed for.
        signers: Keys by organisation; each list may hold keys that are not on the ledger.
    """

    def __init__(
        self, random: Random, view: LoggedLedger, domain: structs.Domain, signers: dict[int, list[Signer]]
    ) -> None:
        self.random = random
        self.view = view
        self.domain = domain
        self.signers = signers
        self.now = 0
        self.lots = 0

    def next(self, now: int) -> Submission:
        """Make one statement for a block at this time."""
        self.now = now
        makers = {
            self.registration: 8,
            self.event: 80,
            self.bundle: 6,
            self.anchor: 4,
            self.accreditation: 3,
            self.suspension: 2,
            self.key_addition: 3,
            self.key_ending: 1,
        }
        return self.random.choices(list(makers), list(makers.values()))[0]()

    # Choosing

    def seldom(self, probability: float = 0.06) -> bool:
        return self.random.random() < probability

    def organisation(self) -> int:
        if self.seldom(0.02):
            return 99
        return self.random.choice(list(self.view.organisations if self.seldom() else self.signers))

    def signer(self, organisation: int) -> Signer:
        known = organisation in self.signers and not self.seldom(0.02)
        owner = organisation if known else self.random.choice(list(self.signers))
        return self.random.choice((not self.seldom() and self.live(owner)) or self.signers[owner])

    def live(self, organisation: int) -> list[Signer]:
        found = []
        for signer in self.signers.get(organisation, []):
            key = self.view.keys.get(signer.key_id)
            if key is None or key.endings or key.addition.organisation != organisation:
                continue
            until = key.addition.valid_until or self.now + 1
            if key.addition.purposes & Purpose.EVENTS and key.addition.valid_from <= self.now < until:
                found.append(signer)
        return found

    def sign(self, signer: Signer, digest: bytes) -> bytes:
        signature = signer.sign(digest)
        if self.seldom(0.02):
            return signature[:-1] if self.seldom(0.5) else signature[:10] + bytes([signature[10] ^ 1]) + signature[11:]
        return signature

    def signed(self, statement: structs.Statement, organisation: int, **beside: Any) -> Submission:
        signer = self.signer(organisation)
        signature = self.sign(signer, statement.digest(self.domain))
        return Submission(statement.NAME, statement, signer.signer, signature, **beside)

    # Statements

    def registration(self) -> Submission:
        self.lots += not self.seldom(0.2)
        gtin = with_check_digit((self.random.choice(PREFIXES)).ljust(12, str(self.random.randrange(3))))
        manufacturer = self.organisation() if self.seldom(0.3) else self.random.choice((2, 3))
        statement = structs.BatchRegistration(
            manufacturer=manufacturer,
            gtin=int(gtin) + self.seldom(),
            lot="LØT" if self.seldom(0.03) else f"LOT{self.lots}" if not self.seldom() else "L" * 21,
            product_class=9 if self.seldom(0.03) else self.random.randrange(1, 5),
            quantity=0 if self.seldom(0.03) else self.random.randrange(1, 2000),
            manufactured=self.random.choice((0, 20260131, 20261301, 20280101)) if self.seldom(0.2) else 20260131,
            expiry=20280229
            if not self.seldom()
            else self.random.choice((0, 20270001, 19990101, 20260131, 20271301, 20270132)),
            unit_root=ZERO,
            details=keccak256(self.random.randbytes(4)),
        )
        return self.signed(statement, manufacturer)

    def event(self) -> Submission:
        statement, attachment = self.custody()
        submission = self.signed(statement, statement.actor, attachment=attachment)
        if statement.kind == Kind.HANDOVER and not self.seldom():
            signer = self.signer(statement.counterparty)
            signature = self.sign(signer, statement.digest(self.domain))
            attachment = encode_countersignature(signer.signer, signature)
            submission = Submission(
                "CustodyEvent", statement, submission.signer, submission.signature, attachment=attachment
            )
        return submission

    def custody(self, actor: int = 0) -> tuple[CustodyStatement, bytes]:
        states = [each for each in self.view.states().values() if actor in (0, each.holder, each.counterparty)]
        free = [each for each in states if not each.held_by and not each.pallet and each.rest]
        chosen = states if not free or self.seldom(0.1) else free
        state = self.random.choice(chosen) if chosen and not self.seldom(0.01) else None
        kind = self.kind_for(state)
        if state is None or kind is Kind.PACK:
            return self.pack(actor) if states else self.unknown(kind)
        if kind is Kind.CORRECT:
            return self.correction(actor)
        actor = actor or self.actor_for(kind, state)
        quantity = self.quantity(kind, state)
        attachment = self.attachment(kind, actor, state, quantity)
        return self.statement(kind, state, actor, quantity, attachment), attachment

    def kind_for(self, state: ConsignmentState | None) -> Kind:
        """Choose a kind that is possible, most of the time."""
        if state is not None and not self.seldom(0.1):
            if state.held_by and not state.seized:
                return self.random.choice((Kind.RELEASE, Kind.RELEASE, Kind.INSPECT, Kind.DESTROY, Kind.SEIZE))
            if state.counterparty:
                return self.random.choice((Kind.RECEIVE, Kind.RECEIVE, Kind.RECEIVE, Kind.RETURN, Kind.INSPECT))
            if state.number and self.seldom(0.6):
                return Kind.UNPACK
            kind = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            return Kind.SHIP if kind in (Kind.RECEIVE, Kind.RETURN, Kind.UNPACK) and not state.number else kind
        return self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]

    def actor_for(self, kind: Kind, state: ConsignmentState) -> int:
        if self.seldom(0.08):
            return self.organisation()
        if kind in (Kind.RECEIVE, Kind.RETURN) and state.counterparty:
            return state.counterparty if kind is Kind.RECEIVE or self.seldom(0.5) else state.holder
        if kind is Kind.RECALL:
            return state.manufacturer or 1
        if kind is Kind.RELEASE or (kind is Kind.DESTROY and state.held_by):
            return state.held_by or 1
        return self.random.choice((1, 6, 7)) if kind in AUTHORITY_KINDS else state.holder

    def quantity(self, kind: Kind, state: ConsignmentState) -> int:
        if self.seldom():
            return self.random.choice((0, state.rest + 1))
        if kind in (Kind.DISPENSE, Kind.SPLIT) or (kind is Kind.DESTROY and not state.number):
            return self.random.randrange(1, state.rest + 2)
        return state.rest

    def statement(
        self, kind: Kind, state: ConsignmentState, actor: int, quantity: int, attachment: bytes
    ) -> CustodyStatement:
        authority = kind in AUTHORITY_KINDS or (kind is Kind.DESTROY and state.held_by == actor)
        previous = state.sequence.to_bytes(32, "big") if authority else state.head
        counterparty = 0
        if kind in (Kind.SHIP, Kind.HANDOVER):
            counterparty = self.random.choice((2, 3, 4, 5, 8)) if not self.seldom() else self.organisation()
        elif kind in (Kind.RECEIVE, Kind.RETURN):
            counterparty = state.holder if actor == state.counterparty else state.counterparty
        has_parts = kind in (Kind.SPLIT, Kind.PACK, Kind.UNPACK)
        return CustodyStatement(
            consignment=state.id,
            previous=previous if not self.seldom() else self.random.choice((ZERO, keccak256(previous))),
            actor=actor,
            kind=77 if self.seldom(0.01) else kind,
            occurred_at=self.occurred_at(),
            counterparty=counterparty if not self.seldom(0.03) else self.organisation(),
            quantity=quantity,
            place=self.place(actor),
            parts=keccak256(attachment) if has_parts != self.seldom(0.02) else ZERO,
            details=keccak256(self.random.randbytes(4)),
        )

    def occurred_at(self) -> int:
        if self.seldom():
            return self.now + self.random.choice((-30 * 86400 - 1, -30 * 86400, 600, 601, -5000))
        return self.now - self.random.randrange(5)

    def place(self, actor: int) -> bytes:
        if self.seldom(0.04):
            return self.random.choice(WRONG_PLACES)
        organisation = self.view.organisations.get(actor)
        country = organisation.changes[-1].country.encode() if organisation else b"XX"
        return (
            self.random.choice([place for place in PLACES if place.startswith(country)] or PLACES)
            if not self.seldom()
            else b"MYPKG"
        )

    # Parts

    def sscc(self, actor: int) -> str | None:
        if self.seldom(0.5):
            return None
        organisation = self.view.organisations.get(actor)
        prefixes = organisation.changes[-1].prefixes if organisation else ()
        prefix = self.random.choice(prefixes or PREFIXES) if not self.seldom() else "777777"
        code = with_check_digit(("1" + prefix).ljust(16, "0") + str(self.random.randrange(10)))
        return code[:-1] + "0" if self.seldom() else code

    def attachment(self, kind: Kind, actor: int, state: ConsignmentState, quantity: int) -> bytes:
        if self.seldom(0.02):
            return self.random.randbytes(self.random.randrange(100))
        if kind is Kind.SPLIT:
            return self.children(actor, quantity)
        if kind is Kind.UNPACK:
            on_it = [each.id for each in self.view.states().values() if each.pallet == state.id]
            members = self.random.sample(on_it, min(quantity, len(on_it)))
            return pack_ids(members if not self.seldom() else [*members, keccak256(b"stranger")])
        return b""

    def children(self, actor: int, quantity: int) -> bytes:
        packed, left = b"", quantity
        while left > 0 and len(packed) < 5 * 12:
            part = left if len(packed) == 4 * 12 else self.random.randrange(1, left + 1)
            part = self.random.choice((0, left + 1)) if self.seldom(0.03) else part
            packed += int(self.sscc(actor) or 0).to_bytes(8, "big") + part.to_bytes(4, "big")
            left -= part
        return packed if not self.seldom(0.03) else packed[:-1]

    def pack(self, actor: int) -> tuple[CustodyStatement, bytes]:
        states = list(self.view.states().values())
        holder = actor or self.random.choice(states).holder
        theirs = [
            each
            for each in states
            if each.holder == holder and not each.pallet and not each.number and not each.counterparty
        ]
        chosen = theirs if theirs and not self.seldom() else states
        members = self.random.sample(chosen, self.random.randrange(1, min(4, len(chosen)) + 1))
        heads = [(each.id, each.head if not self.seldom(0.03) else ZERO) for each in members]
        heads += heads[:1] if self.seldom(0.03) else []
        attachment = int(self.sscc(holder) or 0).to_bytes(8, "big") + pack_pallet(None, heads)[8:]
        nothing = members[0]._replace(
            id=ZERO if not self.seldom(0.03) else members[0].id, head=ZERO, number=0, held_by=0
        )
        return self.statement(Kind.PACK, nothing, holder, len(heads) + self.seldom(), attachment), attachment

    def unknown(self, kind: Kind) -> tuple[CustodyStatement, bytes]:
        return CustodyStatement(keccak256(b"?"), ZERO, 2, kind, self.now, 0, 1, b"BEBRU", ZERO, ZERO), b""

    def correction(self, actor: int) -> tuple[CustodyStatement, bytes]:
        events = [each for history in self.view.histories().values() for each in history.events]
        if not events:
            return self.unknown(Kind.CORRECT)
        event = self.random.choice(events)
        earlier = CustodyStatement(
            event.consignment,
            event.previous,
            event.actor,
            event.kind,
            event.occurred_at,
            event.counterparty,
            event.quantity,
            event.place.encode().ljust(5, b"\0"),
            event.parts,
            event.details,
        )
        statement = CustodyStatement(
            event.consignment if not self.seldom() else keccak256(b"?"),
            event.digest if not self.seldom() else ZERO,
            actor or (event.actor if not self.seldom() else self.organisation()),
            Kind.CORRECT,
            self.occurred_at(),
            0,
            0,
            b"BEBRU" if self.seldom(0.5) else bytes(5),
            ZERO,
            keccak256(self.random.randbytes(4)),
        )
        attachment = encode_event(earlier)
        return statement, attachment if not self.seldom() else attachment[:-1]

    def bundle(self) -> Submission:
        actor = self.random.choice((2, 3, 4, 5, 8))
        made = [BundledEvent(*self.custody(actor)) for _ in range(self.random.randrange(1, 5))]
        events = tuple(sorted(made, key=lambda event: event.statement.digest(self.domain)))
        if self.seldom():
            events = (BundledEvent(*self.custody(7)), *events[1:])
        try:
            digests = bundle_digests(event.statement.digest(self.domain) for event in events)
        except Exception:  # noqa: BLE001 - the same event twice: any hash will do
            digests = ZERO
        events = tuple(sorted(events, key=lambda event: event.statement.digest(self.domain)))
        statement = structs.Bundle(actor, len(events) + self.seldom(0.03), digests if not self.seldom(0.03) else ZERO)
        return self.signed(statement, actor, events=events)

    def anchor(self) -> Submission:
        organisation = self.organisation()
        previous, count = self.view.anchor(organisation)
        statement = structs.Anchor(
            organisation,
            count + self.random.randrange(1, 100) if not self.seldom() else count,
            keccak256(self.random.randbytes(4)),
            previous if not self.seldom() else ZERO,
        )
        return self.signed(statement, organisation)

    # Organisations and keys

    def accreditation(self) -> Submission:
        authority = self.random.choice((1, 7)) if not self.seldom() else self.organisation()
        number = 0 if self.seldom(0.3) else self.organisation()
        prefixes = tuple(int("1" + prefix) for prefix in self.random.sample(PREFIXES, self.random.randrange(3)))
        prefixes += (7,) if self.seldom() else ()
        known = self.view.organisations.get(number)
        admin = self.random.choice(self.signers[self.random.choice(list(self.signers))])
        key = admin.signer if self.seldom(0.3 if number else 0.95) else b"" if not self.seldom() else b"short"
        statement = structs.Accreditation(
            authority=authority,
            organisation=number,
            sequence=self.view.authority_sequence(authority) + self.seldom(),
            name="Amended",
            country=(b"BE" if authority == 1 else b"SG") if not self.seldom() else b"MY",
            gln=0 if not self.seldom() else 5413868000009,
            roles=int(known.changes[-1].roles) if known and not self.seldom() else self.random.choice((0, 2, 64, 63)),
            prefixes=prefixes_hash(prefixes) if not self.seldom() else ZERO,
            admin_key=key,
        )
        first = structs.KeyAddition(
            number or len(self.view.organisations) + 1, key, Purpose.ADMIN | Purpose.EVENTS, 0, 0
        )
        return self.signed(
            statement, authority, prefixes=prefixes, cosignature=self.sign(admin, first.digest(self.domain))
        )

    def suspension(self) -> Submission:
        number = self.organisation() if self.seldom(0.1) else self.random.choice(self.suspended() or [4, 5, 8])
        suspended = number in self.view.organisations and bool(self.view.organisations[number].suspensions)
        last = self.view.organisations[number].suspensions[-1].suspended if suspended else False
        authority = (7 if number in (8, 9) else 1) if not self.seldom() else self.organisation()
        statement = structs.Suspension(
            authority, number, self.view.authority_sequence(authority) + self.seldom(), not last
        )
        return self.signed(statement, authority)

    def suspended(self) -> list[int]:
        known = self.view.organisations.values()
        return [each.number for each in known if each.suspensions and each.suspensions[-1].suspended]

    def key_addition(self) -> Submission:
        organisation = self.organisation()
        new = self.random.choice(self.signers.get(organisation, self.signers[1]))
        statement = structs.KeyAddition(
            organisation,
            new.signer if not self.seldom() else b"short",
            self.random.choice((1, 3, 5, 7)) if not self.seldom() else self.random.choice((0, 8, 2)),
            0 if not self.seldom(0.2) else self.now + 60,
            0 if not self.seldom(0.3) else self.now + self.random.choice((-5, 600)),
        )
        cosignature = self.sign(new, statement.digest(self.domain))
        return self.signed(statement, organisation, cosignature=cosignature)

    def key_ending(self) -> Submission:
        spare = [key for key in self.view.keys if len(self.live(self.view.keys[key].addition.organisation)) > 1]
        chosen = list(self.view.keys) if self.seldom() else spare
        if not chosen:
            return self.key_addition()
        key = self.random.choice(chosen) if not self.seldom() else keccak256(b"?")
        known = self.view.keys.get(key)
        owner = known.addition.organisation if known else 1
        actor = self.random.choice((owner, owner, 1, 7))
        doubt = self.random.choice((0, self.now - 100, self.now - 50)) if not self.seldom() else self.now + 5
        return self.signed(structs.KeyEnding(actor, key, doubt), actor)
