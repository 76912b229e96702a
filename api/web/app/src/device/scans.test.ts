import { beforeEach, expect, test } from "vitest";
import type { Verdict } from "../core/verdict";
import { emptyDisk, openTab, SimulatedBrowser, SimulatedServer } from "./simulated.testing";

const CODE = { gtin: "05413868000016", lot: "AB12", serial: "S1", expiry: null, sscc: null, form: "digital_link" };
const AS_OF = { chain_id: 31337, block: 7, time: null, finalized_block: 5, lag_blocks: 0 };
const VERDICT: Verdict = {
    verdict: "verified",
    reason: "verified",
    headline: "Recorded",
    advice: "",
    code: CODE,
    checks: [],
    batch: null,
    custody: [],
    as_of: AS_OF,
    proof: null,
};

beforeEach(() => {
    emptyDisk();
    openTab(new SimulatedBrowser(new SimulatedServer()));
});

test("a scan is remembered with its verdict, where and whether the device judged for itself", async () => {
    const { writeProfile } = await import("./profile");
    await writeProfile({ role: "pharmacy", organisation: 4, place: "SGSIN", language: "en", sound: true });
    const { keepScan, scansSince } = await import("./scans");
    await keepScan("one", VERDICT, 1767600000);
    await keepScan("two", { ...VERDICT, verdict: "suspect", offline: { snapshot_time: null } }, 1767600001);
    const kept = { gtin: "05413868000016", lot: "AB12", serial: "S1", sscc: null, place: "SGSIN" };
    expect(await scansSince(1767600000)).toMatchObject([
        { id: 2, text: "two", verdict: "suspect", at: 1767600001, offline: true, ...kept },
        { id: 1, text: "one", verdict: "verified", at: 1767600000, offline: false, ...kept },
    ]);
    expect(await scansSince(1767600001)).toHaveLength(1);
});

test("the newest 2,000 scans are kept", async () => {
    const { allScans, forgetScans, keepScan } = await import("./scans");
    const { keepFor } = await import("./store");
    await keepScan("0", VERDICT, 0);
    const [first] = await allScans();
    await keepFor(["scans"], async (writing) => {
        for (let id = 2; id <= 1999; id++) if (first) await writing.objectStore("scans").put({ ...first, id });
    });
    await keepScan("2000", VERDICT, 2000);
    expect(await allScans()).toHaveLength(2000);
    await keepScan("2001", VERDICT, 2001);
    const kept = await allScans();
    expect(kept).toHaveLength(2000);
    expect([kept.at(0)?.text, kept.at(-1)?.id]).toEqual(["2001", 2]);
    await forgetScans();
    expect(await allScans()).toEqual([]);
});
