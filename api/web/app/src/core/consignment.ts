/** A consignment as `GET /v1/consignments/{name}` shows it, and what an event that was signed here makes of it. */

import { KINDS } from "./vocabulary";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, fromHex, toHex } from "./hex";
import type { CustodyMessage } from "./statement";
import type { Party } from "./verdict";

export interface Consignment {
    /** `0x` and 64 digits. */
    readonly id: string;
    readonly sscc: string | null;
    /** Null for a pallet. */
    readonly batch: { readonly id: string; readonly gtin: string; readonly lot: string } | null;
    /** Commits to its whole history; a holder's next event names it. */
    readonly head: string;
    /** How many events of authorities it has had; an authority's next event names it. */
    readonly sequence: number;
    readonly holder: Party | null;
    /** To whom it is on the way. */
    readonly counterparty: Party | null;
    readonly held_by: Party | null;
    readonly seized: boolean;
    /** The pallet that it is on. */
    readonly pallet: string | null;
    readonly is_pallet: boolean;
    readonly quantity: number;
    /** Units that are left of it. */
    readonly rest: number;
    /** ISO 8601, of the holder's last event that the ledger has. */
    readonly occurred_at: string | null;
    readonly children: readonly string[];
}

export { KINDS };
export type Kind = keyof typeof KINDS;

const AUTHORITY_KINDS: ReadonlySet<number> = new Set<number>([
    KINDS.INSPECT,
    KINDS.HOLD,
    KINDS.RELEASE,
    KINDS.SEIZE,
    KINDS.RECALL,
]);

/** Whether an event names the authority sequence rather than the head; who holds goods destroys them in that way too. */
export function isByAuthority(kind: Kind, actor: number, consignment: Consignment): boolean {
    if (kind === "DESTROY") return consignment.held_by?.number === actor;
    return AUTHORITY_KINDS.has(KINDS[kind]);
}

/** A consignment's head after an event: keccak256(abi.encode(head, digest)). */
export function nextHead(head: string, digest: string): string {
    return toHex(keccak_256(concatBytes(word(head), word(digest))));
}

/** An authority sequence as `previous` of the event that follows it: a number of 32 bytes. */
export function sequenceWord(sequence: number): string {
    return `0x${sequence.toString(16).padStart(64, "0")}`;
}

/**
 * A consignment after an event that was signed for it, so that the next one can be signed before the ledger has this.
 *
 * @param party - names an organisation by its number
 * @returns null if the event does not follow on what is shown: it is part of it already, or was overtaken
 */
export function after<C extends Consignment>(
    consignment: C,
    event: CustodyMessage,
    digest: string,
    party: (number: number) => Party,
): C | null {
    const kind = kindOf(event.kind);
    if (event.consignment !== consignment.id || kind === null || kind === "CORRECT") return null;
    const byAuthority = isByAuthority(kind, event.actor, consignment);
    const expected = byAuthority ? sequenceWord(consignment.sequence) : consignment.head;
    if (event.previous !== expected) return null;
    const sequence = consignment.sequence + (byAuthority ? 1 : 0);
    const effect = EFFECTS[kind]?.(event, consignment, party) ?? {};
    return { ...consignment, ...effect, sequence, head: nextHead(consignment.head, digest) };
}

type Effect = (event: CustodyMessage, now: Consignment, party: (number: number) => Party) => Partial<Consignment>;

const lessened: Effect = (event, now) => ({ rest: Math.max(0, now.rest - event.quantity) });
const EFFECTS: Readonly<Partial<Record<Kind, Effect>>> = {
    SHIP: (event, _now, party) => ({ counterparty: party(event.counterparty) }),
    RECEIVE: (event, _now, party) => ({ holder: party(event.actor), counterparty: null }),
    HANDOVER: (event, _now, party) => ({ holder: party(event.counterparty), counterparty: null }),
    RETURN: () => ({ counterparty: null }),
    SPLIT: lessened,
    HOLD: (event, _now, party) => ({ held_by: party(event.actor) }),
    RELEASE: () => ({ held_by: null }),
    SEIZE: (event, _now, party) => ({ held_by: party(event.actor), seized: true }),
    DISPENSE: lessened,
    DESTROY: lessened,
};

function kindOf(number: number): Kind | null {
    return (Object.keys(KINDS) as Kind[]).find((kind) => KINDS[kind] === number) ?? null;
}

function word(text: string): Uint8Array {
    const bytes = fromHex(text);
    if (bytes?.length !== 32) throw new RangeError("A head and a digest have 32 bytes.");
    return bytes;
}
