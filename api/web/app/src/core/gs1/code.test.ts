import { expect, test } from "vitest";
import scans from "../../../../../../tests/vectors/scans.json";
import { type Code, type Fault, readCode } from ".";

interface Scan {
    readonly group: string;
    readonly text: string;
    readonly [field: string]: unknown;
}

const OPTIONS = { hosts: scans.hosts, today: scans.today };
const SCANS = scans.scans as readonly Scan[];

/** What the vectors hold of a code: the server's names, and nothing that is null. */
function answered(code: Code): Record<string, unknown> {
    const { labelKey: label_key, labelSignature: label_signature, hostKnown: host_known, ...rest } = code;
    const fields = Object.entries({ ...rest, label_key, label_signature, host_known });
    return Object.fromEntries(fields.filter(([, value]) => value !== null));
}

/** The numbers of a linear congruential generator (Numerical Recipes), so that a failing case comes again. */
function numbers(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
    };
}

function refusalOf(text: string): Fault {
    const read = readCode(text, OPTIONS);
    if (read.ok) throw new Error(`${text} was read`);
    return read.fault;
}

test("there are as many vectors as the file says", () => {
    expect(SCANS.length).toBe(scans.count);
});

test.each([...new Set(SCANS.map((scan) => scan.group))])("the server's answers to scans of %s", (group) => {
    for (const { group: of, text, ...due } of SCANS) {
        if (of !== group) continue;
        const read = readCode(text, OPTIONS);
        const given = read.ok ? answered(read.code) : { rule: read.fault.rule, position: read.fault.position };
        const { notes: givenNotes, ...rest } = given;
        const { notes: dueNotes, ...wanted } = due;
        expect(rest, JSON.stringify(text)).toEqual(wanted);
        expect(givenNotes, JSON.stringify(text)).toEqual(dueNotes);
    }
});

test("nothing that a scanner sends makes it throw", () => {
    const next = numbers(20260301);
    for (let round = 0; round < 2_000; round += 1) {
        const one = SCANS[next(SCANS.length)]?.text ?? "";
        const other = SCANS[next(SCANS.length)]?.text ?? "";
        const [from, to] = [next(one.length + 1), next(other.length + 1)];
        const noise = String.fromCharCode(next(0x10000)).repeat(next(3));
        const read = readCode(one.slice(0, from) + noise + other.slice(to), OPTIONS);
        if (!read.ok) expect(read.fault.position).toBeGreaterThanOrEqual(0);
    }
});

test("a refusal says what is wrong and what to do", () => {
    const { detail, advice } = refusalOf("(01)09520123456780(10)A");
    expect(detail).toBe("(01) GTIN has check digit 0, which should be 8.");
    expect(advice).toBe("Scan the code again, or type it as printed.");
});

test("digits and letters of another script are named with what they look like", () => {
    expect(refusalOf("(01)0952\u0660123456788").detail).toBe(
        "Character 9 looks like 0 but is the Arabic character U+0660.",
    );
    expect(refusalOf("(10)\u0410").detail).toContain("looks like A but is the Cyrillic character U+0410");
});

test("a foreign keyboard is named, and how to mend it", () => {
    const { rule, detail, advice } = refusalOf("àç(éà&é\"'(-è__");
    expect(rule).toBe("keyboard_layout");
    expect(detail).toContain("French (AZERTY)");
    expect(advice).toContain("keyboard language");
});

test("a two-digit year is the one nearest to today", () => {
    const expiryOn = (today: string): string | null => {
        const read = readCode("(01)09520123456788(17)760131", { hosts: [], today });
        return read.ok ? read.code.expiry : null;
    };
    expect(expiryOn("2026-03-01")).toBe("2076-01-31");
    expect(expiryOn("2025-12-31")).toBe("1976-01-31");
});
