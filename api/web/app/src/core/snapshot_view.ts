/** Questions that a snapshot answers: whose company prefix, whose key, what is recalled or held. */

import type { Code } from "./gs1";
import { fromHex } from "./hex";
import { labelKeyName, P256_BYTES } from "./label_signature";
import type { HoldRow, RecallRow, Snapshot } from "./snapshot";

/** Roles and purposes are bits, as on chain. */
export const MANUFACTURER = 1;
export const LABELS = 2;
/** A server's data is fresh for so long (seconds); what a snapshot older than this lacks may just be too new for it. */
export const LIVE_SECONDS = 120;

export interface Maker {
    readonly number: number;
    readonly name: string;
    readonly roles: number;
    /** Unix seconds; 0 if it is active. */
    readonly suspendedSince: number;
}

/** A key that labels may name. */
export interface LabelKey {
    readonly signer: Uint8Array;
    readonly organisation: number;
    readonly purposes: number;
    readonly validFrom: number;
    readonly validUntil: number;
    readonly endedAt: number;
    readonly doubtSince: number;
    /** What AI 91 says of it. */
    readonly name: string;
}

/** GTIN and lot of what a code names: of the pack itself, or of a carton's content (AI 02). */
export interface Batch {
    readonly gtin: string | null;
    readonly lot: string | null;
}

const keysOf = new WeakMap<Snapshot, readonly LabelKey[]>();

/** All keys of a snapshot with their names, which are hashed only once. */
export function labelKeys(snapshot: Snapshot): readonly LabelKey[] {
    const known = keysOf.get(snapshot);
    if (known !== undefined) return known;
    const keys = snapshot.keys.flatMap(([hex, organisation, purposes, validFrom, validUntil, endedAt, doubtSince]) => {
        const signer = fromHex(hex);
        if (signer === null) return [];
        const name = labelKeyName(signer);
        return [{ signer, organisation, purposes, validFrom, validUntil, endedAt, doubtSince, name }];
    });
    keysOf.set(snapshot, keys);
    return keys;
}

export function isP256(key: LabelKey): boolean {
    return key.signer.length === P256_BYTES;
}

/** Who holds the company prefix of a GTIN or SSCC: it follows the indicator or extension digit. The longest prefix counts. */
export function licensee(snapshot: Snapshot, key: string): Maker | null {
    let [longest, holder]: [number, Maker | null] = [0, null];
    for (const [number, name, , , roles, suspendedSince, prefixes] of snapshot.organisations) {
        for (const prefix of prefixes) {
            if (prefix.length <= longest || !key.startsWith(prefix, 1)) continue;
            [longest, holder] = [prefix.length, { number, name, roles, suspendedSince }];
        }
    }
    return holder;
}

export function nameOf(snapshot: Snapshot, number: number): string {
    return snapshot.organisations.find((row) => row[0] === number)?.[1] ?? `organisation ${number}`;
}

export function batchOf(code: Code): Batch {
    const content = code.elements.find(([ai]) => ai === "02")?.[1] ?? null;
    return { gtin: code.gtin ?? content, lot: code.lot };
}

export function recallOf(snapshot: Snapshot, { gtin, lot }: Batch): RecallRow | null {
    return snapshot.recalls.find((row) => row[0] === gtin && row[1] === lot) ?? null;
}

/**
 * The hold or seizure that a code may fall under: of its very SSCC, else of a consignment of its batch.
 *
 * The carton's pallet may be what is held, so that another SSCC does not clear it. Seizures come first.
 */
export function holdOf(snapshot: Snapshot, code: Code): HoldRow | null {
    const { gtin, lot } = batchOf(code);
    const isOwn = ([, , sscc]: HoldRow): boolean => sscc !== "" && sscc === code.sscc;
    const found = snapshot.holds.filter((row) => isOwn(row) || (row[0] === gtin && row[1] === lot));
    const own = found.filter(isOwn);
    const meant = own.length > 0 ? own : found;
    return meant.find((row) => row[4] === "seized") ?? meant[0] ?? null;
}
