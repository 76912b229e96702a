/** What was scanned on this device; the newest are kept, and none ever leaves it. */

import type { Verdict } from "../core/verdict";
import { readProfile } from "./profile";
import { database, keepFor, type Scan } from "./store";

export type { Scan } from "./store";

const MOST = 2000; // scans that are kept

/**
 * Remember a scan and its verdict.
 *
 * @param at - Unix seconds
 */
export async function keepScan(text: string, verdict: Verdict, at: number): Promise<void> {
    const { gtin, lot, serial, sscc } = verdict.code;
    const place = (await readProfile())?.place ?? null;
    const { verdict: word, reason, headline } = verdict;
    const offline = verdict.offline !== undefined;
    const scan = { text, verdict: word, reason, headline, gtin, lot, serial, sscc, place, at, offline };
    await keepFor(["scans"], async (writing) => {
        const store = writing.objectStore("scans");
        const last = (await store.openKeyCursor(null, "prev"))?.key ?? 0;
        await store.put({ ...scan, id: last + 1 });
        if (last >= MOST) await store.delete(IDBKeyRange.upperBound(last + 1 - MOST));
    });
}

/**
 * The scans since a moment, newest first.
 *
 * @param since - Unix seconds
 */
export async function scansSince(since: number): Promise<Scan[]> {
    return (await allScans()).filter((scan) => scan.at >= since);
}

/** All scans that are kept, newest first. */
export async function allScans(): Promise<Scan[]> {
    return (await (await database()).getAll("scans")).reverse();
}

/** Forget all scans. */
export async function forgetScans(): Promise<void> {
    await keepFor(["scans"], (writing) => writing.objectStore("scans").clear());
}
