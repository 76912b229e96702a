/**
 * Fold the events of a batch into the state of its consignments. Nothing that a file says of a state is taken over:
 * heads, holders, quantities and holds are recomputed from the signed events alone.
 */

import { requireAllowed, type Book } from "./conditions";
import { after, firstState, type Event, type State } from "./custody";
import { refuse } from "./refusal";
import { Kind } from "./vocabulary";

/** A batch as registered; days are ISO dates. */
export interface Registration {
    readonly digest: string;
    readonly batch: string;
    readonly manufacturer: number;
    readonly gtin: string;
    readonly lot: string;
    readonly productClass: string;
    readonly quantity: number;
    readonly manufactured: string | null;
    readonly expiry: string;
}

/** A consignment's time on a pallet, as positions in the events; `end` null = still on it. */
interface Span {
    readonly pallet: string;
    readonly start: number;
    end: number | null;
}

/** A batch's events and what they amount to. Positions are those of `events`. */
export class BatchHistory implements Book {
    readonly events: Event[] = [];
    readonly states = new Map<string, State>();
    readonly byDigest = new Map<string, Event>();
    /** By the digest of the event that each names wrong. */
    readonly corrections = new Map<string, Event>();
    /** RECEIVEs whose quantity is not what was shipped, with what was; also those corrected since. */
    readonly discrepancies: { readonly event: Event; readonly shipped: number }[] = [];
    recall: Event | null = null;
    readonly #own = new Map<string, number[]>();
    readonly #births = new Map<string, number>();
    readonly #spans = new Map<string, Span[]>();

    /** Fold; refuses [`history`] what contradicts itself. */
    constructor(
        readonly registration: Registration,
        events: readonly Event[],
    ) {
        const { batch, digest, manufacturer, quantity } = registration;
        this.states.set(batch, firstState({ id: batch, head: digest, holder: manufacturer, manufacturer, quantity }));
        for (const event of events) this.#enter(event);
        const carried = new Set([...this.#spans.values()].flat().map((span) => span.pallet));
        for (const state of this.states.values())
            if (state.number && !carried.has(state.id))
                refuse("history", "A pallet never carried anything of this batch.");
    }

    #enter(event: Event): void {
        requireAllowed(event, this);
        this.#note(event, this.events.length);
        this.events.push(event);
        this.byDigest.set(event.digest, event);
        for (const state of after(event, this.states)) this.states.set(state.id, state);
    }

    #note(event: Event, index: number): void {
        push(this.#own, event.kind === Kind.PACK ? event.digest : event.consignment, index);
        const shipped = this.states.get(event.consignment)?.rest ?? event.quantity;
        if (event.kind === Kind.RECALL) this.recall = event;
        else if (event.kind === Kind.CORRECT) this.corrections.set(event.previous, event);
        else if (event.kind === Kind.RECEIVE && shipped !== event.quantity) this.discrepancies.push({ event, shipped });
        for (const child of event.parts.children) this.#births.set(child.id, index);
        for (const { id } of event.parts.members) this.#noteMember(event, id, index);
    }

    #noteMember(event: Event, member: string, index: number): void {
        if (!this.states.has(member)) return; // of another batch
        const last = this.#spans.get(member)?.at(-1);
        if (event.kind === Kind.PACK) push(this.#spans, member, { pallet: event.digest, start: index, end: null });
        else if (last) last.end = index;
    }

    /** Everyone named or holding something. */
    organisations(): number[] {
        const found = new Set([this.registration.manufacturer]);
        for (const event of this.events) found.add(event.actor).add(event.counterparty);
        for (const state of this.states.values()) found.add(state.holder).add(state.heldBy);
        found.delete(0);
        return [...found].sort((one, other) => one - other);
    }

    /**
     * The events that a consignment went through: those of its ancestors up to each split, of the pallets it was on
     * while it was there, its own, the batch's recall, and the corrections of any of these. Positions, ascending.
     */
    positions(consignment: string): number[] {
        const found = new Set<number>();
        for (const [each, until] of this.#lineage(consignment)) {
            this.#collect(found, each, 0, until);
            for (const { pallet, start, end } of this.#spans.get(each) ?? [])
                this.#collect(found, pallet, start, Math.min(until, end ?? until));
        }
        const named = new Set([...found].map((index) => this.events[index]?.digest));
        this.events.forEach((event, index) => {
            const isCorrection = event.kind === Kind.CORRECT && named.has(event.previous);
            if (event.kind === Kind.RECALL || isCorrection) found.add(index);
        });
        return [...found].sort((one, other) => one - other);
    }

    #collect(found: Set<number>, owner: string, start: number, end: number): void {
        for (const index of this.#own.get(owner) ?? []) if (start <= index && index <= end) found.add(index);
    }

    /** Walk back through the splits: each consignment with the last position that its descendant saw. */
    *#lineage(consignment: string): Generator<[string, number]> {
        let until = this.events.length;
        for (let at: string | null = consignment; at !== null; at = this.states.get(at)?.parent ?? null) {
            yield [at, until];
            until = this.#births.get(at) ?? until;
        }
    }

    /** The state that counts for a person: what is on a pallet moves, and is held, with its pallet. */
    effective(consignment: string): State {
        const state = this.states.get(consignment) ?? refuse("code", `${consignment} is not in this bundle.`);
        const pallet = state.pallet === null ? undefined : this.states.get(state.pallet);
        if (pallet === undefined) return state;
        const { holder, counterparty, heldBy, seized } = pallet;
        const moved = { ...state, holder, counterparty, heldBy, seized };
        return pallet.destroyed ? { ...moved, rest: 0, destroyed: state.destroyed + state.rest } : moved;
    }

    /** The batch's consignments, in the order in which they came to be; pallets are left out. */
    consignments(): string[] {
        return [...this.states.values()].filter((state) => state.number === 0).map((state) => state.id);
    }

    /** The consignments of which something is left. */
    live(): string[] {
        return this.consignments().filter((each) => this.effective(each).rest > 0);
    }

    /** The batch's consignments on a pallet; if all came off, those that were on it. */
    onPallet(pallet: string): string[] {
        const now = this.consignments().filter((each) => this.states.get(each)?.pallet === pallet);
        const ever = () => [...this.#spans].filter(([, spans]) => spans.some((span) => span.pallet === pallet));
        return now.length > 0 ? now : ever().map(([each]) => each);
    }
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
    const list = lists.get(key);
    if (list) list.push(value);
    else lists.set(key, [value]);
}
