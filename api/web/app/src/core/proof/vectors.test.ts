import { expect, test } from "vitest";
import { blockOf, checkBundle, judgeProved, type CodeInHand } from ".";
import { ALL, bytesOf, GOOD, refusalOf } from "./vectors.testing";

test("there are good bundles and attacks", () => {
    expect(GOOD.length).toBeGreaterThan(15);
    expect(ALL.length - GOOD.length).toBeGreaterThan(25);
});

test.each(ALL.map((each) => [each.name, each] as const))("%s is answered as it says", async (_name, vector) => {
    expect(await refusalOf(vector)).toBe(vector.expected.rule ?? null);
});

/** The code of a vector, which is written as GTIN, lot and perhaps a serial number in brackets. */
function codeOf(text: string): CodeInHand {
    const [, gtin = null, lot = null, serial = null] = /^\(01\)(\d{14})\(10\)([^(]+)(?:\(21\)(.+))?$/.exec(text) ?? [];
    return { gtin, lot, serial, expiry: null, sscc: null };
}

test.each(GOOD.map((each) => [each.name, each] as const))("%s has the verdict due", async (_name, vector) => {
    const proved = await checkBundle(bytesOf(vector.bundle), vector.trusted);
    const { verdict, reason } = judgeProved(proved, codeOf(vector.code), vector.now);
    expect({ verdict, reason }).toEqual(vector.expected);
});

test("a bundle is refused on another chain, for another contract and as of another block", async () => {
    const [vector] = GOOD;
    if (vector === undefined) throw new Error("no vector");
    const { trusted } = vector;
    const other = `0x${"11".repeat(20)}`;
    expect(await refusalOf({ ...vector, trusted: { ...trusted, chainId: 1 } })).toBe("ledger");
    expect(await refusalOf({ ...vector, trusted: { ...trusted, ledger: other } })).toBe("ledger");
    expect(await refusalOf({ ...vector, trusted: { ...trusted, hash: `0x${"11".repeat(32)}` } })).toBe("block");
});

test("the block that a bundle names is told before it is trusted", () => {
    for (const { bundle, trusted } of GOOD) expect(blockOf(bytesOf(bundle)).hash).toBe(trusted.hash);
    expect(() => blockOf(bytesOf("{}"))).toThrow("form");
});
