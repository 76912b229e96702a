/** What a scan says of a pack, signed so that copies are found (docs/clones.md). */

import type { UnitSaying } from "./statement";
import type { Verdict } from "./verdict";

export interface Sighted {
    /** Organisation that scans. */
    readonly actor: number;
    /** UN/LOCODE. */
    readonly place: string;
    /** Unix seconds. */
    readonly now: number;
}

/**
 * The SCAN that a verdict gives reason for.
 *
 * @returns null for a code of no single pack, for one that may have been misread, and for one that the ledger would
 *     refuse: there the serial number is not known, or, without a line, its maker did not sign for it
 */
export function sighting(verdict: Verdict, { actor, place, now }: Sighted): UnitSaying | null {
    const { gtin, lot, serial } = verdict.code;
    if (gtin === null || lot === null || serial === null) return null;
    const results = new Map(verdict.checks.map((check) => [check.name, check.result]));
    if (verdict.verdict === "unreadable" || results.get("label_signature") === "failed") return null;
    const listed = verdict.batch !== null && results.get("unit_in_batch") !== "failed";
    const known = verdict.offline === undefined ? listed : results.get("label_signature") === "passed";
    return known ? { kind: "SCAN", actor, gtin, lot, serial, place, occurredAt: now } : null;
}
