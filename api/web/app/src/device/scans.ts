/** What was scanned on this device; the newest are kept, and none ever leaves it. */

import { UNIT_KINDS } from "../core/statement";
import type { Verdict } from "../core/verdict";
import { everything } from "./kept";
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

/** What this device did with a pack before, by which it judges where there is no line. */
export interface OwnEvent {
    readonly gtin: string | null;
    readonly lot: string | null;
    readonly serial: string | null;
    readonly kind: "DISPENSE" | "UNDO" | "SCAN";
    /** Unix seconds. */
    readonly at: number;
}

/** The scans of a code, and what this device signed about packs and was not refused; oldest first. */
export async function historyFor(text: string): Promise<OwnEvent[]> {
    const scans = (await (await database()).getAll("scans")).filter((scan) => scan.text === text);
    const seen = scans.map(({ gtin, lot, serial, at }) => ({ gtin, lot, serial, kind: "SCAN", at }) as const);
    const signed = (await everything()).flatMap((item) => {
        const { kind, gtin, lot, serial, occurredAt } = item.message;
        const used = kind === UNIT_KINDS.DISPENSE ? "DISPENSE" : kind === UNIT_KINDS.UNDO ? "UNDO" : null;
        if (item.type !== "UnitEvent" || item.state === "refused" || used === null) return [];
        const pack = { gtin: String(gtin).padStart(14, "0"), lot: String(lot), serial: String(serial) };
        return [{ ...pack, kind: used, at: Number(occurredAt) } as const];
    });
    return [...seen, ...signed].sort((one, other) => one.at - other.at);
}

/** Forget all scans. */
export async function forgetScans(): Promise<void> {
    await keepFor(["scans"], (writing) => writing.objectStore("scans").clear());
}
