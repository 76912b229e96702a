/** What a phone still lacks before it may sign for its organisation, as far as it knows. */

import type { KeyRow } from "./snapshot";
import { PURPOSES } from "./statement";

/** In the order in which a person mends them. */
export type Lack = "organisation" | "place" | "key" | "enrolment";

export interface Signing {
    readonly organisation: number | null;
    /** UN/LOCODE. */
    readonly place: string | null;
    /** This phone's key, `0x…`; null if it has none. */
    readonly signer: string | null;
}

/**
 * What is missing.
 *
 * @param keys - all keys on the ledger; null where this phone was never told, for then only the ledger can say
 * @param now - Unix seconds
 */
export function lacks(signing: Signing, keys: readonly KeyRow[] | null, now: number): Lack[] {
    const { organisation, place, signer } = signing;
    const missing: Lack[] = [];
    if (organisation === null) missing.push("organisation");
    if (place === null) missing.push("place");
    if (signer === null) missing.push("key");
    else if (organisation !== null && keys !== null && !isEnrolled(signer, organisation, keys, now)) {
        missing.push("enrolment");
    }
    return missing;
}

/** Whether a key may sign events for an organisation now. */
export function isEnrolled(signer: string, organisation: number, keys: readonly KeyRow[], now: number): boolean {
    return keys.some(([key, owner, purposes, from, until, ended]) => {
        const live = from <= now && (until === 0 || now < until) && ended === 0;
        return key === signer && owner === organisation && (purposes & PURPOSES.EVENTS) !== 0 && live;
    });
}
