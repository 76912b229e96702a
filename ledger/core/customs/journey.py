"""What the ledger says of a consignment's way, in the terms in which a declaration speaks: places, times, parties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.organisation import roles_at, state_at
from ledger.core.vocabulary import Kind, Role

if TYPE_CHECKING:
    from ledger.core.custody import ConsignmentState
    from ledger.core.dossier import Dossier
    from ledger.core.facts import CustodyEvent

MOST_JOURNEYS: Final = 16  # of a batch that are looked at where none of them leads where the line does
# Goods that a carrier has in hand are on their way, whether or not it has said whereto.
_CARRYING: Final = Role.CARRIER
_RECEIVING: Final = Role.WHOLESALER | Role.PHARMACY | Role.MANUFACTURER
# A time is believed where the chain heard of it at once; the same bound as for sightings of packs (`clones`).
HEARD_WITHIN: Final = 15 * 60  # seconds


class Stop(NamedTuple):
    """A custody event that tells where the goods were."""

    place: str  # UN/LOCODE
    at: int  # Unix seconds, as its signer claims
    earliest: int | None  # Unix seconds, where the chain heard of it at once; None = nobody but the signer knows
    latest: int  # Unix seconds: the block that recorded it
    kind: Kind
    actor: int  # organisation


class Journey(NamedTuple):
    """A consignment's recorded way."""

    consignment: bytes
    state: ConsignmentState  # what counts for a person
    stops: tuple[Stop, ...]  # in chain order; what was corrected since is left out
    countries: frozenset[str]  # of the stops
    parties: frozenset[int]  # everyone who held the goods or was to receive them
    receiver: int  # whom the goods are on their way to, or who received them; 0 = the ledger does not say yet
    bound_for: str  # the receiver's country, "" if there is none
    in_transit: bool
    carried: bool  # a carrier has them in hand, or is to get them: whom they are for may be said later

    def leads_to(self, countries: frozenset[str]) -> bool:
        """Tell whether the goods were in one of these countries, or are on their way there.

        Args:
            countries: ISO 3166-1 alpha-2.
        """
        return self.bound_for in countries or bool(self.countries & countries)


class Goods(NamedTuple):
    """What a line names: consignments of one batch."""

    dossier: Dossier
    journeys: tuple[Journey, ...]
    exact: bool  # named by an SSCC; else any consignment of the batch may be meant

    @property
    def quantity(self) -> int:
        """The units of all that is meant."""
        if self.exact:
            return sum(each.state.quantity for each in self.journeys)
        return self.dossier.registration.quantity


def journey_of(dossier: Dossier, consignment: bytes) -> Journey:
    """Tell a consignment's way; worked out once for each dossier.

    Args:
        dossier: Of its batch.
        consignment: Its id, or a pallet's.
    """
    asked = "journey", (consignment,)
    if asked not in dossier.answers:
        dossier.answers[asked] = _tell(dossier, consignment)
    found: Journey = dossier.answers[asked]
    return found


def named_goods(dossier: Dossier, named: bytes) -> Goods:
    """Give the goods that an SSCC names: the consignment, or what is on the pallet.

    Args:
        dossier: Of the batch.
        named: The consignment or pallet.
    """
    meant = dossier.meant(named, None)
    return Goods(dossier, tuple(journey_of(dossier, each) for each in meant), exact=True)


def batch_goods(dossier: Dossier, country: str, consignee: int) -> Goods:
    """Give the goods that GTIN and lot can mean: those that lead to the consignee or the country, else any.

    Args:
        dossier: Of the batch.
        country: To which the goods are declared.
        consignee: The number of who is to get them; 0 = not on the ledger.
    """
    asked = "goods", (country.encode(), consignee.to_bytes(4, "big"))
    if asked not in dossier.answers:
        found = [journey_of(dossier, each) for each in dossier.history.consignments()]
        chosen = (
            [each for each in found if consignee and consignee in (each.state.holder, each.receiver)]
            or [each for each in found if country == each.bound_for or country in each.countries]
            or found[:MOST_JOURNEYS]
        )
        dossier.answers[asked] = Goods(dossier, tuple(chosen), exact=False)
    goods: Goods = dossier.answers[asked]
    return goods


def units_for(dossier: Dossier, countries: frozenset[str]) -> tuple[int, int]:
    """Count the units of a batch that can have come to some countries.

    Args:
        dossier: Of the batch.
        countries: ISO 3166-1 alpha-2.

    Returns:
        Those on record as led there or in a carrier's hands, and those at rest elsewhere: a shipment may come late.
    """
    asked = "units", tuple(each.encode() for each in sorted(countries))
    if asked not in dossier.answers:
        leading = resting = 0
        for each in dossier.history.consignments():
            journey = journey_of(dossier, each)
            own = journey.state.quantity - journey.state.split  # what was split off counts with the parts
            if journey.carried or journey.leads_to(countries):
                leading += own
            elif not journey.in_transit:
                resting += own
        dossier.answers[asked] = leading, resting
    units: tuple[int, int] = dossier.answers[asked]
    return units


def _tell(dossier: Dossier, consignment: bytes) -> Journey:
    history = dossier.history
    state = history.effective(consignment)
    path = [event for event in history.path(consignment) if event.digest not in history.corrections]
    stops = tuple(_stop(event) for event in path if event.place and event.kind is not Kind.CORRECT)
    receiver = _receiver(dossier, state, path)
    named = receiver or state.counterparty or state.holder
    return Journey(
        consignment=consignment,
        state=state,
        stops=stops,
        countries=frozenset(stop.place[:2] for stop in stops),
        parties=_parties(dossier, path),
        receiver=receiver,
        bound_for=_country(dossier, receiver),
        in_transit=bool(state.counterparty),
        carried=not receiver and _carries(dossier, named),
    )


def _stop(event: CustodyEvent) -> Stop:
    recorded = event.recorded.time
    prompt = abs(recorded - event.occurred_at) <= HEARD_WITHIN
    earliest = recorded - 2 * HEARD_WITHIN if prompt else None
    return Stop(event.place, event.occurred_at, earliest, recorded, event.kind, event.actor)


def _receiver(dossier: Dossier, state: ConsignmentState, path: list[CustodyEvent]) -> int:
    """Whom the goods are for, as far as it was said: a carrier only brings them to somebody."""
    if state.counterparty:
        return 0 if _carries(dossier, state.counterparty) else state.counterparty
    moved = any(event.kind in (Kind.RECEIVE, Kind.HANDOVER) for event in path)
    return state.holder if moved and not _carries(dossier, state.holder) else 0


def _parties(dossier: Dossier, path: list[CustodyEvent]) -> frozenset[int]:
    moves = (Kind.SHIP, Kind.RECEIVE, Kind.HANDOVER, Kind.RETURN)
    found = {dossier.registration.manufacturer}
    for event in path:
        if event.kind in moves:
            found |= {event.actor, event.counterparty}
    return frozenset(found - {0})


def _carries(dossier: Dossier, number: int) -> bool:
    organisation = dossier.organisations.get(number)
    roles = roles_at(organisation) if organisation else Role(0)
    return bool(roles & _CARRYING) and not roles & _RECEIVING


def _country(dossier: Dossier, number: int) -> str:
    organisation = dossier.organisations.get(number)
    state = state_at(organisation) if organisation else None
    return state.country if state else ""
