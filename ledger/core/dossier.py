"""All that the ledger knows of one batch, made ready to be asked: its history with the organisations and keys in it.

A dossier changes only when the read model does, so it may be kept as long as the model stands still. It remembers what
it worked out once: who was allowed to sign, what went wrong on a consignment's way, and the JSON of batch and custody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ledger.core.kept import Kept
from ledger.core.organisation import active_at, key_in_doubt, key_live_at, name_of, roles_at, state_at
from ledger.core.vocabulary import ADMINISTRATION_ROLES, CUSTODY_ROLES, Kind, Purpose, Role
from ledger.core.wording import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.core.custody import ConsignmentState
    from ledger.core.facts import CustodyEvent, Key, Organisation, Recorded
    from ledger.core.history import BatchHistory

WAYS_KEPT: Final = 16  # of a batch: lists of events for different cartons, and what an organisation means by its code
ACTOR_ROLES: Final = {
    Kind.SHIP: CUSTODY_ROLES,
    Kind.HANDOVER: CUSTODY_ROLES,
    Kind.RECEIVE: CUSTODY_ROLES,
    Kind.INSPECT: ADMINISTRATION_ROLES,
    Kind.HOLD: ADMINISTRATION_ROLES,
    Kind.RELEASE: ADMINISTRATION_ROLES,
    Kind.SEIZE: ADMINISTRATION_ROLES,
    Kind.DISPENSE: Role.PHARMACY,
}


class Finding(NamedTuple):
    """Something on a consignment's way that a verdict must name."""

    who: int  # organisation
    words: str


class Way(NamedTuple):
    """What a consignment went through, judged."""

    state: ConsignmentState  # what counts for a person, see `BatchHistory.effective`
    broken: Finding | None  # the first break
    doubt: Finding | None  # the first signature in doubt
    over: Finding | None  # the first RECEIVE of more than was shipped, unless corrected
    remarks: tuple[str, ...]  # what is odd but no fault
    last_block: int  # in which its last event was recorded


class Dossier:
    """A batch's history with everything that a verdict about it must know.

    Args:
        history: The folded history.
        organisations: By number; all of `history.organisations` that the read model has.
        keys: By id; all of `history.keys` that the read model has.
        product: The product's name, empty if its document is not at hand.
    """

    def __init__(
        self,
        history: BatchHistory,
        organisations: Mapping[int, Organisation],
        keys: Mapping[bytes, Key],
        product: str = "",
    ) -> None:
        self.history = history
        self.registration = history.registration
        self.organisations = organisations
        self.keys = keys
        self.product = product
        self._ways: dict[bytes, Way] = {}
        self._signers: dict[bytes, tuple[Finding | None, Finding | None]] = {}
        self._custody: Kept[tuple[bytes, ...], list[dict[str, Any]]] = Kept(WAYS_KEPT)
        self._batch: dict[str, Any] | None = None
        self._meant: Kept[tuple[bytes, int], tuple[bytes, ...]] = Kept(WAYS_KEPT)
        self.answers: dict[tuple[str, tuple[bytes, ...]], Any] = {}  # what `checks` worked out once about this batch

    def name(self, number: int) -> str:
        """Name an organisation for a person.

        Args:
            number: Its number.

        Returns:
            Its name, or its number if it is not known.
        """
        return name_of(self.organisations.get(number), number)

    def meant(self, named: bytes, organisation: int | None) -> tuple[bytes, ...]:
        """Find the consignments that a code may mean.

        Args:
            named: The consignment or pallet that its SSCC names; empty for a GTIN with lot.
            organisation: The number of whoever asks; None if nobody says.

        Returns:
            Of a pallet what is on it, if that is of this batch. Of a batch those of which something is left; of these
            those that whoever asks holds or is to receive, if there are any.
        """
        asked = named, organisation or 0
        known = self._meant.get(asked)
        return self._meant.put(asked, self._find_meant(*asked)) if known is None else known

    def _find_meant(self, named: bytes, organisation: int) -> tuple[bytes, ...]:
        history = self.history
        if named:
            return (history.on_pallet(named) or (named,)) if history.states[named].number else (named,)
        possible = history.live() or history.consignments()
        states = (history.effective(each) for each in possible)
        theirs = tuple(
            state.id for state in states if organisation and organisation in (state.holder, state.counterparty)
        )
        return theirs or possible

    def way(self, consignment: bytes) -> Way:
        """Judge what a consignment went through.

        Args:
            consignment: Its id, or a pallet's.
        """
        if consignment not in self._ways:
            self._ways[consignment] = self._judge_way(consignment)
        return self._ways[consignment]

    def _judge_way(self, consignment: bytes) -> Way:
        path = self.history.path(consignment)
        signers = [self._signer(event) for event in path]
        return Way(
            state=self.history.effective(consignment),
            broken=self._broken(path) or next((broken for broken, _doubt in signers if broken), None),
            doubt=next((doubt for _broken, doubt in signers if doubt), None),
            over=self._over(path),
            remarks=self._remarks(path),
            last_block=max((event.recorded.block for event in path), default=self.registration.recorded.block),
        )

    def _broken(self, path: tuple[CustodyEvent, ...]) -> Finding | None:
        """Find the first contradiction of the logs on this way; one that precedes all events concerns every way."""
        actors = {event.digest: event.actor for event in path}
        actors[self.registration.digest] = self.registration.manufacturer
        for found in self.history.breaks:
            if found.digest in actors:
                return Finding(actors[found.digest], found.words)
        return None

    def _over(self, path: tuple[CustodyEvent, ...]) -> Finding | None:
        on_path = {event.digest for event in path}
        for event, shipped in self.history.discrepancies:
            if event.quantity > shipped and event.digest in on_path and event.digest not in self.history.corrections:
                words = f"{self.name(event.actor)} recorded {event.quantity} received where {shipped} were shipped."
                return Finding(event.actor, words)
        return None

    def _remarks(self, path: tuple[CustodyEvent, ...]) -> tuple[str, ...]:
        on_path = {event.digest for event in path}
        short = (
            f"{self.name(event.actor)} recorded {event.quantity} received where {shipped} were shipped."
            for event, shipped in self.history.discrepancies
            if event.quantity < shipped and event.digest in on_path and event.digest not in self.history.corrections
        )
        corrected = (
            f"{self.name(event.actor)} corrected what it said."
            for digest, event in self.history.corrections.items()
            if digest in on_path
        )
        return (*short, *corrected)

    # Signers

    def _signer(self, event: CustodyEvent) -> tuple[Finding | None, Finding | None]:
        """Tell what is wrong with an event's signer, and whether its key is in doubt."""
        found = self._signers.get(event.digest)
        if found is None:
            words = self._signer_fault(event)
            broken = Finding(event.actor, f"{event.kind.name}: {words}") if words else None
            found = self._signers[event.digest] = (broken, self._signer_doubt(event))
        return found

    def _signer_doubt(self, event: CustodyEvent) -> Finding | None:
        key = self.keys.get(event.key)
        if key is None or not key_in_doubt(key, event.recorded.time):
            return None
        words = f"{event.kind.name} of {moment(event.recorded.time)} was signed with a key that is in doubt."
        return Finding(event.actor, words)

    def _signer_fault(self, event: CustodyEvent) -> str:
        fault = self.key_fault(event.key, event.actor, event.recorded)
        if fault:
            return fault
        roles = ACTOR_ROLES.get(event.kind)
        if event.kind is Kind.RECALL and event.actor != self.registration.manufacturer:
            roles = Role.REGULATOR
        fault = self.organisation_fault(event.actor, roles, event.recorded)
        if not fault and event.kind in (Kind.SHIP, Kind.HANDOVER):
            fault = self.organisation_fault(event.counterparty, CUSTODY_ROLES, event.recorded)
        return fault or self._jurisdiction_fault(event)

    def _jurisdiction_fault(self, event: CustodyEvent) -> str:
        if ACTOR_ROLES.get(event.kind) != ADMINISTRATION_ROLES:
            return ""
        state = state_at(self.organisations[event.actor], event.recorded)
        country = state.country if state else ""
        return "" if event.place[:2] == country else f"{self.name(event.actor)} acted outside its country."

    def key_fault(self, key_id: bytes, organisation: int, recorded: Recorded) -> str:
        """Say why a key could not sign for an organisation, where a statement was recorded.

        Args:
            key_id: The key.
            organisation: The number for which it signed.
            recorded: Where the statement was recorded.

        Returns:
            Words for a person; empty if it could.
        """
        key = self.keys.get(key_id)
        if key is None:
            return "signed with a key that is not on the ledger."
        if key.addition.organisation != organisation:
            return f"signed with a key of another organisation than {self.name(organisation)}."
        if not key.addition.purposes & Purpose.EVENTS:
            return f"signed with a key of {self.name(organisation)} that is not meant for events."
        if not key_live_at(key, recorded):
            return f"signed with a key of {self.name(organisation)} that was not valid then."
        return ""

    def organisation_fault(self, number: int, roles: Role | None, recorded: Recorded) -> str:
        """Say why an organisation could not act, where a statement was recorded.

        Args:
            number: The organisation.
            roles: One of these is needed; None = any.
            recorded: Where the statement was recorded.

        Returns:
            Words for a person; empty if it could.
        """
        organisation = self.organisations.get(number)
        if organisation is None or state_at(organisation, recorded) is None:
            return f"organisation {number} was not on the ledger then."
        if not active_at(organisation, recorded):
            return f"{self.name(number)} was suspended then."
        if roles is not None and not roles_at(organisation, recorded) & roles:
            return f"{self.name(number)} was not accredited for it then."
        return ""

    # JSON

    def actor_json(self, number: int) -> dict[str, Any] | None:
        """Give an organisation as the API names it.

        Args:
            number: Its number; 0 = none.
        """
        if not number:
            return None
        organisation = self.organisations.get(number)
        state = state_at(organisation) if organisation else None
        return {"number": number, "name": self.name(number), "country": state.country if state else None}

    def batch_json(self) -> dict[str, Any]:
        """Give the batch as the API shows it; the same object every time, not to be changed."""
        if self._batch is None:
            registration = self.registration
            self._batch = {
                "id": _hex(registration.batch),
                "gtin": registration.gtin,
                "lot": registration.lot,
                "product": self.product or None,
                "product_class": registration.product_class.name,
                "manufacturer": self.actor_json(registration.manufacturer),
                "quantity": registration.quantity,
                "manufactured": registration.manufactured.isoformat() if registration.manufactured else None,
                "expiry": registration.expiry.isoformat(),
                "registered": recorded_json(registration.recorded),
            }
        return self._batch

    def name_json(self) -> dict[str, str]:
        """Give what names the batch."""
        registration = self.registration
        return {"gtin": registration.gtin, "lot": registration.lot, "id": _hex(registration.batch)}

    def consignment_json(self, identifier: bytes) -> dict[str, Any]:
        """Give a consignment or pallet as the API shows it.

        Args:
            identifier: Its id.

        Raises:
            KeyError: The id is not of this batch.
        """
        own, state = self.history.states[identifier], self.history.effective(identifier)
        children = [_hex(each.id) for each in self.history.states.values() if each.parent == identifier]
        return {
            "id": _hex(identifier),
            "sscc": own.sscc,
            "batch": None if own.number else self.name_json(),
            "head": _hex(own.head),
            "sequence": own.sequence,
            "holder": self.actor_json(state.holder),
            "counterparty": self.actor_json(state.counterparty),
            "held_by": self.actor_json(state.held_by),
            "seized": state.seized,
            "pallet": _hex(own.pallet) if own.pallet else None,
            "is_pallet": bool(own.number),
            "quantity": own.quantity,
            "rest": state.rest,
            "dispensed": own.dispensed,
            "destroyed": state.destroyed,
            "occurred_at": moment(own.occurred_at) if own.occurred_at else None,
            "parent": _hex(own.parent) if own.parent else None,
            "children": children,
        }

    def custody_json(self, consignments: Iterable[bytes]) -> list[dict[str, Any]]:
        """Give the events that some consignments went through; the same object every time, not to be changed.

        Args:
            consignments: Their ids.
        """
        named = tuple(consignments)
        known = self._custody.get(named)
        if known is None:
            positions = frozenset().union(*(self.history.positions(each) for each in named))
            known = [self._event_json(self.history.events[index]) for index in sorted(positions)]
            self._custody.put(named, known)
        return known

    def _event_json(self, event: CustodyEvent) -> dict[str, Any]:
        return {
            "kind": event.kind.name,
            "actor": self.actor_json(event.actor),
            "counterparty": self.actor_json(event.counterparty),
            "place": event.place or None,
            "quantity": event.quantity,
            "occurred_at": moment(event.occurred_at),
            "recorded": recorded_json(event.recorded),
            "digest": _hex(event.digest),
        }


def recorded_json(recorded: Recorded) -> dict[str, Any]:
    """Give where a log stands, as the API shows it.

    Args:
        recorded: Its block, time and transaction.
    """
    return {
        "block": recorded.block,
        "time": moment(recorded.time),
        "transaction": _hex(recorded.transaction),
    }


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
