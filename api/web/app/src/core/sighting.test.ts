import { expect, test } from "vitest";
import { sighting } from "./sighting";
import type { BatchFacts, Result, Verdict } from "./verdict";

const WHO = { actor: 22, place: "SGSIN", now: 1_790_000_000 };
const CODE = { gtin: "00359267102522", lot: "PB26S205", serial: "A1", expiry: null, sscc: null, form: null };

function verdict(given: Partial<Verdict> = {}, results: Readonly<Record<string, Result>> = {}): Verdict {
    const all = { label_signature: "passed", unit_in_batch: "passed", ...results } as const;
    return {
        verdict: "verified",
        reason: "verified",
        headline: "",
        advice: "",
        code: CODE,
        checks: Object.entries(all).map(([name, result], index) => ({ id: index + 1, name, result, detail: "" })),
        batch: {} as BatchFacts,
        custody: [],
        as_of: { chain_id: 1, block: 1, time: null, finalized_block: 1, lag_blocks: 0 },
        proof: null,
        ...given,
    };
}

const OFFLINE = { batch: null, offline: { snapshot_time: 1 } };

test("a known pack was seen here and now, also one that is not to be used", () => {
    const seen = { kind: "SCAN", actor: 22, gtin: CODE.gtin, lot: CODE.lot, serial: "A1", place: "SGSIN" };
    expect(sighting(verdict(), WHO)).toEqual({ ...seen, occurredAt: WHO.now });
    expect(sighting(verdict({ verdict: "suspect", reason: "copied" }), WHO)).not.toBeNull();
    expect(sighting(verdict({ verdict: "do_not_use", reason: "recalled" }), WHO)).not.toBeNull();
});

test("a batch whose list of serial numbers is not held here is seen all the same", () => {
    expect(sighting(verdict({}, { unit_in_batch: "skipped", label_signature: "skipped" }), WHO)).not.toBeNull();
});

test("without a line only the maker's signature tells that there is such a pack", () => {
    expect(sighting(verdict(OFFLINE), WHO)).not.toBeNull();
    expect(sighting(verdict(OFFLINE, { label_signature: "skipped" }), WHO)).toBeNull();
});

test.each([
    ["no serial number", verdict({ code: { ...CODE, serial: null } })],
    ["no lot", verdict({ code: { ...CODE, lot: null } })],
    ["a misread", verdict({ verdict: "unreadable" })],
    ["a forged label", verdict({ verdict: "suspect" }, { label_signature: "failed" })],
    ["a serial number of no pack", verdict({ verdict: "suspect" }, { unit_in_batch: "failed" })],
    ["an unknown batch", verdict({ batch: null })],
])("%s is no sighting", (_, given) => {
    expect(sighting(given, WHO)).toBeNull();
});
