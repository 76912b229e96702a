import { beforeAll, expect, test } from "vitest";
import { checkBundle, judgeProved, ProofRefusal, type CodeInHand, type Proved } from ".";
import { bytesOf, GOOD, readVectors } from "./vectors.testing";
import { BatchHistory } from "./history";

interface Case {
    readonly bundle: string;
    readonly code: CodeInHand;
    readonly now: number;
    readonly expected: { readonly rule?: string; readonly checks?: readonly string[] };
}

const { cases, recorded_before: recordedBefore } = readVectors("proof_verdicts.json") as {
    cases: readonly Case[];
    recorded_before: Readonly<Record<string, Readonly<Record<string, string>>>>;
};
const proved = new Map<string, Proved>();

beforeAll(async () => {
    for (const { name, bundle, trusted } of GOOD) proved.set(name, await checkBundle(bytesOf(bundle), trusted));
});

function provedOf(name: string): Proved {
    const found = proved.get(name);
    if (found === undefined) throw new Error(`no bundle ${name}`);
    return found;
}

function answer({ bundle, code, now }: Case): unknown {
    try {
        const { verdict, reason, headline, advice, checks } = judgeProved(provedOf(bundle), code, now);
        const length = bundle === "mask" ? 14 : 13; // check 14 is of protective equipment only
        expect(checks.map((check) => check.id)).toEqual(Array.from({ length }, (_, index) => index + 1));
        return { verdict, reason, headline, advice, checks: checks.map((each) => `${each.result}: ${each.detail}`) };
    } catch (error) {
        if (error instanceof ProofRefusal) return { rule: error.rule };
        throw error;
    }
}

test.each(cases.map((each, index) => [`${index} ${each.bundle}`, each] as const))(
    "%s is judged in the server's own words",
    (_name, one) => {
        expect(answer(one)).toEqual(one.expected);
    },
);

test("events are told with the latest time at which they were recorded", () => {
    for (const [name, times] of Object.entries(recordedBefore)) {
        const found = provedOf(name);
        const { gtin, lot } = found.history.registration;
        const code = { gtin, lot, serial: found.serial, expiry: null, sscc: null };
        const { custody } = judgeProved(found, code, found.header.time);
        for (const event of custody) expect(event.recorded.time).toBe(times[event.digest]);
        if (Object.keys(times).length > 0) expect(custody.length).toBeGreaterThan(0);
    }
});

function plain(): { readonly found: Proved; readonly code: CodeInHand } {
    const found = provedOf("plain");
    const { gtin, lot } = found.history.registration;
    return { found, code: { gtin, lot, serial: null, expiry: null, sscc: null } };
}

test("goods that were all destroyed are suspect", () => {
    const { found, code } = plain();
    const { registration } = found.history;
    const { batch, digest, manufacturer, quantity } = registration;
    const destroyed = {
        digest: `0x${"33".repeat(32)}`,
        consignment: batch,
        previous: digest,
        actor: manufacturer,
        kind: 14,
        occurredAt: found.header.time,
        counterparty: 0,
        quantity,
        place: "SGSIN",
        parts: { children: [], members: [], sscc: null, number: 0 },
    };
    const history = new BatchHistory(registration, [destroyed]);
    const { verdict, reason, headline } = judgeProved({ ...found, history }, code, found.header.time);
    expect([verdict, reason]).toEqual(["suspect", "destroyed"]);
    expect(headline).toBe("On record as destroyed (as of 0 seconds ago)");
});

test("a verdict says what it rests on and what nobody can know from it", () => {
    const { found, code } = plain();
    const verdict = judgeProved(found, code, found.header.time + 90);
    expect(verdict.proved).toEqual({
        ledger: found.trusted.ledger,
        block_hash: found.header.hash,
        age_seconds: 90,
        wallets: [],
        limits: ["later", "copies", "names", "times"],
    });
    expect(verdict.batch).toMatchObject({ lot: "PLAIN", product_class: "VACCINE", expiry: "2029-01-31" });
    expect(verdict.batch?.manufacturer).toMatchObject({ number: 2 });
    expect(judgeProved(provedOf("wallet"), { ...code, lot: "WALLET" }, 0).proved?.limits).toContain("wallets");
    expect(judgeProved(provedOf("unit"), { ...code, lot: "UNIT", serial: "A2" }, 0).proved?.limits).toContain("unit");
});

test("whom a headline names is told without words of a language", () => {
    const found = provedOf("recalled");
    const { gtin, lot } = found.history.registration;
    const { who } = judgeProved(found, { gtin, lot, serial: null, expiry: null, sscc: null }, found.header.time);
    expect(who).toMatch(/^№ 2( \(GLN \d{13}\))?$/);
});
