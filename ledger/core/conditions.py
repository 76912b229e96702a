"""What each kind of custody event requires, in the order in which the contract requires it.

The order matters: where a statement breaks two rules, the contract and this page name the same one. The conditions are
used twice: on a statement before it is relayed (`rules`), and on every recorded event when a history is folded, so that
a log that breaks them is found (`history`). Source: design, section 3; the contract's `CustodyRules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from ledger.core.custody import ConsignmentState, by_authority
from ledger.core.parts import next_head
from ledger.core.refusals import refused
from ledger.core.vocabulary import ADMINISTRATION_ROLES, CUSTODY_ROLES, Kind, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.core.custody import Parts
    from ledger.core.facts import CustodyEvent

LATEST_CAPTURE_SECONDS: Final = 30 * 24 * 3600  # a vial may be scanned where there is no network
CLOCK_AHEAD_SECONDS: Final = 600


class World(Protocol):
    """What the conditions ask of their surroundings; a `require` that is not met raises `StatementRefusedError`."""

    def consignment(self, consignment: bytes) -> ConsignmentState | None:
        """Give a consignment's or pallet's state."""

    def pallet_number(self, pallet: bytes) -> int:
        """Give the number of a pallet, by its id."""

    def recorded(self, digest: bytes) -> bool:
        """Tell whether an authority's event is on record."""

    def corrected(self, digest: bytes) -> bytes | None:
        """Give the digest of the CORRECT that names an event wrong."""

    def recalled(self, batch: bytes) -> bool:
        """Tell whether a batch is recalled."""

    def require_role(self, organisation: int, roles: Role) -> str:
        """Require an active organisation with one of these roles; give its country."""

    def is_regulator(self, organisation: int) -> bool:
        """Tell whether an organisation has the role REGULATOR."""

    def same_country(self, one: int, other: int) -> bool:
        """Tell whether two organisations are of one country."""

    def require_sscc(self, organisation: int, sscc: str | None) -> None:
        """Require a valid SSCC within the organisation's prefixes, or none."""

    def require_countersignature(self, event: CustodyEvent) -> None:
        """Require that the counterparty signed a HANDOVER too."""

    def require_correctable(self, event: CustodyEvent) -> None:
        """Require that a CORRECT names an event of the same actor and consignment."""


def check(event: CustodyEvent, parts: Parts, world: World) -> None:
    """Require everything that the contract requires of an event whose signature holds and whose form is right.

    Args:
        event: The event; `recorded.time` is the time of the block that records it.
        parts: What it names beside itself.
        world: The state before it.

    Raises:
        StatementRefusedError: The first condition that is not met.
    """
    _require_time(event)
    _CONDITIONS[event.kind](event, parts, world)


def _require_time(event: CustodyEvent) -> None:
    latest = event.recorded.time + CLOCK_AHEAD_SECONDS
    earliest = max(0, event.recorded.time - LATEST_CAPTURE_SECONDS)
    if not earliest <= event.occurred_at <= latest:
        raise refused("OccurredAtOutOfRange", event.occurred_at, earliest, latest)


# Order


def _known(world: World, consignment: bytes) -> ConsignmentState:
    state = world.consignment(consignment)
    if state is None:
        raise refused("UnknownConsignment", consignment)
    return state


def _require_next(event: CustodyEvent, world: World) -> ConsignmentState:
    """Require that a holder's event follows the head, and that the goods are free to move."""
    state = _known(world, event.consignment)
    if state.head == next_head(event.previous, event.digest):
        raise refused("AlreadyRecorded", event.digest)
    if state.head != event.previous:
        raise refused("StaleHead", state.head, event.previous)
    _require_free(state, world)
    _require_not_before(event, state)
    return state


def _require_next_at_rest(event: CustodyEvent, world: World) -> ConsignmentState:
    state = _require_next(event, world)
    _require_at_rest(event, state)
    return state


def _require_next_of_authority(event: CustodyEvent, world: World) -> ConsignmentState:
    state = _known(world, event.consignment)
    if world.recorded(event.digest):
        raise refused("AlreadyRecorded", event.digest)
    given = int.from_bytes(event.previous, "big")
    if given != state.sequence:
        raise refused("StaleSequence", state.sequence, given)
    return state


# Conditions


def _require_free(state: ConsignmentState, world: World) -> None:
    if state.pallet:
        raise refused("InPallet", state.id, world.pallet_number(state.pallet))
    if state.seized:
        raise refused("Seized", state.held_by)
    if state.held_by:
        raise refused("Held", state.held_by)


def _require_not_before(event: CustodyEvent, state: ConsignmentState) -> None:
    if event.occurred_at < state.occurred_at:
        latest = event.recorded.time + CLOCK_AHEAD_SECONDS
        raise refused("OccurredAtOutOfRange", event.occurred_at, state.occurred_at, latest)


def _require_at_rest(event: CustodyEvent, state: ConsignmentState) -> None:
    if state.holder != event.actor:
        raise refused("NotHolder", state.holder, event.actor)
    if state.counterparty:
        raise refused("InTransit", state.counterparty)


def _require_jurisdiction(event: CustodyEvent, world: World) -> None:
    country = world.require_role(event.actor, ADMINISTRATION_ROLES)
    if event.place[:2] != country:
        raise refused("OutsideJurisdiction", country.encode(), event.place.encode().ljust(5, b"\0"))


def _require_no_pallet(state: ConsignmentState) -> None:
    if state.number:
        raise refused("IsPallet", state.id)


def _require_quantity(event: CustodyEvent, state: ConsignmentState) -> None:
    if not event.quantity:
        raise refused("NoQuantity")
    if event.quantity > state.rest:
        raise refused("QuantityExceeded", state.rest, event.quantity)


# The kinds that move goods


def _check_ship(event: CustodyEvent, _parts: Parts, world: World) -> None:
    state = _require_next_at_rest(event, world)
    world.require_role(event.actor, CUSTODY_ROLES)
    if event.counterparty == event.actor:
        raise refused("NotCounterparty", 0, event.counterparty)
    world.require_role(event.counterparty, CUSTODY_ROLES)
    if not state.rest:
        raise refused("NoQuantity")
    if state.rest != event.quantity:
        raise refused("QuantityMismatch", state.rest, event.quantity)


def _check_handover(event: CustodyEvent, parts: Parts, world: World) -> None:
    _check_ship(event, parts, world)
    world.require_countersignature(event)


def _check_receive(event: CustodyEvent, _parts: Parts, world: World) -> None:
    state = _require_next(event, world)
    if not state.counterparty:
        raise refused("NotInTransit")
    if state.counterparty != event.actor:
        raise refused("NotCounterparty", state.counterparty, event.actor)
    if state.holder != event.counterparty:
        raise refused("NotCounterparty", state.holder, event.counterparty)
    world.require_role(event.actor, CUSTODY_ROLES)


def _check_return(event: CustodyEvent, _parts: Parts, world: World) -> None:
    state = _require_next(event, world)
    if not state.counterparty:
        raise refused("NotInTransit")
    if event.actor not in (state.counterparty, state.holder):
        raise refused("NotCounterparty", state.counterparty, event.actor)
    other = state.holder if event.actor == state.counterparty else state.counterparty
    if event.counterparty != other:
        raise refused("NotCounterparty", other, event.counterparty)


# The kinds that divide and combine


def _check_split(event: CustodyEvent, parts: Parts, world: World) -> None:
    state = _require_next_at_rest(event, world)
    _require_no_pallet(state)
    if parts.malformed is not None:
        raise refused("InvalidParts", parts.malformed)
    if event.quantity > state.rest:
        raise refused("QuantityExceeded", state.rest, event.quantity)
    left = event.quantity
    for index, (_child, sscc, quantity) in enumerate(parts.children):
        if not quantity:
            raise refused("InvalidParts", index)
        if quantity > left:
            raise refused("QuantityExceeded", left, quantity)
        world.require_sscc(event.actor, sscc)
        left -= quantity
    if left and parts.complete:
        raise refused("QuantityMismatch", event.quantity - left, event.quantity)


def _check_pack(event: CustodyEvent, parts: Parts, world: World) -> None:
    if any(event.consignment):
        raise refused("UnexpectedField", b"consignment".ljust(32, b"\0"))
    if any(event.previous):
        raise refused("UnexpectedField", b"previous".ljust(32, b"\0"))
    if world.consignment(event.digest):
        raise refused("AlreadyRecorded", event.digest)
    if parts.malformed is not None:
        raise refused("InvalidParts", parts.malformed)
    if parts.complete and len(parts.members) != event.quantity:
        raise refused("QuantityMismatch", len(parts.members), event.quantity)
    world.require_sscc(event.actor, parts.sscc)
    loaded: set[bytes] = set()
    for index, member in enumerate(parts.members):
        state = _known(world, member)
        if parts.heads and state.head != parts.heads[index]:
            raise refused("StaleHead", state.head, parts.heads[index])
        _require_no_pallet(state)
        if member in loaded:
            raise refused("InPallet", member, parts.number)
        _require_free(state, world)
        _require_not_before(event, state)
        _require_at_rest(event, state)
        loaded.add(member)


def _check_unpack(event: CustodyEvent, parts: Parts, world: World) -> None:
    pallet = _require_next_at_rest(event, world)
    if not pallet.number:
        raise refused("NotPallet", event.consignment)
    if parts.malformed is not None:
        raise refused("InvalidParts", parts.malformed)
    if parts.complete and len(parts.members) != event.quantity:
        raise refused("QuantityMismatch", len(parts.members), event.quantity)
    if event.quantity > pallet.rest:
        raise refused("QuantityExceeded", pallet.rest, event.quantity)
    taken: set[bytes] = set()
    for member in parts.members:
        state = world.consignment(member)
        if state is None or state.pallet != pallet.id or member in taken:
            raise refused("NotOnPallet", member, pallet.id)
        taken.add(member)


# The kinds that use up


def _check_dispense(event: CustodyEvent, _parts: Parts, world: World) -> None:
    state = _require_next_at_rest(event, world)
    world.require_role(event.actor, Role.PHARMACY)
    _require_no_pallet(state)
    _require_quantity(event, state)


def _check_destroy(event: CustodyEvent, _parts: Parts, world: World) -> None:
    if by_authority(event, world.consignment(event.consignment)):
        state = _require_administered(event, world)
    else:
        state = _require_next_at_rest(event, world)
    _require_quantity(event, state)
    # Of a pallet, only the whole: which of its consignments would be gone?
    if state.number and state.rest != event.quantity:
        raise refused("QuantityMismatch", state.rest, event.quantity)


# The kinds of administrations


def _check_inspect(event: CustodyEvent, _parts: Parts, world: World) -> None:
    _require_administered(event, world)


def _require_administered(event: CustodyEvent, world: World) -> ConsignmentState:
    state = _require_next_of_authority(event, world)
    _require_jurisdiction(event, world)
    if state.pallet:
        raise refused("InPallet", state.id, world.pallet_number(state.pallet))
    return state


def _require_not_seized(event: CustodyEvent, world: World) -> ConsignmentState:
    state = _require_administered(event, world)
    if state.seized:
        raise refused("Seized", state.held_by)
    return state


def _check_hold(event: CustodyEvent, _parts: Parts, world: World) -> None:
    state = _require_not_seized(event, world)
    if state.held_by:
        raise refused("Held", state.held_by)


def _check_release(event: CustodyEvent, _parts: Parts, world: World) -> None:
    state = _require_not_seized(event, world)
    if not state.held_by:
        raise refused("NotHeld")
    by_regulator = world.is_regulator(event.actor) and world.same_country(state.held_by, event.actor)
    if state.held_by != event.actor and not by_regulator:
        raise refused("Held", state.held_by)


def _check_seize(event: CustodyEvent, _parts: Parts, world: World) -> None:
    state = _require_not_seized(event, world)
    if state.held_by and not world.same_country(state.held_by, event.actor):
        raise refused("Held", state.held_by)


def _check_recall(event: CustodyEvent, _parts: Parts, world: World) -> None:
    state = _require_next_of_authority(event, world)
    if state.number or state.parent:
        raise refused("NotBatch", event.consignment)
    if state.manufacturer != event.actor:
        world.require_role(event.actor, Role.REGULATOR)
    if world.recalled(event.consignment):
        raise refused("AlreadyRecalled", event.consignment)


def _check_correct(event: CustodyEvent, _parts: Parts, world: World) -> None:
    correction = world.corrected(event.previous)
    if correction:
        raise refused("AlreadyRecorded", correction)
    world.require_correctable(event)


_CONDITIONS: Final[dict[Kind, Callable[[CustodyEvent, Parts, World], None]]] = {
    Kind.SHIP: _check_ship,
    Kind.RECEIVE: _check_receive,
    Kind.HANDOVER: _check_handover,
    Kind.RETURN: _check_return,
    Kind.SPLIT: _check_split,
    Kind.PACK: _check_pack,
    Kind.UNPACK: _check_unpack,
    Kind.INSPECT: _check_inspect,
    Kind.HOLD: _check_hold,
    Kind.RELEASE: _check_release,
    Kind.SEIZE: _check_seize,
    Kind.RECALL: _check_recall,
    Kind.DISPENSE: _check_dispense,
    Kind.DESTROY: _check_destroy,
    Kind.CORRECT: _check_correct,
}
