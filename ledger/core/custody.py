"""A consignment's state, and what each kind of custody event does to it.

Effects only: whether an event is allowed is for `conditions` to say. Nothing here raises, so that even a log that
breaks the rules can be folded and the break be named. Source: design, section 3; the contract's `CustodyRules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.core.parts import next_head
from ledger.core.vocabulary import AUTHORITY_KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.core.facts import CustodyEvent, Registration

NO_ID: Final = b""
_SEQUENCE_LIMIT: Final = 1 << 16  # uint16 on chain


class ConsignmentState(NamedTuple):
    """A consignment or a pallet. A tuple, because a fold makes one per event and a frozen dataclass is slower to make.

    Units are conserved: `quantity` = `rest` + `split` + `dispensed` + `destroyed`. For a pallet the unit is a
    consignment and `split` counts those taken off.
    """

    id: bytes
    batch: bytes  # b"" for a pallet
    sscc: str | None
    head: bytes  # commits to the whole history
    holder: int
    counterparty: int  # on the way to; 0 = at rest
    manufacturer: int  # 0 for a pallet
    held_by: int  # the administration that holds or seized it; 0 = none
    seized: bool
    pallet: bytes  # the pallet it is on; b"" = none
    number: int  # the pallet's own number; 0 = not a pallet
    occurred_at: int  # of the last holder's event, Unix seconds; 0 = none
    rest: int
    sequence: int  # authority's events so far
    quantity: int  # at first
    parent: bytes  # the consignment it was split from; b"" = none
    dispensed: int = 0
    destroyed: int = 0
    split: int = 0


class Parts(NamedTuple):
    """What an event names beside itself."""

    children: tuple[tuple[bytes, str | None, int], ...] = ()  # SPLIT: id, SSCC, units of each
    members: tuple[bytes, ...] = ()  # PACK, UNPACK: ids
    heads: tuple[bytes, ...] = ()  # PACK: the heads the packer saw; empty if only the logs are known
    sscc: str | None = None  # PACK: the pallet's
    number: int = 0  # PACK: the pallet's
    malformed: int | None = None  # index of the first part that cannot be read at all
    complete: bool = True  # false if the logs at hand leave out what concerns other batches


def first_consignment(registration: Registration) -> ConsignmentState:
    """Make the state of a batch just registered: all of it at its maker.

    Args:
        registration: Its digest is the first head; the batch's id is the consignment's.
    """
    return ConsignmentState(
        id=registration.batch,
        batch=registration.batch,
        sscc=None,
        head=registration.digest,
        holder=registration.manufacturer,
        counterparty=0,
        manufacturer=registration.manufacturer,
        held_by=0,
        seized=False,
        pallet=NO_ID,
        number=0,
        occurred_at=0,
        rest=registration.quantity,
        sequence=0,
        quantity=registration.quantity,
        parent=NO_ID,
    )


def by_authority(event: CustodyEvent, state: ConsignmentState | None) -> bool:
    """Tell whether an event names the authority sequence rather than the head.

    Args:
        event: The event.
        state: Its consignment before it. Held or seized goods are destroyed by the administration that has them.
    """
    if event.kind is Kind.DESTROY:
        return state is not None and state.held_by == event.actor
    return event.kind in AUTHORITY_KINDS


def after(event: CustodyEvent, parts: Parts, states: Mapping[bytes, ConsignmentState]) -> tuple[ConsignmentState, ...]:
    """Apply an event.

    Args:
        event: The event, recorded or about to be.
        parts: What it names beside itself.
        states: Consignments and pallets before it, by id.

    Returns:
        Every state that it makes or changes; nothing for a CORRECT or a consignment that is not known.
    """
    if event.kind is Kind.PACK:
        return _packed(event, parts, states)
    state = states.get(event.consignment)
    if state is None or event.kind is Kind.CORRECT:
        return ()
    if by_authority(event, state):
        # From what the event names, so that one event missing from the logs is one break and not one per later event.
        sequence = (int.from_bytes(event.previous[-2:], "big") + 1) % _SEQUENCE_LIMIT
        state = state._replace(head=next_head(state.head, event.digest), sequence=sequence)
    else:
        state = state._replace(head=next_head(event.previous, event.digest), occurred_at=event.occurred_at)
    if event.kind is Kind.SPLIT:
        return _split(event, parts, state)
    if event.kind is Kind.UNPACK:
        return _unpacked(event, parts, state, states)
    effect = _EFFECTS.get(event.kind)
    return (effect(event, state) if effect else state,)


def _split(event: CustodyEvent, parts: Parts, state: ConsignmentState) -> tuple[ConsignmentState, ...]:
    taken = min(event.quantity, state.rest)
    children = (
        state._replace(
            id=child,
            sscc=sscc,
            head=event.digest,
            rest=quantity,
            quantity=quantity,
            sequence=0,
            parent=state.id,
            dispensed=0,
            destroyed=0,
            split=0,
        )
        for child, sscc, quantity in parts.children
    )
    return (state._replace(rest=state.rest - taken, split=state.split + taken), *children)


def _packed(
    event: CustodyEvent, parts: Parts, states: Mapping[bytes, ConsignmentState]
) -> tuple[ConsignmentState, ...]:
    pallet = ConsignmentState(
        id=event.digest,
        batch=NO_ID,
        sscc=parts.sscc,
        head=event.digest,
        holder=event.actor,
        counterparty=0,
        manufacturer=0,
        held_by=0,
        seized=False,
        pallet=NO_ID,
        number=parts.number,
        occurred_at=event.occurred_at,
        rest=event.quantity,
        sequence=0,
        quantity=event.quantity,
        parent=NO_ID,
    )
    members = (states[member]._replace(pallet=event.digest) for member in parts.members if member in states)
    return (pallet, *members)


def _unpacked(
    event: CustodyEvent, parts: Parts, pallet: ConsignmentState, states: Mapping[bytes, ConsignmentState]
) -> tuple[ConsignmentState, ...]:
    taken = min(event.quantity, pallet.rest)
    members = (
        states[member]._replace(
            pallet=NO_ID,
            holder=pallet.holder,
            occurred_at=event.occurred_at,
            head=next_head(states[member].head, event.digest),
        )
        for member in parts.members
        if member in states
    )
    return (pallet._replace(rest=pallet.rest - taken, split=pallet.split + taken), *members)


def _ship(event: CustodyEvent, state: ConsignmentState) -> ConsignmentState:
    return state._replace(counterparty=event.counterparty)


def _receive(event: CustodyEvent, state: ConsignmentState) -> ConsignmentState:
    return state._replace(holder=event.actor, counterparty=0)


def _hand_over(event: CustodyEvent, state: ConsignmentState) -> ConsignmentState:
    return state._replace(holder=event.counterparty, counterparty=0)


def _return(_event: CustodyEvent, state: ConsignmentState) -> ConsignmentState:
    return state._replace(counterparty=0)


def _hold(event: CustodyEvent, state: ConsignmentState) -> ConsignmentState:
    return state._replace(held_by=event.actor)


def _release(_event: CustodyEvent, state: ConsignmentState) -> ConsignmentState:
    return state._replace(held_by=0)


def _seize(event: CustodyEvent, state: ConsignmentState) -> ConsignmentState:
    return state._replace(held_by=event.actor, seized=True)


def _dispense(event: CustodyEvent, state: ConsignmentState) -> ConsignmentState:
    taken = min(event.quantity, state.rest)
    return state._replace(rest=state.rest - taken, dispensed=state.dispensed + taken)


def _destroy(event: CustodyEvent, state: ConsignmentState) -> ConsignmentState:
    taken = min(event.quantity, state.rest)
    return state._replace(rest=state.rest - taken, destroyed=state.destroyed + taken)


_EFFECTS: Final[dict[Kind, Callable[[CustodyEvent, ConsignmentState], ConsignmentState]]] = {
    Kind.SHIP: _ship,
    Kind.RECEIVE: _receive,
    Kind.HANDOVER: _hand_over,
    Kind.RETURN: _return,
    Kind.HOLD: _hold,
    Kind.RELEASE: _release,
    Kind.SEIZE: _seize,
    Kind.DISPENSE: _dispense,
    Kind.DESTROY: _destroy,
}
