/**
 * A consignment's state, and what each kind of custody event does to it. Effects only: whether an event is allowed is
 * for `conditions` to say. Source: docs/contract.md; the contract's `CustodyRules`.
 */

import type { Parts } from "./parts";
import { nextHead } from "./parts";
import { Kind } from "./vocabulary";

/** A consignment or a pallet; for a pallet the unit is a consignment. Organisations are numbers, 0 = none. */
export interface State {
    readonly id: string;
    readonly sscc: string | null;
    /** Commits to the whole history. */
    readonly head: string;
    readonly holder: number;
    /** On the way to; 0 = at rest. */
    readonly counterparty: number;
    /** 0 for a pallet. */
    readonly manufacturer: number;
    /** The administration that holds or seized it. */
    readonly heldBy: number;
    readonly seized: boolean;
    /** The pallet it is on. */
    readonly pallet: string | null;
    /** The pallet's own number; 0 = not a pallet. */
    readonly number: number;
    /** Unix seconds of the last holder's event; 0 = none. */
    readonly occurredAt: number;
    readonly rest: number;
    /** Authority's events so far. */
    readonly sequence: number;
    /** Units at first. */
    readonly quantity: number;
    readonly destroyed: number;
    /** The consignment it was split from. */
    readonly parent: string | null;
}

/** An event with its digest and what it names beside itself. */
export interface Event {
    readonly digest: string;
    readonly consignment: string;
    readonly previous: string;
    readonly actor: number;
    readonly kind: number;
    /** Unix seconds, the signer's claim. */
    readonly occurredAt: number;
    readonly counterparty: number;
    readonly quantity: number;
    /** UN/LOCODE, "" where none. */
    readonly place: string;
    readonly parts: Parts;
}

const AUTHORITY_KINDS: ReadonlySet<number> = new Set([Kind.INSPECT, Kind.HOLD, Kind.RELEASE, Kind.SEIZE, Kind.RECALL]);
const SEQUENCES = 1 << 16; // uint16 on chain

/** The state of a batch just registered, or of a pallet just built: all of it at its maker. */
export function firstState(
    own: Pick<State, "id" | "head" | "holder" | "quantity"> &
        Partial<Pick<State, "sscc" | "manufacturer" | "number" | "occurredAt">>,
): State {
    return {
        sscc: null,
        counterparty: 0,
        manufacturer: 0,
        heldBy: 0,
        seized: false,
        pallet: null,
        number: 0,
        occurredAt: 0,
        sequence: 0,
        destroyed: 0,
        parent: null,
        ...own,
        rest: own.quantity,
    };
}

/** Whether an event names the authority sequence rather than the head: held goods are destroyed by who holds them. */
export function byAuthority(event: Event, state: State | undefined): boolean {
    return event.kind === Kind.DESTROY ? state?.heldBy === event.actor : AUTHORITY_KINDS.has(event.kind);
}

/** Every state that an allowed event makes or changes; none for a CORRECT. */
export function after(event: Event, states: ReadonlyMap<string, State>): readonly State[] {
    if (event.kind === Kind.PACK) return packed(event, states);
    const before = states.get(event.consignment);
    if (before === undefined || event.kind === Kind.CORRECT) return [];
    const head = nextHead(before.head, event.digest);
    const state = byAuthority(event, before)
        ? { ...before, head, sequence: (before.sequence + 1) % SEQUENCES }
        : { ...before, head, occurredAt: event.occurredAt };
    if (event.kind === Kind.SPLIT) return split(event, state);
    if (event.kind === Kind.UNPACK) return unpacked(event, state, states);
    return [{ ...state, ...effect(event, state) }];
}

function effect(event: Event, state: State): Partial<State> {
    switch (event.kind) {
        case Kind.SHIP:
            return { counterparty: event.counterparty };
        case Kind.RECEIVE:
            return { holder: event.actor, counterparty: 0 };
        case Kind.HANDOVER:
            return { holder: event.counterparty, counterparty: 0 };
        case Kind.RETURN:
            return { counterparty: 0 };
        case Kind.HOLD:
            return { heldBy: event.actor };
        case Kind.RELEASE:
            return { heldBy: 0 };
        case Kind.SEIZE:
            return { heldBy: event.actor, seized: true };
        case Kind.DISPENSE:
            return { rest: state.rest - event.quantity };
        case Kind.DESTROY:
            return { rest: state.rest - event.quantity, destroyed: state.destroyed + event.quantity };
        default:
            return {};
    }
}

function split(event: Event, state: State): State[] {
    const children = event.parts.children.map((child) => ({
        ...state,
        id: child.id,
        sscc: child.sscc,
        head: event.digest,
        rest: child.quantity,
        quantity: child.quantity,
        sequence: 0,
        destroyed: 0,
        parent: state.id,
    }));
    return [{ ...state, rest: state.rest - event.quantity }, ...children];
}

function packed(event: Event, states: ReadonlyMap<string, State>): State[] {
    const pallet = firstState({
        id: event.digest,
        sscc: event.parts.sscc,
        head: event.digest,
        holder: event.actor,
        number: event.parts.number,
        occurredAt: event.occurredAt,
        quantity: event.quantity,
    });
    return [pallet, ...known(event, states).map((member) => ({ ...member, pallet: event.digest }))];
}

function unpacked(event: Event, pallet: State, states: ReadonlyMap<string, State>): State[] {
    const members = known(event, states).map((member) => ({
        ...member,
        pallet: null,
        holder: pallet.holder,
        occurredAt: event.occurredAt,
        head: nextHead(member.head, event.digest),
    }));
    return [{ ...pallet, rest: pallet.rest - event.quantity }, ...members];
}

/** The states of an event's members, as far as they are of this batch. */
export function known(event: Event, states: ReadonlyMap<string, State>): State[] {
    return event.parts.members.flatMap((member) => states.get(member.id) ?? []);
}
