import type { Verdict, Word } from "../core/verdict";
export interface Scan {
    id: number;
    text: string;
    verdict: Word;
    reason: string;
    at: number;
    offline: boolean;
    gtin: string | null;
    lot: string | null;
    serial: string | null;
    sscc: string | null;
}
const all: Scan[] = [];
export async function keepScan(text: string, v: Verdict, at: number) {
    all.push({
        id: all.length,
        text,
        verdict: v.verdict,
        reason: v.reason,
        at,
        offline: v.offline !== undefined,
        ...v.code,
    });
}
export async function scansSince(t: number) {
    return all.filter((s) => s.at >= t).reverse();
}
export async function historyFor(_t: string) {
    return [];
}
